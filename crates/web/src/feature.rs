//! What a feature gives the kernel, and what it gets from it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use axum::Router;
use lampion_blobs::Blobs;
use lampion_core::jobs::{Job, JobHandler, JobStore, JobStoreError, Runner};
use lampion_core::metrics::Metrics;
use lampion_core::{Clock, Config, Events, Rng, ids};
use lampion_db::{Db, Migrations};
use lampion_feed::{FeedError, Feeds, Publications};
use lampion_people::{People, Person, Role};
use lampion_search::Engine;
use tokio_util::sync::CancellationToken;

use crate::i18n::I18n;
use crate::tls::NodeAuthority;

/// An entry of the main navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Message key of its text.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Shown only to people with this role.
    pub role: Option<Role>,
    /// Members of a group of this name see it without the role; letters' case is no matter.
    pub group: Option<&'static str>,
}

/// A number beside an entry of the navigation: how much new there is for who looks.
#[async_trait]
pub trait Badge: Send + Sync + 'static {
    /// The entry, by where it leads.
    fn href(&self) -> &'static str;

    /// The number; 0 shows nothing. Asked for at every page, so it should cost one look into an index.
    ///
    /// # Errors
    /// It can't be told now; the page is shown without it.
    async fn count(&self, person: &Person) -> Result<i64, String>;
}

/// One feature, whole.
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Its tables.
    pub migrations: Migrations,
    /// Its messages: language tag and Fluent text.
    pub messages: &'static [(&'static str, &'static str)],
    /// Its entries in the navigation.
    pub navigation: Vec<NavItem>,
    /// Numbers beside them.
    pub badges: Vec<Arc<dyn Badge>>,
    /// Its pages.
    pub routes: Router<App>,
    /// What it serves on the content origin.
    pub content: Router<App>,
    /// Its long work.
    pub jobs: Vec<Arc<dyn JobHandler>>,
    /// What it does with publications, one for each kind that it publishes.
    pub publications: Vec<Arc<dyn Publications>>,
    /// What it does beside pages and jobs for as long as the node runs.
    pub services: Vec<Arc<dyn Service>>,
}

/// Work of a feature for as long as the node runs: listening for other protocols, following what others publish.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Opens what it listens on. The node is called ready when all services have started.
    ///
    /// # Errors
    /// A text for the operator: which setting or address, and what to do. The node doesn't start.
    async fn start(&self, app: App, stop: CancellationToken) -> Result<Started, String>;
}

/// A service that has started.
pub struct Started {
    /// Protocol (`imaps`) and address of each listener.
    pub listens: Vec<(&'static str, SocketAddr)>,
    /// Its work: ends after `stop` was cancelled, when what was under way has come to a safe end.
    pub work: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Started {
    /// Work that listens nowhere.
    pub fn work(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            listens: Vec::new(),
            work: Box::pin(work),
        }
    }
}

/// What features build on.
#[derive(Clone)]
pub struct Kernel {
    /// Settings.
    pub config: Arc<Config>,
    /// The data folder.
    pub data: PathBuf,
    /// Rows.
    pub db: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// Event bus.
    pub events: Events,
    /// Measures.
    pub metrics: Metrics,
    /// Accounts.
    pub people: People,
    /// Index over everything.
    pub search: Arc<dyn Engine>,
    /// Bytes under their hash.
    pub blobs: Blobs,
    /// Kept jobs.
    pub jobs: Arc<dyn JobStore>,
    /// Publications on feeds, once all features have said what they publish; see [`Kernel::feeds`].
    pub feeds: Arc<OnceLock<Feeds>>,
    /// The runner of jobs in this process, once it works.
    pub runner: Arc<OnceLock<Runner>>,
    /// A secret of this node for keyed hashes in addresses; never shown.
    pub secret: [u8; 32],
}

impl Kernel {
    /// The feeds of this node.
    ///
    /// # Errors
    /// They are not open yet.
    pub fn feeds(&self) -> Result<&Feeds, FeedError> {
        self.feeds
            .get()
            .ok_or_else(|| FeedError::Projection("the feeds are not open yet: try again".into()))
    }

    /// Queues a job and wakes the runner.
    ///
    /// # Errors
    /// The store can't be reached.
    pub async fn queue(
        &self,
        kind: &str,
        subject: &str,
        payload: String,
    ) -> Result<Job, JobStoreError> {
        let job = Job::new(
            ids::new_id(&*self.rng),
            kind,
            subject,
            payload,
            self.clock.now_ms(),
        );
        self.jobs.insert(&job).await?;
        self.events.send("job.changed", job.id.as_str());
        if let Some(runner) = self.runner.get() {
            runner.wake();
        }
        Ok(job)
    }

    /// Asks a job to stop.
    ///
    /// # Errors
    /// The store can't be reached.
    pub async fn cancel(&self, job: &str) -> Result<(), JobStoreError> {
        match self.runner.get() {
            Some(runner) => runner.cancel(job).await,
            None => self.jobs.cancel(job, self.clock.now_ms()).await,
        }
    }
}

/// The state of every handler.
#[derive(Clone)]
pub struct App {
    /// The kernel.
    pub kernel: Kernel,
    /// Languages.
    pub i18n: Arc<I18n>,
    /// Navigation of all features.
    pub navigation: Arc<Vec<NavItem>>,
    /// Numbers beside its entries.
    pub badges: Arc<Vec<Arc<dyn Badge>>>,
    /// The node's own certificate authority, if it serves HTTPS.
    pub authority: Option<Arc<NodeAuthority>>,
}
