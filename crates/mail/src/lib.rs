//! Mail: a mailbox for every person of the node, in the browser and in any mail program.
//!
//! - [`setup`]: what mail programs need; [`transfer`]: mail in and out.
//! - [`queue`]: what was accepted and is on its way to others.
//! - [`smtp`]: the ports at which mail comes in.
//! - [`imap`]: mail programs read and file mail.
//! - [`pages`]: web mail; [`filters`]: what is done with a message when it comes.
//! - [`receive`]: what becomes of a message for a local address; [`consent`], [`lists`] and [`shared`] are asked there.
//! - [`access`]: who may do what in whose mailboxes.
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

pub mod access;
pub mod consent;
pub mod filters;
pub mod find;
pub mod imap;
mod listen;
pub mod lists;
pub mod local;
mod members;
pub mod pages;
pub mod queue;
pub mod receive;
pub mod setup;
pub mod shared;
pub mod smtp;
pub mod store;
mod text;
pub mod transfer;
mod words;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
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
    queue: queue::Queue,
    indexes: find::Indexes,
    reader: OnceLock<lampion_confined::Worker>,
    listens: Mutex<Vec<(&'static str, SocketAddr)>>,
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
            language: kernel.config.language.clone(),
        });
        let queue = queue::Queue::new(&kernel, store.clone(), local.clone());
        Ok(Self(Arc::new(Inner {
            kernel,
            store,
            local,
            queue,
            indexes: find::Indexes::default(),
            reader: OnceLock::new(),
            listens: Mutex::default(),
        })))
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// What receives at local addresses: people, shared mailboxes, lists.
    pub fn local(&self) -> &Local {
        &self.0.local
    }

    /// Accounts, mailboxes and messages.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn indexes(&self) -> &find::Indexes {
        &self.0.indexes
    }

    /// Where this process listens for mail: protocol (`imaps`) and address.
    pub fn listens(&self) -> Vec<(&'static str, SocketAddr)> {
        self.0
            .listens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What is on its way to others.
    pub fn queue(&self) -> &queue::Queue {
        &self.0.queue
    }

    /// What stands after `@` in addresses of this node: `hill.internal`.
    pub fn domain(&self) -> String {
        let config = &self.0.kernel.config;
        format!("{}.{}", config.name, config.net)
    }
}

/// The feature's messages in all languages.
pub const MESSAGES: &[(&str, &str)] = &[
    ("en", include_str!("../i18n/en.ftl")),
    ("en", include_str!("../i18n/groups/en.ftl")),
    ("ko", include_str!("../i18n/ko.ftl")),
    ("ko", include_str!("../i18n/groups/ko.ftl")),
    ("ar", include_str!("../i18n/ar.ftl")),
    ("ar", include_str!("../i18n/groups/ar.ftl")),
    ("zh", include_str!("../i18n/zh.ftl")),
    ("zh", include_str!("../i18n/groups/zh.ftl")),
    ("ru", include_str!("../i18n/ru.ftl")),
    ("ru", include_str!("../i18n/groups/ru.ftl")),
    ("es", include_str!("../i18n/es.ftl")),
    ("es", include_str!("../i18n/groups/es.ftl")),
    ("fr", include_str!("../i18n/fr.ftl")),
    ("fr", include_str!("../i18n/groups/fr.ftl")),
];

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
    let web = pages::Web::new(mail);
    mail.local().plug_rules(Arc::new(web.clone()));
    mail.local().plug_outgoing(Arc::new(mail.queue().clone()));
    Feature {
        name: "mail",
        migrations: store::MIGRATIONS,
        messages: MESSAGES,
        navigation: pages::navigation(),
        badges: vec![Arc::new(pages::Unread(mail.clone()))],
        routes: pages::routes(web.clone())
            .merge(consent::routes(mail.local().clone()))
            .merge(lists::routes(mail.local().clone()))
            .merge(shared::routes(mail.local().clone()))
            .merge(setup::routes(mail))
            .merge(transfer::routes(mail)),
        content: pages::content(web.clone()),
        jobs: transfer::jobs(mail),
        publications: Vec::new(),
        services: noted(
            mail,
            vec![
                Arc::new(Keeping(mail.clone())),
                Arc::new(lists::Distributing(mail.local().clone())),
                Arc::new(smtp::Smtp(mail.clone())),
                Arc::new(imap::ImapService(mail.clone())),
                Arc::new(pages::Sending(web)),
            ],
        ),
    }
}

/// Services whose addresses are noted, so that pages can tell them.
fn noted(mail: &Mail, services: Vec<Arc<dyn Service>>) -> Vec<Arc<dyn Service>> {
    services
        .into_iter()
        .map(|inner| Arc::new(Noted(mail.clone(), inner)) as Arc<dyn Service>)
        .collect()
}

/// A service, and where it listens is noted.
struct Noted(Mail, Arc<dyn Service>);

#[async_trait]
impl Service for Noted {
    async fn start(&self, app: App, stop: CancellationToken) -> Result<Started, String> {
        let started = self.1.start(app, stop).await?;
        let listens = &self.0.0.listens;
        listens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(started.listens.iter().copied());
        Ok(started)
    }
}

/// Clears away what was deleted, and looks after what other processes change.
struct Keeping(Mail);

#[async_trait]
impl Service for Keeping {
    async fn start(&self, _app: App, stop: CancellationToken) -> Result<Started, String> {
        let (mail, store) = (self.0.clone(), self.0.store().clone());
        Ok(Started::work(async move {
            tokio::join!(store.run(stop.clone()), mail.tidy_indexes(stop));
        }))
    }
}
