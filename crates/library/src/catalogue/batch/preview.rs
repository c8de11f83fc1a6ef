//! What a batch would do, before it does anything.

use lampion_formats::records::desk::{Change, changes};

use super::operation::{Applied, Operation};
use super::selection::{Selection, part};
use crate::catalogue::Catalogue;
use crate::catalogue::model::RecordRow;
use crate::library::{Library, LibraryError};

/// Records that a preview looks at.
pub const PREVIEW_RECORDS: usize = 500;
/// Records whose differences it shows.
const SAMPLES: usize = 20;

/// One record as it would become.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The record.
    pub row: RecordRow,
    /// What would change; nothing if it would be withdrawn or can't be done.
    pub changes: Vec<Change>,
    /// Why it can't be done; empty if it can.
    pub reason: String,
}

/// What would happen.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// Records that were looked at.
    pub looked: i64,
    /// More follow that were not.
    pub more: bool,
    /// Would change.
    pub changed: i64,
    /// Would stay.
    pub unchanged: i64,
    /// Can't be done.
    pub invalid: i64,
    /// The first of those that would change or can't.
    pub samples: Vec<Sample>,
}

/// Looks at the first [`PREVIEW_RECORDS`] of a selection.
///
/// # Errors
/// The database or the search.
pub async fn preview(
    library: &Library,
    catalogue: &Catalogue,
    collection: &str,
    selection: &Selection,
    operation: &Operation,
) -> Result<Preview, LibraryError> {
    let mut out = Preview::default();
    let mut place = String::new();
    loop {
        let part = part(catalogue, Some(library), collection, selection, &place).await?;
        for id in &part.ids {
            if out.looked >= i64::try_from(PREVIEW_RECORDS).unwrap_or(0) {
                out.more = true;
                return Ok(out);
            }
            out.look(catalogue, collection, id, operation).await?;
        }
        match part.next {
            Some(next) => place = next,
            None => return Ok(out),
        }
    }
}

impl Preview {
    async fn look(
        &mut self,
        catalogue: &Catalogue,
        collection: &str,
        id: &str,
        operation: &Operation,
    ) -> Result<(), LibraryError> {
        let content = |error: crate::catalogue::CatalogueError| LibraryError::Content {
            collection: collection.to_string(),
            reason: error.to_string(),
        };
        let Ok(Some((row, Some(work)))) = catalogue.get(collection, id, None).await else {
            // Gone meanwhile: it says so when it is done.
            return catalogue.feed_id().await.map(drop).map_err(content);
        };
        self.looked += 1;
        let (differs, reason) = match operation.apply(&work) {
            Applied::Unchanged => {
                self.unchanged += 1;
                return Ok(());
            }
            Applied::Changed(new) => {
                self.changed += 1;
                (changes(&work, &new), String::new())
            }
            Applied::Withdrawn(_) => {
                self.changed += 1;
                (Vec::new(), String::new())
            }
            Applied::Invalid(reason) => {
                self.invalid += 1;
                (Vec::new(), reason)
            }
        };
        if self.samples.len() < SAMPLES {
            self.samples.push(Sample {
                row,
                changes: differs,
                reason,
            });
        }
        Ok(())
    }
}
