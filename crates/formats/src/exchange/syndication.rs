//! What changed, for feed readers: RSS 2.0 (<https://www.rssboard.org/rss-specification>)
//! and Atom 1.0 (RFC 4287).

use super::datestamp;
use super::xml::Xml;

/// The media type of RSS.
pub const RSS_TYPE: &str = "application/rss+xml; charset=utf-8";
/// The media type of Atom.
pub const ATOM_TYPE: &str = "application/atom+xml; charset=utf-8";

/// A feed about itself. Addresses are whole ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// An address that stays the same for ever.
    pub id: String,
    /// The title.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// The page for people.
    pub page_href: String,
    /// The feed itself.
    pub self_href: String,
    /// The language, as a BCP 47 tag.
    pub language: Option<String>,
    /// When it last changed, in milliseconds since 1970.
    pub updated_ms: i64,
}

/// Something that was published or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// An address that stays the same for ever; it need not lead anywhere.
    pub id: String,
    /// The title.
    pub title: String,
    /// The page for people.
    pub href: String,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// What happened, as plain text.
    pub summary: String,
    /// Who did it.
    pub author: Option<String>,
    /// What it is: `withdrawn`, `book`.
    pub categories: Vec<String>,
}

/// Writes RSS 2.0.
#[must_use]
pub fn rss(channel: &Channel, items: &[Item]) -> String {
    let mut xml = Xml::document();
    xml.open(
        "rss",
        &[
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ],
    );
    xml.open("channel", &[]);
    xml.text("title", &[], &channel.title);
    xml.text("link", &[], &channel.page_href);
    xml.text("description", &[], &channel.description);
    xml.text_if("language", channel.language.as_deref());
    xml.text("lastBuildDate", &[], &datestamp::rfc822(channel.updated_ms));
    xml.empty(
        "atom:link",
        &[
            ("rel", "self"),
            ("href", &channel.self_href),
            ("type", "application/rss+xml"),
        ],
    );
    for item in items {
        xml.open("item", &[]);
        xml.text("title", &[], &item.title);
        xml.text("link", &[], &item.href);
        let is_address = if item.id == item.href {
            "true"
        } else {
            "false"
        };
        xml.text("guid", &[("isPermaLink", is_address)], &item.id);
        xml.text("pubDate", &[], &datestamp::rfc822(item.time_ms));
        // `author` of RSS is an address of mail.
        xml.text_if("dc:creator", item.author.as_deref());
        for category in &item.categories {
            xml.text("category", &[], category);
        }
        // RSS takes a description for HTML, so marks are escaped twice.
        let html = crate::records::escape_xml(&item.summary);
        xml.text("description", &[], &html);
        xml.close();
    }
    xml.finish()
}

/// Writes Atom 1.0.
#[must_use]
pub fn atom(channel: &Channel, items: &[Item]) -> String {
    let mut xml = Xml::document();
    let mut attributes = vec![("xmlns", "http://www.w3.org/2005/Atom")];
    if let Some(language) = &channel.language {
        attributes.push(("xml:lang", language));
    }
    xml.open("feed", &attributes);
    xml.text("id", &[], &channel.id);
    xml.text("title", &[], &channel.title);
    xml.text_if("subtitle", Some(&channel.description));
    xml.text("updated", &[], &datestamp::seconds(channel.updated_ms));
    xml.open("author", &[]);
    xml.text("name", &[], &channel.title);
    xml.close();
    xml.empty(
        "link",
        &[
            ("rel", "self"),
            ("href", &channel.self_href),
            ("type", "application/atom+xml"),
        ],
    );
    xml.empty(
        "link",
        &[
            ("rel", "alternate"),
            ("href", &channel.page_href),
            ("type", "text/html"),
        ],
    );
    for item in items {
        xml.open("entry", &[]);
        xml.text("id", &[], &item.id);
        xml.text("title", &[], &item.title);
        let time = datestamp::seconds(item.time_ms);
        xml.text("updated", &[], &time);
        xml.text("published", &[], &time);
        if let Some(author) = &item.author {
            xml.open("author", &[]);
            xml.text("name", &[], author);
            xml.close();
        }
        for category in &item.categories {
            xml.empty("category", &[("term", category)]);
        }
        xml.empty("link", &[("rel", "alternate"), ("href", &item.href)]);
        xml.text("summary", &[("type", "text")], &item.summary);
        xml.close();
    }
    xml.finish()
}
