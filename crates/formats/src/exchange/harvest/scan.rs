//! XML in, strictly: namespaces resolved, well-formed to its end, no declarations
//! of entities, bounded depth and size. Elements can be cut out as text.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Limits, PageError};

/// The most attributes of an element: each is held against all others.
const MAX_ATTRIBUTES: usize = 256;
/// The most declarations of namespaces in force: each name is held against them.
const MAX_BINDINGS: usize = 256;

/// A start tag.
pub(super) struct Tag {
    /// The name without its prefix, if it is in the namespace of OAI-PMH; elements
    /// of others have no name here.
    pub(super) oai: Option<String>,
    /// The name with its prefix.
    pub(super) name: String,
    /// Attributes without prefix, unescaped.
    pub(super) attributes: Vec<(String, String)>,
    /// Where the tag begins.
    start: usize,
}

impl Tag {
    pub(super) fn is(&self, name: &str) -> bool {
        self.oai.as_deref() == Some(name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|one| one.0 == name)
            .map(|one| one.1.as_str())
    }
}

pub(super) enum Token {
    Start(Tag),
    End,
    Text(String),
}

/// A namespace declaration in force.
struct Binding {
    depth: usize,
    /// Empty for the namespace of names without prefix.
    prefix: String,
    uri: String,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    limits: &'a Limits,
    bindings: Vec<Binding>,
    depth: usize,
    elements: usize,
    /// Whether the root has ended.
    over: bool,
    /// Whether anything came before.
    begun: bool,
}

fn malformed(reason: impl std::fmt::Display) -> PageError {
    PageError::Malformed(reason.to_string())
}

impl<'a> Scanner<'a> {
    /// # Errors
    /// If the text holds a character that XML does not allow.
    pub(super) fn new(text: &'a str, limits: &'a Limits) -> Result<Self, PageError> {
        let text = text.trim_start_matches('\u{feff}');
        if let Some(at) = text.find(forbidden) {
            return Err(malformed(format!(
                "byte {at} holds a character that XML does not allow"
            )));
        }
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = true;
        config.check_comments = true;
        config.expand_empty_elements = true;
        Ok(Self {
            text,
            reader,
            limits,
            bindings: Vec::new(),
            depth: 0,
            elements: 0,
            over: false,
            begun: false,
        })
    }

    fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The next start, end or text; None at the end of the document.
    pub(super) fn next(&mut self) -> Result<Option<Token>, PageError> {
        loop {
            let start = self.at();
            let event = self.reader.read_event().map_err(malformed)?;
            match event {
                Event::Start(tag) => {
                    let tag = self.opened(&tag, start)?;
                    return Ok(Some(Token::Start(tag)));
                }
                Event::Empty(_) => return Err(malformed("an element is neither open nor closed")),
                Event::End(_) => {
                    self.closed();
                    return Ok(Some(Token::End));
                }
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(malformed("`]]>` stands in text"));
                    }
                    let text = text.xml10_content();
                    if self.depth > 0 {
                        return Ok(Some(Token::Text(text.into_owned())));
                    }
                    if !text.trim().is_empty() {
                        return Err(malformed("text stands outside of the root element"));
                    }
                }
                Event::CData(text) => {
                    if self.depth == 0 {
                        return Err(malformed("text stands outside of the root element"));
                    }
                    return Ok(Some(Token::Text(text.xml10_content().into_owned())));
                }
                Event::GeneralRef(reference) => {
                    if self.depth == 0 {
                        return Err(malformed("text stands outside of the root element"));
                    }
                    let one = match reference.resolve_char_ref() {
                        Ok(Some(one)) => Some(one).filter(|one| !forbidden(*one)),
                        Ok(None) => predefined(&reference),
                        Err(_) => None,
                    };
                    let one = one.ok_or_else(|| PageError::Entity(shown(&reference)))?;
                    return Ok(Some(Token::Text(one.to_string())));
                }
                Event::DocType(_) => return Err(PageError::DocumentType),
                Event::Decl(_) if self.begun => {
                    return Err(malformed("a second XML declaration"));
                }
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::Eof if self.over => return Ok(None),
                Event::Eof => return Err(PageError::Truncated),
            }
            self.begun = true;
        }
    }

    fn opened(&mut self, tag: &BytesStart<'_>, start: usize) -> Result<Tag, PageError> {
        self.begun = true;
        if self.over {
            return Err(malformed("a second root element"));
        }
        self.depth += 1;
        self.elements += 1;
        if self.depth > self.limits.max_depth {
            return Err(PageError::TooDeep(self.limits.max_depth));
        }
        if self.elements > self.limits.max_elements {
            return Err(PageError::TooManyElements(self.limits.max_elements));
        }
        let attributes = self.attributes(tag)?;
        let full = tag.name().as_ref().to_owned();
        if !is_name(&full) {
            return Err(malformed(format!("`{}` is no name", shown(&full))));
        }
        let (prefix, local) = full.split_once(':').unwrap_or(("", &full));
        let uri = self.resolve(prefix)?;
        let oai = (uri == crate::exchange::oai::NAMESPACE).then(|| local.to_owned());
        Ok(Tag {
            oai,
            name: full,
            attributes,
            start,
        })
    }

    /// Checks attributes, takes declarations of namespaces, and gives the rest.
    fn attributes(&mut self, tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, PageError> {
        let mut plain = Vec::new();
        let mut prefixes = Vec::new();
        for (nth, attribute) in tag.attributes().enumerate() {
            let attribute = attribute.map_err(malformed)?;
            if nth >= MAX_ATTRIBUTES || self.bindings.len() >= MAX_BINDINGS {
                return Err(malformed(format!(
                    "an element has more than {MAX_ATTRIBUTES} attributes or namespaces"
                )));
            }
            let name = attribute.key.as_ref();
            if !is_name(name) {
                return Err(malformed(format!("`{}` is no name", shown(name))));
            }
            if attribute.value.contains('<') {
                return Err(malformed("`<` stands in an attribute"));
            }
            let value = quick_xml::escape::unescape(&attribute.value)
                .map_err(|_| PageError::Entity(shown(&attribute.value)))?;
            if value.contains(forbidden) {
                return Err(malformed("an attribute holds what XML does not allow"));
            }
            match name.split_once(':') {
                None if name == "xmlns" => self.bind("", &value),
                None => plain.push((name.to_owned(), value.into_owned())),
                Some(("xmlns", prefix)) => self.bind(prefix, &value),
                Some(("xml", _)) => {}
                Some((prefix, _)) => prefixes.push(prefix.to_owned()),
            }
        }
        for prefix in prefixes {
            self.resolve(&prefix)?;
        }
        Ok(plain)
    }

    fn bind(&mut self, prefix: &str, uri: &str) {
        self.bindings.push(Binding {
            depth: self.depth,
            prefix: prefix.to_owned(),
            uri: uri.to_owned(),
        });
    }

    /// The namespace of a prefix; empty for none.
    fn resolve(&self, prefix: &str) -> Result<&str, PageError> {
        match self.bindings.iter().rev().find(|one| one.prefix == prefix) {
            Some(binding) => Ok(&binding.uri),
            None if prefix.is_empty() || prefix == "xml" => Ok(""),
            None => Err(malformed(format!(
                "the prefix `{}` is not declared",
                shown(prefix)
            ))),
        }
    }

    fn closed(&mut self) {
        while self
            .bindings
            .last()
            .is_some_and(|binding| binding.depth >= self.depth)
        {
            self.bindings.pop();
        }
        self.depth = self.depth.saturating_sub(1);
        self.over = self.depth == 0;
    }

    /// The text of an element whose start tag was just read, up to its end. Elements
    /// in it are passed over.
    pub(super) fn text(&mut self) -> Result<String, PageError> {
        let mut out = String::new();
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Some(Token::Start(_)) => open += 1,
                Some(Token::End) => open -= 1,
                Some(Token::Text(text)) if open == 1 => out.push_str(&text),
                Some(Token::Text(_)) => {}
                None => return Err(PageError::Truncated),
            }
        }
        Ok(out.trim().to_owned())
    }

    /// Passes over an element whose start tag was just read.
    pub(super) fn skip(&mut self) -> Result<(), PageError> {
        self.text().map(drop)
    }

    /// The whole element whose start tag was just read, as it stands in the
    /// document, with the declarations of namespaces that it takes from around it.
    pub(super) fn cut(&mut self, tag: &Tag) -> Result<String, PageError> {
        let around: Vec<(String, String)> = self
            .bindings
            .iter()
            .filter(|binding| binding.depth < self.depth)
            .map(|binding| (binding.prefix.clone(), binding.uri.clone()))
            .collect();
        let own: Vec<String> = self
            .bindings
            .iter()
            .filter(|binding| binding.depth == self.depth)
            .map(|binding| binding.prefix.clone())
            .collect();
        self.skip()?;
        let whole = self
            .text
            .get(tag.start..self.at())
            .filter(|whole| whole.starts_with('<'))
            .ok_or(PageError::Truncated)?;
        if whole.len() > self.limits.max_metadata_bytes {
            return Err(PageError::MetadataTooLong(self.limits.max_metadata_bytes));
        }
        let mut declared: Vec<(&str, &str)> = Vec::new();
        for (prefix, uri) in around.iter().rev() {
            let known =
                own.iter().any(|one| one == prefix) || declared.iter().any(|one| one.0 == prefix);
            // A prefix may be used in values as well, so any mention counts.
            let used = prefix.is_empty() || whole.contains(&format!("{prefix}:"));
            if !known && used {
                declared.push((prefix, uri));
            }
        }
        let name_end = 1 + tag.name.len();
        let (name, rest) = whole.split_at_checked(name_end).unwrap_or((whole, ""));
        let mut out = String::with_capacity(whole.len() + 64);
        out.push_str(name);
        for (prefix, uri) in declared.iter().rev() {
            let joint = if prefix.is_empty() { "" } else { ":" };
            out.push_str(&format!(
                " xmlns{joint}{prefix}=\"{}\"",
                crate::records::escape_xml(uri)
            ));
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Char (XML 1.0 §2.2), turned round.
fn forbidden(one: char) -> bool {
    matches!(one, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// QName (Namespaces in XML 1.0 §4), with any character beyond ASCII.
fn is_name(name: &str) -> bool {
    let mut parts = name.split(':');
    let ok = |part: &str| {
        part.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_' || !one.is_ascii())
            && part
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || "_-.".contains(one) || !one.is_ascii())
    };
    parts.next().is_some_and(ok) && parts.next().is_none_or(ok) && parts.next().is_none()
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
