use std::io::Write;

use super::*;
use crate::archive::testing::archive;

fn book(extra: &[(&str, &str)]) -> std::io::Cursor<Vec<u8>> {
    let mut entries = vec![
        ("mimetype", "application/epub+zip"),
        ("META-INF/container.xml", "<container><rootfile full-path='OEBPS/a.opf'/></container>"),
        ("OEBPS/a.opf", "<package><metadata><dc:title>Water</dc:title><dc:creator>Mira</dc:creator><dc:language>ko</dc:language><dc:identifier>urn:isbn:1</dc:identifier><dc:date>2003</dc:date><dc:description>&lt;p&gt;deep&lt;/p&gt;</dc:description></metadata>
            <manifest><item id='n' href='nav.xhtml' media-type='application/xhtml+xml' properties='nav'/><item id='1' href='one%20a.xhtml' media-type='application/xhtml+xml'/><item id='2' href='two.xhtml' media-type='application/xhtml+xml'/><item id='c' href='c.png' media-type='image/png' properties='cover-image'/></manifest>
            <spine><itemref idref='2'/><itemref idref='1'/><itemref idref='gone'/></spine></package>"),
        ("OEBPS/nav.xhtml", "<html><nav><a href='two.xhtml#x'>Two &amp; more</a><a href='one%20a.xhtml'>One</a></nav></html>"),
        ("OEBPS/one a.xhtml", "<html><head><title>x</title></head><body><h1>One</h1><p>last</p></body></html>"),
        ("OEBPS/two.xhtml", "<html><body><p>first</p></body></html>"),
        ("OEBPS/c.png", "png"),
    ];
    entries.extend_from_slice(extra);
    archive(&entries)
}

#[test]
fn reading_order_and_metadata() {
    let doc = extract(book(&[]), &Limits::default()).unwrap();
    assert_eq!(doc.text, "first\nOne\nlast");
    assert_eq!(
        (doc.title.as_deref(), doc.language.as_deref(), doc.year),
        (Some("Water"), Some("ko"), Some(2003))
    );
    assert_eq!(
        (doc.authors.len(), doc.description.as_deref()),
        (1, Some("deep"))
    );
    assert_eq!(doc.identifiers, [("isbn".to_owned(), "1".to_owned())]);
}

#[test]
fn page_by_page() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(book(&[]).get_ref()).unwrap();
    let chapters = epub_chapters(file.path()).unwrap();
    assert_eq!(
        chapters[0],
        ("OEBPS/two.xhtml".to_owned(), "Two & more".to_owned())
    );
    assert_eq!(
        chapters[1],
        ("OEBPS/one a.xhtml".to_owned(), "One".to_owned())
    );
    let (mime, bytes) = epub_resource(file.path(), "OEBPS/c.png#x").unwrap();
    assert_eq!(
        (mime.as_str(), bytes.as_slice()),
        ("image/png", &b"png"[..])
    );
    assert!(
        epub_resource(file.path(), "META-INF/container.xml").is_err(),
        "not listed"
    );
    let cover = Epub::open(file.path(), &Limits::default())
        .unwrap()
        .cover()
        .unwrap();
    assert!(cover.is_some());
}

#[test]
fn locks_and_scrambled_fonts() {
    let method = |algorithm: &str| {
        format!("<encryption><EncryptionMethod Algorithm='{algorithm}'/></encryption>")
    };
    let locked = book(&[(
        "META-INF/encryption.xml",
        &method("http://www.w3.org/2001/04/xmlenc#aes128-cbc"),
    )]);
    assert!(matches!(
        extract(locked, &Limits::default()),
        Err(FormatError::Encrypted)
    ));
    let fonts = book(&[(
        "META-INF/encryption.xml",
        &method("http://www.idpf.org/2008/embedding"),
    )]);
    assert!(extract(fonts, &Limits::default()).is_ok());
}
