//! What a collection is: a set of documents, where its content lies, and who may see it.

use std::path::{Path, PathBuf};

use lampion_formats::records::CatalogueRecord;
use lampion_people::{Person, Role};
use serde::{Deserialize, Serialize};

/// What sort of content a collection has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A ZIM archive.
    Zim,
    /// A folder of files, or single files.
    #[default]
    Files,
    /// Files of catalogue records.
    Records,
    /// The node's own records, published on its feed.
    Catalogue,
}

impl Kind {
    /// The word in the store and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zim => "zim",
            Self::Files => "files",
            Self::Records => "records",
            Self::Catalogue => "catalogue",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "zim" => Self::Zim,
            "records" => Self::Records,
            "catalogue" => Self::Catalogue,
            _ => Self::Files,
        }
    }
}

/// Where a collection's content lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Source {
    /// A file or folder, read in place; relative to the collection's folder if it isn't absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// A copy in the blob store (archives and files of records).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// The file's name, for people and for telling formats apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Copy what is at `path` into the node's own store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy: bool,
    /// Remove `path` when the copy is made (uploads).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// Format of records, if it was told (`marc`, `csv` …).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// Which column or key is what: `title=Titel,author=Verfasser`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mapping: String,
    /// Origin of the feed of another node that its records come from; empty for the node's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub feed: String,
    /// Its name on that feed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
}

/// Who may see a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    All,
    /// Whoever is signed in.
    SignedIn,
    /// A group's members, and librarians.
    Group(String),
}

/// Where a collection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its first import has not ended yet; what is in can be searched.
    New,
    /// Whole.
    Ready,
}

/// A collection, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Short name in addresses.
    pub id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Language tags, comma separated; empty if unknown.
    pub language: String,
    /// Who made it.
    pub creator: String,
    /// Sort of content.
    pub kind: Kind,
    /// Where the content lies.
    pub source: Source,
    /// Where a newer version lies that is being imported; it takes the place of `source` together with its index.
    pub pending: Option<Source>,
    /// The collection's own folder (index, cover).
    pub folder: PathBuf,
    /// The web site that it was made from, if it says so: links there lead here.
    pub origin: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// State.
    pub state: State,
    /// Documents that can be searched.
    pub documents: i64,
    /// Items that failed in the last import.
    pub failed: i64,
    /// Bytes of the content.
    pub size_bytes: i64,
    /// Bytes of the index.
    pub index_bytes: i64,
    /// `ok`, or what is wrong; empty if never checked.
    pub health: String,
    /// When it was checked, ms since 1970.
    pub health_ms: i64,
    /// Blob of the cover picture; empty for none.
    pub cover: String,
    /// Path of the main page, for archives.
    pub main_path: String,
    /// Number of the import that is running or ran last.
    pub run: i64,
    /// When it was made, ms since 1970.
    pub created_ms: i64,
    /// When it changed last, ms since 1970.
    pub updated_ms: i64,
}

impl Collection {
    /// Whether its records come from another node's feed: they are shown here, and changed there.
    pub fn is_followed(&self) -> bool {
        !self.source.feed.is_empty()
    }

    /// Its name on the feed that its records are on.
    pub fn in_feed(&self) -> &str {
        if self.is_followed() {
            &self.source.part
        } else {
            &self.id
        }
    }

    /// The node that its records come from; empty for the node itself.
    pub fn node(&self) -> &str {
        crate::following::node_of(&self.source.feed).unwrap_or_default()
    }

    /// Whether a person may see it.
    pub fn visible_to(&self, person: Option<&Person>) -> bool {
        match &self.visibility {
            Visibility::All => true,
            Visibility::SignedIn => person.is_some(),
            Visibility::Group(group) => person
                .is_some_and(|person| person.groups.contains(group) || person.has(Role::Librarian)),
        }
    }

    /// The folder of its index.
    pub fn index_folder(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// What an import reads: the newer version if there is one.
    pub fn incoming(&self) -> &Source {
        self.pending.as_ref().unwrap_or(&self.source)
    }

    /// The same, to be changed.
    pub fn incoming_mut(&mut self) -> &mut Source {
        self.pending.as_mut().unwrap_or(&mut self.source)
    }

    /// The letter on its cover if it has no picture.
    pub fn initial(&self) -> String {
        self.title
            .chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_else(|| "·".into())
    }
}

/// What the index keeps of a document for the library itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Media type of the original.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mime: String,
    /// Size of the original in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub size: u64,
    /// The catalogue record, where there is more to say than title and text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<CatalogueRecord>>,
    /// Where the record's bytes lie in its source: offset and length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<(u64, u64)>,
    /// Hash of a cover that is small enough for lists.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cover: String,
    /// The media type of that cover.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cover_type: String,
    /// Attached files of a record, and what was found in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<AttachedMeta>,
    /// Facts that only some formats have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<(String, String)>,
}

/// An attached file as the index keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedMeta {
    /// BLAKE3 in hexadecimal digits.
    pub hash: String,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its text is in the index with the record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub text: bool,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Meta {
    /// Reads what the index gave back; what can't be read counts as empty.
    pub fn parse(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// The description of a collection that travels with its folder (`collection.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this file's form.
    pub lampion_collection: u32,
    /// Suggested short name.
    pub id: String,
    /// Title.
    pub title: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// Language tags, comma separated.
    #[serde(default)]
    pub language: String,
    /// Who made it.
    #[serde(default)]
    pub creator: String,
    /// Sort of content.
    pub kind: Kind,
    /// Where the content lies, relative to the folder.
    pub source: Source,
    /// Web site that it was made from.
    #[serde(default)]
    pub origin: String,
    /// Path of the main page.
    #[serde(default)]
    pub main_path: String,
    /// Documents in the index.
    #[serde(default)]
    pub documents: i64,
    /// Size of the content in bytes.
    #[serde(default)]
    pub size_bytes: i64,
}

/// The manifest's name in a collection's folder.
pub const MANIFEST: &str = "collection.json";

impl Manifest {
    /// Reads the manifest of a folder, if it has one.
    ///
    /// # Errors
    /// The file is there but can't be read; the text says why.
    pub fn read(folder: &Path) -> Result<Option<Self>, String> {
        let file = folder.join(MANIFEST);
        match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| format!("{}: {error}", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", file.display())),
        }
    }

    /// Writes it beside the index, whole or not at all.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let partial = folder.join(".collection.json.part");
        let mut out = std::fs::File::create(&partial)?;
        std::io::Write::write_all(&mut out, serde_json::to_string_pretty(self)?.as_bytes())?;
        out.sync_all()?;
        std::fs::rename(partial, folder.join(MANIFEST))
    }
}
