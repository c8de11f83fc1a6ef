//! Who may do what with a mailbox (RFC 4314): the one place that decides it.

use crate::store::{MailError, Mailbox};

use super::session::Who;

/// All rights of an owner.
pub(super) const OWNER: &str = "lrswipkxtea";

/// The rights that somebody has: all with mailboxes of one's own account, none with others.
pub(super) fn rights(who: &Who, mailbox: &Mailbox) -> &'static str {
    if mailbox.account == who.account {
        OWNER
    } else {
        ""
    }
}

/// Refuses if a right is missing.
pub(super) fn need(who: &Who, mailbox: &Mailbox, right: char) -> Result<(), MailError> {
    let own = rights(who, mailbox);
    if own.contains(right) {
        return Ok(());
    }
    // Who may not even look learns nothing.
    if own.contains('l') {
        Err(MailError::Refused("you have no right to do this here"))
    } else {
        Err(MailError::NoSuchMailbox(mailbox.name.clone()))
    }
}
