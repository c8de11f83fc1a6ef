//! Mail: a mailbox for every person of the node, in the browser and in any mail program.
//!
//! - [`store`]: accounts, mailboxes and messages, and every change to them.
//!
//! Rule: what was accepted (250, `OK`, "saved") is in the database and synced before anybody is told.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

pub mod store;
