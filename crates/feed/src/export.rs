//! A feed as plain static files (`c2sp.org/tlog-tiles`), which any web server, folder or stick can serve.
//!
//! Tiles and bundles never change once they are full, so a later export writes only what is new; a file that is there
//! appears whole (written beside and renamed). The checkpoint comes last, after all else is on disk.

use std::fs;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lampion_core::Rng;
use lampion_core::ids::new_id;
use lampion_db::{Row, query};

use crate::checkpoint::Checkpoint;
use crate::cosign::newest;
use crate::edge::{FULL_TILE_LEN, edge_tiles, partial_width};
use crate::error::FeedError;
use crate::feeds::{Feeds, blocking};
use crate::files;
use crate::limits::{TILE_LEVELS, TILE_WIDTH};
use crate::merkle::HASH_LEN;
use crate::note::VerifierKey;
use crate::pack;
use crate::partial;
use crate::read::{Conn, bodies};
use crate::sign::{Signed, root_at};
use crate::store::{self, FeedRow, int, uint};
use crate::tile::{self, Resource};

/// Tiles or bundles that are read from the database at a time.
const STEP: u64 = 64;

/// What an export did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Entries in the folder now.
    pub size: u64,
    /// Files that were written.
    pub written: u64,
    /// Files that were as they should be.
    pub kept: u64,
    /// Files that are not needed or wanted any more.
    pub removed: u64,
}

/// One run.
struct Export {
    feed: FeedRow,
    signed: Signed,
    folder: PathBuf,
    rng: Arc<dyn Rng>,
    /// Entries of which the folder holds all files already.
    old: u64,
    /// The first entry that is written, a multiple of 256.
    base: u64,
    /// The first entry that the folder holds then.
    label: u64,
    done: Exported,
}

impl Feeds {
    /// Writes a feed at its newest checkpoint into a folder, with the bodies that are here; only what has changed since
    /// the last time. The feed should have been signed.
    ///
    /// Of a mirror that began with a snapshot only what is here is written: bundles from the one on in which the snapshot
    /// ends, the tiles that reach over its end, and the file [`partial::FILE`] that says where the folder begins. It
    /// can be verified from there on, for the tiles hold the hashes of all before.
    ///
    /// # Errors
    /// The folder holds another feed, or files can't be written.
    pub async fn export(&self, origin: &str, folder: &Path) -> Result<Exported, FeedError> {
        let mut tx = self.0.db.begin_reading().await?;
        let feed = self.row(&mut tx, origin).await?;
        let signed = newest(&mut tx, &feed)
            .await?
            .ok_or_else(|| FeedError::NoSuchFeed(format!("{origin} with a signed checkpoint")))?;
        let key: VerifierKey = feed
            .vkey
            .parse()
            .map_err(|_| feed.damaged("its verifier key"))?;
        let old = exported(folder, key).await?;
        let size = signed.checkpoint.size;
        if let Some(old) = &old
            && (old.size > size || root_at(&mut tx, &feed, old.size).await? != old.root)
        {
            let why = "holds a newer or another feed of this name: choose an empty folder";
            return Err(FeedError::file(folder, why));
        }
        let base = partial::base(feed.first);
        let label = match &old {
            None => base,
            // A folder that reaches back farther than this mirror still does.
            Some(old) if old.size >= base => partial::of_folder(folder)?.min(base),
            Some(old) => {
                let why = format!(
                    "holds {} entries, but those before {base} are not here to go on with: choose an empty folder",
                    old.size
                );
                return Err(FeedError::file(folder, why));
            }
        };
        let mut export = Export {
            feed,
            signed,
            folder: folder.to_path_buf(),
            rng: Arc::clone(&self.0.rng),
            old: old.map_or(0, |old| old.size),
            base,
            label,
            done: Exported {
                size,
                ..Exported::default()
            },
        };
        export.bundles(&mut tx).await?;
        export.tiles(&mut tx).await?;
        export.packs(&mut tx).await?;
        export.finish().await
    }
}

/// The checkpoint that a folder holds.
async fn exported(folder: &Path, key: VerifierKey) -> Result<Option<Checkpoint>, FeedError> {
    let folder = folder.to_path_buf();
    blocking(move || {
        fs::create_dir_all(&folder).map_err(|error| FeedError::file(&folder, error))?;
        let path = folder.join("checkpoint");
        let Some(bytes) = files::read(&path)? else {
            return Ok(None);
        };
        match Checkpoint::open(&bytes, &key) {
            Ok((checkpoint, _)) => Ok(Some(checkpoint)),
            Err(error) => Err(FeedError::file(&path, error)),
        }
    })
    .await
}

impl Export {
    fn size(&self) -> u64 {
        self.signed.checkpoint.size
    }

    /// Writes files that are missing, have another length, or came after the last whole export.
    async fn write(&mut self, files: Vec<(String, Vec<u8>, bool)>) -> Result<(), FeedError> {
        let (folder, rng) = (self.folder.clone(), Arc::clone(&self.rng));
        let (written, kept) = blocking(move || {
            let (mut written, mut kept) = (0, 0);
            for (path, content, settled) in files {
                let path = folder.join(path);
                let there =
                    fs::metadata(&path).is_ok_and(|meta| meta.len() == content.len() as u64);
                if settled && there {
                    kept += 1;
                    continue;
                }
                written += 1;
                beside(&path, &*rng, |out| out.write_all(&content))
                    .map_err(|error| FeedError::file(&path, error))?;
            }
            Ok((written, kept))
        })
        .await?;
        self.done.written += written;
        self.done.kept += kept;
        Ok(())
    }

    async fn bundles(&mut self, conn: &mut Conn) -> Result<(), FeedError> {
        let end = tile::bundles(self.size());
        let mut n = self.base / TILE_WIDTH;
        while n < end {
            let last = (n + STEP).min(end) - 1;
            let bundles = store::bundles(conn, self.feed.id, n, last).await?;
            if bundles.len() as u64 != last + 1 - n {
                return Err(self
                    .feed
                    .damaged(format!("a bundle from {n} to {last} is missing")));
            }
            let mut files = Vec::new();
            for (n, mut bundle) in bundles {
                let width = tile::bundle_width(n, self.size());
                cut(&mut bundle, width)?;
                let settled = (n + 1) * TILE_WIDTH <= self.old || self.old == self.size();
                files.push((tile::path(Resource::Entries, n, width), bundle, settled));
            }
            self.write(files).await?;
            n = last + 1;
        }
        Ok(())
    }

    async fn tiles(&mut self, conn: &mut Conn) -> Result<(), FeedError> {
        for level in (0u8..).take(TILE_LEVELS) {
            let shift = 8 * (u32::from(level) + 1);
            let full = self.size() >> shift;
            let partial = partial_width(self.size(), level);
            let end = full + u64::from(partial > 0);
            let mut n = self.base >> shift;
            while n < end {
                let last = (n + STEP).min(end);
                let wanted: Vec<(u8, u64)> = (n..last).map(|n| (level, n)).collect();
                let tiles = store::tiles(conn, self.feed.id, &wanted).await?;
                let mut files = Vec::new();
                for n in n..last {
                    let width = if n < full { TILE_WIDTH } else { partial };
                    let len = usize::try_from(width).unwrap_or(FULL_TILE_LEN / HASH_LEN) * HASH_LEN;
                    let hashes = tiles
                        .0
                        .get(&(level, n))
                        .and_then(|hashes| hashes.get(..len))
                        .ok_or_else(|| self.feed.damaged(format!("tile {level}/{n} is missing")))?;
                    let path = tile::path(Resource::Hashes(level), n, width);
                    let settled = n < self.old >> shift || self.old == self.size();
                    files.push((path, hashes.to_vec(), settled));
                }
                self.write(files).await?;
                n = last;
            }
        }
        Ok(())
    }

    async fn packs(&mut self, conn: &mut Conn) -> Result<(), FeedError> {
        let rows = query("select n, changes from feed_pack where feed = $1 order by n")
            .bind(self.feed.id)
            .fetch_all(&mut *conn)
            .await?;
        for row in rows {
            let n = uint(row.try_get("n")?);
            let head = (
                uint(row.try_get("changes")?),
                ((n + 1) * TILE_WIDTH).min(self.size()),
            );
            if (self.base..self.size()).contains(&(n * TILE_WIDTH)) {
                self.pack(conn, n, head).await?;
            }
        }
        Ok(())
    }

    async fn pack(
        &mut self,
        conn: &mut Conn,
        n: u64,
        head: pack::PackHead,
    ) -> Result<(), FeedError> {
        let path = self.folder.join(tile::path(Resource::Bodies, n, 0));
        let known = {
            let path = path.clone();
            blocking(move || Ok(pack_head(&path))).await?
        };
        if known == Some(head) {
            self.done.kept += 1;
            return Ok(());
        }
        let count: i64 = lampion_db::query_scalar(
            "select count(*) from feed_body where feed = $1 and idx >= $2 and idx < $3",
        )
        .bind(self.feed.id)
        .bind(int(n * TILE_WIDTH))
        .bind(int(head.1))
        .fetch_one(&mut *conn)
        .await?;
        if count == 0 {
            self.done.removed += u64::from(known.is_some());
            return blocking(move || match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(FeedError::file(&path, error))
                }
                _ => Ok(()),
            })
            .await;
        }
        self.done.written += 1;
        let beside = self.folder.join(format!(".pack.{}", new_id(&*self.rng)));
        let mut from = Some(n * TILE_WIDTH);
        let mut begun = false;
        while let Some(start) = from {
            let (here, next) = bodies(conn, &self.feed, start, head.1).await?;
            let beside = beside.clone();
            blocking(move || {
                append_bodies(&beside, (!begun).then_some(head), &here)
                    .map_err(|error| FeedError::file(&beside, error))
            })
            .await?;
            begun = true;
            from = next.filter(|next| *next < head.1);
        }
        blocking(move || {
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::rename(&beside, &path))
                .map_err(|error| FeedError::file(&path, error))
        })
        .await
    }

    /// Partial tiles that are full now go; all is synced; the checkpoint comes.
    async fn finish(mut self) -> Result<Exported, FeedError> {
        let (folder, rng, size, old) = (
            self.folder.clone(),
            Arc::clone(&self.rng),
            self.size(),
            self.old,
        );
        let note = self.signed.note.into_bytes();
        let label = self.label;
        self.done.removed += blocking(move || {
            partial::write(&folder, label, &*rng)?;
            sync(&folder).map_err(|error| FeedError::file(&folder, error))?;
            let path = folder.join("checkpoint");
            if files::read(&path)?.is_none_or(|there| there != note) {
                files::replace(&path, &*rng, &note)?;
            }
            remove_partials(&folder, old, size).map_err(|error| FeedError::file(&folder, error))
        })
        .await?;
        Ok(self.done)
    }
}

/// Leaves the first `width` entries of a bundle.
pub(crate) fn cut(bundle: &mut Vec<u8>, width: u64) -> Result<(), FeedError> {
    let entries = tile::parse_bundle(bundle)?;
    let len = entries
        .iter()
        .take(usize::try_from(width).unwrap_or(usize::MAX))
        .map(|entry| entry.len() + 2)
        .sum();
    bundle.truncate(len);
    Ok(())
}

/// Writes beside and renames, without a sync: the checkpoint's sync comes after all of it.
pub(crate) fn beside(
    path: &Path,
    rng: &dyn Rng,
    fill: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{}", new_id(rng)));
    let mut file = fs::File::create_new(&beside)?;
    fill(&mut file)?;
    fs::rename(&beside, path)
}

fn append_bodies(
    path: &Path,
    head: Option<pack::PackHead>,
    bodies: &[crate::read::BodyHere],
) -> io::Result<()> {
    let file = fs::File::options().create(true).append(true).open(path)?;
    let mut out = BufWriter::new(file);
    if let Some(head) = head {
        pack::write_head(&mut out, head)?;
    }
    for (index, salt, body) in bodies {
        let place = u8::try_from(index % TILE_WIDTH).unwrap_or_default();
        pack::write_body(&mut out, place, salt, body)?;
    }
    out.flush()
}

pub(crate) fn pack_head(path: &Path) -> Option<pack::PackHead> {
    pack::read_head(&mut BufReader::new(fs::File::open(path).ok()?)).ok()
}

/// Everything in the folder's file system is on disk.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    let folder = fs::File::open(folder)?;
    #[cfg(target_os = "linux")]
    return rustix::fs::syncfs(&folder).map_err(io::Error::from);
    #[cfg(not(target_os = "linux"))]
    folder.sync_all()
}

/// Partial tiles of the old size whose full tile is there now: tlog-tiles, "Partial Tiles".
pub(crate) fn remove_partials(folder: &Path, old: u64, size: u64) -> io::Result<u64> {
    let mut removed = 0;
    let mut gone = Vec::new();
    for (level, n) in edge_tiles(old) {
        if n < size >> (8 * (u32::from(level) + 1)) {
            gone.push(tile::path(Resource::Hashes(level), n, TILE_WIDTH));
            if level == 0 {
                gone.push(tile::path(Resource::Entries, n, TILE_WIDTH));
            }
        }
    }
    for path in gone {
        match fs::remove_dir_all(folder.join(format!("{path}.p"))) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}
