//! HTML of messages made safe to show: `ammonia` keeps what is listed here, images come from the message itself or not
//! at all.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ammonia::{Builder, UrlRelative};

/// Longest HTML body that is shown, in bytes; the sanitiser builds a tree, which hostile bodies make dear.
pub(super) const MAX_HTML_BYTES: usize = 2 << 20;

/// Elements beside the usual ones.
const ELEMENTS: &[&str] = &[
    "font",
    "center",
    "big",
    "tt",
    "u",
    "s",
    "section",
    "article",
    "main",
    "figure",
    "figcaption",
];
/// How mail is laid out.
const ATTRIBUTES: &[&str] = &[
    "style",
    "align",
    "valign",
    "bgcolor",
    "width",
    "height",
    "border",
    "cellpadding",
    "cellspacing",
    "color",
    "size",
    "face",
    "dir",
    "lang",
    "title",
];

/// What was made of a body.
pub(super) struct Safe {
    /// For a page of its own, which loads nothing from elsewhere.
    pub html: String,
    /// How many images lie elsewhere.
    pub remote: usize,
    /// It was too long, and ends early.
    pub cut: bool,
}

/// Makes a body safe. `parts` maps content ids to addresses. Images from elsewhere keep their address if `remote`.
pub(super) fn clean(html: &str, parts: &HashMap<String, String>, remote: bool) -> Safe {
    let mut end = html.len().min(MAX_HTML_BYTES);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let cut = end < html.len();
    let html = html.get(..end).unwrap_or(html);
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, parts) = (Arc::clone(&count), parts.clone());
    let mut builder = Builder::default();
    builder
        .add_tags(ELEMENTS)
        .add_generic_attributes(ATTRIBUTES)
        .url_schemes(["http", "https", "mailto", "cid", "data"].into())
        // Addresses of the message's own parts are put in below; those of others are taken away there.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("a", "target", "_blank")
        .strip_comments(true);
    builder.attribute_filter(
        move |element, attribute, value| match (element, attribute) {
            ("img", "src") => match value.split_once(':') {
                Some((scheme, id)) if scheme.eq_ignore_ascii_case("cid") => {
                    let id = unescape(id);
                    parts.get(&id).map(|address| address.clone().into())
                }
                Some((scheme, rest)) if scheme.eq_ignore_ascii_case("data") => {
                    rest.starts_with("image/").then(|| value.into())
                }
                _ => {
                    counted.fetch_add(1, Ordering::Relaxed);
                    (remote && is_absolute(value)).then(|| value.into())
                }
            },
            (_, "href" | "src" | "cite" | "background" | "longdesc" | "poster")
                if !is_absolute(value) =>
            {
                None
            }
            // Links lead to pages and to people, never into data.
            ("a", "href") if value.to_ascii_lowercase().trim_start().starts_with("data:") => None,
            // What a style loads is blocked by the page's policy as well.
            (_, "style") if value.to_ascii_lowercase().contains("url(") && !remote => {
                counted.fetch_add(1, Ordering::Relaxed);
                None
            }
            (_, "style") if value.to_ascii_lowercase().contains("position") => None,
            _ => Some(value.into()),
        },
    );
    let html = builder.clean(html).to_string();
    Safe {
        html,
        remote: count.load(Ordering::Relaxed),
        cut,
    }
}

/// Whether an address begins with a scheme (RFC 3986 §3.1); those that don't would mean this node.
fn is_absolute(address: &str) -> bool {
    address
        .trim_start()
        .split_once(':')
        .is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        })
}

/// Percents of an address by `cid:` (RFC 2392).
fn unescape(id: &str) -> String {
    let mut bytes = Vec::with_capacity(id.len());
    let raw = id.as_bytes();
    let digit = |at: usize| raw.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_never_pass() {
        let parts = HashMap::from([("a@b".to_owned(), "/mail/t/1/2".to_owned())]);
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src='https://track.example/1.gif'>",
            "<svg onload=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
            "<iframe src=//x></iframe>",
            "<style>@import url(//x)</style>",
            "<p style='background:url(//x)'>",
            "<form action=//x><input name=p></form>",
            "<meta http-equiv=refresh content='0;//x'>",
            "<base href=//x>",
            "<link rel=stylesheet href=//x>",
            "<img src='data:text/html,x'>",
            "<div style='position:fixed;top:0'>x</div>",
            "<a href='//x'>a</a><a href='/x//x'>b</a><img src='/mail/x//x'><blockquote cite='//x'>c</blockquote>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        ] {
            let safe = clean(hostile, &parts, false).html;
            for bad in [
                "script",
                "onerror",
                "onload",
                "//x",
                "track",
                "<form",
                "<input",
                "<iframe",
                "javascript",
                "data:text",
                "position",
                "<style",
                "<meta",
            ] {
                assert!(!safe.contains(bad), "{hostile} gave {safe}");
            }
        }
        let shown = clean(
            "<p style='color:red'>a</p><img src='cid:a%40b'><img src='https://x.example/1'>",
            &parts,
            false,
        );
        assert!(
            shown.html.contains("style=\"color:red\"")
                && shown.html.contains("src=\"/mail/t/1/2\""),
            "{}",
            shown.html
        );
        assert_eq!((shown.remote, shown.cut), (1, false));
        assert!(clean(&"<p>물</p>".repeat(MAX_HTML_BYTES / 8), &parts, false).cut);
        // An address without a scheme would be one of this node.
        assert!(
            !clean("<img src='a.png'>", &parts, true)
                .html
                .contains("a.png")
        );
        assert!(
            clean("<img src='https://x.example/1'>", &parts, true)
                .html
                .contains("x.example")
        );
    }
}
