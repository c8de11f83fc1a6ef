//! The files of a document, which are what a reading program is after.

use lampion_formats::exchange::opds::Acquisition;
use lampion_web::filters;

use super::Shelf;
use crate::model::{Collection, Kind, Meta};

/// Whether documents of a collection can be files. Catalogues join here once their records have attached files
/// ([`Shelf::acquisitions`] says which) and the index can tell those that have some from those that have none: until
/// then a list would be pages of records without any.
pub(super) fn holds_files(kind: Kind) -> bool {
    matches!(kind, Kind::Files | Kind::Zim)
}

impl Shelf<'_> {
    /// What can be fetched of a document; nothing for a record without a file. The one place to add attached files of
    /// catalogue records to.
    pub(super) fn acquisitions(
        &self,
        collection: &Collection,
        key: &str,
        meta: &Meta,
    ) -> Vec<Acquisition> {
        if !holds_files(collection.kind) {
            return Vec::new();
        }
        let media_type = if meta.mime.is_empty() {
            crate::mime::by_name(key).to_string()
        } else {
            meta.mime.clone()
        };
        let path = filters::url_path(key);
        vec![Acquisition {
            href: format!("{}/original/{}/{path}", self.page.origin, collection.id),
            media_type,
            title: None,
            size_bytes: Some(meta.size).filter(|size| *size > 0),
        }]
    }
}
