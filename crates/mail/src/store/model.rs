//! What the store gives and takes.

use lampion_db::DbError;
use lampion_mailproto::mime::{Structure, Summary};

/// Whose mail it is: a person's id, or that of a shared mailbox.
pub type AccountId = String;
/// Number of a message in its mailbox (RFC 9051 §2.3.1.1).
pub type Uid = u32;
/// Number of a change in its mailbox (RFC 7162).
pub type ModSeq = i64;

/// A mailbox's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxId(pub i64);

/// A message's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub i64);

/// Why something is refused that somebody asks for on a page.
pub(crate) mod refusal {
    pub(crate) const NO_ADDRESS: &str = "it is no address";
    pub(crate) const NEEDS_OWNER: &str = "a list needs an owner: name another one first";
    pub(crate) const NEEDS_MANAGER: &str =
        "somebody must manage the mailbox: name another one first";
    pub(crate) const LIST_FULL: &str = "a list can't have more members: make groups of them";
    pub(crate) const SHARED_FULL: &str = "a shared mailbox can't have more members: use groups";
    pub(crate) const ENOUGH_LISTS: &str = "this node has as many lists as it may have";
    pub(crate) const ENOUGH_SHARED: &str = "this node has as many shared mailboxes as it may have";
    pub(crate) const NO_SENDER: &str = "the message has no sender to answer";
    pub(crate) const INTO_ITSELF: &str = "a mailbox can't be put into itself";
}

/// What went wrong with mail, by meaning.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No mailbox of this name.
    #[error("there is no mailbox `{0}`")]
    NoSuchMailbox(String),
    /// A mailbox of this name is there already.
    #[error("there is a mailbox `{0}` already")]
    MailboxExists(String),
    /// A person, a list or a shared mailbox has the address.
    #[error("the name `{0}` is taken by a person, a list or a shared mailbox: choose another")]
    NameTaken(String),
    /// The name can't be a mailbox's.
    #[error("`{name}` can't be the name of a mailbox: {reason}")]
    BadName {
        /// As given.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// INBOX can't be deleted, a mailbox can't be put into itself and the like; pages say those of `refusal` in the
    /// reader's language.
    #[error("{0}")]
    Refused(&'static str),
    /// Somebody lacks a right in a mailbox that they may know of (RFC 4314 §2.1).
    #[error("you need the right `{right}` ({does}) on `{mailbox}`: ask who manages it")]
    NoRight {
        /// The right's letter.
        right: char,
        /// What it allows.
        does: &'static str,
        /// The mailbox as it was named.
        mailbox: String,
    },
    /// The account has more mailboxes than it may have.
    #[error("an account can have {limit} mailboxes: delete some first")]
    TooManyMailboxes {
        /// The limit.
        limit: i64,
    },
    /// The account has no room for the message.
    #[error("the mailbox of `{0}` is full: delete something first")]
    OverQuota(String),
    /// The message is larger than may be.
    #[error("the message is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// No such message (any more).
    #[error("the message is not there any more")]
    NoSuchMessage,
    /// What is kept of a message can't be opened.
    #[error("message {0} is damaged: {1}")]
    Damaged(i64, &'static str),
    /// No space left; nothing was changed.
    #[error("no space left on the disk: nothing was changed; try again later")]
    DiskFull,
    /// The database or the blobs can't be reached now.
    #[error("{0}")]
    Away(String),
    /// Lost against another change even after tries.
    #[error("the database is busy: try again")]
    Conflict,
    /// Another process did it, or began it, in the meantime; nothing was changed.
    #[error("another process of the node has done this already")]
    Taken,
    /// A fault of the program or of its data.
    #[error("{0}")]
    Fault(String),
}

impl From<DbError> for MailError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::DiskFull => Self::DiskFull,
            DbError::Conflict => Self::Conflict,
            DbError::Away(text) => Self::Away(DbError::Away(text).to_string()),
            other => Self::Fault(other.to_string()),
        }
    }
}

impl From<lampion_db::sqlx::Error> for MailError {
    fn from(error: lampion_db::sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<lampion_blobs::BlobError> for MailError {
    fn from(error: lampion_blobs::BlobError) -> Self {
        match error {
            lampion_blobs::BlobError::DiskFull => Self::DiskFull,
            other => Self::Away(other.to_string()),
        }
    }
}

impl From<lampion_people::PeopleError> for MailError {
    fn from(error: lampion_people::PeopleError) -> Self {
        match error {
            lampion_people::PeopleError::Db(error) => error.into(),
            lampion_people::PeopleError::NameTaken(name) => Self::NameTaken(name),
            other => Self::Fault(other.to_string()),
        }
    }
}

impl lampion_db::Conflicting for MailError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

/// System flags of a message (RFC 9051 §2.3.2), as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// `\Seen`.
    pub const SEEN: Self = Self(1);
    /// `\Answered`.
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`.
    pub const FLAGGED: Self = Self(4);
    /// `\Deleted`.
    pub const DELETED: Self = Self(8);
    /// `\Draft`.
    pub const DRAFT: Self = Self(16);
    /// Each flag with its name, in the order in which they are written.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::SEEN, "\\Seen"),
        (Self::DRAFT, "\\Draft"),
    ];

    /// Whether all of these are set.
    pub fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Both together.
    #[must_use]
    pub fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// Without these.
    #[must_use]
    pub fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

/// What a mailbox is for (RFC 6154).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// `\Archive`.
    Archive,
    /// `\Drafts`.
    Drafts,
    /// `\Junk`.
    Junk,
    /// `\Sent`.
    Sent,
    /// `\Trash`.
    Trash,
}

impl Special {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Drafts,
        Self::Sent,
        Self::Archive,
        Self::Junk,
        Self::Trash,
    ];

    /// The attribute of the standard.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Archive => "\\Archive",
            Self::Drafts => "\\Drafts",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }

    /// The name of the mailbox that every account has for it.
    pub fn name(self) -> &'static str {
        self.attribute().trim_start_matches('\\')
    }

    /// By the attribute of the standard, in any case.
    pub fn from_attribute(attribute: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|special| special.attribute().eq_ignore_ascii_case(attribute))
    }
}

/// Whose mail it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Local part of its address.
    pub name: String,
    /// Bytes of all its messages, each as often as a mailbox holds it.
    pub used_bytes: i64,
    /// Its messages, counted in the same way.
    pub messages: i64,
    /// Room in bytes; `None` for no limit.
    pub quota_bytes: Option<i64>,
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Id.
    pub id: MailboxId,
    /// Whose.
    pub account: AccountId,
    /// Name: NFC, levels separated by `/`; `INBOX` in capitals.
    pub name: String,
    /// What it is for.
    pub special: Option<Special>,
    /// Whether programs show it (RFC 9051 §6.3.7).
    pub subscribed: bool,
    /// Changes if UIDs begin anew.
    pub uid_validity: u32,
    /// The next message's UID.
    pub uid_next: Uid,
    /// From this UID on no program has been told of a message as `\Recent` (RFC 3501 §2.3.2); see [`Store::recent_from`].
    ///
    /// [`Store::recent_from`]: super::Store::recent_from
    pub recent_from: Uid,
    /// The highest change.
    pub modseq: ModSeq,
    /// Messages.
    pub messages: i64,
    /// Messages without `\Seen`.
    pub unseen: i64,
    /// Messages with `\Deleted`.
    pub deleted: i64,
    /// Bytes.
    pub size_bytes: i64,
}

/// One message in one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number.
    pub uid: Uid,
    /// System flags.
    pub flags: Flags,
    /// Other flags, as they were first written, sorted, with a space between; mostly empty.
    pub keywords: Box<str>,
    /// The last change of its flags.
    pub modseq: ModSeq,
    /// The message.
    pub message: MessageId,
    /// Thread within the account (RFC 8474).
    pub thread: i64,
    /// When it was received, ms since 1970.
    pub internal_ms: i64,
    /// When it came into this mailbox, ms since 1970 (RFC 8514).
    pub saved_ms: i64,
    /// RFC822.SIZE.
    pub size_bytes: u32,
}

/// What is kept of a message beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Which.
    pub message: MessageId,
    /// IMAP's ENVELOPE, written out.
    pub envelope: String,
    /// Its first words.
    pub preview: String,
    /// Its parts and header, packed; see [`Detail::about`].
    pub structure: Vec<u8>,
}

impl Detail {
    /// What the message is made of.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn about(&self) -> Result<(Structure, Summary), MailError> {
        postcard::from_bytes(&self.structure)
            .map_err(|_| MailError::Damaged(self.message.0, "what it is made of can't be read"))
    }
}

/// Where a message is to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Mailbox.
    pub mailbox: MailboxId,
    /// System flags.
    pub flags: Flags,
    /// Other flags.
    pub keywords: Vec<String>,
    /// When it was received, if not now; ms since 1970.
    pub internal_ms: Option<i64>,
}

impl Target {
    /// A mailbox, nothing else said.
    pub fn new(mailbox: MailboxId) -> Self {
        Self {
            mailbox,
            flags: Flags::default(),
            keywords: Vec::new(),
            internal_ms: None,
        }
    }
}

/// Where a message was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Mailbox.
    pub mailbox: MailboxId,
    /// Its validity of UIDs.
    pub uid_validity: u32,
    /// The message's number there.
    pub uid: Uid,
    /// The change.
    pub modseq: ModSeq,
    /// The message.
    pub message: MessageId,
}

/// What is done to flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagAction {
    /// Set, others stay.
    Add,
    /// Taken away, others stay.
    Remove,
    /// These and no others.
    Replace,
}

/// A change of flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagChange {
    /// How.
    pub action: FlagAction,
    /// System flags.
    pub flags: Flags,
    /// Other flags.
    pub keywords: Vec<String>,
}

/// What became of a change of flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The messages as they are now, by UID: those that were changed and those that had it so already.
    pub items: Vec<Item>,
    /// Those that had changed since the number that was given, and were left alone (RFC 7162 §3.1.3).
    pub modified: Vec<Uid>,
    /// The mailbox's highest change afterwards.
    pub modseq: ModSeq,
}

/// What changed in a mailbox since a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New and changed messages, by UID.
    pub changed: Vec<Item>,
    /// Messages that are gone, by UID.
    pub vanished: Vec<Uid>,
}

/// Keywords as they are kept: without repetition (in any case), sorted, a space between.
pub(crate) fn join_keywords<'a>(keywords: impl IntoIterator<Item = &'a str>) -> Box<str> {
    let mut all: Vec<&str> = Vec::new();
    for keyword in keywords {
        if !keyword.is_empty() && !all.iter().any(|one| one.eq_ignore_ascii_case(keyword)) {
            all.push(keyword);
        }
    }
    all.sort_unstable();
    all.join(" ").into()
}

impl FlagChange {
    /// Flags after the change.
    pub(crate) fn apply(&self, flags: Flags, keywords: &str) -> (Flags, Box<str>) {
        let given = self.keywords.iter().map(String::as_str);
        match self.action {
            FlagAction::Add => (
                flags.with(self.flags),
                join_keywords(keywords.split(' ').chain(given)),
            ),
            FlagAction::Remove => (
                flags.without(self.flags),
                join_keywords(keywords.split(' ').filter(|kept| {
                    !self
                        .keywords
                        .iter()
                        .any(|gone| gone.eq_ignore_ascii_case(kept))
                })),
            ),
            FlagAction::Replace => (self.flags, join_keywords(given)),
        }
    }
}
