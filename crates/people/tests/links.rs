//! One-time links work once, with their effect or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{DAY_MS, PASSWORD, YEAR_MS, client, worlds};
use lampion_people::LinkPurpose::{FirstStart, ResetPassword};
use lampion_people::{PeopleError, Role};

const NEW: &str = "책과 등불과 언덕";

#[tokio::test]
async fn the_first_start_makes_one_operator() {
    for world in worlds("link_first").await {
        let people = &world.people;
        assert!(!people.has_operator().await.unwrap());
        let secret = people.create_link(&FirstStart, DAY_MS).await.unwrap();
        let people = &world.reopened().await;
        assert_eq!(people.peek_link(&secret).await.unwrap(), Some(FirstStart));
        assert_eq!(people.peek_link("x").await.unwrap(), None);
        let finish = async |secret: &str, name: &str, password: &str| {
            people
                .finish_first_start(secret, name, "Mira", password)
                .await
        };
        assert!(matches!(
            finish("x", "mira", PASSWORD).await,
            Err(PeopleError::LinkExpired)
        ));
        assert!(matches!(
            finish(&secret, "m i", PASSWORD).await,
            Err(PeopleError::BadName { .. })
        ));
        assert!(matches!(
            finish(&secret, "mira", "short").await,
            Err(PeopleError::WeakPassword { .. })
        ));
        people.create("juan", "", None, &[]).await.unwrap();
        assert!(matches!(
            finish(&secret, "juan", PASSWORD).await,
            Err(PeopleError::NameTaken(_))
        ));
        let mira = finish(&secret, "mira", PASSWORD).await.unwrap();
        assert!(mira.has(Role::Operator));
        assert_eq!(people.by_name("mira").await.unwrap(), Some(mira));
        assert!(people.sign_in("mira", PASSWORD, client(1)).await.is_ok());
        assert!(matches!(
            finish(&secret, "eve", PASSWORD).await,
            Err(PeopleError::LinkExpired)
        ));
        assert!(matches!(
            people.create_link(&FirstStart, DAY_MS).await,
            Err(PeopleError::LinkExpired)
        ));
        assert_eq!(people.count().await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_first_start_link_is_worth_nothing_once_there_is_an_operator() {
    for world in worlds("link_late").await {
        let secret = world.people.create_link(&FirstStart, DAY_MS).await.unwrap();
        world.person("mira", &[Role::Operator]).await;
        assert!(matches!(
            world
                .people
                .finish_first_start(&secret, "eve", "", PASSWORD)
                .await,
            Err(PeopleError::LinkExpired)
        ));
    }
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_succeeds() {
    for world in worlds("link_race").await {
        let secret = world.people.create_link(&FirstStart, DAY_MS).await.unwrap();
        let other = world.reopened().await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let people = if n % 2 == 0 {
                    world.people.clone()
                } else {
                    other.clone()
                };
                let secret = secret.clone();
                tokio::spawn(async move {
                    people
                        .finish_first_start(&secret, &format!("n{n}"), "", PASSWORD)
                        .await
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(PeopleError::LinkExpired) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((won, world.people.count().await.unwrap()), (1, 1));
    }
}

#[tokio::test]
async fn a_password_is_reset_once_and_sessions_end() {
    for world in worlds("link_reset").await {
        let people = &world.people;
        let mira = world.mira().await;
        let purpose = ResetPassword(mira.id.clone());
        let token = people.start_session(&mira.id).await.unwrap();
        let older = people.create_link(&purpose, DAY_MS).await.unwrap();
        let secret = people.create_link(&purpose, DAY_MS).await.unwrap();
        assert_eq!(
            people.peek_link(&older).await.unwrap(),
            None,
            "the newer link ends the older"
        );
        assert_eq!(
            people.peek_link(&secret).await.unwrap(),
            Some(purpose.clone())
        );
        assert!(matches!(
            people
                .finish_first_start(&secret, "eve", "", PASSWORD)
                .await,
            Err(PeopleError::LinkExpired)
        ));
        assert!(matches!(
            people.reset_password_by_link(&secret, "short").await,
            Err(PeopleError::WeakPassword { .. })
        ));
        assert!(people.session(token.as_str()).await.unwrap().is_some());
        assert_eq!(
            people.reset_password_by_link(&secret, NEW).await.unwrap(),
            mira
        );
        assert!(people.session(token.as_str()).await.unwrap().is_none());
        assert!(people.sign_in("mira", NEW, client(1)).await.is_ok());
        assert!(matches!(
            people.reset_password_by_link(&secret, PASSWORD).await,
            Err(PeopleError::LinkExpired)
        ));
        assert!(matches!(
            people.create_link(&ResetPassword("x".into()), DAY_MS).await,
            Err(PeopleError::NoSuchPerson(_))
        ));
        let secret = people.create_link(&purpose, DAY_MS).await.unwrap();
        people.delete(&mira.id).await.unwrap();
        assert_eq!(people.peek_link(&secret).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_link_ends_by_the_nodes_own_time() {
    for world in worlds("link_time").await {
        let people = &world.people;
        let secret = people.create_link(&FirstStart, DAY_MS).await.unwrap();
        world.clock.advance(-10 * YEAR_MS);
        assert!(people.peek_link(&secret).await.unwrap().is_some());
        world.clock.advance(10 * YEAR_MS);
        assert!(
            people.peek_link(&secret).await.unwrap().is_some(),
            "a clock that is set counts as a night"
        );
        world.clock.advance(DAY_MS / 2);
        assert!(people.peek_link(&secret).await.unwrap().is_none());
        assert!(matches!(
            people
                .finish_first_start(&secret, "mira", "", PASSWORD)
                .await,
            Err(PeopleError::LinkExpired)
        ));
    }
}
