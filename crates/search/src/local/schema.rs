//! What the index holds of a document.
//!
//! | field | indexed | why |
//! |---|---|---|
//! | `key` | as it is | upserts, `get` |
//! | `text` | title, headings, body, subjects and authors, with positions | one field scores a document whole, and stores its words once |
//! | `neighbours` | groups of pairs of words | rare phrases of common words, see [`super::neighbours`] |
//! | `title` | with positions | `title:` and title phrases |
//! | `called` | hash of the folded title | the document that is called what was typed |
//! | `author`, `subject` | with positions | `author:`, `subject:` |
//! | `author_is`, `subject_is` | as they are | facets |
//! | `language`, `kind`, `year`, `weight`, `hash` | fast | facets, order, unchanged documents |
//! | `order` | fast: the beginning of the folded title | title order |
//! | `packed` | – | everything that is shown, see [`super::pack`] |

use std::io;

use serde::{Deserialize, Serialize};
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::store::Compressor;
use tantivy::{IndexSettings, TantivyDocument};

use crate::analysis::{Language, detect, fold, marked};
use crate::api::{Document, StoredDocument};

/// Name of the tokenizer of text fields.
pub(crate) const TOKENIZER: &str = "lampion";
/// The same for the field `text`, whose common words that follow each other are noted on the way.
pub(crate) const TEXT_TOKENIZER: &str = "lampion-text";
/// Gives what was noted of the document's text.
pub(crate) const NEIGHBOURS_TOKENIZER: &str = "lampion-neighbours";
/// Bytes of a document's text that are kept for snippets.
const STORED_TEXT_BYTES: usize = 4 << 10;
/// Bytes of the folded title that decide title order.
const ORDER_BYTES: usize = 24;
/// Blocks of the document store; its documents are packed already.
const STORE_BLOCK_BYTES: usize = 4 << 10;
/// Values of one kind (authors, subjects) that are indexed as facets.
const MAX_VALUES: usize = 200;
/// Longest facet value, in bytes.
const MAX_VALUE_BYTES: usize = 400;
/// Longest key, in bytes; Tantivy drops terms over 64 KB.
pub(crate) const MAX_KEY_BYTES: usize = 32 << 10;
/// How many bytes of a text are looked at to tell its language.
const DETECT_BYTES: usize = 600;

/// The fields, by their place in the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub key: Field,
    pub text: Field,
    pub title: Field,
    pub exact: Field,
    pub author: Field,
    pub subject: Field,
    pub author_is: Field,
    pub subject_is: Field,
    pub language: Field,
    pub kind: Field,
    pub year: Field,
    pub weight: Field,
    pub hash: Field,
    pub order: Field,
    pub stored: Field,
    pub neighbours: Field,
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = |tokenizer: &str, record, norms| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(record)
                .set_fieldnorms(norms),
        )
    };
    let raw = || indexing("raw", IndexRecordOption::Basic, false);
    let positions = IndexRecordOption::WithFreqsAndPositions;
    let phrases = |norms| indexing(TOKENIZER, positions, norms);
    let fields = Fields {
        key: builder.add_text_field("key", raw()),
        text: builder.add_text_field("text", indexing(TEXT_TOKENIZER, positions, true)),
        title: builder.add_text_field("title", phrases(true)),
        exact: builder.add_u64_field("called", NumericOptions::default().set_indexed()),
        author: builder.add_text_field("author", phrases(false)),
        subject: builder.add_text_field("subject", phrases(false)),
        author_is: builder.add_text_field("author_is", raw()),
        subject_is: builder.add_text_field("subject_is", raw().set_fast("raw")),
        language: builder.add_text_field("language", raw().set_fast("raw")),
        kind: builder.add_text_field("kind", raw().set_fast("raw")),
        year: builder.add_i64_field("year", NumericOptions::default().set_fast()),
        weight: builder.add_u64_field("weight", NumericOptions::default().set_fast()),
        hash: builder.add_u64_field("hash", NumericOptions::default().set_fast()),
        order: builder.add_text_field("order", TextOptions::default().set_fast("raw")),
        stored: builder.add_bytes_field("packed", BytesOptions::default().set_stored()),
        // Tantivy takes a document's fields in their order, so `text` was noted when this one's turn comes.
        neighbours: builder.add_text_field(
            "neighbours",
            indexing(NEIGHBOURS_TOKENIZER, IndexRecordOption::Basic, false),
        ),
    };
    (builder.build(), fields)
}

/// How Tantivy stores documents.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::None,
        docstore_blocksize: STORE_BLOCK_BYTES,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// What is stored of a document, encoded by postcard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored<'a> {
    #[serde(borrow)]
    pub key: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    pub language: &'a str,
    pub kind: &'a str,
    pub year: Option<i32>,
    pub weight: u8,
    pub authors: Vec<&'a str>,
    pub subjects: Vec<&'a str>,
    pub meta: &'a str,
}

impl Stored<'_> {
    pub(crate) fn to_document(&self) -> StoredDocument {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        StoredDocument {
            key: self.key.to_owned(),
            title: self.title.to_owned(),
            text: self.text.to_owned(),
            language: self.language.to_owned(),
            kind: self.kind.to_owned(),
            year: self.year,
            authors: owned(&self.authors),
            subjects: owned(&self.subjects),
            meta: self.meta.to_owned(),
        }
    }
}

/// The hash of a title under which it is found exactly: 40 bits, which tell enough titles apart for a lift in rank
/// among documents that match, and take less room.
pub(crate) fn title_hash(folded: &str) -> u64 {
    fnv1a(folded.as_bytes()) >> 24
}

/// FNV-1a, 64 bit: part of the index format, so it must never change.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The title as it decides title order.
pub(crate) fn order_key(folded: &str) -> &str {
    // Leading punctuation does not count in a title's order.
    let start = folded.trim_start_matches(|c: char| !c.is_alphanumeric());
    prefix(if start.is_empty() { folded } else { start }, ORDER_BYTES)
}

/// The longest prefix of at most `bytes` bytes.
pub(crate) fn prefix(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// A document ready for Tantivy, with what is stored of it as `pack` packs it; and the bytes that will be analysed.
pub(crate) fn to_tantivy(
    fields: &Fields,
    document: &Document,
    pack: impl FnOnce(&[u8]) -> io::Result<Vec<u8>>,
) -> io::Result<(TantivyDocument, usize)> {
    let tag = match document.language.as_deref() {
        Some(tag) if !tag.is_empty() => primary(tag),
        _ => language_of(document).to_owned(),
    };
    let language = Language::of_tag(&tag);
    let folded_title = fold(&document.title);
    let mut out = TantivyDocument::new();
    let mut analysed = 0;
    let mut text = |field, value: &str| {
        if !value.is_empty() {
            let value = marked(value, language);
            analysed += value.len();
            out.add_text(field, value);
        }
    };
    text(fields.title, &document.title);
    // Many a text begins with its title: then it is there already.
    if !document
        .body
        .trim_start()
        .starts_with(document.title.as_str())
    {
        text(fields.text, &document.title);
    }
    text(fields.text, &document.headings);
    text(fields.text, &document.body);
    for (values, field) in [
        (&document.authors, fields.author),
        (&document.subjects, fields.subject),
    ] {
        for value in values.iter().take(MAX_VALUES) {
            text(field, value);
            text(fields.text, value);
        }
    }
    out.add_text(fields.key, &document.key);
    // What stands in it is known to the tokenizer.
    out.add_text(fields.neighbours, "");
    out.add_u64(fields.exact, title_hash(&folded_title));
    for value in document.authors.iter().take(MAX_VALUES) {
        out.add_text(fields.author_is, prefix(value, MAX_VALUE_BYTES));
    }
    for value in document.subjects.iter().take(MAX_VALUES) {
        out.add_text(fields.subject_is, prefix(value, MAX_VALUE_BYTES));
    }
    out.add_text(fields.language, prefix(&tag, MAX_VALUE_BYTES));
    out.add_text(fields.kind, prefix(&document.kind, MAX_VALUE_BYTES));
    if let Some(year) = document.year {
        out.add_i64(fields.year, i64::from(year));
    }
    out.add_u64(fields.weight, u64::from(document.weight));
    out.add_u64(fields.hash, document.hash);
    out.add_text(fields.order, order_key(&folded_title));
    let stored = Stored {
        key: &document.key,
        title: &document.title,
        text: prefix(&document.body, STORED_TEXT_BYTES),
        language: &tag,
        kind: &document.kind,
        year: document.year,
        weight: document.weight,
        authors: document
            .authors
            .iter()
            .take(MAX_VALUES)
            .map(String::as_str)
            .collect(),
        subjects: document
            .subjects
            .iter()
            .take(MAX_VALUES)
            .map(String::as_str)
            .collect(),
        meta: &document.meta,
    };
    // Encoding into memory has no way to fail.
    let bytes = postcard::to_allocvec(&stored).unwrap_or_default();
    out.add_bytes(fields.stored, &pack(&bytes)?);
    Ok((out, analysed))
}

/// A tag's language without its region: readers narrow a search to English, not to that of Britain.
fn primary(tag: &str) -> String {
    tag.split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn language_of(document: &Document) -> &'static str {
    let body = prefix(&document.body, DETECT_BYTES);
    if body.len() * 2 >= DETECT_BYTES {
        return detect(body);
    }
    detect(&format!("{} {body}", document.title))
}
