//! From a command's name to its arguments.

use super::command::{
    Body, CopyCommand, Depth, FetchCommand, FetchModifiers, QResync, SelectParams, StatusItem,
    StoreCommand, StoreHow,
};
use super::cursor::{Cursor, Parsed, bad};
use super::set::SequenceSet;
use super::{fetch, list, search};

/// What stands after the tag.
pub(super) fn body(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    let name = cursor.atom_upper()?;
    if let Some(body) = bare(&name) {
        return Ok(body);
    }
    match name.as_str() {
        "UID" => {
            cursor.sp()?;
            let name = cursor.atom_upper()?;
            if name == "EXPUNGE" {
                cursor.sp()?;
                return Ok(Body::Expunge(Some(SequenceSet::parse(cursor)?)));
            }
            match messages(&name, cursor, true) {
                Some(body) => body,
                None => bad("this command is not known with UID"),
            }
        }
        "EXPUNGE" => Ok(Body::Expunge(None)),
        _ => match messages(&name, cursor, false) {
            Some(body) => body,
            None => mailboxes(&name, cursor).unwrap_or_else(|| others(&name, cursor)),
        },
    }
}

/// Commands without arguments.
fn bare(name: &str) -> Option<Body> {
    Some(match name {
        "CAPABILITY" => Body::Capability,
        "NOOP" => Body::Noop,
        "LOGOUT" => Body::Logout,
        "STARTTLS" => Body::StartTls,
        "NAMESPACE" => Body::Namespace,
        "IDLE" => Body::Idle,
        "CHECK" => Body::Check,
        "CLOSE" => Body::Close,
        "UNSELECT" => Body::Unselect,
        _ => return None,
    })
}

/// Commands on messages of the selected mailbox.
fn messages(name: &str, cursor: &mut Cursor<'_>, uid: bool) -> Option<Parsed<Body>> {
    Some(match name {
        "SEARCH" => search::search(cursor, uid).map(Body::Search),
        "SORT" => search::sort(cursor, uid).map(Body::Sort),
        "THREAD" => search::thread(cursor).map(|(how, key)| Body::Thread { uid, how, key }),
        "FETCH" => fetch_command(cursor, uid),
        "STORE" => store(cursor, uid),
        "COPY" | "MOVE" => copy(cursor, uid, name == "MOVE"),
        _ => return None,
    })
}

fn fetch_command(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<Body> {
    cursor.sp()?;
    let set = SequenceSet::parse(cursor)?;
    cursor.sp()?;
    let items = fetch::items(cursor)?;
    let mut modifiers = FetchModifiers::default();
    if cursor.eat(b' ') {
        cursor.list(|cursor| {
            if cursor.word("CHANGEDSINCE") {
                cursor.sp()?;
                modifiers.changed_since = Some(cursor.number64()?);
                Ok(())
            } else if cursor.word("VANISHED") {
                modifiers.vanished = true;
                Ok(())
            } else {
                bad("this modifier of FETCH is not known")
            }
        })?;
        // RFC 7162 §3.2.6
        if modifiers.vanished && (modifiers.changed_since.is_none() || !uid) {
            return bad("VANISHED needs UID FETCH and CHANGEDSINCE");
        }
    }
    Ok(Body::Fetch(FetchCommand {
        uid,
        set,
        items,
        modifiers,
    }))
}

fn store(cursor: &mut Cursor<'_>, uid: bool) -> Parsed<Body> {
    cursor.sp()?;
    let set = SequenceSet::parse(cursor)?;
    cursor.sp()?;
    let mut unchanged_since = None;
    if cursor.peek() == Some(b'(') {
        cursor.list(|cursor| {
            if !cursor.word("UNCHANGEDSINCE") {
                return bad("this modifier of STORE is not known");
            }
            cursor.sp()?;
            unchanged_since = Some(cursor.number64()?);
            Ok(())
        })?;
        cursor.sp()?;
    }
    let how = sign(cursor);
    let silent = cursor.word("FLAGS.SILENT");
    if !silent && !cursor.word("FLAGS") {
        return bad("STORE changes FLAGS or FLAGS.SILENT");
    }
    cursor.sp()?;
    Ok(Body::Store(StoreCommand {
        uid,
        set,
        unchanged_since,
        how,
        silent,
        flags: cursor.flags()?,
    }))
}

fn sign(cursor: &mut Cursor<'_>) -> StoreHow {
    if cursor.eat(b'+') {
        StoreHow::Add
    } else if cursor.eat(b'-') {
        StoreHow::Remove
    } else {
        StoreHow::Replace
    }
}

fn copy(cursor: &mut Cursor<'_>, uid: bool, moves: bool) -> Parsed<Body> {
    cursor.sp()?;
    let set = SequenceSet::parse(cursor)?;
    cursor.sp()?;
    Ok(Body::Copy(CopyCommand {
        uid,
        moves,
        set,
        mailbox: cursor.mailbox()?,
    }))
}

/// Commands on mailboxes.
fn mailboxes(name: &str, cursor: &mut Cursor<'_>) -> Option<Parsed<Body>> {
    let one = |cursor: &mut Cursor<'_>, make: fn(String) -> Body| {
        cursor.sp()?;
        cursor.mailbox().map(make)
    };
    Some(match name {
        "SELECT" | "EXAMINE" => select(cursor, name == "EXAMINE"),
        "CREATE" => create(cursor),
        "DELETE" => one(cursor, Body::Delete),
        "SUBSCRIBE" => one(cursor, Body::Subscribe),
        "UNSUBSCRIBE" => one(cursor, Body::Unsubscribe),
        "GETQUOTAROOT" => one(cursor, Body::GetQuotaRoot),
        "GETACL" => one(cursor, Body::GetAcl),
        "MYRIGHTS" => one(cursor, Body::MyRights),
        "RENAME" => two(cursor, Cursor::mailbox).map(|(from, to)| Body::Rename { from, to }),
        "LIST" => cursor
            .sp()
            .and_then(|()| list::list(cursor))
            .map(Body::List),
        "LSUB" => two(cursor, Cursor::list_mailbox)
            .map(|(reference, pattern)| Body::Lsub { reference, pattern }),
        "STATUS" => status(cursor),
        _ => return None,
    })
}

fn two<'a, T>(
    cursor: &mut Cursor<'a>,
    second: impl FnOnce(&mut Cursor<'a>) -> Parsed<T>,
) -> Parsed<(String, T)> {
    cursor.sp()?;
    let first = cursor.mailbox()?;
    cursor.sp()?;
    Ok((first, second(cursor)?))
}

fn status(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    let (mailbox, items) = two(cursor, |cursor| cursor.list(StatusItem::parse))?;
    if items.is_empty() {
        return bad("STATUS names no item");
    }
    Ok(Body::Status { mailbox, items })
}

fn create(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    cursor.sp()?;
    let mailbox = cursor.mailbox()?;
    let mut special = Vec::new();
    if cursor.eat(b' ') {
        // RFC 6154 §3: (USE (\Drafts \Sent))
        cursor.list(|cursor| {
            if !cursor.word("USE") {
                return bad("this parameter of CREATE is not known");
            }
            cursor.sp()?;
            special = cursor.list(|cursor| {
                cursor.need(b'\\', "a special use begins with \\")?;
                Ok(format!("\\{}", cursor.atom()?))
            })?;
            Ok(())
        })?;
    }
    Ok(Body::Create { mailbox, special })
}

fn select(cursor: &mut Cursor<'_>, read_only: bool) -> Parsed<Body> {
    cursor.sp()?;
    let mailbox = cursor.mailbox()?;
    let mut params = SelectParams::default();
    if cursor.eat(b' ') {
        cursor.list(|cursor| {
            if cursor.word("CONDSTORE") {
                params.condstore = true;
                return Ok(());
            }
            if !cursor.word("QRESYNC") {
                return bad("this parameter of SELECT is not known");
            }
            cursor.sp()?;
            params.qresync = Some(qresync(cursor)?);
            Ok(())
        })?;
    }
    Ok(Body::Select {
        mailbox,
        read_only,
        params,
    })
}

/// RFC 7162 §3.2.5: `(67890007 20050715194045000 41:211,214:541 (1:99 1:99))`
fn qresync(cursor: &mut Cursor<'_>) -> Parsed<QResync> {
    cursor.need(b'(', "a ( is missing")?;
    let uid_validity = cursor.nz_number()?;
    cursor.sp()?;
    let modseq = cursor.number64()?;
    let (mut known, mut pairs) = (None, None);
    while cursor.eat(b' ') {
        if cursor.eat(b'(') {
            let numbers = SequenceSet::parse(cursor)?;
            cursor.sp()?;
            let uids = SequenceSet::parse(cursor)?;
            cursor.need(b')', "a ) is missing")?;
            pairs = Some((numbers, uids));
        } else {
            known = Some(SequenceSet::parse(cursor)?);
        }
    }
    cursor.need(b')', "a ) is missing")?;
    Ok(QResync {
        uid_validity,
        modseq,
        known,
        pairs,
    })
}

/// All other commands.
fn others(name: &str, cursor: &mut Cursor<'_>) -> Parsed<Body> {
    match name {
        "LOGIN" => {
            cursor.sp()?;
            let name = cursor.astring()?;
            cursor.sp()?;
            Ok(Body::Login {
                name,
                password: cursor.astring()?,
            })
        }
        "AUTHENTICATE" => authenticate(cursor),
        "ID" => id(cursor),
        "ENABLE" => {
            let mut all = Vec::new();
            while cursor.eat(b' ') && !cursor.at_end() && all.len() < 32 {
                all.push(cursor.atom_upper()?);
            }
            if all.is_empty() {
                return bad("ENABLE names nothing");
            }
            Ok(Body::Enable(all))
        }
        "COMPRESS" => {
            cursor.sp()?;
            if cursor.word("DEFLATE") {
                Ok(Body::Compress)
            } else {
                bad("only COMPRESS DEFLATE is known")
            }
        }
        "GETQUOTA" => {
            cursor.sp()?;
            cursor.text().map(Body::GetQuota)
        }
        "SETQUOTA" => {
            cursor.sp()?;
            let root = cursor.text()?;
            cursor.sp()?;
            let limits = cursor.list(|cursor| {
                let name = cursor.atom_upper()?;
                cursor.sp()?;
                Ok((name, cursor.number64()?))
            })?;
            Ok(Body::SetQuota { root, limits })
        }
        "GETMETADATA" => get_metadata(cursor),
        "SETMETADATA" => set_metadata(cursor),
        "SETACL" | "DELETEACL" | "LISTRIGHTS" => acl(name, cursor),
        _ => bad("this command is not known"),
    }
}

fn authenticate(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    cursor.sp()?;
    let mechanism = cursor.atom_upper()?;
    let mut initial = None;
    if cursor.eat(b' ') {
        // RFC 4959 §3: base64, or `=` for an empty response.
        let bytes = cursor.take_while(|byte| byte > b' ' && byte < 0x7f);
        initial = Some(if bytes == b"=" {
            Vec::new()
        } else {
            bytes.to_vec()
        });
    }
    Ok(Body::Authenticate { mechanism, initial })
}

fn id(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    cursor.sp()?;
    if cursor.word("NIL") {
        return Ok(Body::Id(Vec::new()));
    }
    let mut field: Option<Vec<u8>> = None;
    let mut all = Vec::new();
    cursor.list(|cursor| {
        let Some(name) = field.take() else {
            field = Some(cursor.string()?);
            return Ok(());
        };
        let value = cursor.nstring()?.unwrap_or_default();
        // RFC 2971 §3.3: at most 30 fields, names of 30 and values of 1,024 bytes.
        if all.len() < 30
            && let (Ok(name), Ok(value)) = (String::from_utf8(name), String::from_utf8(value))
            && name.len() <= 30
            && value.len() <= 1_024
        {
            all.push((name, value));
        }
        Ok(())
    })?;
    if field.is_some() {
        return bad("a field of ID has no value");
    }
    Ok(Body::Id(all))
}

/// RFC 5464 §4.2: `GETMETADATA (MAXSIZE 1024 DEPTH 1) "INBOX" (/private/comment)`; options after the name as well, as the
/// RFC's examples have them.
fn get_metadata(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    cursor.sp()?;
    let (mut max_size, mut depth) = (None, Depth::Zero);
    let mut options = |cursor: &mut Cursor<'_>| {
        cursor.list(|cursor| {
            if cursor.word("MAXSIZE") {
                cursor.sp()?;
                max_size = Some(cursor.number64()?);
                return Ok(());
            }
            if !cursor.word("DEPTH") {
                return bad("this option of GETMETADATA is not known");
            }
            cursor.sp()?;
            for (name, value) in [
                ("0", Depth::Zero),
                ("1", Depth::One),
                ("infinity", Depth::Infinity),
            ] {
                if cursor.word(name) {
                    depth = value;
                    return Ok(());
                }
            }
            bad("DEPTH is 0, 1 or infinity")
        })
    };
    if cursor.peek() == Some(b'(') {
        options(cursor)?;
        cursor.sp()?;
    }
    let mailbox = cursor.mailbox()?;
    cursor.sp()?;
    let mut early = cursor.clone();
    let is_options = early.eat(b'(') && (early.word("MAXSIZE") || early.word("DEPTH"));
    if is_options {
        options(cursor)?;
        cursor.sp()?;
    }
    let entries = if cursor.peek() == Some(b'(') {
        cursor.list(entry)?
    } else {
        vec![entry(cursor)?]
    };
    if entries.is_empty() {
        return bad("GETMETADATA names no entry");
    }
    Ok(Body::GetMetadata {
        mailbox,
        entries,
        max_size,
        depth,
    })
}

/// An entry's name, in lower case (RFC 5464 §3: case doesn't matter).
fn entry(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let name = cursor.text()?.to_ascii_lowercase();
    let fine = name.starts_with('/')
        && name.len() <= 256
        && !name.ends_with('/')
        && !name.contains("//")
        && !name.contains(['*', '%'])
        && name.is_ascii()
        && !name.bytes().any(|byte| byte.is_ascii_control());
    if fine {
        Ok(name)
    } else {
        bad("an entry is named like /private/comment")
    }
}

fn set_metadata(cursor: &mut Cursor<'_>) -> Parsed<Body> {
    cursor.sp()?;
    let mailbox = cursor.mailbox()?;
    cursor.sp()?;
    let entries = cursor.list(|cursor| {
        let name = entry(cursor)?;
        cursor.sp()?;
        Ok((name, cursor.nstring()?))
    })?;
    if entries.is_empty() {
        return bad("SETMETADATA names no entry");
    }
    Ok(Body::SetMetadata { mailbox, entries })
}

fn acl(name: &str, cursor: &mut Cursor<'_>) -> Parsed<Body> {
    let (mailbox, who) = two(cursor, Cursor::text)?;
    match name {
        "DELETEACL" => Ok(Body::DeleteAcl { mailbox, who }),
        "LISTRIGHTS" => Ok(Body::ListRights { mailbox, who }),
        _ => {
            cursor.sp()?;
            let text = cursor.text()?;
            let (how, rights) = match text.as_bytes().first() {
                Some(b'+') => (StoreHow::Add, text.get(1..)),
                Some(b'-') => (StoreHow::Remove, text.get(1..)),
                _ => (StoreHow::Replace, Some(text.as_str())),
            };
            let rights = rights.unwrap_or_default().to_string();
            if !rights
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            {
                return bad("rights are lower-case letters and digits");
            }
            Ok(Body::SetAcl {
                mailbox,
                who,
                how,
                rights,
            })
        }
    }
}
