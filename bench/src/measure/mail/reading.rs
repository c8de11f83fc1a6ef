//! IMAP on a large mailbox: SELECT, FETCH, SEARCH TEXT, in Lampion and in Dovecot's Maildir with the same messages.

use anyhow::{Context as _, ensure};

use super::MailOptions;
use crate::load::Times;
use crate::mail::Server;
use crate::mail::dovecot::Fsync;
use crate::mail::lampion::MailNode;
use crate::mail::make::{self, ABSENT, MARKS};
use crate::mail::raw::Raw;
use crate::report::{Reached, Report, met, or_why};

/// Selections after the first, each over a new connection.
const SELECTIONS: usize = 20;
/// What FETCH is asked for.
const ITEMS: [&str; 4] = [
    "(ENVELOPE)",
    "(FLAGS UID)",
    "(BODY.PEEK[HEADER])",
    "(BODY.PEEK[])",
];
/// FETCHes after the first.
const FETCHES: usize = 2;
/// SELECT must take no longer, in milliseconds.
const SELECT_GOAL_MS: f64 = 20.0;
/// Envelopes must come so many times as fast as Dovecot's.
const ENVELOPE_GOAL: f64 = 3.0;
/// SEARCH must be so many times as fast.
const SEARCH_GOAL: f64 = 20.0;

/// What one server did.
struct Read {
    first_select_ms: f64,
    selects: Times,
    /// For each of [`ITEMS`] messages a second, first and later, and megabytes a second later.
    fetches: Vec<Fetched>,
    /// For each word milliseconds, first and later.
    searches: Vec<Searched>,
}

struct Fetched {
    first: f64,
    later: f64,
    later_mb: f64,
}

struct Searched {
    found: usize,
    first_ms: f64,
    later_ms: f64,
}

pub(super) fn run(options: &MailOptions, report: &mut Report) -> anyhow::Result<()> {
    let maildir = options.folder("mail-maildir")?;
    if maildir.exists() {
        std::fs::remove_dir_all(&maildir)?;
    }
    let write = || make::maildir(&maildir, options.maker(1), options.mailbox);
    let folder = options.folder("mail-large")?;
    let kept = match options.common.keep {
        true => MailNode::kept(&folder, 1)?,
        false => None,
    };
    let fresh = kept.is_none();
    let node = match kept {
        Some(node) => node,
        None => {
            write()?;
            let node = options.node("mail-large", 1)?;
            let name = crate::mail::Account::name_of(0);
            let seconds = node.import(&maildir, &name)?;
            report.row(
                "`lampion mail import` of a Maildir",
                &format!("{:.0}/s", options.mailbox as f64 / seconds),
                "",
                "",
                Reached::Open,
            );
            node
        }
    };
    let ours = read(options, &node.serve()?, 5)?;
    node.node.remove(&options.common)?;
    let theirs = options.dovecot(1, Fsync::Optimized).and_then(|dovecot| {
        if !maildir.exists() {
            write()?;
        }
        dovecot.adopt(0, &maildir)?;
        let server = dovecot.serve()?;
        let built_ms = select(&server, options.mailbox)?;
        drop(server);
        let read = read(options, &dovecot.serve()?, 1)?;
        std::fs::remove_dir_all(&dovecot.folder)?;
        Ok((built_ms, read))
    });
    if maildir.exists() {
        std::fs::remove_dir_all(&maildir)?;
    }
    selections(options, report, &ours, &theirs);
    fetches(options, report, &ours, &theirs);
    searches(options, report, fresh, (&ours, &theirs));
    Ok(())
}

type Theirs = anyhow::Result<(f64, Read)>;

fn select(server: &Server, messages: u64) -> anyhow::Result<f64> {
    let answer = connect(server)?.ask("SELECT INBOX")?;
    let there = answer.exists().context("SELECT tells no EXISTS")?;
    ensure!(
        there as u64 == messages,
        "{there} messages are there instead of {messages}: run again without --keep"
    );
    Ok(answer.ms)
}

fn connect(server: &Server) -> anyhow::Result<Raw> {
    let account = server.accounts.first().context("no account")?;
    Raw::new(server.imap, &account.name, &account.secret)
}

/// Asks one server for all; searches are repeated `again` times.
fn read(options: &MailOptions, server: &Server, again: usize) -> anyhow::Result<Read> {
    let first_select_ms = select(server, options.mailbox)?;
    let selects = (0..SELECTIONS)
        .map(|_| select(server, options.mailbox))
        .collect::<anyhow::Result<_>>()?;
    let mut raw = connect(server)?;
    raw.ask("SELECT INBOX")?;
    let mut fetches = Vec::new();
    if options.common.wants("fetch") {
        let last = options.fetched.min(options.mailbox);
        for items in ITEMS {
            fetches.push(fetch(&mut raw, last, items)?);
        }
    }
    let mut searches = Vec::new();
    if options.common.wants("search") {
        for (word, count) in words(options.mailbox) {
            searches.push(search(&mut raw, word, again, count)?);
        }
    }
    Ok(Read {
        first_select_ms,
        selects: Times::new(selects),
        fetches,
        searches,
    })
}

fn fetch(raw: &mut Raw, last: u64, items: &str) -> anyhow::Result<Fetched> {
    let command = format!("FETCH 1:{last} {items}");
    let mut once = || -> anyhow::Result<(f64, f64)> {
        let answer = raw.ask(&command)?;
        ensure!(
            answer.fetches as u64 == last,
            "{command} gives {} messages",
            answer.fetches
        );
        let seconds = answer.ms / 1e3;
        Ok((last as f64 / seconds, answer.bytes as f64 / 1e6 / seconds))
    };
    let (first, _) = once()?;
    let (mut later, mut later_mb) = (0.0, 0.0);
    for _ in 0..FETCHES {
        let (rate, mb) = once()?;
        if rate > later {
            (later, later_mb) = (rate, mb);
        }
    }
    Ok(Fetched {
        first,
        later,
        later_mb,
    })
}

/// What is searched for, and how many messages have it.
fn words(messages: u64) -> Vec<(&'static str, usize)> {
    let mut all: Vec<(&str, usize)> = MARKS
        .iter()
        .map(|(every, word)| (*word, make::marked(*every, messages)))
        .collect();
    all.push((ABSENT, 0));
    all
}

fn search(raw: &mut Raw, word: &str, again: usize, count: usize) -> anyhow::Result<Searched> {
    let command = if word.is_ascii() {
        format!("SEARCH TEXT {word}")
    } else {
        format!("SEARCH CHARSET UTF-8 TEXT {{{}+}}\r\n{word}", word.len())
    };
    let first = raw.ask(&command)?;
    ensure!(
        first.found() == count,
        "SEARCH TEXT {word} finds {} messages, {count} have it",
        first.found()
    );
    let later = (0..again)
        .map(|_| raw.ask(&command).map(|answer| answer.ms))
        .collect::<anyhow::Result<_>>()?;
    Ok(Searched {
        found: first.found(),
        first_ms: first.ms,
        later_ms: Times::new(later).p50(),
    })
}

fn selections(options: &MailOptions, report: &mut Report, ours: &Read, theirs: &Theirs) {
    if !options.common.wants("select") {
        return;
    }
    let count = options.mailbox;
    report.row(
        &format!("SELECT of {count} messages, first after the start"),
        &format!("{:.1} ms", ours.first_select_ms),
        &or_why("Dovecot", theirs, |(built_ms, read)| {
            format!(
                "{:.1} ms (when it made its index of the files: {built_ms:.0} ms)",
                read.first_select_ms
            )
        }),
        "≤ 20 ms",
        met(ours.first_select_ms <= SELECT_GOAL_MS),
    );
    report.row(
        &format!("SELECT of {count} messages again, {SELECTIONS} new connections (p50 / p99)"),
        &ours.selects.shown(),
        &or_why("Dovecot", theirs, |(_, read)| read.selects.shown()),
        "≤ 20 ms",
        met(ours.selects.p99() <= SELECT_GOAL_MS),
    );
}

fn fetches(options: &MailOptions, report: &mut Report, ours: &Read, theirs: &Theirs) {
    for (at, (items, own)) in ITEMS.iter().zip(&ours.fetches).enumerate() {
        let other = theirs
            .as_ref()
            .ok()
            .and_then(|(_, read)| read.fetches.get(at));
        let goal = *items == "(ENVELOPE)";
        let reached = match other {
            Some(other) if goal => met(own.later >= ENVELOPE_GOAL * other.later),
            _ => Reached::Open,
        };
        let ratio = other.map_or(String::new(), |other| {
            format!("; {:.1}× Dovecot's later", own.later / other.later)
        });
        report.row(
            &format!("FETCH 1:{} {items}", options.fetched.min(options.mailbox)),
            &format!("{}{ratio}", own.shown()),
            &or_why("Dovecot", theirs, |(_, read)| {
                read.fetches.get(at).map_or(String::new(), Fetched::shown)
            }),
            if goal { "≥ 3× Dovecot" } else { "" },
            reached,
        );
    }
}

impl Fetched {
    fn shown(&self) -> String {
        format!(
            "{:.0}/s first, {:.0}/s later ({:.1} MB/s)",
            self.first, self.later, self.later_mb
        )
    }
}

fn searches(
    options: &MailOptions,
    report: &mut Report,
    fresh: bool,
    (ours, theirs): (&Read, &Theirs),
) {
    // A node that was kept has its index already.
    if let Some(first) = ours.searches.first().filter(|_| fresh) {
        report.row(
            &format!(
                "the first SEARCH TEXT, which makes the index of {} messages",
                options.mailbox
            ),
            &format!(
                "{:.0} ms ({:.0} messages/s)",
                first.first_ms,
                options.mailbox as f64 * 1e3 / first.first_ms
            ),
            "Dovecot has none",
            "",
            Reached::Open,
        );
    }
    let words = words(options.mailbox);
    for (at, ((word, _), own)) in words.iter().zip(&ours.searches).enumerate() {
        let other = theirs
            .as_ref()
            .ok()
            .and_then(|(_, read)| read.searches.get(at));
        let reached = other.map_or(Reached::Open, |other| {
            met(other.later_ms >= SEARCH_GOAL * own.later_ms)
        });
        let ratio = other.map_or(String::new(), |other| {
            format!("; {:.0}×", other.later_ms / own.later_ms)
        });
        report.row(
            &format!(
                "SEARCH TEXT {word} in {} messages ({} have it)",
                options.mailbox, own.found
            ),
            &format!("{:.1} ms{ratio}", own.later_ms),
            &or_why("Dovecot", theirs, |(_, read)| {
                read.searches.get(at).map_or(String::new(), |other| {
                    format!(
                        "{:.0} ms first, {:.0} ms later",
                        other.first_ms, other.later_ms
                    )
                })
            }),
            "≥ 20× Dovecot without index",
            reached,
        );
    }
}
