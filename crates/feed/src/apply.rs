//! The one path that entries take into a feed, whoever wrote them: check, store, change objects, tell the feature.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use lampion_db::Tx;
use tokio::task::JoinHandle;

use crate::edge::FullTile;
use crate::entry::{Entry, Salt};
use crate::error::{EntryFault, FeedError};
use crate::feeds::{Applied, Feed, Feeds, Publications, Reading};
use crate::limits::TILE_WIDTH;
use crate::merkle::{Hash, leaf_hash};
use crate::read::Conn;
use crate::store::{self, FeedRow, ObjectKey, ObjectState, bundle_of};
use crate::tile;

/// Bodies from which on they are read on threads of their own.
const READ_TOGETHER: usize = 64;
/// Threads that read, at most.
const READ_THREADS: usize = 4;

/// An entry on its way in.
#[derive(Debug, Clone)]
pub(crate) struct Item<'a> {
    pub index: u64,
    pub entry: Entry,
    pub raw: Vec<u8>,
    pub body: Option<(Salt, &'a [u8])>,
}

/// Whether the bodies of entries that come in are stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// Not yet.
    New,
    /// They are, and none is withdrawn among the same entries.
    Kept,
}

/// How strictly entries must follow those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// All entries are seen.
    Whole,
    /// Only those of a snapshot are: objects begin in the middle.
    Sparse,
}

/// What is known of one object.
#[derive(Debug, Clone, Copy)]
struct Known {
    state: ObjectState,
    changed: bool,
}

/// States of the objects that a batch is about.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    states: HashMap<ObjectKey, Known>,
    /// Withdrawn in this batch.
    withdrawn: Vec<ObjectKey>,
    /// None was there before: nobody looked, and the database would say.
    all_new: bool,
}

impl Objects {
    /// Reads the states of objects.
    pub(crate) async fn load(
        conn: &mut Conn,
        feed: &FeedRow,
        keys: impl Iterator<Item = (&str, &str)>,
    ) -> Result<Self, FeedError> {
        let keys: BTreeSet<(&str, &str)> = keys.collect();
        let keys: Vec<(&str, &str)> = keys.into_iter().collect();
        let states = store::objects(conn, feed.id, &keys).await?;
        let known = |state| Known {
            state,
            changed: false,
        };
        Ok(Self {
            states: states
                .into_iter()
                .map(|(key, state)| (key, known(state)))
                .collect(),
            ..Self::default()
        })
    }

    /// Objects of which none is there yet.
    pub(crate) fn all_new() -> Self {
        Self {
            all_new: true,
            ..Self::default()
        }
    }

    pub(crate) fn get(&self, collection: &str, object: &str) -> Option<ObjectState> {
        let key = (collection.to_string(), object.to_string());
        self.states.get(&key).map(|known| known.state)
    }

    /// The newest version of an object.
    pub(crate) fn newest(&self, collection: &str, object: &str) -> Option<u64> {
        if self.all_new {
            // One that is there all the same, or twice in the batch, is found by who admits or saves it.
            return None;
        }
        self.get(collection, object).map(|state| state.newest)
    }

    /// Checks that an entry may follow, and lets it have its effect on its object.
    pub(crate) fn admit(
        &mut self,
        index: u64,
        entry: &Entry,
        order: Order,
    ) -> Result<(), EntryFault> {
        let Some((collection, object)) = entry.object() else {
            return Ok(());
        };
        let key = (collection.to_string(), object.to_string());
        let before = self.states.get(&key).map(|known| known.state);
        if let Some(at) = before.and_then(|state| state.withdrawn) {
            let object = object.to_string();
            return Err(EntryFault::Withdrawn { object, at });
        }
        let after = match entry {
            Entry::Publish(publish) => {
                let newest = before.map(|state| state.newest);
                let unknown = order == Order::Sparse && before.is_none();
                if !unknown && publish.supersedes != newest {
                    return Err(EntryFault::NotNewest {
                        object: object.to_string(),
                        named: publish.supersedes,
                        newest,
                    });
                }
                let versions = match before {
                    Some(state) => state.versions + 1,
                    None => 1 + u64::from(publish.supersedes.is_some()),
                };
                ObjectState {
                    newest: index,
                    versions,
                    withdrawn: None,
                }
            }
            _ => match before {
                None if order == Order::Whole => {
                    return Err(EntryFault::NoSuchObject(object.to_string()));
                }
                before => {
                    self.withdrawn.push(key.clone());
                    ObjectState {
                        newest: before.map_or(index, |state| state.newest),
                        versions: before.map_or(0, |state| state.versions),
                        withdrawn: Some(index),
                    }
                }
            },
        };
        let known = Known {
            state: after,
            changed: true,
        };
        self.states.insert(key, known);
        Ok(())
    }

    /// Writes what changed.
    pub(crate) async fn save(&self, tx: &mut Tx, feed: &FeedRow) -> Result<(), FeedError> {
        let mut rows: Vec<(&ObjectKey, ObjectState)> = self
            .states
            .iter()
            .filter(|(_, known)| known.changed)
            .map(|(key, known)| (key, known.state))
            .collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        Ok(store::put_objects(tx, feed.id, &rows, self.all_new).await?)
    }

    /// Indexes of all versions of the objects that the batch withdrew. Entries must be stored already.
    async fn withdrawn_versions(
        &self,
        tx: &mut Tx,
        feed: &FeedRow,
    ) -> Result<BTreeSet<u64>, FeedError> {
        let mut indexes = BTreeSet::new();
        for key in &self.withdrawn {
            let Some(Known { state, .. }) = self.states.get(key) else {
                continue;
            };
            if state.versions > 0 {
                indexes.insert(state.newest);
            }
            if state.versions > 1 {
                chain(tx, feed, state.newest, &mut indexes).await?;
            }
        }
        Ok(indexes)
    }
}

/// Follows `supersedes` from a version to the first. It ends, for each step goes back in the feed.
async fn chain(
    tx: &mut Tx,
    feed: &FeedRow,
    newest: u64,
    indexes: &mut BTreeSet<u64>,
) -> Result<(), FeedError> {
    let mut at = newest;
    while let Some(raw) = raw_entry(tx, feed, at).await? {
        match Entry::decode(&raw) {
            Ok(Entry::Publish(publish)) => match publish.supersedes {
                Some(before) if before < at => {
                    indexes.insert(before);
                    at = before;
                }
                _ => return Ok(()),
            },
            _ => return Err(feed.damaged(format!("entry {at} is no publication"))),
        }
    }
    Ok(())
}

/// The bytes of one entry, if it is here.
pub(crate) async fn raw_entry(
    tx: &mut Tx,
    feed: &FeedRow,
    index: u64,
) -> Result<Option<Vec<u8>>, FeedError> {
    if index < feed.first {
        let rows = store::sparse(tx, feed.id, index, index + 1, 1).await?;
        return Ok(rows.into_iter().next().map(|(_, entry)| entry));
    }
    let Some(bundle) = store::bundle(tx, feed.id, bundle_of(index)).await? else {
        return Ok(None);
    };
    let entries = tile::parse_bundle(&bundle)?;
    let place = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
    Ok(entries.get(place).map(|entry| entry.to_vec()))
}

impl Feeds {
    /// Stores admitted entries and lets them have their effect. Gives the feed as it is then.
    pub(crate) async fn enter(
        &self,
        tx: &mut Tx,
        feed: FeedRow,
        items: &[Item<'_>],
        objects: &Objects,
    ) -> Result<FeedRow, FeedError> {
        let readings = Readings::begin(&self.handler(&feed.kind)?, items);
        self.enter_read(tx, feed, (items, readings, Bodies::New), objects)
            .await
    }

    /// The same with bodies that are read already, or are being read.
    pub(crate) async fn enter_read(
        &self,
        tx: &mut Tx,
        feed: FeedRow,
        (items, readings, bodies): (&[Item<'_>], Readings, Bodies),
        objects: &Objects,
    ) -> Result<FeedRow, FeedError> {
        let handler = self.handler(&feed.kind)?;
        let feed = store_entries(tx, feed, items).await?;
        let newest = items.iter().map(|item| item.entry.time()).max();
        store::set_clock(tx, feed.id, newest.unwrap_or(0)).await?;
        objects.save(tx, &feed).await?;
        let erased = objects.withdrawn_versions(tx, &feed).await?;
        match bodies {
            Bodies::New => keep_bodies(tx, &feed, items, &erased).await?,
            Bodies::Kept => touch_packs(tx, &feed, items.iter().map(|item| item.index)).await?,
        }
        let readings = readings.end().await;
        let first = Pass::First(&readings);
        apply(tx, &feed, &*handler, items, &erased, first).await?;
        Ok(feed)
    }
}

/// Bodies that the feature reads on other threads while the database works.
#[derive(Default)]
pub(crate) struct Readings {
    /// Those of the first items.
    done: Vec<Option<Reading>>,
    under_way: Vec<(usize, JoinHandle<Vec<Option<Reading>>>)>,
}

impl Readings {
    /// Begins. Few bodies are not worth a thread: those the feature reads when it is told of them.
    pub(crate) fn begin(handler: &Arc<dyn Publications>, items: &[Item<'_>]) -> Self {
        if items.len() < READ_TOGETHER {
            return Self::default();
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let part = items.len().div_ceil(threads.min(READ_THREADS));
        let begin = |part: &[Item<'_>]| {
            let owned: Vec<Option<Vec<u8>>> = part
                .iter()
                .map(|item| item.body.map(|(_, body)| body.to_vec()))
                .collect();
            let handler = Arc::clone(handler);
            let read = move || {
                let read = |body: &Option<Vec<u8>>| handler.read(body.as_deref()?);
                owned.iter().map(read).collect()
            };
            (part.len(), tokio::task::spawn_blocking(read))
        };
        Self {
            done: Vec::new(),
            under_way: items.chunks(part).map(begin).collect(),
        }
    }

    /// What is known of each item.
    pub(crate) fn known(done: Vec<Option<Reading>>) -> Self {
        Self {
            done,
            under_way: Vec::new(),
        }
    }

    /// What they read, in the order of the items. What a thread that ended early didn't read, the feature reads itself.
    pub(crate) async fn end(self) -> Vec<Option<Reading>> {
        let mut all = self.done;
        for (count, reading) in self.under_way {
            match reading.await {
                Ok(readings) => all.extend(readings),
                Err(_) => all.extend(std::iter::repeat_n(None, count)),
            }
        }
        all
    }
}

/// Whether entries have their effect for the first time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pass<'a> {
    /// They do; with what the feature read, if it did already.
    First(&'a [Option<Reading>]),
    /// They may have had it before.
    Again,
}

/// Tells the feature.
pub(crate) async fn apply(
    tx: &mut Tx,
    feed: &FeedRow,
    handler: &dyn Publications,
    items: &[Item<'_>],
    erased: &BTreeSet<u64>,
    pass: Pass<'_>,
) -> Result<(), FeedError> {
    let (readings, again) = match pass {
        Pass::First(readings) => (readings, false),
        Pass::Again => (Default::default(), true),
    };
    let applied: Vec<Applied<'_>> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let body = item.body.filter(|_| !erased.contains(&item.index));
            Applied {
                index: item.index,
                entry: &item.entry,
                body: body.map(|(_, body)| body),
                reading: body.and(readings.get(place)).and_then(Option::as_ref),
                again,
            }
        })
        .collect();
    handler.apply(tx, &Feed::from(feed.clone()), &applied).await
}

/// Writes bundles, tiles, size and root.
async fn store_entries(
    tx: &mut Tx,
    mut feed: FeedRow,
    items: &[Item<'_>],
) -> Result<FeedRow, FeedError> {
    let mut edge = store::edge(tx, &feed, feed.size).await?;
    if edge.root() != feed.root {
        return Err(feed.damaged("the tiles do not have the feed's root"));
    }
    let mut n = bundle_of(feed.size);
    let mut open = if feed.size.is_multiple_of(TILE_WIDTH) {
        Vec::new()
    } else {
        store::bundle(tx, feed.id, n)
            .await?
            .ok_or_else(|| feed.damaged(format!("bundle {n} is missing")))?
    };
    let mut full: Vec<FullTile> = Vec::new();
    let mut bundles = Vec::new();
    for item in items {
        if !tile::push_entry(&mut open, &item.raw) {
            return Err(feed.damaged(format!("entry {} is too long", item.index)));
        }
        edge.push(leaf_hash(&item.raw), &mut full);
        if edge.size().is_multiple_of(TILE_WIDTH) {
            bundles.push((n, std::mem::take(&mut open)));
            n += 1;
        }
    }
    if !open.is_empty() {
        bundles.push((n, open));
    }
    feed.size = edge.size();
    feed.root = edge.root();
    store::put_bundles(tx, feed.id, &bundles).await?;
    store::put_tiles(tx, feed.id, &full, &edge).await?;
    store::set_size(tx, feed.id, feed.size, feed.root).await?;
    Ok(feed)
}

/// Keeps the bodies that came, but not those that were withdrawn, and erases what was.
pub(crate) async fn keep_bodies(
    tx: &mut Tx,
    feed: &FeedRow,
    items: &[Item<'_>],
    erased: &BTreeSet<u64>,
) -> Result<(), FeedError> {
    let bodies: Vec<store::BodyRow<'_>> = items
        .iter()
        .filter(|item| !erased.contains(&item.index))
        .filter_map(|item| {
            let (salt, body) = item.body.as_ref()?;
            Some((item.index, salt, *body))
        })
        .collect();
    store::put_bodies(tx, feed.id, &bodies).await?;
    let gone: Vec<u64> = erased.iter().copied().collect();
    if !gone.is_empty() {
        store::erase_bodies(tx, feed.id, &gone).await?;
    }
    let came = bodies.iter().map(|(index, _, _)| *index);
    touch_packs(tx, feed, came.chain(gone)).await
}

/// Says that the packs with these bodies are others now.
async fn touch_packs(
    tx: &mut Tx,
    feed: &FeedRow,
    indexes: impl Iterator<Item = u64>,
) -> Result<(), FeedError> {
    let touched: BTreeSet<u64> = indexes.map(bundle_of).collect();
    let touched: Vec<u64> = touched.into_iter().collect();
    Ok(store::touch_packs(tx, feed.id, &touched).await?)
}

/// One object's state as a hash, to compare them all.
pub(crate) fn object_line(key: &ObjectKey, state: &ObjectState) -> Hash {
    let (collection, object) = key;
    let numbers = format!("{} {} {:?}", state.newest, state.versions, state.withdrawn);
    Hash::of(&[
        &(collection.len() as u64).to_be_bytes(),
        collection.as_bytes(),
        &(object.len() as u64).to_be_bytes(),
        object.as_bytes(),
        numbers.as_bytes(),
    ])
}
