//! BibTeX and BibLaTeX, read tolerantly: braces decide where an entry ends.

use std::collections::HashMap;
use std::io::{self, BufRead};

use encoding_rs::Encoding;

use super::identifiers;
use super::languages;
use super::latex;
use super::marc::marc8::nfc;
use super::model::{CatalogueRecord, Identifier, Name, WorkKind, append_line, push_new};
use super::reader::{Format, Framed, Problem, Warnings};
use super::text;
use super::window::Window;

/// The most bytes of one entry.
const MAX_ENTRY_BYTES: usize = 4 * 1024 * 1024;
/// The most abbreviations remembered.
const MAX_STRINGS: usize = 10_000;
/// The longest value that joining abbreviations may make.
const MAX_VALUE_BYTES: usize = MAX_ENTRY_BYTES;
const ADVICE: &str = "check the braces of this entry; the others are not affected";

/// BibTeX.
pub(crate) struct BibTex {
    encoding: &'static Encoding,
    strings: HashMap<String, String>,
}

impl BibTex {
    pub(crate) fn new(encoding: &'static Encoding) -> Self {
        Self {
            encoding,
            strings: HashMap::new(),
        }
    }
}

impl Format for BibTex {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        loop {
            // Everything up to an @ is a comment.
            loop {
                if let Some(at) = memchr::memchr(b'@', window.bytes()) {
                    window.consume(at);
                    break;
                }
                let all = window.bytes().len();
                window.consume(all);
                if !window.more()? {
                    return Ok(Framed::End);
                }
            }
            window.ensure(256)?;
            match opening(window.bytes()) {
                Some((opened, brace)) => return entry(window, opened, brace),
                None => window.consume(1),
            }
        }
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let source = text::decode(bytes, self.encoding, warnings);
        let broken = |reason: &str| Problem::new(reason, ADVICE);
        let rest = source.strip_prefix('@').unwrap_or(&source);
        let (kind, rest) = rest
            .split_once(['{', '('])
            .ok_or_else(|| broken("it has no fields"))?;
        let kind = kind.trim().to_ascii_lowercase();
        let body = rest.trim_end().strip_suffix(['}', ')']).unwrap_or(rest);
        match kind.as_str() {
            "comment" | "preamble" => return Ok(None),
            "string" => {
                let mut parser = Parser {
                    rest: body,
                    strings: &self.strings,
                };
                if let Some((name, value)) = parser.field()
                    && self.strings.len() < MAX_STRINGS
                {
                    self.strings.insert(name, value);
                }
                return Ok(None);
            }
            _ => {}
        }
        let (key, fields) = body.split_once(',').unwrap_or((body, ""));
        let mut parser = Parser {
            rest: fields,
            strings: &self.strings,
        };
        let mut out = CatalogueRecord {
            id: key.trim().to_owned(),
            kind: work_kind(&kind),
            ..CatalogueRecord::default()
        };
        let mut any = false;
        while let Some((name, value)) = parser.field() {
            any = true;
            take(&mut out, &name, &value);
        }
        if !any {
            return Err(broken("it has no fields that can be read"));
        }
        if !parser
            .rest
            .trim_matches([',', ' ', '\r', '\n', '\t'])
            .is_empty()
        {
            warnings.add("what follows its last readable field was left out");
        }
        if out.title.is_empty() {
            match out.container.take() {
                Some(container) => out.title = container,
                None => warnings.add("it has no title"),
            }
        }
        if out.kind == WorkKind::Book
            && let (None, Some(pages)) = (&out.extent, &out.pages)
        {
            out.extent = Some(pages.clone());
            out.pages = None;
        }
        Ok(Some(out))
    }
}

/// `@word {`: how many bytes, and which bracket.
fn opening(bytes: &[u8]) -> Option<(usize, u8)> {
    let rest = bytes.strip_prefix(b"@")?;
    let word = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let blank = rest
        .get(word..)?
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let brace = *rest.get(word + blank)?;
    (word > 0 && matches!(brace, b'{' | b'(')).then_some((1 + word + blank + 1, brace))
}

/// From the opening brace to the one that closes it.
fn entry<R: BufRead>(window: &mut Window<R>, opened: usize, brace: u8) -> io::Result<Framed> {
    let mut at = opened;
    let mut depth = 1usize;
    let mut escaped = false;
    loop {
        let Some(byte) = window.bytes().get(at).copied() else {
            let length = window.bytes().len();
            if length >= MAX_ENTRY_BYTES {
                let reason = format!("it has more than {MAX_ENTRY_BYTES} bytes");
                return Ok(Framed::Broken(length, Problem::new(reason, ADVICE)));
            }
            if window.more()? {
                continue;
            }
            let problem = Problem::new("the file ends inside of it", ADVICE);
            return Ok(Framed::Broken(length, problem));
        };
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'(' if brace == b'(' && depth == 1 => depth += 1,
            b')' if brace == b'(' && depth == 1 => return Ok(Framed::Record(at + 1)),
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Framed::Record(at + 1));
                }
            }
            b'\n' => {
                // An entry at a line's start inside an entry: a brace is missing.
                window.ensure(at + 256)?;
                let next = window.bytes().get(at + 1..).unwrap_or_default();
                if next.starts_with(b"@") && opening(next).is_some() {
                    let problem = Problem::new("its closing brace is missing", ADVICE);
                    return Ok(Framed::Broken(at + 1, problem));
                }
            }
            _ => {}
        }
        at += 1;
    }
}

struct Parser<'a> {
    rest: &'a str,
    strings: &'a HashMap<String, String>,
}

impl Parser<'_> {
    /// The next `name = value`, the name in lower case.
    fn field(&mut self) -> Option<(String, String)> {
        loop {
            self.rest = self
                .rest
                .trim_start_matches([',', ' ', '\t', '\r', '\n', '\u{feff}']);
            let (name, after) = self.rest.split_once('=')?;
            let name = name.trim();
            if name.is_empty() || name.contains([',', '{', '"', '}']) {
                // Not a name: go on after the next comma.
                self.rest = self.rest.split_once(',')?.1;
                continue;
            }
            let name = name.to_ascii_lowercase();
            self.rest = after;
            let value = self.value()?;
            return Some((name, value));
        }
    }

    /// Values joined by `#`.
    fn value(&mut self) -> Option<String> {
        let mut out = String::new();
        loop {
            self.rest = self.rest.trim_start();
            let part = match self.rest.chars().next()? {
                '{' => self.delimited('}')?,
                '"' => self.delimited('"')?,
                _ => self.bare(),
            };
            if out.len() + part.len() > MAX_VALUE_BYTES {
                return None;
            }
            out.push_str(&part);
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix('#') {
                Some(rest) => self.rest = rest,
                None => return Some(out),
            }
        }
    }

    fn delimited(&mut self, close: char) -> Option<String> {
        let mut depth = 0usize;
        let mut escaped = false;
        for (at, one) in self.rest.char_indices().skip(1) {
            match one {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if one == close && depth == 0 => {
                    let inside = self.rest.get(1..at)?.to_owned();
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(inside);
                }
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }

    /// A number, an abbreviation, or (wrongly) a bare word.
    fn bare(&mut self) -> String {
        let end = self
            .rest
            .find([',', '#', '\n', '\r', '}'])
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default().trim();
        self.rest = self.rest.get(end..).unwrap_or_default();
        let lower = word.to_ascii_lowercase();
        self.strings
            .get(&lower)
            .cloned()
            .unwrap_or_else(|| month(&lower).unwrap_or(word).to_owned())
    }
}

fn month(word: &str) -> Option<&'static str> {
    const MONTHS: [(&str, &str); 12] = [
        ("jan", "01"),
        ("feb", "02"),
        ("mar", "03"),
        ("apr", "04"),
        ("may", "05"),
        ("jun", "06"),
        ("jul", "07"),
        ("aug", "08"),
        ("sep", "09"),
        ("oct", "10"),
        ("nov", "11"),
        ("dec", "12"),
    ];
    MONTHS.iter().find(|row| row.0 == word).map(|row| row.1)
}

fn take(out: &mut CatalogueRecord, name: &str, raw: &str) {
    if matches!(name, "author" | "editor" | "translator") {
        let role = match name {
            "editor" => Some("edt"),
            "translator" => Some("trl"),
            _ => None,
        };
        return names(out, raw, role);
    }
    // Addresses are not LaTeX: `~` and `_` stand for themselves there.
    if matches!(name, "url" | "doi" | "eprint") {
        let value = raw
            .trim()
            .replace("\\_", "_")
            .replace("\\%", "%")
            .replace("\\&", "&")
            .replace("\\#", "#");
        let value = value
            .strip_prefix("\\url{")
            .and_then(|one| one.strip_suffix('}'))
            .map_or(value.clone(), str::to_owned);
        let identifier = match name {
            "url" => Identifier::new("url", value),
            "doi" => Identifier::new("doi", identifiers::doi(&value).unwrap_or(value)),
            _ => Identifier::new("arxiv", value),
        };
        return out.add_identifier(identifier);
    }
    let value = latex::decode(raw);
    if value.is_empty() {
        return;
    }
    match name {
        "title" => out.title = value,
        "subtitle" => out.subtitle = Some(value),
        "titleaddon" | "origtitle" => push_new(&mut out.alternative_titles, value),
        "booktitle" | "journal" | "journaltitle" => out.container = Some(value),
        "publisher" | "school" | "institution" | "organization" if out.publisher.is_none() => {
            out.publisher = Some(value);
        }
        "address" | "location" => out.place = Some(value),
        "year" | "date" => {
            out.year = identifiers::year(&value).or(out.year);
            if name == "date" || out.date.is_none() {
                out.date = Some(value);
            }
        }
        "language" | "langid" => {
            for part in value.split([',', ';']) {
                if let Some(tag) = languages::normalize(part) {
                    out.add_language(tag);
                }
            }
        }
        "keywords" | "keyword" => {
            let mark = if value.contains(';') { ';' } else { ',' };
            for part in value.split(mark) {
                push_new(&mut out.subjects, part.trim().to_owned());
            }
        }
        "abstract" => append_line(&mut out.description, value),
        "series" => push_new(&mut out.series, value),
        "edition" => out.edition = Some(value),
        "pagetotal" => out.extent = Some(value),
        "volume" => out.volume = Some(value),
        "number" | "issue" => out.issue = Some(value),
        "pages" => out.pages = Some(value.replace('–', "-")),
        "isbn" => isbns(out, &value),
        "issn" => {
            if let Some(issn) = identifiers::issn(&value) {
                out.add_identifier(Identifier::new("issn", issn));
            }
        }
        "lccn" => out.add_identifier(Identifier::new("lccn", value)),
        "note" | "annote" | "addendum" => push_new(&mut out.notes, value),
        _ => {}
    }
}

fn isbns(out: &mut CatalogueRecord, value: &str) {
    for part in value.split([',', ';']) {
        if let Some(isbn) = identifiers::isbn13(part) {
            out.add_identifier(Identifier::new("isbn", isbn));
        }
    }
}

/// Names parted by ` and ` outside of braces, each inverted.
fn names(out: &mut CatalogueRecord, raw: &str, role: Option<&str>) {
    for part in split_names(raw) {
        let part = part.trim();
        let corporate = part.starts_with('{') && closes_at_end(part);
        let display = if corporate {
            latex::decode(part)
        } else {
            invert(part)
        };
        if display.is_empty() || display == "others" {
            continue;
        }
        let name = Name {
            display: nfc(display),
            role: role.map(str::to_owned),
            corporate,
            ..Name::default()
        };
        if !out.authors.contains(&name) {
            out.authors.push(name);
        }
    }
}

/// True if the brace that opens the text closes at its end.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0i32;
    for (at, one) in text.char_indices() {
        match one {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + one.len_utf8() == text.len() && !text.starts_with("{\\");
        }
    }
    false
}

fn split_names(raw: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0i32;
    for word in raw.split_whitespace() {
        if depth == 0 && word.eq_ignore_ascii_case("and") {
            parts.push(String::new());
            continue;
        }
        for one in word.chars() {
            match one {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
        if let Some(last) = parts.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    parts
}

/// `First von Last` and `von Last, Jr, First` as `von Last, First, Jr`.
fn invert(name: &str) -> String {
    let pieces: Vec<String> = name.split(',').map(latex::decode).collect();
    match pieces.as_slice() {
        [last, first] => format!("{last}, {first}")
            .trim_end_matches([',', ' '])
            .to_owned(),
        [last, junior, first, ..] => format!("{last}, {first}, {junior}"),
        [whole] => {
            let words: Vec<&str> = whole.split(' ').collect();
            // The family name begins at the first small word, or is the last word.
            let small = words
                .iter()
                .position(|word| word.chars().next().is_some_and(char::is_lowercase))
                .filter(|at| *at > 0 && *at + 1 < words.len());
            let at = small.unwrap_or(words.len().saturating_sub(1));
            let (first, last) = words.split_at(at);
            if first.is_empty() {
                return whole.clone();
            }
            format!("{}, {}", last.join(" "), first.join(" "))
        }
        [] => String::new(),
    }
}

fn work_kind(kind: &str) -> WorkKind {
    match kind {
        "book" | "booklet" | "inbook" | "mvbook" | "collection" | "manual" | "proceedings" => {
            WorkKind::Book
        }
        "article" | "incollection" | "inreference" | "suppperiodical" | "bookinbook" => {
            WorkKind::Article
        }
        "periodical" => WorkKind::Periodical,
        "inproceedings" | "conference" => WorkKind::ConferencePaper,
        "phdthesis" | "mastersthesis" | "thesis" => WorkKind::Thesis,
        "techreport" | "report" => WorkKind::Report,
        "unpublished" => WorkKind::Manuscript,
        "online" | "www" | "electronic" => WorkKind::Website,
        "software" | "dataset" => WorkKind::Software,
        "video" | "movie" => WorkKind::Video,
        "audio" => WorkKind::Sound,
        "music" => WorkKind::Music,
        "image" | "artwork" => WorkKind::Image,
        _ => WorkKind::Other,
    }
}
