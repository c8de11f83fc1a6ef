//! Accounts, mailboxes and messages.
