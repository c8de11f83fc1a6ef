//! Single static files of a feed straight out of the database, so that a node is a mirror's source by itself.

use lampion_db::{Row, query};

use crate::cosign::newest;
use crate::error::FeedError;
use crate::export::cut;
use crate::feeds::Feeds;
use crate::limits::{BATCH_BYTES_LIMIT, TILE_LEVELS, TILE_WIDTH};
use crate::merkle::HASH_LEN;
use crate::pack;
use crate::read::{bodies, decode, raw_entries};
use crate::store::{self, int, uint};
use crate::tile::{self, Resource, parse_path};

/// A file of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticFile {
    /// Its content.
    pub bytes: Vec<u8>,
    /// It never changes: a tile or bundle, full or partial (tlog-tiles, "Merkle Tree").
    pub immutable: bool,
}

impl Feeds {
    /// A file `tile/…` or `pack/…` as [`Feeds::export`] would write it; none if the newest checkpoint does not reach it.
    /// Of a pack, bodies in collections that `shown` refuses are left out: they can be dropped, and a mirror counts them
    /// as missing.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn file(
        &self,
        origin: &str,
        path: &str,
        shown: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Option<StaticFile>, FeedError> {
        let Some((resource, n, width)) = parse_path(path) else {
            return Ok(None);
        };
        let mut tx = self.0.db.begin_reading().await?;
        let feed = self.row(&mut tx, origin).await?;
        let Some(size) = newest(&mut tx, &feed).await?.map(|at| at.checkpoint.size) else {
            return Ok(None);
        };
        let fixed = |bytes: Vec<u8>| StaticFile {
            bytes,
            immutable: true,
        };
        match resource {
            Resource::Entries if width <= tile::bundle_width(n, size) => {
                let Some(mut bundle) = store::bundle(&mut tx, feed.id, n).await? else {
                    return Ok(None);
                };
                cut(&mut bundle, width)?;
                Ok(Some(fixed(bundle)))
            }
            Resource::Hashes(level) if usize::from(level) < TILE_LEVELS => {
                let below = size >> (8 * u32::from(level));
                if width > below.saturating_sub(n.saturating_mul(TILE_WIDTH)) {
                    return Ok(None);
                }
                let tiles = store::tiles(&mut tx, feed.id, &[(level, n)]).await?;
                let len = usize::try_from(width).unwrap_or(0) * HASH_LEN;
                let hashes = tiles
                    .0
                    .get(&(level, n))
                    .and_then(|hashes| hashes.get(..len));
                Ok(hashes.map(|hashes| fixed(hashes.to_vec())))
            }
            Resource::Bodies if n * TILE_WIDTH < size => {
                let end = ((n + 1) * TILE_WIDTH).min(size);
                let changes = query("select changes from feed_pack where feed = $1 and n = $2")
                    .bind(feed.id)
                    .bind(int(n))
                    .fetch_optional(&mut *tx)
                    .await?;
                let Some(changes) = changes else {
                    return Ok(None);
                };
                let changes = uint(changes.try_get("changes")?);
                let from = n * TILE_WIDTH;
                let width = usize::try_from(TILE_WIDTH).unwrap_or(256);
                let entries = raw_entries(&mut tx, &feed, from, end, width).await?;
                let (mut out, mut at) = (Vec::new(), Some(from));
                let broken = |error: std::io::Error| feed.damaged(error.to_string());
                pack::write_head(&mut out, (changes, end)).map_err(broken)?;
                while let Some(start) = at {
                    let (here, next) = bodies(&mut tx, &feed, start, end).await?;
                    for (index, salt, body) in &here {
                        let entry = entries.iter().find(|(at, _)| at == index);
                        let Some((_, raw)) = entry else { continue };
                        let entry = decode(*index, raw)?;
                        if entry
                            .object()
                            .is_some_and(|(collection, _)| shown(collection))
                        {
                            let place = u8::try_from(index % TILE_WIDTH).unwrap_or_default();
                            pack::write_body(&mut out, place, salt, body).map_err(broken)?;
                        }
                    }
                    if out.len() > BATCH_BYTES_LIMIT * 4 {
                        return Err(FeedError::TooMuch);
                    }
                    at = next.filter(|next| *next < end);
                }
                Ok(Some(StaticFile {
                    bytes: out,
                    immutable: false,
                }))
            }
            _ => Ok(None),
        }
    }
}
