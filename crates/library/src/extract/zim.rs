//! Articles of a ZIM archive, in the order in which they lie in it.

use std::sync::Arc;

use lampion_formats::{Limits, html};
use lampion_search::Document;
use lampion_zim::{Archive, ClusterCache, Entry, OpenOptions, ZimError};

use super::child::{Gone, Parent};
use super::{About, Frame, Request, TEXT_LIMIT, document_hash, files};

/// Unpacked clusters that the walk keeps: it goes through them in order.
const CACHE_BYTES: u64 = 8 << 20;
/// Titles that redirect are told after this many articles' worth of cursor.
const ALIASES: &str = "aliases";

/// Opens an archive with a cache of its own.
fn open(request: &Request) -> Result<Archive, ZimError> {
    let options = OpenOptions {
        cache: Some(Arc::new(ClusterCache::new(CACHE_BYTES))),
        ..OpenOptions::default()
    };
    Archive::open_with(&request.path, options)
}

pub(super) fn run(request: &Request, parent: &mut Parent<'_>) -> Result<(), Gone> {
    let archive = match open(request) {
        Ok(archive) => archive,
        Err(error) => return parent.send_now(&Frame::Broken(error.to_string())),
    };
    parent.send(&Frame::About(about(&archive)))?;
    if request.cursor != ALIASES {
        let start = request.cursor.parse().unwrap_or(0);
        articles(request, &archive, start, parent)?;
    }
    if request.limit == 0 {
        aliases(&archive, parent)?;
    }
    Ok(())
}

/// What the archive says about itself; what it doesn't say stays empty.
pub fn about(archive: &Archive) -> About {
    let metadata = |name: &str| {
        archive
            .metadata(name)
            .ok()
            .flatten()
            .unwrap_or_default()
            .trim()
            .to_string()
    };
    let main = archive.main_entry().ok().flatten();
    About {
        title: metadata("Title"),
        description: metadata("Description"),
        language: archive
            .languages()
            .unwrap_or_default()
            .iter()
            .filter_map(|code| lampion_formats::records::languages::normalize(code))
            .collect::<Vec<_>>()
            .join(","),
        creator: metadata("Creator"),
        origin: origin(&metadata("Source")),
        main_path: main
            .map(|entry| address(archive, &entry))
            .unwrap_or_default(),
        cover: archive
            .illustration(48)
            .ok()
            .flatten()
            .map(|(mime, bytes)| (mime, bytes.to_vec())),
        size_bytes: archive.size_bytes(),
    }
}

/// A web site's host and path prefix out of the `Source` metadata.
fn origin(source: &str) -> String {
    let bare = source
        .trim()
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/');
    if bare.contains(['.']) && !bare.contains(char::is_whitespace) {
        bare.to_ascii_lowercase()
    } else {
        String::new()
    }
}

/// An entry's address within the collection: its path, with the namespace in front where the archive is of the old kind.
pub fn address(archive: &Archive, entry: &Entry) -> String {
    if archive.has_new_namespaces() {
        entry.path.clone()
    } else {
        entry.long_path()
    }
}

fn articles(
    request: &Request,
    archive: &Archive,
    start: u64,
    parent: &mut Parent<'_>,
) -> Result<(), Gone> {
    let mut order = match archive.articles_in_cluster_order(start) {
        Ok(order) => order,
        Err(error) => return parent.send_now(&Frame::Broken(error.to_string())),
    };
    let total = order.total();
    // An archive in one language says so once; its articles seldom do.
    let spoken = about(archive).language;
    let language = (!spoken.is_empty() && !spoken.contains(',')).then_some(spoken);
    parent.send(&Frame::Plan {
        items: total,
        bytes: archive.size_bytes(),
    })?;
    let bytes_at = |position: u64| {
        if total == 0 {
            0
        } else {
            (u128::from(archive.size_bytes()) * u128::from(position) / u128::from(total)) as u64
        }
    };
    while let Some(entry) = order.next() {
        let position = order.position();
        let (cursor, bytes) = (position.to_string(), bytes_at(position));
        match entry.and_then(|entry| {
            article(archive, &entry, parent, &cursor, request).map(|read| (entry, read))
        }) {
            Ok((_, Read::Gone)) => return Err(Gone),
            Ok((_, Read::Document(mut document))) => {
                if document.language.is_none() {
                    document.language.clone_from(&language);
                }
                parent.send(&Frame::Item {
                    document,
                    cursor,
                    bytes,
                })?;
            }
            Ok((_, Read::Nothing)) => parent.send(&Frame::Passed { cursor, bytes })?,
            Ok((entry, Read::Unreadable(reason))) => parent.send(&Frame::Failed {
                item: entry.long_path(),
                reason,
                cursor,
                bytes,
            })?,
            Err(error) => parent.send(&Frame::Failed {
                item: format!("entry {position}"),
                reason: error.to_string(),
                cursor,
                bytes,
            })?,
        }
    }
    let (broken, more) = order.broken();
    for (number, error) in broken.iter().enumerate() {
        parent.send(&Frame::Warned {
            item: format!("broken entry {}", number + 1),
            reason: error.to_string(),
        })?;
    }
    if more > broken.len() as u64 {
        parent.send(&Frame::Warned {
            item: "broken entries".into(),
            reason: format!("{more} in all"),
        })?;
    }
    parent.send(&Frame::Passed {
        cursor: ALIASES.into(),
        bytes: archive.size_bytes(),
    })
}

enum Read {
    Document(Box<Document>),
    Nothing,
    Unreadable(String),
    Gone,
}

fn article(
    archive: &Archive,
    entry: &Entry,
    parent: &mut Parent<'_>,
    cursor: &str,
    request: &Request,
) -> Result<Read, ZimError> {
    let mime = archive
        .mime_of(entry)?
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let page = matches!(mime.as_str(), "text/html" | "application/xhtml+xml");
    let key = address(archive, entry);
    if key == request.skip {
        return Ok(Read::Nothing);
    }
    if (!page || request.careful)
        && parent
            .send_now(&Frame::Begin {
                item: key.clone(),
                cursor: cursor.to_string(),
            })
            .is_err()
    {
        return Ok(Read::Gone);
    }
    let bytes = match archive.read(entry) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Read::Unreadable(error.to_string())),
    };
    let limits = Limits {
        max_text_bytes: TEXT_LIMIT,
        ..Limits::default()
    };
    let extracted = if page {
        Ok(html::extract(&bytes, &limits))
    } else {
        files::extract_bytes(&key, &bytes, &limits)
    };
    let extracted = match extracted {
        Ok(extracted) => extracted,
        Err(reason) => return Ok(Read::Unreadable(reason)),
    };
    let title = if entry.title.is_empty() || entry.title == entry.path {
        extracted
            .title
            .clone()
            .unwrap_or_else(|| entry.title.clone())
    } else {
        entry.title.clone()
    };
    let mut document = files::document(&key, extracted, &mime, bytes.len() as u64);
    document.title = title;
    document.kind = if page {
        "article".into()
    } else {
        document.kind
    };
    document.weight = weight(bytes.len());
    document.hash = document_hash(&document);
    Ok(Read::Document(Box::new(document)))
}

/// Longer articles are a little more important: 0 to 200, by the logarithm of their size.
fn weight(bytes: usize) -> u8 {
    let bits = usize::BITS - bytes.max(1).leading_zeros();
    u8::try_from((bits.saturating_sub(8) * 16).min(200)).unwrap_or(200)
}

fn aliases(archive: &Archive, parent: &mut Parent<'_>) -> Result<(), Gone> {
    for redirect in archive.redirects().flatten() {
        let title = redirect.title.clone();
        if let Ok(target) = archive.resolve(redirect) {
            parent.send(&Frame::Alias {
                title,
                key: address(archive, &target),
            })?;
        }
    }
    Ok(())
}
