//! App passwords without sending them: what SCRAM-SHA-256 needs of them (RFC 5802, RFC 7677). The messages are the
//! protocols' affair; here lie the keys.
//!
//! A server tells salt and iterations before it can know which of a person's app passwords will sign in, so all of them
//! share one salt. Who doesn't exist has a salt too, that is always the same: names can't be told from non-names by it.
//! An app password that was made before keys were kept can't sign in this way.

use std::net::IpAddr;
use std::num::NonZeroU32;

use lampion_core::ids;
use lampion_db::{Row, Tx, query, query_scalar};
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use crate::People;
use crate::error::PeopleError;
use crate::model::Person;
use crate::rules::normal_name;

/// Rounds of PBKDF2 (RFC 7677 §4 asks for 4096 at least; the secrets have 100 random bits, so more buys nothing).
pub const SCRAM_ITERATIONS: u32 = 4_096;

/// The keys of one app password, as text in base 16.
pub(crate) struct ScramKeys {
    pub(crate) stored: String,
    pub(crate) server: String,
}

impl ScramKeys {
    /// Keys of a secret as the person sees and types it. Takes a millisecond or two.
    pub(crate) fn derive(secret: &str, salt: &str) -> Self {
        let rounds = NonZeroU32::new(SCRAM_ITERATIONS).unwrap_or(NonZeroU32::MIN);
        let mut salted = [0u8; 32];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            salt.as_bytes(),
            secret.as_bytes(),
            &mut salted,
        );
        let client = mac(&salted, b"Client Key");
        Self {
            stored: hex(digest::digest(&digest::SHA256, &client).as_ref()),
            server: hex(&mac(&salted, b"Server Key")),
        }
    }
}

impl People {
    /// The salt to tell a program that wants to sign in by SCRAM; iterations are [`SCRAM_ITERATIONS`].
    ///
    /// # Errors
    /// The database.
    pub async fn scram_salt(&self, name: &str) -> Result<Vec<u8>, PeopleError> {
        let name = normal_name(name).unwrap_or_else(|_| name.to_string());
        let kept: Option<String> =
            query_scalar("select scram_salt from people_person where name = $1")
                .bind(&name)
                .fetch_optional(self.0.db.read())
                .await?;
        Ok(match kept {
            Some(salt) if !salt.is_empty() => salt,
            _ => self.keyed("scram salt", &[&name]).await?,
        }
        .into_bytes())
    }

    /// Whose proof it is, and of which app password (its id); with the signature that proves to the program that this
    /// node knows the password too. `auth_message` is what was signed. Limits are those of
    /// [`People::verify_app_password`].
    ///
    /// # Errors
    /// As [`People::verify_app_password`].
    pub async fn verify_scram(
        &self,
        name: &str,
        auth_message: &str,
        proof: &[u8; 32],
        client: IpAddr,
    ) -> Result<(Person, String, [u8; 32]), PeopleError> {
        if let Some(person) = self.by_name(name).await? {
            let rows = query(
                "select id, used_day, scram_stored, scram_server from people_app_password
                 where person = $1 and scram_stored <> '' order by created_ms, id",
            )
            .bind(&person.id)
            .fetch_all(self.0.db.read())
            .await?;
            for row in &rows {
                let stored = unhex(row.try_get("scram_stored")?);
                if !proves(&stored, auth_message, proof) {
                    continue;
                }
                if person.disabled {
                    return Err(PeopleError::Disabled);
                }
                let id: String = row.try_get("id")?;
                self.used_app_password(&id, row.try_get("used_day")?).await;
                let server = unhex(row.try_get("scram_server")?);
                return Ok((person, id, mac(&server, auth_message.as_bytes())));
            }
        }
        self.begin_try(name, client).await?;
        Err(PeopleError::WrongNameOrPassword)
    }

    /// The person's salt, made the first time.
    pub(crate) async fn salt_of(&self, tx: &mut Tx, person: &str) -> Result<String, PeopleError> {
        let fresh = ids::new_secret(&*self.0.rng);
        Ok(query_scalar(
            "update people_person set scram_salt = case when scram_salt = '' then $2 else scram_salt end
             where id = $1 returning scram_salt",
        )
        .bind(person)
        .bind(fresh)
        .fetch_one(&mut **tx)
        .await?)
    }
}

/// Whether `proof` was made by who knows the secret of `stored` (RFC 5802 §3).
fn proves(stored: &[u8], auth_message: &str, proof: &[u8; 32]) -> bool {
    let signature = mac(stored, auth_message.as_bytes());
    let mut key = [0u8; 32];
    for (out, (a, b)) in key.iter_mut().zip(proof.iter().zip(signature)) {
        *out = a ^ b;
    }
    let hash = digest::digest(&digest::SHA256, &key);
    hash.as_ref().ct_eq(stored).into()
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut out = [0u8; 32];
    out.copy_from_slice(hmac::sign(&key, text).as_ref());
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .filter_map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_a_known_sign_in() {
        // RFC 7677 §3, with its salt as bytes.
        let salt = [
            0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36,
            0xfa, 0x81,
        ];
        let rounds = NonZeroU32::new(4_096).unwrap();
        let mut salted = [0u8; 32];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            &salt,
            b"pencil",
            &mut salted,
        );
        let stored = digest::digest(&digest::SHA256, &mac(&salted, b"Client Key"));
        let auth = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let proof: [u8; 32] = [
            0x74, 0x7c, 0xdb, 0x65, 0xaa, 0x56, 0x22, 0x4e, 0x23, 0x52, 0x13, 0x7e, 0x52, 0xd7,
            0xbd, 0xca, 0xd6, 0xa0, 0xf7, 0x38, 0xdf, 0x30, 0x78, 0x2c, 0xaa, 0x69, 0xa2, 0xcf,
            0xb0, 0x27, 0x75, 0x54,
        ];
        assert!(proves(stored.as_ref(), auth, &proof));
        assert!(!proves(stored.as_ref(), "n=other", &proof));
        assert!(!proves(&[], auth, &proof));
        assert_eq!(unhex(&hex(&[0, 1, 254, 255])), [0, 1, 254, 255]);
    }
}
