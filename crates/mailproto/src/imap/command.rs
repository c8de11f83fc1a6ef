//! What a command says.

use super::cursor::{Cursor, Parsed, SyntaxError};
pub use super::fetch::{FetchItem, Section, SectionText};
pub use super::list::{ListCommand, ListReturn, ListSelect};
pub use super::search::{ReturnOption, SearchCommand, SearchKey, SortCommand, SortKey, Threading};
use super::set::SequenceSet;

/// A flag of the protocol itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemFlag {
    /// Read.
    Seen,
    /// Answered.
    Answered,
    /// Marked as important.
    Flagged,
    /// To be removed by `EXPUNGE`.
    Deleted,
    /// Not finished.
    Draft,
}

impl SystemFlag {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Answered,
        Self::Flagged,
        Self::Deleted,
        Self::Seen,
        Self::Draft,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seen => "\\Seen",
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Draft => "\\Draft",
        }
    }

    /// Its bit in [`FlagList::system`].
    pub const fn bit(self) -> u8 {
        match self {
            Self::Seen => 1,
            Self::Answered => 2,
            Self::Flagged => 4,
            Self::Deleted => 8,
            Self::Draft => 16,
        }
    }
}

/// Flags as a client names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlagList {
    /// Bits of [`SystemFlag`].
    pub system: u8,
    /// Keywords as they were written, each once.
    pub keywords: Vec<String>,
}

/// What `STORE` does with flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreHow {
    /// `FLAGS`
    Replace,
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
}

/// Parameters of `SELECT` and `EXAMINE`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelectParams {
    /// `CONDSTORE` (RFC 7162 §3.1.8).
    pub condstore: bool,
    /// `QRESYNC (…)` (RFC 7162 §3.2.5).
    pub qresync: Option<QResync>,
}

/// What a client knows of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QResync {
    /// The UIDVALIDITY that its knowledge belongs to.
    pub uid_validity: u32,
    /// The highest MODSEQ that it knows.
    pub modseq: u64,
    /// UIDs that it knows; `None` for all.
    pub known: Option<SequenceSet>,
    /// Sequence numbers and UIDs that belonged to each other, to narrow down what vanished.
    pub pairs: Option<(SequenceSet, SequenceSet)>,
}

/// Modifiers of `FETCH`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FetchModifiers {
    /// `CHANGEDSINCE`
    pub changed_since: Option<u64>,
    /// `VANISHED`
    pub vanished: bool,
}

/// A resource with its limit.
pub type ResourceLimit = (String, u64);

/// `FETCH`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchCommand {
    /// Whether the set holds UIDs.
    pub uid: bool,
    /// Which messages.
    pub set: SequenceSet,
    /// What of them.
    pub items: Vec<FetchItem>,
    /// Modifiers.
    pub modifiers: FetchModifiers,
}

/// `STORE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreCommand {
    /// Whether the set holds UIDs.
    pub uid: bool,
    /// Which messages.
    pub set: SequenceSet,
    /// `UNCHANGEDSINCE`
    pub unchanged_since: Option<u64>,
    /// What to do.
    pub how: StoreHow,
    /// `.SILENT`
    pub silent: bool,
    /// The flags.
    pub flags: FlagList,
}

/// `COPY` and `MOVE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyCommand {
    /// Whether the set holds UIDs.
    pub uid: bool,
    /// Whether the messages go from where they were.
    pub moves: bool,
    /// Which messages.
    pub set: SequenceSet,
    /// Where to.
    pub mailbox: String,
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the command of its name")]
pub enum Body {
    Capability,
    Noop,
    Logout,
    StartTls,
    Authenticate {
        mechanism: String,
        initial: Option<Vec<u8>>,
    },
    Login {
        name: Vec<u8>,
        password: Vec<u8>,
    },
    /// Field and value; what can't be read as text is left out.
    Id(Vec<(String, String)>),
    Enable(Vec<String>),
    Namespace,
    Idle,
    Select {
        mailbox: String,
        read_only: bool,
        params: SelectParams,
    },
    Create {
        mailbox: String,
        special: Vec<String>,
    },
    Delete(String),
    Rename {
        from: String,
        to: String,
    },
    Subscribe(String),
    Unsubscribe(String),
    List(ListCommand),
    Lsub {
        reference: String,
        pattern: String,
    },
    Status {
        mailbox: String,
        items: Vec<StatusItem>,
    },
    Check,
    Close,
    Unselect,
    /// UIDs, if it is `UID EXPUNGE`.
    Expunge(Option<SequenceSet>),
    Search(SearchCommand),
    Sort(SortCommand),
    Thread {
        uid: bool,
        how: Threading,
        key: SearchKey,
    },
    Fetch(FetchCommand),
    Store(StoreCommand),
    Copy(CopyCommand),
    Compress,
    GetQuota(String),
    GetQuotaRoot(String),
    SetQuota {
        root: String,
        limits: Vec<ResourceLimit>,
    },
    /// An empty mailbox is the server itself.
    GetMetadata {
        mailbox: String,
        entries: Vec<String>,
        max_size: Option<u64>,
        depth: Depth,
    },
    SetMetadata {
        mailbox: String,
        entries: Vec<(String, Option<Vec<u8>>)>,
    },
    SetAcl {
        mailbox: String,
        who: String,
        how: StoreHow,
        rights: String,
    },
    DeleteAcl {
        mailbox: String,
        who: String,
    },
    GetAcl(String),
    ListRights {
        mailbox: String,
        who: String,
    },
    MyRights(String),
}

/// How far below an entry `GETMETADATA` looks (RFC 5464 §4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// The entry itself.
    #[default]
    Zero,
    /// And those right below it.
    One,
    /// And all below it.
    Infinity,
}

/// What `STATUS` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the item of its name")]
pub enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    Deleted,
    DeletedStorage,
    Size,
    HighestModSeq,
    AppendLimit,
    MailboxId,
}

impl StatusItem {
    /// All with their names.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Messages, "MESSAGES"),
        (Self::Recent, "RECENT"),
        (Self::UidNext, "UIDNEXT"),
        (Self::UidValidity, "UIDVALIDITY"),
        (Self::Unseen, "UNSEEN"),
        (Self::Deleted, "DELETED"),
        (Self::DeletedStorage, "DELETED-STORAGE"),
        (Self::Size, "SIZE"),
        (Self::HighestModSeq, "HIGHESTMODSEQ"),
        (Self::AppendLimit, "APPENDLIMIT"),
        (Self::MailboxId, "MAILBOXID"),
    ];

    /// `status-att`
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        for (item, name) in Self::ALL {
            if cursor.word(name) {
                return Ok(item);
            }
        }
        super::cursor::bad("this item of STATUS is not known")
    }
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its tag.
    pub tag: String,
    /// What it asks for.
    pub body: Body,
}

/// Why a command can't be understood, and the tag to say so to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The tag; `None` if there is none.
    pub tag: Option<String>,
    /// Why.
    pub error: SyntaxError,
}

impl Command {
    /// A command of the bytes that [`super::Reader`] gathered, without the CRLF at their end. With `utf8` names of mailboxes are
    /// UTF-8, else modified UTF-7.
    ///
    /// # Errors
    /// It can't be understood.
    pub fn parse(bytes: &[u8], utf8: bool) -> Result<Self, NotUnderstood> {
        let mut cursor = Cursor::new(bytes, utf8);
        let tag = match cursor.tag() {
            Ok(tag) => tag.to_string(),
            Err(error) => return Err(NotUnderstood { tag: None, error }),
        };
        let body = cursor
            .sp()
            .and_then(|()| super::parse::body(&mut cursor))
            .and_then(|body| cursor.end().map(|()| body));
        match body {
            Ok(body) => Ok(Self { tag, body }),
            Err(error) => Err(NotUnderstood {
                tag: Some(tag),
                error,
            }),
        }
    }
}
