use super::*;

/// A PDF of one page that draws `content`; readers rebuild the missing table.
fn pdf(content: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R/Lang(ko)>> endobj\n2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n\
         3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj\n\
         4 0 obj <</Length {}>> stream\n{content}\nendstream endobj\n5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n\
         trailer <</Root 1 0 R/Size 6>>\n%%EOF",
        content.len()
    )
    .into_bytes()
}

#[test]
fn words_lines_and_paragraphs() {
    let doc = extract(
        pdf("BT /F 20 Tf 50 700 Td (The deep well) Tj /F 10 Tf 0 -60 Td (One line of wa-) Tj 0 -12 Td (ter and) Tj 0 -12 Td [(t) 20 (wo) -400 (words) -4000 (cell)] TJ ET"),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(
        doc.text,
        "The deep well\nOne line of water and two words cell"
    );
    assert_eq!(doc.title.as_deref(), Some("The deep well"));
    assert_eq!((doc.pages, doc.language.as_deref()), (Some(1), Some("ko")));
}

#[test]
fn scans_and_rubbish() {
    let doc = extract(pdf("0 0 10 10 re f"), &Limits::default()).unwrap();
    assert!(
        doc.warnings
            .iter()
            .any(|warning| warning.contains("no text layer"))
    );
    assert!(matches!(
        extract(b"%PDF-1.4 rubbish".to_vec(), &Limits::default()),
        Err(FormatError::Damaged(_))
    ));
}
