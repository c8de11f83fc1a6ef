//! Markdown (CommonMark with tables, notes and front matter).

use pulldown_cmark::{Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use crate::{
    html,
    model::{Extracted, Limits, floor_boundary},
    sink::{Gap, Sink},
};

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
}

/// Takes text and metadata from Markdown.
#[must_use]
pub fn extract(bytes: &[u8], limits: &Limits) -> Extracted {
    let (text, _) = html::decode_bytes(bytes, |_| None);
    let text = floor_boundary(&text, limits.max_text_bytes);
    let mut sink = Sink::new(limits);
    let mut heading = 0;
    let mut front = None;
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::MetadataBlock(kind)) => front = Some(kind),
            Event::End(TagEnd::MetadataBlock(_)) => front = None,
            Event::Text(text) => match front {
                Some(kind) => front_matter(&text, kind, &mut sink.doc),
                None => sink.text(&text),
            },
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                sink.text(&text)
            }
            Event::Html(markup) | Event::InlineHtml(markup) => {
                let part = html::extract_str(&markup, limits);
                sink.text(&part.text);
            }
            Event::SoftBreak => sink.gap(Gap::Space),
            Event::HardBreak | Event::Rule => sink.gap(Gap::Line),
            Event::Start(Tag::Heading { .. }) => {
                sink.gap(Gap::Line);
                heading = sink.mark();
            }
            Event::End(TagEnd::Heading(_)) => {
                sink.heading_from(heading);
                sink.gap(Gap::Line);
            }
            Event::End(TagEnd::TableCell) => sink.cell(),
            Event::End(
                TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Link
                | TagEnd::Strikethrough
                | TagEnd::Image,
            ) => {}
            Event::End(_) => sink.gap(Gap::Line),
            _ => {}
        }
    }
    sink.finish()
}

/// `title: …` (YAML) or `title = …` (TOML), one fact a line; nothing nested.
fn front_matter(block: &str, kind: MetadataBlockKind, doc: &mut Extracted) {
    let sign = match kind {
        MetadataBlockKind::YamlStyle => ':',
        MetadataBlockKind::PlusesStyle => '=',
    };
    for line in block.lines() {
        let Some((key, value)) = line.split_once(sign) else {
            continue;
        };
        let value = value.trim();
        let one = value.trim_matches(['"', '\'']);
        let list = value.trim_matches(['[', ']']);
        let items = || {
            list.split(',')
                .map(|item| item.trim().trim_matches(['"', '\'']))
        };
        match key.trim() {
            "title" => doc.offer_title(one),
            "lang" | "language" => doc.offer_language(one),
            "author" | "authors" => items().for_each(|item| doc.add_author(item)),
            "tags" | "keywords" | "subjects" | "categories" => {
                items().for_each(|item| doc.add_subject(item))
            }
            "description" | "summary" | "abstract" => doc.offer_description(one),
            "date" | "year" => doc.offer_year(one),
            "publisher" => doc.offer_publisher(one),
            _ => {}
        }
    }
}

/// Markdown as safe HTML: headings get ids made of their text, so that a table of
/// contents can point at them; markup of its own is cleaned.
#[must_use]
pub fn markdown_to_html(text: &str) -> String {
    let parser = Parser::new_ext(text, options()).filter({
        let mut in_front = false;
        move |event| match event {
            Event::Start(Tag::MetadataBlock(_)) => {
                in_front = true;
                false
            }
            Event::End(TagEnd::MetadataBlock(_)) => {
                in_front = false;
                false
            }
            _ => !in_front,
        }
    });
    let mut page = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut page, with_ids(parser).into_iter());
    html::clean(&page)
}

/// Gives each heading without an id one made of its words: `## Add a file` gets
/// `add-a-file`, a second of the same text `add-a-file-2`.
fn with_ids<'t>(events: impl Iterator<Item = Event<'t>>) -> Vec<Event<'t>> {
    let mut out: Vec<Event<'t>> = events.collect();
    let mut taken = std::collections::HashMap::<String, u32>::new();
    let mut open: Option<usize> = None;
    let mut words = String::new();
    for at in 0..out.len() {
        match out.get(at) {
            Some(Event::Start(Tag::Heading { .. })) => {
                open = Some(at);
                words.clear();
            }
            Some(Event::Text(text) | Event::Code(text)) if open.is_some() => words.push_str(text),
            Some(Event::End(TagEnd::Heading(_))) => {
                let mut slug = slug(&words);
                let count = taken.entry(slug.clone()).or_default();
                *count += 1;
                if *count > 1 {
                    slug = format!("{slug}-{count}");
                }
                if let Some(Event::Start(Tag::Heading { id, .. })) =
                    open.take().and_then(|start| out.get_mut(start))
                    && id.is_none()
                    && !slug.is_empty()
                {
                    *id = Some(slug.into());
                }
            }
            _ => {}
        }
    }
    out
}

fn slug(words: &str) -> String {
    let mut slug = String::new();
    for c in words.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_front_matter() {
        let doc = extract(
            "---\ntitle: \"The well\"\nlang: en\nauthor: [Mira, Joon]\ntags: water, sun\ndate: 2021-05-06\n---\n# Dig *deep*\n\nOne\ntwo `code`.\n\n| a | b |\n|---|---|\n| c | d |\n\n- x\n- y\n\n<div hidden>no</div>\n\n[link](http://x) &amp; more\n".as_bytes(),
            &Limits::default(),
        );
        assert_eq!(doc.title.as_deref(), Some("The well"));
        assert_eq!(doc.language.as_deref(), Some("en"));
        assert_eq!(doc.authors, ["Mira", "Joon"]);
        assert_eq!(doc.subjects, ["water", "sun"]);
        assert_eq!(doc.year, Some(2021));
        assert_eq!(doc.headings, ["Dig deep"]);
        assert_eq!(
            doc.text,
            "Dig deep\nOne two code.\na\tb\nc\td\nx\ny\nlink & more"
        );
    }

    #[test]
    fn html_is_safe_and_has_anchors() {
        let page = markdown_to_html(
            "---\ntitle: x\n---\n# Add a file\n\n## Add a file\n\n<script>alert(1)</script>\n\n[a](javascript:x) [b](/help#c) <b onclick=x>c</b>\n\n우물\n---\n",
        );
        assert!(
            page.contains("id=\"add-a-file\"") && page.contains("id=\"add-a-file-2\""),
            "{page}"
        );
        assert!(
            page.contains("id=\"우물\"") && page.contains("href=\"/help#c\""),
            "{page}"
        );
        assert!(
            !page.contains("script") && !page.contains("onclick") && !page.contains("title: x"),
            "{page}"
        );
    }
}
