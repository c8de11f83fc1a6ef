//! Mail beside Postfix and Dovecot: delivery, IMAP, idling clients, memory; and, by hand, a node filled to the brim.

mod delivery;
mod fill;
mod idling;
mod reading;

use std::path::PathBuf;

use clap::Args;

use crate::Options;
use crate::data;
use crate::mail::dovecot::{Dovecot, Fsync};
use crate::mail::lampion::MailNode;
use crate::mail::make::Maker;
use crate::report::Report;

/// What is measured with how much.
#[derive(Debug, Clone, Args)]
pub struct MailOptions {
    #[command(flatten)]
    common: Options,
    /// Messages that are delivered (`delivery`, `fill`)
    #[arg(long, default_value_t = 20_000)]
    messages: u64,
    /// Accounts that get them
    #[arg(long, default_value_t = 100)]
    accounts: usize,
    /// Connections that deliver
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Messages in the large mailbox (`select`, `fetch`, `search`)
    #[arg(long, default_value_t = 100_000)]
    mailbox: u64,
    /// Messages that FETCH asks for
    #[arg(long, default_value_t = 10_000)]
    fetched: u64,
    /// Sessions that idle (`idle`, `memory`)
    #[arg(long, default_value_t = 1_000)]
    sessions: usize,
    /// Messages that are delivered while they idle
    #[arg(long, default_value_t = 200)]
    notices: u64,
}

impl MailOptions {
    fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        Ok(data::work(&self.common)?.join(name))
    }

    fn maker(&self, accounts: usize) -> Maker {
        Maker::new(self.common.seed, accounts)
    }

    /// Dovecot with empty mailboxes, unless Lampion is measured alone.
    fn dovecot(&self, accounts: usize, fsync: Fsync) -> anyhow::Result<Dovecot> {
        self.common.with_peers()?;
        Dovecot::fresh(self.folder("mail-dovecot")?, accounts, fsync)
    }

    /// A fresh node with so many accounts that all can sign in.
    fn node(&self, name: &str, accounts: usize) -> anyhow::Result<MailNode> {
        MailNode::fresh(self.folder(name)?, accounts, accounts)
    }

    fn any(&self, groups: &[&str]) -> bool {
        groups.iter().any(|group| self.common.wants(group))
    }
}

/// `mail`.
pub fn run(options: &MailOptions) -> anyhow::Result<()> {
    anyhow::ensure!(
        options.accounts > 0 && options.connections > 0 && options.fetched > 0,
        "there must be accounts, connections and messages to fetch"
    );
    let mut report = Report::new(
        "Mail",
        &format!(
            "generated messages in six scripts, plain and with HTML, seed {}; folder {}",
            options.common.seed,
            data::work(&options.common)?.display()
        ),
    );
    if options.common.only.iter().any(|group| group == "fill") {
        // By hand, and by itself: it takes long.
        return fill::run(options, &mut report);
    }
    if options.common.wants("delivery") {
        delivery::run(options, &mut report)?;
    }
    if options.any(&["select", "fetch", "search"]) {
        reading::run(options, &mut report)?;
    }
    if options.any(&["idle", "memory"]) {
        idling::run(options, &mut report)?;
    }
    if !options.common.alone {
        report.not_measured(
            "Stalwart",
            "the Rust registry has no program of it, only a library by others that embeds it (`stalwart` 0.16.0), which was not tried",
            "",
        );
    }
    Ok(())
}
