//! Notes of publications as people read them: without the identifier of a batch, but with what sort of batch it was.

use std::collections::HashMap;

use lampion_web::AppError;

use crate::catalogue::Catalogue;
use crate::catalogue::batch::{BatchKind, of_note};

/// A note taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pages) struct Told {
    /// Why, in words; empty if nobody said.
    pub(in crate::pages) words: String,
    /// Message that says what sort of batch it came by; empty if by none.
    pub(in crate::pages) by_batch: &'static str,
    /// That batch, if its page is there.
    pub(in crate::pages) batch: Option<String>,
}

/// Batches that notes of one page name.
pub(in crate::pages) struct Notes<'a> {
    catalogue: &'a Catalogue,
    kinds: HashMap<String, Option<BatchKind>>,
}

impl<'a> Notes<'a> {
    pub(in crate::pages) fn new(catalogue: &'a Catalogue) -> Self {
        Self {
            catalogue,
            kinds: HashMap::new(),
        }
    }

    /// Takes a note apart.
    ///
    /// # Errors
    /// The database.
    pub(in crate::pages) async fn tell(&mut self, note: &str) -> Result<Told, AppError> {
        let (words, batch) = of_note(note);
        let words = words.to_string();
        let Some(id) = batch else {
            return Ok(Told {
                words,
                ..Told::default()
            });
        };
        let kind = if let Some(known) = self.kinds.get(id) {
            *known
        } else {
            let kind = self.catalogue.batch_row(id).await?.map(|row| row.kind);
            self.kinds.insert(id.to_string(), kind);
            kind
        };
        Ok(Told {
            words,
            by_batch: match kind {
                Some(BatchKind::Import) => "change-batch-import",
                Some(BatchKind::Undo) => "change-batch-undo",
                // Batches are forgotten after a while.
                _ => "change-batch-edit",
            },
            batch: kind.map(|_| id.to_string()),
        })
    }
}
