use std::io::Cursor;

use super::*;
use crate::archive::testing::archive;

fn read(entries: &[(&str, &str)]) -> Extracted {
    extract(archive(entries), &Limits::default()).unwrap()
}

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(list: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, target): &(&str, &str, &str)| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    format!(
        "<Relationships>{}</Relationships>",
        list.iter().map(one).collect::<String>()
    )
}

#[test]
fn a_document() {
    let doc = read(&[
        ("_rels/.rels", &relations(&[("a", "officeDocument", "word/document.xml"), ("b", "core-properties", "docProps/core.xml")])),
        ("word/_rels/document.xml.rels", &relations(&[("s", "styles", "styles.xml"), ("f", "footnotes", "footnotes.xml")])),
        ("word/styles.xml", "<w:styles><w:style w:styleId='U1'><w:name w:val='heading 1'/></w:style></w:styles>"),
        ("word/document.xml", "<w:document><w:body><w:p><w:pPr><w:pStyle w:val='U1'/></w:pPr><w:r><w:t>Wel</w:t></w:r><w:r><w:t>ls &amp; pumps</w:t></w:r></w:p>
            <w:p><w:r><w:t xml:space='preserve'>one </w:t><w:tab/><w:t>two</w:t><w:delText>gone</w:delText></w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"),
        ("word/footnotes.xml", "<w:footnotes><w:footnote><w:p><w:r><w:t>note</w:t></w:r></w:p></w:footnote></w:footnotes>"),
        ("docProps/core.xml", "<c><dc:title>Water</dc:title><dc:creator>Mira; Joon</dc:creator><cp:keywords>a, b</cp:keywords><dcterms:created>2015-01-01</dcterms:created></c>"),
    ]);
    assert_eq!(doc.text, "Wells & pumps\none two\nbox\na\tb\nnote");
    assert_eq!(doc.headings, ["Wells & pumps"]);
    assert_eq!(doc.title.as_deref(), Some("Water"));
    assert_eq!(
        (doc.authors.len(), doc.subjects.len(), doc.year),
        (2, 2, Some(2015))
    );
}

#[test]
fn slides_in_their_order_with_notes() {
    let slide = |text: &str| {
        format!(
            "<p:sld><p:sp><p:nvPr><p:ph type='title'/></p:nvPr><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sp><p:sp><p:nvPr><p:ph type='sldNum'/></p:nvPr><a:p><a:t>7</a:t></a:p></p:sp></p:sld>"
        )
    };
    let doc = read(&[
        (
            "_rels/.rels",
            &relations(&[("a", "officeDocument", "/ppt/presentation.xml")]),
        ),
        (
            "ppt/presentation.xml",
            "<p:presentation><p:sldId id='1' r:id='two'/><p:sldId id='2' r:id='one'/></p:presentation>",
        ),
        (
            "ppt/_rels/presentation.xml.rels",
            &relations(&[
                ("one", "slide", "slides/slide1.xml"),
                ("two", "slide", "slides/slide2.xml"),
            ]),
        ),
        ("ppt/slides/slide1.xml", &slide("first")),
        ("ppt/slides/slide2.xml", &slide("second")),
        (
            "ppt/slides/_rels/slide2.xml.rels",
            &relations(&[("n", "notesSlide", "../notesSlides/n.xml")]),
        ),
        (
            "ppt/notesSlides/n.xml",
            "<p:notes><p:sp><a:p><a:t>spoken</a:t></a:p></p:sp></p:notes>",
        ),
    ]);
    assert_eq!(doc.text, "second\nspoken\nfirst");
    assert_eq!(doc.headings, ["second", "first"]);
    assert_eq!(doc.pages, Some(2));
}

#[test]
fn sheets_with_shared_strings() {
    let doc = read(&[
        (
            "_rels/.rels",
            &relations(&[("a", "officeDocument", "xl/workbook.xml")]),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name='Pumps in use' r:id='s'/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &relations(&[
                ("s", "worksheet", "worksheets/s.xml"),
                ("t", "sharedStrings", "strings.xml"),
            ]),
        ),
        (
            "xl/strings.xml",
            "<sst><si><r><t>wa</t></r><r><t>ter</t></r><rPh><t>no</t></rPh></si></sst>",
        ),
        (
            "xl/worksheets/s.xml",
            "<worksheet><row><c t='s'><v>0</v></c><c><v>4.5</v></c><c t='s'><v>99</v></c></row><row><c t='inlineStr'><is><t>in</t></is></c><c t='e'><v>#REF!</v></c></row></worksheet>",
        ),
    ]);
    assert_eq!(doc.text, "Pumps in use\nwater\t4.5\nin");
    assert_eq!(doc.headings, ["Pumps in use"]);
}

#[test]
fn open_document() {
    let doc = read(&[
        ("mimetype", "application/vnd.oasis.opendocument.text"),
        ("content.xml", "<office:document-content><office:text><text:h>Wells</text:h><text:p>one<text:s text:c='3'/>two<text:span>x</text:span><office:annotation><text:p>no</text:p></office:annotation></text:p>
            <table:table table:name='T'><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table></office:text></office:document-content>"),
        ("meta.xml", "<m><dc:title>Water</dc:title><meta:initial-creator>Mira</meta:initial-creator><dc:creator>Joon</dc:creator><meta:document-statistic meta:page-count='3'/></m>"),
    ]);
    assert_eq!(doc.text, "Wells\none twox\na\tb");
    assert_eq!(
        (doc.headings.len(), doc.pages, doc.title.as_deref()),
        (1, Some(3), Some("Water"))
    );
    assert_eq!(doc.authors, ["Mira"]);
}

#[test]
fn passwords_are_told_apart_from_damage() {
    let limits = Limits::default();
    let locked = archive(&[
        ("mimetype", ""),
        ("META-INF/manifest.xml", "<manifest:encryption-data/>"),
        ("content.xml", "x"),
    ]);
    assert!(matches!(
        extract(locked, &limits),
        Err(FormatError::Encrypted)
    ));
    let mut ole = OLE_MAGIC.to_vec();
    assert!(matches!(
        extract(Cursor::new(ole.clone()), &limits),
        Err(FormatError::Unsupported(_))
    ));
    ole.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(matches!(
        extract(Cursor::new(ole), &limits),
        Err(FormatError::Encrypted)
    ));
    assert!(matches!(
        extract(Cursor::new(b"PK"), &limits),
        Err(FormatError::Damaged(_))
    ));
    let message = FormatError::Encrypted.for_file("report.docx");
    assert_eq!(
        message,
        "`report.docx` is encrypted: remove its password and import it again"
    );
}
