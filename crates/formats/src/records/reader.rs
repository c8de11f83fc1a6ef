//! The reader that all formats share: a format finds the next record in the
//! window and turns its bytes into a [`CatalogueRecord`]; counting, offsets,
//! limits and errors are handled here once.

use std::io::{self, BufRead};

use super::model::CatalogueRecord;
use super::window::Window;

/// The most bytes that one record may have. MARC allows 99,999; a line of JSON
/// with the full text of a book needs more.
pub const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;
/// The most warnings kept for one record.
pub const MAX_WARNINGS: usize = 20;

/// Something read, with its place in the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Located<T> {
    /// What was read.
    pub record: T,
    /// Its number in this run of the reader, from one, broken records included.
    pub ordinal: u64,
    /// Where its bytes begin in the source.
    pub offset: u64,
    /// How many bytes it has in the source.
    pub length: u64,
    /// What was wrong but could be mended, at most [`MAX_WARNINGS`].
    pub warnings: Vec<String>,
}

/// A record that could not be read. Unless `fatal`, the reader goes on after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {ordinal} at byte {offset}: {reason}: {advice}")]
pub struct RecordError {
    /// Its number in this run of the reader, from one.
    pub ordinal: u64,
    /// Where it begins in the source, in bytes.
    pub offset: u64,
    /// How many bytes were passed over.
    pub length: u64,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub advice: String,
    /// True if nothing can be read after it.
    pub fatal: bool,
}

/// Why the bytes of a record gave none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) reason: String,
    pub(crate) advice: &'static str,
}

impl Problem {
    pub(crate) fn new(reason: impl Into<String>, advice: &'static str) -> Self {
        Self {
            reason: reason.into(),
            advice,
        }
    }
}

/// A list of warnings with an end.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    /// Adds a warning, unless there are too many or it is there already.
    pub(crate) fn add(&mut self, warning: impl Into<String>) {
        if self.0.len() < MAX_WARNINGS {
            let warning = warning.into();
            if !self.0.contains(&warning) {
                self.0.push(warning);
            }
        }
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// What stands at the window's front.
pub(crate) enum Framed {
    /// A record of this many bytes.
    Record(usize),
    /// This many bytes that are no record.
    Broken(usize, Problem),
    /// Nothing more can be made of the source.
    Fatal(Problem),
    /// The end.
    End,
}

/// A format: how records are found and read.
pub(crate) trait Format: Send {
    /// Drops what lies between records, then says what comes.
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed>;
    /// Reads one record from its bytes. `Ok(None)` for bytes that describe
    /// nothing (a deleted record, a comment).
    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem>;
}

/// Readers of catalogue records. Memory stays below a small multiple of
/// [`MAX_RECORD_BYTES`], whatever the source holds.
pub trait RecordReader:
    Iterator<Item = Result<Located<CatalogueRecord>, RecordError>> + Send
{
    /// The offset after the record returned last: where
    /// [`super::open_at`] goes on after an interruption.
    fn offset(&self) -> u64;
    /// How many records, broken ones included, have been returned.
    fn ordinal(&self) -> u64;
}

/// A format at work on a source.
pub(crate) struct FormatReader<R, F> {
    window: Window<R>,
    format: F,
    ordinal: u64,
    finished: bool,
}

impl<R: BufRead, F: Format> FormatReader<R, F> {
    pub(crate) fn over(window: Window<R>, ordinal: u64, format: F) -> Self {
        Self {
            window,
            format,
            ordinal,
            finished: false,
        }
    }

    fn error(&mut self, offset: u64, length: usize, problem: Problem, fatal: bool) -> RecordError {
        self.finished |= fatal;
        RecordError {
            ordinal: self.ordinal,
            offset,
            length: length as u64,
            reason: problem.reason,
            advice: problem.advice.to_owned(),
            fatal,
        }
    }
}

impl<R: BufRead, F: Format> Iterator for FormatReader<R, F> {
    type Item = Result<Located<CatalogueRecord>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            let framed = match self.format.frame(&mut self.window) {
                Ok(framed) => framed,
                Err(error) => Framed::Fatal(Problem::new(
                    format!("the source cannot be read: {error}"),
                    "check the file or the medium, then import again: it goes on from here",
                )),
            };
            let offset = self.window.offset();
            match framed {
                Framed::End => self.finished = true,
                Framed::Fatal(problem) => {
                    self.ordinal += 1;
                    return Some(Err(self.error(offset, 0, problem, true)));
                }
                Framed::Broken(length, problem) => {
                    self.ordinal += 1;
                    self.window.consume(length);
                    return Some(Err(self.error(offset, length, problem, false)));
                }
                Framed::Record(length) => {
                    let mut warnings = Warnings::default();
                    let bytes = self.window.bytes().get(..length).unwrap_or_default();
                    let read = self.format.read(bytes, &mut warnings).map(|record| {
                        record.map(|mut record| {
                            if record.id.is_empty() {
                                record.id = content_id(bytes);
                            }
                            record
                        })
                    });
                    self.window.consume(length);
                    match read {
                        Ok(None) => {}
                        Ok(Some(record)) => {
                            self.ordinal += 1;
                            return Some(Ok(Located {
                                record,
                                ordinal: self.ordinal,
                                offset,
                                length: length as u64,
                                warnings: warnings.into_vec(),
                            }));
                        }
                        Err(problem) => {
                            self.ordinal += 1;
                            return Some(Err(self.error(offset, length, problem, false)));
                        }
                    }
                }
            }
        }
        None
    }
}

impl<R: BufRead + Send, F: Format> RecordReader for FormatReader<R, F> {
    fn offset(&self) -> u64 {
        self.window.offset()
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }
}

/// An id for a record that has none: the same bytes always give the same.
pub(crate) fn content_id(bytes: &[u8]) -> String {
    let mut id = blake3::hash(bytes).to_hex().to_string();
    id.truncate(32);
    id
}
