//! What readers look for and don't find, without any reader in it.
//!
//! The desk wants to know which words lead nowhere. A log of searches would tell it, and would tell who lives in a small
//! place what their neighbours worry about; so there is none, and this is built so that none can be made of it:
//!
//! - **Rare words are never kept, not even in memory.** A search that fails is counted under a keyed hash of its words
//!   (64 bits, under a key that is drawn anew each week and at each start, and is never written). Only when the same words
//!   fail for the [`LEAST`]th time within the week are they taken down, from that search. Below it there is nothing on
//!   disk, and in memory no words: whoever can read the process's memory could try words against the hashes, until the
//!   week or the process ends, and learn that somebody looked for them.
//! - **No person, no address, no session, no time finer than a week.** A count has a week and no other time. It can't be
//!   joined with anything: the row holds words and two numbers.
//! - **One reader's repeated tries count once**, as far as that can be told without knowing readers: words that failed
//!   among the last [`RECENT`] failures are not counted again. A reload, or "back", does not lift a search over the bar.
//! - **What looks like somebody's own is passed over**: words with an `@`, with long numbers that are no number of a book,
//!   longer than [`WORDS_CHARS`] characters or with more than [`WORDS_LIMIT`] words, and searches within one collection or
//!   with filters, which would tell more than words do.
//! - **Nothing stays**: counts go after [`KEEP_WEEKS`] weeks, and when a librarian has dealt with them.
//!
//! With several processes on one database each counts for itself, so the bar is rather higher than lower. A restart
//! forgets what was below the bar: some counts are too low, and none is too high.
//!
//! Searching must not become slower: a failed search costs one lock and one look into a table in memory. What passed the
//! bar is written in one transaction every [`FLUSH_EVERY`], and when the node stops.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lampion_core::Rng;
use lampion_db::{Db, DbError, Row as _, query, transaction};
use lampion_formats::records::desk::fold;
use lampion_formats::records::identifiers::{doi, isbn13, issn};
use lampion_search::{Match, SearchResults};
use tokio_util::sync::CancellationToken;

use super::tally::week;
use crate::library::Library;

/// How often the same words must fail within a week to be known at all.
pub const LEAST: u32 = 5;
/// Failures among which words count once.
pub const RECENT: usize = 8;
/// Longest words, in characters.
pub const WORDS_CHARS: usize = 80;
/// Words of one search.
pub const WORDS_LIMIT: usize = 8;
/// How long counts are kept, in weeks.
pub const KEEP_WEEKS: i64 = 26;
/// Digits in a row from which on a number may be somebody's own.
const DIGITS: usize = 6;
/// Hashes that are counted in memory: 16 bytes each. When there are more, those seen once are forgotten.
const HASHES_LIMIT: usize = 50_000;
/// Words over the bar that wait to be written.
const KNOWN_LIMIT: usize = 5_000;
/// How often what passed the bar is written.
pub const FLUSH_EVERY: Duration = Duration::from_secs(10 * 60);
/// Words of one page.
const PAGE_LIMIT: i64 = 200;

/// Counts of one week.
#[derive(Debug, Default)]
struct Week {
    week: i64,
    key: [u8; 32],
    hashes: HashMap<u64, [u32; 2]>,
    recent: VecDeque<u64>,
    /// Words over the bar with what is not written yet.
    known: HashMap<String, [u32; 2]>,
}

/// Failed searches of this process.
#[derive(Debug, Default)]
pub struct FailedSearches(Mutex<Week>);

/// Words that were looked for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSearch {
    /// The words, folded.
    pub words: String,
    /// How often nothing was found.
    pub nothing: i64,
    /// How often only other words, or some of them, were found.
    pub loosened: i64,
    /// The last week.
    pub week: i64,
}

/// Words as they are counted; none if they are not to be.
pub fn countable(words: &str) -> Option<String> {
    if words.contains('@') || words.chars().count() > WORDS_CHARS {
        return None;
    }
    let number = isbn13(words).or_else(|| issn(words)).or_else(|| doi(words));
    let folded = number.clone().unwrap_or_else(|| fold(words));
    let long_number = folded
        .split(|c: char| !c.is_numeric())
        .any(|run| run.chars().count() >= DIGITS);
    let count = folded.split_whitespace().count();
    let good = (1..=WORDS_LIMIT).contains(&count) && (number.is_some() || !long_number);
    good.then_some(folded)
}

impl Week {
    fn begin(week: i64, rng: &dyn Rng) -> Self {
        let mut key = [0; 32];
        rng.fill(&mut key);
        Self {
            week,
            key,
            ..Self::default()
        }
    }

    fn count(&mut self, words: String, kind: usize) {
        let hash = blake3::keyed_hash(&self.key, words.as_bytes());
        let hash = hash
            .as_bytes()
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if self.recent.contains(&hash) {
            return;
        }
        self.recent.push_back(hash);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        if self.hashes.len() >= HASHES_LIMIT && !self.hashes.contains_key(&hash) {
            self.hashes
                .retain(|_, counts| counts.iter().sum::<u32>() > 1);
            if self.hashes.len() >= HASHES_LIMIT {
                return;
            }
        }
        let counts = self.hashes.entry(hash).or_default();
        let Some(count) = counts.get_mut(kind) else {
            return;
        };
        *count += 1;
        let sum: u32 = counts.iter().sum();
        let room = self.known.len() < KNOWN_LIMIT || self.known.contains_key(&words);
        if sum == LEAST && room {
            let known = self.known.entry(words).or_default();
            for (known, counted) in known.iter_mut().zip(counts.iter()) {
                *known += counted;
            }
        } else if sum > LEAST
            && room
            && let Some(known) = self.known.entry(words).or_default().get_mut(kind)
        {
            *known += 1;
        }
    }
}

impl FailedSearches {
    /// Counts a search by what it found. Cheap.
    pub fn note(&self, words: &str, results: &SearchResults, now_ms: i64, rng: &dyn Rng) {
        // A search that was cut short may have found more.
        if results.partial {
            return;
        }
        let kind = match (results.total, results.matched) {
            (0, _) => 0,
            (_, Match::Some | Match::Corrected) => 1,
            _ => return,
        };
        let Some(words) = countable(words) else {
            return;
        };
        let now = week(now_ms);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.week != now || counts.key == [0; 32] {
            // What passed the bar last week and was not written yet is written with this one: never lost, a week late.
            let known = std::mem::take(&mut counts.known);
            *counts = Week::begin(now, rng);
            counts.known = known;
        }
        counts.count(words, kind);
    }

    /// Writes what passed the bar, and removes what is old.
    ///
    /// # Errors
    /// The database; nothing is lost.
    pub async fn flush(&self, db: &Db, now_ms: i64) -> Result<(), DbError> {
        let now = week(now_ms);
        let known = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut counts.known)
        };
        let done: Result<(), DbError> = transaction!(db, DbError, tx => {
            for (words, [nothing, loosened]) in &known {
                query(
                    "insert into failed_search (words, week, in_vain, loosened) values ($1, $2, $3, $4)
                     on conflict (words, week) do update set in_vain = failed_search.in_vain + excluded.in_vain,
                     loosened = failed_search.loosened + excluded.loosened",
                )
                .bind(words.as_str())
                .bind(now)
                .bind(i64::from(*nothing))
                .bind(i64::from(*loosened))
                .execute(&mut **tx)
                .await?;
            }
            query("delete from failed_search where week < $1")
                .bind(now - KEEP_WEEKS)
                .execute(&mut **tx)
                .await?;
            query("delete from failed_search_dismissed where until_week < $1")
                .bind(now)
                .execute(&mut **tx)
                .await?;
            Ok(())
        });
        if done.is_err() {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (words, lost) in known {
                let back = counts.known.entry(words).or_default();
                for (back, lost) in back.iter_mut().zip(lost) {
                    *back += lost;
                }
            }
        }
        done
    }
}

/// Words that failed in the weeks from `from` on, the most frequent first, without those dealt with.
///
/// # Errors
/// The database.
pub async fn list(db: &Db, from: i64) -> Result<Vec<FailedSearch>, DbError> {
    let rows = query(
        "select f.words, cast(sum(f.in_vain) as bigint) as in_vain, cast(sum(f.loosened) as bigint) as loosened,
         max(f.week) as week from failed_search f where f.week >= $1
         and not exists (select 1 from failed_search_dismissed d where d.words = f.words)
         group by f.words order by sum(f.in_vain) + sum(f.loosened) desc, f.words limit $2",
    )
    .bind(from)
    .bind(PAGE_LIMIT)
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(FailedSearch {
                words: row.try_get("words")?,
                nothing: row.try_get("in_vain")?,
                loosened: row.try_get("loosened")?,
                week: row.try_get("week")?,
            })
        })
        .collect::<Result<_, lampion_db::sqlx::Error>>()
        .map_err(DbError::from)
}

/// Forgets words that were dealt with, and doesn't show them again for as long as counts are kept.
///
/// # Errors
/// The database.
pub async fn dismiss(db: &Db, words: &str, now_ms: i64) -> Result<(), DbError> {
    transaction!(db, DbError, tx => {
        query("delete from failed_search where words = $1").bind(words).execute(&mut **tx).await?;
        query(
            "insert into failed_search_dismissed (words, until_week) values ($1, $2)
             on conflict (words) do update set until_week = excluded.until_week",
        )
        .bind(words)
        .bind(week(now_ms) + KEEP_WEEKS)
        .execute(&mut **tx)
        .await?;
        Ok(())
    })
}

/// Writes now and then what passed the bar, until the node stops.
pub(crate) async fn run(library: Library, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => {}
            () = pause() => {}
        }
        let kernel = library.kernel();
        let flushed = library
            .failed()
            .flush(&kernel.db, kernel.clock.now_ms())
            .await;
        if let Err(error) = flushed {
            tracing::warn!(%error, "counts of failed searches could not be kept yet");
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often counts are written; nothing's safety depends on it"
)]
async fn pause() {
    tokio::time::sleep(FLUSH_EVERY).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use lampion_core::SystemRng;

    const NOW_MS: i64 = 1_795_326_643_000;

    fn nothing() -> SearchResults {
        SearchResults::default()
    }

    /// Counts words once, with other failures before it.
    fn fail(searches: &FailedSearches, words: &str, round: u32) {
        for other in 0..RECENT {
            let other = format!("other {round} x{other}");
            searches.note(&other, &nothing(), NOW_MS, &SystemRng);
        }
        searches.note(words, &nothing(), NOW_MS, &SystemRng);
    }

    fn known(searches: &FailedSearches) -> Vec<(String, [u32; 2])> {
        let week = searches.0.lock().unwrap();
        week.known.clone().into_iter().collect()
    }

    #[test]
    fn words_below_the_bar_are_not_even_in_memory() {
        let searches = FailedSearches::default();
        for round in 1..LEAST {
            fail(&searches, "Secret illness", round);
        }
        let inside = format!("{searches:?}");
        assert!(!inside.contains("illness"), "{inside}");
        assert!(known(&searches).is_empty());
        fail(&searches, "  SECRET   illness", LEAST);
        assert_eq!(known(&searches), [("secret illness".to_string(), [5, 0])]);
        fail(&searches, "secret illness", LEAST + 1);
        assert_eq!(known(&searches)[0].1, [6, 0]);
    }

    #[test]
    fn reloading_does_not_lift_a_search_over_the_bar() {
        let searches = FailedSearches::default();
        for _ in 0..100 {
            searches.note("mine alone", &nothing(), NOW_MS, &SystemRng);
        }
        assert!(known(&searches).is_empty());
    }

    #[test]
    fn a_new_week_begins_from_nothing() {
        let searches = FailedSearches::default();
        for round in 1..LEAST {
            fail(&searches, "mango", round);
        }
        let next = NOW_MS + 7 * 86_400_000;
        searches.note("mango", &nothing(), next, &SystemRng);
        assert!(known(&searches).is_empty());
    }

    #[test]
    fn only_what_failed_counts_and_loosened_apart() {
        let searches = FailedSearches::default();
        let found = SearchResults {
            total: 3,
            ..SearchResults::default()
        };
        let some = SearchResults {
            total: 3,
            matched: Match::Some,
            ..SearchResults::default()
        };
        let partial = SearchResults {
            partial: true,
            ..SearchResults::default()
        };
        for round in 0..LEAST {
            for other in 0..RECENT {
                searches.note(
                    &format!("y{round} z{other}"),
                    &nothing(),
                    NOW_MS,
                    &SystemRng,
                );
            }
            searches.note("found", &found, NOW_MS, &SystemRng);
            searches.note("cut short", &partial, NOW_MS, &SystemRng);
            searches.note("loose", &some, NOW_MS, &SystemRng);
        }
        assert_eq!(known(&searches), [("loose".to_string(), [0, 5])]);
    }

    #[test]
    fn what_may_be_somebodys_own_is_passed_over() {
        assert_eq!(countable("mira@hill.internal"), None);
        assert_eq!(countable("call 0791234567"), None);
        assert_eq!(countable(""), None);
        assert_eq!(
            countable("one two three four five six seven eight nine"),
            None
        );
        assert_eq!(countable(&"x".repeat(81)), None);
        assert_eq!(countable("0-201-61622-X").as_deref(), Some("9780201616224"));
        assert_eq!(countable("Wells, 1990").as_deref(), Some("wells 1990"));
    }

    #[test]
    fn memory_is_bounded() {
        let searches = FailedSearches::default();
        for n in 0..HASHES_LIMIT + 10 {
            let letters: String = n.to_string().bytes().map(|b| char::from(b + 50)).collect();
            searches.note(&letters, &nothing(), NOW_MS, &SystemRng);
        }
        assert!(searches.0.lock().unwrap().hashes.len() <= HASHES_LIMIT);
    }
}
