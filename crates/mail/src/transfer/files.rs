//! Reads folders and files of mail on a thread of its own.
//!
//! - Maildir: `cur` and `new`; folders as `.Name.Below` beside them (Maildir++) or as folders in folders; flags after
//!   `:2,`; keywords by `dovecot-keywords`. The time is the file's.
//! - mbox: any file that begins with `From `; Thunderbird's `Name.sbd` holds what is below `Name`.
//! - `.eml`: one message each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use lampion_mailproto::imap::utf7;
use lampion_mailproto::mbox;
use tokio::sync::mpsc::Sender;

use super::line_ends::{LineEnds, to_crlf};
use super::source::{Came, fitting};
use crate::store::Flags;

/// Folders in folders at most.
const DEPTH: usize = 20;
/// Bytes that are handed on at once.
const PIECE: usize = 64 * 1024;

/// What is read.
#[derive(Debug)]
pub enum Event {
    /// How much there is: messages (or files), bytes.
    Planned(i64, i64),
    /// A mailbox is there, even if it is empty.
    Folder(String),
    /// A message begins.
    Begin(Begin),
    /// Some of its bytes.
    Bytes(Vec<u8>),
    /// It ends.
    End,
    /// Something couldn't be read: what, and why.
    Failed(String, String),
    /// Bytes of something that came before, or of what is no message.
    Passed(i64),
}

/// A message that begins.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Mailbox.
    pub folder: String,
    /// Which file of it (an mbox has its path here, a Maildir nothing).
    pub file: String,
    /// Which message of the file.
    pub item: i64,
    /// System flags.
    pub flags: Flags,
    /// Other flags.
    pub keywords: Vec<String>,
    /// Received then, ms since 1970.
    pub internal_ms: Option<i64>,
}

/// Something with messages.
#[derive(Debug)]
enum Found {
    Maildir(PathBuf),
    Mbox(PathBuf),
    Message(PathBuf),
}

/// Nobody listens any more.
struct Gone;

/// Reads all that is at a path; ends when all is read or nobody listens.
pub fn read(root: &Path, only: &str, came: &Came, out: &Sender<Event>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    walk(root, &mut Vec::new(), 0, &mut found, &mut problems);
    let mut reading = Reading { came, out, root };
    let _nobody_listens = reading.all(&found, only, problems);
}

struct Reading<'a> {
    came: &'a Came,
    out: &'a Sender<Event>,
    root: &'a Path,
}

/// Whether a folder is a Maildir.
fn is_maildir(path: &Path) -> bool {
    path.join("cur").is_dir() || path.join("new").is_dir()
}

fn begins_as_mbox(path: &Path) -> bool {
    let mut start = [0u8; 5];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && start == *b"From "
}

/// Levels of a Maildir++ folder's name: `.Archive.2024`.
fn levels_of(name: &str) -> Vec<String> {
    name.trim_start_matches('.')
        .split('.')
        .filter(|level| !level.is_empty())
        .map(|level| utf7::decode(level).unwrap_or_else(|| level.into()))
        .collect()
}

fn walk(
    path: &Path,
    levels: &mut Vec<String>,
    depth: usize,
    found: &mut Vec<(String, Found)>,
    problems: &mut Vec<(String, String)>,
) {
    // A link could lead anywhere, also in circles.
    let Ok(about) = std::fs::symlink_metadata(path) else {
        problems.push((path.display().to_string(), "it can't be read".into()));
        return;
    };
    if about.is_file() {
        file(path, levels, depth, found);
        return;
    }
    if !about.is_dir() || depth > DEPTH {
        return;
    }
    let maildir = is_maildir(path);
    if maildir {
        found.push((fitting(levels), Found::Maildir(path.into())));
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push((path.display().to_string(), error.to_string()));
            return;
        }
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let folder = std::fs::symlink_metadata(&entry).is_ok_and(|about| about.is_dir());
        if maildir && (!folder || matches!(name.as_str(), "cur" | "new" | "tmp")) {
            continue;
        }
        let before = levels.len();
        if folder && name.starts_with('.') {
            if !is_maildir(&entry) {
                continue;
            }
            levels.extend(levels_of(&name));
        } else if folder {
            levels.push(name.strip_suffix(".sbd").unwrap_or(&name).into());
        }
        walk(&entry, levels, depth + 1, found, problems);
        levels.truncate(before);
    }
}

fn file(path: &Path, levels: &[String], depth: usize, found: &mut Vec<(String, Found)>) {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let is_message = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("eml"));
    if is_message {
        found.push((fitting(levels), Found::Message(path.into())));
    } else if begins_as_mbox(path) || (depth == 0 && path.is_file()) {
        let stem = name
            .strip_suffix(".mbox")
            .or_else(|| name.strip_suffix(".mbx"))
            .unwrap_or(&name);
        let mut levels = levels.to_vec();
        // `mbox` in a folder of its own is how others name the messages of that folder.
        let own = stem.eq_ignore_ascii_case("mbox") || stem.eq_ignore_ascii_case("inbox");
        if !own {
            levels.push(stem.into());
        }
        found.push((fitting(&levels), Found::Mbox(path.into())));
    }
}

impl Reading<'_> {
    fn send(&self, event: Event) -> Result<(), Gone> {
        self.out.blocking_send(event).map_err(|_| Gone)
    }

    fn name(&self, path: &Path) -> String {
        let path = path.strip_prefix(self.root).unwrap_or(path);
        path.to_string_lossy().into_owned()
    }

    fn all(
        &mut self,
        found: &[(String, Found)],
        only: &str,
        problems: Vec<(String, String)>,
    ) -> Result<(), Gone> {
        let (mut items, mut bytes) = (0i64, 0i64);
        for (_, one) in found {
            let size = |path: &Path| {
                path.metadata()
                    .map_or(0, |about| i64::try_from(about.len()).unwrap_or(0))
            };
            match one {
                Found::Mbox(path) | Found::Message(path) => bytes += size(path),
                Found::Maildir(path) => {
                    for file in messages(path) {
                        items += 1;
                        bytes += size(&file);
                    }
                }
            }
        }
        self.send(Event::Planned(items, bytes))?;
        for (what, why) in problems {
            self.send(Event::Failed(what, why))?;
        }
        for (folder, one) in found {
            let folder = if only.is_empty() {
                folder.as_str()
            } else {
                only
            };
            self.send(Event::Folder(folder.into()))?;
            match one {
                Found::Maildir(path) => self.maildir(folder, path)?,
                Found::Mbox(path) => self.mbox(folder, path)?,
                Found::Message(path) => {
                    let begin = Begin {
                        folder: folder.into(),
                        file: self.name(path),
                        item: 0,
                        flags: Flags::default(),
                        keywords: Vec::new(),
                        internal_ms: None,
                    };
                    self.message(begin, path)?;
                }
            }
        }
        Ok(())
    }

    fn maildir(&mut self, folder: &str, path: &Path) -> Result<(), Gone> {
        let keywords = keywords(path);
        for file in messages(path) {
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let (base, letters) = match name.split_once(":2,").or_else(|| name.split_once("!2,")) {
                Some((base, letters)) => (base, letters),
                None => (name.as_str(), ""),
            };
            let (flags, keywords) = flags(letters, &keywords);
            let begin = Begin {
                folder: folder.into(),
                file: self.name(path),
                item: hash(base),
                flags,
                keywords,
                internal_ms: None,
            };
            self.message(begin, &file)?;
        }
        Ok(())
    }

    /// A message that is a file.
    fn message(&mut self, mut begin: Begin, path: &Path) -> Result<(), Gone> {
        let size = path
            .metadata()
            .map_or(0, |about| i64::try_from(about.len()).unwrap_or(0));
        if self.came.has(&begin.file, 0, begin.item) {
            return self.send(Event::Passed(size));
        }
        let opened = File::open(path).and_then(|mut file| {
            let mut ends = LineEnds::default();
            let mut piece = vec![0; PIECE];
            loop {
                let read = file.read(&mut piece)?;
                if read == 0 {
                    break;
                }
                ends.count(piece.get(..read).unwrap_or_default());
            }
            file.rewind()?;
            let modified = file.metadata()?.modified()?;
            Ok((file, ends, modified))
        });
        let (mut file, ends, modified) = match opened {
            Ok(opened) => opened,
            // Another program may have moved it just now.
            Err(error) => return self.send(Event::Failed(self.name(path), error.to_string())),
        };
        begin.internal_ms = modified
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok());
        self.send(Event::Begin(begin))?;
        loop {
            let mut piece = vec![0; PIECE];
            let read = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => return self.send(Event::Failed(self.name(path), error.to_string())),
            };
            piece.truncate(read);
            if ends.to_crlf() {
                let mut longer = Vec::with_capacity(piece.len() + 1_000);
                to_crlf(&piece, &mut longer);
                piece = longer;
            }
            self.send(Event::Bytes(piece))?;
        }
        self.send(Event::End)
    }

    fn mbox(&mut self, folder: &str, path: &Path) -> Result<(), Gone> {
        let name = self.name(path);
        let opened = File::open(path).map_err(mbox::MboxError::from);
        let reader =
            opened.and_then(|file| mbox::Reader::new(BufReader::with_capacity(PIECE, file)));
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => return self.send(Event::Failed(name, error.to_string())),
        };
        loop {
            let mut message = match reader.next_message() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(()),
                Err(error) => return self.send(Event::Failed(name, error.to_string())),
            };
            let notes = &message.notes;
            let item = i64::try_from(notes.offset).unwrap_or(i64::MAX);
            let known = self.came.has(&name, 0, item);
            if !known {
                let mut flags = Flags::default();
                for (is, flag) in [
                    (notes.seen, Flags::SEEN),
                    (notes.answered, Flags::ANSWERED),
                    (notes.flagged, Flags::FLAGGED),
                    (notes.deleted, Flags::DELETED),
                    (notes.draft, Flags::DRAFT),
                ] {
                    if is {
                        flags = flags.with(flag);
                    }
                }
                self.send(Event::Begin(Begin {
                    folder: folder.into(),
                    file: name.clone(),
                    item,
                    flags,
                    keywords: notes.keywords.clone(),
                    internal_ms: notes.received_ms,
                }))?;
            }
            let mut piece = std::mem::take(&mut message.head);
            loop {
                let more = match message.body(&mut piece, PIECE) {
                    Ok(more) => more,
                    Err(error) => return self.send(Event::Failed(name, error.to_string())),
                };
                let piece = std::mem::take(&mut piece);
                if known {
                    self.send(Event::Passed(i64::try_from(piece.len()).unwrap_or(0)))?;
                } else {
                    self.send(Event::Bytes(piece))?;
                }
                if !more {
                    break;
                }
            }
            if !known {
                self.send(Event::End)?;
            }
        }
    }
}

/// The messages of a Maildir, by name (which begins with their time).
fn messages(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["cur", "new"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(path.join(folder)).ok())
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
        })
        .collect();
    all.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    all
}

/// Letters of keywords, as Dovecot writes them down: `0 $Forwarded`.
fn keywords(path: &Path) -> BTreeMap<char, String> {
    let text = std::fs::read_to_string(path.join("dovecot-keywords")).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (number, keyword) = line.split_once(' ')?;
            let letter = ('a'..='z').nth(number.parse().ok()?)?;
            Some((letter, keyword.to_string()))
        })
        .collect()
}

fn flags(letters: &str, known: &BTreeMap<char, String>) -> (Flags, Vec<String>) {
    let (mut flags, mut keywords) = (Flags::default(), Vec::new());
    for letter in letters.chars() {
        match letter {
            'S' => flags = flags.with(Flags::SEEN),
            'R' => flags = flags.with(Flags::ANSWERED),
            'F' => flags = flags.with(Flags::FLAGGED),
            'T' => flags = flags.with(Flags::DELETED),
            'D' => flags = flags.with(Flags::DRAFT),
            'P' => keywords.push("$Forwarded".to_string()),
            other => keywords.extend(known.get(&other).cloned()),
        }
    }
    (flags, keywords)
}

/// A number for a file's name: 63 bits of a hash.
fn hash(name: &str) -> i64 {
    let hash = blake3::hash(name.as_bytes());
    let bytes = hash
        .as_bytes()
        .first_chunk::<8>()
        .copied()
        .unwrap_or_default();
    i64::from_le_bytes(bytes) & i64::MAX
}
