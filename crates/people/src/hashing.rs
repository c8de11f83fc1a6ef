//! Passwords as argon2id in PHC strings.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use lampion_core::Rng;
use tokio::sync::Semaphore;

use crate::error::PeopleError;
use crate::rules::normal_password;

/// Memory, passes and lanes (RFC 9106 §4 asks for more where there is more; boxes have 512 MB).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Passwords that are worked on at the same time: 38 MiB at most.
const PARALLEL: usize = 2;
/// Passwords that may wait for their turn; more are turned away.
const WAITING_LIMIT: usize = 64;
/// What those turned away are asked to wait, in seconds.
const BUSY_SECONDS: u64 = 2;

/// Hashes and checks passwords, a few at a time.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    params: Params,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// What checking a password found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, but hashed with other parameters than today's.
    RightButOld,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self::with(Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default())
    }

    /// As little work as argon2 allows.
    pub(crate) fn cheap() -> Self {
        Self::with(Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default())
    }

    fn with(params: Params) -> Self {
        Self {
            params,
            turns: Arc::new(Semaphore::new(PARALLEL)),
            places: Arc::new(Semaphore::new(PARALLEL + WAITING_LIMIT)),
        }
    }

    fn argon2(params: &Params) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
    }

    /// The PHC string of a password.
    pub(crate) async fn hash(&self, password: &str, rng: &dyn Rng) -> Result<String, PeopleError> {
        let mut salt = [0u8; 16];
        rng.fill(&mut salt);
        self.work(password, move |params, password| {
            let salt = SaltString::encode_b64(&salt).map_err(fault)?;
            let hash = Self::argon2(params)
                .hash_password(password, &salt)
                .map_err(fault)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` belongs to `phc`. An empty `phc` takes as much work and is always wrong.
    pub(crate) async fn verify(&self, password: &str, phc: &str) -> Result<Verdict, PeopleError> {
        let phc = phc.to_string();
        self.work(password, move |params, password| {
            if phc.is_empty() {
                let mut out = [0u8; 32];
                Self::argon2(params)
                    .hash_password_into(password, &[0u8; 16], &mut out)
                    .map_err(fault)?;
                // The result must be looked at, or the work could be optimised away.
                std::hint::black_box(out);
                return Ok(Verdict::Wrong);
            }
            let hash = PasswordHash::new(&phc).map_err(fault)?;
            if Self::argon2(params)
                .verify_password(password, &hash)
                .is_err()
            {
                return Ok(Verdict::Wrong);
            }
            let same = hash.algorithm == argon2::ARGON2ID_IDENT
                && Params::try_from(&hash).is_ok_and(|old| {
                    (old.m_cost(), old.t_cost(), old.p_cost())
                        == (params.m_cost(), params.t_cost(), params.p_cost())
                });
            Ok(if same {
                Verdict::Right
            } else {
                Verdict::RightButOld
            })
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        password: &str,
        work: impl FnOnce(&Params, &[u8]) -> Result<T, PeopleError> + Send + 'static,
    ) -> Result<T, PeopleError> {
        let busy = |_| PeopleError::TooManyTries {
            wait_seconds: BUSY_SECONDS,
        };
        let _place = self.places.try_acquire().map_err(busy)?;
        // The permit goes into the thread: a caller that went away must not free its memory's turn early.
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(fault)?;
        let password = normal_password(password);
        let params = self.params.clone();
        tokio::task::spawn_blocking(move || {
            let result = work(&params, password.as_bytes());
            drop(turn);
            result
        })
        .await
        .map_err(fault)?
    }
}

fn fault(error: impl std::fmt::Display) -> PeopleError {
    PeopleError::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lampion_core::SeededRng;

    #[tokio::test]
    async fn a_hash_is_argon2id_with_salt_and_tells_right_from_wrong() {
        let hasher = Hasher::cheap();
        let rng = SeededRng::new(1);
        let phc = hasher.hash("등불 아래서", &rng).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
        assert_ne!(
            phc,
            hasher.hash("등불 아래서", &rng).await.unwrap(),
            "salted"
        );
        assert_eq!(
            hasher.verify("등불 아래서", &phc).await.unwrap(),
            Verdict::Right
        );
        assert_eq!(
            hasher.verify("등불 아래", &phc).await.unwrap(),
            Verdict::Wrong
        );
        assert_eq!(hasher.verify("", "").await.unwrap(), Verdict::Wrong);
        assert!(hasher.verify("x", "no PHC").await.is_err());
    }

    #[tokio::test]
    async fn the_real_parameters_are_those_promised_and_old_ones_are_noticed() {
        let phc = Hasher::new()
            .hash("correct horse", &SeededRng::new(1))
            .await
            .unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(
            Hasher::cheap().verify("correct horse", &phc).await.unwrap(),
            Verdict::RightButOld
        );
    }

    #[tokio::test]
    async fn a_crowd_is_turned_away_rather_than_kept_in_memory() {
        let hasher = Hasher::cheap();
        let all = hasher
            .places
            .try_acquire_many(u32::try_from(PARALLEL + WAITING_LIMIT).unwrap())
            .unwrap();
        assert!(matches!(
            hasher.verify("x", "").await,
            Err(PeopleError::TooManyTries { .. })
        ));
        drop(all);
        assert_eq!(hasher.verify("x", "").await.unwrap(), Verdict::Wrong);
    }
}
