//! Commands of a client (RFC 5321 §4.1.1, RFC 2033, RFC 3030, RFC 3207, RFC 4954).

use super::address::{is_domain, is_literal};

/// One command, with what follows its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Ehlo(&'a str),
    Helo(&'a str),
    Lhlo(&'a str),
    Mail(&'a str),
    Rcpt(&'a str),
    Data,
    Bdat {
        size: u64,
        last: bool,
    },
    Rset,
    Noop,
    Quit,
    Help,
    Vrfy,
    Expn,
    StartTls,
    Auth {
        mechanism: String,
        initial: Option<&'a str>,
    },
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandFault {
    /// Its word is not known.
    Unknown,
    /// Its arguments make no sense: how it is written.
    Syntax(&'static str),
}

impl<'a> Command<'a> {
    pub(crate) fn parse(line: &'a str) -> Result<Self, CommandFault> {
        let line = line.trim_end_matches([' ', '\t']);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let alone = |command| {
            if rest.is_empty() {
                Ok(command)
            } else {
                Err(CommandFault::Syntax("no argument is allowed"))
            }
        };
        match word.to_ascii_uppercase().as_str() {
            "EHLO" => hello(rest).map(Self::Ehlo),
            "HELO" => hello(rest).map(Self::Helo),
            "LHLO" => hello(rest).map(Self::Lhlo),
            "MAIL" => Ok(Self::Mail(rest)),
            "RCPT" => Ok(Self::Rcpt(rest)),
            "DATA" => alone(Self::Data),
            "BDAT" => chunk(rest),
            "RSET" => alone(Self::Rset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => alone(Self::Quit),
            "HELP" => Ok(Self::Help),
            "VRFY" => Ok(Self::Vrfy),
            "EXPN" => Ok(Self::Expn),
            "STARTTLS" => alone(Self::StartTls),
            "AUTH" => {
                let mut words = rest.split(' ');
                let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
                let initial = words.next();
                if mechanism.is_empty() || words.next().is_some() {
                    return Err(CommandFault::Syntax("AUTH mechanism [initial response]"));
                }
                Ok(Self::Auth { mechanism, initial })
            }
            _ => Err(CommandFault::Unknown),
        }
    }
}

/// The name of a greeting. Programs say whatever their machine is called, so only what could do harm is refused.
fn hello(name: &str) -> Result<&str, CommandFault> {
    if is_domain(name) || is_literal(name) {
        Ok(name)
    } else {
        Err(CommandFault::Syntax("EHLO your-host-name"))
    }
}

fn chunk(rest: &str) -> Result<Command<'_>, CommandFault> {
    let wrong = CommandFault::Syntax("BDAT size [LAST]");
    let (size, last) = match rest.split_once(' ') {
        Some((size, word)) if word.eq_ignore_ascii_case("LAST") => (size, true),
        Some(_) => return Err(wrong),
        None => (rest, false),
    };
    if size.is_empty() || size.len() > 18 || !size.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong);
    }
    let size = size.parse().map_err(|_| wrong)?;
    Ok(Command::Bdat { size, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_in_any_case() {
        assert_eq!(
            Command::parse("ehlo [127.0.0.1]"),
            Ok(Command::Ehlo("[127.0.0.1]"))
        );
        assert_eq!(
            Command::parse("Bdat 12 last"),
            Ok(Command::Bdat {
                size: 12,
                last: true
            })
        );
        assert_eq!(Command::parse("data  "), Ok(Command::Data));
        assert_eq!(
            Command::parse("auth plain ="),
            Ok(Command::Auth {
                mechanism: "PLAIN".into(),
                initial: Some("=")
            })
        );
        for bad in [
            "DATA x",
            "BDAT",
            "BDAT x",
            "BDAT 1 x",
            "BDAT 99999999999999999999",
            "BDAT -1",
            "EHLO",
            "EHLO a b",
            "AUTH",
            "QUIT now",
        ] {
            assert!(
                matches!(Command::parse(bad), Err(CommandFault::Syntax(_))),
                "{bad}"
            );
        }
        for bad in ["", "XYZZY", "\u{130}ELP"] {
            assert_eq!(Command::parse(bad), Err(CommandFault::Unknown), "{bad}");
        }
    }
}
