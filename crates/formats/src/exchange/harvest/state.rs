//! The machine of states.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Limits;
use super::answer::{Answer, Body, Harvested, Identity, ResumptionToken, read_answer};
use crate::exchange::datestamp::Granularity;
use crate::exchange::url;

/// The first wait after an answer of no use, in seconds; it doubles each time.
const FIRST_WAIT_S: u64 = 30;
/// The longest such wait.
const LAST_WAIT_S: u64 = 3_600;

/// What is harvested from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The repository's address; it may have a query of its own.
    pub base_url: String,
    /// The format's prefix.
    pub prefix: String,
    /// One set, or all.
    pub set: Option<String>,
    /// Whether to ask by POST.
    pub post: bool,
}

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The address.
    pub url: String,
    /// For POST: the body, `application/x-www-form-urlencoded`.
    pub form: Option<String>,
    /// Seconds to wait before.
    pub wait_s: u64,
}

/// Records that came in one answer, all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The records. One may come again in a later page or harvest.
    pub records: Vec<Harvested>,
    /// How many there are in all, if the repository says so.
    pub list_size: Option<u64>,
    /// Whether the harvest is over.
    pub last: bool,
}

/// What an answer brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The repository told about itself.
    Repository(Identity),
    /// Records to store together with the state.
    Page(Page),
    /// Nothing: the same is fetched again after the wait.
    Again {
        /// Why.
        reason: String,
    },
    /// The repository knows its token no more: the list begins anew, and records
    /// come again.
    Restarted,
}

/// Why a harvest ends before its end. [`Harvest::begin`] tries again, from the same
/// place where that makes sense.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum HarvestError {
    /// The address is not of HTTP.
    #[error("`{0}` is no address of a repository: it must begin with http:// or https://")]
    Address(String),
    /// No answer of use came, again and again.
    #[error("the repository gives no answer of use ({0}): try again later")]
    Unavailable(String),
    /// A status of HTTP that waiting does not mend.
    #[error("the repository answers with HTTP status {0}: check the address")]
    Status(u16),
    /// Another version of the protocol.
    #[error("the repository speaks version `{0}` of OAI-PMH, not 2.0")]
    Version(String),
    /// An error of the protocol.
    #[error("the repository refuses: {code}: {message}")]
    Refused {
        /// The code as the protocol writes it.
        code: String,
        /// The repository's words.
        message: String,
    },
    /// An answer to something else.
    #[error("the repository answers {0} with something else")]
    OtherAnswer(String),
    /// A token came a second time: the list has no end.
    #[error("the repository's list has no end: a resumption token came a second time")]
    EndlessList,
    /// Many pages brought nothing.
    #[error("the repository's list makes no progress: {0} pages brought nothing new")]
    NoProgress(u32),
    /// More than the limit.
    #[error("the repository's list has more than {0}: raise the limit if that is right")]
    TooMuch(String),
    /// Tokens are refused, again and again.
    #[error("the repository refused its own resumption tokens {0} times: try again later")]
    TokensRefused(u32),
    /// It is over already.
    #[error("this harvest is over: begin the next one")]
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Identify,
    List,
    Done,
    Stopped(HarvestError),
}

/// Finds out that tokens repeat without keeping them all (R. P. Brent, 1980): the
/// mark moves forward at every power of two, so any cycle comes back to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cycle {
    mark: Option<u64>,
    steps: u64,
    power: u64,
}

impl Cycle {
    fn seen(&mut self, token: &str) -> bool {
        let hash = digest([token]);
        if self.mark == Some(hash) {
            return true;
        }
        self.steps += 1;
        if self.steps >= self.power {
            self.mark = Some(hash);
            self.steps = 0;
            self.power = self.power.saturating_mul(2).max(1);
        }
        false
    }
}

fn digest<'t>(parts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()
        .as_bytes()
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A harvest of one source, now and ever after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Harvest {
    source: Source,
    limits: Limits,
    phase: Phase,
    granularity: Granularity,
    /// The repository's time when the last harvest that came to its end began:
    /// whatever changed before is held.
    held_until_ms: Option<i64>,
    /// The same of this harvest.
    began_ms: Option<i64>,
    token: Option<String>,
    cycle: Cycle,
    last_page: Option<u64>,
    idle_pages: u32,
    pages: u64,
    records: u64,
    failures: u32,
    restarts: u32,
    wait_s: u64,
}

impl Harvest {
    /// A harvest of everything.
    ///
    /// # Errors
    /// If the address is not of HTTP.
    pub fn new(source: Source, limits: Limits) -> Result<Self, HarvestError> {
        let lower = source.base_url.to_ascii_lowercase();
        let host = lower
            .strip_prefix("http://")
            .or_else(|| lower.strip_prefix("https://"))
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        if host.is_none_or(str::is_empty)
            || source
                .base_url
                .contains(|one: char| one.is_whitespace() || one.is_control())
        {
            return Err(HarvestError::Address(source.base_url));
        }
        Ok(Self {
            source,
            limits,
            phase: Phase::Identify,
            granularity: Granularity::Days,
            held_until_ms: None,
            began_ms: None,
            token: None,
            cycle: Cycle::default(),
            last_page: None,
            idle_pages: 0,
            pages: 0,
            records: 0,
            failures: 0,
            restarts: 0,
            wait_s: 0,
        })
    }

    /// Begins the next harvest, of what changed since the last one that came to its
    /// end. One that is under way, or stopped where it can go on, goes on.
    pub fn begin(&mut self) {
        let goes_on = match &self.phase {
            Phase::Done => false,
            Phase::Identify | Phase::List => true,
            Phase::Stopped(HarvestError::Unavailable(_) | HarvestError::Status(_)) => {
                self.phase = if self.pages > 0 {
                    Phase::List
                } else {
                    Phase::Identify
                };
                true
            }
            Phase::Stopped(_) => false,
        };
        self.failures = 0;
        self.wait_s = 0;
        if !goes_on {
            self.phase = Phase::Identify;
            self.anew();
            self.restarts = 0;
        }
    }

    /// Begins a harvest of everything, whatever came before. Only when it came to its end is it known what is gone.
    pub fn begin_whole(&mut self) {
        self.phase = Phase::Identify;
        self.held_until_ms = None;
        self.failures = 0;
        self.wait_s = 0;
        self.restarts = 0;
        self.anew();
    }

    /// Forgets the list that is under way.
    fn anew(&mut self) {
        self.began_ms = None;
        self.token = None;
        self.cycle = Cycle::default();
        self.last_page = None;
        self.idle_pages = 0;
        self.pages = 0;
        self.records = 0;
    }

    /// What is harvested.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether it came to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Why it stopped, if it did.
    #[must_use]
    pub fn stopped(&self) -> Option<&HarvestError> {
        match &self.phase {
            Phase::Stopped(error) => Some(error),
            _ => None,
        }
    }

    /// Records of this harvest so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// What to fetch next; None if it is over.
    #[must_use]
    pub fn request(&self) -> Option<Fetch> {
        let from = self
            .held_until_ms
            .map(|ms| self.granularity.write(ms - self.granularity.granule_ms()));
        let mut pairs = Vec::new();
        match (&self.phase, &self.token) {
            (Phase::Identify, _) => pairs.push(("verb", "Identify")),
            (Phase::List, Some(token)) => {
                pairs.push(("verb", "ListRecords"));
                pairs.push(("resumptionToken", token));
            }
            (Phase::List, None) => {
                pairs.push(("verb", "ListRecords"));
                pairs.push(("metadataPrefix", &self.source.prefix));
                if let Some(set) = &self.source.set {
                    pairs.push(("set", set));
                }
                if let Some(from) = &from {
                    pairs.push(("from", from));
                }
            }
            (Phase::Done | Phase::Stopped(_), _) => return None,
        }
        let form = url::form(pairs);
        let wait_s = self.wait_s;
        Some(if self.source.post {
            Fetch {
                url: self.source.base_url.clone(),
                form: Some(form),
                wait_s,
            }
        } else {
            Fetch {
                url: url::with_query(&self.source.base_url, &form),
                form: None,
                wait_s,
            }
        })
    }

    /// Takes an answer: its status, the seconds of its `Retry-After` if it has one,
    /// and its body, unpacked. The state changes only if the answer is of use.
    ///
    /// # Errors
    /// If the harvest stops here.
    pub fn answer(
        &mut self,
        status: u16,
        retry_after_s: Option<u64>,
        body: &[u8],
    ) -> Result<Step, HarvestError> {
        if !matches!(self.phase, Phase::Identify | Phase::List) {
            return Err(HarvestError::Over);
        }
        let answer = match (status, read_answer(body, &self.limits)) {
            (200..=299, Ok(answer)) => answer,
            // There are repositories that send errors of the protocol with a status of their own.
            (400..=499, Ok(answer)) if matches!(answer.body, Body::Errors(_)) => answer,
            (200..=299, Err(error)) => return self.unusable(error.to_string(), None),
            (408 | 425 | 429 | 500..=599, _) => {
                return self.unusable(format!("HTTP status {status}"), retry_after_s);
            }
            (status, _) => return self.stop(HarvestError::Status(status)),
        };
        match self.taken(answer) {
            Ok(step) => {
                self.wait_s = 0;
                if !matches!(step, Step::Restarted) {
                    self.failures = 0;
                }
                Ok(step)
            }
            Err(error) => self.stop(error),
        }
    }

    /// Takes the news that no answer came.
    ///
    /// # Errors
    /// If that happened too often.
    pub fn failed(&mut self, reason: &str) -> Result<Step, HarvestError> {
        if !matches!(self.phase, Phase::Identify | Phase::List) {
            return Err(HarvestError::Over);
        }
        self.unusable(reason.chars().take(200).collect(), None)
    }

    fn stop(&mut self, error: HarvestError) -> Result<Step, HarvestError> {
        self.phase = Phase::Stopped(error.clone());
        Err(error)
    }

    fn unusable(
        &mut self,
        reason: String,
        retry_after_s: Option<u64>,
    ) -> Result<Step, HarvestError> {
        self.failures += 1;
        if self.failures > self.limits.max_failures {
            return self.stop(HarvestError::Unavailable(reason));
        }
        let doubled = FIRST_WAIT_S
            .saturating_mul(1 << self.failures.saturating_sub(1).min(16))
            .min(LAST_WAIT_S);
        self.wait_s = retry_after_s
            .unwrap_or(doubled)
            .clamp(1, self.limits.max_wait_s.max(1));
        Ok(Step::Again { reason })
    }

    fn taken(&mut self, answer: Answer) -> Result<Step, HarvestError> {
        match (&self.phase, answer.body) {
            (_, Body::Errors(errors)) => self.refused(&errors, answer.response_ms),
            (Phase::Identify, Body::Identify(identity)) => {
                if identity.version != "2.0" {
                    return Err(HarvestError::Version(
                        identity.version.chars().take(20).collect(),
                    ));
                }
                self.granularity = identity.granularity;
                self.phase = Phase::List;
                Ok(Step::Repository(identity))
            }
            (Phase::List, Body::Records(records, token)) => {
                self.page(records, token, answer.response_ms)
            }
            (Phase::Identify, _) => Err(HarvestError::OtherAnswer("Identify".to_owned())),
            (_, _) => Err(HarvestError::OtherAnswer("ListRecords".to_owned())),
        }
    }

    fn refused(
        &mut self,
        errors: &[(String, String)],
        response_ms: Option<i64>,
    ) -> Result<Step, HarvestError> {
        let listing = self.phase == Phase::List;
        let has = |code: &str| errors.iter().any(|error| error.0 == code);
        if listing && has("noRecordsMatch") {
            self.began_ms = self.began_ms.or(response_ms);
            return Ok(self.ended(Vec::new(), None));
        }
        if listing && self.token.is_some() && has("badResumptionToken") {
            self.restarts += 1;
            if self.restarts > self.limits.max_restarts {
                return Err(HarvestError::TokensRefused(self.restarts));
            }
            self.anew();
            return Ok(Step::Restarted);
        }
        let (code, message) = errors.first().cloned().unwrap_or_default();
        Err(HarvestError::Refused {
            code: code.chars().take(60).collect(),
            message: message.chars().take(500).collect(),
        })
    }

    /// Checks everything first, then changes the state.
    fn page(
        &mut self,
        records: Vec<Harvested>,
        token: Option<ResumptionToken>,
        response_ms: Option<i64>,
    ) -> Result<Step, HarvestError> {
        let pages = self.pages + 1;
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let total = self.records.saturating_add(count);
        if pages > self.limits.max_pages {
            let limit = format!("{} pages", self.limits.max_pages);
            return Err(HarvestError::TooMuch(limit));
        }
        if total > self.limits.max_records {
            let limit = format!("{} records", self.limits.max_records);
            return Err(HarvestError::TooMuch(limit));
        }
        let list_size = token.as_ref().and_then(|token| token.list_size);
        let next = token.and_then(|token| token.token);
        let mut cycle = self.cycle.clone();
        if let Some(next) = &next
            && (self.token.as_ref() == Some(next) || cycle.seen(next))
        {
            return Err(HarvestError::EndlessList);
        }
        let page = digest(
            records
                .iter()
                .flat_map(|record| [record.identifier.as_str(), record.datestamp.as_str()]),
        );
        let idle = records.is_empty() || self.last_page == Some(page);
        let idle_pages = if idle { self.idle_pages + 1 } else { 0 };
        if next.is_some() && idle_pages > self.limits.max_idle_pages {
            return Err(HarvestError::NoProgress(idle_pages));
        }
        self.pages = pages;
        self.records = total;
        self.cycle = cycle;
        self.last_page = Some(page);
        self.idle_pages = idle_pages;
        // The first page's time: what changes while the list runs comes next time.
        self.began_ms = self.began_ms.or(response_ms);
        match next {
            Some(next) => {
                self.token = Some(next);
                Ok(Step::Page(Page {
                    records,
                    list_size,
                    last: false,
                }))
            }
            None => Ok(self.ended(records, list_size)),
        }
    }

    fn ended(&mut self, records: Vec<Harvested>, list_size: Option<u64>) -> Step {
        // Where no time could be read, the next harvest asks for the same again.
        self.held_until_ms = self.began_ms.or(self.held_until_ms);
        self.phase = Phase::Done;
        self.token = None;
        Step::Page(Page {
            records,
            list_size,
            last: true,
        })
    }
}
