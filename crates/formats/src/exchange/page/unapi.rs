//! unAPI 1 (<https://web.archive.org/web/20140331070802/http://unapi.info/specs/>):
//! the list of formats in which a record is to be had, with status 300 for one
//! record, 200 for all; then the record in a format. 404 for a record that is not
//! there, 406 for a format that is not there.
//!
//! A page names the server by
//! `<link rel="unapi-server" type="application/xml" title="unAPI" href="…">` and its
//! record by `<abbr class="unapi-id" title="ID"></abbr>`.

use crate::exchange::oai::{MetadataFormat, metadata};
use crate::exchange::xml::Xml;
use crate::records::{CatalogueRecord, cite};

/// A format, under the name that Zotero knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnapiFormat {
    /// The name in requests.
    pub name: &'static str,
    /// The media type.
    pub media_type: &'static str,
    /// Where it is described.
    docs: &'static str,
}

/// All formats, best first.
pub const UNAPI_FORMATS: [UnapiFormat; 4] = [
    UnapiFormat {
        name: "marcxml",
        media_type: "application/xml",
        docs: "http://www.loc.gov/standards/marcxml/",
    },
    UnapiFormat {
        name: "ris",
        media_type: "application/x-research-info-systems",
        docs: "https://en.wikipedia.org/wiki/RIS_(file_format)",
    },
    UnapiFormat {
        name: "bibtex",
        media_type: "text/x-bibtex",
        docs: "https://ctan.org/pkg/biblatex",
    },
    UnapiFormat {
        name: "oai_dc",
        media_type: "application/xml",
        docs: "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
    },
];

/// The list of formats, of one record or of all; of the type `application/xml`.
#[must_use]
pub fn unapi_formats(id: Option<&str>) -> String {
    let mut xml = Xml::document();
    let attributes: Vec<(&str, &str)> = id.iter().map(|id| ("id", *id)).collect();
    xml.open("formats", &attributes);
    for format in UNAPI_FORMATS {
        xml.empty(
            "format",
            &[
                ("name", format.name),
                ("type", format.media_type),
                ("docs", format.docs),
            ],
        );
    }
    xml.finish()
}

/// A record in a format; None for a format that is not there.
#[must_use]
pub fn unapi(format: &str, record: &CatalogueRecord) -> Option<(UnapiFormat, String)> {
    let known = UNAPI_FORMATS.into_iter().find(|one| one.name == format)?;
    let text = match known.name {
        "ris" => cite::ris(record),
        "bibtex" => cite::bibtex(record),
        "oai_dc" => metadata(&MetadataFormat::oai_dc(), record)?,
        _ => metadata(&MetadataFormat::marcxml(), record)?,
    };
    Some((known, text))
}
