//! A thousand sessions in IDLE: what each costs in memory, and how soon it is told of a new message.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::MailOptions;
use crate::load::Times;
use crate::mail::dovecot::Fsync;
use crate::mail::idle::{Idlers, Way};
use crate::mail::lmtp::{Connection, Load, Protocol};
use crate::mail::make::Pool;
use crate::mail::raw::Raw;
use crate::mail::{Account, Server, addresses, memory};
use crate::report::{Report, met, or_why};

/// Messages in each mailbox before anybody looks.
const THERE: u64 = 10;
/// What a session may cost.
const MEMORY_GOAL_KB: f64 = 40.0;
/// The latest that one in a hundred may be told.
const NOTICE_GOAL_MS: f64 = 50.0;
/// Who isn't told after this time counts as not told.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so many messages of which not all were told, no more are sent.
const GIVE_UP: usize = 3;
/// Time in which a server puts its memory in order.
const SETTLE: Duration = Duration::from_secs(3);

/// How sessions are spread, and how they come.
struct Shape {
    what: String,
    accounts: usize,
    tls: bool,
}

/// What was seen.
struct Seen {
    before_kb: u64,
    after_kb: u64,
    sessions: usize,
    processes: usize,
    /// From the delivery's 250 to a session's EXISTS, in milliseconds; 0 where EXISTS came before.
    after_answer: Times,
    /// From sending the message's last byte.
    after_sending: Times,
    /// How many should have been told.
    due: usize,
}

pub(super) fn run(options: &MailOptions, report: &mut Report) -> anyhow::Result<()> {
    let (sessions, accounts) = (options.sessions, options.accounts);
    for shape in [
        Shape {
            what: format!("{sessions} sessions idle in one mailbox"),
            accounts: 1,
            tls: false,
        },
        Shape {
            what: format!("{sessions} sessions idle in {accounts} mailboxes"),
            accounts,
            tls: false,
        },
        Shape {
            what: format!("{sessions} sessions idle over TLS in {accounts} mailboxes"),
            accounts,
            tls: true,
        },
    ] {
        let node = options.node("mail-node", shape.accounts)?;
        let ours = watch(options, &shape, &node.serve()?)?;
        node.node.remove(&options.common)?;
        let theirs = options
            .dovecot(shape.accounts, Fsync::Optimized)
            .and_then(|dovecot| {
                let server = dovecot.serve()?;
                let seen = watch(options, &shape, &server).with_context(|| dovecot.said())?;
                drop(server);
                std::fs::remove_dir_all(&dovecot.folder)?;
                Ok(seen)
            });
        rows(options, report, &shape, &ours, &theirs);
    }
    if !options.common.alone {
        report.note(&format!(
            "Dovecot watches folders by inotify; this system lets a user have {} watches at once, sessions beyond are told \
             when Dovecot looks by itself. Memory is anonymous memory of all its processes, without what the system holds for \
             connections.",
            std::fs::read_to_string("/proc/sys/fs/inotify/max_user_instances")
                .unwrap_or_default()
                .trim()
        ));
    }
    Ok(())
}

fn rows(
    options: &MailOptions,
    report: &mut Report,
    shape: &Shape,
    ours: &Seen,
    theirs: &anyhow::Result<Seen>,
) {
    if options.common.wants("idle") {
        report.row(
            &format!(
                "{}: from a delivery's 250 to EXISTS (p50 / p99)",
                shape.what
            ),
            &ours.notices(),
            &or_why("Dovecot", theirs, Seen::notices),
            "p99 ≤ 50 ms",
            met(ours.after_answer.len() == ours.due && ours.after_answer.p99() <= NOTICE_GOAL_MS),
        );
    }
    if options.common.wants("memory") {
        report.row(
            &format!("{}: anonymous memory for each", shape.what),
            &ours.memory(),
            &or_why("Dovecot", theirs, Seen::memory),
            "≤ 40 KB",
            met(ours.each_kb() <= MEMORY_GOAL_KB),
        );
    }
}

impl Seen {
    fn each_kb(&self) -> f64 {
        (self.after_kb as f64 - self.before_kb as f64) * 1.024 / self.sessions.max(1) as f64
    }

    fn memory(&self) -> String {
        format!(
            "{:.1} KB ({:.1} MB before, {:.1} after, {} processes)",
            self.each_kb(),
            self.before_kb as f64 * 1.024 / 1e3,
            self.after_kb as f64 * 1.024 / 1e3,
            self.processes
        )
    }

    fn notices(&self) -> String {
        let told = self.after_answer.len();
        let missing = if told == self.due {
            String::new()
        } else {
            format!(
                "; only {told} of {} within {} s",
                self.due,
                PATIENCE.as_secs()
            )
        };
        format!(
            "{}, from sending the message {}{missing}",
            self.after_answer.shown(),
            self.after_sending.shown()
        )
    }
}

/// Fills mailboxes, lets sessions idle, looks at the memory, and delivers messages one after the other.
fn watch(options: &MailOptions, shape: &Shape, server: &Server) -> anyhow::Result<Seen> {
    let pool = Pool::new(options.maker(shape.accounts), 100)?;
    let recipients = addresses(&server.accounts);
    let there = THERE * recipients.len() as u64;
    let load = Load {
        to: server.lmtp,
        protocol: Protocol::Lmtp,
        connections: options.connections,
        recipients: &recipients,
        pool: &pool,
        first: 0,
        count: there,
    };
    load.run()?;
    // Once through all that a session does, so that what is only done once isn't counted for each.
    for account in server.accounts.iter().take(3) {
        Raw::new(server.imap, &account.name, &account.secret)?.ask("SELECT INBOX")?;
    }
    std::thread::sleep(SETTLE);
    let before_kb = memory::anonymous_kb(server.root)?;
    let way = match (shape.tls, server.imaps) {
        (false, _) => Way::Plain(server.imap),
        (true, Some(at)) => Way::tls(at)?,
        (true, None) => anyhow::bail!("it has no certificate"),
    };
    let who: Vec<Account> = (0..options.sessions)
        .filter_map(|n| {
            server
                .accounts
                .get(n % server.accounts.len().max(1))
                .cloned()
        })
        .collect();
    let mut idlers = Idlers::start(&way, who)?;
    std::thread::sleep(SETTLE);
    let after_kb = memory::anonymous_kb(server.root)?;
    let mut seen = Seen {
        before_kb,
        after_kb,
        sessions: options.sessions,
        processes: memory::processes(server.root)?,
        after_answer: Times::default(),
        after_sending: Times::default(),
        due: 0,
    };
    if options.common.wants("idle") {
        deliver(options, server, &mut idlers, (&pool, there), &mut seen)?;
    }
    Ok(seen)
}

/// One message after the other; each when all were told of the one before.
fn deliver(
    options: &MailOptions,
    server: &Server,
    idlers: &mut Idlers,
    (pool, first): (&Pool, u64),
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let recipients = addresses(&server.accounts);
    let mut connection = Connection::open(server.lmtp, Protocol::Lmtp)?;
    let (mut answer, mut sending) = (Vec::new(), Vec::new());
    let mut given_up = 0;
    for n in 0..options.notices {
        let at = usize::try_from(n)? % recipients.len();
        let recipient = recipients.get(at).context("no account")?;
        let mut waiting: Vec<(usize, u64)> = (0..options.sessions)
            .filter(|session| session % recipients.len() == at)
            .filter_map(|session| Some((session, *idlers.counts.get(session)?)))
            .collect();
        seen.due += waiting.len();
        let handed = connection.message(recipient, &pool.data(first + n))?;
        ensure!(handed.refused.is_none(), "{:?}", handed.refused);
        let end = Instant::now() + PATIENCE;
        while !waiting.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            let Some(told) = idlers.next(left)? else {
                break;
            };
            let before = waiting.len();
            waiting.retain(|(session, count)| *session != told.session || told.messages <= *count);
            if waiting.len() < before {
                let since =
                    |from: Instant| told.at.saturating_duration_since(from).as_secs_f64() * 1e3;
                answer.push(since(handed.answered));
                sending.push(since(handed.sent));
            }
        }
        if !waiting.is_empty() {
            given_up += 1;
            if given_up == GIVE_UP {
                break;
            }
        }
    }
    seen.after_answer = Times::new(answer);
    seen.after_sending = Times::new(sending);
    Ok(())
}
