//! The package document (EPUB 3.3 §5), the container (§4.2.6.3.1) and the table
//! of contents, new (§7) and old (NCX of EPUB 2).

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{Read, Seek},
};

use crate::{
    FormatError,
    archive::Archive,
    model::{Extracted, Limits, MAX_VALUE_BYTES, clip},
    office::join,
    xml::{Node, walk},
};

/// Fonts may be scrambled without locking a book (EPUB 3.3 §4.4, Adobe's older way).
const FONT_SCRAMBLING: &[&str] = &[
    "http://www.idpf.org/2008/embedding",
    "http://ns.adobe.com/pdf/enc#RC",
];

/// What a book says about itself; every place is a name in the archive.
#[derive(Default)]
pub(super) struct Book {
    pub about: Extracted,
    /// Place and media type of everything in the book.
    pub manifest: HashMap<String, String>,
    pub spine: Vec<String>,
    pub titles: HashMap<String, String>,
    pub cover: Option<String>,
}

/// One `<item>` of the manifest.
struct Item {
    href: String,
    mime: String,
    properties: String,
}

#[derive(Default)]
struct Reading {
    items: HashMap<String, Item>,
    order: Vec<String>,
    cover_id: Option<String>,
    /// `refines` of EPUB 3: what is said about an element, by its id.
    identifier_scheme: String,
    text: String,
}

impl Book {
    pub(super) fn open<R: Read + Seek>(
        archive: &mut Archive<R>,
        limits: &Limits,
    ) -> Result<Self, FormatError> {
        if let Some(xml) = archive.read_text("META-INF/encryption.xml")? {
            refuse_locked(&xml, limits)?;
        }
        let place = package_place(archive, limits)?;
        let folder = place
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let Some(xml) = archive.read_text(&place)? else {
            return Err(FormatError::damaged(format!(
                "`{place}` is missing inside it"
            )));
        };
        let mut book = Self::default();
        let mut reading = Reading::default();
        let result = walk(&xml, limits, |node| reading.node(node, &mut book.about));
        if let Err(error) = result {
            if reading.order.is_empty() {
                return Err(error);
            }
            book.about.warn(format!("`{place}` inside it {error}"));
        }
        let place_of = |href: &str| join(&folder, &unescape(href));
        book.spine = reading
            .order
            .iter()
            .filter_map(|id| reading.items.get(id))
            .map(|item| place_of(&item.href))
            .collect();
        let contents = reading
            .items
            .values()
            .find(|item| item.properties.split(' ').any(|p| p == "nav"))
            .or_else(|| {
                reading
                    .items
                    .values()
                    .find(|item| item.mime == "application/x-dtbncx+xml")
            })
            .map(|item| place_of(&item.href));
        book.cover = reading
            .items
            .values()
            .find(|item| item.properties.split(' ').any(|p| p == "cover-image"))
            .or_else(|| {
                reading
                    .cover_id
                    .as_ref()
                    .and_then(|id| reading.items.get(id))
            })
            .filter(|item| item.mime.starts_with("image/"))
            .map(|item| place_of(&item.href));
        book.manifest = reading
            .items
            .into_values()
            .map(|item| (place_of(&item.href), item.mime))
            .collect();
        if let Some(contents) = contents
            && let Ok(Some(xml)) = archive.read_text(&contents)
        {
            book.read_contents(&xml, &contents, limits);
        }
        Ok(book)
    }

    /// Titles of chapters. Both forms pair a title with a link: `<a href>title</a>`,
    /// or `<text>title</text>` before `<content src>`.
    fn read_contents(&mut self, xml: &str, place: &str, limits: &Limits) {
        let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (mut link, mut text) = (None, String::new());
        let titles = &mut self.titles;
        let mut pair = |href: &str, title: &str| {
            let href = href.split('#').next().unwrap_or("");
            let title = clip(title);
            if !title.is_empty() {
                titles.entry(join(folder, &unescape(href))).or_insert(title);
            }
        };
        // A table of contents that breaks off has given what it could.
        drop(walk(xml, limits, |node| match node {
            Node::Start("a", attributes) => {
                link = attributes.get("href");
                text.clear();
            }
            Node::End("a") => {
                if let Some(href) = link.take() {
                    pair(&href, &text);
                }
            }
            Node::Start("text", _) => text.clear(),
            Node::Start("content", attributes) => {
                if let Some(href) = attributes.get("src") {
                    pair(&href, &text);
                }
            }
            Node::Text(more) if text.len() < MAX_VALUE_BYTES => text.push_str(more),
            _ => {}
        }));
    }
}

impl Reading {
    fn node(&mut self, node: Node<'_>, about: &mut Extracted) {
        match node {
            Node::Start(name, attributes) => {
                self.text.clear();
                let get = |name: &str| attributes.get(name).unwrap_or_default();
                match name {
                    "item" => {
                        let item = Item {
                            href: get("href"),
                            mime: get("media-type"),
                            properties: get("properties"),
                        };
                        self.items.insert(get("id"), item);
                    }
                    "itemref" => self.order.push(get("idref")),
                    "meta" if get("name") == "cover" => self.cover_id = attributes.get("content"),
                    "identifier" => self.identifier_scheme = get("scheme").to_ascii_lowercase(),
                    _ => {}
                }
            }
            Node::Text(more) => {
                if self.text.len() < MAX_VALUE_BYTES {
                    self.text.push_str(more);
                }
            }
            Node::End(name) => {
                let value = self.text.as_str();
                match name {
                    "title" => about.offer_title(value),
                    "creator" => about.add_author(value),
                    "contributor" if about.authors.is_empty() => about.add_author(value),
                    "subject" => about.add_subjects(value),
                    // Descriptions often hold markup.
                    "description" => about.offer_description(
                        &crate::html::extract_str(value, &Limits::default()).text,
                    ),
                    "publisher" => about.offer_publisher(value),
                    "language" => about.offer_language(value),
                    "date" => about.offer_year(value),
                    "identifier" => {
                        let scheme = if self.identifier_scheme.is_empty() {
                            "id"
                        } else {
                            &self.identifier_scheme
                        };
                        about.add_identifier(scheme, value);
                    }
                    _ => {}
                }
                self.text.clear();
            }
        }
    }
}

/// `META-INF/container.xml` names the package document; books without it still
/// have one somewhere.
fn package_place<R: Read + Seek>(
    archive: &mut Archive<R>,
    limits: &Limits,
) -> Result<String, FormatError> {
    let mut place = None;
    if let Some(xml) = archive.read_text("META-INF/container.xml")? {
        drop(walk(&xml, limits, |node| {
            if let Node::Start("rootfile", attributes) = node
                && place.is_none()
            {
                place = attributes.get("full-path").filter(|path| !path.is_empty());
            }
        }));
    }
    place
        .or_else(|| {
            archive
                .names()
                .find(|name| name.ends_with(".opf"))
                .map(Cow::into_owned)
        })
        .ok_or_else(|| FormatError::damaged("no package document inside, so not an EPUB"))
}

fn refuse_locked(xml: &str, limits: &Limits) -> Result<(), FormatError> {
    let mut locked = false;
    drop(walk(xml, limits, |node| {
        if let Node::Start("EncryptionMethod", attributes) = node {
            let algorithm = attributes.get("Algorithm").unwrap_or_default();
            // Keys are listed beside fonts; only the content's own method counts.
            locked |= !FONT_SCRAMBLING.contains(&algorithm.as_str());
        }
    }));
    if locked {
        Err(FormatError::Encrypted)
    } else {
        Ok(())
    }
}

/// `%20` and the like in a reference.
fn unescape(href: &str) -> String {
    let mut out = Vec::with_capacity(href.len());
    let mut rest = href.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
        if *first == b'%'
            && let (Some(high), Some(low)) = (hex(tail.first()), hex(tail.get(1)))
        {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
            rest = tail.get(2..).unwrap_or(&[]);
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| href.to_owned())
}
