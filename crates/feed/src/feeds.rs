//! The feeds of a node.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use lampion_core::{Clock, Rng};
use lampion_db::{Db, Tx};

use crate::entry::Entry;
use crate::error::FeedError;
use crate::files;
use crate::merkle::{Hash, empty_root};
use crate::note::{Note, SignatureKind, SigningKey, VerifierKey, is_key_name};
use crate::sign::Guard;
use crate::store::{self, FeedRow};

/// A feed, as handlers and lists see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its number in this database.
    pub id: i64,
    /// Its name in the whole net, and its key's.
    pub origin: String,
    /// What it publishes.
    pub kind: String,
    /// Whether this node writes it.
    pub own: bool,
    /// Its author's key.
    pub vkey: String,
    /// Entries that are here.
    pub size: u64,
    /// Root of the tree of them.
    pub root: Hash,
}

impl From<FeedRow> for Feed {
    fn from(row: FeedRow) -> Self {
        Self {
            id: row.id,
            origin: row.origin,
            kind: row.kind,
            own: row.own,
            vkey: row.vkey,
            size: row.size,
            root: row.root,
        }
    }
}

/// An entry that has its effect now.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    /// Index in the feed.
    pub index: u64,
    /// What it says.
    pub entry: &'a Entry,
    /// Its body (of a withdrawal: the explanation), checked against the commitment. None where the entry has none, it
    /// was erased, or has not come yet: then the same entry is applied again when it comes.
    pub body: Option<&'a [u8]>,
    /// What [`Publications::read`] gave of the body.
    pub reading: Option<&'a Reading>,
    /// Whether the entry may have had its effect before, because a body comes after it.
    pub again: bool,
}

/// What a feature made of a body; its own type.
pub type Reading = Arc<dyn Any + Send + Sync>;

/// What a feature does with publications of its kind. All of it happens in the transaction that it is given, for this
/// node's entries and for those of others alike, so that everything can be made again from the feeds.
///
/// The outcome may depend on nothing but the entries and bodies: no clock, no chance, no other table. The same entry
/// may be applied twice in a row, and at a replay bodies are missing that were there the first time if a later entry
/// withdraws them: both must leave the same projection. An entry with a body that can't be understood is no error (it
/// would stop the mirror for ever): list it as unreadable.
#[async_trait]
pub trait Publications: Send + Sync + 'static {
    /// The kind: letters, digits and hyphens, at most 32.
    fn kind(&self) -> &'static str;

    /// Reads one body, without the database: done while the entries are being stored, so that [`Self::apply`] has less to do.
    /// What it gives depends on nothing but the body, and comes to `apply` with it; it may be none. Of its own drafts a
    /// feature may give it itself ([`crate::Prepared`]); it must be the same.
    fn read(&self, body: &[u8]) -> Option<Reading> {
        let _not_needed = body;
        None
    }

    /// Takes entries in their order.
    ///
    /// # Errors
    /// Nothing of the batch is kept then.
    async fn apply(
        &self,
        tx: &mut Tx,
        feed: &Feed,
        applied: &[Applied<'_>],
    ) -> Result<(), FeedError>;

    /// Deletes all that came of a feed.
    ///
    /// # Errors
    /// The database.
    async fn reset(&self, tx: &mut Tx, feed: &Feed) -> Result<(), FeedError>;

    /// After [`Self::reset`], before all entries of the feed are applied again in the same transaction: gives the statements
    /// that must be executed after them, such as those that make indexes again (`lampion_db::Db::drop_indexes`).
    ///
    /// # Errors
    /// The database.
    async fn rebuilding(&self, tx: &mut Tx, feed: &Feed) -> Result<Vec<String>, FeedError> {
        let _not_needed = (tx, feed);
        Ok(Vec::new())
    }

    /// Does what [`Self::apply`] has put off because many entries came at once; after them. What is put off may make answers
    /// slower until then, and what is only offered worse, but nothing wrong.
    ///
    /// # Errors
    /// The database.
    async fn settle(&self, tx: &mut Tx, feed: &Feed) -> Result<(), FeedError> {
        let _not_needed = (tx, feed);
        Ok(())
    }

    /// A hash of all that came of a feed, in an order that depends on nothing else.
    ///
    /// # Errors
    /// The database.
    async fn fingerprint(&self, tx: &mut Tx, feed: &Feed) -> Result<Hash, FeedError>;
}

/// The feeds of this node: its own and those it mirrors. Cheap to clone.
#[derive(Clone)]
pub struct Feeds(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub folder: PathBuf,
    pub node: String,
    pub seed: [u8; 32],
    pub cosigner: SigningKey,
    pub handlers: BTreeMap<&'static str, Arc<dyn Publications>>,
    pub guards: Mutex<BTreeMap<String, Guard>>,
    pub signing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Feeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeds")
            .field("node", &self.0.node)
            .field("kinds", &self.0.handlers.keys())
            .finish_non_exhaustive()
    }
}

/// Kinds become file names.
fn is_kind(kind: &str) -> bool {
    (1..=32).contains(&kind.len())
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl Feeds {
    /// The feeds in `db`, which has been migrated with [`crate::MIGRATIONS`]. `folder` (`node/feeds`) holds the node's keys,
    /// made at the first use, and for each of its feeds the newest signed checkpoint; it must not be restored from a
    /// backup together with the database. `node` is the node's name in the net, such as `hill.internal`.
    ///
    /// A feed whose database is older than what was signed is found here; see [`Feeds::status`].
    ///
    /// # Errors
    /// The folder can't be read or written, a key is damaged, or the database is away.
    pub async fn open(
        db: Db,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
        folder: &Path,
        node: &str,
        handlers: Vec<Arc<dyn Publications>>,
    ) -> Result<Self, FeedError> {
        if !is_key_name(node) {
            return Err(FeedError::BadName(node.to_string()));
        }
        let handlers: BTreeMap<_, _> = handlers
            .into_iter()
            .map(|handler| (handler.kind(), handler))
            .collect();
        if let Some(bad) = handlers.keys().find(|kind| !is_kind(kind)) {
            return Err(FeedError::BadName((*bad).to_string()));
        }
        let (seed, cosigner) = blocking({
            let (folder, rng) = (folder.to_path_buf(), Arc::clone(&rng));
            move || {
                std::fs::create_dir_all(&folder)
                    .map_err(|error| FeedError::file(&folder, error))?;
                let seed = files::seed(&folder.join("feed.key"), &*rng)?;
                Ok((seed, files::seed(&folder.join("cosigner.key"), &*rng)?))
            }
        })
        .await?;
        let cosigner = SigningKey::from_seed(
            &format!("{node}/cosigner"),
            SignatureKind::Cosignature,
            &cosigner,
        )
        .map_err(|_| FeedError::BadName(node.to_string()))?;
        let feeds = Self(Arc::new(Inner {
            db,
            clock,
            rng,
            folder: folder.to_path_buf(),
            node: node.to_string(),
            seed,
            cosigner,
            handlers,
            guards: Mutex::default(),
            signing: tokio::sync::Mutex::default(),
        }));
        let kinds: Vec<&'static str> = feeds.0.handlers.keys().copied().collect();
        for kind in kinds {
            let status = feeds.status(kind).await?;
            if status != crate::Status::Ready {
                tracing::error!(kind, ?status, "a feed can't be signed");
            }
        }
        Ok(feeds)
    }

    /// The kinds that are published here.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.handlers.keys().copied().collect()
    }

    /// The origin of this node's own feed of a kind, if it is new.
    pub(crate) fn new_origin(&self, kind: &str) -> String {
        format!("{}/feed/{kind}", self.0.node)
    }

    /// The key that signs a feed of this node.
    pub(crate) fn key(&self, origin: &str) -> Result<SigningKey, FeedError> {
        SigningKey::from_seed(origin, SignatureKind::Ed25519, &self.0.seed)
            .map_err(|_| FeedError::BadName(origin.to_string()))
    }

    /// The key that others check this node's cosignatures with.
    pub fn cosigner(&self) -> &VerifierKey {
        self.0.cosigner.verifier()
    }

    /// Adds this node's cosignature of now to a checkpoint's note, in place of an older one. Only for a checkpoint that
    /// follows all that this node has seen of its feed.
    ///
    /// # Errors
    /// There are too many signatures.
    pub fn cosign_note(&self, note: Note) -> Result<Note, FeedError> {
        let own = self.cosigner().clone();
        let mut note = note.with_signatures(|one| !(one.name == own.name() && one.id == own.id()));
        note.sign(&self.0.cosigner, self.seconds())?;
        Ok(note)
    }

    /// The key that others check this node's own feed of a kind with.
    ///
    /// # Errors
    /// Nobody publishes this kind, or the database.
    pub async fn verifier(&self, kind: &str) -> Result<VerifierKey, FeedError> {
        self.handler(kind)?;
        let mut conn = self.0.db.read().acquire().await?;
        let origin = store::find_own(&mut conn, kind)
            .await?
            .map_or_else(|| self.new_origin(kind), |row| row.origin);
        Ok(self.key(&origin)?.verifier().clone())
    }

    /// This node's own feed of a kind; none before the first entry.
    ///
    /// # Errors
    /// The database.
    pub async fn own(&self, kind: &str) -> Result<Option<Feed>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        Ok(store::find_own(&mut conn, kind).await?.map(Feed::from))
    }

    /// The feed of an origin, if it is here.
    ///
    /// # Errors
    /// The database.
    pub async fn find(&self, origin: &str) -> Result<Option<Feed>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        Ok(store::find(&mut conn, origin).await?.map(Feed::from))
    }

    /// All feeds that are here.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self) -> Result<Vec<Feed>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let rows = store::list(&mut conn).await?;
        Ok(rows.into_iter().map(Feed::from).collect())
    }

    pub(crate) fn handler(&self, kind: &str) -> Result<Arc<dyn Publications>, FeedError> {
        self.0
            .handlers
            .get(kind)
            .cloned()
            .ok_or_else(|| FeedError::NoSuchKind(kind.to_string()))
    }

    pub(crate) fn seconds(&self) -> u64 {
        store::uint(self.0.clock.now_ms().div_euclid(1000))
    }

    pub(crate) fn guard(&self, kind: &str) -> Guard {
        self.0
            .guards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kind)
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn set_guard(&self, kind: &str, guard: Guard) {
        self.0
            .guards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(kind.to_string(), guard);
    }

    /// Locks this node's own feed of a kind in a transaction; begins it if need be.
    pub(crate) async fn lock_own(&self, tx: &mut Tx, kind: &str) -> Result<FeedRow, FeedError> {
        let origin = match store::find_own(tx, kind).await? {
            Some(row) => row.origin,
            None => self.new_origin(kind),
        };
        let vkey = self.key(&origin)?.verifier().to_string();
        if store::find(tx, &origin).await?.is_none() {
            let row = new_row(&origin, kind, true, &vkey);
            store::insert_feed(tx, &row).await?;
        }
        let row = store::lock(tx, &origin)
            .await?
            .ok_or(FeedError::Db(lampion_db::DbError::Conflict))?;
        if row.vkey != vkey {
            return Err(FeedError::KeyChanged(row.origin));
        }
        Ok(row)
    }
}

/// A feed without entries.
pub(crate) fn new_row(origin: &str, kind: &str, own: bool, vkey: &str) -> FeedRow {
    FeedRow {
        id: 0,
        origin: origin.to_string(),
        kind: kind.to_string(),
        own,
        vkey: vkey.to_string(),
        size: 0,
        root: empty_root(),
        first: 0,
        clock: 0,
    }
}

/// Work with files, on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FeedError> + Send + 'static,
) -> Result<T, FeedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(FeedError::Projection(format!(
            "work with files ended early: {error}"
        ))),
    }
}
