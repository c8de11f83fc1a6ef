//! MARC as lines of text, to be edited with nothing but a keyboard.
//!
//! The notation is that of the Library of Congress's MARCMaker, which MarcEdit
//! made common:
//!
//! ```text
//! =LDR 00000nam\a2200000\i\4500
//! =008 240501s1999\\\\xx\\\\\\\\\\\\000\0\eng\d
//! =245 14$aThe hill :$ba story /$cMira Vale.
//! =856 40$uhttps://hill.example/{dollar}5
//! ```
//!
//! A field begins with `=`, its tag and one blank (or two). A blank in the
//! leader, a control field or an indicator is `\`. `$` and one character begin a
//! subfield. `{dollar}`, `{lcub}`, `{rcub}` and `{bsol}` stand for `$`, `{`, `}`
//! and `\`; `{U+001B}` for any character by its number. `{raw}` begins a field
//! that breaks the rules of MARC (or has the leader's tag), whose bytes follow as they are. Blank lines
//! are passed over. [`print()`] and [`parse`] undo each other exactly.

use super::check::{Finding, Place};
use super::marc::{Marc, shaped, text};
use super::work::MAX_MARC_FIELDS;
use crate::records::marc::{Field, MarcRecord, SUBFIELD};

/// The most bytes of a record as text.
pub const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// The most findings that one text is answered with.
pub const MAX_FINDINGS: usize = 50;

const RAW: &str = "{raw}";

/// Writes a record as lines, the leader first.
pub fn print(record: &MarcRecord) -> String {
    let mut out = String::from("=LDR ");
    push_fixed(&mut out, &text(&record.leader));
    out.push('\n');
    for field in &record.fields {
        out.push('=');
        let tag = text(&field.tag());
        out.push_str(&tag);
        out.push(' ');
        if names_leader(&tag) {
            // A field with the leader's own tag would be read as a leader.
            out.push_str(RAW);
            push_text(&mut out, &text(&field.content()));
        } else {
            out.push_str(&print_field(field));
        }
        out.push('\n');
    }
    out
}

/// A field without its tag: `14$aThe hill`.
pub fn print_field(field: &Field) -> String {
    let mut out = String::new();
    match field {
        Field::Control { data, .. } => push_fixed(&mut out, &text(data)),
        Field::Irregular { data, .. } => {
            out.push_str(RAW);
            push_text(&mut out, &text(data));
        }
        Field::Data {
            ind1,
            ind2,
            subfields,
            ..
        } => {
            for indicator in [*ind1, *ind2] {
                push_fixed(&mut out, &char::from(indicator).to_string());
            }
            for one in subfields {
                out.push('$');
                push_text(&mut out, &char::from(one.code).to_string());
                push_text(&mut out, &text(&one.data));
            }
        }
    }
    out
}

/// The leader as its line has it, without the tag.
pub fn print_leader(leader: &[u8; 24]) -> String {
    let mut out = String::new();
    push_fixed(&mut out, &text(leader));
    out
}

/// What the leader's line is called; MARCMaker reads all three.
fn names_leader(tag: &str) -> bool {
    matches!(tag, "LDR" | "ldr" | "000")
}

/// Text in which blanks count.
fn push_fixed(out: &mut String, text: &str) {
    for one in text.chars() {
        match one {
            ' ' => out.push('\\'),
            '\\' => out.push_str("{bsol}"),
            _ => push_char(out, one),
        }
    }
}

fn push_text(out: &mut String, text: &str) {
    for one in text.chars() {
        push_char(out, one);
    }
}

fn push_char(out: &mut String, one: char) {
    match one {
        '$' => out.push_str("{dollar}"),
        '{' => out.push_str("{lcub}"),
        '}' => out.push_str("{rcub}"),
        // What a text field or an eye would lose.
        _ if one.is_control() || matches!(one, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
            out.push_str(&format!("{{U+{:04X}}}", u32::from(one)));
        }
        _ => out.push(one),
    }
}

/// Reads lines as [`print()`] writes them. A text without a leader gets that of a
/// book.
///
/// # Errors
/// What is wrong, line by line, at most [`MAX_FINDINGS`]; each finding says what
/// to do.
pub fn parse(text: &str) -> Result<MarcRecord, Vec<Finding>> {
    if text.len() > MAX_TEXT_BYTES {
        let arguments = [("limit", MAX_TEXT_BYTES.to_string())];
        return Err(vec![Finding::error(
            "line-too-much",
            Place::default(),
            arguments,
        )]);
    }
    let mut record = MarcRecord::new(b'a', b'm');
    let mut findings = Vec::new();
    let mut led = false;
    for (line, number) in text.split('\n').zip(1..) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() {
            continue;
        }
        if findings.len() >= MAX_FINDINGS {
            break;
        }
        let place = |tag: &str| Place::line(tag, number);
        match parse_line(line) {
            Ok(Line::Leader(leader)) if !led => {
                led = true;
                record.leader = leader;
            }
            Ok(Line::Leader(_)) => {
                let arguments = [("line", number.to_string())];
                findings.push(Finding::error(
                    "line-second-leader",
                    place("LDR"),
                    arguments,
                ));
            }
            Ok(Line::Field(_)) if record.fields.len() >= MAX_MARC_FIELDS => {
                let arguments = [("limit", MAX_MARC_FIELDS.to_string())];
                findings.push(Finding::error("line-too-much", place(""), arguments));
                break;
            }
            Ok(Line::Field(field)) => record.fields.push(field),
            Err((tag, key, found)) => {
                let arguments = [("line", number.to_string()), ("found", found)];
                findings.push(Finding::error(key, place(&tag), arguments));
            }
        }
    }
    if findings.is_empty() && record.fields.is_empty() && !led {
        findings.push(Finding::error("line-nothing", Place::default(), []));
    }
    if findings.is_empty() {
        Ok(Marc::new(record).record().clone())
    } else {
        Err(findings)
    }
}

enum Line {
    Leader([u8; 24]),
    Field(Field),
}

/// A character of a line, its escapes undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `$`.
    Delimiter,
    /// `\`.
    Blank,
}

/// The tag, the message and what was found.
type Wrong = (String, &'static str, String);

fn parse_line(line: &str) -> Result<Line, Wrong> {
    let wrong = |tag: &str, key, found: &str| Err((tag.to_owned(), key, head(found)));
    let Some(rest) = line.trim_start().strip_prefix('=') else {
        return wrong("", "line-no-tag", line);
    };
    let Some((tag, rest)) = rest.split_at_checked(3) else {
        return wrong("", "line-bad-tag", rest);
    };
    if !tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return wrong("", "line-bad-tag", tag);
    }
    let Some(rest) = rest.strip_prefix([' ', '\t']) else {
        return wrong(tag, "line-no-blank", rest);
    };
    let rest = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
    if let Some(raw) = rest.strip_prefix(RAW) {
        let tokens = tokens(raw).map_err(|found| (tag.to_owned(), "line-bad-escape", found))?;
        return Ok(Line::Field(shaped(
            bytes_of(tag),
            plain(&tokens, '\\').as_bytes(),
        )));
    }
    let tokens = tokens(rest).map_err(|found| (tag.to_owned(), "line-bad-escape", found))?;
    if names_leader(tag) {
        let leader = plain(&tokens, ' ');
        return match <[u8; 24]>::try_from(leader.as_bytes()) {
            Ok(leader) if leader.is_ascii() => Ok(Line::Leader(leader)),
            _ => wrong(
                "LDR",
                "line-leader-length",
                &leader.chars().count().to_string(),
            ),
        };
    }
    if tag.starts_with("00") {
        let content = plain(&tokens, ' ');
        return Ok(Line::Field(shaped(bytes_of(tag), content.as_bytes())));
    }
    data_field(tag, &tokens).map(Line::Field)
}

fn data_field(tag: &str, tokens: &[Token]) -> Result<Field, Wrong> {
    let wrong = |key, found: String| Err((tag.to_owned(), key, found));
    let indicator = |token: &Token| match token {
        Token::Blank => Some(' '),
        Token::Char(one) => Some(*one),
        Token::Delimiter => None,
    };
    let split = tokens.split_first_chunk::<2>();
    let Some((ind1, ind2, rest)) =
        split.and_then(|([one, two], rest)| Some((indicator(one)?, indicator(two)?, rest)))
    else {
        return wrong("line-indicators", head(&plain(tokens, '\\')));
    };
    let mut content = String::from_iter([ind1, ind2]);
    match rest.first() {
        Some(Token::Delimiter) => {}
        None => return wrong("line-no-subfield", String::new()),
        Some(_) => return wrong("line-indicators", head(&plain(tokens, '\\'))),
    }
    for part in rest.split(|token| *token == Token::Delimiter).skip(1) {
        if part.is_empty() {
            return wrong("line-no-code", head(&plain(tokens, '\\')));
        }
        content.push(char::from(SUBFIELD));
        content.push_str(&plain(part, '\\'));
    }
    Ok(shaped(bytes_of(tag), content.as_bytes()))
}

fn bytes_of(tag: &str) -> [u8; 3] {
    <[u8; 3]>::try_from(tag.as_bytes()).unwrap_or(*b"999")
}

/// The beginning of what was found, for a message.
fn head(text: &str) -> String {
    text.chars().take(20).collect()
}

/// Tokens as text; what a `\` stands for is said.
fn plain(tokens: &[Token], blank: char) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Char(one) => *one,
            Token::Delimiter => '$',
            Token::Blank => blank,
        })
        .collect()
}

/// Undoes escapes.
///
/// # Errors
/// The escape that is not known.
fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(one) = rest.chars().next() {
        rest = rest.get(one.len_utf8()..).unwrap_or_default();
        out.push(match one {
            '$' => Token::Delimiter,
            '\\' => Token::Blank,
            '{' => {
                let Some((name, after)) = rest.split_once('}') else {
                    return Err(head(&format!("{{{rest}")));
                };
                rest = after;
                Token::Char(named(name).ok_or_else(|| head(&format!("{{{name}}}")))?)
            }
            _ => Token::Char(one),
        });
    }
    Ok(out)
}

fn named(name: &str) -> Option<char> {
    match name {
        "dollar" => Some('$'),
        "lcub" => Some('{'),
        "rcub" => Some('}'),
        "bsol" => Some('\\'),
        "esc" => Some('\u{1b}'),
        _ => {
            let digits = name.strip_prefix("U+").filter(|one| one.len() <= 6)?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        }
    }
}
