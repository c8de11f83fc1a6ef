//! MARC 21 to the common model.

use super::record::{Field, MarcRecord};
use super::text::Decoder;
use super::unimarc;
use crate::records::identifiers;
use crate::records::languages;
use crate::records::model::{CatalogueRecord, Identifier, Name, WorkKind, append_line, push_new};
use crate::records::reader::Warnings;

/// Which rules the tags follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flavour {
    /// Each record is looked at.
    #[default]
    Guess,
    /// MARC 21 (and USMARC).
    Marc21,
    /// UNIMARC.
    Unimarc,
}

/// A record and how its bytes become text.
pub(crate) struct View<'a> {
    pub(crate) record: &'a MarcRecord,
    decoder: Decoder,
    pub(crate) warnings: &'a mut Warnings,
}

/// Turns a MARC record into the common model.
pub fn to_catalogue_plain(record: &MarcRecord, flavour: Flavour) -> CatalogueRecord {
    to_catalogue(record, flavour, &mut Warnings::default())
}

pub(crate) fn to_catalogue(
    record: &MarcRecord,
    flavour: Flavour,
    warnings: &mut Warnings,
) -> CatalogueRecord {
    let flavour = match flavour {
        Flavour::Guess if unimarc::looks_so(record) => Flavour::Unimarc,
        Flavour::Guess => Flavour::Marc21,
        told => told,
    };
    let decoder = Decoder::with_warnings(record, flavour, warnings);
    let mut view = View {
        record,
        decoder,
        warnings,
    };
    let mut out = CatalogueRecord {
        kind: work_kind(record.leader_byte(6), record.leader_byte(7)),
        ..CatalogueRecord::default()
    };
    if let Some(id) = record.control(b"001") {
        out.id = view.text(id, *b"001").trim().to_owned();
    }
    match flavour {
        Flavour::Unimarc => unimarc::fill(&mut view, &mut out),
        _ => fill(&mut view, &mut out),
    }
    if out.title.is_empty() {
        view.warnings.add("it has no title");
    }
    out
}

/// Leader/06 (type of record) and leader/07 (bibliographic level).
pub(crate) fn work_kind(kind: u8, level: u8) -> WorkKind {
    match (kind, level) {
        (b'a' | b't', b'b' | b'i' | b's') => WorkKind::Periodical,
        (b'a', b'a') => WorkKind::Article,
        (b'a', _) => WorkKind::Book,
        (b't' | b'd' | b'f' | b'p' | b'b', _) => WorkKind::Manuscript,
        (b'c', _) => WorkKind::Score,
        (b'e', _) => WorkKind::Map,
        (b'g', _) => WorkKind::Video,
        (b'i', _) => WorkKind::Sound,
        (b'j', _) => WorkKind::Music,
        (b'k', _) => WorkKind::Image,
        (b'm' | b'l', _) => WorkKind::Software,
        (b'o' | b'r', _) => WorkKind::Object,
        _ => WorkKind::Other,
    }
}

impl View<'_> {
    pub(crate) fn text(&mut self, bytes: &[u8], tag: [u8; 3]) -> String {
        self.decoder.text_of(bytes, tag, self.warnings)
    }

    /// The first subfield with a code, as text.
    pub(crate) fn sub(&mut self, field: &Field, code: u8) -> Option<String> {
        let text = self.text(field.subfield(code)?, field.tag());
        let text = clean(&text);
        (!text.is_empty()).then_some(text)
    }

    /// All subfields with one of the codes, as texts.
    pub(crate) fn subs(&mut self, field: &Field, codes: &[u8]) -> Vec<String> {
        field
            .subfields()
            .filter(|(code, _)| codes.contains(code))
            .map(|(_, data)| clean(&self.text(data, field.tag())))
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// The same, joined by spaces.
    pub(crate) fn joined(&mut self, field: &Field, codes: &[u8]) -> String {
        self.subs(field, codes).join(" ")
    }
}

fn fill(view: &mut View<'_>, out: &mut CatalogueRecord) {
    let record = view.record;
    fixed_field(record, out);
    for field in &record.fields {
        let Ok(number) = std::str::from_utf8(&field.tag())
            .unwrap_or("")
            .parse::<u16>()
        else {
            continue;
        };
        match number {
            10 => scheme(view, field, "lccn", out),
            20 => {
                let isbn = view
                    .sub(field, b'a')
                    .and_then(|text| identifiers::isbn13(&text));
                add(out, "isbn", isbn);
            }
            22 => {
                let issn = view
                    .sub(field, b'a')
                    .and_then(|text| identifiers::issn(&text));
                add(out, "issn", issn);
            }
            24 => other_number(view, field, out),
            35 => {
                let text = view.sub(field, b'a').unwrap_or_default();
                let oclc = text.strip_prefix("(OCoLC)").map(|rest| {
                    rest.trim_start_matches(|one: char| !one.is_ascii_digit())
                        .to_owned()
                });
                add(out, "oclc", oclc);
            }
            41 => spoken(view, field, out),
            100 | 110 | 111 | 700 | 710 | 711 => name(view, field, out),
            130 | 240 | 246 | 247 | 740 => {
                let title = isbd(&view.joined(field, b"abnp"));
                push_new(&mut out.alternative_titles, title);
            }
            245 => title(view, field, out),
            250 => {
                out.edition = some(trim_marks(&view.joined(field, b"ab"))).or(out.edition.take())
            }
            260 => imprint(view, field, out),
            264 if matches!(field.indicators().1, b'1' | b'0' | b' ') => imprint(view, field, out),
            300 => {
                out.extent = some(trim_marks(&view.joined(field, b"abce"))).or(out.extent.take())
            }
            440 | 490 | 800 | 810 | 811 | 830 => series(view, field, number, out),
            505 => append_line(&mut out.contents, view.joined(field, b"agrt")),
            520 => append_line(&mut out.description, view.joined(field, b"ab")),
            500..=599 => {
                let note = view.joined(field, b"abcdnu3");
                push_new(&mut out.notes, note);
                if number == 502 {
                    out.kind = WorkKind::Thesis;
                }
            }
            600..=655 => {
                let heading = subject(view, field, number);
                push_new(&mut out.subjects, heading);
            }
            773 => host(view, field, out),
            856 => {
                for url in view.subs(field, b"u") {
                    out.add_identifier(Identifier::new("url", url));
                }
            }
            880 => vernacular(view, field, out),
            _ => {}
        }
    }
    if out.title.is_empty() {
        // Authority records and the like have a heading instead of a title.
        let heading = record
            .fields
            .iter()
            .find(|field| field.tag().starts_with(b"1"));
        if let Some(field) = heading {
            out.title = isbd(&view.joined(field, b"abcdt"));
        }
    }
}

/// 008: the date in positions 07 to 10, the language in 35 to 37.
fn fixed_field(record: &MarcRecord, out: &mut CatalogueRecord) {
    let Some(fixed) = record.control(b"008") else {
        return;
    };
    let part = |range: std::ops::Range<usize>| {
        fixed
            .get(range)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    };
    out.year = part(7..11)
        .and_then(|text| text.parse().ok())
        .filter(|year| (1..=2999).contains(year));
    if let Some(tag) = part(35..38).and_then(languages::from_marc) {
        out.add_language(tag);
    }
}

fn scheme(view: &mut View<'_>, field: &Field, scheme: &str, out: &mut CatalogueRecord) {
    let value = view.sub(field, b'a');
    add(out, scheme, value);
}

fn add(out: &mut CatalogueRecord, scheme: &str, value: Option<String>) {
    if let Some(value) = value {
        out.add_identifier(Identifier::new(scheme, value));
    }
}

/// 024: what sort of number is said by the first indicator or $2.
fn other_number(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let Some(value) = view.sub(field, b'a') else {
        return;
    };
    let source = view
        .sub(field, b'2')
        .unwrap_or_default()
        .to_ascii_lowercase();
    let scheme = match field.indicators().0 {
        b'0' => "isrc",
        b'1' => "upc",
        b'2' => "ismn",
        b'3' => "ean",
        b'7' if !source.is_empty() => source.as_str(),
        _ => return,
    };
    let value = if scheme == "doi" {
        identifiers::doi(&value).unwrap_or(value)
    } else {
        value
    };
    out.add_identifier(Identifier::new(scheme, value));
}

/// 041 $a: codes of three letters, in old records written together.
fn spoken(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    for text in view.subs(field, b"a") {
        if !text.is_ascii() || field.indicators().1 == b'7' {
            if let Some(tag) = languages::normalize(&text) {
                out.add_language(tag);
            }
            continue;
        }
        for code in text.as_bytes().chunks(3).take(20) {
            if let Some(tag) = std::str::from_utf8(code)
                .ok()
                .and_then(languages::from_marc)
            {
                out.add_language(tag);
            }
        }
    }
}

fn name(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let personal = field.tag().ends_with(b"00");
    let codes: &[u8] = if personal { b"abcq" } else { b"abcdn" };
    let display = isbd(&view.joined(field, codes));
    if display.is_empty() {
        return;
    }
    if field.tag().starts_with(b"7") && field.subfield(b't').is_some() {
        // An entry for another work by this name, not for a part in this one.
        let work = isbd(&view.joined(field, b"t"));
        push_new(&mut out.alternative_titles, work);
        return;
    }
    let role = view
        .sub(field, b'4')
        .or_else(|| view.sub(field, b'e'))
        .and_then(|text| role(&text));
    let dates = if personal {
        view.sub(field, b'd')
            .map(|text| trim_marks(text.trim_end_matches('.')))
    } else {
        None
    };
    let name = Name {
        display,
        role,
        dates,
        other_script: None,
        corporate: !personal,
    };
    if !out.authors.contains(&name) {
        out.authors.push(name);
    }
}

/// A relator code for the words that catalogues use most; other words as is.
pub(crate) fn role(text: &str) -> Option<String> {
    let word = text.trim().trim_end_matches(['.', ',']).to_lowercase();
    let word = word.rsplit('/').next().unwrap_or_default();
    Some(
        match word {
            "" => return None,
            "author" | "aut" => return None,
            "editor" | "ed" | "editors" | "hrsg" | "ред" => "edt",
            "translator" | "tr" | "trans" | "пер" => "trl",
            "illustrator" | "ill" | "illus" => "ill",
            "composer" => "cmp",
            "compiler" | "comp" => "com",
            "contributor" => "ctb",
            "narrator" => "nrt",
            "performer" => "prf",
            "photographer" => "pht",
            "film director" | "director" => "drt",
            "publisher" => "pbl",
            other => other,
        }
        .to_owned(),
    )
}

fn title(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let mut title = String::new();
    for (code, data) in field.subfields() {
        let text = isbd(&clean(&view.text(data, field.tag())));
        match code {
            _ if text.is_empty() => {}
            b'a' | b'n' | b'p' | b's' | b'f' | b'g' | b'k' => {
                if !title.is_empty() {
                    // `Title. Part 2, Name of the part`
                    title.push_str(if code == b'p' && title.ends_with(char::is_numeric) {
                        ", "
                    } else {
                        ". "
                    });
                }
                title.push_str(&text);
            }
            b'b' => append_with(&mut out.subtitle, " : ", &text),
            b'c' => append_with(&mut out.responsibility, " ; ", &text),
            _ => {}
        }
    }
    if out.title.is_empty() {
        out.title = title;
    }
}

fn append_with(slot: &mut Option<String>, separator: &str, text: &str) {
    match slot {
        Some(there) => {
            there.push_str(separator);
            there.push_str(text);
        }
        None => *slot = Some(text.to_owned()),
    }
}

fn imprint(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let take = |slot: &mut Option<String>, text: Option<String>| {
        if slot.is_none() {
            *slot = text
                .map(|text| unbracket(&trim_marks(&text)))
                .and_then(some);
        }
    };
    take(&mut out.place, view.sub(field, b'a'));
    take(&mut out.publisher, view.sub(field, b'b'));
    if out.date.is_none() {
        out.date = view.sub(field, b'c').and_then(|text| some(isbd(&text)));
    }
    if out.year.is_none() {
        out.year = out.date.as_deref().and_then(identifiers::year);
    }
}

fn series(view: &mut View<'_>, field: &Field, number: u16, out: &mut CatalogueRecord) {
    let codes: &[u8] = match number {
        800..=811 => b"tnp",
        _ => b"anp",
    };
    let mut text = isbd(&view.joined(field, codes));
    if let Some(volume) = view.sub(field, b'v') {
        text.push_str(" ; ");
        text.push_str(&isbd(&volume));
    }
    // The traced form (8xx) mostly repeats the transcribed one (490).
    let known = out.series.iter().any(|one| one.eq_ignore_ascii_case(&text));
    if !known {
        push_new(&mut out.series, text);
    }
}

/// A heading with its subdivisions: `Libraries -- Korea -- History`.
fn subject(view: &mut View<'_>, field: &Field, number: u16) -> String {
    let codes: &[u8] = match number {
        600 | 610 | 611 | 630 => b"abcdfgklmnopqrt",
        653 => b"",
        _ => b"abcd",
    };
    let main = if number == 653 {
        view.subs(field, b"a").join(" -- ")
    } else {
        view.joined(field, codes)
    };
    let mut heading = isbd(&main);
    for part in view.subs(field, b"vxyz") {
        if !heading.is_empty() {
            heading.push_str(" -- ");
        }
        heading.push_str(&isbd(&part));
    }
    heading
}

/// 773: the journal or book that this is a part of.
fn host(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    if out.container.is_none() {
        out.container = view
            .joined(field, b"ts")
            .into_nonempty()
            .map(|text| isbd(&text));
    }
    let enumeration = view.joined(field, b"gq");
    if let Some(enumeration) = enumeration.into_nonempty() {
        let (volume, issue, pages) = enumeration_parts(&enumeration);
        out.volume = out.volume.take().or(volume);
        out.issue = out.issue.take().or(issue);
        out.pages = out.pages.take().or(pages);
    }
    for text in view.subs(field, b"x") {
        add(out, "issn", identifiers::issn(&text));
    }
    for text in view.subs(field, b"z") {
        add(out, "isbn", identifiers::isbn13(&text));
    }
}

/// `Vol. 24, no. 3 (Mar. 1994), p. 1-11` in its parts.
fn enumeration_parts(text: &str) -> (Option<String>, Option<String>, Option<String>) {
    let lower = text.to_lowercase();
    let after = |marks: &[&str]| {
        marks.iter().find_map(|mark| {
            let at = lower.find(mark)?;
            let free = lower
                .get(..at)?
                .chars()
                .next_back()
                .is_none_or(|one| !one.is_alphanumeric());
            let value: String = lower
                .get(at + mark.len()..)?
                .trim_start_matches(['.', ' ', ':'])
                .chars()
                .take_while(|one| one.is_alphanumeric() || matches!(one, '-' | '–' | '/'))
                .collect();
            (free && value.starts_with(char::is_numeric)).then_some(value)
        })
    };
    (
        after(&["vol", "v.", "bd", "т."]),
        after(&["no", "nr", "issue", "№"]),
        after(&["pages", "pp", "p.", "s.", "с."]).map(|pages| pages.replace('–', "-")),
    )
}

/// 880: a field once more in its own script, linked by $6 (`245-01/$1`).
fn vernacular(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let Some(link) = field.subfield(b'6').map(<[u8]>::to_vec) else {
        return;
    };
    match link.get(..3) {
        Some(b"245" | b"240" | b"246" | b"130") => {
            let title = isbd(&view.joined(field, b"abnp"));
            push_new(&mut out.alternative_titles, title);
        }
        Some(b"100" | b"110" | b"111" | b"700" | b"710" | b"711") => {
            let display = isbd(&view.joined(field, b"abcq"));
            let Some(at) = linked_name(view.record, &link) else {
                return;
            };
            let display_of = |field: &Field, view: &mut View<'_>| {
                let codes: &[u8] = if field.tag().ends_with(b"00") {
                    b"abcq"
                } else {
                    b"abcdn"
                };
                isbd(&view.joined(field, codes))
            };
            let record = view.record;
            let Some(partner) = record.fields.get(at) else {
                return;
            };
            let partner = display_of(partner, view);
            if let Some(name) = out.authors.iter_mut().find(|name| name.display == partner) {
                name.other_script = some(display);
            }
        }
        Some([b'6', ..]) => {
            let heading = subject(view, field, 650);
            push_new(&mut out.subjects, heading);
        }
        Some(b"505") => append_line(&mut out.contents, view.joined(field, b"agrt")),
        Some(b"520") => append_line(&mut out.description, view.joined(field, b"ab")),
        _ => {}
    }
}

/// The field whose $6 says `880-01` for a link `100-01`.
fn linked_name(record: &MarcRecord, link: &[u8]) -> Option<usize> {
    let tag = link.get(..3)?;
    let occurrence = link.get(4..6)?;
    record.fields.iter().position(|field| {
        field.tag() == tag
            && field
                .subfield(b'6')
                .is_some_and(|own| own.starts_with(b"880-") && own.get(4..6) == Some(occurrence))
    })
}

/// Text without marks of sorting and without blanks at its ends.
pub(crate) fn clean(text: &str) -> String {
    let trimmed = text.trim();
    const SORTING: [char; 4] = ['\u{98}', '\u{9c}', '\u{88}', '\u{89}'];
    if trimmed.contains(SORTING) {
        return trimmed.replace(SORTING, "");
    }
    trimmed.to_owned()
}

/// Drops the marks that ISBD puts between areas.
pub(crate) fn trim_marks(text: &str) -> String {
    text.trim_end_matches([' ', '/', ':', ';', ',', '=', '+'])
        .trim_start()
        .to_owned()
}

/// Drops ISBD's marks and the full stop at the end, unless it belongs to an
/// initial, an abbreviation or an ellipsis.
pub(crate) fn isbd(text: &str) -> String {
    let text = text
        .trim_end_matches([' ', '/', ':', ';', ',', '=', '+'])
        .trim_start();
    let Some(rest) = text.strip_suffix('.') else {
        return text.to_owned();
    };
    let word = rest.rsplit([' ', '-']).next().unwrap_or_default();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    const SHORT: [&str; 16] = [
        "etc", "inc", "co", "ltd", "jr", "sr", "bros", "corp", "univ", "dept", "ed", "vol", "no",
        "al", "st", "dr",
    ];
    let short = SHORT.iter().any(|one| one.eq_ignore_ascii_case(word));
    if initial || short || word.contains('.') || rest.ends_with('.') {
        return text.to_owned();
    }
    rest.trim_end_matches([' ', '/', ':', ';', ',', '=', '+'])
        .to_owned()
}

/// `[Berlin]` is Berlin, where the brackets go round all of it.
pub(crate) fn unbracket(text: &str) -> String {
    match text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(inner) if !inner.contains(['[', ']']) => inner.to_owned(),
        _ => text.to_owned(),
    }
}

pub(crate) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

trait IntoNonEmpty {
    fn into_nonempty(self) -> Option<String>;
}

impl IntoNonEmpty for String {
    fn into_nonempty(self) -> Option<String> {
        some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isbd_marks_go_abbreviations_stay() {
        for (given, wanted) in [
            ("The pragmatic programmer :", "The pragmatic programmer"),
            ("Andrew Hunt, David Thomas.", "Andrew Hunt, David Thomas"),
            ("Wise, Arthur E.", "Wise, Arthur E."),
            ("Addison-Wesley Co.", "Addison-Wesley Co."),
            ("and so on ...", "and so on ..."),
            ("U.S.", "U.S."),
            ("Title. /", "Title"),
        ] {
            assert_eq!(isbd(given), wanted);
        }
    }

    #[test]
    fn enumerations_of_a_host() {
        assert_eq!(
            enumeration_parts("Vol. 24, no. 3 (Mar. 1994), p. 1-11"),
            (Some("24".into()), Some("3".into()), Some("1-11".into()))
        );
        assert_eq!(enumeration_parts("Spring"), (None, None, None));
    }
}
