//! What the parts behind local addresses work with: people, shared mailboxes, distribution lists, consent.

use std::sync::{Arc, OnceLock};

use lampion_core::{Clock, Rng};
use lampion_db::{Db, query, query_scalar, transaction};
use lampion_people::{People, normal_name};
use tokio::sync::Notify;

use crate::receive::{Inside, Outgoing, Rules};
use crate::store::{MailError, Store};

/// Letters of a key in an address or a link: 80 bits.
const KEY_BYTES: usize = 10;
/// Further names of one account at most.
const ALIASES_LIMIT: i64 = 100;

/// What [`Local`] is made of.
pub struct LocalParts {
    /// Mailboxes.
    pub store: Store,
    /// Rows.
    pub db: Db,
    /// Who has mail.
    pub people: People,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// What stands after `@`: `hill.internal`.
    pub domain: String,
    /// Names of all nodes of the net end so: `internal`.
    pub net: String,
    /// Scheme, host and port of the node's pages, for links in mail; no slash at the end.
    pub origin: String,
    /// For keys in links.
    pub secret: [u8; 32],
    /// Whether strangers from outside the net wait for consent.
    pub requests: bool,
    /// The language of letters to people who chose none.
    pub language: String,
}

/// Everything that receives at a local address. Cheap to clone.
#[derive(Clone)]
pub struct Local(Arc<Inner>);

struct Inner {
    parts: LocalParts,
    rules: OnceLock<Arc<dyn Rules>>,
    outgoing: OnceLock<Arc<dyn Outgoing>>,
    posted: Notify,
    /// Held while a mailbox of requests is made.
    making: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}

impl Local {
    /// Local addresses of a node.
    #[must_use]
    pub fn new(parts: LocalParts) -> Self {
        Self(Arc::new(Inner {
            parts,
            rules: OnceLock::new(),
            outgoing: OnceLock::new(),
            posted: Notify::new(),
            making: tokio::sync::Mutex::default(),
        }))
    }

    /// Says what sorts mail and answers for who is away; the first one counts.
    pub fn plug_rules(&self, rules: Arc<dyn Rules>) {
        self.0.rules.get_or_init(|| rules);
    }

    /// Says who takes messages that go on from here; the first one counts. Without one, messages reach people of this node
    /// only ([`Inside`]).
    pub fn plug_outgoing(&self, outgoing: Arc<dyn Outgoing>) {
        self.0.outgoing.get_or_init(|| outgoing);
    }

    pub(crate) fn rules(&self) -> Option<&Arc<dyn Rules>> {
        self.0.rules.get()
    }

    pub(crate) fn outgoing(&self) -> Arc<dyn Outgoing> {
        match self.0.outgoing.get() {
            Some(outgoing) => Arc::clone(outgoing),
            None => Arc::new(Inside(self.clone())),
        }
    }

    /// Tells the worker of distribution lists that something was delivered.
    pub fn posted(&self) {
        self.0.posted.notify_one();
    }

    pub(crate) fn making(&self) -> &tokio::sync::Mutex<()> {
        &self.0.making
    }

    pub(crate) async fn wait_for_posts(&self) {
        self.0.posted.notified().await;
    }

    /// Mailboxes.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// People.
    pub fn people(&self) -> &People {
        &self.0.parts.people
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.parts.db
    }

    pub(crate) fn rng(&self) -> &dyn Rng {
        &*self.0.parts.rng
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.parts.clock.now_ms()
    }

    /// What stands after `@`.
    pub fn domain(&self) -> &str {
        &self.0.parts.domain
    }

    pub(crate) fn origin(&self) -> &str {
        &self.0.parts.origin
    }

    pub(crate) fn requests(&self) -> bool {
        self.0.parts.requests
    }

    /// The language in which a person gets letters of the node.
    pub(crate) async fn language_of(&self, person: &str) -> Result<String, MailError> {
        let person = self.people().by_id(person).await?;
        let own = person.map(|person| person.language).unwrap_or_default();
        Ok(if own.is_empty() {
            self.0.parts.language.clone()
        } else {
            own
        })
    }

    /// Whether a domain is this node's.
    pub(crate) fn is_here(&self, domain: &str) -> bool {
        domain.eq_ignore_ascii_case(self.domain())
    }

    /// Whether a domain is a node's of the net.
    pub(crate) fn is_in_net(&self, domain: &str) -> bool {
        let suffix = format!(".{}", self.0.parts.net);
        domain.to_ascii_lowercase().ends_with(&suffix)
    }

    /// A key that only this node can make, for one purpose and subject.
    pub(crate) fn key(&self, purpose: &str, subject: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0.parts.secret);
        hasher.update(b"lampion mail ");
        hasher.update(purpose.as_bytes());
        hasher.update(&[0]);
        hasher.update(subject.as_bytes());
        let hash = hasher.finalize();
        lampion_core::ids::base32(hash.as_bytes().get(..KEY_BYTES).unwrap_or_default())
    }

    /// A new id for a message: without angle brackets.
    pub(crate) fn message_id(&self) -> String {
        format!(
            "{}@{}",
            lampion_core::ids::new_secret(self.rng()),
            self.domain()
        )
    }

    /// A local part that nobody has yet, in its normal form.
    ///
    /// # Errors
    /// `BadName`, `NameTaken`; the database.
    pub(crate) async fn free_name(&self, name: &str) -> Result<String, MailError> {
        let name = normal_name(name).map_err(|_| MailError::BadName {
            name: name.chars().take(60).collect(),
            reason: "use letters, digits, dot, hyphen and underscore",
        })?;
        let taken: i64 = query_scalar(
            "select (select count(*) from mail_account where name = $1) + (select count(*) from mail_alias where name = $2)",
        )
        .bind(&name)
        .bind(&name)
        .fetch_one(self.db().read())
        .await?;
        let reserved = matches!(name.as_str(), "postmaster" | "abuse" | "mailer-daemon");
        if taken > 0 || reserved || self.people().by_name(&name).await?.is_some() {
            return Err(MailError::NameTaken(name));
        }
        Ok(name)
    }

    /// Gives an account a further name.
    ///
    /// # Errors
    /// `BadName`, `NameTaken`, `Refused`; the database.
    pub async fn add_alias(&self, account: &str, name: &str) -> Result<(), MailError> {
        let name = self.free_name(name).await?;
        if self.store().account(account).await?.is_none() {
            return Err(MailError::NoSuchMailbox(account.into()));
        }
        let limit = usize::try_from(ALIASES_LIMIT).unwrap_or(0);
        if self.store().aliases(account).await?.len() >= limit {
            return Err(MailError::Refused("an account can't have more names"));
        }
        transaction!(self.db(), MailError, tx => {
            lampion_people::reserve(tx, &name).await?;
            query("insert into mail_alias (name, account) values ($1, $2)")
                .bind(&name)
                .bind(account)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    }

    /// Takes a further name away; whether there was one.
    ///
    /// # Errors
    /// The database.
    pub async fn remove_alias(&self, name: &str) -> Result<bool, MailError> {
        let name = normal_name(name).unwrap_or_default();
        transaction!(self.db(), MailError, tx => {
            let done = query("delete from mail_alias where name = $1")
                .bind(&name)
                .execute(&mut **tx)
                .await?;
            let was = done.rows_affected() > 0;
            if was {
                lampion_people::release(tx, &name).await?;
            }
            Ok(was)
        })
    }
}
