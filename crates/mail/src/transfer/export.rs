//! All mail of an account out: Maildir (Maildir++ with folders, flags and keywords) or mbox (mboxrd, one file for each
//! mailbox). Runs on a thread of its own; nothing is in memory whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use lampion_mailproto::imap::utf7;
use lampion_mailproto::mbox::{Notes, Writer};
use lampion_mailproto::tar::TarWriter;
use tokio::runtime::Handle;

use super::line_ends::{LineEnds, to_lf};
use crate::store::{Content, Flags, Item, MailError, Mailbox, Store};

/// Keywords that a Maildir's file names have letters for.
const LETTERS: usize = 26;

/// How mail goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A folder in which each message is a file.
    Maildir,
    /// A file for each mailbox.
    Mbox,
}

/// Why an export ended.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// It can't be written, or nobody reads any more.
    #[error("the export can't be written: {0}")]
    Io(#[from] std::io::Error),
}

/// Where files go.
pub trait Sink {
    /// Begins a file of exactly so many bytes, or (a name that ends with `/`) a folder.
    ///
    /// # Errors
    /// It can't be written.
    fn begin(&mut self, name: &str, size_bytes: u64, modified_s: i64) -> std::io::Result<()>;
    /// Further bytes of it.
    ///
    /// # Errors
    /// It can't be written.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()>;
    /// Ends all.
    ///
    /// # Errors
    /// It can't be written.
    fn finish(self) -> std::io::Result<()>;
}

impl<W: Write> Sink for TarWriter<W> {
    fn begin(&mut self, name: &str, size_bytes: u64, modified_s: i64) -> std::io::Result<()> {
        Self::begin(self, name, size_bytes, modified_s)
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        Self::write(self, bytes)
    }

    fn finish(self) -> std::io::Result<()> {
        Self::finish(self).map(|_| ())
    }
}

/// A folder on the disk.
pub struct FolderSink {
    root: PathBuf,
    open: Option<(BufWriter<File>, i64)>,
}

impl FolderSink {
    /// A folder that isn't there yet, or is empty.
    ///
    /// # Errors
    /// Something is in it; it can't be made.
    pub fn new(root: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(root)?;
        if std::fs::read_dir(root)?.next().is_some() {
            return Err(std::io::Error::other(format!(
                "there is something in {} already: choose an empty folder",
                root.display()
            )));
        }
        Ok(Self {
            root: root.into(),
            open: None,
        })
    }

    fn close(&mut self) -> std::io::Result<()> {
        if let Some((file, modified_s)) = self.open.take() {
            let file = file
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)?;
            let since = Duration::from_secs(u64::try_from(modified_s).unwrap_or(0));
            file.set_modified(UNIX_EPOCH + since)?;
        }
        Ok(())
    }
}

impl Sink for FolderSink {
    fn begin(&mut self, name: &str, _size_bytes: u64, modified_s: i64) -> std::io::Result<()> {
        self.close()?;
        let path = self.root.join(name);
        if name.ends_with('/') {
            return std::fs::create_dir_all(path);
        }
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)?;
        }
        self.open = Some((BufWriter::new(File::create(path)?), modified_s));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.open {
            Some((file, _)) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.close()?;
        File::open(&self.root)?.sync_all()
    }
}

/// Writes all mail of an account; gives how many messages. Call it where blocking is allowed.
///
/// # Errors
/// The store; the sink.
pub fn export<S: Sink>(
    store: &Store,
    account: &str,
    format: Format,
    mut sink: S,
    runtime: &Handle,
) -> Result<u64, ExportError> {
    let mut mailboxes: Vec<(String, Mailbox)> = runtime
        .block_on(store.mailboxes(account))?
        .into_iter()
        .map(|mailbox| (mailbox.name.clone(), mailbox))
        .collect();
    if let Some(kept) = runtime.block_on(store.kept(account))? {
        // It has no name of its own that another mailbox couldn't have.
        let mut name = "Kept".to_string();
        while mailboxes.iter().any(|(other, _)| *other == name) {
            name.push('_');
        }
        mailboxes.push((name, kept));
    }
    let mut out = Out {
        store,
        runtime,
        sink: &mut sink,
        count: 0,
    };
    for (name, mailbox) in &mailboxes {
        match format {
            Format::Maildir => out.maildir(name, mailbox)?,
            Format::Mbox => out.mbox(name, mailbox)?,
        }
    }
    let count = out.count;
    sink.finish()?;
    Ok(count)
}

struct Out<'a, S> {
    store: &'a Store,
    runtime: &'a Handle,
    sink: &'a mut S,
    count: u64,
}

/// The folder of a mailbox in a Maildir++: nothing for INBOX. A dot in a name is written as modified UTF-7 can: `&AC4-`.
fn folder_of(name: &str) -> String {
    if name == "INBOX" {
        return String::new();
    }
    let levels = name
        .split('/')
        .map(|level| utf7::encode(level).replace('.', "&AC4-"));
    levels.fold(String::new(), |path, level| format!("{path}.{level}")) + "/"
}

impl<S: Sink> Out<'_, S> {
    /// A message, if it is still there.
    fn open(&self, item: &Item) -> Result<Option<Content>, MailError> {
        match self.runtime.block_on(self.store.content(item.message)) {
            Ok(content) => Ok(Some(content)),
            Err(MailError::NoSuchMessage) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn maildir(&mut self, name: &str, mailbox: &Mailbox) -> Result<(), ExportError> {
        let folder = folder_of(name);
        for below in ["cur/", "new/", "tmp/"] {
            self.sink.begin(&format!("{folder}{below}"), 0, 0)?;
        }
        if !folder.is_empty() {
            // By this file Maildir++ knows a folder.
            self.sink.begin(&format!("{folder}maildirfolder"), 0, 0)?;
        }
        let view = self.runtime.block_on(self.store.view(mailbox.id))?;
        let letters = letters(view.iter());
        if !letters.is_empty() {
            let mut lines: Vec<(char, String)> =
                letters.iter().map(|(word, c)| (*c, word.clone())).collect();
            lines.sort_unstable();
            let text: String = lines
                .iter()
                .enumerate()
                .map(|(n, (_, word))| format!("{n} {word}\n"))
                .collect();
            self.sink
                .begin(&format!("{folder}dovecot-keywords"), text.len() as u64, 0)?;
            self.sink.write(text.as_bytes())?;
        }
        for item in view.iter() {
            let Some(content) = self.open(item)? else {
                continue;
            };
            let mut ends = LineEnds::default();
            pieces(self.runtime, &content, |piece| {
                ends.count(piece);
                Ok(())
            })?;
            let lf = ends.to_lf();
            let size = content.size_bytes - if lf { ends.crlf } else { 0 };
            let seconds = item.internal_ms.div_euclid(1_000).max(0);
            let file = format!(
                "{folder}cur/{seconds}.M{}U{}.lampion,S={size},W={}:2,{}",
                item.message.0,
                item.uid,
                content.size_bytes,
                info(item, &letters),
            );
            self.sink.begin(&file, size, seconds)?;
            let (sink, mut shorter) = (&mut *self.sink, Vec::new());
            pieces(self.runtime, &content, |piece| {
                if !lf {
                    return sink.write(piece);
                }
                shorter.clear();
                to_lf(piece, &mut shorter);
                sink.write(&shorter)
            })?;
            self.count += 1;
        }
        Ok(())
    }

    /// Written twice: the first time to know the size, which an archive wants before.
    fn mbox(&mut self, name: &str, mailbox: &Mailbox) -> Result<(), ExportError> {
        let view = self.runtime.block_on(self.store.view(mailbox.id))?;
        let (mut size, mut last, mut there) = (0u64, 0, Vec::new());
        for item in view.iter() {
            let Some(content) = self.open(item)? else {
                continue;
            };
            as_mbox(self.runtime, item, &content, |bytes| {
                size += bytes.len() as u64;
                Ok(())
            })?;
            last = last.max(item.internal_ms.div_euclid(1_000));
            there.push(item.clone());
        }
        self.sink.begin(&format!("{name}.mbox"), size, last)?;
        for item in there {
            // Were it deleted between the two, the archive would be broken: the reader is told by its end.
            let content = self.open(&item)?.ok_or(MailError::NoSuchMessage)?;
            let sink = &mut *self.sink;
            as_mbox(self.runtime, &item, &content, |bytes| sink.write(bytes))?;
            self.count += 1;
        }
        Ok(())
    }
}

/// The bytes of a message, piece by piece.
fn pieces(
    runtime: &Handle,
    content: &Content,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), ExportError> {
    let mut at = 0;
    loop {
        let piece = runtime.block_on(content.piece(at))?;
        if piece.is_empty() {
            return Ok(());
        }
        at += piece.len() as u64;
        each(&piece)?;
    }
}

/// A message as mboxrd has it.
fn as_mbox(
    runtime: &Handle,
    item: &Item,
    content: &Content,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), ExportError> {
    let words = item.keywords.split(' ').filter(|word| !word.is_empty());
    let notes = Notes {
        received_ms: Some(item.internal_ms),
        seen: item.flags.has(Flags::SEEN),
        answered: item.flags.has(Flags::ANSWERED),
        flagged: item.flags.has(Flags::FLAGGED),
        deleted: item.flags.has(Flags::DELETED),
        draft: item.flags.has(Flags::DRAFT),
        keywords: words.map(Into::into).collect(),
        ..Notes::default()
    };
    let (mut writer, mut out) = (Writer::default(), Vec::new());
    writer.begin(&notes, &mut out);
    each(&out)?;
    pieces(runtime, content, |piece| {
        out.clear();
        writer.push(piece, &mut out);
        each(&out)
    })?;
    out.clear();
    writer.end(&mut out);
    each(&out)?;
    Ok(())
}

/// A letter for each keyword of some messages, as far as there are letters.
fn letters<'a>(items: impl Iterator<Item = &'a Item>) -> BTreeMap<String, char> {
    let mut out = BTreeMap::new();
    for item in items {
        for word in item.keywords.split(' ').filter(|word| !word.is_empty()) {
            if word.eq_ignore_ascii_case("$Forwarded")
                || out.contains_key(word)
                || out.len() >= LETTERS
            {
                continue;
            }
            let letter = ('a'..='z').nth(out.len()).unwrap_or('z');
            out.insert(word.to_string(), letter);
        }
    }
    out
}

/// The letters after `:2,`, in the order of the alphabet.
fn info(item: &Item, letters: &BTreeMap<String, char>) -> String {
    let mut all: Vec<char> = [
        (Flags::DRAFT, 'D'),
        (Flags::FLAGGED, 'F'),
        (Flags::ANSWERED, 'R'),
        (Flags::SEEN, 'S'),
        (Flags::DELETED, 'T'),
    ]
    .iter()
    .filter(|(flag, _)| item.flags.has(*flag))
    .map(|(_, letter)| *letter)
    .collect();
    for word in item.keywords.split(' ') {
        if word.eq_ignore_ascii_case("$Forwarded") {
            all.push('P');
        } else if let Some(letter) = letters.get(word) {
            all.push(*letter);
        }
    }
    all.sort_unstable();
    all.into_iter().collect()
}
