//! Which format of records a file is in.

use super::RecordKind;
use super::columns::Target;
use super::marc::is_leader;

/// Names the format by the first bytes (a few kilobytes are enough), then by the
/// name. None for what is no list of records, a web page for instance.
pub fn detect_records(head: &[u8], name: &str) -> Option<RecordKind> {
    let extension = name
        .rsplit_once('.')
        .map(|(_, one)| one.to_ascii_lowercase());
    let extension = extension.as_deref().unwrap_or_default();
    let text = head
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(head)
        .trim_ascii_start();
    if is_leader(Some(text)) {
        return Some(RecordKind::Marc);
    }
    if text.starts_with(b"<") {
        return detect_xml(text);
    }
    if text.starts_with(b"{") && matches!(extension, "jsonl" | "ndjson" | "json" | "") {
        let first = text
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default()
            .trim_ascii_end();
        let whole = first.ends_with(b"}") || first.len() == text.len();
        return (whole || extension != "json").then_some(RecordKind::JsonLines);
    }
    if text.starts_with(b"TY  -") || text.starts_with(b"TY -") {
        return Some(RecordKind::Ris);
    }
    match extension {
        "bib" | "bibtex" => return Some(RecordKind::BibTex),
        "ris" => return Some(RecordKind::Ris),
        "csv" | "tsv" => return Some(RecordKind::Csv),
        "jsonl" | "ndjson" => return Some(RecordKind::JsonLines),
        "mrc" | "marc" | "mrk8" => return Some(RecordKind::Marc),
        _ => {}
    }
    let word = text.strip_prefix(b"@").map(|rest| {
        rest.iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count()
    });
    if let Some(word) = word
        && word > 2
        && text
            .get(1 + word..)
            .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
    {
        return Some(RecordKind::BibTex);
    }
    if matches!(extension, "txt" | "dat") {
        return detect_table(text);
    }
    None
}

fn detect_xml(text: &[u8]) -> Option<RecordKind> {
    let has = |needle: &str| memchr::memmem::find(text, needle.as_bytes()).is_some();
    if has("loc.gov/MARC21/slim")
        || has("<datafield")
        || has(":datafield")
        || has("info:lc/xmlns/marcxchange")
    {
        return Some(RecordKind::MarcXml);
    }
    let dublin =
        has("purl.org/dc/elements/1.1") || has("purl.org/dc/terms") || has("OAI/2.0/oai_dc");
    let document = has("<html") || has("<package") || has("<svg") || has("<office:");
    (dublin && !document).then_some(RecordKind::DublinCore)
}

/// A table in a file that is not named as one: its first line has to name at
/// least two known columns, one of them a title.
fn detect_table(text: &[u8]) -> Option<RecordKind> {
    let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = std::str::from_utf8(line).ok()?;
    let targets: Vec<_> = line
        .split([',', ';', '\t', '|'])
        .filter_map(|cell| Target::guess(cell.trim().trim_matches('"')))
        .collect();
    (targets.len() >= 2 && targets.contains(&Target::Title)).then_some(RecordKind::Csv)
}
