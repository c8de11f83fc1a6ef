//! XML out: elements that are closed in the order in which they were opened, text
//! that is always escaped, and fragments of others taken as they are.

use crate::records::escape_xml;

/// `xmlns:xsi`.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A document that is being written.
#[derive(Debug, Clone)]
pub(crate) struct Xml {
    out: String,
    open: Vec<&'static str>,
}

impl Xml {
    /// A document with its declaration.
    pub(crate) fn document() -> Self {
        Self {
            out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            open: Vec::new(),
        }
    }

    /// Elements without a declaration, for use inside a document.
    pub(crate) fn fragment() -> Self {
        Self {
            out: String::new(),
            open: Vec::new(),
        }
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)], end: &str) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            // Readers turn line ends and tabs of attributes into blanks.
            let value = escape_xml(value)
                .replace('\n', "&#10;")
                .replace('\t', "&#9;");
            self.out.push_str(&value);
            self.out.push('"');
        }
        self.out.push_str(end);
    }

    /// Opens an element that is to hold others.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes, ">\n");
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push_str(">\n");
        }
    }

    /// An element that holds text.
    pub(crate) fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.tag(name, attributes, ">");
        self.out.push_str(&escape_xml(text));
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    /// The same, if there is text.
    pub(crate) fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(name, &[], text);
        }
    }

    /// An element that holds nothing.
    pub(crate) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes, "/>\n");
    }

    /// Elements that are XML already.
    pub(crate) fn raw(&mut self, xml: &str) {
        let xml = without_declaration(xml);
        self.out.push_str(xml);
        if !xml.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// What was written since the last call.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// Closes what is open.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }
}

/// An element without the declaration, byte order mark and blanks before it.
pub(crate) fn without_declaration(xml: &str) -> &str {
    let xml = xml.trim_start_matches('\u{feff}').trim_start();
    match xml.strip_prefix("<?xml") {
        Some(rest) => rest
            .split_once("?>")
            .map_or(xml, |(_, rest)| rest.trim_start()),
        None => xml,
    }
}

/// States where an element's schema lies, unless the element states it already.
pub(crate) fn with_schema_location(xml: &str, namespace: &str, schema: &str) -> String {
    let xml = without_declaration(xml);
    let Some(end) = xml.find('>') else {
        return xml.to_owned();
    };
    let tag = xml.get(..end).unwrap_or_default();
    if tag.contains("schemaLocation") {
        return xml.to_owned();
    }
    let name_end = tag
        .find(|one: char| one.is_whitespace() || one == '/')
        .unwrap_or(end);
    let (name, rest) = xml.split_at(name_end);
    let declaration = if tag.contains("xmlns:xsi=") {
        String::new()
    } else {
        format!(" xmlns:xsi=\"{XSI}\"")
    };
    format!("{name}{declaration} xsi:schemaLocation=\"{namespace} {schema}\"{rest}")
}
