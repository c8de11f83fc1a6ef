//! What is done with an index beside other work, once the messages in it can be found: documents of messages that are gone
//! are taken out, and attached files are read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use lampion_confined::Worker;
use lampion_confined::text::Texts;
use lampion_db::{query_as, query_scalar};
use lampion_search::Document;
use tokio_util::sync::CancellationToken;

use super::{Work, blocking, collection, files};
use crate::Mail;
use crate::store::{Account, Detail, MailError, MailboxId, MessageId, Uid};

/// Messages that are looked at between two commits.
const BATCH: usize = 5_000;
/// Messages with files that are read between two commits.
const BATCH_READ: usize = 100;
/// Messages whose structure is fetched at a time.
const DETAILS: usize = 200;
/// Text between two commits, in bytes.
const BATCH_BYTES: usize = 8 << 20;
/// The longest that reading one file may take, whatever imports may take.
const FILE_TIME: Duration = Duration::from_secs(30);
/// The most memory that reading one file may take, whatever imports may take.
const FILE_MEMORY_BYTES: u64 = 256 << 20;
/// How often indexes of accounts that nobody searches are looked after.
const EVERY: Duration = Duration::from_secs(3_600);

/// Files that are read next: where the reading stands after them, and the messages whose files were read.
#[derive(Default)]
struct Batch {
    upto: Vec<(i64, Uid)>,
    documents: HashMap<MessageId, Vec<Document>>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.documents.len() >= BATCH_READ || self.bytes >= BATCH_BYTES
    }

    fn add(&mut self, message: MessageId, documents: Vec<Document>) {
        if !documents.is_empty() {
            self.bytes += documents.iter().map(|one| one.body.len()).sum::<usize>();
            self.documents.insert(message, documents);
        }
    }
}

impl Mail {
    /// Says how attached files are read, once. Without it their text is not found.
    pub fn read_files_with(&self, mut worker: Worker) {
        worker.item_time = worker.item_time.min(FILE_TIME);
        worker.memory_bytes = worker.memory_bytes.min(FILE_MEMORY_BYTES);
        self.0.reader.get_or_init(|| worker);
    }

    /// Lets [`Mail::tidy_index`] run soon, once.
    pub(super) fn look_after_index(&self, account: &str) {
        let indexes = self.indexes();
        let mut after = indexes.after.lock().unwrap_or_else(PoisonError::into_inner);
        if !after.insert(account.to_string()) {
            return;
        }
        let (mail, account) = (self.clone(), account.to_string());
        tokio::spawn(async move {
            let turn = mail.indexes().turn.acquire().await;
            // From here on, who searches has it looked at once more.
            {
                let after = &mail.indexes().after;
                let mut after = after.lock().unwrap_or_else(PoisonError::into_inner);
                after.remove(&account);
            }
            drop(turn);
            if let Err(error) = mail.tidy_index(&account).await {
                tracing::warn!(%error, "an index of mail could not be looked after: the next search tries it again");
            }
        });
    }

    /// Takes out of an account's index what is gone from the account, and reads the attached files of messages in it.
    ///
    /// # Errors
    /// The database, the index; no reader can be started.
    pub async fn tidy_index(&self, account: &str) -> Result<(), MailError> {
        self.take_out_of_index(account).await?;
        let Some(worker) = self.0.reader.get() else {
            return Ok(());
        };
        loop {
            // One account after the other, a batch each; no child is left waiting for the next turn.
            let _turn = self.indexes().turn.acquire().await;
            let limits = (files::FILE_LIMIT_BYTES, files::TEXT_LIMIT_BYTES);
            let mut texts = Texts::new(worker.clone(), limits.0, limits.1);
            let Some(batch) = self.read_some(account, &mut texts).await? else {
                return Ok(());
            };
            self.add_files(account, batch).await?;
        }
    }

    /// The last change of each mailbox by which something was taken out of it.
    async fn gone_marks(&self, account: &str) -> Result<BTreeMap<i64, i64>, MailError> {
        let rows: Vec<(i64, Option<i64>)> = query_as(
            "select m.id, (select max(e.modseq) from mail_expunged e where e.mailbox = m.id)
             from mail_mailbox m where m.account = $1",
        )
        .bind(account)
        .fetch_all(self.kernel().db.read())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(mailbox, gone)| (mailbox, gone.unwrap_or(0)))
            .collect())
    }

    async fn take_out_of_index(&self, account: &str) -> Result<(), MailError> {
        let index = self.open_index(account).await?;
        let mut state = index.state.lock().await;
        // Before the messages are read: what is deleted in between is seen the next time.
        let marks = self.gone_marks(account).await?;
        if state.as_ref().is_none_or(|state| state.gone == marks) {
            return Ok(());
        }
        let held: HashSet<i64> = query_scalar(
            "select distinct i.message from mail_item i join mail_mailbox m on m.id = i.mailbox where m.account = $1",
        )
        .bind(account)
        .fetch_all(self.kernel().db.read())
        .await?
        .into_iter()
        .collect();
        let (engine, name) = (Arc::clone(&self.kernel().search), collection(account));
        let mut gone: HashMap<u64, usize> = HashMap::new();
        for hash in blocking(move || engine.hashes(&name)).await? {
            if !held.contains(&i64::try_from(hash).unwrap_or(0)) {
                *gone.entry(hash).or_default() += 1;
            }
        }
        let mut work = Work::begin(self, account).await?;
        work.with(move |writer| {
            for (hash, documents) in gone {
                let id = MessageId(i64::try_from(hash).unwrap_or(0));
                writer.remove(&id.0.to_string())?;
                (1..=documents).try_for_each(|nth| writer.remove(&files::key(id, nth)))?;
            }
            Ok(())
        })
        .await?;
        work.state.gone = marks;
        work.commit().await?;
        *state = Some(work.state);
        Ok(())
    }

    /// Reads files of the next messages; `None` when all are read. Nobody waits meanwhile.
    async fn read_some(
        &self,
        account: &str,
        texts: &mut Texts,
    ) -> Result<Option<Batch>, MailError> {
        let index = self.open_index(account).await?;
        let Some(state) = index.state.lock().await.clone() else {
            return Ok(None);
        };
        let (mut batch, mut room) = (Batch::default(), BATCH);
        for (mailbox, reached) in state.reached {
            let from = state.read.get(&mailbox).copied().unwrap_or(0);
            if from >= reached || room == 0 || batch.is_full() {
                continue;
            }
            let view = match self.store().view(MailboxId(mailbox)).await {
                Ok(view) => view,
                Err(MailError::NoSuchMailbox(_)) => {
                    batch.upto.push((mailbox, reached));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let start = view.find(from).map_or_else(|at| at, |at| at + 1);
            let items: Vec<(Uid, MessageId)> = view
                .from(start)
                .take_while(|item| item.uid <= reached)
                .take(room)
                .map(|item| (item.uid, item.message))
                .collect();
            room -= items.len();
            let mut upto = match items.last() {
                Some((last, _)) if room == 0 => *last,
                _ => reached,
            };
            for some in items.chunks(DETAILS) {
                let ids: Vec<MessageId> = some.iter().map(|(_, message)| *message).collect();
                let details: HashMap<MessageId, Detail> = self
                    .store()
                    .details(&ids)
                    .await?
                    .into_iter()
                    .map(|detail| (detail.message, detail))
                    .collect();
                for (uid, message) in some {
                    if batch.is_full() {
                        upto = upto.min(uid - 1);
                        break;
                    }
                    if let Some(detail) = details.get(message) {
                        let documents = self.files_of(account, detail, texts).await?;
                        batch.add(*message, documents);
                    }
                }
            }
            batch.upto.push((mailbox, upto));
        }
        Ok((!batch.upto.is_empty()).then_some(batch))
    }

    async fn files_of(
        &self,
        account: &str,
        detail: &Detail,
        texts: &mut Texts,
    ) -> Result<Vec<Document>, MailError> {
        let Ok((structure, summary)) = detail.about() else {
            return Ok(Vec::new());
        };
        let parts = files::readable(&structure);
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        // One that was moved or copied has been read.
        let (engine, name) = (Arc::clone(&self.kernel().search), collection(account));
        let key = files::key(detail.message, 1);
        if blocking(move || engine.get(&name, &key)).await?.is_some() {
            return Ok(Vec::new());
        }
        let read = async {
            let content = self.store().content(detail.message).await?;
            let subject = summary.subject();
            files::documents(&content, (detail, &subject), &parts, texts).await
        };
        match read.await {
            // Deleted just now, or damaged: that must not keep the others from being found.
            Err(MailError::NoSuchMessage | MailError::Damaged(..)) => Ok(Vec::new()),
            read => read,
        }
    }

    async fn add_files(&self, account: &str, mut batch: Batch) -> Result<(), MailError> {
        let index = self.open_index(account).await?;
        let mut state = index.state.lock().await;
        // What was deleted while it was read doesn't come back; what is deleted from here on is seen by its mark.
        let ids: Vec<MessageId> = batch.documents.keys().copied().collect();
        let places = self.store().places(account, &ids).await?;
        let held: HashSet<MessageId> = places.into_iter().map(|(message, ..)| message).collect();
        batch.documents.retain(|message, _| held.contains(message));
        let mut work = Work::begin(self, account).await?;
        work.state.read.extend(batch.upto);
        work.add(batch.documents.into_values().flatten().collect())
            .await?;
        work.commit().await?;
        *state = Some(work.state);
        Ok(())
    }

    /// Looks after indexes that nobody asks for, until the node stops: what somebody deletes is gone from the index too,
    /// though they never search again.
    pub(crate) async fn tidy_indexes(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = pause() => {}
            }
            let tidied = tokio::select! {
                () = stop.cancelled() => return,
                tidied = self.tidy_all_indexes() => tidied,
            };
            if let Err(error) = tidied {
                tracing::warn!(%error, "indexes of mail could not be looked after: it is tried again");
            }
        }
    }

    /// Looks after all indexes of accounts that have changed since it was last done.
    ///
    /// # Errors
    /// The database, an index.
    pub async fn tidy_all_indexes(&self) -> Result<(), MailError> {
        let changes: Vec<(String, i64)> = query_as(
            "select account, cast(sum(modseq) as bigint) from mail_mailbox group by account order by account",
        )
        .fetch_all(self.kernel().db.read())
        .await?;
        let mut tidied = self.indexes().tidied.lock().await;
        for (id, changed) in changes {
            if tidied.get(&id) == Some(&changed) || !self.index_folder(&id).exists() {
                continue;
            }
            if let Some(account) = self.store().account(&id).await? {
                self.tidy_one(&account).await?;
            }
            tidied.insert(id, changed);
        }
        Ok(())
    }

    async fn tidy_one(&self, account: &Account) -> Result<(), MailError> {
        self.index_messages(account).await?;
        self.tidy_index(&account.id).await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody says that they deleted mail"
)]
async fn pause() {
    tokio::time::sleep(EVERY).await;
}
