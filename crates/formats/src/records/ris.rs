//! RIS: lines of two letters, two blanks, a dash and a value.

use std::io::{self, BufRead};

use encoding_rs::Encoding;

use super::identifiers;
use super::languages;
use super::model::{CatalogueRecord, Identifier, Name, WorkKind, append_line, push_new};
use super::reader::{Format, Framed, Problem, Warnings};
use super::text;
use super::window::{Found, Window};

/// The most bytes of one record in RIS.
const MAX_RIS_BYTES: usize = 4 * 1024 * 1024;
const ADVICE: &str = "mend this record in the file; the others are not affected";

/// RIS.
pub(crate) struct Ris {
    encoding: &'static Encoding,
}

impl Ris {
    pub(crate) fn new(encoding: &'static Encoding) -> Self {
        Self { encoding }
    }
}

/// Tag and value of a line, if it is one of RIS.
fn tag(line: &[u8]) -> Option<([u8; 2], &[u8])> {
    let line = line
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(line)
        .trim_ascii_start();
    let (&[a, b], rest) = line.split_first_chunk::<2>()?;
    if !a.is_ascii_uppercase() || !(b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return None;
    }
    // Two blanks by the rules; one or a tab by habit.
    let value = rest.trim_ascii_start().strip_prefix(b"-")?;
    (rest.len() > value.len() + 1
        && (value.is_empty()
            || value.starts_with(b" ")
            || value.starts_with(b"\r")
            || value.starts_with(b"\n")))
    .then(|| ([a, b], value.trim_ascii()))
}

impl Format for Ris {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        // What stands before the first TY belongs to no record.
        loop {
            let found = window.find(b'\n', 0, MAX_RIS_BYTES)?;
            let line = match found {
                Found::At(at) => at + 1,
                Found::End | Found::TooFar => window.bytes().len(),
            };
            if line == 0 {
                return Ok(Framed::End);
            }
            if tag(window.bytes().get(..line).unwrap_or_default())
                .is_some_and(|one| one.0 == *b"TY")
            {
                break;
            }
            window.consume(line);
        }
        let mut at = 0;
        loop {
            let found = window.find(b'\n', at, MAX_RIS_BYTES)?;
            let end = match found {
                Found::At(end) => end + 1,
                Found::End => window.bytes().len(),
                Found::TooFar => {
                    let reason = format!("it has more than {MAX_RIS_BYTES} bytes");
                    return Ok(Framed::Broken(
                        window.bytes().len(),
                        Problem::new(reason, ADVICE),
                    ));
                }
            };
            match tag(window.bytes().get(at..end).unwrap_or_default()).map(|one| one.0) {
                Some([b'E', b'R']) => return Ok(Framed::Record(end)),
                // The end is missing; the next one begins.
                Some([b'T', b'Y']) if at > 0 => return Ok(Framed::Record(at)),
                _ if found == Found::End => return Ok(Framed::Record(end)),
                _ => at = end,
            }
        }
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let mut pairs: Vec<([u8; 2], String)> = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            match tag(line) {
                Some((tag, value)) => {
                    pairs.push((
                        tag,
                        text::decode(value, self.encoding, warnings).into_owned(),
                    ));
                }
                None => {
                    let more = text::decode(line.trim_ascii(), self.encoding, warnings);
                    if let (Some((_, value)), false) = (pairs.last_mut(), more.is_empty()) {
                        value.push('\n');
                        value.push_str(&more);
                    }
                }
            }
        }
        if pairs.last().is_none_or(|last| last.0 != *b"ER") {
            warnings.add("its end (ER) is missing");
        }
        let mut out = CatalogueRecord::default();
        let mut pages = (None, None);
        for (tag, value) in pairs {
            take(&mut out, tag, value, &mut pages);
        }
        out.pages = match pages {
            (Some(first), Some(last)) => Some(format!("{first}-{last}")),
            (one, other) => one.or(other),
        };
        if out.kind == WorkKind::Book
            && let (None, Some(pages)) = (&out.extent, out.pages.take())
        {
            // For whole books, SP is the number of pages.
            out.extent = Some(pages);
        }
        if out.title.is_empty() {
            warnings.add("it has no title");
        }
        Ok(Some(out))
    }
}

fn take(
    out: &mut CatalogueRecord,
    tag: [u8; 2],
    value: String,
    pages: &mut (Option<String>, Option<String>),
) {
    if value.is_empty() {
        return;
    }
    match &tag {
        b"TY" => out.kind = kind(&value),
        b"ID" => out.id = value,
        b"TI" | b"T1" | b"CT" if out.title.is_empty() => match value.split_once(" : ") {
            Some((title, subtitle)) => {
                out.title = title.to_owned();
                out.subtitle = Some(subtitle.to_owned());
            }
            None => out.title = value,
        },
        b"BT" if out.title.is_empty() => out.title = value,
        b"T2" | b"JO" | b"JF" | b"JA" | b"BT" if out.container.is_none() => {
            out.container = Some(value);
        }
        b"T3" => push_new(&mut out.series, value),
        b"TT" | b"ST" | b"OP" if value != out.title => push_new(&mut out.alternative_titles, value),
        b"AU" | b"A1" => name(out, value, None),
        b"A2" | b"ED" => name(out, value, Some("edt")),
        b"A4" => name(out, value, Some("trl")),
        b"A3" => name(out, value, Some("ctb")),
        b"PB" => out.publisher = Some(value),
        b"CY" | b"PP" if out.place.is_none() => out.place = Some(value),
        b"PY" | b"Y1" | b"DA" => {
            out.year = out.year.or_else(|| identifiers::year(&value));
            // `2001/05//` with empty parts.
            let date = value.trim_end_matches('/').replace('/', "-");
            if tag == *b"DA" || out.date.is_none() {
                out.date = Some(date);
            }
        }
        b"LA" => {
            for part in value.split([';', ',']) {
                if let Some(tag) = languages::normalize(part) {
                    out.add_language(tag);
                }
            }
        }
        b"KW" => {
            for part in value.split('\n') {
                push_new(&mut out.subjects, part.trim().to_owned());
            }
        }
        b"AB" | b"N2" => append_line(&mut out.description, value),
        b"N1" | b"RN" => push_new(&mut out.notes, value),
        b"ET" => out.edition = Some(value),
        b"VL" => out.volume = Some(value),
        b"IS" => out.issue = Some(value),
        b"SP" => pages.0 = Some(value),
        b"EP" => pages.1 = Some(value),
        b"SN" => {
            for part in value.split(['\n', ';', ',']) {
                if let Some(isbn) = identifiers::isbn13(part) {
                    out.add_identifier(Identifier::new("isbn", isbn));
                } else if let Some(issn) = identifiers::issn(part) {
                    out.add_identifier(Identifier::new("issn", issn));
                }
            }
        }
        b"DO" => {
            let doi = identifiers::doi(&value).unwrap_or(value);
            out.add_identifier(Identifier::new("doi", doi));
        }
        b"UR" | b"L1" | b"LK" => {
            for url in value.split_whitespace() {
                out.add_identifier(Identifier::new("url", url));
            }
        }
        b"CN" => out.add_identifier(Identifier::new("shelfmark", value)),
        _ => {}
    }
}

fn name(out: &mut CatalogueRecord, value: String, role: Option<&str>) {
    let name = Name {
        display: value,
        role: role.map(str::to_owned),
        ..Name::default()
    };
    if !out.authors.contains(&name) {
        out.authors.push(name);
    }
}

/// The types of RIS and their kinds; the first of a kind is the one written.
pub(crate) static TYPES: [(&str, WorkKind); 30] = [
    ("BOOK", WorkKind::Book),
    ("EBOOK", WorkKind::Book),
    ("EDBOOK", WorkKind::Book),
    ("JOUR", WorkKind::Article),
    ("CHAP", WorkKind::Article),
    ("MGZN", WorkKind::Article),
    ("NEWS", WorkKind::Article),
    ("EJOUR", WorkKind::Article),
    ("INPR", WorkKind::Article),
    ("ENCYC", WorkKind::Article),
    ("JFULL", WorkKind::Periodical),
    ("SER", WorkKind::Periodical),
    ("THES", WorkKind::Thesis),
    ("RPRT", WorkKind::Report),
    ("CPAPER", WorkKind::ConferencePaper),
    ("CONF", WorkKind::ConferencePaper),
    ("MANSCPT", WorkKind::Manuscript),
    ("UNPB", WorkKind::Manuscript),
    ("MAP", WorkKind::Map),
    ("MUSIC", WorkKind::Score),
    ("SOUND", WorkKind::Sound),
    ("AUDIO", WorkKind::Sound),
    ("VIDEO", WorkKind::Video),
    ("MPCT", WorkKind::Video),
    ("ART", WorkKind::Image),
    ("FIGURE", WorkKind::Image),
    ("COMP", WorkKind::Software),
    ("DATA", WorkKind::Software),
    ("ELEC", WorkKind::Website),
    ("GEN", WorkKind::Other),
];

fn kind(value: &str) -> WorkKind {
    let value = value.trim().to_ascii_uppercase();
    TYPES
        .iter()
        .find(|row| row.0 == value)
        .map_or(WorkKind::Other, |row| row.1)
}
