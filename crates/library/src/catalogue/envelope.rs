//! The body of a publication: the work, and who published it when and why.

use lampion_formats::records::desk::{Work, WorkError};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `{"by":"Mira","at_ms":1795326643000,"note":"two typing errors","work":{…}}`
///
/// It stands in the body and not in the entry, so that a withdrawal erases names too.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// The public name of who published it.
    #[serde(default)]
    pub by: String,
    /// When, by the node's clock, in milliseconds since 1970; only shown.
    #[serde(default)]
    pub at_ms: i64,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The work as JSON.
    pub work: Box<RawValue>,
}

impl Envelope {
    /// Puts a work into an envelope.
    ///
    /// # Errors
    /// The work is past a limit.
    pub fn pack(work: &Work, by: &str, at_ms: i64, note: &str) -> Result<Vec<u8>, WorkError> {
        let malformed = |error: serde_json::Error| WorkError::Malformed(error.to_string());
        let envelope = Self {
            by: by.to_string(),
            at_ms,
            note: note.to_string(),
            work: RawValue::from_string(work.to_json()?).map_err(malformed)?,
        };
        serde_json::to_vec(&envelope).map_err(malformed)
    }

    /// Opens an envelope; the work stays closed.
    ///
    /// # Errors
    /// It is none.
    pub fn open(body: &[u8]) -> Result<Self, WorkError> {
        serde_json::from_slice(body).map_err(|error| WorkError::Malformed(error.to_string()))
    }

    /// The work in it.
    ///
    /// # Errors
    /// It can't be read.
    pub fn work(&self) -> Result<Work, WorkError> {
        Work::from_json(self.work.get().as_bytes())
    }
}
