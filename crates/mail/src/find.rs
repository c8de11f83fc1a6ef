//! Search of one's own mail: an index for each account, by the engine that serves the library.
//!
//! The index lies in `mail/ACCOUNT/index` and can be rebuilt. It is brought up to date when somebody searches: its cursor
//! says up to which UID each mailbox is in it. Documents are messages, and beside them the texts of their attached files
//! (`files`), which are read after the messages can be found (`after`). What is gone from the account is left out of
//! answers at once, and taken out of the index soon after.
//!
//! The engine's collections of mail are named in no list of the library, and are asked for by their account alone.

mod after;
mod files;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lampion_mailproto::mime::{Structure, Summary, text};
use lampion_search::{Begin, Document, IndexPlace, SearchError, SearchRequest, Writer};
use serde::{Deserialize, Serialize};
use tokio::task::JoinError;

use crate::Mail;
use crate::store::{Account, Detail, Item, MailError, MailboxId, MessageId, Uid};

/// Messages read and indexed at a time.
const BATCH: usize = 500;
/// Messages between two commits of the index.
const COMMIT_EVERY: usize = 20_000;
/// Text of one message that is indexed, in bytes.
const TEXT_LIMIT_BYTES: usize = 256 << 10;
/// Indexes that are open at the same time; each holds some files.
const OPEN_LIMIT: usize = 64;
/// How often, and after which pauses, an index is tried that another process writes.
const BUSY_TRIES: u32 = 100;
/// See [`BUSY_TRIES`].
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// Results of one question at most.
const RESULTS_LIMIT: usize = 100;

/// How far an index has come: its cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Up to which UID the messages of each mailbox are in it.
    reached: BTreeMap<i64, Uid>,
    /// Up to which UID their attached files are.
    read: BTreeMap<i64, Uid>,
    /// Up to which change of each mailbox what was taken out of it is out of the index too.
    gone: BTreeMap<i64, i64>,
}

/// The indexes of this process.
pub(crate) struct Indexes {
    open: Mutex<HashMap<String, Arc<Index>>>,
    /// Accounts whose index is looked after now, or soon.
    after: Mutex<HashSet<String>>,
    /// Files of one account at a time are read.
    turn: tokio::sync::Semaphore,
    /// The changes of each account after which its index was last looked after without being asked for.
    tidied: tokio::sync::Mutex<HashMap<String, i64>>,
}

impl Default for Indexes {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            after: Mutex::default(),
            turn: tokio::sync::Semaphore::new(1),
            tidied: tokio::sync::Mutex::default(),
        }
    }
}

#[derive(Default)]
struct Index {
    /// One at a time brings it up to date; `None` before it is opened.
    state: tokio::sync::Mutex<Option<State>>,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The message.
    pub message: MessageId,
    /// Pieces of text around the words (`(text, marked)`), of the message or of the file in which they were found.
    pub snippet: Vec<(String, bool)>,
    /// The attached file in which they were found, if they are not in the message itself; empty if it has no name.
    pub file: Option<String>,
}

/// What a search of one's mail found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Messages, best first.
    pub hits: Vec<Hit>,
    /// How many match, files counted by themselves; perhaps more, if `total_is_exact` is false.
    pub total: u64,
    /// Whether they were counted to the end.
    pub total_is_exact: bool,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Mail {
    fn index_folder(&self, account: &str) -> PathBuf {
        self.kernel().data.join("mail").join(account).join("index")
    }

    /// Messages of an account by a question as people type it, best first.
    ///
    /// # Errors
    /// The database, the index.
    pub async fn find(
        &self,
        account: &Account,
        question: &str,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Found, MailError> {
        self.index(account).await?;
        let (engine, request) = (
            Arc::clone(&self.kernel().search),
            SearchRequest {
                query: question.into(),
                collections: vec![collection(&account.id)],
                limit: limit.clamp(1, RESULTS_LIMIT),
                cursor,
                deadline: Some(Duration::from_millis(
                    self.kernel().config.search_deadline_ms,
                )),
                ..SearchRequest::default()
            },
        );
        let results = blocking(move || engine.search(&request)).await?;
        let mut hits: Vec<Hit> = Vec::new();
        for hit in results.hits {
            let Some((message, is_file)) = files::message_of(&hit.key) else {
                continue;
            };
            match hits.iter_mut().find(|one| one.message == message) {
                // What the message itself says comes before what its files say.
                Some(known) if !is_file && known.file.is_some() => {
                    (known.snippet, known.file) = (hit.snippet, None);
                }
                Some(_) => {}
                None => hits.push(Hit {
                    message,
                    snippet: hit.snippet,
                    file: is_file.then_some(hit.meta),
                }),
            }
        }
        let ids: Vec<MessageId> = hits.iter().map(|hit| hit.message).collect();
        let held: BTreeSet<MessageId> = self
            .store()
            .places(&account.id, &ids)
            .await?
            .into_iter()
            .map(|(message, ..)| message)
            .collect();
        hits.retain(|hit| held.contains(&hit.message));
        Ok(Found {
            hits,
            total: results.total,
            total_is_exact: results.total_is_exact,
            next: results.next,
        })
    }

    /// Messages of an account whose text, subject, people, names of files or text of files hold these words one after the
    /// other; a single word may go on. `None` if there is no word to look for in it: then the messages themselves must be read.
    ///
    /// Words count, not letters within them (RFC 9051 §6.4.4 lets a server search so), in all forms that they have.
    ///
    /// # Errors
    /// The database, the index.
    pub async fn containing(
        &self,
        account: &Account,
        text: &str,
    ) -> Result<Option<BTreeSet<MessageId>>, MailError> {
        if !text.chars().any(char::is_alphanumeric) {
            return Ok(None);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let query = match words.as_slice() {
            // Scripts that are written in syllables or without spaces are found by their parts anyway.
            [one] if one.chars().all(|c| c.is_alphanumeric() && c < '\u{0e00}') => {
                format!("{one}*")
            }
            [one] if one.chars().all(char::is_alphanumeric) => (*one).to_string(),
            _ => format!("\"{}\"", words.join(" ").replace('"', " ")),
        };
        self.index(account).await?;
        let (engine, name) = (Arc::clone(&self.kernel().search), collection(&account.id));
        let found = blocking(move || engine.matching(&name, &query, None)).await?;
        Ok(found.map(|(ids, _)| {
            ids.into_iter()
                .filter_map(|id| i64::try_from(id).ok())
                .map(MessageId)
                .collect()
        }))
    }

    /// Brings the index of an account up to date: all messages can be found when this returns. Their files are read after
    /// it, beside other work.
    ///
    /// # Errors
    /// The database, the index.
    pub async fn index(&self, account: &Account) -> Result<(), MailError> {
        self.index_messages(account).await?;
        self.look_after_index(&account.id);
        Ok(())
    }

    async fn index_messages(&self, account: &Account) -> Result<(), MailError> {
        let index = self.open_index(&account.id).await?;
        let mut state = index.state.lock().await;
        let mailboxes = self.store().mailboxes(&account.id).await?;
        let behind = |state: &State| {
            mailboxes
                .iter()
                .filter(|mailbox| mailbox.uid_next > 1)
                .any(|mailbox| {
                    state.reached.get(&mailbox.id.0).copied().unwrap_or(0) + 1 < mailbox.uid_next
                })
        };
        if state.as_ref().is_some_and(|state| !behind(state)) {
            return Ok(());
        }
        let mut work = Work::begin(self, &account.id).await?;
        for mailbox in &mailboxes {
            work.mailbox(mailbox.id).await?;
        }
        work.commit().await?;
        *state = Some(work.state);
        Ok(())
    }

    async fn open_index(&self, account: &str) -> Result<Arc<Index>, MailError> {
        let (index, close) = {
            let mut open = self
                .indexes()
                .open
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(index) = open.get(account) {
                return Ok(Arc::clone(index));
            }
            // One that nobody uses makes room.
            let idle = (open.len() >= OPEN_LIMIT)
                .then(|| open.iter().find(|(_, index)| Arc::strong_count(index) == 1))
                .flatten()
                .map(|(name, _)| name.clone());
            if let Some(name) = &idle {
                open.remove(name);
            }
            let index = Arc::new(Index::default());
            open.insert(account.to_string(), Arc::clone(&index));
            (index, idle)
        };
        let engine = Arc::clone(&self.kernel().search);
        let place = IndexPlace {
            collection: collection(account),
            folder: self.index_folder(account),
            read_only: false,
        };
        blocking(move || {
            if let Some(close) = close {
                engine.detach(&collection(&close));
            }
            std::fs::create_dir_all(&place.folder)
                .map_err(|error| SearchError::Engine(error.to_string()))?;
            engine.attach(place)
        })
        .await?;
        Ok(index)
    }
}

/// An index that is being brought up to date.
struct Work<'a> {
    mail: &'a Mail,
    writer: Option<Box<dyn Writer>>,
    state: State,
    waiting: usize,
}

impl<'a> Work<'a> {
    /// Opens the index to write to it: whoever does holds the lock of its state.
    async fn begin(mail: &'a Mail, account: &str) -> Result<Self, MailError> {
        let mut tries = 0;
        let writer = loop {
            let (engine, name) = (Arc::clone(&mail.kernel().search), collection(account));
            let begun = move || engine.write(&name, Begin::Edit);
            match tokio::task::spawn_blocking(begun).await {
                // Another process is at it, for a moment.
                Ok(Err(SearchError::Busy(_))) if tries < BUSY_TRIES => tries += 1,
                begun => break settled(begun)?,
            }
            a_moment().await;
        };
        let state = writer
            .cursor()
            .and_then(|cursor| serde_json::from_str(&cursor).ok())
            .unwrap_or_default();
        Ok(Self {
            mail,
            writer: Some(writer),
            state,
            waiting: 0,
        })
    }

    async fn mailbox(&mut self, mailbox: MailboxId) -> Result<(), MailError> {
        let from = self.state.reached.get(&mailbox.0).copied().unwrap_or(0);
        let view = match self.mail.store().view(mailbox).await {
            Ok(view) => view,
            Err(MailError::NoSuchMailbox(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let start = match view.find(from) {
            Ok(at) => at + 1,
            Err(at) => at,
        };
        let new: Vec<Item> = view.from(start).cloned().collect();
        for some in new.chunks(BATCH) {
            let ids: Vec<MessageId> = some.iter().map(|item| item.message).collect();
            let mut documents = Vec::with_capacity(ids.len());
            for detail in self.mail.store().details(&ids).await? {
                match document(self.mail, &detail).await {
                    Ok(document) => documents.push(document),
                    // Deleted just now, or damaged: that must not keep the others from being found.
                    Err(MailError::NoSuchMessage | MailError::Damaged(..)) => {}
                    Err(error) => return Err(error),
                }
            }
            self.add(documents).await?;
            if let Some(last) = some.last() {
                self.state.reached.insert(mailbox.0, last.uid);
            }
            self.waiting += some.len();
            if self.waiting >= COMMIT_EVERY {
                self.commit().await?;
            }
        }
        let end = view.mailbox.uid_next.saturating_sub(1);
        self.state.reached.insert(mailbox.0, end.max(from));
        Ok(())
    }

    async fn add(&mut self, documents: Vec<Document>) -> Result<(), MailError> {
        self.with(move |writer| {
            documents
                .into_iter()
                .try_for_each(|document| writer.add(document))
        })
        .await
    }

    async fn commit(&mut self) -> Result<(), MailError> {
        let cursor = serde_json::to_string(&self.state)
            .map_err(|error| MailError::Fault(error.to_string()))?;
        self.waiting = 0;
        self.with(move |writer| writer.commit(&cursor)).await
    }

    async fn with(
        &mut self,
        what: impl FnOnce(&mut dyn Writer) -> Result<(), SearchError> + Send + 'static,
    ) -> Result<(), MailError> {
        let Some(mut writer) = self.writer.take() else {
            return Err(MailError::Fault("the index is closed".into()));
        };
        let writer = blocking(move || {
            what(&mut *writer)?;
            Ok(writer)
        })
        .await?;
        self.writer = Some(writer);
        Ok(())
    }
}

/// The name of an account's index in the engine.
fn collection(account: &str) -> String {
    format!("mail-{account}")
}

async fn document(mail: &Mail, detail: &Detail) -> Result<Document, MailError> {
    let (structure, summary) = detail.about()?;
    let from = summary.from();
    let mut body = words_of(mail, detail.message, &structure).await?;
    for (_, part) in structure.parts() {
        if let Some(name) = part.file_name() {
            body.push('\n');
            body.push_str(&name);
        }
    }
    Ok(Document {
        key: detail.message.0.to_string(),
        title: summary.subject(),
        headings: people(&summary),
        body,
        kind: "mail".into(),
        authors: from.iter().map(|one| one.shown()).collect(),
        year: None,
        hash: detail.message.0.unsigned_abs(),
        ..Document::default()
    })
}

/// Everybody in its header, by name and address.
fn people(summary: &Summary) -> String {
    let fields = &summary.fields;
    let mut out = String::new();
    for value in [&fields.from, &fields.to, &fields.cc, &fields.bcc]
        .into_iter()
        .flatten()
    {
        for one in lampion_mailproto::mime::address::mailboxes(value) {
            out.push_str(&one.shown());
            out.push(' ');
            out.push_str(&one.address());
            out.push('\n');
        }
    }
    out
}

async fn words_of(
    mail: &Mail,
    message: MessageId,
    structure: &Structure,
) -> Result<String, MailError> {
    let content = mail.store().content(message).await?;
    let mut out = String::new();
    for part in structure.texts() {
        let room = TEXT_LIMIT_BYTES.saturating_sub(out.len());
        if room == 0 {
            break;
        }
        let raw = content
            .range(part.body.start..part.body.end, 4 * room)
            .await?;
        out.push_str(&text::of_part(part, &raw));
        text::truncate(&mut out, TEXT_LIMIT_BYTES);
        out.push('\n');
    }
    Ok(out)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, MailError> {
    settled(tokio::task::spawn_blocking(work).await)
}

fn settled<T>(done: Result<Result<T, SearchError>, JoinError>) -> Result<T, MailError> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(SearchError::DiskFull(_))) => Err(MailError::DiskFull),
        Ok(Err(error)) => Err(MailError::Fault(error.to_string())),
        Err(error) => Err(MailError::Fault(error.to_string())),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "other processes don't say when they are done"
)]
async fn a_moment() {
    tokio::time::sleep(BUSY_PAUSE).await;
}
