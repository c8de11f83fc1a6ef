//! Accounts and groups: every verb, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{PASSWORD, client, worlds};
use lampion_people::{PeopleError, Role};

#[tokio::test]
async fn an_account_is_made_found_changed_and_removed() {
    for world in worlds("people_verbs").await {
        let people = &world.people;
        let made = people
            .create(
                " ＭIRA",
                "Mira  Hill\n",
                Some(PASSWORD),
                &[Role::Teacher, Role::Librarian, Role::Teacher],
            )
            .await
            .unwrap();
        assert_eq!(
            (made.name.as_str(), made.display.as_str()),
            ("mira", "Mira Hill")
        );
        assert_eq!(made.roles, [Role::Member, Role::Librarian, Role::Teacher]);
        assert_eq!(people.by_name("Mira").await.unwrap().as_ref(), Some(&made));
        assert_eq!(people.by_id(&made.id).await.unwrap().as_ref(), Some(&made));
        assert_eq!(people.by_name("no body").await.unwrap(), None);
        assert_eq!(people.by_id("").await.unwrap(), None);

        people.set_roles(&made.id, &[Role::Seller]).await.unwrap();
        people.set_language(&made.id, "ko").await.unwrap();
        people.set_display(&made.id, "미라").await.unwrap();
        let now = people.by_id(&made.id).await.unwrap().unwrap();
        assert_eq!(now.roles, [Role::Member, Role::Seller]);
        assert!(now.has(Role::Seller) && now.has(Role::Member) && !now.has(Role::Librarian));
        assert_eq!(
            (now.language.as_str(), now.display.as_str()),
            ("ko", "미라")
        );
        people.set_language(&made.id, "'; drop").await.unwrap();
        people.set_display(&made.id, " ").await.unwrap();
        let now = people.by_id(&made.id).await.unwrap().unwrap();
        assert_eq!((now.language.as_str(), now.display.as_str()), ("", "mira"));

        people.delete(&made.id).await.unwrap();
        assert_eq!(people.by_name("mira").await.unwrap(), None);
        assert_eq!(people.count().await.unwrap(), 0);
        for refused in [
            people.delete(&made.id).await,
            people.set_roles(&made.id, &[]).await,
            people.set_disabled(&made.id, true).await,
            people.set_language(&made.id, "en").await,
            people.set_display(&made.id, "x").await,
            people.set_password(&made.id, PASSWORD).await,
        ] {
            assert!(matches!(refused, Err(PeopleError::NoSuchPerson(id)) if id == made.id));
        }
    }
}

#[tokio::test]
async fn names_are_given_once_even_at_the_same_moment() {
    for world in worlds("people_once").await {
        let tasks: Vec<_> = (0..12)
            .map(|n| {
                let people = world.people.clone();
                let name = if n % 2 == 0 { "mira" } else { "MIRA" };
                tokio::spawn(async move { people.create(name, "", Some(PASSWORD), &[]).await })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(PeopleError::NameTaken(name)) => assert_eq!(name, "mira"),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((won, world.people.count().await.unwrap()), (1, 1));
    }
}

#[tokio::test]
async fn lists_come_in_pieces() {
    for world in worlds("people_list").await {
        let people = &world.people;
        for name in ["c", "a", "b", "e", "d"] {
            people.create(name, "", None, &[]).await.unwrap();
        }
        let group = people.create_group("class 4").await.unwrap();
        let d = people.by_name("d").await.unwrap().unwrap();
        people.add_to_group(&group.id, &d.id).await.unwrap();
        let (mut names, mut after) = (Vec::new(), String::new());
        loop {
            let piece = people.list(&after, 2).await.unwrap();
            let Some(last) = piece.last() else { break };
            after = last.name.clone();
            for person in piece {
                assert_eq!(person.is_in(&group.id), person.name == "d");
                names.push(person.name);
            }
        }
        assert_eq!(names, ["a", "b", "c", "d", "e"]);
    }
}

#[tokio::test]
async fn groups_are_made_filled_emptied_and_removed() {
    for world in worlds("people_groups").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (token, _) = people.sign_in("mira", PASSWORD, client(1)).await.unwrap();
        let class = people.create_group(" class  4 ").await.unwrap();
        let choir = people.create_group("choir").await.unwrap();
        assert!(matches!(
            people.create_group("class 4").await,
            Err(PeopleError::NameTaken(_))
        ));
        assert!(matches!(
            people.create_group(" ").await,
            Err(PeopleError::BadName { .. })
        ));
        let groups = async || {
            people
                .session(token.as_str())
                .await
                .unwrap()
                .unwrap()
                .person
                .groups
        };
        assert!(groups().await.is_empty());
        for _ in 0..2 {
            people.add_to_group(&class.id, &mira.id).await.unwrap();
        }
        assert_eq!(
            groups().await,
            std::slice::from_ref(&class.id),
            "seen by the open session at once"
        );
        assert_eq!(
            people.members_of(&class.id).await.unwrap(),
            std::slice::from_ref(&mira.id)
        );
        let listed: Vec<_> = people
            .groups()
            .await
            .unwrap()
            .into_iter()
            .map(|g| (g.name, g.members))
            .collect();
        assert_eq!(
            listed,
            [("choir".to_string(), 0), ("class 4".to_string(), 1)]
        );
        assert!(matches!(
            people.add_to_group("x", &mira.id).await,
            Err(PeopleError::NoSuchGroup(_))
        ));
        assert!(matches!(
            people.add_to_group(&class.id, "x").await,
            Err(PeopleError::NoSuchPerson(_))
        ));
        people.remove_from_group(&class.id, &mira.id).await.unwrap();
        assert!(groups().await.is_empty());
        people.add_to_group(&choir.id, &mira.id).await.unwrap();
        people.delete_group(&choir.id).await.unwrap();
        assert!(groups().await.is_empty());
        assert!(matches!(
            people.delete_group(&choir.id).await,
            Err(PeopleError::NoSuchGroup(_))
        ));
        people.add_to_group(&class.id, &mira.id).await.unwrap();
        people.delete(&mira.id).await.unwrap();
        assert!(people.members_of(&class.id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_last_operator_stays() {
    for world in worlds("people_last").await {
        let people = &world.people;
        let mira = world.person("mira", &[Role::Operator]).await;
        assert!(mira.has(Role::Seller) && people.has_operator().await.unwrap());
        let refused = async |id: &str| {
            for done in [
                people.delete(id).await,
                people.set_disabled(id, true).await,
                people.set_roles(id, &[Role::Editor]).await,
            ] {
                assert!(matches!(done, Err(PeopleError::LastOperator)), "{done:?}");
            }
        };
        refused(&mira.id).await;
        let juan = world.person("juan", &[Role::Operator]).await;
        people.set_disabled(&juan.id, true).await.unwrap();
        refused(&mira.id).await;
        people.set_disabled(&juan.id, false).await.unwrap();
        people.set_roles(&mira.id, &[]).await.unwrap();
        refused(&juan.id).await;
        people
            .set_roles(&juan.id, &[Role::Operator, Role::Seller])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn two_operators_who_step_down_at_once_leave_one() {
    for world in worlds("people_race").await {
        for _ in 0..5 {
            let mut tasks = Vec::new();
            for name in ["mira", "juan"] {
                let person = match world.people.by_name(name).await.unwrap() {
                    Some(person) => person,
                    None => world.person(name, &[]).await,
                };
                world
                    .people
                    .set_roles(&person.id, &[Role::Operator])
                    .await
                    .unwrap();
                tasks.push((world.people.clone(), person.id));
            }
            let tasks: Vec<_> = tasks
                .into_iter()
                .map(|(people, id)| tokio::spawn(async move { people.set_roles(&id, &[]).await }))
                .collect();
            let mut refused = 0;
            for task in tasks {
                match task.await.unwrap() {
                    Ok(()) => {}
                    Err(PeopleError::LastOperator) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            assert_eq!(refused, 1);
        }
    }
}
