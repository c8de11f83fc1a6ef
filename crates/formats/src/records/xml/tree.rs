//! One record as a tree of elements.

use std::borrow::Cow;

use encoding_rs::Encoding;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::frames::local;
use super::{MAX_XML_DEPTH, MAX_XML_ELEMENTS};
use crate::records::reader::Warnings;

/// An element of a record.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name with the prefix that the document uses.
    pub(crate) name: String,
    /// Attributes by their local names.
    pub(crate) attributes: Vec<(String, String)>,
    /// Its own text.
    pub(crate) text: String,
    /// Elements in it.
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn local(&self) -> &str {
        local(&self.name)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|one| one.0 == name)
            .map(|one| one.1.as_str())
    }

    /// Reads the one element that the bytes hold.
    pub(crate) fn parse(
        bytes: &[u8],
        encoding: &'static Encoding,
        warnings: &mut Warnings,
    ) -> Result<Self, String> {
        let text: Cow<'_, str> = match std::str::from_utf8(bytes) {
            Ok(text) if encoding == encoding_rs::UTF_8 => Cow::Borrowed(text),
            _ => {
                let (text, broken) = encoding.decode_without_bom_handling(bytes);
                if broken {
                    warnings.add(format!("it is not {} throughout", encoding.name()));
                }
                text
            }
        };
        let mut reader = Reader::from_str(&text);
        reader.config_mut().check_end_names = true;
        let mut open: Vec<Self> = Vec::new();
        let mut count = 0usize;
        loop {
            let event = reader
                .read_event()
                .map_err(|error| format!("it is not well-formed XML: {error}"))?;
            match event {
                Event::Start(tag) => {
                    count += 1;
                    if open.len() >= MAX_XML_DEPTH {
                        return Err(format!(
                            "its elements are nested deeper than {MAX_XML_DEPTH}"
                        ));
                    }
                    if count > MAX_XML_ELEMENTS {
                        return Err(format!("it has more than {MAX_XML_ELEMENTS} elements"));
                    }
                    open.push(Self::opened(&tag)?);
                }
                Event::Empty(tag) => {
                    count += 1;
                    if count > MAX_XML_ELEMENTS {
                        return Err(format!("it has more than {MAX_XML_ELEMENTS} elements"));
                    }
                    let element = Self::opened(&tag)?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None => return Ok(element),
                    }
                }
                Event::End(_) => {
                    let Some(element) = open.pop() else {
                        return Err("it begins with an end tag".to_owned());
                    };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None => return Ok(element),
                    }
                }
                Event::Text(part) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&part.xml10_content());
                    }
                }
                Event::CData(part) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&part.xml10_content());
                    }
                }
                Event::GeneralRef(reference) => {
                    let found = match reference.resolve_char_ref() {
                        Ok(Some(one)) => Some(one),
                        Ok(None) => predefined(&reference),
                        Err(_) => None,
                    };
                    let Some(one) = found else {
                        return Err(format!(
                            "it uses `&{};`, which XML does not define",
                            &*reference
                        ));
                    };
                    if let Some(element) = open.last_mut() {
                        element.text.push(one);
                    }
                }
                Event::DocType(_) => return Err("it holds a document type declaration".to_owned()),
                Event::Eof => return Err("it ends inside an element".to_owned()),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            }
        }
    }

    fn opened(tag: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute =
                attribute.map_err(|error| format!("an attribute is broken: {error}"))?;
            let name = attribute.key.as_ref();
            if name.starts_with("xmlns") {
                continue;
            }
            let value = quick_xml::escape::unescape(&attribute.value)
                .map_err(|error| format!("an attribute is broken: {error}"))?;
            attributes.push((local(name).to_owned(), value.into_owned()));
        }
        let name = tag.name().as_ref().to_owned();
        Ok(Self {
            name,
            attributes,
            ..Self::default()
        })
    }

    /// The text of the element and of all elements in it, in order of depth.
    pub(crate) fn all_text(&self) -> String {
        let mut out = self.text.trim().to_owned();
        for child in &self.children {
            let text = child.all_text();
            if !text.is_empty() {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(&text);
            }
        }
        out
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// Text for the inside of an element or attribute. Characters that XML 1.0 has
/// no way to write become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Readers turn a bare carriage return into a line feed.
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(one),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(one),
        }
    }
    out
}
