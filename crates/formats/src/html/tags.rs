//! What each element means to the text of a page.

/// How an element acts on the text around and inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Runs on within the line; also every unknown element.
    Inline,
    /// Begins and ends a paragraph.
    Block,
    /// A cell of a table.
    Cell,
    /// `<br>`, `<hr>`: a new line, no content.
    Break,
    /// `<h1>` to `<h6>`.
    Heading,
    /// `<pre>`: line ends count.
    Pre,
    /// `<html>`: states the language.
    Html,
    /// `<title>`.
    Title,
    /// `<meta>`.
    Meta,
    /// Content is not markup and not for readers: `<script>`, `<style>`.
    RawSkip,
    /// Content is markup, but not for readers: `<nav>`, `<svg>`.
    Skip,
    /// No content: `<img>`, `<input>`.
    Void,
    /// Everything after it is plain text.
    PlainText,
}

/// An element's name, lower-cased and packed so that names compare as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name(u128);

impl Name {
    /// Packs the first 16 bytes; no element of HTML that matters is longer.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut packed = 0_u128;
        for byte in bytes.iter().take(16) {
            packed = packed << 8 | u128::from(byte.to_ascii_lowercase());
        }
        Self(packed)
    }

    const fn of(name: &[u8]) -> u128 {
        let (mut packed, mut rest) = (0_u128, name);
        while let [first, tail @ ..] = rest {
            packed = packed << 8 | *first as u128;
            rest = tail;
        }
        packed
    }

    pub(super) fn role(self) -> Role {
        macro_rules! roles {
            ($($role:ident: $($name:literal)+;)+) => {{
                $($(if const { Name::of($name) } == self.0 { return Role::$role; })+)+
            }};
        }
        // The frequent ones first: a page is made of these.
        roles! {
            Inline: b"a" b"span" b"i" b"b" b"sup" b"em" b"strong" b"code" b"sub" b"abbr" b"cite" b"small" b"bdi" b"font";
            Block: b"p" b"li" b"div" b"tr";
            Cell: b"td" b"th";
            Void: b"img" b"link";
            Break: b"br" b"hr";
            Block: b"ul" b"ol" b"table" b"section" b"dd" b"dt" b"dl" b"tbody" b"thead" b"tfoot"
                b"caption" b"figure" b"figcaption" b"article" b"main" b"header" b"footer" b"aside"
                b"blockquote" b"details" b"summary" b"body" b"head" b"address" b"center" b"form"
                b"fieldset" b"legend" b"hgroup" b"menu" b"dir" b"search" b"optgroup" b"listing"
                b"frameset" b"rp" b"mtable" b"mtr";
            Heading: b"h1" b"h2" b"h3" b"h4" b"h5" b"h6";
            RawSkip: b"script" b"style" b"iframe" b"noembed" b"noframes" b"textarea" b"xmp";
            Skip: b"nav" b"svg" b"template" b"noscript" b"select" b"button" b"dialog" b"canvas"
                b"object" b"audio" b"video" b"annotation" b"annotation-xml" b"datalist" b"progress" b"meter";
            Meta: b"meta";
            Title: b"title";
            Html: b"html";
            Pre: b"pre";
            Void: b"input" b"source" b"track" b"wbr" b"area" b"base" b"col" b"embed" b"param" b"frame" b"keygen";
            PlainText: b"plaintext";
        }
        Role::Inline
    }

    /// Elements that hold the page itself are never hidden by their class.
    pub(super) fn holds_page(self) -> bool {
        const HTML: u128 = Name::of(b"html");
        const BODY: u128 = Name::of(b"body");
        const MAIN: u128 = Name::of(b"main");
        const ARTICLE: u128 = Name::of(b"article");
        matches!(self.0, HTML | BODY | MAIN | ARTICLE)
    }
}

/// Whether a `class` marks what readers don't read: edit links, note marks,
/// boxes of links, tables of contents.
pub(super) fn class_is_noise(class: &[u8]) -> bool {
    class
        .split(|b| b.is_ascii_whitespace())
        .any(|token| match token.first() {
            Some(b'm') => matches!(
                token,
                b"mw-editsection" | b"mw-jump-link" | b"mw-cite-backlink" | b"mw-indicators"
            ),
            Some(b'r') => token == b"reference",
            Some(b'n') => token.starts_with(b"navbox") || token == b"noprint",
            Some(b't') => token == b"toc",
            Some(b's') => matches!(token, b"sistersitebox" | b"sr-only"),
            Some(b'v') => token == b"visually-hidden",
            _ => false,
        })
}

/// Whether a `style` hides the element.
pub(super) fn style_hides(style: &[u8]) -> bool {
    // `d` is rare enough in styles for this to be cheap.
    memchr::memmem::find(style, b"display").is_some_and(|at| {
        let rest = style
            .get(at + b"display".len()..)
            .unwrap_or(&[])
            .trim_ascii_start();
        rest.strip_prefix(b":")
            .is_some_and(|value| value.trim_ascii_start().starts_with(b"none"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_length() {
        assert_eq!(Name::new(b"DIV").role(), Role::Block);
        assert_eq!(Name::new(b"h3").role(), Role::Heading);
        assert_eq!(Name::new(b"annotation-xml").role(), Role::Skip);
        assert_eq!(
            Name::new(b"a-very-long-custom-element").role(),
            Role::Inline
        );
        assert_eq!(Name::new(b"").role(), Role::Inline);
    }

    #[test]
    fn noise_is_whole_words() {
        assert!(class_is_noise(b"foo navbox-inner"));
        assert!(class_is_noise(b"reference"));
        assert!(!class_is_noise(b"references"));
        assert!(!class_is_noise(b"tocs stoc"));
        assert!(style_hides(b"color:red; display : none"));
        assert!(!style_hides(b"display:inline-block"));
    }
}
