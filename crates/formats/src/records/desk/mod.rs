//! The heart of the cataloguing desk, without pages, tables and network: what
//! a cataloguer edits, and what is done with it.
//!
//! A [`Work`] is the body of a publication: a record in Dublin Core or MARC 21
//! with its files. Around it stand pure functions:
//!
//! - [`crosswalk`]: Dublin Core out of MARC ([`crosswalk::get`]), and changed
//!   Dublin Core back into the same MARC ([`crosswalk::put`]), where only the
//!   fields of changed elements change;
//! - [`mnemonic`]: MARC as lines of text for a textarea;
//! - [`check()`]: what is wrong with a record, with its place and a message;
//! - [`template()`]: records to begin with;
//! - [`changes`], [`merge()`]: differences of two works, and of three;
//! - [`match_keys`], [`import()`]: whether two records are of one work, and what
//!   becomes of them then;
//! - [`headings`]: names and subjects for suggestions.
//!
//! **Normal form.** Text of a record that a form shows is compared and crossed
//! over in its normal form ([`DublinCore::normal`]): blanks collapsed, ISBD's
//! marks at the ends dropped, ISBN in 13 digits, languages as BCP 47 tags, one
//! title proper, roles deciding between creator and contributor. Records are
//! *kept* as they were written; only crossing over makes them normal.

pub mod check;
pub mod crosswalk;
pub mod fuzz;
pub mod mnemonic;
pub mod tags;

mod articles;
mod authority;
mod compare;
mod elements;
mod export;
mod fold;
mod import;
mod items;
mod keys;
mod marc;
mod merge;
mod normal;
mod stored;
mod suggest;
mod template;
#[cfg(test)]
mod tests;
mod work;

pub use articles::article_chars;
pub use authority::{Heading, HeadingKind, heading_key, headings, headings_of};
pub use check::{Finding, Place, Severity, check};
pub use compare::{Change, changes};
pub use elements::{DublinCore, Element, Qualifier, Statement};
pub use fold::fold;
pub use import::{ImportRule, ImportRules, import};
pub use items::part_name;
pub use keys::{MatchKey, MatchKind, match_keys, match_keys_of};
pub use marc::Marc;
pub use merge::{Conflict, Merged, Side, merge, merge_with};
pub use suggest::{heading_kind, line_heading, line_with_heading};
pub use template::{Template, template};
pub use work::{
    Attachment, Body, MAX_FILES, MAX_MARC_FIELDS, MAX_NOTE_CHARS, MAX_ORIGINAL_BYTES,
    MAX_STATEMENTS, MAX_WORK_BYTES, Scheme, Work, WorkError,
};
