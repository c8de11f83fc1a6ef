//! `SEARCH`, `SORT` and `THREAD`: keys and options (RFC 9051 §6.4.4, RFC 4731, 5182, 5032, 5256, 7162, 8474, 8514, 9394).

use super::cursor::{Cursor, Parsed, SyntaxError, bad};
use super::date;
use super::set::SequenceSet;
use super::{DEPTH_LIMIT, ITEMS_LIMIT};

/// A field of the envelope that text is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub enum Field {
    Bcc,
    Cc,
    From,
    Subject,
    To,
}

/// What a date is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOf {
    /// When it arrived (INTERNALDATE).
    Internal,
    /// The `Date` field.
    Sent,
    /// When it was put into this mailbox (SAVEDATE).
    Saved,
}

/// How a date is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateIs {
    /// Earlier than that day.
    Before,
    /// On that day.
    On,
    /// On that day or later.
    Since,
}

/// What a message must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchKey {
    /// Any message.
    All,
    /// Has a system flag (its bit), or hasn't.
    Flag(u8, bool),
    /// Has a keyword, or hasn't.
    Keyword(String, bool),
    /// Is `\Recent`, or isn't: no message is.
    Recent(bool),
    /// A date, in days since 1970.
    Date(DateOf, DateIs, i64),
    /// `SAVEDATESUPPORTED`
    SaveDateSupported,
    /// Arrived within so many seconds (`YOUNGER`), or longer ago (`OLDER`).
    Within {
        /// `YOUNGER`
        younger: bool,
        /// The seconds.
        seconds: u32,
    },
    /// Text in an address field or the subject.
    Field(Field, String),
    /// Text in a header field of this name.
    Header(String, String),
    /// Text in the body.
    Body(String),
    /// Text in header or body.
    Text(String),
    /// More bytes than.
    Larger(u64),
    /// Fewer bytes than.
    Smaller(u64),
    /// UIDs.
    Uid(SequenceSet),
    /// Sequence numbers.
    Sequence(SequenceSet),
    /// Changed since, this state included.
    ModSeq(u64),
    /// Object ids.
    EmailId(String),
    /// Of threads.
    ThreadId(String),
    /// Not.
    Not(Box<SearchKey>),
    /// Either.
    Or(Box<SearchKey>, Box<SearchKey>),
    /// All of them.
    And(Vec<SearchKey>),
}

impl SearchKey {
    /// Whether MODSEQ is asked for, in which case the answer tells the highest (RFC 7162 §3.1.5).
    pub fn asks_modseq(&self) -> bool {
        match self {
            Self::ModSeq(_) => true,
            Self::Not(key) => key.asks_modseq(),
            Self::Or(one, other) => one.asks_modseq() || other.asks_modseq(),
            Self::And(keys) => keys.iter().any(Self::asks_modseq),
            _ => false,
        }
    }
}

/// What of the result is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnOption {
    /// The lowest.
    Min,
    /// The highest.
    Max,
    /// All.
    All,
    /// How many.
    Count,
    /// Keep it as `$`.
    Save,
    /// From the first to the second of the result, counted from 1, or from its end if negative.
    Partial(i64, i64),
}

/// `SEARCH`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchCommand {
    /// Whether the answer has UIDs.
    pub uid: bool,
    /// `RETURN (…)`; `None` if it isn't there.
    pub returns: Option<Vec<ReturnOption>>,
    /// What is looked for.
    pub key: SearchKey,
}

/// What messages are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the key of its name")]
pub enum SortKey {
    Arrival,
    Cc,
    Date,
    From,
    Size,
    Subject,
    To,
}

/// `SORT`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortCommand {
    /// Whether the answer has UIDs.
    pub uid: bool,
    /// `RETURN (…)`
    pub returns: Option<Vec<ReturnOption>>,
    /// Keys, the first deciding first; whether each is reversed.
    pub by: Vec<(SortKey, bool)>,
    /// What is looked for.
    pub key: SearchKey,
}

/// How threads are made (RFC 5256 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threading {
    /// By subject and time.
    OrderedSubject,
    /// By `References` and `In-Reply-To`.
    References,
}

/// What stands after `SEARCH`.
pub(super) fn search(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<SearchCommand> {
    cursor.sp()?;
    let returns = returns(cursor)?;
    if cursor.word("CHARSET") {
        cursor.sp()?;
        charset(cursor)?;
        cursor.sp()?;
    }
    Ok(SearchCommand {
        uid,
        returns,
        key: keys(cursor)?,
    })
}

/// What stands after `SORT`.
pub(super) fn sort(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<SortCommand> {
    cursor.sp()?;
    let returns = returns(cursor)?;
    let mut by = Vec::new();
    let mut reverse = false;
    cursor.list(|cursor| {
        if cursor.word("REVERSE") {
            reverse = true;
            return Ok(());
        }
        by.push((sort_key(cursor)?, reverse));
        reverse = false;
        Ok(())
    })?;
    if by.is_empty() || reverse {
        return bad("SORT names no key");
    }
    cursor.sp()?;
    charset(cursor)?;
    cursor.sp()?;
    Ok(SortCommand {
        uid,
        returns,
        by,
        key: keys(cursor)?,
    })
}

fn sort_key(cursor: &mut Cursor<'_>) -> Parsed<SortKey> {
    for (name, key) in [
        ("ARRIVAL", SortKey::Arrival),
        ("CC", SortKey::Cc),
        ("DATE", SortKey::Date),
        ("FROM", SortKey::From),
        ("SIZE", SortKey::Size),
        ("SUBJECT", SortKey::Subject),
        ("TO", SortKey::To),
    ] {
        if cursor.word(name) {
            return Ok(key);
        }
    }
    bad("this key of SORT is not known")
}

/// What stands after `THREAD`.
pub(super) fn thread(cursor: &mut Cursor<'_>) -> Parsed<(Threading, SearchKey)> {
    cursor.sp()?;
    let how = if cursor.word("REFERENCES") {
        Threading::References
    } else if cursor.word("ORDEREDSUBJECT") {
        Threading::OrderedSubject
    } else {
        return bad("this way of threading is not known");
    };
    cursor.sp()?;
    charset(cursor)?;
    cursor.sp()?;
    Ok((how, keys(cursor)?))
}

fn charset(cursor: &mut Cursor<'_>) -> Parsed<()> {
    let name = cursor.astring()?;
    let known = ["UTF-8", "US-ASCII", "ASCII", "UTF8"]
        .iter()
        .any(|own| own.as_bytes().eq_ignore_ascii_case(&name));
    if known {
        Ok(())
    } else {
        Err(SyntaxError::BadCharset)
    }
}

fn returns(cursor: &mut Cursor<'_>) -> Parsed<Option<Vec<ReturnOption>>> {
    if !cursor.word("RETURN") {
        return Ok(None);
    }
    cursor.sp()?;
    let mut out = cursor.list(|cursor| {
        for (name, option) in [
            ("MIN", ReturnOption::Min),
            ("MAX", ReturnOption::Max),
            ("ALL", ReturnOption::All),
            ("COUNT", ReturnOption::Count),
            ("SAVE", ReturnOption::Save),
        ] {
            if cursor.word(name) {
                return Ok(option);
            }
        }
        if cursor.word("PARTIAL") {
            cursor.sp()?;
            return partial(cursor);
        }
        bad("this option of RETURN is not known")
    })?;
    let partial = out
        .iter()
        .any(|one| matches!(one, ReturnOption::Partial(..)));
    if partial && out.contains(&ReturnOption::All) {
        // RFC 9394 §3.1
        return bad("ALL and PARTIAL exclude each other");
    }
    if out.is_empty() {
        // RFC 4731 §3.1
        out.push(ReturnOption::All);
    }
    cursor.sp()?;
    Ok(Some(out))
}

/// `partial-range`: `1:100`, `-1:-100`
fn partial(cursor: &mut Cursor<'_>) -> Parsed<ReturnOption> {
    let mut ends = [0i64; 2];
    let negative = cursor.peek() == Some(b'-');
    for (at, end) in ends.iter_mut().enumerate() {
        if at > 0 {
            cursor.need(b':', "PARTIAL is like 1:100")?;
        }
        if negative {
            cursor.need(b'-', "both ends of PARTIAL count from the same side")?;
        }
        *end = i64::from(cursor.nz_number()?);
    }
    let [from, to] = ends;
    let (low, high) = (from.min(to), from.max(to));
    Ok(if negative {
        ReturnOption::Partial(-low, -high)
    } else {
        ReturnOption::Partial(low, high)
    })
}

fn keys(cursor: &mut Cursor<'_>) -> Parsed<SearchKey> {
    let mut budget = ITEMS_LIMIT;
    let mut all = vec![key(cursor, 0, &mut budget)?];
    while cursor.eat(b' ') {
        if cursor.at_end() {
            break;
        }
        all.push(key(cursor, 0, &mut budget)?);
    }
    Ok(one_or_and(all))
}

fn one_or_and(mut all: Vec<SearchKey>) -> SearchKey {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        Some(last) => {
            all.push(last);
            SearchKey::And(all)
        }
        None => SearchKey::All,
    }
}

fn key(cursor: &mut Cursor<'_>, depth: usize, budget: &mut usize) -> Parsed<SearchKey> {
    if depth > DEPTH_LIMIT {
        return bad("the search is nested too deep");
    }
    match budget.checked_sub(1) {
        Some(left) => *budget = left,
        None => return bad("the search has too many keys"),
    }
    match cursor.peek() {
        Some(b'(') => {
            cursor.eat(b'(');
            let mut all = vec![key(cursor, depth + 1, budget)?];
            while cursor.eat(b' ') {
                all.push(key(cursor, depth + 1, budget)?);
            }
            cursor.need(b')', "a ) is missing")?;
            return Ok(one_or_and(all));
        }
        Some(b'0'..=b'9' | b'*' | b'$') => {
            return Ok(SearchKey::Sequence(SequenceSet::parse(cursor)?));
        }
        _ => {}
    }
    if cursor.word("NOT") {
        cursor.sp()?;
        return Ok(SearchKey::Not(Box::new(key(cursor, depth + 1, budget)?)));
    }
    if cursor.word("OR") {
        cursor.sp()?;
        let one = key(cursor, depth + 1, budget)?;
        cursor.sp()?;
        let other = key(cursor, depth + 1, budget)?;
        return Ok(SearchKey::Or(Box::new(one), Box::new(other)));
    }
    let name = cursor.atom_upper()?;
    if let Some(key) = plain(&name) {
        return Ok(key);
    }
    cursor.sp()?;
    with_argument(&name, cursor)
}

/// Keys without an argument.
fn plain(name: &str) -> Option<SearchKey> {
    const SEEN: u8 = 1;
    const ANSWERED: u8 = 2;
    const FLAGGED: u8 = 4;
    const DELETED: u8 = 8;
    const DRAFT: u8 = 16;
    Some(match name {
        "ALL" => SearchKey::All,
        "ANSWERED" => SearchKey::Flag(ANSWERED, true),
        "UNANSWERED" => SearchKey::Flag(ANSWERED, false),
        "DELETED" => SearchKey::Flag(DELETED, true),
        "UNDELETED" => SearchKey::Flag(DELETED, false),
        "DRAFT" => SearchKey::Flag(DRAFT, true),
        "UNDRAFT" => SearchKey::Flag(DRAFT, false),
        "FLAGGED" => SearchKey::Flag(FLAGGED, true),
        "UNFLAGGED" => SearchKey::Flag(FLAGGED, false),
        "SEEN" => SearchKey::Flag(SEEN, true),
        "UNSEEN" => SearchKey::Flag(SEEN, false),
        "RECENT" => SearchKey::Recent(true),
        "OLD" => SearchKey::Recent(false),
        // RFC 3501 §6.4.4: RECENT UNSEEN.
        "NEW" => SearchKey::And(vec![SearchKey::Recent(true), SearchKey::Flag(SEEN, false)]),
        "SAVEDATESUPPORTED" => SearchKey::SaveDateSupported,
        _ => return None,
    })
}

fn with_argument(name: &str, cursor: &mut Cursor<'_>) -> Parsed<SearchKey> {
    let dated = match name {
        "BEFORE" => Some((DateOf::Internal, DateIs::Before)),
        "ON" => Some((DateOf::Internal, DateIs::On)),
        "SINCE" => Some((DateOf::Internal, DateIs::Since)),
        "SENTBEFORE" => Some((DateOf::Sent, DateIs::Before)),
        "SENTON" => Some((DateOf::Sent, DateIs::On)),
        "SENTSINCE" => Some((DateOf::Sent, DateIs::Since)),
        "SAVEDBEFORE" => Some((DateOf::Saved, DateIs::Before)),
        "SAVEDON" => Some((DateOf::Saved, DateIs::On)),
        "SAVEDSINCE" => Some((DateOf::Saved, DateIs::Since)),
        _ => None,
    };
    if let Some((of, is)) = dated {
        return Ok(SearchKey::Date(of, is, date::date(cursor)?));
    }
    Ok(match name {
        "BCC" => SearchKey::Field(Field::Bcc, cursor.text()?),
        "CC" => SearchKey::Field(Field::Cc, cursor.text()?),
        "FROM" => SearchKey::Field(Field::From, cursor.text()?),
        "SUBJECT" => SearchKey::Field(Field::Subject, cursor.text()?),
        "TO" => SearchKey::Field(Field::To, cursor.text()?),
        "BODY" => SearchKey::Body(cursor.text()?),
        "TEXT" => SearchKey::Text(cursor.text()?),
        "HEADER" => {
            let field = cursor.text()?;
            cursor.sp()?;
            SearchKey::Header(field, cursor.text()?)
        }
        "KEYWORD" => SearchKey::Keyword(cursor.atom()?.to_string(), true),
        "UNKEYWORD" => SearchKey::Keyword(cursor.atom()?.to_string(), false),
        "LARGER" => SearchKey::Larger(cursor.number64()?),
        "SMALLER" => SearchKey::Smaller(cursor.number64()?),
        "YOUNGER" | "OLDER" => SearchKey::Within {
            younger: name == "YOUNGER",
            seconds: cursor.nz_number()?,
        },
        "UID" => SearchKey::Uid(SequenceSet::parse(cursor)?),
        "EMAILID" => SearchKey::EmailId(cursor.atom()?.to_string()),
        "THREADID" => SearchKey::ThreadId(cursor.atom()?.to_string()),
        "MODSEQ" => modseq(cursor)?,
        _ => return bad("this key of SEARCH is not known"),
    })
}

/// `MODSEQ ["/flags/…" ("priv" | "shared" | "all")] 620162338`: one MODSEQ is kept for all of a message's flags.
fn modseq(cursor: &mut Cursor<'_>) -> Parsed<SearchKey> {
    if cursor.peek() == Some(b'"') {
        cursor.string()?;
        cursor.sp()?;
        if !["priv", "shared", "all"]
            .iter()
            .any(|kind| cursor.word(kind))
        {
            return bad("MODSEQ's entry is of the kind priv, shared or all");
        }
        cursor.sp()?;
    }
    Ok(SearchKey::ModSeq(cursor.number64()?))
}
