//! Durable delivery: messages a second until each has its 250.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::MailOptions;
use crate::mail::dovecot::{Dovecot, Fsync};
use crate::mail::lmtp::{Done, Load, Protocol};
use crate::mail::make::Pool;
use crate::mail::postfix::Postfix;
use crate::mail::raw::Raw;
use crate::mail::{Server, addresses};
use crate::report::{Reached, Report, met, or_why};

/// What is to be reached, in messages a second.
const GOAL: f64 = 3_000.0;
/// Different messages at most; more are the same texts with other Message-IDs.
const TEXTS: u64 = 20_000;
/// One connection delivers this part of what many do.
const ALONE: u64 = 20;
/// The longest that a queue may take to get empty.
const DRAIN: Duration = Duration::from_secs(600);

/// Delivered over many connections, and over one.
struct Both {
    many: Done,
    one: Done,
}

/// How a server is loaded, and how much it got so far.
struct Loading<'l> {
    options: &'l MailOptions,
    pool: &'l Pool,
    recipients: Vec<String>,
    given: u64,
}

impl Loading<'_> {
    fn load(
        &mut self,
        to: SocketAddr,
        protocol: Protocol,
        connections: usize,
        count: u64,
    ) -> anyhow::Result<Done> {
        let done = Load {
            to,
            protocol,
            connections,
            recipients: &self.recipients,
            pool: self.pool,
            first: self.given,
            count,
        }
        .run()?;
        self.given += count;
        Ok(done)
    }

    /// One message for each account, which makes their mailboxes; then the measured ones.
    fn both(&mut self, to: SocketAddr, protocol: Protocol) -> anyhow::Result<Both> {
        let options = self.options;
        let accounts = self.recipients.len() as u64;
        self.load(to, protocol, options.connections, accounts)?;
        let many = self.load(to, protocol, options.connections, options.messages)?;
        let one = self.load(to, protocol, 1, options.messages.div_ceil(ALONE))?;
        Ok(Both { many, one })
    }

    /// Whether all that got a 250 is there.
    fn check(&self, server: &Server) -> anyhow::Result<()> {
        let mut there = 0;
        for account in &server.accounts {
            there += Raw::new(server.imap, &account.name, &account.secret)?.messages("INBOX")?;
        }
        ensure!(
            there == self.given,
            "{} messages got 250, {there} are there",
            self.given
        );
        Ok(())
    }
}

pub(super) fn run(options: &MailOptions, report: &mut Report) -> anyhow::Result<()> {
    let texts = usize::try_from(options.messages.min(TEXTS))?;
    let pool = Pool::new(options.maker(options.accounts), texts)?;
    let node = options.node("mail-node", options.accounts)?;
    let server = node.serve()?;
    let mut loading = Loading {
        options,
        pool: &pool,
        recipients: addresses(&server.accounts),
        given: 0,
    };
    let lmtp = loading.both(server.lmtp, Protocol::Lmtp)?;
    let smtp = loading.both(server.smtp.context("no SMTP")?, Protocol::Smtp)?;
    loading.check(&server)?;
    drop(server);
    let (database, blobs) = node.bytes()?;
    node.node.remove(&options.common)?;
    let optimized = peer(options, &pool, Fsync::Optimized);
    let always = peer(options, &pool, Fsync::Always);
    let postfix = postfix(options, &pool);

    let what = format!(
        "{} messages of {} bytes on average to {} accounts",
        options.messages,
        pool.average(),
        options.accounts
    );
    let theirs = |show: fn(&Both) -> String| {
        format!(
            "{}; {}",
            or_why("Dovecot, mail_fsync = optimized:", &optimized, show),
            or_why("= always:", &always, show)
        )
    };
    report.row(
        &format!(
            "LMTP, {} connections: {what}, each durable before 250",
            options.connections
        ),
        &lmtp.many.shown(),
        &theirs(|both| both.many.shown()),
        "≥ 3,000/s on 2 processors",
        met(lmtp.many.rate() >= GOAL),
    );
    report.row(
        "the same over one connection, one after the other",
        &lmtp.one.shown(),
        &theirs(|both| both.one.shown()),
        "",
        Reached::Open,
    );
    report.row(
        &format!(
            "SMTP, {} connections: in mailboxes before 250",
            options.connections
        ),
        &smtp.many.shown(),
        &or_why("Postfix into its queue,", &postfix, Queued::shown),
        "≥ 3,000/s on 2 processors",
        met(smtp.many.rate() >= GOAL),
    );
    report.row(
        "SMTP over one connection",
        &smtp.one.shown(),
        "",
        "",
        Reached::Open,
    );
    report.row(
        "what was delivered, on disk",
        &format!(
            "{} messages: database {}, blobs {}",
            loading.given,
            super::super::mb(database),
            super::super::mb(blobs)
        ),
        "",
        "",
        Reached::Open,
    );
    Ok(())
}

/// Dovecot's LMTP into Maildirs.
fn peer(options: &MailOptions, pool: &Pool, fsync: Fsync) -> anyhow::Result<Both> {
    let dovecot = options.dovecot(options.accounts, fsync)?;
    let server = dovecot.serve()?;
    let mut loading = Loading {
        options,
        pool,
        recipients: addresses(&server.accounts),
        given: 0,
    };
    let both = loading.both(server.lmtp, Protocol::Lmtp)?;
    loading.check(&server)?;
    drop(server);
    std::fs::remove_dir_all(&dovecot.folder)?;
    Ok(both)
}

/// What Postfix took, and when Dovecot had all of it.
struct Queued {
    taken: Done,
    delivered_rate: f64,
}

impl Queued {
    fn shown(&self) -> String {
        format!(
            "{}; in Dovecot's mailboxes {:.0}/s",
            self.taken.shown(),
            self.delivered_rate
        )
    }
}

/// Postfix, which hands on to Dovecot by LMTP.
fn postfix(options: &MailOptions, pool: &Pool) -> anyhow::Result<Queued> {
    let dovecot = options.dovecot(options.accounts, Fsync::Optimized)?;
    let server = dovecot.serve()?;
    let postfix = Postfix::start(options.folder("mail-postfix")?, server.lmtp)?;
    let mut loading = Loading {
        options,
        pool,
        recipients: addresses(&server.accounts),
        given: 0,
    };
    let accounts = loading.recipients.len() as u64;
    loading.load(postfix.smtp, Protocol::Smtp, options.connections, accounts)?;
    until_there(&dovecot, &postfix, loading.given)?;
    let begun = Instant::now();
    let taken = loading.load(
        postfix.smtp,
        Protocol::Smtp,
        options.connections,
        options.messages,
    )?;
    until_there(&dovecot, &postfix, loading.given)?;
    let delivered_rate = options.messages as f64 / begun.elapsed().as_secs_f64();
    loading.check(&server)?;
    drop((postfix, server));
    for folder in [dovecot.folder, options.folder("mail-postfix")?] {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(Queued {
        taken,
        delivered_rate,
    })
}

fn until_there(dovecot: &Dovecot, postfix: &Postfix, count: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let there = dovecot.files()?;
        if there >= count {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < DRAIN,
            "{there} of {count} messages came through the queue: {} {}",
            postfix.said(),
            dovecot.said()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
