//! Address lists (RFC 5322 §3.4, RFC 6532), also as they are written in the wild.

use super::words;

/// How many addresses of one field are read.
pub const MAX_ADDRESSES: usize = 5_000;

/// One entry of an address list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A mailbox.
    Mailbox(Mailbox),
    /// A named group, perhaps of nobody: `undisclosed-recipients:;`.
    Group {
        /// The group's name as written.
        name: String,
        /// Who is in it.
        members: Vec<Mailbox>,
    },
}

/// A mailbox: a name for people, and an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The name as written, without quotes; encoded words are left as they are.
    pub name: Option<String>,
    /// The source route, which is no longer used: `@a,@b`.
    pub route: Option<String>,
    /// The part before the `@`, without quotes.
    pub local: String,
    /// The part after it; empty if there was none.
    pub domain: String,
}

impl Mailbox {
    /// The address: `mira@hill.internal`; the local part in quotes if it needs them.
    #[must_use]
    pub fn address(&self) -> String {
        let atext =
            |c: char| c.is_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let dots =
            self.local.starts_with('.') || self.local.ends_with('.') || self.local.contains("..");
        let local = if self.local.chars().all(atext) && !dots && !self.local.is_empty() {
            self.local.clone()
        } else {
            quote(&self.local)
        };
        if self.domain.is_empty() {
            local
        } else {
            format!("{local}@{}", self.domain)
        }
    }

    /// The name, decoded; `None` if there is none that says more than the address.
    #[must_use]
    pub fn display_name(&self) -> Option<String> {
        let name = words::decode(self.name.as_deref()?);
        let name: String = name
            .chars()
            .filter(|c| !super::structure::is_unseen(*c))
            .collect();
        let name = name.trim().trim_matches(['"', '\'']).trim();
        (!name.is_empty() && !name.eq_ignore_ascii_case(&self.address())).then(|| name.to_owned())
    }

    /// The name, or the address if there is none.
    #[must_use]
    pub fn shown(&self) -> String {
        self.display_name().unwrap_or_else(|| self.address())
    }

    /// As a header field has it, the name encoded if it must be.
    #[must_use]
    pub fn to_header(&self) -> String {
        let Some(name) = self.display_name() else {
            return self.address();
        };
        let atext = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(c);
        let phrase = if name.is_ascii() && !name.contains("=?") {
            if name.chars().all(atext) {
                name
            } else {
                quote(&name)
            }
        } else {
            words::encode(&name)
        };
        format!("{phrase} <{}>", self.address())
    }
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// All mailboxes of a list, members of groups too.
#[must_use]
pub fn mailboxes(value: &str) -> Vec<Mailbox> {
    let mut found = Vec::new();
    for address in parse(value) {
        match address {
            Address::Mailbox(mailbox) => found.push(mailbox),
            Address::Group { members, .. } => found.extend(members),
        }
    }
    found
}

/// Reads the value of `From`, `To` and their like. What is no address is an entry whose local part is what stood there.
#[must_use]
pub fn parse(value: &str) -> Vec<Address> {
    let mut parser = Parser {
        chars: value.chars().peekable(),
        left: MAX_ADDRESSES,
    };
    parser.list()
}

struct Parser<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    left: usize,
}

/// What stands before a delimiter: words in order, and comments.
#[derive(Default)]
struct Phrase {
    text: String,
    /// The text without the quotes of quoted strings.
    bare: String,
    comment: Option<String>,
}

/// Deepest nesting of comments.
const MAX_COMMENT_DEPTH: usize = 16;

impl Parser<'_> {
    fn list(&mut self) -> Vec<Address> {
        let mut found = Vec::new();
        // The name and members of the group that is open.
        let mut group: Option<(String, Vec<Mailbox>)> = None;
        while self.left > 0 && self.chars.peek().is_some() {
            let phrase = self.phrase();
            match self.chars.next() {
                Some('<') => {
                    self.left -= 1;
                    let spec = self.angle();
                    // What follows the angle up to the next delimiter says nothing but perhaps a comment.
                    let after = self.after_angle();
                    let mut mailbox = address(&spec);
                    let name = phrase.bare.trim();
                    mailbox.name = Some(name.to_owned())
                        .filter(|n| !n.is_empty())
                        .or(phrase.comment)
                        .or(after);
                    put(mailbox, &mut group, &mut found);
                }
                Some(':') if group.is_none() => {
                    group = Some((phrase.bare.trim().to_owned(), Vec::new()))
                }
                delimiter => {
                    if !phrase.text.trim().is_empty() {
                        self.left -= 1;
                        let mut mailbox = address(&phrase.text);
                        mailbox.name = phrase.comment;
                        put(mailbox, &mut group, &mut found);
                    }
                    if delimiter == Some(';')
                        && let Some((name, members)) = group.take()
                    {
                        found.push(Address::Group { name, members });
                    }
                }
            }
        }
        if let Some((name, members)) = group {
            found.push(Address::Group { name, members });
        }
        found
    }

    /// Reads up to a delimiter, which is left.
    fn phrase(&mut self) -> Phrase {
        let mut phrase = Phrase::default();
        while let Some(c) = self.chars.peek().copied() {
            match c {
                '<' | ',' | ';' => break,
                // A colon is no group's in an address with a port or in a literal.
                ':' if !phrase.text.contains('[') && !phrase.text.contains('@') => break,
                '(' => {
                    let comment = self.comment();
                    phrase.comment = Some(comment).filter(|c| !c.is_empty()).or(phrase.comment);
                    continue;
                }
                '"' => {
                    self.chars.next();
                    let quoted = self.quoted();
                    phrase.text.push_str(&quote(&quoted));
                    phrase.bare.push_str(&quoted);
                    continue;
                }
                '\\' => {
                    self.chars.next();
                    let next = self.chars.next();
                    phrase.text.extend(next);
                    phrase.bare.extend(next);
                    continue;
                }
                _ if c.is_whitespace() => {
                    if !phrase.text.ends_with(' ') && !phrase.text.is_empty() {
                        phrase.text.push(' ');
                        phrase.bare.push(' ');
                    }
                }
                _ => {
                    phrase.text.push(c);
                    phrase.bare.push(c);
                }
            }
            self.chars.next();
        }
        phrase
    }

    /// The rest of a quoted string.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.chars.next() {
            match c {
                '"' => break,
                '\\' => text.extend(self.chars.next()),
                _ => text.push(c),
            }
        }
        text
    }

    fn comment(&mut self) -> String {
        let mut text = String::new();
        let mut depth = 0;
        while let Some(c) = self.chars.next() {
            match c {
                '(' if depth < MAX_COMMENT_DEPTH => {
                    depth += 1;
                    if depth > 1 {
                        text.push(c);
                    }
                }
                ')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    text.push(c);
                }
                '\\' => text.extend(self.chars.next()),
                _ => text.push(c),
            }
        }
        text.trim().to_owned()
    }

    /// What is between angle brackets, quotes and all.
    fn angle(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.chars.next() {
            match c {
                '>' => break,
                '"' => {
                    let quoted = self.quoted();
                    text.push_str(&quote(&quoted));
                }
                // A comment is left out (RFC 5322 §3.4.1); a bracket that is never closed is none.
                '(' if self.closes_before_angle() => {
                    let mut depth = 1;
                    while depth > 0 {
                        match self.chars.next() {
                            Some('(') => depth += 1,
                            Some(')') => depth -= 1,
                            Some('\\') => {
                                self.chars.next();
                            }
                            Some(_) => {}
                            None => break,
                        }
                    }
                }
                _ => text.push(c),
            }
        }
        text
    }

    /// Whether a comment that has begun ends before the angle bracket that closes the address.
    fn closes_before_angle(&self) -> bool {
        let mut depth = 1;
        let mut chars = self.chars.clone();
        while let Some(c) = chars.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => {
                    chars.next();
                }
                '>' => return false,
                _ => {}
            }
            if depth == 0 {
                return true;
            }
        }
        false
    }

    fn after_angle(&mut self) -> Option<String> {
        let mut comment = None;
        while let Some(c) = self.chars.peek() {
            match c {
                ',' => {
                    self.chars.next();
                    break;
                }
                ';' => break,
                '(' => comment = Some(self.comment()).filter(|c| !c.is_empty()),
                _ => {
                    self.chars.next();
                }
            }
        }
        comment
    }
}

fn put(mailbox: Mailbox, group: &mut Option<(String, Vec<Mailbox>)>, found: &mut Vec<Address>) {
    match group {
        Some((_, members)) => members.push(mailbox),
        None => found.push(Address::Mailbox(mailbox)),
    }
}

/// `addr-spec`, perhaps with a route before it.
fn address(spec: &str) -> Mailbox {
    let spec = spec.trim();
    let (route, spec) = match spec.strip_prefix('@').and_then(|_| spec.split_once(':')) {
        Some((route, rest)) => (Some(route.trim().to_owned()), rest),
        None => (None, spec),
    };
    // The last `@` outside quotes.
    let mut quoted = false;
    let mut escaped = false;
    let mut at = None;
    for (position, c) in spec.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '@' if !quoted => at = Some(position),
            _ => {}
        }
    }
    let (local, domain) = match at {
        Some(at) => (
            spec.get(..at).unwrap_or(""),
            spec.get(at + 1..).unwrap_or(""),
        ),
        None => (spec, ""),
    };
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let local = local.trim();
    let local = if local.contains('"') {
        unquote(local)
    } else if at.is_some() {
        squeezed(local)
    } else {
        local.to_owned()
    };
    Mailbox {
        name: None,
        route,
        local,
        domain: squeezed(domain),
    }
}

fn unquote(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {}
            '\\' => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}
