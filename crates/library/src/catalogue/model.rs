//! What the catalogue gives and takes.

use lampion_db::Row as _;
use lampion_db::sqlx::Error as SqlError;
use lampion_db::sqlx::any::AnyRow;
use lampion_feed::entry::Reason;
use lampion_formats::records::desk::Work;
use lampion_people::{People, PeopleError, Person, Role};

/// The feed's kind.
pub const KIND: &str = "library";

/// Members of a group with this name write drafts without being editors.
pub const WRITERS_GROUP: &str = "cataloguers";

/// Where a record stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RecordState {
    /// Published.
    #[default]
    Live,
    /// Taken back; nothing but the reason is left.
    Withdrawn,
    /// Its newest version's body has not come yet.
    Missing,
    /// Its newest version's body is of a form that this program doesn't know.
    Unreadable,
}

impl RecordState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Withdrawn => "withdrawn",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
        }
    }

    /// The state of a word; what is unknown can't be read.
    pub fn from_word(word: &str) -> Self {
        match word {
            "live" => Self::Live,
            "withdrawn" => Self::Withdrawn,
            "missing" => Self::Missing,
            _ => Self::Unreadable,
        }
    }
}

/// A record as lists show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordRow {
    /// Collection.
    pub collection: String,
    /// Identifier within it.
    pub id: String,
    /// Index of its newest entry in the feed.
    pub version: u64,
    /// Where it stands.
    pub state: RecordState,
    /// Title, at most 500 characters.
    pub title: String,
    /// First author; empty if there is none.
    pub author: String,
    /// Year of publication of the work.
    pub year: Option<i32>,
    /// Language tag; empty if unknown.
    pub language: String,
    /// What sort of thing it is: `book`.
    pub kind: String,
    /// `dublin-core` or `marc21`.
    pub scheme: String,
    /// Public name of who published the newest version; of a withdrawal, the office that decided.
    pub by: String,
    /// When, by the entry, in milliseconds since 1970.
    pub published_ms: i64,
    /// Why it was withdrawn.
    pub reason: Option<Reason>,
}

impl RecordRow {
    pub(super) fn read(row: &AnyRow) -> Result<Self, SqlError> {
        let year: i64 = row.try_get("year")?;
        let reason: String = row.try_get("reason")?;
        Ok(Self {
            collection: row.try_get("collection")?,
            id: row.try_get("id")?,
            version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0),
            state: RecordState::from_word(&row.try_get::<String, _>("state")?),
            title: row.try_get("title")?,
            author: row.try_get("author")?,
            year: i32::try_from(year).ok().filter(|year| *year != 0),
            language: row.try_get("language")?,
            kind: row.try_get("kind")?,
            scheme: row.try_get("scheme")?,
            by: row.try_get("by_name")?,
            published_ms: row.try_get("published_ms")?,
            reason: Reason::from_code(&reason),
        })
    }
}

/// A record on its way out.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its identifier; none for one that the catalogue chooses.
    pub id: Option<String>,
    /// The version that it was made from; none for a new record.
    pub base: Option<u64>,
    /// The work.
    pub work: Work,
}

/// What became of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the feed.
    Published {
        /// The record.
        id: String,
        /// Its version.
        version: u64,
    },
    /// Somebody published in between; nothing was changed. Load that version and merge.
    Conflict {
        /// The record.
        id: String,
        /// Its newest version.
        current: u64,
    },
}

/// One version of a record, as its history shows it.
#[derive(Debug, Clone)]
pub struct Version {
    /// Index in the feed.
    pub version: u64,
    /// When, by the entry, in milliseconds since 1970.
    pub time_ms: i64,
    /// Public name of who published it, or the office that withdrew it; empty if it was erased.
    pub by: String,
    /// Why, in words.
    pub note: String,
    /// If this is a withdrawal, its reason.
    pub withdrawn: Option<Reason>,
    /// The work; none if it was erased or can't be read.
    pub work: Option<Work>,
}

/// What is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Collection.
    pub collection: String,
    /// Where the records stand.
    pub state: RecordState,
    /// Beginning of the title, as typed; only in the order of titles.
    pub title: String,
    /// Language tag; empty for all.
    pub language: String,
    /// Kind; empty for all.
    pub kind: String,
    /// Scheme; empty for both.
    pub scheme: String,
    /// Public name of who published last; empty for all.
    pub by: String,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// By title, without its first article.
    #[default]
    Title,
    /// What was published last, first.
    Newest,
}

/// One page of a list. It may be short, or empty, though more follows: a page looks at a bounded number of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// Records.
    pub rows: Vec<RecordRow>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// A place in the order of changes: time of the entry, collection, record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// Milliseconds since 1970.
    pub published_ms: i64,
    /// Collection.
    pub collection: String,
    /// Record.
    pub id: String,
}

impl From<&RecordRow> for Changed {
    fn from(row: &RecordRow) -> Self {
        Self {
            published_ms: row.published_ms,
            collection: row.collection.clone(),
            id: row.id.clone(),
        }
    }
}

/// A heading that records use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// How it is written.
    pub display: String,
    /// How many records use it.
    pub uses: i64,
}

/// What a person may do at the desk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights {
    /// Write drafts and hand them in.
    pub drafts: bool,
    /// Publish, withdraw, and decide on drafts.
    pub publishes: bool,
}

impl Rights {
    /// Librarians publish; editors, and members of the group [`WRITERS_GROUP`], write drafts.
    ///
    /// # Errors
    /// The database.
    pub async fn of(people: &People, person: &Person) -> Result<Self, PeopleError> {
        let publishes = person.has(Role::Librarian);
        let mut drafts = publishes || person.has(Role::Editor);
        if !drafts && !person.groups.is_empty() {
            let names = people.group_names(&person.id).await?;
            drafts = names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(WRITERS_GROUP));
        }
        Ok(Self { drafts, publishes })
    }
}
