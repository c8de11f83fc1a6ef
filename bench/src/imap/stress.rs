//! Many sessions do random things to one mailbox, each checking what it is told, in the manner of Dovecot's imaptest.
//!
//! Checked all the time (by [`Client`]): numbers and UIDs belong together and rise, no EXPUNGE at forbidden times, EXISTS
//! never falls by itself, MODSEQ never falls. Between sessions: no UID is given twice, one UID is one message for all. At
//! the end, when nobody changes anything any more: what each session was told is what is there, and what QRESYNC makes of
//! an old state equals a fresh look.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use super::client::{Client, Known};
use crate::chance::Chance;
use crate::mail::dovecot::{Dovecot, Fsync};

/// Where and how long.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address of a server that takes LOGIN without TLS, such as 127.0.0.1:10143
    #[arg(long, required_unless_present = "peer", requires_all = ["name", "password"])]
    address: Option<SocketAddr>,
    /// Name to sign in with
    #[arg(long, default_value = "")]
    name: String,
    /// Password
    #[arg(long, default_value = "")]
    password: String,
    /// Start Dovecot in a folder of its own and take that, to see that the rules which are checked here are others' too
    #[arg(long, conflicts_with = "address")]
    peer: bool,
    /// Folder for `--peer` [default: a folder in the temporary folder]
    #[arg(long, value_name = "FOLDER")]
    work: Option<PathBuf>,
    /// Mailbox; it is made if it isn't there, and what is in it may go
    #[arg(long, default_value = "Stress")]
    mailbox: String,
    /// Sessions at the same time
    #[arg(long, default_value_t = 12)]
    sessions: usize,
    /// How long, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Seed of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Options {
    fn client(&self) -> anyhow::Result<Client> {
        let address = self.address.context("no address")?;
        Client::new(address, &self.name, &self.password)
    }
}

/// What all sessions know together: the Message-ID of each UID.
type Messages = Arc<Mutex<HashMap<u32, String>>>;

/// What a session remembers to come back to by QRESYNC.
struct Old {
    known: std::collections::BTreeMap<u32, Known>,
    highest: u64,
}

struct Session {
    client: Client,
    chance: Chance,
    number: usize,
    made: u32,
    messages: Messages,
    options: Options,
    old: Option<Old>,
    counts: HashMap<&'static str, u64>,
}

/// Runs it; an error names the first rule that was broken.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut options = options.clone();
    if !options.peer {
        return stress(&options);
    }
    let work = options
        .work
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join("lampion-bench"));
    let dovecot = Dovecot::fresh(work.join("stress-dovecot"), 1, Fsync::Optimized)?;
    let server = dovecot.serve()?;
    let account = server.accounts.first().context("no account")?;
    options.name.clone_from(&account.name);
    options.password.clone_from(&account.secret);
    options.address = Some(server.imap);
    stress(&options).with_context(|| dovecot.said())?;
    drop(server);
    Ok(std::fs::remove_dir_all(dovecot.folder)?)
}

fn stress(options: &Options) -> anyhow::Result<()> {
    let mut first = options.client()?;
    for mailbox in [options.mailbox.clone(), format!("{}Moved", options.mailbox)] {
        let _there_already = first.command(&format!("CREATE {mailbox}"))?;
    }
    first.select(&options.mailbox, false)?;
    let messages = Messages::default();
    let barrier = Arc::new(Barrier::new(options.sessions));
    let sessions: Vec<_> = (0..options.sessions)
        .map(|number| {
            let (options, messages, barrier) =
                (options.clone(), Arc::clone(&messages), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let result = Session::new(number, options, messages).and_then(|mut session| {
                    let worked = session.work();
                    barrier.wait();
                    worked?;
                    session.settle()?;
                    Ok((session.counts, session.client.known))
                });
                result.with_context(|| format!("session {number}"))
            })
        })
        .collect();
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let mut states = Vec::new();
    let mut broken = Vec::new();
    for session in sessions {
        match session.join() {
            Ok(Ok((own, known))) => {
                for (what, count) in own {
                    *counts.entry(what).or_default() += count;
                }
                states.push(known);
            }
            Ok(Err(error)) => broken.push(format!("{error:#}")),
            Err(_) => broken.push("a session panicked".into()),
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable();
    println!("{counts:?}");
    ensure!(
        broken.is_empty(),
        "rules were broken:\n{}",
        broken.join("\n")
    );
    let flags =
        |known: &std::collections::BTreeMap<u32, Known>| -> Vec<(u32, Option<Vec<String>>)> {
            known
                .iter()
                .map(|(uid, known)| (*uid, known.flags.clone()))
                .collect()
        };
    if let Some(one) = states.first() {
        for other in &states {
            ensure!(
                flags(one) == flags(other),
                "two sessions see different mailboxes at the end"
            );
        }
        println!("{} sessions agree on {} messages", states.len(), one.len());
    }
    Ok(())
}

impl Session {
    fn new(number: usize, options: Options, messages: Messages) -> anyhow::Result<Self> {
        let mut client = options.client()?;
        match number % 3 {
            0 => {
                client.command("ENABLE QRESYNC")?.ok()?;
                client.qresync = true;
            }
            1 => drop(client.command("ENABLE CONDSTORE")?.ok()?),
            _ => {}
        }
        client.select(&options.mailbox, false)?;
        let seed = options.seed.wrapping_mul(1_000).wrapping_add(number as u64);
        Ok(Self {
            client,
            chance: Chance::new(seed),
            number,
            made: 0,
            messages,
            options,
            old: None,
            counts: HashMap::new(),
        })
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn work(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(self.options.seconds);
        while Instant::now() < end {
            let many = self.client.uids.len() > 200;
            match self.chance.below(100) {
                0..=19 if !many => self.append()?,
                0..=34 => self.store()?,
                35..=39 => self.store_if_unchanged()?,
                40..=54 => self.fetch()?,
                55..=64 => self.search()?,
                65..=69 => self.expunge()?,
                70..=74 if many => self.expunge()?,
                70..=71 => self.transfer()?,
                72..=84 => self.noop()?,
                85..=89 => self.idle()?,
                90..=95 => self.check_messages()?,
                _ => self.come_again()?,
            }
        }
        Ok(())
    }

    fn append(&mut self) -> anyhow::Result<()> {
        self.count("append");
        self.made += 1;
        let id = format!(
            "<{}.{}.{}@stress>",
            self.options.seed, self.number, self.made
        );
        let message = format!(
            "From: a@b\r\nSubject: number {}\r\nMessage-ID: {id}\r\n\r\nbody of {}\r\n",
            self.made, self.number
        );
        let flags = ["", "\\Seen", "\\Flagged work", "\\Deleted"];
        let flags = flags.get(self.chance.below(4)).copied().unwrap_or("");
        let mailbox = self.options.mailbox.clone();
        let ended = self
            .client
            .append(&mailbox, flags, message.as_bytes())?
            .ok()?;
        if let Some(code) = ended.code("APPENDUID") {
            let (_, uid) = code.split_once(' ').context("APPENDUID")?;
            self.is_message(uid.parse()?, &id)?;
        }
        Ok(())
    }

    /// A UID is a message: the same for all, always.
    fn is_message(&self, uid: u32, id: &str) -> anyhow::Result<()> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        match messages.get(&uid) {
            Some(known) if known != id => bail!("UID {uid} was {known} and is {id}"),
            Some(_) => {}
            None => drop(messages.insert(uid, id.to_string())),
        }
        Ok(())
    }

    /// Some sequence numbers.
    fn set(&mut self) -> Option<String> {
        let count = self.client.uids.len();
        if count == 0 {
            return None;
        }
        let from = 1 + self.chance.below(count);
        let to = (from + self.chance.below(8)).min(count);
        Some(format!("{from}:{to}"))
    }

    fn uid_set(&mut self) -> Option<String> {
        let known: Vec<u32> = self.client.known.keys().copied().collect();
        let at = self.chance.below(known.len());
        let from = known.get(at)?;
        Some(format!(
            "{from}:{}",
            from + u32::try_from(self.chance.below(8)).ok()?
        ))
    }

    fn store(&mut self) -> anyhow::Result<()> {
        self.count("store");
        let signs = ["+", "-", ""];
        let sign = signs.get(self.chance.below(3)).copied().unwrap_or("");
        let flags = [
            "\\Seen",
            "\\Flagged",
            "\\Deleted",
            "work",
            "\\Answered \\Draft",
            "$Forwarded",
        ];
        let flags = flags.get(self.chance.below(6)).copied().unwrap_or("");
        let uid = self.chance.below(2) == 0;
        let set = if uid { self.uid_set() } else { self.set() };
        let Some(set) = set else { return Ok(()) };
        let command = if uid { "UID STORE" } else { "STORE" };
        // NO is right where messages are gone that the session wasn't told of (RFC 2180).
        self.client
            .command(&format!("{command} {set} {sign}FLAGS ({flags})"))?;
        Ok(())
    }

    fn store_if_unchanged(&mut self) -> anyhow::Result<()> {
        if self.number % 3 == 2 {
            return Ok(());
        }
        self.count("store unchangedsince");
        let Some((uid, known)) = self
            .client
            .known
            .iter()
            .next_back()
            .map(|(uid, known)| (*uid, known.clone()))
        else {
            return Ok(());
        };
        if known.modseq == 0 {
            return Ok(());
        }
        let ended = self.client.command(&format!(
            "UID STORE {uid} (UNCHANGEDSINCE {}) +FLAGS (\\Flagged)",
            known.modseq
        ))?;
        ensure!(ended.word != "BAD", "{}", ended.text);
        Ok(())
    }

    fn fetch(&mut self) -> anyhow::Result<()> {
        self.count("fetch");
        let items = [
            "FLAGS",
            "(UID FLAGS MODSEQ)",
            "(UID ENVELOPE)",
            "(UID BODYSTRUCTURE FLAGS)",
            "(UID RFC822.SIZE)",
        ];
        let items = items.get(self.chance.below(5)).copied().unwrap_or("FLAGS");
        let uid = self.chance.below(2) == 0;
        let set = if uid { self.uid_set() } else { self.set() };
        let Some(set) = set else { return Ok(()) };
        let command = if uid { "UID FETCH" } else { "FETCH" };
        let ended = self.client.command(&format!("{command} {set} {items}"))?;
        ensure!(ended.word != "BAD", "{}", ended.text);
        Ok(())
    }

    fn search(&mut self) -> anyhow::Result<()> {
        self.count("search");
        let keys = [
            "ALL",
            "SEEN",
            "UNSEEN DELETED",
            "KEYWORD work",
            "SUBJECT number",
            "OR FLAGGED NOT ANSWERED",
        ];
        let key = keys.get(self.chance.below(6)).copied().unwrap_or("ALL");
        let ended = self.client.command(&format!("SEARCH {key}"))?.ok()?;
        for line in ended.lines {
            let text = String::from_utf8_lossy(&line).into_owned();
            let Some(numbers) = text.strip_prefix("SEARCH") else {
                continue;
            };
            for number in numbers.split_whitespace() {
                let number: usize = number.parse()?;
                ensure!(
                    number >= 1 && number <= self.client.uids.len(),
                    "SEARCH finds message {number}"
                );
            }
        }
        Ok(())
    }

    fn expunge(&mut self) -> anyhow::Result<()> {
        self.count("expunge");
        match self.uid_set() {
            Some(set) if self.chance.below(2) == 0 => {
                self.client.command(&format!("UID EXPUNGE {set}"))?.ok()?;
            }
            _ => {
                self.client.command("EXPUNGE")?.ok()?;
            }
        }
        Ok(())
    }

    /// Moves some away, or copies some to the same mailbox.
    fn transfer(&mut self) -> anyhow::Result<()> {
        self.count("copy and move");
        let Some(set) = self.uid_set() else {
            return Ok(());
        };
        let command = if self.chance.below(2) == 0 {
            format!("UID MOVE {set} {}Moved", self.options.mailbox)
        } else {
            format!("UID COPY {set} {}Moved", self.options.mailbox)
        };
        self.client.command(&command)?;
        Ok(())
    }

    fn noop(&mut self) -> anyhow::Result<()> {
        self.count("noop");
        self.client.command("NOOP")?.ok()?;
        Ok(())
    }

    fn idle(&mut self) -> anyhow::Result<()> {
        self.count("idle");
        let tag = self.client.idle()?;
        std::thread::sleep(Duration::from_millis(self.chance.below(30) as u64));
        self.client.done(&tag)
    }

    /// Learns UIDs and Message-IDs.
    fn check_messages(&mut self) -> anyhow::Result<()> {
        self.count("check of messages");
        let Some(set) = self.set() else { return Ok(()) };
        let ended = self.client.command(&format!(
            "FETCH {set} (UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
        ))?;
        for line in ended.lines {
            let text = String::from_utf8_lossy(&line).into_owned();
            let Some((_, rest)) = text.split_once("UID ") else {
                continue;
            };
            let uid: u32 = rest.split([' ', ')']).next().unwrap_or_default().parse()?;
            if let Some((_, id)) = rest.to_ascii_lowercase().split_once("message-id: ") {
                let id = id.split('\r').next().unwrap_or_default().to_string();
                self.is_message(uid, &id)?;
            }
        }
        Ok(())
    }

    /// Looks at all, remembers it, and comes back by QRESYNC.
    fn come_again(&mut self) -> anyhow::Result<()> {
        if !self.client.qresync {
            return Ok(());
        }
        self.count("qresync");
        let mailbox = self.options.mailbox.clone();
        if self.old.is_none() {
            self.client.command("NOOP")?.ok()?;
            self.client.select(&mailbox, false)?;
            let highest = self.client.highest;
            self.client.command("FETCH 1:* (UID FLAGS MODSEQ)")?;
            self.old = Some(Old {
                known: self.client.known.clone(),
                highest,
            });
        }
        self.client.select(&mailbox, true)?;
        self.client.command("FETCH 1:* (UID FLAGS MODSEQ)")?;
        Ok(())
    }

    /// When nobody changes anything any more.
    fn settle(&mut self) -> anyhow::Result<()> {
        let mailbox = self.options.mailbox.clone();
        self.client.command("NOOP")?.ok()?;
        let told = self.client.known.clone();
        let unknown = self.client.uids.iter().filter(|uid| **uid == 0).count();
        self.client.command("FETCH 1:* (UID FLAGS)")?.ok()?;
        for (uid, before) in &told {
            let Some(now) = self.client.known.get(uid) else {
                bail!("UID {uid} was known and is not there");
            };
            ensure!(
                before.flags.is_none() || before.flags == now.flags,
                "UID {uid} was told to have {:?} and has {:?}",
                before.flags,
                now.flags
            );
        }
        ensure!(
            self.client.known.len() <= told.len() + unknown,
            "messages are there that were not told of"
        );
        ensure!(
            self.client.uids.iter().all(|uid| *uid != 0),
            "a message has no UID"
        );
        if let Some(old) = self.old.take() {
            let fresh = self.client.known.clone();
            self.client.known = old.known;
            self.client.highest = old.highest;
            self.client.select(&mailbox, true)?;
            let flags = |known: &std::collections::BTreeMap<u32, Known>| -> Vec<(u32, Option<Vec<String>>)> {
                known.iter().map(|(uid, known)| (*uid, known.flags.clone())).collect()
            };
            ensure!(
                flags(&self.client.known) == flags(&fresh),
                "QRESYNC makes something else of an old state than what is there"
            );
            self.count("qresync from an old state");
        }
        Ok(())
    }
}
