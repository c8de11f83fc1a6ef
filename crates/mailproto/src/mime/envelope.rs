//! IMAP's ENVELOPE (RFC 9051 §7.5.2).

use serde::{Deserialize, Serialize};

use super::address::{self, Address, Mailbox};

/// The header fields of an envelope, as written, unfolded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeFields {
    /// `Date`.
    pub date: Option<String>,
    /// `Subject`.
    pub subject: Option<String>,
    /// `From`.
    pub from: Option<String>,
    /// `Sender`.
    pub sender: Option<String>,
    /// `Reply-To`.
    pub reply_to: Option<String>,
    /// `To`.
    pub to: Option<String>,
    /// `Cc`.
    pub cc: Option<String>,
    /// `Bcc`.
    pub bcc: Option<String>,
    /// `In-Reply-To`.
    pub in_reply_to: Option<String>,
    /// `Message-ID`.
    pub message_id: Option<String>,
}

/// The envelope as IMAP sends it: `("date" "subject" ((…)) …)`. Strings are quoted where they are ASCII, else
/// literals (`{n}` and a line end), so that the same text serves clients of every version.
#[must_use]
pub fn envelope(fields: &EnvelopeFields) -> String {
    let mut out = String::with_capacity(256);
    out.push('(');
    nstring(fields.date.as_deref(), &mut out);
    out.push(' ');
    nstring(fields.subject.as_deref(), &mut out);
    let from = addresses(fields.from.as_deref());
    // Sender and Reply-To are From where they are absent or empty.
    let or_from = |value: Option<&str>| {
        let own = addresses(value);
        if own == "NIL" { from.clone() } else { own }
    };
    for list in [
        from.clone(),
        or_from(fields.sender.as_deref()),
        or_from(fields.reply_to.as_deref()),
        addresses(fields.to.as_deref()),
        addresses(fields.cc.as_deref()),
        addresses(fields.bcc.as_deref()),
    ] {
        out.push(' ');
        out.push_str(&list);
    }
    out.push(' ');
    nstring(fields.in_reply_to.as_deref(), &mut out);
    out.push(' ');
    nstring(fields.message_id.as_deref(), &mut out);
    out.push(')');
    out
}

fn addresses(value: Option<&str>) -> String {
    let list = address::parse(value.unwrap_or(""));
    if list.is_empty() {
        return "NIL".to_owned();
    }
    let mut out = String::from("(");
    for address in &list {
        match address {
            Address::Mailbox(mailbox) => one(mailbox, &mut out),
            // A group begins with a host of NIL and its name as mailbox, and ends with NIL for both.
            Address::Group { name, members } => {
                out.push_str("(NIL NIL ");
                string(name, &mut out);
                out.push_str(" NIL)");
                members.iter().for_each(|member| one(member, &mut out));
                out.push_str("(NIL NIL NIL NIL)");
            }
        }
    }
    out.push(')');
    out
}

fn one(mailbox: &Mailbox, out: &mut String) {
    out.push('(');
    nstring(mailbox.name.as_deref(), out);
    out.push(' ');
    nstring(mailbox.route.as_deref(), out);
    out.push(' ');
    string(&mailbox.local, out);
    out.push(' ');
    // Never NIL: that would begin a group.
    string(&mailbox.domain, out);
    out.push(')');
}

pub(super) fn nstring(value: Option<&str>, out: &mut String) {
    match value {
        Some(value) => string(value, out),
        None => out.push_str("NIL"),
    }
}

/// Longest quoted string; longer ones are literals, which every client reads.
const MAX_QUOTED_BYTES: usize = 1_000;

pub(super) fn string(value: &str, out: &mut String) {
    let plain = value.len() <= MAX_QUOTED_BYTES
        && value.bytes().all(|b| (32..127).contains(&b) || b == b'\t');
    if !plain {
        out.push_str(&format!("{{{}}}\r\n", value.len()));
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// An envelope read back from its text, for those who kept only that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `Date` as written.
    pub date: Option<String>,
    /// `Subject` as written.
    pub subject: Option<String>,
    /// `From`.
    pub from: Vec<Mailbox>,
    /// `Sender`, or `From`.
    pub sender: Vec<Mailbox>,
    /// `Reply-To`, or `From`.
    pub reply_to: Vec<Mailbox>,
    /// `To`; members of groups without their group.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// `Bcc`.
    pub bcc: Vec<Mailbox>,
    /// `In-Reply-To` as written.
    pub in_reply_to: Option<String>,
    /// `Message-ID` as written.
    pub message_id: Option<String>,
}

impl Envelope {
    /// Reads what [`envelope()`] wrote; `None` if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        reader.eat("(")?;
        let date = reader.spaced()?;
        let subject = reader.spaced()?;
        let mut lists = Vec::with_capacity(6);
        for _ in 0..6 {
            lists.push(reader.list()?);
        }
        let mut lists = lists.into_iter();
        let mut next = || lists.next().unwrap_or_default();
        Some(Self {
            date,
            subject,
            from: next(),
            sender: next(),
            reply_to: next(),
            to: next(),
            cc: next(),
            bcc: next(),
            in_reply_to: reader.spaced()?,
            message_id: reader.spaced()?,
        })
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    /// An nstring and the space after it, if there is one; the inner `None` is NIL.
    #[expect(
        clippy::option_option,
        reason = "not readable, NIL, and a text are three things"
    )]
    fn nstring(&mut self) -> Option<Option<String>> {
        if self.eat("NIL").is_some() {
            return Some(None);
        }
        if self.eat("{").is_some() {
            let (count, after) = self.rest.split_once("}\r\n")?;
            let count: usize = count.parse().ok()?;
            let text = after.get(..count)?.to_owned();
            self.rest = after.get(count..)?;
            return Some(Some(text));
        }
        self.eat("\"")?;
        let mut text = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => text.push(chars.next()?),
                c => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(Some(text))
    }

    #[expect(
        clippy::option_option,
        reason = "not readable, NIL, and a text are three things"
    )]
    fn spaced(&mut self) -> Option<Option<String>> {
        let text = self.nstring()?;
        self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
        Some(text)
    }

    fn list(&mut self) -> Option<Vec<Mailbox>> {
        let mut found = Vec::new();
        if self.eat("NIL").is_none() {
            self.eat("(")?;
            while self.eat(")").is_none() {
                self.eat("(")?;
                let (name, route) = (self.spaced()?, self.spaced()?);
                let (local, domain) = (self.spaced()?, self.nstring()?);
                self.eat(")")?;
                // Without a domain (NIL, not empty) it begins or ends a group.
                if let (Some(local), Some(domain)) = (local, domain) {
                    found.push(Mailbox {
                        name,
                        route,
                        local,
                        domain,
                    });
                }
            }
        }
        self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
        Some(found)
    }
}
