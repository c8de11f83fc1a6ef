//! Snapshots: the state of a feed at some size, so that a newcomer need not replay years.
//!
//! ```text
//! snapshot = "lampion-snapshot/1\n" origin:text16 size:u64 root:32 edge bundle *record end    numbers are big-endian
//! edge     = levels:u8 *( hashes:u16 *hash )            the partial tiles, level 0 first; they have the root
//! bundle   = length:u32 bytes                           the entries of the partial bundle
//! record   = 0x01 index:u64 entry:text16 ( 0x00 / 0x01 salt:16 length:u32 body )
//! end      = 0x00 records:u64
//! text16   = length:u16 bytes
//! ```
//!
//! Records are the newest version of each object that lives, and all withdrawals and acknowledgements, in the order of
//! their indexes. A note that the feed's own key signed names origin, size, root and the file's SHA-256:
//!
//! ```text
//! lampion-snapshot/1
//! <origin>
//! <size>
//! <root, base 64>
//! <SHA-256 of the file, base 64>
//! <length of the file in bytes>
//! ```
//!
//! The author's word ties records to the root: a newcomer believes the author in no more than it does when it follows
//! the feed, and from the edge on it checks everything.

use std::io::{self, Read};

use crate::edge::{Edge, FULL_TILE_LEN};
use crate::entry::{Entry, SALT_LEN, Salt};
use crate::limits::{BODY_LIMIT, BUNDLE_LIMIT, ENTRY_LIMIT, ORIGIN_LIMIT, TILE_LEVELS, TILE_WIDTH};
use crate::merkle::{HASH_LEN, Hash, leaf_hash};
use crate::note::{Note, VerifierKey};
use crate::tile::{self, decimal, is_size};

const FIRST_LINE: &str = "lampion-snapshot/1";

/// Why a snapshot isn't taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The note.
    #[error("its note is {0}")]
    Note(&'static str),
    /// The file isn't the one that was signed.
    #[error("it is not the file that was signed: damaged or forged")]
    OtherFile,
    /// The file is not of the form above.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// The file can't be read.
    #[error("it can't be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// What the signed note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotNote {
    /// Which feed.
    pub origin: String,
    /// At how many entries.
    pub size: u64,
    /// Root of the tree of them.
    pub root: Hash,
    /// SHA-256 of the file.
    pub hash: Hash,
    /// Length of the file in bytes.
    pub length: u64,
}

impl SnapshotNote {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!(
            "{FIRST_LINE}\n{}\n{}\n{}\n{}\n{}\n",
            self.origin, self.size, self.root, self.hash, self.length
        )
    }

    /// Reads a note that the feed's own key signed.
    ///
    /// # Errors
    /// Malformed, not signed, or another feed's.
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Self, SnapshotError> {
        let note = Note::parse(bytes).map_err(|_| SnapshotError::Note("malformed"))?;
        note.verify(&[key])
            .map_err(|_| SnapshotError::Note("not signed by the feed's key"))?;
        let lines: Vec<&str> = note.text().lines().collect();
        let [FIRST_LINE, origin, size, root, hash, length] = lines.as_slice() else {
            return Err(SnapshotError::Note("not about a snapshot"));
        };
        let malformed = || SnapshotError::Note("malformed");
        let opened = Self {
            origin: (*origin).to_string(),
            size: decimal(size)
                .filter(|size| is_size(*size))
                .ok_or_else(malformed)?,
            root: root.parse().map_err(|_| malformed())?,
            hash: hash.parse().map_err(|_| malformed())?,
            length: decimal(length).ok_or_else(malformed)?,
        };
        if opened.text() != note.text() {
            return Err(malformed());
        }
        if opened.origin != key.name() {
            return Err(SnapshotError::Note("of another feed"));
        }
        Ok(opened)
    }
}

/// How a snapshot begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotHead {
    /// Which feed.
    pub origin: String,
    /// The partial tiles; size and root are theirs.
    pub edge: Edge,
    /// The partial bundle.
    pub bundle: Vec<u8>,
}

/// One entry that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRecord {
    /// Its index.
    pub index: u64,
    /// What it says.
    pub entry: Entry,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// Its body, if it was there.
    pub body: Option<(Salt, Vec<u8>)>,
}

fn text16(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Adds the beginning.
pub fn write_head(out: &mut Vec<u8>, head: &SnapshotHead) {
    out.extend_from_slice(FIRST_LINE.as_bytes());
    out.push(b'\n');
    text16(out, head.origin.as_bytes());
    out.extend_from_slice(&head.edge.size().to_be_bytes());
    out.extend_from_slice(&head.edge.root().0);
    let levels = head.edge.partials();
    out.push(u8::try_from(levels.len()).unwrap_or(u8::MAX));
    for hashes in levels {
        let count = u16::try_from(hashes.len() / HASH_LEN).unwrap_or(u16::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(hashes);
    }
    let length = u32::try_from(head.bundle.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&head.bundle);
}

/// Adds a record.
pub fn write_record(out: &mut Vec<u8>, index: u64, raw: &[u8], body: Option<(&Salt, &[u8])>) {
    out.push(1);
    out.extend_from_slice(&index.to_be_bytes());
    text16(out, raw);
    match body {
        None => out.push(0),
        Some((salt, body)) => {
            out.push(1);
            out.extend_from_slice(salt);
            out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(body);
        }
    }
}

/// Adds the end.
pub fn write_end(out: &mut Vec<u8>, records: u64) {
    out.push(0);
    out.extend_from_slice(&records.to_be_bytes());
}

/// Reads a snapshot from front to end.
#[derive(Debug)]
pub struct SnapshotReader<R> {
    from: R,
    head: SnapshotHead,
    next: u64,
    records: u64,
    ended: bool,
}

impl<R: Read> SnapshotReader<R> {
    /// Reads the beginning.
    ///
    /// # Errors
    /// Malformed, or what the reader says.
    pub fn new(mut from: R) -> Result<Self, SnapshotError> {
        let malformed = SnapshotError::Malformed;
        let mut first = [0; FIRST_LINE.len() + 1];
        from.read_exact(&mut first)?;
        if first.split_last() != Some((&b'\n', FIRST_LINE.as_bytes())) {
            return Err(malformed("it does not begin as a snapshot"));
        }
        let origin = String::from_utf8(read_text16(&mut from, ORIGIN_LIMIT)?)
            .map_err(|_| malformed("its origin is not UTF-8"))?;
        let size = u64::from_be_bytes(array(&mut from)?);
        let root = Hash(array(&mut from)?);
        let [levels] = array(&mut from)?;
        if usize::from(levels) > TILE_LEVELS + 1 {
            return Err(malformed("its edge has too many levels"));
        }
        let mut partials = Vec::new();
        for _ in 0..levels {
            let len = usize::from(u16::from_be_bytes(array(&mut from)?)) * HASH_LEN;
            if len >= FULL_TILE_LEN {
                return Err(malformed("a tile of its edge is too wide"));
            }
            partials.push(bytes(&mut from, len)?);
        }
        while partials.len() > TILE_LEVELS && partials.last().is_some_and(Vec::is_empty) {
            partials.pop();
        }
        let edge = Edge::new(size, partials)
            .filter(|edge| edge.root() == root)
            .ok_or(malformed("its edge has not its root"))?;
        let len = u32::from_be_bytes(array(&mut from)?) as usize;
        if len > BUNDLE_LIMIT {
            return Err(malformed("its bundle is too long"));
        }
        let bundle = bytes(&mut from, len)?;
        check_bundle(&bundle, &edge)?;
        Ok(Self {
            from,
            head: SnapshotHead {
                origin,
                edge,
                bundle,
            },
            next: 0,
            records: 0,
            ended: false,
        })
    }

    /// How it begins.
    pub fn head(&self) -> &SnapshotHead {
        &self.head
    }

    /// The next record; none after the last.
    ///
    /// # Errors
    /// Malformed, a body that is not the one committed to, or what the reader says.
    pub fn record(&mut self) -> Result<Option<SnapshotRecord>, SnapshotError> {
        let malformed = SnapshotError::Malformed;
        if self.ended {
            return Ok(None);
        }
        match array(&mut self.from)? {
            [0] => return self.end(),
            [1] => {}
            _ => return Err(malformed("a record is of no known kind")),
        }
        let index = u64::from_be_bytes(array(&mut self.from)?);
        if index < self.next || index >= self.head.edge.size() {
            return Err(malformed("its records are out of order"));
        }
        self.next = index + 1;
        self.records += 1;
        let raw = read_text16(&mut self.from, ENTRY_LIMIT)?;
        let entry = Entry::decode(&raw).map_err(|_| malformed("an entry can't be read"))?;
        let body = match array(&mut self.from)? {
            [0] => None,
            [1] => Some(self.body(&entry)?),
            _ => return Err(malformed("a body is of no known kind")),
        };
        Ok(Some(SnapshotRecord {
            index,
            entry,
            raw,
            body,
        }))
    }

    fn body(&mut self, entry: &Entry) -> Result<(Salt, Vec<u8>), SnapshotError> {
        let salt: [u8; SALT_LEN] = array(&mut self.from)?;
        let len = u32::from_be_bytes(array(&mut self.from)?) as usize;
        if len > BODY_LIMIT {
            return Err(SnapshotError::Malformed("a body is too long"));
        }
        let body = bytes(&mut self.from, len)?;
        if !entry
            .commitment()
            .is_some_and(|commitment| commitment.holds(&salt, &body))
        {
            return Err(SnapshotError::Malformed(
                "a body is not the one that its entry commits to",
            ));
        }
        Ok((salt, body))
    }

    fn end(&mut self) -> Result<Option<SnapshotRecord>, SnapshotError> {
        self.ended = true;
        if u64::from_be_bytes(array(&mut self.from)?) != self.records {
            return Err(SnapshotError::Malformed("records are missing"));
        }
        let mut more = [0];
        if self.from.read(&mut more)? != 0 {
            return Err(SnapshotError::Malformed("there is more after its end"));
        }
        Ok(None)
    }
}

fn array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], SnapshotError> {
    let mut out = [0; N];
    from.read_exact(&mut out)?;
    Ok(out)
}

/// Exactly `len` bytes; a short file costs no more memory than it has.
fn bytes(from: &mut impl Read, len: usize) -> Result<Vec<u8>, SnapshotError> {
    let mut out = Vec::new();
    if from.take(len as u64).read_to_end(&mut out)? < len {
        return Err(SnapshotError::Malformed("it is cut"));
    }
    Ok(out)
}

fn read_text16(from: &mut impl Read, limit: usize) -> Result<Vec<u8>, SnapshotError> {
    let len = usize::from(u16::from_be_bytes(array(from)?));
    if len > limit {
        return Err(SnapshotError::Malformed("a text is too long"));
    }
    bytes(from, len)
}

/// The partial bundle's entries must be those that the edge has the hashes of.
fn check_bundle(bundle: &[u8], edge: &Edge) -> Result<(), SnapshotError> {
    let entries = tile::parse_bundle(bundle)
        .map_err(|_| SnapshotError::Malformed("its bundle can't be read"))?;
    let hashes: Vec<u8> = entries
        .iter()
        .flat_map(|entry| leaf_hash(entry).0)
        .collect();
    let fits = entries.len() as u64 == edge.size() % TILE_WIDTH && hashes == edge.partial(0);
    fits.then_some(())
        .ok_or(SnapshotError::Malformed("its bundle is not its edge's"))
}
