//! Pages made safe to show: the reader view of an article, and HTML made from
//! Markdown. `ammonia` parses like a browser and keeps only what is listed here.

use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::rewrite;
use crate::model::floor_boundary;

/// Put before every id of a reader view, so that no id of the page it stands in
/// is met.
pub const ANCHOR_PREFIX: &str = "r-";

/// Elements of a reader view: text and its structure.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];
/// Elements that go with all they hold.
const DROPPED: &[&str] = &[
    "script", "style", "nav", "template", "svg", "title", "select", "button", "textarea", "iframe",
    "object", "noscript",
];
/// Attributes that only say something about language, direction and tables.
const ATTRIBUTES: &[&str] = &[
    "id", "lang", "dir", "title", "colspan", "rowspan", "scope", "start", "reversed",
];

/// Longest page that is shown, in bytes; the rest is left out. The sanitiser
/// builds a tree, which hostile pages make dear.
const MAX_PAGE_BYTES: usize = 4 << 20;

fn builder() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .tags(ELEMENTS.iter().copied().collect())
        .clean_content_tags(DROPPED.iter().copied().collect())
        .generic_attributes(ATTRIBUTES.iter().copied().collect())
        .tag_attributes(
            [("a", ["href"].into()), ("img", ["alt"].into())]
                .into_iter()
                .collect(),
        )
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(None)
        .strip_comments(true);
    builder
}

static CLEAN: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = builder();
    builder
        .url_relative(UrlRelative::PassThrough)
        .tag_attributes(
            [
                ("a", ["href"].into()),
                ("img", ["alt", "src", "width", "height"].into()),
            ]
            .into_iter()
            .collect(),
        );
    builder
});

/// Makes any HTML safe to show as a part of a page.
pub(crate) fn clean(html: &str) -> String {
    CLEAN.clean(html).to_string()
}

/// The reader view of a page: headings, paragraphs, lists, tables, emphasis, links,
/// and images as their words. `base` maps each link as written to the address to
/// use, or drops the link (its words stay). Links within the page keep working:
/// ids and the links to them get [`ANCHOR_PREFIX`].
#[must_use]
pub fn to_reader_html(html: &str, base: &dyn Fn(&str) -> Option<String>) -> String {
    let page = rewrite::without_noise(floor_boundary(html, MAX_PAGE_BYTES));
    // What the sanitiser gives is well formed, every value in double quotes and
    // escaped, so that links can be mapped in it one tag at a time.
    let safe = READER.clean(&page).to_string();
    rewrite::map_links(&safe, base)
}

static READER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = builder();
    builder
        .id_prefix(Some(ANCHOR_PREFIX))
        .url_relative(UrlRelative::PassThrough);
    builder
});

#[cfg(test)]
mod tests {
    use super::*;

    fn show(html: &str) -> String {
        to_reader_html(html, &|link| {
            link.strip_prefix("../A/")
                .map(|rest| format!("/read/{rest}"))
        })
    }

    #[test]
    fn what_is_kept() {
        assert_eq!(
            show("<html><head><title>T</title><style>x</style></head><body><h2 id=s>A<span class=mw-editsection>[edit]</span></h2>
<p style='color:red' onclick=x class=y>b <a href='../A/C?x=1&y=2' title=t>c</a> <a href='other'>d</a> <a href='#s'>e</a><img src=i.png alt='a \"<b>\" c'></p>"),
            "<h2 id=\"r-s\">A</h2>\n<p>b <a href=\"/read/C?x=1&amp;y=2\" title=\"t\">c</a> <a>d</a> <a href=\"#r-s\">e</a>[a &quot;&lt;b&gt;&quot; c]</p>"
        );
        assert_eq!(
            show("<table><tr><td colspan=2 bgcolor=red>x</table>"),
            "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>"
        );
        assert_eq!(
            show("a<div class=toc>b<div>c</div></div>d<div class=toc>e"),
            "ad<div>e</div>"
        );
    }

    #[test]
    fn what_must_never_pass() {
        for hostile in [
            "<script>alert(1)</script>",
            "<a href='javascript:alert(1)'>x</a>",
            "<img src=x onerror=alert(1)>",
            "<svg onload=alert(1)>",
            "<a href=' &#106;avascript:alert(1)'>x</a>",
            "<iframe src=//x></iframe>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<img alt='<script>alert(1)</script>'>",
            "<img alt='\"><script>alert(1)</script>'>",
            "<form action=x><input>",
            "<base href=//x>",
            "<p style='background:url(//x)'>",
            "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
            "<div class=toc <script>alert(1)</script>",
            "<!--<div class=toc>--><script>alert(1)</script>",
        ] {
            let shown = to_reader_html(hostile, &|link| Some(link.to_owned()));
            for bad in [
                "<script",
                "javascript:",
                "<svg",
                "<iframe",
                "<style",
                "<form",
                "<base",
                "<input",
                "<img",
                "style=",
                "data:",
            ] {
                assert!(!shown.contains(bad), "{hostile} became {shown}");
            }
        }
        let shown = to_reader_html("<a href=x>y</a>", &|_| Some("\"><script>".to_owned()));
        assert!(!shown.contains("<script"), "{shown}");
        let shown = to_reader_html("<a href=x>y</a>", &|_| Some("JavaScript:x".to_owned()));
        assert_eq!(shown, "<a>y</a>");
    }

    #[test]
    fn deep_and_long_pages_end() {
        for piece in [
            "<div>",
            "<b>",
            "<a href=x>",
            "<table>",
            "<div class=toc>",
            "<img alt=x>",
            "<",
            "<p id=x>",
        ] {
            let _ = show(&piece.repeat(3_000));
        }
    }
}
