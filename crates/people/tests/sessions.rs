//! Signing in and staying so: over restarts and wrong clocks, and not longer than meant.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{DAY_MS, NOW_MS, PASSWORD, YEAR_MS, client, worlds};
use lampion_db::{AssertSqlSafe, query_scalar};
use lampion_people::{People, PeopleError, Role, SESSIONS_LIMIT};

async fn signed_in(people: &People, token: &str) -> bool {
    people.session(token).await.unwrap().is_some()
}

#[tokio::test]
async fn signing_in_gives_a_session_and_signing_out_ends_it() {
    for world in worlds("session_verbs").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (token, person) = people.sign_in(" MIRA ", PASSWORD, client(1)).await.unwrap();
        assert_eq!(person, mira);
        let session = people.session(token.as_str()).await.unwrap().unwrap();
        assert_eq!(session.person, mira);
        let (second, _) = people.sign_in("mira", PASSWORD, client(1)).await.unwrap();
        let other = people.session(second.as_str()).await.unwrap().unwrap();
        assert!(session.csrf_matches(&session.csrf));
        assert!(!session.csrf_matches(&other.csrf) && !session.csrf_matches(""));
        for wrong in [
            "",
            "x",
            "0".repeat(32).as_str(),
            &session.id_hash,
            &session.csrf,
        ] {
            assert!(!signed_in(people, wrong).await, "{wrong}");
        }
        let listed = people.sessions_of(&mira.id).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(
            listed
                .iter()
                .all(|s| (s.created_ms, s.used_ms) == (NOW_MS, NOW_MS))
        );

        people.sign_out(token.as_str()).await.unwrap();
        assert!(
            !signed_in(people, token.as_str()).await && signed_in(people, second.as_str()).await
        );
        people
            .end_session("somebody else", &other.id_hash)
            .await
            .unwrap();
        assert!(signed_in(people, second.as_str()).await);
        people.end_session(&mira.id, &other.id_hash).await.unwrap();
        assert!(!signed_in(people, second.as_str()).await);

        let third = people.start_session(&mira.id).await.unwrap();
        assert!(signed_in(people, third.as_str()).await);
        people.sign_out_all(&mira.id).await.unwrap();
        assert!(!signed_in(people, third.as_str()).await);
        assert!(people.sessions_of(&mira.id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_database_holds_no_token_password_or_address() {
    for world in worlds("session_secrets").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (token, _) = people.sign_in("mira", PASSWORD, client(77)).await.unwrap();
        let session = people.session(token.as_str()).await.unwrap().unwrap();
        assert!(
            people
                .sign_in("mira", "wrong password", client(77))
                .await
                .is_err()
        );
        let (secret, _) = people.create_app_password(&mira.id, "phone").await.unwrap();
        let mut all = String::new();
        for (table, columns) in [
            ("people_person", "name || password || display"),
            ("people_session", "id_hash || person"),
            ("people_try", "bucket"),
            ("people_app_password", "hash || label"),
        ] {
            let rows: Vec<String> =
                query_scalar(AssertSqlSafe(format!("select {columns} from {table}")))
                    .fetch_all(world.database.db().read())
                    .await
                    .unwrap();
            assert!(!rows.is_empty(), "{table}");
            all.push_str(&rows.join("\n"));
        }
        assert!(all.contains(&session.id_hash) && all.contains("$argon2id$"));
        for secret in [
            token.as_str(),
            &session.csrf,
            PASSWORD,
            "192.168.1.77",
            &secret,
            &secret.replace('-', ""),
        ] {
            assert!(!all.contains(secret), "{secret}");
        }
        assert!(!format!("{token:?} {session:?}").contains(token.as_str()));
    }
}

#[tokio::test]
async fn sessions_survive_a_restart_and_changes_reach_them() {
    for world in worlds("session_restart").await {
        let mira = world.mira().await;
        let (token, _) = world
            .people
            .sign_in("mira", PASSWORD, client(1))
            .await
            .unwrap();
        let before = world.people.session(token.as_str()).await.unwrap().unwrap();
        let people = world.reopened().await;
        let after = people.session(token.as_str()).await.unwrap().unwrap();
        assert_eq!((before.person, before.csrf), (after.person, after.csrf));

        people
            .set_roles(&mira.id, &[Role::Librarian])
            .await
            .unwrap();
        assert!(
            people
                .session(token.as_str())
                .await
                .unwrap()
                .unwrap()
                .person
                .has(Role::Librarian)
        );
        // The first program hears of it when what it remembers is 30 s old.
        let remembered = world.people.session(token.as_str()).await.unwrap().unwrap();
        assert!(!remembered.person.has(Role::Librarian));
        world.clock.advance(30_000);
        assert!(
            world
                .people
                .session(token.as_str())
                .await
                .unwrap()
                .unwrap()
                .person
                .has(Role::Librarian)
        );
    }
}

#[tokio::test]
async fn an_account_that_is_switched_off_or_gone_has_no_session() {
    for world in worlds("session_off").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (token, _) = people.sign_in("mira", PASSWORD, client(1)).await.unwrap();
        assert!(signed_in(people, token.as_str()).await);
        people.set_disabled(&mira.id, true).await.unwrap();
        assert!(!signed_in(people, token.as_str()).await);
        assert!(matches!(
            people.sign_in("mira", PASSWORD, client(1)).await,
            Err(PeopleError::Disabled)
        ));
        assert!(matches!(
            people.start_session(&mira.id).await,
            Err(PeopleError::Disabled)
        ));
        assert!(matches!(
            people.sign_in("mira", "wrong password", client(1)).await,
            Err(PeopleError::WrongNameOrPassword)
        ));
        people.set_disabled(&mira.id, false).await.unwrap();
        assert!(
            !signed_in(people, token.as_str()).await,
            "switching on brings no session back"
        );
        let (token, _) = people.sign_in("mira", PASSWORD, client(1)).await.unwrap();
        assert!(signed_in(people, token.as_str()).await);
        people.delete(&mira.id).await.unwrap();
        assert!(!signed_in(people, token.as_str()).await);
    }
}

#[tokio::test]
async fn a_session_ends_after_its_days_without_use() {
    for world in worlds("session_end").await {
        let people = &world.people;
        let mira = world.mira().await;
        let used = people.start_session(&mira.id).await.unwrap();
        let unused = people.start_session(&mira.id).await.unwrap();
        for _ in 0..62 {
            world.clock.advance(DAY_MS / 2);
            assert!(signed_in(people, used.as_str()).await);
        }
        assert!(!signed_in(people, unused.as_str()).await);
        let listed = people.sessions_of(&mira.id).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].used_ms, NOW_MS + 31 * DAY_MS);
        assert!(!signed_in(&world.reopened().await, unused.as_str()).await);
    }
}

#[tokio::test]
async fn a_clock_turned_by_ten_years_signs_nobody_out_and_locks_nobody_out() {
    for years in [10, -10] {
        for world in worlds("session_clock").await {
            world.mira().await;
            let people = &world.people;
            let (token, _) = people.sign_in("mira", PASSWORD, client(1)).await.unwrap();
            for _ in 0..7 {
                let _wrong = people.sign_in("mira", "wrong password", client(1)).await;
            }
            assert!(matches!(
                people.sign_in("mira", PASSWORD, client(1)).await,
                Err(PeopleError::TooManyTries { wait_seconds: 1 })
            ));
            world.clock.advance(years * YEAR_MS);
            let restarted = world.reopened().await;
            for people in [people, &restarted] {
                assert!(signed_in(people, token.as_str()).await);
            }
            world.clock.advance(1_000);
            assert!(restarted.sign_in("mira", PASSWORD, client(1)).await.is_ok());
            world.clock.advance(-years * YEAR_MS);
            assert!(signed_in(people, token.as_str()).await, "and back");
            assert!(signed_in(&world.reopened().await, token.as_str()).await);
        }
    }
}

#[tokio::test]
async fn one_person_has_a_bounded_number_of_sessions() {
    for world in worlds("session_many").await {
        let people = &world.people;
        let mira = world.mira().await;
        let first = people.start_session(&mira.id).await.unwrap();
        let mut last = first.clone();
        for _ in 0..SESSIONS_LIMIT {
            world.clock.advance(1);
            last = people.start_session(&mira.id).await.unwrap();
        }
        let count = people.sessions_of(&mira.id).await.unwrap().len();
        assert_eq!(i64::try_from(count).unwrap(), SESSIONS_LIMIT);
        assert!(!signed_in(people, first.as_str()).await && signed_in(people, last.as_str()).await);
    }
}
