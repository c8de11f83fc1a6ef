//! How much one account or one address may send. Counts are kept in memory, for as many as [`KEPT`].

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Recipients that an account may send to in an hour.
pub(super) const ACCOUNT_RECIPIENTS: u32 = 2_000;
/// Messages that an address of the network may hand in by SMTP in a minute.
pub(super) const ADDRESS_MESSAGES: u32 = 300;
/// Connections of one address at the same time.
pub(super) const ADDRESS_CONNECTIONS: u32 = 64;
/// Accounts and addresses that are counted at most; the longest unseen are forgotten first.
const KEPT: usize = 20_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    used: f64,
    seen: Instant,
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Limits {
    buckets: Mutex<HashMap<String, Bucket>>,
    connections: Mutex<HashMap<IpAddr, u32>>,
}

impl Limits {
    /// Whether `who` may do it once more; it is counted if so. What was used is given back evenly over `per`.
    pub(super) fn take(&self, who: &str, limit: u32, per: Duration) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if buckets.len() >= KEPT && !buckets.contains_key(who) {
            let mut seen: Vec<Instant> = buckets.values().map(|bucket| bucket.seen).collect();
            seen.sort_unstable();
            if let Some(middle) = seen.get(seen.len() / 2) {
                buckets.retain(|_, bucket| bucket.seen > *middle);
            }
        }
        let bucket = buckets.entry(who.into()).or_insert(Bucket {
            used: 0.0,
            seen: now,
        });
        let back =
            now.duration_since(bucket.seen).as_secs_f64() * f64::from(limit) / per.as_secs_f64();
        bucket.used = (bucket.used - back).max(0.0);
        bucket.seen = now;
        if bucket.used + 1.0 > f64::from(limit) {
            return false;
        }
        bucket.used += 1.0;
        true
    }

    /// Whether an address may open one more connection; it is counted if so.
    pub(super) fn connect(&self, address: IpAddr) -> bool {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = connections.entry(address).or_insert(0);
        if *count >= ADDRESS_CONNECTIONS && !address.is_loopback() {
            return false;
        }
        *count += 1;
        true
    }

    /// A connection of an address is closed.
    pub(super) fn disconnect(&self, address: IpAddr) {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connections.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_comes_back_and_others_are_not_touched() {
        let limits = Limits::default();
        let day = Duration::from_secs(86_400);
        assert!(limits.take("a", 2, day) && limits.take("a", 2, day) && !limits.take("a", 2, day));
        assert!(limits.take("b", 2, day));
        assert!(limits.take("a", 2, Duration::from_nanos(1)));
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        assert!((0..ADDRESS_CONNECTIONS).all(|_| limits.connect(far)) && !limits.connect(far));
        limits.disconnect(far);
        assert!(limits.connect(far));
    }
}
