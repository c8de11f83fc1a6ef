//! By hand: one node with many accounts and messages; how it fills, and how it answers when it is full.
//!
//! `--only fill --accounts 10000 --messages 5000000 --work /a/large/disk --keep`

use anyhow::{Context as _, ensure};

use super::MailOptions;
use crate::load::Times;
use crate::mail::lampion::MailNode;
use crate::mail::lmtp::{Load, Protocol};
use crate::mail::make::Pool;
use crate::mail::raw::Raw;
use crate::mail::{Server, addresses, memory};
use crate::report::{Reached, Report};

/// Parts of the delivery that have a row each.
const PARTS: u64 = 20;
/// Accounts that sign in.
const READERS: usize = 100;
/// Different messages.
const TEXTS: u64 = 20_000;

pub(super) fn run(options: &MailOptions, report: &mut Report) -> anyhow::Result<()> {
    let texts = usize::try_from(options.messages.min(TEXTS))?;
    let pool = Pool::new(options.maker(options.accounts), texts)?;
    let begun = std::time::Instant::now();
    let readers = options.accounts.min(READERS);
    let node = MailNode::fresh(options.folder("mail-fill")?, options.accounts, readers)?;
    let row = |report: &mut Report, what: &str, figure: &str| {
        report.row(what, figure, "", "", Reached::Open);
    };
    row(
        report,
        &format!(
            "{} accounts made, {readers} with an app password",
            options.accounts
        ),
        &format!("{:.1} s", begun.elapsed().as_secs_f64()),
    );
    let server = node.serve()?;
    let recipients = addresses(&server.accounts);
    let mut given = 0;
    for part in 1..=PARTS {
        let count = options.messages * part / PARTS - given;
        if count == 0 {
            continue;
        }
        let load = Load {
            to: server.lmtp,
            protocol: Protocol::Lmtp,
            connections: options.connections,
            recipients: &recipients,
            pool: &pool,
            first: given,
            count,
        };
        let done = load.run()?;
        given += count;
        let (database, blobs) = node.bytes()?;
        row(
            report,
            &format!("{given} messages of {} bytes on average", pool.average()),
            &format!(
                "{}; database {}, blobs {}; {:.0} MB of memory",
                done.shown(),
                super::super::mb(database),
                super::super::mb(blobs),
                memory::anonymous_kb(server.root)? as f64 * 1.024 / 1e3
            ),
        );
    }
    asked(options, report, "full", &server, given)?;
    drop(server);
    let begun = std::time::Instant::now();
    let server = node.serve()?;
    row(
        report,
        "start of the full node, until it serves",
        &format!("{:.2} s", begun.elapsed().as_secs_f64()),
    );
    asked(options, report, "after a start", &server, given)?;
    drop(server);
    node.node.remove(&options.common)
}

/// SELECT, FETCH and SEARCH in those mailboxes whose owners can sign in.
fn asked(
    options: &MailOptions,
    report: &mut Report,
    when: &str,
    server: &Server,
    given: u64,
) -> anyhow::Result<()> {
    let (mut selects, mut fetches, mut searches) = (Vec::new(), Vec::new(), Vec::new());
    let mut messages = 0;
    for (n, account) in server.accounts.iter().enumerate() {
        if account.secret.is_empty() {
            continue;
        }
        let mut raw = Raw::new(server.imap, &account.name, &account.secret)?;
        let answer = raw.ask("SELECT INBOX")?;
        let there = answer.exists().context("no EXISTS")? as u64;
        let accounts = options.accounts as u64;
        let due = given / accounts + u64::from((n as u64) < given % accounts);
        ensure!(
            there == due,
            "{} has {there} messages, {due} got 250",
            account.name
        );
        messages = messages.max(there);
        selects.push(answer.ms);
        if there > 0 {
            fetches.push(raw.ask("FETCH 1:* (FLAGS UID ENVELOPE)")?.ms);
            searches.push(raw.ask("SEARCH TEXT lighthouse")?.ms);
        }
    }
    report.row(
        &format!(
            "{when}: SELECT; FETCH 1:* (FLAGS UID ENVELOPE); SEARCH TEXT in {} mailboxes of {messages} messages at most (p50 / p99)",
            selects.len()
        ),
        &format!(
            "{}; {}; {}; {:.0} MB of memory",
            Times::new(selects).shown(),
            Times::new(fetches).shown(),
            Times::new(searches).shown(),
            memory::anonymous_kb(server.root)? as f64 * 1.024 / 1e3
        ),
        "",
        "",
        Reached::Open,
    );
    Ok(())
}
