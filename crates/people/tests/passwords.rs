//! Passwords, limits on tries, and app passwords.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{DAY_MS, PASSWORD, client, worlds};
use lampion_core::SystemRng;
use lampion_db::query_scalar;
use lampion_people::limits::{ACCOUNT_FREE, CLIENT_FREE, PAIR_FREE};
use lampion_people::{APP_PASSWORDS_LIMIT, People, PeopleError, Role};

const WRONG: &str = "wrong password";
const NEW: &str = "책과 등불과 언덕";

async fn fails(people: &People, name: &str, from: u8) -> Option<u64> {
    match people.sign_in(name, WRONG, client(from)).await {
        Err(PeopleError::WrongNameOrPassword) => None,
        Err(PeopleError::TooManyTries { wait_seconds }) => Some(wait_seconds),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn weak_passwords_and_accounts_without_one_are_refused() {
    for world in worlds("password_rules").await {
        let people = &world.people;
        for weak in ["", "short", "mira", "password123"] {
            assert!(matches!(
                people.create("mira", "", Some(weak), &[]).await,
                Err(PeopleError::WeakPassword { .. })
            ));
        }
        let mira = people.create("mira", "", None, &[]).await.unwrap();
        for password in ["", PASSWORD] {
            assert!(matches!(
                people.sign_in("mira", password, client(1)).await,
                Err(PeopleError::WrongNameOrPassword)
            ));
        }
        assert!(matches!(
            people.set_password(&mira.id, "short").await,
            Err(PeopleError::WeakPassword { .. })
        ));
        people.set_password(&mira.id, PASSWORD).await.unwrap();
        assert!(people.sign_in("mira", PASSWORD, client(1)).await.is_ok());
        let long = "x".repeat(100_000);
        assert!(matches!(
            people.sign_in("mira", &long, client(1)).await,
            Err(PeopleError::WrongNameOrPassword)
        ));
    }
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    for world in worlds("password_change").await {
        let people = &world.people;
        let mira = world.mira().await;
        let here = people.start_session(&mira.id).await.unwrap();
        let there = people.start_session(&mira.id).await.unwrap();
        let session = people.session(here.as_str()).await.unwrap().unwrap();
        let change = async |old: &str, new: &str| {
            people.change_password(&session, old, new, client(1)).await
        };
        assert!(matches!(
            change(WRONG, NEW).await,
            Err(PeopleError::WrongNameOrPassword)
        ));
        assert!(matches!(
            change(PASSWORD, "short").await,
            Err(PeopleError::WeakPassword { .. })
        ));
        assert!(people.session(there.as_str()).await.unwrap().is_some());
        change(PASSWORD, NEW).await.unwrap();
        assert!(people.session(here.as_str()).await.unwrap().is_some());
        assert!(people.session(there.as_str()).await.unwrap().is_none());
        assert!(people.sign_in("mira", PASSWORD, client(1)).await.is_err());
        people.set_password(&mira.id, PASSWORD).await.unwrap();
        assert!(people.session(here.as_str()).await.unwrap().is_none());
        assert!(people.sign_in("mira", PASSWORD, client(1)).await.is_ok());
    }
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_renewed_at_the_next_sign_in() {
    for world in worlds("password_rehash").await {
        world.mira().await;
        let db = world.database.db();
        let kept = async || -> String {
            query_scalar("select password from people_person")
                .fetch_one(db.read())
                .await
                .unwrap()
        };
        assert!(kept().await.contains("m=8,t=1"));
        let real = People::new(db.clone(), world.clock.clone(), Arc::new(SystemRng), 30);
        real.sign_in("mira", PASSWORD, client(1)).await.unwrap();
        let renewed = kept().await;
        assert!(renewed.contains("m=19456,t=2,p=1"), "{renewed}");
        real.sign_in("mira", PASSWORD, client(1)).await.unwrap();
        assert_eq!(kept().await, renewed, "only once");
    }
}

#[tokio::test]
async fn tries_are_slowed_down_by_growing_pauses_that_survive_a_restart() {
    for world in worlds("limit_pair").await {
        let people = &world.people;
        world.mira().await;
        for _ in 0..PAIR_FREE {
            assert_eq!(fails(people, "mira", 1).await, None);
        }
        assert_eq!(fails(people, "mira", 1).await, Some(1));
        for pause in [1, 2, 4, 8] {
            assert_eq!(fails(people, "mira", 1).await, Some(pause));
            world.clock.advance(i64::try_from(pause).unwrap() * 1_000);
            assert_eq!(
                fails(people, "MIRA", 1).await,
                None,
                "heard after the pause, in whatever case"
            );
        }
        let restarted = world.reopened().await;
        assert_eq!(fails(&restarted, "mira", 1).await, Some(16));
        // The right password is not heard early either, or guessing would go on in the pause.
        assert!(matches!(
            restarted.sign_in("mira", PASSWORD, client(1)).await,
            Err(PeopleError::TooManyTries { wait_seconds: 16 })
        ));
        assert!(
            people.sign_in("mira", PASSWORD, client(2)).await.is_ok(),
            "from elsewhere it is"
        );
        assert_eq!(fails(people, "juan", 1).await, None, "and others from here");
        world.clock.advance(16_000);
        assert!(people.sign_in("mira", PASSWORD, client(1)).await.is_ok());
        for _ in 0..PAIR_FREE {
            assert_eq!(
                fails(people, "mira", 1).await,
                None,
                "signing in cleared the count"
            );
        }
    }
}

#[tokio::test]
async fn names_that_do_not_exist_are_slowed_down_alike() {
    for world in worlds("limit_unknown").await {
        world.mira().await;
        for name in ["mira", "nobody", "not a name", "", &"x".repeat(5_000)] {
            for _ in 0..PAIR_FREE {
                assert_eq!(fails(&world.people, name, 1).await, None);
            }
            assert_eq!(fails(&world.people, name, 1).await, Some(1), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tries_at_once_count_as_many() {
    for world in worlds("limit_burst").await {
        world.mira().await;
        let programs = [world.people.clone(), world.reopened().await];
        let burst = async |name: fn(u8) -> String, from: fn(u8) -> u8| -> i64 {
            let tasks: Vec<_> = (0..30u8)
                .map(|n| {
                    let people = programs[usize::from(n % 2)].clone();
                    tokio::spawn(async move { fails(&people, &name(n), from(n)).await })
                })
                .collect();
            let mut heard = 0;
            for task in tasks {
                heard += i64::from(task.await.unwrap().is_none());
            }
            heard
        };
        // Others first, so that connections are open when it matters.
        assert_eq!(burst(|n| format!("n{n}"), |n| n + 2).await, 30);
        assert_eq!(burst(|_| "mira".into(), |_| 1).await, PAIR_FREE);
    }
}

#[tokio::test]
async fn a_client_is_slowed_down_over_all_names() {
    for world in worlds("limit_client").await {
        for n in 0..CLIENT_FREE {
            assert_eq!(fails(&world.people, &format!("n{n}"), 1).await, None);
        }
        assert_eq!(fails(&world.people, "another", 1).await, Some(1));
        assert_eq!(fails(&world.people, "another", 2).await, None);
    }
}

#[tokio::test]
async fn strangers_can_not_lock_an_owner_out() {
    for world in worlds("limit_owner").await {
        let people = &world.people;
        world.mira().await;
        for n in 0..ACCOUNT_FREE {
            assert_eq!(fails(people, "mira", u8::try_from(n).unwrap()).await, None);
        }
        assert_eq!(
            fails(people, "mira", 0).await,
            Some(30),
            "strangers have no free tries left"
        );
        assert!(people.sign_in("mira", PASSWORD, client(200)).await.is_ok());
        assert_eq!(
            fails(people, "mira", 0).await,
            None,
            "the owner's sign-in cleared the account's count"
        );
    }
}

#[tokio::test]
async fn old_failures_are_forgotten_and_leave_no_rows() {
    for world in worlds("limit_prune").await {
        for n in 0..4 {
            assert_eq!(fails(&world.people, &format!("n{n}"), n).await, None);
        }
        let rows = async || -> i64 {
            query_scalar("select count(*) from people_try")
                .fetch_one(world.database.db().read())
                .await
                .unwrap()
        };
        assert_eq!(rows().await, 12);
        for _ in 0..2 {
            world.clock.advance(DAY_MS / 2);
            assert_eq!(
                world
                    .people
                    .session(&"0".repeat(32))
                    .await
                    .unwrap()
                    .map(|_| ()),
                None
            );
        }
        assert_eq!(fails(&world.people, "n9", 9).await, None);
        assert_eq!(rows().await, 3);
    }
}

#[tokio::test]
async fn app_passwords_are_made_listed_used_and_revoked() {
    for world in worlds("app_verbs").await {
        let people = &world.people;
        let mira = world.mira().await;
        let juan = world.person("juan", &[Role::Teacher]).await;
        let (secret, made) = people
            .create_app_password(&mira.id, " my\tphone")
            .await
            .unwrap();
        assert_eq!((secret.len(), made.label.as_str()), (23, "my phone"));
        assert_eq!(
            people.app_passwords(&mira.id).await.unwrap(),
            std::slice::from_ref(&made)
        );
        let verify = async |name: &str, secret: &str| {
            people.verify_app_password(name, secret, client(1)).await
        };
        assert_eq!(verify("MIRA", &secret).await.unwrap(), mira);
        assert_eq!(
            verify("mira", &secret.to_uppercase().replace('-', " "))
                .await
                .unwrap(),
            mira
        );
        assert_eq!(
            people.app_passwords(&mira.id).await.unwrap()[0].used_day,
            "2026-11-22"
        );
        for (name, secret) in [
            ("juan", secret.as_str()),
            ("mira", PASSWORD),
            ("mira", ""),
            ("nobody", &secret),
        ] {
            assert!(matches!(
                verify(name, secret).await,
                Err(PeopleError::WrongNameOrPassword)
            ));
        }
        assert!(
            people.sign_in("mira", &secret, client(2)).await.is_err(),
            "it is none for the pages"
        );
        people
            .revoke_app_password(&juan.id, &made.id)
            .await
            .unwrap();
        assert!(
            verify("mira", &secret).await.is_ok(),
            "nobody revokes another's"
        );
        people.set_disabled(&mira.id, true).await.unwrap();
        assert!(matches!(
            verify("mira", &secret).await,
            Err(PeopleError::Disabled)
        ));
        people.set_disabled(&mira.id, false).await.unwrap();
        assert!(
            world
                .reopened()
                .await
                .verify_app_password("mira", &secret, client(1))
                .await
                .is_ok()
        );
        people
            .revoke_app_password(&mira.id, &made.id)
            .await
            .unwrap();
        assert!(matches!(
            verify("mira", &secret).await,
            Err(PeopleError::WrongNameOrPassword)
        ));
        assert!(people.app_passwords(&mira.id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn app_passwords_have_limits_but_a_right_one_is_always_heard() {
    for world in worlds("app_limits").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (secret, _) = people.create_app_password(&mira.id, "phone").await.unwrap();
        let wrong = "00000-00000-00000-00000";
        for _ in 0..PAIR_FREE {
            assert!(matches!(
                people.verify_app_password("mira", wrong, client(1)).await,
                Err(PeopleError::WrongNameOrPassword)
            ));
        }
        assert!(matches!(
            people.verify_app_password("mira", wrong, client(1)).await,
            Err(PeopleError::TooManyTries { .. })
        ));
        assert!(
            people
                .verify_app_password("mira", &secret, client(1))
                .await
                .is_ok()
        );
        for _ in 1..APP_PASSWORDS_LIMIT {
            people.create_app_password(&mira.id, "x").await.unwrap();
        }
        assert!(matches!(
            people.create_app_password(&mira.id, "x").await,
            Err(PeopleError::TooMany {
                limit: APP_PASSWORDS_LIMIT
            })
        ));
    }
}
