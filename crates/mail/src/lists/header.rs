//! Header fields of a list (RFC 2369, RFC 2919, RFC 8058).

use std::fmt::Write as _;

use lampion_mailproto::mime::words;

use super::{List, Post};

/// Fields of whoever sent a message before that are left out, by the beginning of their names in lower case.
pub const DROPPED: &[&str] = &["list-", "precedence", "return-path", "x-spam-"];

/// Who leaves how, for the fields of one copy.
#[derive(Debug, Clone, Copy)]
pub enum Leaving<'a> {
    /// On the list's page, signed in: for the copy that people of the node share.
    Page,
    /// By this signed link, which needs no sign-in.
    Link(&'a str),
}

/// The list's identity (RFC 2919 §3): `wells.hill.internal`.
#[must_use]
pub fn list_id(list: &List, domain: &str) -> String {
    format!("{}.{domain}", list.name)
}

/// The fields that are put on top of a message.
#[must_use]
pub fn fields(list: &List, domain: &str, origin: &str, leaving: Leaving<'_>) -> String {
    let name = &list.name;
    let page = format!("{origin}/mail/lists/{}", lampion_web_url(name));
    let mut out = String::with_capacity(900);
    let mut field = |name: &str, value: &str| {
        let _infallible = write!(out, "{name}: {value}\r\n");
    };
    // So that a message that comes back to the list is known again (as Postfix and others do it).
    field("Delivered-To", &format!("{name}@{domain}"));
    field("Precedence", "list");
    field(
        "List-Id",
        &format!("{}<{}>", phrase(&list.title), list_id(list, domain)),
    );
    // RFC 2369 §3.4: `NO` says that nobody may answer to the list.
    let post = match list.post {
        Post::Moderators => "NO".to_string(),
        Post::Anyone | Post::Members => format!("<mailto:{name}@{domain}>"),
    };
    field("List-Post", &post);
    let by_mail = format!("<mailto:{name}+unsubscribe@{domain}?subject=unsubscribe>");
    match leaving {
        Leaving::Page => field("List-Unsubscribe", &format!("{by_mail},\r\n <{page}>")),
        Leaving::Link(link) => {
            field("List-Unsubscribe", &format!("<{link}>,\r\n {by_mail}"));
            field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
    }
    field("List-Help", &format!("<{page}>"));
    if list.archive {
        field("List-Archive", &format!("<{page}>"));
    }
    field("List-Owner", &format!("<mailto:{name}+owner@{domain}>"));
    out
}

/// A title as the words before an address, with a space behind; nothing for none.
fn phrase(title: &str) -> String {
    let title: String = title.chars().filter(|c| !c.is_control()).collect();
    if title.trim().is_empty() {
        return String::new();
    }
    if !title.is_ascii() || title.contains("=?") {
        return format!("{} ", words::encode(&title));
    }
    let quoted: String = title
        .chars()
        .flat_map(|c| {
            matches!(c, '"' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    format!("\"{quoted}\" ")
}

/// A name as part of an address of a page: what isn't ASCII is escaped.
pub(crate) fn lampion_web_url(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::{Joins, Others};

    fn list(title: &str, post: Post) -> List {
        List {
            account: "s-x".into(),
            name: "wells".into(),
            title: title.into(),
            description: String::new(),
            post,
            others: Others::Hold,
            joins: Joins::Closed,
            archive: true,
        }
    }

    #[test]
    fn fields_have_the_shapes_of_their_standards() {
        let all = fields(
            &list("Wells \"and\" pumps", Post::Members),
            "hill.internal",
            "https://hill.internal:8443",
            Leaving::Link("https://hill.internal:8443/mail/leave/x"),
        );
        assert_eq!(
            all,
            "Delivered-To: wells@hill.internal\r\n\
             Precedence: list\r\n\
             List-Id: \"Wells \\\"and\\\" pumps\" <wells.hill.internal>\r\n\
             List-Post: <mailto:wells@hill.internal>\r\n\
             List-Unsubscribe: <https://hill.internal:8443/mail/leave/x>,\r\n <mailto:wells+unsubscribe@hill.internal?subject=unsubscribe>\r\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
             List-Help: <https://hill.internal:8443/mail/lists/wells>\r\n\
             List-Archive: <https://hill.internal:8443/mail/lists/wells>\r\n\
             List-Owner: <mailto:wells+owner@hill.internal>\r\n"
        );
        let shared = fields(
            &list("우물\r\nX: y", Post::Moderators),
            "hill.internal",
            "http://h",
            Leaving::Page,
        );
        assert!(shared.contains("\r\nList-Id: =?utf-8?"), "{shared}");
        assert!(shared.contains("\r\nList-Post: NO\r\n"));
        assert!(!shared.contains("List-Unsubscribe-Post") && !shared.contains("\r\nX:"));
        assert!(shared.lines().all(|line| line.len() < 200));
    }
}
