//! Beginning a catalogue.

use lampion_core::ids;

use crate::adding::{blank, free_id};
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Source, State, Visibility};

impl Library {
    /// Begins an empty catalogue. Without an id, one is made of the title. A catalogue that was removed comes back with
    /// its records under the same id, for they are on the feed.
    ///
    /// # Errors
    /// The id is taken or can't be one, or the disk.
    pub async fn create_catalogue(
        &self,
        id: &str,
        title: &str,
        visibility: Visibility,
    ) -> Result<Collection, LibraryError> {
        let kernel = self.kernel();
        let bad = |reason: &str| LibraryError::BadSource {
            path: id.into(),
            reason: reason.into(),
        };
        let all = self.store().all().await?;
        let id = if id.is_empty() {
            free_id(kernel, &all, title)
        } else {
            id.to_string()
        };
        if ids::slug(&id) != id {
            return Err(bad("a short name has small letters, digits and hyphens"));
        }
        if all.iter().any(|one| one.id == id) {
            return Err(bad(
                "there is a collection of this name already: choose another",
            ));
        }
        let folder = kernel.data.join("collections").join(&id);
        std::fs::create_dir_all(&folder)?;
        let now_ms = kernel.clock.now_ms();
        let mut made = blank(
            id,
            title.trim().to_string(),
            Kind::Catalogue,
            Source::default(),
            folder,
            now_ms,
        );
        made.visibility = visibility;
        made.state = State::Ready;
        self.store().insert(&made).await?;
        self.refresh().await?;
        kernel.events.send("collection.changed", made.id.as_str());
        Ok(made)
    }

    /// The node's catalogues.
    pub fn catalogues(&self) -> Vec<Collection> {
        let mut all = self.collections();
        all.retain(|one| one.kind == Kind::Catalogue && !one.is_followed());
        all
    }
}
