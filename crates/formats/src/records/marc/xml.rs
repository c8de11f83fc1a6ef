//! MARCXML (the MARC 21 XML schema): reading and writing.

use std::io::{self, BufRead};

use encoding_rs::Encoding;

use super::map::{Flavour, to_catalogue};
use super::record::{Field, MarcRecord, Subfield};
use super::text::Decoder;
use crate::records::model::CatalogueRecord;
use crate::records::reader::{Format, Framed, Problem, Warnings};
use crate::records::window::Window;
use crate::records::xml::{Element, Nesting, XmlFrames, escape};

/// The namespace of MARCXML.
pub const NAMESPACE: &str = "http://www.loc.gov/MARC21/slim";
const ADVICE: &str = "mend this record in the file or export it again; the others are not affected";

/// The XML format.
pub(crate) struct MarcXml {
    frames: XmlFrames,
    flavour: Flavour,
    encoding: &'static Encoding,
}

impl MarcXml {
    pub(crate) fn new(flavour: Flavour, encoding: &'static Encoding) -> Self {
        let nesting = Nesting {
            record: |name| name == "record",
            content: |_, name| matches!(name, "leader" | "controlfield" | "datafield"),
        };
        Self {
            frames: XmlFrames::new(nesting),
            flavour,
            encoding,
        }
    }
}

impl Format for MarcXml {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        self.frames.frame(window)
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let element = Element::parse(bytes, self.encoding, warnings)
            .map_err(|reason| Problem::new(reason, ADVICE))?;
        let record =
            from_element(&element, warnings).map_err(|reason| Problem::new(reason, ADVICE))?;
        Ok(record.map(|record| to_catalogue(&record, self.flavour, warnings)))
    }
}

/// Reads one `record` element in UTF-8.
///
/// # Errors
/// Says what is wrong with it.
pub fn parse_marcxml(bytes: &[u8]) -> Result<MarcRecord, String> {
    let mut warnings = Warnings::default();
    let element = Element::parse(bytes, encoding_rs::UTF_8, &mut warnings)?;
    from_element(&element, &mut warnings)?.ok_or_else(|| "it has no fields".to_owned())
}

/// None for an envelope without fields (a record that OAI-PMH calls deleted).
fn from_element(element: &Element, warnings: &mut Warnings) -> Result<Option<MarcRecord>, String> {
    let mut record = MarcRecord::new(b'a', b'm');
    if element
        .attribute("type")
        .is_some_and(|kind| kind == "Authority")
        && let Some(slot) = record.leader.get_mut(6)
    {
        *slot = b'z';
    }
    for child in &element.children {
        let tag = || {
            let tag = child.attribute("tag").unwrap_or_default();
            <[u8; 3]>::try_from(tag.as_bytes())
                .ok()
                .filter(|tag| tag.iter().all(u8::is_ascii_alphanumeric))
        };
        match child.local() {
            "leader" => {
                // Blanks at the end are often lost on the way.
                for (slot, byte) in record.leader.iter_mut().zip(child.text.bytes()) {
                    *slot = if byte.is_ascii_graphic() { byte } else { b' ' };
                }
            }
            "controlfield" => match tag() {
                Some(tag) => {
                    record.fields.push(Field::Control {
                        tag,
                        data: child.text.clone().into_bytes(),
                    });
                }
                None => warnings.add("a control field has no tag of three letters or digits"),
            },
            "datafield" => match tag() {
                Some(tag) => record.fields.push(data_field(tag, child)),
                None => warnings.add("a data field has no tag of three letters or digits"),
            },
            _ => {}
        }
    }
    if record.fields.is_empty() {
        return Ok(None);
    }
    // Whatever the leader said of the file it came from: this text is UTF-8.
    if let Some(slot) = record.leader.get_mut(9) {
        *slot = b'a';
    }
    Ok(Some(record))
}

fn data_field(tag: [u8; 3], element: &Element) -> Field {
    let indicator = |name: &str| {
        let value = element.attribute(name).and_then(|text| text.bytes().next());
        value.filter(u8::is_ascii_graphic).unwrap_or(b' ')
    };
    let subfields = element
        .children
        .iter()
        .filter(|child| child.local() == "subfield")
        .filter_map(|child| {
            let code = child
                .attribute("code")?
                .bytes()
                .next()
                .filter(u8::is_ascii_graphic)?;
            Some(Subfield {
                code,
                data: own_text(child).into_bytes(),
            })
        })
        .collect();
    Field::Data {
        tag,
        ind1: indicator("ind1"),
        ind2: indicator("ind2"),
        subfields,
    }
}

/// Blanks inside a subfield count; elements inside it should not be there.
fn own_text(element: &Element) -> String {
    if element.children.is_empty() {
        element.text.clone()
    } else {
        element.all_text()
    }
}

impl MarcRecord {
    /// Writes the record as a `record` element in UTF-8, with the namespace of
    /// MARCXML, or without it for use inside a collection.
    pub fn to_marcxml(&self, with_namespace: bool) -> String {
        let decoder = Decoder::new(self, Flavour::Guess);
        let mut out = if with_namespace {
            format!("<record xmlns=\"{NAMESPACE}\">")
        } else {
            "<record>".to_owned()
        };
        let mut leader = self.leader;
        if let Some(slot) = leader.get_mut(9) {
            *slot = b'a';
        }
        out.push_str("\n  <leader>");
        out.push_str(&escape(&String::from_utf8_lossy(&leader)));
        out.push_str("</leader>\n");
        for field in &self.fields {
            let tag = escape(&field.tag_text());
            if let Field::Control { data, .. } = field {
                let text = escape(&decoder.text(data));
                out.push_str(&format!(
                    "  <controlfield tag=\"{tag}\">{text}</controlfield>\n"
                ));
                continue;
            }
            let (ind1, ind2) = field.indicators();
            let (ind1, ind2) = (
                escape(&char::from(ind1).to_string()),
                escape(&char::from(ind2).to_string()),
            );
            out.push_str(&format!(
                "  <datafield tag=\"{tag}\" ind1=\"{ind1}\" ind2=\"{ind2}\">\n"
            ));
            for (code, data) in field.subfields() {
                let code = escape(&char::from(code).to_string());
                let text = escape(&decoder.text(data));
                out.push_str(&format!(
                    "    <subfield code=\"{code}\">{text}</subfield>\n"
                ));
            }
            out.push_str("  </datafield>\n");
        }
        out.push_str("</record>\n");
        out
    }
}
