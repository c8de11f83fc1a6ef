//! Answers of an IMAP server, taken apart as far as a client needs that only fetches (RFC 9051 §7).

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// A word, a number, `NIL`, a flag.
    Atom(String),
    /// A quoted string or a literal.
    Text(Vec<u8>),
    /// The literal that went to the sink.
    Message,
}

impl Token {
    /// The text of an atom or string.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Atom(text) => Some(text.clone()),
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// Whether it is this word, in any case.
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Atom(text) if text.eq_ignore_ascii_case(word))
    }
}

/// A line without the announcement of a literal at its end, and the literal's length.
pub fn literal(line: &[u8]) -> (&[u8], Option<u64>) {
    let Some(inner) = line.strip_suffix(b"}") else {
        return (line, None);
    };
    let Some(at) = inner.iter().rposition(|byte| *byte == b'{') else {
        return (line, None);
    };
    let digits = inner.get(at + 1..).unwrap_or_default();
    let length = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.trim_end_matches('+').parse().ok());
    match length {
        Some(length) => (line.get(..at).unwrap_or_default(), Some(length)),
        None => (line, None),
    }
}

/// Takes a line apart. Brackets belong to words: `BODY[]`, `[ALERT]`.
pub fn tokens(line: &[u8], out: &mut Vec<Token>) {
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        at += 1;
        match byte {
            b' ' => {}
            b'(' => out.push(Token::Open),
            b')' => out.push(Token::Close),
            b'"' => {
                let mut text = Vec::new();
                while let Some(byte) = line.get(at) {
                    at += 1;
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            text.extend(line.get(at));
                            at += 1;
                        }
                        other => text.push(*other),
                    }
                }
                out.push(Token::Text(text));
            }
            _ => {
                let rest = line.get(at..).unwrap_or_default();
                let more = rest
                    .iter()
                    .take_while(|b| !matches!(b, b' ' | b'(' | b')' | b'"'))
                    .count();
                let word = line.get(at - 1..at + more).unwrap_or_default();
                out.push(Token::Atom(String::from_utf8_lossy(word).into_owned()));
                at += more;
            }
        }
    }
}

/// For fuzzing: any line is taken apart, and no piece is longer than the line.
pub fn fuzz_answer(bytes: &[u8]) {
    let (line, _) = literal(bytes);
    let mut out = Vec::new();
    tokens(line, &mut out);
    assert!(out.len() <= line.len(), "no more pieces than bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() {
        let mut out = Vec::new();
        tokens(
            b"LIST (\\HasNoChildren \\Sent) \".\" \"INBOX.a \\\"b\\\"\"",
            &mut out,
        );
        let atom = |text: &str| Token::Atom(text.into());
        assert_eq!(
            out,
            [
                atom("LIST"),
                Token::Open,
                atom("\\HasNoChildren"),
                atom("\\Sent"),
                Token::Close,
                Token::Text(b".".to_vec()),
                Token::Text(b"INBOX.a \"b\"".to_vec()),
            ]
        );
        assert_eq!(
            literal(b"* 1 FETCH (BODY[] {12}"),
            (&b"* 1 FETCH (BODY[] "[..], Some(12))
        );
        assert_eq!(literal(b"* OK {x}"), (&b"* OK {x}"[..], None));
    }
}
