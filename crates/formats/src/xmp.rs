//! XMP (ISO 16684-1): the metadata packet inside PDFs and images.

use crate::{
    model::{Extracted, Limits, MAX_VALUE_BYTES},
    xml::{Node, walk},
};

/// Properties that may be attributes of `rdf:Description`.
const AS_ATTRIBUTES: &[&str] = &[
    "dc:title",
    "dc:description",
    "dc:creator",
    "dc:language",
    "dc:publisher",
    "photoshop:DateCreated",
    "photoshop:Headline",
    "xmp:CreateDate",
    "xap:CreateDate",
    "dc:identifier",
    "prism:doi",
];

/// Fills what is missing in `doc` from a packet; a damaged packet gives what
/// comes before the damage.
pub(crate) fn read(packet: &str, doc: &mut Extracted, limits: &Limits) {
    let mut property = String::new();
    let mut text = String::new();
    let mut depth = 0_usize;
    let done = walk(packet, limits, |node| match node {
        Node::Start(name, attributes) => {
            text.clear();
            match name {
                "Description" => {
                    for full in AS_ATTRIBUTES {
                        if let Some(value) = attributes.get_full(full) {
                            let name = full.rsplit(':').next().unwrap_or(full);
                            take(name, &value, doc);
                        }
                    }
                }
                "li" | "Alt" | "Bag" | "Seq" | "RDF" | "xmpmeta" | "xapmeta" => {}
                _ if depth == 0 => {
                    name.clone_into(&mut property);
                    depth = 1;
                }
                _ => depth += 1,
            }
        }
        Node::Text(more) => {
            if text.len() + more.len() <= MAX_VALUE_BYTES {
                text.push_str(more);
            }
        }
        Node::End(name) => match name {
            "Description" | "Alt" | "Bag" | "Seq" | "RDF" | "xmpmeta" | "xapmeta" => {}
            "li" => {
                // Of several languages, the one without a name comes first.
                if depth == 1 {
                    take(&property, &text, doc);
                }
                text.clear();
            }
            _ => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    take(&property, &text, doc);
                    property.clear();
                }
                text.clear();
            }
        },
    });
    // A packet that breaks off has given what it could.
    drop(done);
}

fn take(property: &str, value: &str, doc: &mut Extracted) {
    match property {
        "title" | "Headline" => doc.offer_title(value),
        "creator" => doc.add_author(value),
        "subject" => doc.add_subject(value),
        "description" => doc.offer_description(value),
        "publisher" => doc.offer_publisher(value),
        "language" => doc.offer_language(value),
        "date" | "CreateDate" | "DateCreated" => doc.offer_year(value),
        "doi" => doc.add_identifier("doi", value),
        "identifier" => doc.add_identifier("id", value),
        "isbn" => doc.add_identifier("isbn", value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_properties() {
        let packet = r#"<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
            <rdf:Description rdf:about="" xmp:CreateDate="2012-01-02" photoshop:Headline="">
            <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Wells</rdf:li><rdf:li xml:lang="fr">Puits</rdf:li></rdf:Alt></dc:title>
            <dc:creator><rdf:Seq><rdf:li>Mira</rdf:li><rdf:li>Joon</rdf:li></rdf:Seq></dc:creator>
            <dc:subject><rdf:Bag><rdf:li>water</rdf:li></rdf:Bag></dc:subject>
            <dc:identifier>urn:isbn:123</dc:identifier></rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let mut doc = Extracted::default();
        read(packet, &mut doc, &Limits::default());
        assert_eq!(doc.title.as_deref(), Some("Wells"));
        assert_eq!(doc.authors, ["Mira", "Joon"]);
        assert_eq!(doc.subjects, ["water"]);
        assert_eq!(doc.year, Some(2012));
        assert_eq!(doc.identifiers, [("isbn".to_owned(), "123".to_owned())]);
    }
}
