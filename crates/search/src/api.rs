//! What the rest of Lampion sees of the search engine: documents in, results out.
//!
//! Everything here is plain data. `Engine` is the interface behind which another engine
//! (OpenSearch) can stand; [`crate::local`] is the embedded one.

use std::path::PathBuf;
use std::time::Duration;

/// One document as an importer hands it to the index.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Document {
    /// Unique within the collection, stable over imports (a ZIM path, a file's path, a record's id).
    pub key: String,
    /// Shown as the title of a result.
    pub title: String,
    /// Headings, one a line.
    pub headings: String,
    /// Plain text of the whole document. The index stores only its beginning, for snippets.
    pub body: String,
    /// BCP 47 primary tag (`en`, `ko`); found from the text where `None`.
    pub language: Option<String>,
    /// `article`, `book`, `record`, `image`, `audio`, `video`, `file`: a facet.
    pub kind: String,
    /// Names as they are to be shown.
    pub authors: Vec<String>,
    /// Subject headings as they are to be shown: a facet.
    pub subjects: Vec<String>,
    /// Year of publication: a facet and a sort order.
    pub year: Option<i32>,
    /// 0 to 255: a small lift among equals (main page, longer article).
    pub weight: u8,
    /// Hash of all that matters: a document whose hash is unchanged is not indexed again.
    pub hash: u64,
    /// The feature's own metadata (JSON), stored as it is and given back.
    pub meta: String,
}

/// What a person asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchRequest {
    /// The query as typed, in the query language; never an error.
    pub query: String,
    /// Collections to search; every id that isn't attached is passed over.
    pub collections: Vec<String>,
    /// Narrowing by facets.
    pub filters: Filters,
    /// Order of results.
    pub sort: Sort,
    /// How many results, 1 to 100.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Language of the page that asks: one hint for stemming a short query.
    pub ui_language: String,
    /// Past it, what was found so far is returned with `partial`.
    pub deadline: Option<Duration>,
    /// Count facets too.
    pub facets: bool,
}

/// Chosen facet values: alternatives within one facet, all of the facets together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filters {
    /// Languages (`en`).
    pub languages: Vec<String>,
    /// Kinds (`article`).
    pub kinds: Vec<String>,
    /// Subjects, exact.
    pub subjects: Vec<String>,
    /// Authors, exact.
    pub authors: Vec<String>,
    /// First and last year, both inclusive.
    pub years: Option<(i32, i32)>,
}

/// Order of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Best match first.
    #[default]
    Relevance,
    /// Latest year first; without a year last.
    Newest,
    /// By folded title.
    Title,
}

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Collection id.
    pub collection: String,
    /// The document's key.
    pub key: String,
    /// Title as stored.
    pub title: String,
    /// Pieces of text: `(text, marked)`; never HTML.
    pub snippet: Vec<(String, bool)>,
    /// Language tag.
    pub language: String,
    /// Kind.
    pub kind: String,
    /// Year.
    pub year: Option<i32>,
    /// The feature's metadata, as given.
    pub meta: String,
    /// Score; comparable within one answer.
    pub score: f32,
}

/// One facet value and how many results have it.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetCount {
    /// The value (`en`, a collection id, `1998`).
    pub value: String,
    /// Results with it.
    pub count: u64,
}

/// Counts by facet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facets {
    /// By collection id.
    pub collections: Vec<FacetCount>,
    /// By kind.
    pub kinds: Vec<FacetCount>,
    /// By language.
    pub languages: Vec<FacetCount>,
    /// By year, newest first.
    pub years: Vec<FacetCount>,
    /// By subject, most first, at most 20.
    pub subjects: Vec<FacetCount>,
}

/// How the query had to be loosened to find something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Match {
    /// Every word was found.
    #[default]
    All,
    /// Some of the words.
    Some,
    /// Only with corrected spelling (see `corrected`).
    Corrected,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchResults {
    /// This page's results.
    pub hits: Vec<Hit>,
    /// How many match; a lower bound where `total_is_exact` is false.
    pub total: u64,
    /// Whether `total` and the facets were counted to the end.
    pub total_is_exact: bool,
    /// Facets, if asked for.
    pub facets: Facets,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
    /// How the query matched.
    pub matched: Match,
    /// "Did you mean": the query with likelier words; shown as a link, or already applied if `matched` is `Corrected`.
    pub corrected: Option<String>,
    /// The deadline or the budget ended the search before its end.
    pub partial: bool,
    /// Time spent.
    pub took_us: u64,
}

/// One suggestion while typing.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Collection id.
    pub collection: String,
    /// The document's key.
    pub key: String,
    /// Title to show.
    pub title: String,
}

/// A document as the index keeps it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredDocument {
    /// Key.
    pub key: String,
    /// Title.
    pub title: String,
    /// The stored beginning of the text (4 to 8 KB).
    pub text: String,
    /// Language tag.
    pub language: String,
    /// Kind.
    pub kind: String,
    /// Year.
    pub year: Option<i32>,
    /// Authors.
    pub authors: Vec<String>,
    /// Subjects.
    pub subjects: Vec<String>,
    /// The feature's metadata.
    pub meta: String,
}

/// One page of a collection's contents in title order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// `(key, title)`.
    pub entries: Vec<(String, String)>,
    /// Title order continues after this.
    pub next: Option<String>,
}

/// Where a collection's index lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPlace {
    /// Collection id, unique in the engine.
    pub collection: String,
    /// The index folder (made if missing, unless read only).
    pub folder: PathBuf,
    /// The medium can't be written: no locks, no temporary files.
    pub read_only: bool,
}

/// Figures of one collection's index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexStats {
    /// Documents that readers see.
    pub documents: u64,
    /// Bytes on disk of the generation that readers see.
    pub size_bytes: u64,
    /// Languages and their documents, most first.
    pub languages: Vec<(String, u64)>,
}

/// How a writer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// A first import: what is committed is visible at once. An unfinished first import goes on after its cursor.
    /// On a finished index it begins anew: readers see an empty index until the first commit. To replace an
    /// index without that gap, use `Update` or `Rebuild`.
    Fresh,
    /// The index anew, from nothing, beside the one that readers see (which may be damaged); they see the new one
    /// when `finish` returns.
    Rebuild {
        /// Go on after the cursor of a rebuilding that was interrupted, if there is one.
        resume: bool,
    },
    /// A newer version beside the one that readers see; they see the new one when `finish` returns, never a mixture.
    Update,
    /// Small live edits: each commit is visible at once, nothing is removed at `finish`.
    Edit,
}

impl Begin {
    /// Whether the index begins empty.
    pub(crate) fn is_from_nothing(self) -> bool {
        matches!(self, Begin::Fresh | Begin::Rebuild { .. })
    }

    /// Whether readers see nothing of it before its end.
    pub(crate) fn is_beside(self) -> bool {
        matches!(self, Begin::Update | Begin::Rebuild { .. })
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No such collection is attached.
    #[error("no index for collection `{0}`: reindex it with `lampion collection reindex {0}`")]
    NoSuchIndex(String),
    /// The index folder can't be read; rebuilding helps.
    #[error(
        "the index of collection `{collection}` is damaged ({reason}): rebuild it with `lampion collection reindex {collection}`"
    )]
    Damaged {
        /// Collection id.
        collection: String,
        /// What the engine said.
        reason: String,
    },
    /// The disk is full; what was committed is safe.
    #[error(
        "no space left on the disk while indexing collection `{0}`: make room and it goes on where it stopped"
    )]
    DiskFull(String),
    /// Somebody else writes this index.
    #[error("collection `{0}` is being written by another import: wait until it ends or cancel it")]
    Busy(String),
    /// The index is on a medium that can't be written.
    #[error("the index of collection `{0}` is read only")]
    ReadOnly(String),
    /// Anything else, with the engine's own words.
    #[error("search engine: {0}")]
    Engine(String),
}

/// The engine. All methods block and are cheap enough for a blocking thread.
pub trait Engine: Send + Sync + 'static {
    /// Makes a collection's index known (and opens it). Attaching again replaces the place.
    fn attach(&self, place: IndexPlace) -> Result<(), SearchError>;
    /// Forgets a collection's index; its files stay.
    fn detach(&self, collection: &str);
    /// Searches.
    fn search(&self, request: &SearchRequest) -> Result<SearchResults, SearchError>;
    /// The hashes of all documents of one collection that match a query as it stands (nothing is loosened or corrected), in no
    /// order, and whether the deadline left some out; `None` if the query has no word to look for.
    fn matching(
        &self,
        collection: &str,
        query: &str,
        deadline: Option<Duration>,
    ) -> Result<Option<(Vec<u64>, bool)>, SearchError>;
    /// The hashes of all documents of one collection, one for each document, in no order.
    fn hashes(&self, collection: &str) -> Result<Vec<u64>, SearchError>;
    /// Titles that begin with or contain words beginning with what was typed, best first; tolerates typos.
    fn suggest(&self, typed: &str, collections: &[String], limit: usize) -> Vec<Suggestion>;
    /// One document.
    fn get(&self, collection: &str, key: &str) -> Result<Option<StoredDocument>, SearchError>;
    /// A collection's documents by title, `limit` after `after` (a cursor of `Contents::next`).
    fn contents(
        &self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Contents, SearchError>;
    /// Figures.
    fn stats(&self, collection: &str) -> Result<IndexStats, SearchError>;
    /// Begins writing. One writer a collection.
    fn write(&self, collection: &str, begin: Begin) -> Result<Box<dyn Writer>, SearchError>;
}

/// Writes one collection's index. Dropping it without `commit` loses only what came after the last commit.
pub trait Writer: Send {
    /// The importer's cursor at the last commit of this unfinished import, if one goes on; with `Edit` that of the last
    /// commit of all, so that whoever follows something knows how far the index has come.
    fn cursor(&self) -> Option<String>;
    /// Documents committed so far in this import.
    fn documents(&self) -> u64;
    /// In an update: whether the document stands unchanged (and is thereby kept). Always false otherwise.
    fn unchanged(&mut self, key: &str, hash: u64) -> bool;
    /// Adds or replaces a document.
    fn add(&mut self, document: Document) -> Result<(), SearchError>;
    /// Another title under which suggestions find `key` (a redirect).
    fn alias(&mut self, title: &str, key: &str) -> Result<(), SearchError>;
    /// Removes a document.
    fn remove(&mut self, key: &str) -> Result<(), SearchError>;
    /// Makes all up to here durable, with the importer's cursor; visible within a second in `Fresh` and `Edit`.
    fn commit(&mut self, cursor: &str) -> Result<(), SearchError>;
    /// Ends the import: last commit, removes what an update did not see, builds suggestions, shows all to readers.
    fn finish(self: Box<Self>) -> Result<(), SearchError>;
}
