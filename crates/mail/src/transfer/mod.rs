//! Mail in and out: files of other programs (Maildir with folders and flags, mbox in its kinds, single messages), another
//! IMAP server, and everything out again as Maildir or mbox.
//!
//! - [`source`]: which messages came from where, in rows that change in the transaction of each delivery; so an import goes
//!   on after any interruption, without a message twice or lost.
//! - [`files`] reads folders on a thread of its own; [`import`] puts what it reads into mailboxes.
//! - [`fetch`] takes mail from another server, with the client in [`client`].
//! - [`export`] writes; [`lampion_mailproto::tar`] is the archive that a browser gets.
//!
//! Line ends: a message whose lines end with LF alone is kept with CR LF, as every server sends it, and goes out with LF
//! again; any other keeps its bytes as they are ([`line_ends`]).

pub mod client;
pub mod export;
pub mod fetch;
pub mod files;
pub mod import;
pub mod line_ends;
mod pages;
pub mod source;
mod tls;

use lampion_core::jobs::{Job, JobEnd, JobHandler};
use std::sync::Arc;

pub use pages::routes;

use crate::Mail;
use crate::store::MailError;

/// Jobs of the feature.
pub fn jobs(mail: &Mail) -> Vec<Arc<dyn JobHandler>> {
    vec![
        Arc::new(import::ImportJob(mail.clone())),
        Arc::new(fetch::FetchJob(mail.clone())),
    ]
}

/// What jobs of an account are about: one at a time.
pub fn subject(account: &str) -> String {
    format!("mail:{account}")
}

/// An account's newest jobs.
///
/// # Errors
/// The database.
pub async fn jobs_of(mail: &Mail, account: &str, limit: i64) -> Result<Vec<Job>, MailError> {
    let jobs = &mail.kernel().jobs;
    jobs.list(&subject(account), limit)
        .await
        .map_err(|error| MailError::Away(error.to_string()))
}

/// How a job ends by an error of the store: passing ones are tried again.
fn end_of(error: &MailError) -> JobEnd {
    match error {
        MailError::DiskFull | MailError::Away(_) | MailError::Conflict | MailError::Taken => {
            JobEnd::Passing(error.to_string())
        }
        other => JobEnd::Failed(other.to_string()),
    }
}
