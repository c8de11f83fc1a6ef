//! Addresses as SMTP writes them (RFC 5321 §4.1.2, RFC 6531 §3.3).

use std::fmt;

/// The longest local part, in bytes (RFC 5321 §4.5.3.1.1 asks for 64; other scripts take more bytes a letter).
pub const LOCAL_LIMIT: usize = 256;
/// The longest domain, in bytes.
pub const DOMAIN_LIMIT: usize = 255;
/// The longest route before an address that is read and left out.
const ROUTE_LIMIT: usize = 512;

/// `Mailbox`: a local part without its quotes, and a domain or address literal as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Before the last `@`, without quoting.
    pub local: String,
    /// After it; empty only for `postmaster` (RFC 5321 §4.1.1.3).
    pub domain: String,
}

/// An address that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form name@domain")]
pub struct NoAddress;

impl Address {
    /// Reads `local@domain`.
    ///
    /// # Errors
    /// [`NoAddress`].
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let (local, rest) = local_part(text)?;
        let domain = rest.strip_prefix('@').ok_or(NoAddress)?;
        if !is_domain(domain) && !is_literal(domain) {
            return Err(NoAddress);
        }
        Ok(Self {
            local,
            domain: domain.into(),
        })
    }

    /// Whether it can be sent without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii() && self.domain.is_ascii()
    }

    /// Whether it lies in `domain`, in whatever case.
    pub fn is_in(&self, domain: &str) -> bool {
        self.domain.eq_ignore_ascii_case(domain)
    }

    /// Whether both are the same mailbox as far as that can be told from outside: the domain's case doesn't matter.
    pub fn is_same(&self, other: &Self) -> bool {
        self.local == other.local && self.is_in(&other.domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            f.write_str(&self.local)?;
        } else {
            f.write_str("\"")?;
            for c in self.local.chars() {
                if matches!(c, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            f.write_str("\"")?;
        }
        if self.domain.is_empty() {
            return Ok(());
        }
        write!(f, "@{}", self.domain)
    }
}

/// `Reverse-path` or `Forward-path` and what follows it; `None` is the null path `<>`. A source route is left out
/// (RFC 5321 §3.3: servers may ignore it).
///
/// # Errors
/// [`NoAddress`].
pub(crate) fn path(text: &str) -> Result<(Option<Address>, &str), NoAddress> {
    let inner = text.strip_prefix('<').ok_or(NoAddress)?;
    if let Some(rest) = inner.strip_prefix('>') {
        return Ok((None, rest));
    }
    let inner = match inner.strip_prefix('@') {
        Some(_) => {
            let (route, rest) = inner.split_once(':').ok_or(NoAddress)?;
            let fits = route.len() <= ROUTE_LIMIT
                && route
                    .split(',')
                    .all(|hop| hop.strip_prefix('@').is_some_and(is_domain));
            if !fits {
                return Err(NoAddress);
            }
            rest
        }
        None => inner,
    };
    let (local, rest) = local_part(inner)?;
    if let Some(rest) = rest.strip_prefix('>') {
        // RFC 5321 §4.5.1: this one is known without a domain.
        if !local.eq_ignore_ascii_case("postmaster") {
            return Err(NoAddress);
        }
        let domain = String::new();
        return Ok((Some(Address { local, domain }), rest));
    }
    let rest = rest.strip_prefix('@').ok_or(NoAddress)?;
    let (domain, rest) = rest.split_once('>').ok_or(NoAddress)?;
    if !is_domain(domain) && !is_literal(domain) {
        return Err(NoAddress);
    }
    let domain = domain.into();
    Ok((Some(Address { local, domain }), rest))
}

/// `Local-part` and what follows it.
fn local_part(text: &str) -> Result<(String, &str), NoAddress> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['@', '>']).ok_or(NoAddress)?;
        let (local, rest) = text.split_at(end);
        if local.len() > LOCAL_LIMIT || !is_dot_string(local) {
            return Err(NoAddress);
        }
        return Ok((local.into(), rest));
    };
    let mut local = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        let plain = match c {
            '"' => {
                let rest = quoted.get(at + 1..).unwrap_or_default();
                return if local.is_empty() {
                    Err(NoAddress)
                } else {
                    Ok((local, rest))
                };
            }
            '\\' => chars.next().map(|(_, c)| c).ok_or(NoAddress)?,
            c => c,
        };
        if plain.is_control() || local.len() >= LOCAL_LIMIT {
            return Err(NoAddress);
        }
        local.push(plain);
    }
    Err(NoAddress)
}

/// `Dot-string`, also in other scripts.
fn is_dot_string(text: &str) -> bool {
    let atext = |c: char| {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_other_script(c)
    };
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(atext))
}

fn is_other_script(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace()
}

/// `Domain`, also with U-labels. Underscores are common in local networks and do no harm.
pub(crate) fn is_domain(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || is_other_script(c);
    !text.is_empty()
        && text.len() <= DOMAIN_LIMIT
        && text.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(fits)
        })
}

/// `address-literal`: only its form is looked at.
pub(crate) fn is_literal(text: &str) -> bool {
    text.len() <= DOMAIN_LIMIT
        && text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|inner| {
                !inner.is_empty()
                    && inner
                        .bytes()
                        .all(|b| b.is_ascii_graphic() && !b"[]\\<>".contains(&b))
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Option<String>, String), NoAddress> {
        path(text).map(|(address, rest)| (address.map(|one| one.to_string()), rest.into()))
    }

    #[test]
    fn paths_are_read_in_all_their_forms() {
        let good = [
            ("<>", None, ""),
            (
                "<mira@hill.internal> SIZE=5",
                Some("mira@hill.internal"),
                " SIZE=5",
            ),
            ("<@a.b,@c.d:joe@e.f>", Some("joe@e.f"), ""),
            ("<\"a b\\\"@x\"@y.z>", Some("\"a b\\\"@x\"@y.z"), ""),
            ("<\"plain\"@y>", Some("plain@y"), ""),
            ("<postmaster>", Some("postmaster"), ""),
            ("<joe@[127.0.0.1]>", Some("joe@[127.0.0.1]"), ""),
            (
                "<joe+tag@[IPv6:fd00::1]>",
                Some("joe+tag@[IPv6:fd00::1]"),
                "",
            ),
            ("<미라@언덕.internal>", Some("미라@언덕.internal"), ""),
        ];
        for (text, address, rest) in good {
            assert_eq!(
                read(text).unwrap(),
                (address.map(Into::into), rest.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let long = format!("<{}@x>", "a".repeat(LOCAL_LIMIT + 1));
        let bad = [
            "",
            "<",
            "a@b",
            "<a@b",
            "<a>",
            "<@b>",
            "<a@>",
            "<a b@c>",
            "<a..b@c>",
            "<.a@c>",
            "<a@b..c>",
            "<a@-b>",
            "<\"a\x07\"@b>",
            "<\"a@b>",
            "<\"\"@b>",
            "<a@b@c>",
            "<a@[b>",
            "<@a:b>",
            "<@a,b:c@d>",
            "<a\u{a0}b@c>",
            &long,
        ];
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(Address::parse("a@b c").is_err() && Address::parse("a@b>").is_err());
        assert!(Address::parse("\"a@b").is_err() && Address::parse("a").is_err());
    }

    #[test]
    fn only_the_domain_is_the_same_in_any_case() {
        let address = |text| Address::parse(text).unwrap();
        assert!(address("a@B.c").is_same(&address("a@b.C")));
        assert!(!address("A@b.c").is_same(&address("a@b.c")));
    }
}
