//! Writing snapshots of our own feeds, and beginning a mirror with one.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use lampion_core::ids::new_id;
use lampion_db::transaction;
use ring::digest;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::apply::{Item, Objects, Order, Pass, apply, keep_bodies};
use crate::edge::Edge;
use crate::entry::Entry;
use crate::error::FeedError;
use crate::feeds::{Feed, Feeds, blocking, new_row};
use crate::files;
use crate::limits::{BATCH_BYTES_LIMIT, TILE_WIDTH};
use crate::merkle::Hash;
use crate::mirror::Mirrored;
use crate::note::{Note, SignatureKind, VerifierKey};
use crate::read::{Body, Conn, State, records};
use crate::snapshot::{
    self, SnapshotError, SnapshotHead, SnapshotNote, SnapshotReader, SnapshotRecord,
};
use crate::store::{self, FeedRow, bundle_of};
use crate::tile;

/// Entries that are read or restored at a time.
const STEP: usize = 1024;
/// How often a snapshot is begun again because entries came between signing and reading.
const TRIES: u32 = 8;

/// A snapshot that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The file.
    pub file: PathBuf,
    /// The signed note beside it.
    pub note: PathBuf,
    /// What the note says.
    pub says: SnapshotNote,
    /// Entries in it.
    pub records: u64,
}

impl From<SnapshotError> for FeedError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error.to_string())
    }
}

impl Feeds {
    /// Writes the state of this node's own feed of a kind into a folder, `KIND-SIZE.snapshot` and `KIND-SIZE.note`. Signs
    /// the feed on the way.
    ///
    /// # Errors
    /// The feed is empty or can't be signed, or files can't be written.
    pub async fn snapshot(&self, kind: &str, folder: &Path) -> Result<Snapshot, FeedError> {
        for _ in 0..TRIES {
            let signed = self
                .sign(kind)
                .await?
                .ok_or_else(|| FeedError::NoSuchFeed(self.new_origin(kind)))?;
            let mut tx = self.0.db.begin_reading().await?;
            let feed = self.row(&mut tx, &signed.checkpoint.origin).await?;
            if feed.size == signed.checkpoint.size {
                return self.write_snapshot(&mut tx, feed, folder).await;
            }
        }
        Err(FeedError::Db(lampion_db::DbError::Conflict))
    }

    async fn write_snapshot(
        &self,
        conn: &mut Conn,
        feed: FeedRow,
        folder: &Path,
    ) -> Result<Snapshot, FeedError> {
        let path = folder.join(format!("{}-{}.snapshot", feed.kind, feed.size));
        let beside = folder.join(format!(".snapshot.{}", new_id(&*self.0.rng)));
        let failed = |error: std::io::Error| FeedError::file(&path, error);
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        let mut out = Writer {
            file: tokio::fs::File::create_new(&beside).await.map_err(failed)?,
            hash: digest::Context::new(&digest::SHA256),
            length: 0,
        };
        let written = write_all(conn, &feed, &mut out).await;
        let records = match written {
            Ok(records) => records,
            Err(error) => {
                let _left_behind = tokio::fs::remove_file(&beside).await;
                return Err(error);
            }
        };
        out.file.sync_all().await.map_err(failed)?;
        tokio::fs::rename(&beside, &path).await.map_err(failed)?;
        let says = SnapshotNote {
            origin: feed.origin.clone(),
            size: feed.size,
            root: feed.root,
            hash: Hash::from_digest(&out.hash.finish()),
            length: out.length,
        };
        let mut note = Note::new(says.text())?;
        note.sign(&self.key(&feed.origin)?, 0)?;
        let note_path = path.with_extension("note");
        let (to, rng) = (note_path.clone(), std::sync::Arc::clone(&self.0.rng));
        blocking(move || files::replace(&to, &*rng, note.to_string().as_bytes())).await?;
        Ok(Snapshot {
            file: path,
            note: note_path,
            says,
            records,
        })
    }

    /// Begins a mirror of another node's feed with a snapshot; [`Feeds::mirror`] goes on from its size. `note` is the signed
    /// note beside the file.
    ///
    /// # Errors
    /// The feed has entries here already, or the snapshot can't be trusted or read; then nothing is stored.
    pub async fn restore(
        &self,
        key: &VerifierKey,
        kind: &str,
        file: &Path,
        note: &[u8],
    ) -> Result<Mirrored, FeedError> {
        self.handler(kind)?;
        let says = SnapshotNote::open(note, key)?;
        let own = self
            .0
            .handlers
            .keys()
            .any(|kind| self.new_origin(kind) == says.origin);
        if own || key.kind() != SignatureKind::Ed25519 {
            return Err(FeedError::IsOwn(says.origin));
        }
        self.refuse_forked(key.name()).await?;
        let path = file.to_path_buf();
        let (hash, length) = (says.hash, says.length);
        blocking(move || check_file(&path, hash, length)).await?;
        transaction!(self.0.db, FeedError, tx => {
            let head = self.restore_in(tx, key, kind, file, &says).await?;
            Ok(Mirrored { size: head, new: head })
        })
    }

    async fn restore_in(
        &self,
        tx: &mut lampion_db::Tx,
        key: &VerifierKey,
        kind: &str,
        file: &Path,
        says: &SnapshotNote,
    ) -> Result<u64, FeedError> {
        let handler = self.handler(kind)?;
        if let Some(there) = store::find(tx, key.name()).await? {
            if there.size > 0 {
                return Err(FeedError::Snapshot(format!(
                    "there are {} entries of `{}` here already",
                    there.size, there.origin
                )));
            }
            lampion_db::query("delete from feed_feed where id = $1")
                .bind(there.id)
                .execute(&mut **tx)
                .await?;
        }
        let mut row = new_row(key.name(), kind, false, &key.to_string());
        (row.size, row.root, row.first) = (says.size, says.root, says.size);
        store::insert_feed(tx, &row).await?;
        let feed = store::lock(tx, key.name())
            .await?
            .ok_or(FeedError::Db(lampion_db::DbError::Conflict))?;
        let (send, mut batches) = mpsc::channel(2);
        let path = file.to_path_buf();
        let reading = tokio::task::spawn_blocking(move || read_batches(&path, &send));
        let mut taken = Ok(());
        while let Some(batch) = batches.recv().await {
            taken = match batch {
                Batch::Head(head) => begin(tx, &feed, says, &head).await,
                Batch::Records(records) => take(tx, &feed, &*handler, &records).await,
            };
            if taken.is_err() {
                break;
            }
        }
        drop(batches);
        match reading.await {
            Ok(read) => taken.and(read)?,
            Err(error) => return Err(FeedError::Snapshot(error.to_string())),
        }
        handler.settle(tx, &Feed::from(feed.clone())).await?;
        Ok(feed.size)
    }
}

struct Writer {
    file: tokio::fs::File,
    hash: digest::Context,
    length: u64,
}

impl Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FeedError> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.file
            .write_all(bytes)
            .await
            .map_err(|error| FeedError::Snapshot(error.to_string()))
    }
}

/// Head, records and end; gives how many records there were.
async fn write_all(conn: &mut Conn, feed: &FeedRow, out: &mut Writer) -> Result<u64, FeedError> {
    let edge: Edge = store::edge(conn, feed, feed.size).await?;
    let bundle = if feed.size.is_multiple_of(TILE_WIDTH) {
        Vec::new()
    } else {
        store::bundle(conn, feed.id, bundle_of(feed.size))
            .await?
            .ok_or_else(|| feed.damaged("its last bundle is missing"))?
    };
    let mut buffer = Vec::new();
    let origin = feed.origin.clone();
    snapshot::write_head(
        &mut buffer,
        &SnapshotHead {
            origin,
            edge,
            bundle,
        },
    );
    let (mut from, mut written) = (0, 0);
    loop {
        let batch = records(conn, feed, (from, feed.size), STEP, true).await?;
        let Some(last) = batch.last() else {
            break;
        };
        from = last.index + 1;
        for record in &batch {
            if matches!(
                record.state,
                State::Superseded { .. } | State::Withdrawn { .. }
            ) {
                continue;
            }
            written += 1;
            let body = match &record.body {
                Body::Here { salt, bytes } => Some((salt, bytes.as_slice())),
                _ => None,
            };
            snapshot::write_record(&mut buffer, record.index, &record.raw, body);
        }
        out.write(&buffer).await?;
        buffer.clear();
    }
    snapshot::write_end(&mut buffer, written);
    out.write(&buffer).await?;
    out.file
        .flush()
        .await
        .map_err(|error| FeedError::Snapshot(error.to_string()))?;
    Ok(written)
}

/// Whether a file is the one that was signed. Nothing of it is parsed before.
fn check_file(path: &Path, hash: Hash, length: u64) -> Result<(), FeedError> {
    let failed = |error: std::io::Error| FeedError::file(path, error);
    let mut file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() != length {
        return Err(SnapshotError::OtherFile.into());
    }
    let mut context = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        match buffer.get(..read) {
            None | Some([]) => break,
            Some(bytes) => context.update(bytes),
        }
    }
    (Hash::from_digest(&context.finish()) == hash)
        .then_some(())
        .ok_or_else(|| SnapshotError::OtherFile.into())
}

enum Batch {
    Head(SnapshotHead),
    Records(Vec<SnapshotRecord>),
}

/// Reads a snapshot on a thread of its own.
fn read_batches(path: &Path, send: &mpsc::Sender<Batch>) -> Result<(), FeedError> {
    let file = File::open(path).map_err(|error| FeedError::file(path, error))?;
    let mut reader = SnapshotReader::new(BufReader::with_capacity(1 << 18, file))?;
    let mut open = send
        .blocking_send(Batch::Head(reader.head().clone()))
        .is_ok();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while open {
        let record = reader.record()?;
        let ended = record.is_none();
        if let Some(record) = record {
            bytes += record.body.as_ref().map_or(0, |(_, body)| body.len());
            batch.push(record);
        }
        if ended || batch.len() >= STEP || bytes >= BATCH_BYTES_LIMIT {
            bytes = 0;
            let full = std::mem::take(&mut batch);
            open = send.blocking_send(Batch::Records(full)).is_ok() && !ended;
        }
    }
    Ok(())
}

/// Stores the edge.
async fn begin(
    conn: &mut Conn,
    feed: &FeedRow,
    says: &SnapshotNote,
    head: &SnapshotHead,
) -> Result<(), FeedError> {
    if head.origin != says.origin || head.edge.size() != says.size || head.edge.root() != says.root
    {
        return Err(FeedError::Snapshot(
            "it is not the state that its note names".into(),
        ));
    }
    store::put_tiles(conn, feed.id, &[], &head.edge).await?;
    if head.bundle.is_empty() {
        return Ok(());
    }
    let bundle = (bundle_of(feed.size), head.bundle.clone());
    tile::parse_bundle(&bundle.1)?;
    Ok(store::put_bundles(conn, feed.id, &[bundle]).await?)
}

/// Stores records and lets them have their effect.
async fn take(
    tx: &mut lampion_db::Tx,
    feed: &FeedRow,
    handler: &dyn crate::feeds::Publications,
    records: &[SnapshotRecord],
) -> Result<(), FeedError> {
    let rows: Vec<(u64, &[u8])> = records
        .iter()
        .map(|record| (record.index, record.raw.as_slice()))
        .collect();
    store::put_sparse(tx, feed.id, &rows).await?;
    let keys = records.iter().filter_map(|record| record.entry.object());
    let mut objects = Objects::load(tx, feed, keys).await?;
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        let known = match &record.entry {
            Entry::Publish(publish) => objects.newest(&publish.collection, &publish.object),
            _ => None,
        };
        if known.is_some() {
            return Err(FeedError::Snapshot(format!(
                "entry {} is of an object that it has already",
                record.index
            )));
        }
        objects
            .admit(record.index, &record.entry, Order::Sparse)
            .map_err(|fault| FeedError::Entry {
                index: record.index,
                fault,
            })?;
        let body = record
            .body
            .as_ref()
            .map(|(salt, body)| (*salt, body.as_slice()));
        items.push(Item {
            index: record.index,
            entry: record.entry.clone(),
            raw: Vec::new(),
            body,
        });
    }
    objects.save(tx, feed).await?;
    let none = std::collections::BTreeSet::new();
    keep_bodies(tx, feed, &items, &none).await?;
    apply(tx, feed, handler, &items, &none, Pass::First(&[])).await
}
