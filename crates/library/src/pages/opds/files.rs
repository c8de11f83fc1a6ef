//! The files of a document, which are what a reading program is after.

use lampion_formats::exchange::opds::Acquisition;
use lampion_web::filters;

use super::Shelf;
use crate::model::{Collection, Kind, Meta};

/// Whether documents of a collection can be files: of catalogues, those records that have attached ones.
pub(super) fn holds_files(kind: Kind) -> bool {
    matches!(kind, Kind::Files | Kind::Zim | Kind::Catalogue)
}

impl Shelf<'_> {
    /// What can be fetched of a document; nothing for a record without a file.
    pub(super) fn acquisitions(
        &self,
        collection: &Collection,
        key: &str,
        meta: &Meta,
    ) -> Vec<Acquisition> {
        if !holds_files(collection.kind) {
            return Vec::new();
        }
        if collection.kind == Kind::Catalogue {
            let (path, several) = (filters::url_path(key), meta.files.len() > 1);
            let address = |hash: &str| {
                format!(
                    "{}/attached/{}/{path}/{hash}",
                    self.page.origin, collection.id
                )
            };
            // Of another node's record, what did not come along can't be fetched here.
            let blobs = &self.library.kernel().blobs;
            let here = |hash: &str| {
                !collection.is_followed()
                    || hash
                        .parse()
                        .is_ok_and(|hash| blobs.local_path(&hash).is_some())
            };
            return meta
                .files
                .iter()
                .filter(|file| here(&file.hash))
                .map(|file| Acquisition {
                    href: address(&file.hash),
                    media_type: file.mime.clone(),
                    title: several.then(|| file.name.clone()),
                    size_bytes: Some(file.size),
                })
                .collect();
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
