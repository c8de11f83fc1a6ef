//! Asking a server many times, and what the times say.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http::{BROWSER, Client};

/// Milliseconds, sorted.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<f64>);

impl Times {
    pub fn new(mut times_ms: Vec<f64>) -> Self {
        times_ms.sort_by(f64::total_cmp);
        Self(times_ms)
    }

    /// The time below which this share lies (nearest rank).
    pub fn at(&self, share: f64) -> f64 {
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    }

    pub fn p50(&self) -> f64 {
        self.at(0.50)
    }

    pub fn p99(&self) -> f64 {
        self.at(0.99)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `p50 / p99` as the report shows them.
    pub fn shown(&self) -> String {
        format!("{:.2} / {:.2} ms", self.p50(), self.p99())
    }
}

/// Asks for each path once over one connection; milliseconds in the order of the paths, and how many answers were no 200.
pub fn one_by_one(address: SocketAddr, paths: &[String]) -> anyhow::Result<(Vec<f64>, usize)> {
    let mut client = Client::new(address, BROWSER);
    let (mut times, mut bad) = (Vec::with_capacity(paths.len()), 0);
    for path in paths {
        let start = Instant::now();
        let answer = client.get(path)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        bad += usize::from(answer.status != 200);
    }
    Ok((times, bad))
}

/// Many clients at once.
#[derive(Debug)]
pub struct Throughput {
    pub per_second: f64,
    pub times: Times,
    pub bad: usize,
    pub bytes: usize,
}

impl Throughput {
    pub fn shown(&self) -> String {
        format!(
            "{:.0}/s (p99 {:.1} ms{})",
            self.per_second,
            self.times.p99(),
            if self.bad > 0 {
                format!(", {} failed", self.bad)
            } else {
                String::new()
            }
        )
    }
}

/// `clients` ask for the paths by turns, over kept connections, for this long.
pub fn together(
    address: SocketAddr,
    paths: &[String],
    clients: usize,
    long: Duration,
    encodings: &'static str,
) -> anyhow::Result<Throughput> {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    let one = || -> anyhow::Result<(Vec<f64>, usize, usize)> {
        let mut client = Client::new(address, encodings);
        let (mut times, mut bad, mut bytes) = (Vec::new(), 0, 0);
        while start.elapsed() < long {
            let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed) % paths.len().max(1))
            else {
                break;
            };
            let begun = Instant::now();
            let answer = client.get(path)?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            bad += usize::from(answer.status != 200);
            bytes += answer.wire_bytes;
        }
        Ok((times, bad, bytes))
    };
    let all = std::thread::scope(|scope| {
        let running: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a client broke")))
            })
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let took = start.elapsed().as_secs_f64();
    let (mut times, mut bad, mut bytes) = (Vec::new(), 0, 0);
    for (own, failed, size) in all {
        times.extend(own);
        bad += failed;
        bytes += size;
    }
    Ok(Throughput {
        per_second: times.len() as f64 / took,
        times: Times::new(times),
        bad,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times = Times::new((1..=100).rev().map(f64::from).collect());
        assert_eq!(
            (times.p50(), times.p99(), times.at(1.0)),
            (50.0, 99.0, 100.0)
        );
        assert!(Times::default().p50().is_nan());
    }
}
