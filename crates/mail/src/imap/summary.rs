//! What SEARCH, SORT and THREAD need of an envelope, out of its kept text.

use lampion_mailproto::mime::{Date, ids, words};

/// An envelope taken apart; texts are decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub date: String,
    pub subject: String,
    pub from: Vec<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    pub in_reply_to: String,
    pub message_id: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub name: String,
    pub mailbox: String,
    pub host: String,
}

impl Summary {
    /// Out of `("date" "subject" ((…)) …)` as `mime::envelope` writes it.
    pub(super) fn of(envelope: &str) -> Self {
        let mut at = Tokens(envelope.as_bytes());
        at.open();
        let date = at.text();
        let subject = words::decode(&at.text());
        let from = at.addresses();
        at.addresses();
        at.addresses();
        Self {
            date,
            subject,
            from,
            to: at.addresses(),
            cc: at.addresses(),
            bcc: at.addresses(),
            in_reply_to: at.text(),
            message_id: at.text(),
        }
    }

    /// When it was sent, by its own words.
    pub(super) fn sent(&self) -> Option<Date> {
        Date::parse(&self.date)
    }

    /// Its id without angle brackets.
    pub(super) fn id(&self) -> String {
        ids::parse(&self.message_id)
            .into_iter()
            .next()
            .unwrap_or_default()
    }
}

/// Addresses as a person would look for them: `Mira Vale <mira@hill.internal>`.
pub(super) fn shown(addresses: &[Address]) -> String {
    let mut out = String::new();
    for address in addresses {
        if !out.is_empty() {
            out.push_str(", ");
        }
        if !address.name.is_empty() {
            out.push_str(&address.name);
            out.push(' ');
        }
        out.push('<');
        out.push_str(&address.mailbox);
        if !address.host.is_empty() {
            out.push('@');
            out.push_str(&address.host);
        }
        out.push('>');
    }
    out
}

/// Strings, `NIL` and parentheses.
struct Tokens<'e>(&'e [u8]);

impl Tokens<'_> {
    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn open(&mut self) -> bool {
        self.blanks();
        match self.0.strip_prefix(b"(") {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn close(&mut self) -> bool {
        self.blanks();
        match self.0.strip_prefix(b")") {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => self.0.is_empty(),
        }
    }

    /// `nstring`; empty for `NIL`.
    fn text(&mut self) -> String {
        self.blanks();
        if let Some(mut rest) = self.0.strip_prefix(b"\"") {
            let mut out = Vec::new();
            while let Some((byte, tail)) = rest.split_first() {
                rest = tail;
                match byte {
                    b'"' => break,
                    b'\\' => {
                        if let Some((byte, tail)) = rest.split_first() {
                            out.push(*byte);
                            rest = tail;
                        }
                    }
                    byte => out.push(*byte),
                }
            }
            self.0 = rest;
            return String::from_utf8_lossy(&out).into_owned();
        }
        if let Some(rest) = self.0.strip_prefix(b"{") {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (size, rest) = rest.split_at_checked(digits).unwrap_or_default();
            let size: usize = std::str::from_utf8(size)
                .ok()
                .and_then(|size| size.parse().ok())
                .unwrap_or(0);
            let rest = rest.strip_prefix(b"}\r\n").unwrap_or(rest);
            let (text, rest) = rest.split_at_checked(size).unwrap_or((rest, b""));
            self.0 = rest;
            return String::from_utf8_lossy(text).into_owned();
        }
        let word = self
            .0
            .iter()
            .take_while(|byte| !matches!(byte, b' ' | b'(' | b')'))
            .count();
        self.0 = self.0.get(word..).unwrap_or_default();
        String::new()
    }

    fn addresses(&mut self) -> Vec<Address> {
        let mut out = Vec::new();
        if !self.open() {
            self.text();
            return out;
        }
        while !self.close() {
            if !self.open() {
                break;
            }
            let name = words::decode(&self.text());
            self.text();
            out.push(Address {
                name,
                mailbox: self.text(),
                host: self.text(),
            });
            self.close();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_of_the_rfc_is_taken_apart() {
        let summary = Summary::of(
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg \\\"s\\\"\" ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((NIL NIL \"imap\" \"cac.washington.edu\")) ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")({5}\r\nJoh\u{e9} NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL \
             \"<B27397-0100000@cac.washington.edu>\")",
        );
        assert_eq!(summary.subject, "IMAP4rev2 WG mtg \"s\"");
        assert_eq!(shown(&summary.from), "Terry Gray <gray@cac.washington.edu>");
        assert_eq!(summary.cc.len(), 2);
        assert_eq!(summary.cc[1].name, "Joh\u{e9}");
        assert_eq!(summary.id(), "B27397-0100000@cac.washington.edu");
        assert_eq!(summary.sent().unwrap().unix_ms, 837_595_405_000);
        assert_eq!(Summary::of("garbage"), Summary::default());
    }
}
