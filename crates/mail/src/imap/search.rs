//! SEARCH: by what the view holds where that is enough, by envelopes and bodies where it must be.

use std::collections::{HashMap, HashSet};

use lampion_mailproto::imap::command::{ReturnOption, SearchCommand, SearchKey};
use lampion_mailproto::imap::date::DAY_MS;
use lampion_mailproto::imap::search::{DateIs, DateOf};
use lampion_mailproto::imap::{set, write};
use lampion_mailproto::put;

use super::selected::{Member, Selected};
use super::session::{Answer, Done, Failure, Session};
use super::summary::Summary;
use super::text::{self, Place, Wanted};
use crate::store::{Flags, MessageId};

/// What was learnt of messages beside the view.
#[derive(Default)]
struct Known {
    texts: HashMap<Wanted, HashSet<MessageId>>,
    /// When they were sent, in days since 1970 by the sender's own clock.
    sent: HashMap<MessageId, i64>,
}

/// Sets of a search as ranges.
struct Evaluator<'s> {
    selected: &'s Selected,
    now_ms: i64,
}

impl Evaluator<'_> {
    /// Whether a message matches; `None` if that can't be said without `known`.
    fn matches(&self, key: &SearchKey, member: &Member, known: Option<&Known>) -> Option<bool> {
        let item = &member.item;
        Some(match key {
            SearchKey::All | SearchKey::SaveDateSupported => true,
            SearchKey::Flag(bit, wanted) => item.flags.has(Flags(u16::from(*bit))) == *wanted,
            SearchKey::Keyword(keyword, wanted) => {
                let has = item
                    .keywords
                    .split(' ')
                    .any(|own| own.eq_ignore_ascii_case(keyword));
                has == *wanted
            }
            SearchKey::Recent(wanted) => self.selected.is_recent(item.uid) == *wanted,
            SearchKey::Date(DateOf::Internal, is, day) => {
                on(item.internal_ms.div_euclid(DAY_MS), *is, *day)
            }
            SearchKey::Date(DateOf::Saved, is, day) => {
                on(item.saved_ms.div_euclid(DAY_MS), *is, *day)
            }
            SearchKey::Date(DateOf::Sent, is, day) => {
                let sent = known?.sent.get(&item.message).copied();
                on(
                    sent.unwrap_or_else(|| item.internal_ms.div_euclid(DAY_MS)),
                    *is,
                    *day,
                )
            }
            SearchKey::Within { younger, seconds } => {
                let age = self.now_ms.saturating_sub(item.internal_ms) / 1_000;
                (age <= i64::from(*seconds)) == *younger
            }
            SearchKey::Larger(bytes) => u64::from(item.size_bytes) > *bytes,
            SearchKey::Smaller(bytes) => u64::from(item.size_bytes) < *bytes,
            SearchKey::Uid(set) => set::holds(&self.selected.ranges(set, true), item.uid),
            SearchKey::Sequence(set) => {
                set::holds(&self.selected.ranges(set, false), member.number)
            }
            SearchKey::ModSeq(modseq) => u64::try_from(item.modseq).unwrap_or(0) >= *modseq,
            SearchKey::EmailId(id) => *id == format!("M{}", item.message.0),
            SearchKey::ThreadId(id) => *id == format!("T{}", item.thread),
            SearchKey::Field(..)
            | SearchKey::Header(..)
            | SearchKey::Body(_)
            | SearchKey::Text(_) => {
                let wanted = wanted_of(key)?;
                known?
                    .texts
                    .get(&wanted)
                    .is_some_and(|ids| ids.contains(&item.message))
            }
            SearchKey::Not(key) => !self.matches(key, member, known)?,
            SearchKey::Or(one, other) => {
                match (
                    self.matches(one, member, known),
                    self.matches(other, member, known),
                ) {
                    (Some(true), _) | (_, Some(true)) => true,
                    (Some(false), Some(false)) => false,
                    _ => return None,
                }
            }
            SearchKey::And(keys) => {
                let mut sure = true;
                for key in keys {
                    match self.matches(key, member, known) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => sure = false,
                    }
                }
                return sure.then_some(true);
            }
        })
    }
}

fn on(day: i64, is: DateIs, wanted: i64) -> bool {
    match is {
        DateIs::Before => day < wanted,
        DateIs::On => day == wanted,
        DateIs::Since => day >= wanted,
    }
}

/// The text that a key looks for.
fn wanted_of(key: &SearchKey) -> Option<Wanted> {
    Some(match key {
        SearchKey::Field(field, text) => (Place::Field((*field).into()), text.to_lowercase()),
        SearchKey::Header(name, text) => (
            Place::Header(name.to_ascii_lowercase()),
            text.to_lowercase(),
        ),
        SearchKey::Body(text) => (Place::Body, text.to_lowercase()),
        SearchKey::Text(text) => (Place::Text, text.to_lowercase()),
        _ => return None,
    })
}

/// All texts that a search looks for, and whether it asks when messages were sent.
fn gather(key: &SearchKey, texts: &mut Vec<Wanted>) -> bool {
    match key {
        SearchKey::Not(key) => gather(key, texts),
        SearchKey::Or(one, other) => {
            let sent = gather(one, texts);
            gather(other, texts) || sent
        }
        SearchKey::And(keys) => {
            let mut sent = false;
            for key in keys {
                sent |= gather(key, texts);
            }
            sent
        }
        SearchKey::Date(DateOf::Sent, ..) => true,
        key => {
            if let Some(wanted) = wanted_of(key)
                && !texts.contains(&wanted)
            {
                texts.push(wanted);
            }
            false
        }
    }
}

/// What a search found.
pub(super) enum Found {
    Members(Vec<Member>),
    /// It took too long.
    Late,
}

impl Session {
    /// The messages that match, by number.
    pub(super) async fn find_messages(&mut self, key: &SearchKey) -> Result<Found, Failure> {
        let store = self.store();
        let now_ms = self.shared.mail.kernel().clock.now_ms();
        if key.asks_modseq() {
            self.enable_condstore();
        }
        let Some(selected) = self.selected.as_deref() else {
            return Ok(Found::Members(Vec::new()));
        };
        // Sets are made into ranges once, not for each message.
        let key = &plain_sets(key, selected);
        let evaluator = Evaluator { selected, now_ms };
        let (mut found, mut unsure) = (Vec::new(), Vec::new());
        for at in 0..selected.view.len() {
            let Some(member) = selected.member(at) else {
                continue;
            };
            match evaluator.matches(key, &member, None) {
                Some(true) => found.push(member),
                Some(false) => {}
                None => unsure.push(member),
            }
        }
        if unsure.is_empty() {
            return Ok(Found::Members(found));
        }
        let ids: Vec<MessageId> = unsure.iter().map(|member| member.item.message).collect();
        let mut known = Known::default();
        let mut texts = Vec::new();
        if gather(key, &mut texts) {
            for some in ids.chunks(1_000) {
                for (id, envelope) in store.envelopes(some).await? {
                    if let Some(sent) = Summary::of(&envelope).sent() {
                        let local = sent.unix_ms + i64::from(sent.offset_minutes) * 60_000;
                        known.sent.insert(id, local.div_euclid(DAY_MS));
                    }
                }
            }
        }
        if !texts.is_empty() {
            let account = selected.view.mailbox.account.clone();
            let mail = self.shared.mail.clone();
            match text::find(&mail, &account, &ids, &texts).await? {
                Some(texts) => known.texts = texts,
                None => return Ok(Found::Late),
            }
        }
        let Some(selected) = self.selected.as_deref() else {
            return Ok(Found::Members(Vec::new()));
        };
        let evaluator = Evaluator { selected, now_ms };
        found.extend(
            unsure
                .into_iter()
                .filter(|member| evaluator.matches(key, member, Some(&known)) == Some(true)),
        );
        found.sort_unstable_by_key(|member| member.number);
        Ok(Found::Members(found))
    }

    pub(super) async fn search(&mut self, tag: &str, command: &SearchCommand) -> Done {
        let members = match self.find_messages(&command.key).await? {
            Found::Members(members) => members,
            Found::Late => return Ok(self.late(command.returns.as_deref())),
        };
        self.tell_found(
            tag,
            "SEARCH",
            &members,
            command.uid,
            command.returns.as_deref(),
            command.key.asks_modseq(),
        );
        Answer::done("that is all")
    }

    pub(super) fn late(&mut self, returns: Option<&[ReturnOption]>) -> Answer {
        if returns.is_some_and(|returns| returns.contains(&ReturnOption::Save))
            && let Some(selected) = self.selected.as_mut()
        {
            selected.saved = Vec::new();
        }
        Answer::No(
            "[LIMIT] this takes too long: narrow the search down, by date for example".into(),
        )
    }

    /// The answer to SEARCH or SORT; members in the order of the answer.
    pub(super) fn tell_found(
        &mut self,
        tag: &str,
        name: &str,
        members: &[Member],
        uid: bool,
        returns: Option<&[ReturnOption]>,
        modseq: bool,
    ) {
        let number = |member: &Member| if uid { member.item.uid } else { member.number };
        let all = [ReturnOption::All];
        // RFC 9051 §6.4.4: rev2 has only ESEARCH.
        let returns = match returns {
            None if self.rev2 && name == "SEARCH" => Some(&all[..]),
            returns => returns,
        };
        let Some(returns) = returns else {
            let out = &mut self.wire.out;
            put!(out, "* {name}");
            for member in members {
                put!(out, " {}", number(member));
            }
            let highest = members.iter().map(|member| member.item.modseq).max();
            if let Some(highest) = highest.filter(|_| modseq) {
                put!(out, " (MODSEQ {highest})");
            }
            out.extend_from_slice(b"\r\n");
            return;
        };
        self.save(returns, members);
        if matches!(returns, [ReturnOption::Save]) {
            return;
        }
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* ESEARCH (TAG ");
        write::string(tag.as_bytes(), false, out);
        out.push(b')');
        if uid {
            out.extend_from_slice(b" UID");
        }
        for option in returns {
            match option {
                ReturnOption::Min | ReturnOption::Max => {
                    let (word, one) = if *option == ReturnOption::Min {
                        ("MIN", members.iter().map(number).min())
                    } else {
                        ("MAX", members.iter().map(number).max())
                    };
                    if let Some(one) = one {
                        put!(out, " {word} {one}");
                    }
                }
                ReturnOption::Count => put!(out, " COUNT {}", members.len()),
                ReturnOption::All if !members.is_empty() => {
                    out.extend_from_slice(b" ALL ");
                    write::in_order(members.iter().map(number), out);
                }
                ReturnOption::Partial(from, to) => {
                    put!(out, " PARTIAL ({from}:{to} ");
                    let some = partial(members, *from, *to);
                    if some.is_empty() {
                        out.extend_from_slice(b"NIL");
                    } else {
                        write::in_order(some.iter().map(number), out);
                    }
                    out.push(b')');
                }
                ReturnOption::All | ReturnOption::Save => {}
            }
        }
        if let Some(highest) = highest_of(returns, members, number).filter(|_| modseq) {
            put!(out, " MODSEQ {highest}");
        }
        out.extend_from_slice(b"\r\n");
    }

    /// RFC 5182 §2.1, §2.4
    fn save(&mut self, returns: &[ReturnOption], members: &[Member]) {
        if !returns.contains(&ReturnOption::Save) {
            return;
        }
        let mut uids: Vec<u32> = members.iter().map(|member| member.item.uid).collect();
        uids.sort_unstable();
        let whole = returns
            .iter()
            .any(|option| matches!(option, ReturnOption::All | ReturnOption::Count))
            || returns.len() == 1;
        if !whole {
            let mut some = Vec::new();
            if returns.contains(&ReturnOption::Min) {
                some.extend(uids.first().copied());
            }
            if returns.contains(&ReturnOption::Max) {
                some.extend(uids.last().copied());
            }
            for option in returns {
                if let ReturnOption::Partial(from, to) = option {
                    some.extend(
                        partial(members, *from, *to)
                            .iter()
                            .map(|member| member.item.uid),
                    );
                }
            }
            some.sort_unstable();
            some.dedup();
            uids = some;
        }
        if let Some(selected) = self.selected.as_mut() {
            selected.saved = set::ranges_of(uids);
        }
    }
}

/// The highest change of the messages that are told of: of those that match, unless only the first, the last or some are asked
/// for (RFC 4731 §3.2).
fn highest_of(
    returns: &[ReturnOption],
    members: &[Member],
    number: impl Fn(&Member) -> u32,
) -> Option<i64> {
    let whole = |option: &ReturnOption| matches!(option, ReturnOption::All | ReturnOption::Count);
    let modseq = |member: &Member| member.item.modseq;
    if returns.iter().any(whole) {
        return members.iter().map(modseq).max();
    }
    let told = returns.iter().filter_map(|option| match option {
        ReturnOption::Min => members
            .iter()
            .min_by_key(|member| number(member))
            .map(modseq),
        ReturnOption::Max => members
            .iter()
            .max_by_key(|member| number(member))
            .map(modseq),
        ReturnOption::Partial(from, to) => partial(members, *from, *to).iter().map(modseq).max(),
        _ => None,
    });
    told.max()
}

/// RFC 9394 §3.1: from the first to the second of a result, or counted from its end.
fn partial(members: &[Member], from: i64, to: i64) -> &[Member] {
    let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let (low, high) = if from > 0 {
        (from - 1, to.min(count))
    } else {
        ((count + to).max(0), count + from + 1)
    };
    match (usize::try_from(low), usize::try_from(high)) {
        (Ok(low), Ok(high)) if low < high => members
            .get(low..high.min(members.len()))
            .unwrap_or_default(),
        _ => &[],
    }
}

/// The key with sets that need no look at the mailbox.
fn plain_sets(key: &SearchKey, selected: &Selected) -> SearchKey {
    use lampion_mailproto::imap::{SequenceSet, SetRange};
    let plain = |set: &SequenceSet, uid| {
        let ranges = selected.ranges(set, uid);
        let ranges = ranges.into_iter().map(|(from, to)| SetRange {
            from: Some(from),
            to: Some(to),
        });
        SequenceSet::Ranges(ranges.collect())
    };
    match key {
        SearchKey::Uid(set) => SearchKey::Uid(plain(set, true)),
        SearchKey::Sequence(set) => SearchKey::Sequence(plain(set, false)),
        SearchKey::Not(key) => SearchKey::Not(Box::new(plain_sets(key, selected))),
        SearchKey::Or(one, other) => SearchKey::Or(
            Box::new(plain_sets(one, selected)),
            Box::new(plain_sets(other, selected)),
        ),
        SearchKey::And(keys) => {
            SearchKey::And(keys.iter().map(|key| plain_sets(key, selected)).collect())
        }
        key => key.clone(),
    }
}
