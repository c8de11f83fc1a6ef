//! Mail: a mailbox for every person of the node, in the browser and in any mail program.
//!
//! - [`imap`]: mail programs read and file mail.
//! - [`store`]: accounts, mailboxes and messages, and every change to them.
//! - [`find`]: search of one's own mail.
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

pub mod find;
pub mod imap;
pub mod store;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use lampion_web::{App, Feature, Kernel, Service, Started};
use tokio_util::sync::CancellationToken;

use store::{MailError, MailKey, Parts, Store};

/// Mail of this node. Cheap to clone.
#[derive(Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    store: Store,
    indexes: find::Indexes,
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
        Ok(Self(Arc::new(Inner {
            kernel,
            store,
            indexes: find::Indexes::default(),
        })))
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// Accounts, mailboxes and messages.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn indexes(&self) -> &find::Indexes {
        &self.0.indexes
    }

    /// What stands after `@` in addresses of this node: `hill.internal`.
    pub fn domain(&self) -> String {
        let config = &self.0.kernel.config;
        format!("{}.{}", config.name, config.net)
    }
}

/// The feature, whole.
pub fn feature(mail: &Mail) -> Feature {
    Feature {
        name: "mail",
        migrations: store::MIGRATIONS,
        messages: &[],
        navigation: Vec::new(),
        routes: Router::new(),
        content: Router::new(),
        jobs: Vec::new(),
        publications: Vec::new(),
        services: vec![
            Arc::new(Keeping(mail.clone())),
            Arc::new(imap::ImapService(mail.clone())),
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
