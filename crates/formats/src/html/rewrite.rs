//! The two passes over a page around the sanitiser: noise out before it, links
//! mapped after it.

use super::{
    entity::decode_all,
    scan::{Found, Scanner, Tag},
    tags::{self, Name, Role},
};

/// Schemes of links that lead anywhere; a mapping that gives others is refused.
const SAFE_SCHEMES: &[&str] = &["http", "https", "mailto"];

/// The page without what readers don't read: edit links, boxes of links, tables of
/// contents, hidden elements. What never closes stays.
pub(super) fn without_noise(page: &str) -> String {
    let mut scan = Scanner::new(page.as_bytes());
    let mut out = String::with_capacity(page.len());
    let (mut at, mut copied, mut broken) = (0, 0, false);
    while let Some(found) = memchr::memchr(b'<', scan.rest(at)) {
        let angle = at + found;
        at = match scan.at_angle(angle) {
            Found::Tag(tag) => {
                let mut noise = false;
                let next =
                    scan.attributes(tag.attributes, |name, value| noise |= is_noise(name, value));
                let role = tag.name.role();
                if !noise
                    || broken
                    || tag.closing
                    || role == Role::Void
                    || role == Role::Break
                    || tag.name.holds_page()
                {
                    next
                } else if let Some(end) = end_of(&mut scan, tag.name, next) {
                    out.push_str(page.get(copied..angle).unwrap_or(""));
                    copied = end;
                    end
                } else {
                    broken = true;
                    next
                }
            }
            Found::Nothing(next) | Found::Cdata(_, _, next) => next,
            Found::Literal => angle + 1,
        };
    }
    out.push_str(page.get(copied..).unwrap_or(""));
    out
}

fn is_noise(name: &[u8], value: &[u8]) -> bool {
    (name.eq_ignore_ascii_case(b"class") && tags::class_is_noise(value))
        || (name.eq_ignore_ascii_case(b"style") && tags::style_hides(value))
        || (name.eq_ignore_ascii_case(b"hidden") && value != b"until-found")
}

/// The place after the end tag that belongs to the start tag before `at`.
fn end_of(scan: &mut Scanner<'_>, name: Name, mut at: usize) -> Option<usize> {
    let mut open = 1_u32;
    while let Some(found) = memchr::memchr(b'<', scan.rest(at)) {
        let angle = at + found;
        at = match scan.at_angle(angle) {
            Found::Tag(tag) => {
                let next = scan.end_of_tag(&tag);
                if tag.name == name {
                    open = if tag.closing {
                        open - 1
                    } else {
                        open.saturating_add(1)
                    };
                    if open == 0 {
                        return Some(next);
                    }
                }
                next
            }
            Found::Nothing(next) | Found::Cdata(_, _, next) => next,
            Found::Literal => angle + 1,
        };
    }
    None
}

/// Maps the links of HTML that the sanitiser has made, and puts words in place of
/// images.
pub(super) fn map_links(safe: &str, base: &dyn Fn(&str) -> Option<String>) -> String {
    let mut scan = Scanner::new(safe.as_bytes());
    let mut out = String::with_capacity(safe.len());
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = memchr::memchr(b'<', scan.rest(at)) {
        let angle = at + found;
        at = match scan.at_angle(angle) {
            Found::Tag(tag)
                if !tag.closing
                    && (tag.name == Name::new(b"a") || tag.name == Name::new(b"img")) =>
            {
                out.push_str(safe.get(copied..angle).unwrap_or(""));
                copied = if tag.name == Name::new(b"a") {
                    link(&mut scan, &tag, base, &mut out)
                } else {
                    image(&mut scan, &tag, &mut out)
                };
                copied
            }
            Found::Tag(tag) => scan.end_of_tag(&tag),
            Found::Nothing(next) | Found::Cdata(_, _, next) => next,
            Found::Literal => angle + 1,
        };
    }
    out.push_str(safe.get(copied..).unwrap_or(""));
    out
}

/// Writes the start tag of a link again, each value escaped anew.
fn link(
    scan: &mut Scanner<'_>,
    tag: &Tag,
    base: &dyn Fn(&str) -> Option<String>,
    out: &mut String,
) -> usize {
    out.push_str("<a");
    let next = scan.attributes(tag.attributes, |name, value| {
        let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) else {
            return;
        };
        let value = decode_all(value);
        let value = match (name, value.strip_prefix('#')) {
            ("href", Some(anchor)) => Some(format!("#{}{anchor}", super::ANCHOR_PREFIX)),
            ("href", None) => base(&value).filter(|mapped| leads_somewhere(mapped)),
            _ => Some(value),
        };
        if let Some(value) = value {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(&value, out);
            out.push('"');
        }
    });
    out.push('>');
    next
}

/// Writes an image's words in its place.
fn image(scan: &mut Scanner<'_>, tag: &Tag, out: &mut String) -> usize {
    let mut words = String::new();
    let next = scan.attributes(tag.attributes, |name, value| {
        if name == b"alt" {
            words = decode_all(std::str::from_utf8(value).unwrap_or(""));
        }
    });
    let words = words.trim();
    if !words.is_empty() {
        out.push('[');
        escape(words, out);
        out.push(']');
    }
    next
}

/// A relative address, or one with a scheme that can't run anything.
fn leads_somewhere(address: &str) -> bool {
    let scheme_end = address.find([':', '/', '?', '#']);
    match scheme_end.and_then(|at| address.split_at_checked(at)) {
        Some((scheme, rest)) if rest.starts_with(':') => SAFE_SCHEMES
            .iter()
            .any(|safe| scheme.eq_ignore_ascii_case(safe)),
        _ => true,
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
