//! Fetching one answer of a repository: limits, and no surprises.

use std::io::Read as _;
use std::time::Duration;

use lampion_formats::exchange::harvest::Fetch;
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
    /// `Retry-After`, if it says seconds.
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: Vec<u8>,
}

/// A client without cookies, proxies of the environment, or other schemes than HTTP and HTTPS.
pub(super) fn agent() -> Agent {
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
        .user_agent(USER_AGENT)
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
    let retry_after_s = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse().ok());
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
