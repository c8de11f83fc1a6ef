//! The tokens of CQL.

use super::Diagnostic;
use crate::exchange::diagnostic::Code;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Slash,
    /// `=`, `==`, `<`, `<=`, `<>`, `>`, `>=`.
    Sign(&'static str),
    /// charString1 or charString2, quotes taken off.
    Word {
        text: String,
        quoted: bool,
    },
}

/// Signs, longer ones first.
const SIGNS: [&str; 7] = ["==", "<=", "<>", ">=", "=", "<", ">"];

/// What ends a word without quotes.
pub(super) fn ends_word(one: char) -> bool {
    one.is_whitespace() || "()=<>\"/".contains(one)
}

/// The tokens of a query, each with the byte at which it begins.
pub(super) fn tokens(query: &str) -> Result<Vec<(usize, Token)>, Diagnostic> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = query.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = query.get(at..).unwrap_or_default();
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '/' => (Token::Slash, 1),
            '"' => quoted(rest, at)?,
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => {
                    let length = rest.find(ends_word).unwrap_or(rest.len());
                    let text = rest.get(..length).unwrap_or_default().to_owned();
                    (
                        Token::Word {
                            text,
                            quoted: false,
                        },
                        length,
                    )
                }
            },
        };
        out.push((at, token));
        at += length;
    }
    Ok(out)
}

/// charString2: a backslash keeps the sign after it from its meaning; all backslashes
/// stay in the value but those before a quote.
fn quoted(rest: &str, at: usize) -> Result<(Token, usize), Diagnostic> {
    let mut text = String::new();
    let mut signs = rest.char_indices().skip(1);
    while let Some((place, one)) = signs.next() {
        match one {
            '"' => return Ok((Token::Word { text, quoted: true }, place + 1)),
            '\\' => match signs.next() {
                Some((_, '"')) => text.push('"'),
                Some((_, other)) => {
                    text.push('\\');
                    text.push(other);
                }
                None => break,
            },
            _ => text.push(one),
        }
    }
    Err(Diagnostic::new(
        Code::InvalidQuotes,
        format!("the quote at byte {at} is not closed"),
    ))
}
