//! App passwords proved without sending them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::num::NonZeroU32;

use common::{client, worlds};
use lampion_db::query;
use lampion_people::limits::PAIR_FREE;
use lampion_people::{PeopleError, SCRAM_ITERATIONS};
use ring::{digest, hmac, pbkdf2};

const MESSAGE: &str = "n=mira,r=a,r=ab,s=c2FsdA==,i=4096,c=biws,r=ab";

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
    tag.as_ref().try_into().unwrap()
}

/// What a program with the secret computes: its proof, and the signature that it expects.
fn program(secret: &str, salt: &[u8]) -> ([u8; 32], [u8; 32]) {
    let mut salted = [0u8; 32];
    let rounds = NonZeroU32::new(SCRAM_ITERATIONS).unwrap();
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        rounds,
        salt,
        secret.as_bytes(),
        &mut salted,
    );
    let key = mac(&salted, b"Client Key");
    let stored = digest::digest(&digest::SHA256, &key);
    let mut proof = mac(stored.as_ref(), MESSAGE.as_bytes());
    proof.iter_mut().zip(key).for_each(|(a, b)| *a ^= b);
    (proof, mac(&mac(&salted, b"Server Key"), MESSAGE.as_bytes()))
}

#[tokio::test]
async fn a_proof_says_which_app_password_and_is_answered_by_one() {
    for world in worlds("scram_verbs").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (phone_secret, phone) = people.create_app_password(&mira.id, "phone").await.unwrap();
        let (desk_secret, desk) = people.create_app_password(&mira.id, "desk").await.unwrap();
        let salt = people.scram_salt("Mira").await.unwrap();
        for (secret, id) in [(&phone_secret, &phone.id), (&desk_secret, &desk.id)] {
            let (proof, expected) = program(secret, &salt);
            let (person, which, signature) = people
                .verify_scram("MIRA", MESSAGE, &proof, client(1))
                .await
                .unwrap();
            assert_eq!((&person, &which, signature), (&mira, id, expected));
            assert!(
                people
                    .verify_scram("mira", "n=other", &proof, client(1))
                    .await
                    .is_err()
            );
        }
        assert_eq!(
            people.app_passwords(&mira.id).await.unwrap()[0].used_day,
            "2026-11-22"
        );
        let (proof, _) = program(&phone_secret, &salt);
        people.set_disabled(&mira.id, true).await.unwrap();
        let disabled = people
            .verify_scram("mira", MESSAGE, &proof, client(1))
            .await;
        assert!(matches!(disabled, Err(PeopleError::Disabled)));
        people.set_disabled(&mira.id, false).await.unwrap();
        people
            .revoke_app_password(&mira.id, &phone.id)
            .await
            .unwrap();
        let revoked = people
            .verify_scram("mira", MESSAGE, &proof, client(1))
            .await;
        assert!(matches!(revoked, Err(PeopleError::WrongNameOrPassword)));
    }
}

#[tokio::test]
async fn names_that_do_not_exist_have_salts_of_the_same_form() {
    for world in worlds("scram_salts").await {
        let people = &world.people;
        let mira = world.mira().await;
        people.create_app_password(&mira.id, "phone").await.unwrap();
        let real = people.scram_salt("mira").await.unwrap();
        let made_up = people.scram_salt("nobody").await.unwrap();
        assert_eq!(real.len(), made_up.len());
        assert_ne!(real, made_up);
        assert_eq!(
            made_up,
            world.reopened().await.scram_salt("Nobody").await.unwrap()
        );
        assert_ne!(made_up, people.scram_salt("somebody").await.unwrap());
    }
}

#[tokio::test]
async fn older_app_passwords_can_not_and_wrong_proofs_have_limits() {
    for world in worlds("scram_limits").await {
        let people = &world.people;
        let mira = world.mira().await;
        let (secret, _) = people.create_app_password(&mira.id, "phone").await.unwrap();
        query("update people_app_password set scram_stored = '', scram_server = ''")
            .execute(world.database.db().write())
            .await
            .unwrap();
        let salt = people.scram_salt("mira").await.unwrap();
        let (proof, _) = program(&secret, &salt);
        for _ in 0..PAIR_FREE {
            let old = people
                .verify_scram("mira", MESSAGE, &proof, client(1))
                .await;
            assert!(matches!(old, Err(PeopleError::WrongNameOrPassword)));
        }
        let again = people
            .verify_scram("mira", MESSAGE, &[0; 32], client(1))
            .await;
        assert!(matches!(again, Err(PeopleError::TooManyTries { .. })));
        assert!(
            people
                .verify_app_password("mira", &secret, client(1))
                .await
                .is_ok()
        );
    }
}
