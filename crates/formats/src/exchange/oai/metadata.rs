//! The formats in which records are given.

use crate::exchange::xml::with_schema_location;
use crate::records::{CatalogueRecord, cite};

/// A format of metadata (§3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFormat {
    /// The name in requests: letters, digits and `-_.!~*'()`.
    pub prefix: String,
    /// The address of the schema.
    pub schema: String,
    /// The namespace of the metadata's root.
    pub namespace: String,
}

impl MetadataFormat {
    /// Unqualified Dublin Core, which every repository must give.
    #[must_use]
    pub fn oai_dc() -> Self {
        Self {
            prefix: "oai_dc".to_owned(),
            schema: "http://www.openarchives.org/OAI/2.0/oai_dc.xsd".to_owned(),
            namespace: "http://www.openarchives.org/OAI/2.0/oai_dc/".to_owned(),
        }
    }

    /// MARC 21 in XML.
    #[must_use]
    pub fn marcxml() -> Self {
        Self {
            prefix: "marcxml".to_owned(),
            schema: "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd".to_owned(),
            namespace: "http://www.loc.gov/MARC21/slim".to_owned(),
        }
    }
}

/// A record's metadata as an element that states its schema: `oai_dc` or
/// `marcxml`; None for other formats.
#[must_use]
pub fn metadata(format: &MetadataFormat, record: &CatalogueRecord) -> Option<String> {
    let xml = match format.prefix.as_str() {
        "oai_dc" => cite::dublin_core(record),
        "marcxml" => cite::marcxml(record),
        _ => return None,
    };
    Some(with_schema(format, &xml))
}

/// An element that someone else wrote in this format (a MARC record as it came),
/// with the place of its schema, which OAI-PMH asks for (§3.4).
#[must_use]
pub fn with_schema(format: &MetadataFormat, xml: &str) -> String {
    with_schema_location(xml, &format.namespace, &format.schema)
}
