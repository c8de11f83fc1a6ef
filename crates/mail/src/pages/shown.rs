//! Mailboxes and messages as pages show them.

use lampion_mailproto::mime::{self, Envelope, Structure};
use lampion_web::Page;

use crate::store::{Detail, Item, Mailbox, Special};

/// A mailbox in the side bar.
pub(crate) struct Folder {
    pub id: i64,
    pub href: String,
    /// The last level of its name, in the reader's language if it is a usual one.
    pub name: String,
    /// Its whole name.
    pub path: String,
    /// Its level, at most 6: for the style.
    pub depth: usize,
    pub unread: i64,
    pub messages: i64,
    pub here: bool,
    /// It can be renamed and deleted.
    pub own: bool,
    /// Messages that came can go there by hand or by a rule.
    pub target: bool,
}

impl Folder {
    /// Its name where it stands alone, without those above it.
    pub fn label(&self) -> &str {
        if self.own { &self.path } else { &self.name }
    }
}

/// The name of a mailbox as its owner reads it.
pub(super) fn name(page: &Page, mailbox: &Mailbox) -> String {
    let key = match (mailbox.name.as_str(), mailbox.special) {
        ("INBOX", _) => "mail-inbox",
        (_, Some(Special::Drafts)) => "mail-drafts",
        (_, Some(Special::Sent)) => "mail-sent",
        (_, Some(Special::Archive)) => "mail-archive",
        (_, Some(Special::Junk)) => "mail-junk",
        (_, Some(Special::Trash)) => "mail-trash",
        _ if mailbox.is_kept() => "mail-kept",
        _ => return mailbox.name.rsplit('/').next().unwrap_or_default().into(),
    };
    page.t(key)
}

/// The side bar: INBOX, the usual ones, then the others by name.
pub(super) fn folders(page: &Page, mailboxes: &[Mailbox], here: Option<i64>) -> Vec<Folder> {
    let rank = |mailbox: &Mailbox| match (mailbox.name.as_str(), mailbox.special) {
        ("INBOX", _) => 0,
        (_, Some(Special::Drafts)) => 1,
        (_, Some(Special::Sent)) => 2,
        (_, Some(Special::Archive)) => 3,
        (_, Some(Special::Junk)) => 4,
        (_, Some(Special::Trash)) => 5,
        _ if mailbox.is_kept() => 5,
        _ => 6,
    };
    let mut sorted: Vec<&Mailbox> = mailboxes.iter().collect();
    sorted.sort_by_key(|mailbox| (rank(mailbox), mailbox.name.clone()));
    sorted
        .into_iter()
        .map(|mailbox| {
            let own = rank(mailbox) == 6;
            let quiet = matches!(mailbox.special, Some(Special::Sent | Special::Trash));
            Folder {
                id: mailbox.id.0,
                href: if mailbox.name == "INBOX" {
                    "/mail".into()
                } else {
                    format!("/mail/box/{}", mailbox.id.0)
                },
                name: name(page, mailbox),
                path: mailbox.name.clone(),
                depth: if own {
                    mailbox.name.matches('/').count().min(6)
                } else {
                    0
                },
                unread: if quiet { 0 } else { mailbox.unseen },
                messages: mailbox.messages,
                here: here == Some(mailbox.id.0),
                own,
                target: mailbox.special != Some(Special::Drafts) && !mailbox.is_kept(),
            }
        })
        .collect()
}

/// A message with what is kept of it read.
pub(super) struct Message {
    pub item: Item,
    pub envelope: Envelope,
    pub preview: String,
    pub structure: Structure,
}

impl Message {
    pub(super) fn new(item: &Item, detail: &Detail) -> Self {
        Self {
            item: item.clone(),
            envelope: Envelope::parse(&detail.envelope).unwrap_or_default(),
            preview: detail.preview.clone(),
            structure: postcard::from_bytes(&detail.structure).unwrap_or_default(),
        }
    }

    /// The subject, decoded.
    pub(super) fn subject(&self) -> String {
        mime::words::decode(self.envelope.subject.as_deref().unwrap_or(""))
    }

    /// Whether some part is a file.
    pub(super) fn has_file(&self) -> bool {
        self.structure.parts().iter().any(|(_, part)| {
            part.is_attachment()
                || (part.kind != "text" && part.kind != "multipart" && part.file_name().is_some())
        })
    }
}

/// A point in time: for programs, and for people (UTC, until a script shows it in the reader's zone).
pub(super) struct When {
    pub iso: String,
    pub day: String,
    pub time: String,
}

pub(super) fn when(ms: i64) -> When {
    let day = lampion_core::clock::date(ms);
    let minutes = ms.rem_euclid(86_400_000) / 60_000;
    let time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
    When {
        iso: format!("{day}T{time}Z"),
        day,
        time,
    }
}

impl When {
    /// The day, or the time if it is today.
    pub(super) fn short(&self, now_ms: i64) -> &str {
        if lampion_core::clock::date(now_ms) == self.day {
            &self.time
        } else {
            &self.day
        }
    }
}
