//! `LIST` and what extends it (RFC 9051 §6.3.9, RFC 5258, 5819, 6154, 8440, 5464).

use super::ITEMS_LIMIT;
use super::command::StatusItem;
use super::cursor::{Cursor, Parsed, bad};

/// Which mailboxes are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the protocol"
)]
pub struct ListSelect {
    /// `SUBSCRIBED`
    pub subscribed: bool,
    /// `REMOTE`
    pub remote: bool,
    /// `RECURSIVEMATCH`
    pub recursive: bool,
    /// `SPECIAL-USE`
    pub special_use: bool,
}

/// What is told of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the protocol"
)]
pub struct ListReturn {
    /// `SUBSCRIBED`
    pub subscribed: bool,
    /// `CHILDREN`
    pub children: bool,
    /// `SPECIAL-USE`
    pub special_use: bool,
    /// `MYRIGHTS`
    pub my_rights: bool,
    /// `STATUS (…)`
    pub status: Option<Vec<StatusItem>>,
}

/// `LIST`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListCommand {
    /// Whether it is written in the extended way, by options or several patterns.
    pub extended: bool,
    /// Which mailboxes.
    pub select: ListSelect,
    /// Where patterns begin.
    pub reference: String,
    /// Patterns.
    pub patterns: Vec<String>,
    /// What to tell.
    pub returns: ListReturn,
}

/// What stands after `LIST `.
pub(super) fn list(cursor: &mut Cursor<'_>) -> Parsed<ListCommand> {
    let mut out = ListCommand::default();
    if cursor.peek() == Some(b'(') {
        out.extended = true;
        cursor.list(|cursor| select_option(cursor, &mut out.select))?;
        cursor.sp()?;
    }
    let select = out.select;
    if select.recursive && !select.subscribed && !select.special_use {
        // RFC 5258 §3.1: RECURSIVEMATCH needs another option that selects.
        return bad("RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE");
    }
    out.reference = cursor.mailbox()?;
    cursor.sp()?;
    if cursor.peek() == Some(b'(') {
        out.extended = true;
        out.patterns = cursor.list(Cursor::list_mailbox)?;
    } else {
        out.patterns.push(cursor.list_mailbox()?);
    }
    if out.patterns.is_empty() || out.patterns.len() > ITEMS_LIMIT {
        return bad("no pattern is given, or too many");
    }
    if cursor.eat(b' ') {
        if !cursor.word("RETURN") {
            return bad("RETURN is missing");
        }
        cursor.sp()?;
        out.extended = true;
        cursor.list(|cursor| return_option(cursor, &mut out.returns))?;
    }
    Ok(out)
}

fn select_option(cursor: &mut Cursor<'_>, out: &mut ListSelect) -> Parsed<()> {
    for (name, field) in [
        ("SUBSCRIBED", &mut out.subscribed),
        ("REMOTE", &mut out.remote),
        ("RECURSIVEMATCH", &mut out.recursive),
        ("SPECIAL-USE", &mut out.special_use),
    ] {
        if cursor.word(name) {
            *field = true;
            return Ok(());
        }
    }
    bad("this option of LIST is not known")
}

fn return_option(cursor: &mut Cursor<'_>, out: &mut ListReturn) -> Parsed<()> {
    if cursor.word("STATUS") {
        cursor.sp()?;
        out.status = Some(cursor.list(StatusItem::parse)?);
        return Ok(());
    }
    for (name, field) in [
        ("SUBSCRIBED", &mut out.subscribed),
        ("CHILDREN", &mut out.children),
        ("SPECIAL-USE", &mut out.special_use),
        ("MYRIGHTS", &mut out.my_rights),
    ] {
        if cursor.word(name) {
            *field = true;
            return Ok(());
        }
    }
    bad("this option of RETURN is not known")
}

/// Whether a name matches a pattern: `*` stands for anything, `%` for anything without `/`.
///
/// Both are walked with one point to return to for each kind of wildcard, so time is bounded by the product of the lengths.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Row by row: which beginnings of the name the pattern's beginning matches.
    let mut row = vec![false; name.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for piece in &pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            let before = at.checked_sub(1).and_then(|at| name.get(at));
            let here = row.get(at).copied().unwrap_or(false);
            let earlier = at
                .checked_sub(1)
                .and_then(|at| next.get(at))
                .copied()
                .unwrap_or(false);
            let diagonal = at
                .checked_sub(1)
                .and_then(|at| row.get(at))
                .copied()
                .unwrap_or(false);
            let hit = match piece {
                '*' => here || earlier,
                '%' => here || (earlier && before.is_some_and(|c| *c != '/')),
                c => diagonal && before == Some(c),
            };
            if let Some(slot) = next.get_mut(at) {
                *slot = hit;
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stop_where_they_must() {
        for (pattern, name, hit) in [
            ("*", "a/b", true),
            ("%", "a/b", false),
            ("%", "a", true),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a/*", "a/b/c", true),
            ("%/%", "a/b", true),
            ("", "", true),
            ("", "a", false),
            ("INBOX", "INBOX", true),
            ("*b*", "abc", true),
            ("%b", "a/b", false),
            ("***", "", true),
            ("почта/%", "почта/вход", true),
        ] {
            assert_eq!(matches(pattern, name), hit, "{pattern} {name}");
        }
    }
}
