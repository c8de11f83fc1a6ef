use super::{clean, read_with, shared};
use crate::records::RecordKind::{DublinCore, Marc, MarcXml};
use crate::records::marc::{parse_iso2709, parse_marcxml};

const ONE: &str = "<record xmlns=\"http://www.loc.gov/MARC21/slim\"><leader>00000nam a2200000   4500</leader>\
    <controlfield tag=\"001\">7</controlfield><datafield tag=\"245\" ind1=\"1\" ind2=\"0\">\
    <subfield code=\"a\">Tea &amp; &#x4E2D;</subfield></datafield></record>";

#[test]
fn real_marcxml_is_read() {
    let Some(bytes) = shared("marc/batch.xml") else {
        return;
    };
    let records = clean(MarcXml, bytes);
    assert_eq!(records.len(), 2);
    assert!(
        records
            .iter()
            .all(|record| !record.title.is_empty() && !record.authors.is_empty())
    );
    let records = clean(MarcXml, shared("marc/utf8.xml").unwrap());
    assert_eq!(records.len(), 1);
    let items = read_with(MarcXml, shared("marc/bad_tag.xml").unwrap(), "");
    assert!(!items.is_empty());
}

#[test]
fn marc_to_xml_and_back_is_the_same() {
    let Some(bytes) = shared("marc/marc.dat") else {
        return;
    };
    let mut count = 0;
    for part in bytes.split_inclusive(|byte| *byte == 0x1D) {
        let (mut record, _) = parse_iso2709(part).unwrap();
        record.leader[9] = b'a';
        let again = parse_marcxml(record.to_marcxml(true).as_bytes()).unwrap();
        assert_eq!(again, record);
        count += 1;
    }
    assert_eq!(count, 20);
    let binary = clean(Marc, &bytes);
    let xml: String = bytes
        .split_inclusive(|byte| *byte == 0x1D)
        .map(|part| parse_iso2709(part).unwrap().0.to_marcxml(false))
        .collect();
    let mut from_xml = clean(MarcXml, format!("<marc:collection>{xml}</marc:collection>"));
    from_xml
        .iter_mut()
        .for_each(|one| one.source_format = Some(Marc));
    assert_eq!(from_xml, binary);
}

#[test]
fn envelopes_prefixes_and_deleted_records() {
    let text = format!(
        "<?xml version=\"1.0\"?><OAI-PMH><ListRecords><record><header><identifier>x</identifier>\
         </header><metadata>{ONE}</metadata></record><record><header status=\"deleted\"/></record>\
         <!-- <record> --><marc:record><marc:datafield tag='245' ind1=' ' ind2=' '>\
         <marc:subfield code='a'><![CDATA[a < b]]></marc:subfield></marc:datafield></marc:record>\
         </ListRecords></OAI-PMH>"
    );
    let records = clean(MarcXml, &text);
    let titles: Vec<_> = records.iter().map(|record| record.title.as_str()).collect();
    assert_eq!(titles, ["Tea & 中", "a < b"]);
    // The place of each is that of its own element.
    let items = read_with(MarcXml, &text, "");
    let first = items[0].as_ref().unwrap();
    let at = usize::try_from(first.offset).unwrap();
    assert_eq!(&text[at..at + usize::try_from(first.length).unwrap()], ONE);
}

#[test]
fn a_broken_record_costs_only_itself() {
    let cut = ONE.replace("</record>", "");
    let wrong = ONE.replace("</subfield>", "</subfeld>");
    let entity = ONE.replace("&amp;", "&bomb;");
    let text = format!("<collection>{ONE}{cut}{ONE}{wrong}{entity}{ONE}<record><leader>");
    let items = read_with(MarcXml, text, "");
    let reasons: Vec<_> = items
        .iter()
        .map(|item| item.as_ref().err().map(|error| error.reason.clone()))
        .collect();
    assert_eq!(reasons.len(), 7, "{reasons:?}");
    assert!(
        reasons[0].is_none() && reasons[2].is_none() && reasons[5].is_none(),
        "{reasons:?}"
    );
    assert!(
        reasons[1].as_ref().unwrap().contains("end tag is missing"),
        "{reasons:?}"
    );
    assert!(
        reasons[3].as_ref().unwrap().contains("not well-formed"),
        "{reasons:?}"
    );
    assert!(
        reasons[4].as_ref().unwrap().contains("&bomb;"),
        "{reasons:?}"
    );
    assert!(
        reasons[6].as_ref().unwrap().contains("ends inside"),
        "{reasons:?}"
    );
}

#[test]
fn bombs_are_refused_with_a_reason() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">]><collection><record/></collection>";
    for kind in [MarcXml, DublinCore] {
        let items = read_with(kind, bomb, "");
        assert_eq!(items.len(), 1);
        let error = items[0].as_ref().unwrap_err();
        assert!(
            error.fatal && error.reason.contains("declares entities"),
            "{error}"
        );
    }
    let deep = format!("<record><leader>x</leader>{}", "<a>".repeat(100_000));
    let items = read_with(MarcXml, format!("{deep}</record>{ONE}"), "");
    assert!(
        items[0]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("nested deeper"),
        "{:?}",
        items[0]
    );
    assert!(items[1].is_ok());
    let wide = format!(
        "<record><leader>x</leader>{}</record>",
        "<a/>".repeat(300_000)
    );
    assert!(
        read_with(MarcXml, wide, "")[0]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("elements")
    );
    let endless = format!("<record><leader>{}", "x".repeat(20_000_000));
    let items = read_with(MarcXml, endless, "");
    assert!(
        items.iter().all(Result::is_err) && items.len() < 5,
        "{}",
        items.len()
    );
}

#[test]
fn stated_encodings_are_obeyed() {
    let mut text = b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><collection>".to_vec();
    text.extend_from_slice(b"<record><datafield tag=\"245\"><subfield code=\"a\">\xC4\xEE\xEC</subfield></datafield></record>");
    assert_eq!(clean(MarcXml, text)[0].title, "Дом");
    let wide: Vec<u8> = ONE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(
        read_with(MarcXml, wide, "")[0]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("UTF-16")
    );
}

#[test]
fn dublin_core_in_all_its_dresses() {
    let text = r#"<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><record><header>
      <identifier>oai:x:1</identifier></header><metadata>
      <oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <dc:title>The well : a history</dc:title><dc:creator>Ode, Mira</dc:creator>
      <dc:subject>Water</dc:subject><dc:subject>Villages</dc:subject>
      <dc:description>All   about
      wells.</dc:description><dc:date>1998-05</dc:date><dc:type>article</dc:type>
      <dc:identifier>https://doi.org/10.1000/ABC</dc:identifier><dc:language>kor</dc:language>
      </oai_dc:dc></metadata></record></OAI-PMH>
      <rdf:RDF><rdf:Description rdf:about="http://example.org/2"><dcterms:title xml:lang="de">Brunnen</dcterms:title>
      <dcterms:creator rdf:resource="http://example.org/mira"/></rdf:Description></rdf:RDF>"#;
    let records = clean(DublinCore, text);
    assert_eq!(records.len(), 2);
    let one = &records[0];
    assert_eq!(
        (one.title.as_str(), one.subtitle.as_deref()),
        ("The well", Some("a history"))
    );
    assert_eq!(one.description.as_deref(), Some("All about wells."));
    assert_eq!(
        (one.year, one.language.as_deref()),
        (Some(1998), Some("ko"))
    );
    assert_eq!(one.id, "10.1000/abc");
    assert_eq!(one.subjects, ["Water", "Villages"]);
    assert_eq!(records[1].id, "http://example.org/2");
    assert_eq!(records[1].authors[0].display, "http://example.org/mira");
}
