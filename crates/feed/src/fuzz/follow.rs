//! A feed in memory whose files somebody changes: what a reader of it may take.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor};
use std::sync::OnceLock;

use crate::checkpoint::Checkpoint;
use crate::edge::{Edge, edge_tiles};
use crate::entry::{Commitment, Entry, Publish, Reason, Salt, Withdraw};
use crate::follow::{FollowError, Reader, STEP_ENTRIES};
use crate::fork::verify_fork_proof;
use crate::limits::TILE_WIDTH;
use crate::merkle::{HASH_LEN, Hash, leaf_hash, verify_consistency};
use crate::note::{Note, SignatureKind, SigningKey};
use crate::pack;
use crate::tile::{self, Resource};
use crate::verify::{Bytes, Source};

/// Entries of the feed: two full bundles and a partial one.
const SIZE: u64 = 600;
/// The other checkpoints that the author signed: within the first bundle, at its end, past it.
const OLDER: [u64; 4] = [1, 200, 256, 511];
/// Longest file that a change makes, in bytes.
const FILE_LIMIT: usize = 1 << 16;

/// Files by their paths.
type Files = BTreeMap<String, Vec<u8>>;

/// A source in memory.
struct Memory(Files);

impl Source for Memory {
    fn open(&self, path: &str) -> io::Result<Option<Bytes>> {
        let bytes = self.0.get(path).cloned();
        Ok(bytes.map(|bytes| Box::new(Cursor::new(bytes)) as Bytes))
    }
}

/// What the author published, and where it lies.
struct Honest {
    key: SigningKey,
    entries: Vec<Vec<u8>>,
    bodies: Vec<Option<(Salt, Vec<u8>)>>,
    /// The root of the first so many entries.
    roots: Vec<Hash>,
    files: Files,
    older: Vec<Vec<u8>>,
    paths: Vec<String>,
}

fn honest() -> Option<&'static Honest> {
    static HONEST: OnceLock<Option<Honest>> = OnceLock::new();
    HONEST.get_or_init(build).as_ref()
}

fn build() -> Option<Honest> {
    let key = SigningKey::from_seed("hill/library", SignatureKind::Ed25519, &[7; 32]).ok()?;
    let (mut entries, mut bodies) = (Vec::new(), Vec::new());
    for n in 0..SIZE {
        let (object, time) = (format!("record-{}", n / 2), 1_795_000_000 + n);
        let collection = "books".to_string();
        let body = (n % 5 != 4).then(|| {
            let fill = u8::try_from(n % 251).unwrap_or(0);
            ([fill; 16], vec![fill; usize::try_from(n % 90).unwrap_or(0)])
        });
        let entry = match &body {
            Some((salt, body)) => Entry::Publish(Publish {
                collection,
                object,
                supersedes: None,
                expires: None,
                time,
                body: Commitment::to(salt, body)?,
            }),
            None => Entry::Withdraw(Withdraw {
                collection,
                object,
                reason: Reason::Other,
                by: "the desk".into(),
                time,
                explanation: None,
            }),
        };
        entries.push(entry.encode().ok()?);
        bodies.push(body);
    }
    let (mut edge, mut full, mut files) = (Edge::default(), Vec::new(), Files::new());
    let (mut roots, mut older) = (vec![edge.root()], Vec::new());
    for entry in &entries {
        edge.push(leaf_hash(entry), &mut full);
        roots.push(edge.root());
        if OLDER.contains(&edge.size()) {
            older.push(signed(&key, edge.size(), edge.root())?);
        }
    }
    for tile in full {
        let path = tile::path(Resource::Hashes(tile.level), tile.n, TILE_WIDTH);
        files.insert(path, tile.hashes);
    }
    for (level, n) in edge_tiles(SIZE) {
        let hashes = edge.partial(level).to_vec();
        let width = (hashes.len() / HASH_LEN) as u64;
        files.insert(tile::path(Resource::Hashes(level), n, width), hashes);
    }
    for n in 0..tile::bundles(SIZE) {
        let width = tile::bundle_width(n, SIZE);
        let from = usize::try_from(n * TILE_WIDTH).ok()?;
        let to = from + usize::try_from(width).ok()?;
        let (mut bundle, mut bytes) = (Vec::new(), Vec::new());
        pack::write_head(&mut bytes, (1, SIZE)).ok()?;
        for (place, at) in (from..to).enumerate() {
            tile::push_entry(&mut bundle, entries.get(at)?);
            if let Some((salt, body)) = bodies.get(at)? {
                pack::write_body(&mut bytes, u8::try_from(place).ok()?, salt, body).ok()?;
            }
        }
        files.insert(tile::path(Resource::Entries, n, width), bundle);
        files.insert(tile::path(Resource::Bodies, n, TILE_WIDTH), bytes);
    }
    files.insert("checkpoint".into(), signed(&key, SIZE, edge.root())?);
    files.insert("first".into(), Vec::new());
    let paths = files.keys().cloned().collect();
    files.remove("first");
    Some(Honest {
        key,
        entries,
        bodies,
        roots,
        files,
        older,
        paths,
    })
}

fn signed(key: &SigningKey, size: u64, root: Hash) -> Option<Vec<u8>> {
    let mut note = Note::new(Checkpoint::new("hill/library", size, root).to_string()).ok()?;
    note.sign(key, 1_795_000_000).ok()?;
    Some(note.to_string().into_bytes())
}

/// Bytes that say what is changed.
struct Changes<'a>(&'a [u8]);

impl<'a> Changes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<usize> {
        Some((usize::from(self.byte()?) << 8) | usize::from(self.byte()?))
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Changes one file; none at the end.
    fn apply(&mut self, feed: &Honest, files: &mut Files) -> Option<()> {
        let kind = self.byte()?;
        let path = feed
            .paths
            .get(usize::from(self.byte()?) % feed.paths.len())?;
        let at = self.number()?;
        let mut bytes = files.remove(path).unwrap_or_default();
        let at = at % (bytes.len() + 1);
        match kind % 8 {
            // Gone.
            0 => return Some(()),
            1 => bytes.truncate(at),
            2 => {
                let flip = self.byte()?.max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= flip;
                }
            }
            3 => {
                let len = usize::from(self.byte()?);
                bytes.splice(at..at, self.take(len).iter().copied());
            }
            4 => {
                let to = at.saturating_add(self.number()?).min(bytes.len());
                bytes.drain(at..to);
            }
            // Another file's content.
            5 => {
                let other = feed
                    .paths
                    .get(usize::from(self.byte()?) % feed.paths.len())?;
                bytes = feed.files.get(other).cloned().unwrap_or_default();
            }
            // An older checkpoint of the author's, or a second one of the same size.
            6 => bytes = feed.older.get(at % feed.older.len())?.clone(),
            _ => {
                let size = self.number()? as u64 * u64::from(self.byte()?);
                let root = Hash([self.byte()?; HASH_LEN]);
                bytes = signed(&feed.key, size, root)?;
            }
        }
        bytes.truncate(FILE_LIMIT);
        files.insert(path.clone(), bytes);
        Some(())
    }
}

/// Reads a feed whose files were changed as the bytes say. Whatever lies there: no panic, an end, and of what a piece's
/// proof shows to be of the author's checkpoint, each entry is the one that was published there.
///
/// # Panics
/// It doesn't hold.
pub fn fuzz_follow(data: &[u8]) {
    let Some(feed) = honest() else {
        return;
    };
    let (mut files, mut changes) = (feed.files.clone(), Changes(data));
    let start = u64::from(changes.byte().unwrap_or(0)) * 3 % SIZE;
    for _change in 0..8 {
        if changes.apply(feed, &mut files).is_none() {
            break;
        }
    }
    read(feed, &Memory(files), start);
}

fn read(feed: &Honest, source: &Memory, start: u64) {
    let Ok(reader) = Reader::open(source, feed.key.verifier()) else {
        return;
    };
    for seen in &feed.older {
        if let Err(FollowError::Fork(proof)) = reader.follows(seen) {
            let proof = verify_fork_proof(proof.as_bytes(), feed.key.verifier());
            assert!(proof.is_ok(), "a proof of a fork proves it");
        }
    }
    let mut at = start;
    while let Ok(Some(delta)) = reader.delta(at, at.is_multiple_of(2) || start == 0) {
        let count = delta.entries.len();
        assert!(count > 0 && count <= STEP_ENTRIES, "{count} entries");
        assert!(count == delta.bodies.len() && delta.start == at);
        let end = at + count as u64;
        assert!(
            end <= reader.checkpoint().size,
            "no entry past the checkpoint"
        );
        if belongs(feed, reader.checkpoint(), &delta.entries, at, &delta.proof) {
            let from = usize::try_from(at).unwrap_or(usize::MAX);
            assert!(
                feed.entries.get(from..from + count) == Some(&delta.entries),
                "what the author signed is what was published"
            );
            let honest = feed.bodies.iter().skip(from);
            for ((entry, body), honest) in delta.entries.iter().zip(&delta.bodies).zip(honest) {
                let Some((salt, bytes)) = body else { continue };
                let committed = Entry::decode(entry).is_ok_and(|entry| {
                    entry.commitment().is_some_and(|one| one.holds(salt, bytes))
                });
                assert!(
                    !committed || body == honest,
                    "a body is what its entry commits to"
                );
            }
        }
        at = end;
    }
    let wanted: BTreeSet<u64> = (start..start + 40).collect();
    for (index, ..) in reader
        .bodies(start / TILE_WIDTH, &wanted)
        .unwrap_or_default()
    {
        assert!(wanted.contains(&index) && index < reader.checkpoint().size);
    }
}

/// Whether entries from `at` on, after those that were published before, are the beginning of a checkpoint's: the check
/// that [`crate::Feeds::mirror`] makes.
fn belongs(
    feed: &Honest,
    signed: &Checkpoint,
    entries: &[Vec<u8>],
    at: u64,
    proof: &[Hash],
) -> bool {
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    let before = usize::try_from(at).unwrap_or(usize::MAX);
    for entry in feed.entries.iter().take(before).chain(entries) {
        edge.push(leaf_hash(entry), &mut full);
    }
    let size = edge.size();
    if size < at || !feed.roots.contains(&signed.root) {
        // A history of another author, who signed it: nothing is known of its entries.
        return false;
    }
    if size == signed.size {
        return edge.root() == signed.root;
    }
    verify_consistency((size, &edge.root()), (signed.size, &signed.root), proof)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All entries and bodies that can be had, or the first error's text.
    fn all(source: &Memory) -> Result<(Vec<Vec<u8>>, usize), String> {
        let feed = honest().unwrap();
        let reader =
            Reader::open(source, feed.key.verifier()).map_err(|error| error.to_string())?;
        let (mut entries, mut bodies) = (Vec::new(), 0);
        while let Some(delta) = reader
            .delta(entries.len() as u64, true)
            .map_err(|error| error.to_string())?
        {
            assert!(belongs(
                feed,
                reader.checkpoint(),
                &delta.entries,
                delta.start,
                &delta.proof
            ));
            for (index, body) in delta.bodies.iter().enumerate() {
                let place = usize::try_from(delta.start).unwrap() + index;
                assert!(body.is_none() || body == &feed.bodies[place]);
                bodies += usize::from(body.is_some());
            }
            entries.extend(delta.entries);
        }
        Ok((entries, bodies))
    }

    fn changed(change: impl FnOnce(&mut Files)) -> Result<(Vec<Vec<u8>>, usize), String> {
        let mut files = honest().unwrap().files.clone();
        change(&mut files);
        all(&Memory(files))
    }

    #[test]
    fn an_honest_feed_comes_whole() {
        let feed = honest().unwrap();
        let (entries, bodies) = changed(|_| {}).unwrap();
        assert_eq!(entries, feed.entries);
        assert_eq!(bodies, feed.bodies.iter().flatten().count());
        let source = Memory(feed.files.clone());
        let reader = Reader::open(&source, feed.key.verifier()).unwrap();
        for seen in &feed.older {
            reader.follows(seen).unwrap();
        }
        // Without packs entries come all the same; of a partial bundle that is gone, the full one is taken.
        let (entries, bodies) =
            changed(|files| files.retain(|path, _| !path.starts_with("pack/"))).unwrap();
        assert_eq!((entries.len(), bodies), (600, 0));
        let renamed = changed(|files| {
            let bundle = files.remove("tile/entries/002.p/88").unwrap();
            files.insert("tile/entries/002".into(), bundle);
        });
        assert_eq!(renamed.unwrap().0.len(), 600);
    }

    #[test]
    fn what_is_cut_missing_or_out_of_order_is_named() {
        let refused = |change: fn(&mut Files)| changed(change).unwrap_err();
        let said = refused(|files| drop(files.remove("checkpoint")));
        assert_eq!(said, "checkpoint is missing");
        let said = refused(|files| drop(files.remove("tile/entries/001")));
        assert_eq!(said, "tile/entries/001 is missing");
        let said = refused(|files| files.get_mut("tile/entries/001").unwrap().truncate(500));
        assert!(said.starts_with("tile/entries/001"), "{said}");
        let said = refused(|files| {
            let bundle = files.get_mut("tile/entries/000").unwrap();
            let first = (usize::from(bundle[0]) << 8) | usize::from(bundle[1]);
            bundle.drain(..first + 2);
        });
        assert_eq!(said, "tile/entries/000 has 255 entries, 256 belong there");
        let said = refused(|files| files.get_mut("pack/002").unwrap().truncate(70));
        assert!(said.starts_with("pack/002: "), "{said}");
        let said = refused(|files| files.get_mut("pack/000").unwrap()[3] ^= 1);
        assert_eq!(said, "pack/000: it is no pack");
        let said =
            refused(|files| drop(files.insert("first".into(), b"lampion-first/1\n256\n".to_vec())));
        assert_eq!(
            said,
            "the source begins at entry 256, and only 0 are here: follow one that has those before"
        );
        let said = refused(|files| {
            drop(files.insert("first".into(), b"lampion-first/1\n1024\n".to_vec()))
        });
        assert!(
            said.contains("does not say where the source begins"),
            "{said}"
        );
        // A pack that says a body is of 4 GB costs no memory, and is named.
        let said = refused(|files| {
            let pack = files.get_mut("pack/000").unwrap();
            pack.truncate(31 + 17);
            pack.extend([255; 4]);
        });
        assert_eq!(said, "pack/000: a body is too long");
    }

    #[test]
    fn forged_entries_are_seen_by_the_proof_and_forks_are_proved() {
        let feed = honest().unwrap();
        // An entry of another's making: the piece is handed out with a proof that does not fit, as `mirror` sees.
        let mut files = feed.files.clone();
        let bundle = files.get_mut("tile/entries/000").unwrap();
        let last = bundle.len() - 1;
        bundle[last] ^= 1;
        let source = Memory(files);
        let reader = Reader::open(&source, feed.key.verifier()).unwrap();
        let delta = reader.delta(0, false).unwrap().unwrap();
        assert!(!belongs(
            feed,
            reader.checkpoint(),
            &delta.entries,
            0,
            &delta.proof
        ));
        // A second history, signed: proved by the tiles that show it.
        let mut files = feed.files.clone();
        let other = signed(&feed.key, 256, Hash([9; HASH_LEN])).unwrap();
        let source = Memory(files.clone());
        let reader = Reader::open(&source, feed.key.verifier()).unwrap();
        let Err(FollowError::Fork(proof)) = reader.follows(&other) else {
            panic!("a fork");
        };
        verify_fork_proof(proof.as_bytes(), feed.key.verifier()).unwrap();
        // Tiles that were damaged prove nothing, and are no fork of the author's.
        files.get_mut("tile/0/000").unwrap()[5] ^= 1;
        let source = Memory(files);
        let reader = Reader::open(&source, feed.key.verifier()).unwrap();
        let said = reader.follows(&feed.older[1]).unwrap_err();
        assert!(matches!(said, FollowError::Forged), "{said}");
        // Not signed by this author.
        let other =
            SigningKey::from_seed("hill/library", SignatureKind::Ed25519, &[8; 32]).unwrap();
        assert!(Reader::open(&source, other.verifier()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_change_is_borne(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            fuzz_follow(&bytes);
        }
    }
}
