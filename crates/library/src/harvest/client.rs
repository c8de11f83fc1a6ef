//! Fetching one answer of a repository: limits, and no surprises.

use std::io::Read as _;
use std::time::Duration;

use lampion_formats::exchange::harvest::Fetch;
use lampion_formats::exchange::http_date;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// Who asks, so that a repository's keeper knows.
const USER_AGENT: &str = concat!(
    "Lampion/",
    env!("CARGO_PKG_VERSION"),
    " (OAI-PMH harvester)"
);
/// Redirects that are followed for one answer.
const REDIRECTS: u32 = 4;
/// A line that is silent for longer has been cut.
const SILENCE: Duration = Duration::from_secs(90);
/// The longest that one answer may take: megabytes over a slow line take their time.
const ANSWER: Duration = Duration::from_secs(3_600);
/// The longest that a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// What came.
pub(super) struct Fetched {
    pub(super) status: u16,
    /// `Retry-After` in seconds.
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: Vec<u8>,
}

/// A client without cookies, proxies of the environment, or other schemes than HTTP and HTTPS.
pub(super) fn agent() -> Agent {
    agent_of(USER_AGENT)
}

/// The same under another name.
pub(crate) fn agent_of(user_agent: &'static str) -> Agent {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        // The machine's own list: an operator adds the authority of their net there.
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(REDIRECTS)
        .http_status_as_error(false)
        .user_agent(user_agent)
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_global(Some(ANSWER))
        .build()
        .new_agent()
}

/// Fetches an answer of at most `limit_bytes`, and one more, by which a longer one is known.
///
/// # Errors
/// In words, if no answer came.
pub(super) fn fetch(agent: &Agent, fetch: &Fetch, limit_bytes: u64) -> Result<Fetched, String> {
    let accept = "text/xml, application/xml";
    let answered = match &fetch.form {
        None => agent.get(&fetch.url).header("accept", accept).call(),
        Some(form) => agent
            .post(&fetch.url)
            .header("accept", accept)
            .header("content-type", "application/x-www-form-urlencoded")
            .send(form.as_str()),
    };
    let response = answered.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let retry_after_s =
        header("retry-after").and_then(|after| retry_after_s(after, header("date")));
    let mut body = Vec::new();
    let limit = limit_bytes.saturating_add(1);
    response
        .into_body()
        .into_with_config()
        .limit(limit.saturating_add(1))
        .reader()
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|error| error.to_string())?;
    Ok(Fetched {
        status,
        retry_after_s,
        body,
    })
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, which is compared with the answer's own `Date` and not with this
/// machine's clock.
fn retry_after_s(after: &str, date: Option<&str>) -> Option<u64> {
    let after = after.trim();
    if let Ok(seconds) = after.parse() {
        return Some(seconds);
    }
    let wait_ms = http_date(after)?.checked_sub(http_date(date?.trim())?)?;
    u64::try_from(wait_ms.max(0))
        .ok()
        .map(|ms| ms.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::retry_after_s;

    #[test]
    fn a_wait_is_told_in_seconds_or_by_dates_of_the_same_clock() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (after, date, wanted) in [
            ("120", None, Some(120)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", date, Some(120)),
            ("Sunday, 06-Nov-94 08:51:37 GMT", date, Some(120)),
            ("Sun Nov  6 08:51:37 1994", date, Some(120)),
            ("Sat, 05 Nov 1994 08:51:37 GMT", date, Some(0)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", None, None),
            ("soon", date, None),
            ("-5", date, None),
        ] {
            assert_eq!(retry_after_s(after, date), wanted, "{after}");
        }
    }
}
