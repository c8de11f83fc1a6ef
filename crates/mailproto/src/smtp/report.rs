//! What a sender is told of a message: `multipart/report` (RFC 6522) with a delivery status (RFC 3464), in the form of
//! RFC 6533 where an address isn't ASCII.

use std::fmt::Write as _;

use super::params::OriginalRecipient;
use crate::mime::words;

/// What became of a message for one recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It won't be delivered.
    Failed,
    /// It isn't delivered yet.
    Delayed,
    /// It is in the mailbox.
    Delivered,
    /// It was given to a server that sends no reports.
    Relayed,
}

impl Action {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Failed => "Your message could not be delivered",
            Self::Delayed => "Your message is still on its way",
            Self::Delivered => "Your message was delivered",
            Self::Relayed => "Your message was passed on",
        }
    }
}

/// What became of a message, in a language of the reader's.
#[derive(Debug, Clone, Copy)]
pub struct InWords<'a> {
    /// What became of it: a line.
    pub subject: &'a str,
    /// Why, in a sentence.
    pub why: &'a str,
    /// A line that says who said what follows; see [`Report::said`].
    pub said: &'a str,
}

/// A report about one recipient.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The node: `hill.internal`.
    pub host: &'a str,
    /// Who is told.
    pub to: &'a str,
    /// `Message-ID` of the report without its brackets, and a boundary: fresh chance as text.
    pub id: &'a str,
    /// Date of the report, as in a header.
    pub date: &'a str,
    /// When the message came, as in a header.
    pub arrived: &'a str,
    /// ENVID.
    pub envelope_id: Option<&'a str>,
    /// ORCPT.
    pub original: Option<&'a OriginalRecipient>,
    /// Whom the message was for.
    pub recipient: &'a str,
    /// What became of it.
    pub action: Action,
    /// `5.1.1`.
    pub status: &'a str,
    /// What the next server said, if there was one.
    pub said: Option<(&'a str, &'a str)>,
    /// Why, in a sentence for people.
    pub why: &'a str,
    /// The same in the node's own language, if that isn't English.
    pub local: Option<InWords<'a>>,
    /// Header of the message, or all of it.
    pub returned: &'a [u8],
    /// Whether `returned` is all of the message.
    pub whole: bool,
}

impl Report<'_> {
    /// The report as a message.
    pub fn write(&self) -> Vec<u8> {
        let returned_utf8 = !self.returned.is_ascii();
        let global = !self.recipient.is_ascii()
            || !self.to.is_ascii()
            || self
                .original
                .is_some_and(|one| one.kind == "utf-8" && !one.address.is_ascii());
        let boundary = format!("=_{}", self.id);
        let mut head = String::new();
        let text = self.text();
        let subject = match self.local {
            Some(local) => words::encode(&line(local.subject)),
            None => self.action.subject().into(),
        };
        let _infallible = write!(
            head,
            "From: Mail at {host} <mailer-daemon@{host}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nDate: {date}\r\n\
             Message-ID: <{id}@{host}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type={kind};\r\n boundary=\"{boundary}\"\r\n\r\n\
             --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n",
            host = self.host,
            to = line(self.to),
            date = line(self.date),
            id = line(self.id),
            kind = if global {
                "global-delivery-status"
            } else {
                "delivery-status"
            },
        );
        let _infallible = write!(
            head,
            "--{boundary}\r\nContent-Type: message/{}\r\nContent-Transfer-Encoding: {}\r\n\r\n{}\r\n",
            if global {
                "global-delivery-status"
            } else {
                "delivery-status"
            },
            if global { "8bit" } else { "7bit" },
            self.status_part(global)
        );
        let kind = match (self.whole, returned_utf8 && global) {
            (true, false) => "message/rfc822",
            (true, true) => "message/global",
            (false, false) => "text/rfc822-headers",
            (false, true) => "message/global-headers",
        };
        let encoding = if returned_utf8 { "8bit" } else { "7bit" };
        let _infallible = write!(
            head,
            "--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        );
        let mut out = head.into_bytes();
        out.extend_from_slice(self.returned);
        if !self.returned.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        out
    }

    /// For people: in the node's language first, then in English.
    fn text(&self) -> String {
        let server = self.said.map_or("", |(server, _)| server);
        let english = InWords {
            subject: self.action.subject(),
            why: self.why,
            said: &format!("{server} said:"),
        };
        let mut text = String::new();
        for words in self.local.into_iter().chain([english]) {
            if !text.is_empty() {
                text.push_str("\r\n-- \r\n\r\n");
            }
            let _infallible = write!(
                text,
                "{}:\r\n\r\n    {}\r\n\r\n{}\r\n",
                line(words.subject),
                line(self.recipient),
                line(words.why)
            );
            if let Some((_, said)) = self.said {
                let _infallible =
                    write!(text, "\r\n{}\r\n    {}\r\n", line(words.said), line(said));
            }
        }
        text
    }

    /// RFC 3464 §2.
    fn status_part(&self, global: bool) -> String {
        let address = |text: &str| {
            let text = line(text);
            if text.is_ascii() {
                format!("rfc822; {text}")
            } else {
                format!("utf-8; {text}")
            }
        };
        let mut part = format!("Reporting-MTA: dns; {}\r\n", line(self.host));
        if let Some(id) = self.envelope_id {
            part.push_str(&format!("Original-Envelope-Id: {}\r\n", line(id)));
        }
        part.push_str(&format!("Arrival-Date: {}\r\n\r\n", line(self.arrived)));
        if let Some(original) = self.original {
            let kind = if global {
                original.kind.as_str()
            } else {
                "rfc822"
            };
            part.push_str(&format!(
                "Original-Recipient: {kind}; {}\r\n",
                line(&original.address)
            ));
        }
        part.push_str(&format!(
            "Final-Recipient: {}\r\nAction: {}\r\nStatus: {}\r\n",
            address(self.recipient),
            self.action.as_str(),
            line(self.status)
        ));
        if let Some((server, said)) = self.said {
            part.push_str(&format!(
                "Remote-MTA: dns; {}\r\nDiagnostic-Code: smtp; {}\r\n",
                line(server),
                line(said)
            ));
        }
        part
    }
}

/// Text that can't end a line early, and not longer than a line may be.
fn line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(700)
        .collect()
}

/// Whether a message with this header asks for no report, as all that programs send does (RFC 3834, RFC 2919): reports,
/// lists, `Auto-Submitted` other than `no`, `Precedence: bulk`.
pub fn is_automatic(header: &[u8]) -> bool {
    let text = String::from_utf8_lossy(header);
    text.split("\r\n")
        .take_while(|line| !line.is_empty())
        .any(|line| {
            let Some((name, value)) = line.split_once(':') else {
                return false;
            };
            let value = value.trim().to_ascii_lowercase();
            match name.trim_end().to_ascii_lowercase().as_str() {
                "list-id" => true,
                "auto-submitted" => value.split(';').next().map(str::trim) != Some("no"),
                "precedence" => matches!(value.as_str(), "bulk" | "list" | "junk"),
                "content-type" => value.starts_with("multipart/report"),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report<'a>(recipient: &'a str, original: &'a OriginalRecipient) -> Report<'a> {
        Report {
            host: "hill.internal",
            to: "mira@hill.internal",
            id: "abc",
            date: "Tue, 24 Nov 2026 20:00:00 +0000",
            arrived: "Tue, 24 Nov 2026 19:00:00 +0000",
            envelope_id: Some("QQ314"),
            original: Some(original),
            recipient,
            action: Action::Failed,
            status: "5.1.1",
            said: Some(("mx.example", "550 5.1.1 no\r\nsuch user")),
            why: "There is nobody of this name.",
            local: None,
            returned: b"Subject: hi\r\nFrom: mira@hill.internal\r\n",
            whole: false,
        }
    }

    #[test]
    fn a_report_has_the_three_parts_of_rfc_3464() {
        let original = OriginalRecipient {
            kind: "rfc822".into(),
            address: "Joe@Example".into(),
        };
        let text = String::from_utf8(report("joe@example", &original).write()).unwrap();
        for part in [
            "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"=_abc\"",
            "Reporting-MTA: dns; hill.internal\r\nOriginal-Envelope-Id: QQ314\r\nArrival-Date: Tue, 24 Nov 2026 19:00:00 +0000\r\n\r\n",
            "Original-Recipient: rfc822; Joe@Example\r\nFinal-Recipient: rfc822; joe@example\r\nAction: failed\r\nStatus: 5.1.1\r\n",
            "Remote-MTA: dns; mx.example\r\nDiagnostic-Code: smtp; 550 5.1.1 no  such user\r\n",
            "Content-Type: text/rfc822-headers\r\n",
            "Auto-Submitted: auto-replied\r\n",
            "\r\n--=_abc--\r\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(is_automatic(text.as_bytes()));
    }

    #[test]
    fn people_read_it_in_their_language_and_in_english() {
        let original = OriginalRecipient {
            kind: "rfc822".into(),
            address: "joe@example".into(),
        };
        let local = InWords {
            subject: "메시지를 전달하지 못했습니다",
            why: "그런 사람이 없습니다.",
            said: "mx.example의 답:",
        };
        let plain = String::from_utf8(report("joe@example", &original).write()).unwrap();
        let both = Report {
            local: Some(local),
            ..report("joe@example", &original)
        };
        let both = String::from_utf8(both.write()).unwrap();
        assert!(both.contains("Subject: =?utf-8?"), "{both}");
        let at = |text: &str| {
            both.find(text)
                .unwrap_or_else(|| panic!("{text} in {both}"))
        };
        assert!(at("그런 사람이 없습니다.") < at("There is nobody of this name."));
        assert!(at("mx.example의 답:\r\n    550 5.1.1") < at("mx.example said:\r\n    550 5.1.1"));
        // What programs read is the same.
        let for_programs = |text: &str| {
            text[text.find("Reporting-MTA").unwrap()..text.find("text/rfc822-headers").unwrap()]
                .to_string()
        };
        assert_eq!(for_programs(&both), for_programs(&plain));
    }

    #[test]
    fn other_scripts_have_the_form_of_rfc_6533() {
        let original = OriginalRecipient {
            kind: "utf-8".into(),
            address: "미라@언덕".into(),
        };
        let text = String::from_utf8(report("미라@언덕", &original).write()).unwrap();
        assert!(
            text.contains("report-type=global-delivery-status")
                && text.contains("message/global-delivery-status")
        );
        assert!(
            text.contains("Final-Recipient: utf-8; 미라@언덕\r\n"),
            "{text}"
        );
    }

    #[test]
    fn what_programs_send_is_known() {
        for header in [
            "List-Id: <a.b>",
            "auto-submitted: auto-generated",
            "Precedence: bulk",
            "Content-Type: multipart/report; x",
        ] {
            assert!(is_automatic(header.as_bytes()), "{header}");
        }
        for header in [
            "Auto-Submitted: no",
            "Subject: x\r\n\r\nList-Id: y",
            "From: a",
        ] {
            assert!(!is_automatic(header.as_bytes()), "{header}");
        }
    }
}
