//! Mail: a mailbox for every person of the node, in the browser and in any mail program.
//!
//! - [`receive`]: what becomes of a message for a local address; [`consent`], [`lists`] and [`shared`] are asked there.
//! - [`access`]: who may do what in whose mailboxes.
//! - [`store`]: accounts, mailboxes and messages, and every change to them.
//!
//! Rule: what was accepted (250, `OK`, "saved") is in the database and synced before anybody is told.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

pub mod access;
pub mod consent;
pub mod lists;
pub mod local;
pub mod receive;
pub mod shared;
pub mod store;
mod text;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use lampion_web::{App, Feature, Kernel, Service, Started};
use tokio_util::sync::CancellationToken;

use local::{Local, LocalParts};
use store::{MailError, MailKey, Parts, Store};

/// Mail of this node. Cheap to clone.
#[derive(Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    store: Store,
    local: Local,
}

impl Mail {
    /// Mail in the node's database; its key lies in `node/mail.key`.
    ///
    /// # Errors
    /// The key can't be read or made.
    pub fn new(kernel: Kernel) -> Result<Self, MailError> {
        let key = MailKey::open(&kernel.data.join("node"), &*kernel.rng)?;
        let megabytes = |count: u64| count.saturating_mul(1 << 20);
        let quota = i64::try_from(megabytes(kernel.config.mail_quota_mb)).unwrap_or(i64::MAX);
        let store = Store::new(Parts {
            db: kernel.db.clone(),
            blobs: kernel.blobs.clone(),
            people: kernel.people.clone(),
            clock: Arc::clone(&kernel.clock),
            rng: Arc::clone(&kernel.rng),
            key,
            message_limit_bytes: megabytes(kernel.config.mail_message_limit_mb),
            quota_bytes: (quota > 0).then_some(quota),
        });
        let local = Local::new(LocalParts {
            store: store.clone(),
            db: kernel.db.clone(),
            people: kernel.people.clone(),
            clock: Arc::clone(&kernel.clock),
            rng: Arc::clone(&kernel.rng),
            domain: format!("{}.{}", kernel.config.name, kernel.config.net),
            net: kernel.config.net.clone(),
            origin: origin(&kernel.config),
            secret: kernel.secret,
            requests: kernel.config.mail_requests,
        });
        Ok(Self(Arc::new(Inner {
            kernel,
            store,
            local,
        })))
    }

    /// What receives at local addresses: people, shared mailboxes, lists.
    pub fn local(&self) -> &Local {
        &self.0.local
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// Accounts, mailboxes and messages.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What stands after `@` in addresses of this node: `hill.internal`.
    pub fn domain(&self) -> String {
        let config = &self.0.kernel.config;
        format!("{}.{}", config.name, config.net)
    }
}

/// Scheme, host and port of the node's pages as links in mail name them.
fn origin(config: &lampion_core::Config) -> String {
    if !config.public_url.is_empty() {
        return config.public_url.trim_end_matches('/').to_string();
    }
    let (scheme, listen) = if config.https.is_empty() {
        ("http", &config.http)
    } else {
        ("https", &config.https)
    };
    let port = listen.rsplit_once(':').map_or("", |(_, port)| port);
    format!("{scheme}://{}.{}:{port}", config.name, config.net)
}

/// The feature, whole.
pub fn feature(mail: &Mail) -> Feature {
    Feature {
        name: "mail",
        migrations: store::MIGRATIONS,
        messages: text::MESSAGES,
        navigation: Vec::new(),
        routes: consent::routes(mail.local().clone())
            .merge(lists::routes(mail.local().clone()))
            .merge(shared::routes(mail.local().clone())),
        content: Router::new(),
        jobs: Vec::new(),
        publications: Vec::new(),
        services: vec![
            Arc::new(Keeping(mail.clone())),
            Arc::new(lists::Distributing(mail.local().clone())),
        ],
    }
}

/// Clears away what was deleted, and looks after what other processes change.
struct Keeping(Mail);

#[async_trait]
impl Service for Keeping {
    async fn start(&self, _app: App, stop: CancellationToken) -> Result<Started, String> {
        let store = self.0.store().clone();
        Ok(Started::work(async move { store.run(stop).await }))
    }
}
