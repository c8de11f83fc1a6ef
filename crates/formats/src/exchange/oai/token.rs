//! Resumption tokens (§3.5): a list's arguments and the place where it goes on.

/// The longest token that is read.
pub const MAX_TOKEN_BYTES: usize = 4 << 10;
const VERSION: &str = "1";
const FIELDS: usize = 10;
const CHECK_DIGITS: usize = 16;

/// The last item of a page: the next page begins after it in the order of
/// datestamp, then key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// Milliseconds since 1970; not used for sets.
    pub datestamp_ms: i64,
    /// The record's key, or the set's.
    pub key: String,
}

/// What a token holds. It names nothing that a client could not ask for by
/// arguments, so it is not signed: its check finds tokens that were cut or
/// mistyped, and whoever answers asks for the same rights as at the first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The verb of the list.
    pub verb: String,
    /// The format; empty for sets.
    pub prefix: String,
    /// First millisecond.
    pub from_ms: Option<i64>,
    /// Last millisecond.
    pub until_ms: Option<i64>,
    /// The set.
    pub set: Option<String>,
    /// After which item to go on.
    pub after: Position,
    /// How many items were given before.
    pub given: u64,
    /// How many there were in all, when the list began.
    pub total: Option<u64>,
}

impl Token {
    /// Writes the token in RFC 3986's unreserved characters, for there are
    /// harvesters that forget to encode it.
    #[must_use]
    pub fn encode(&self) -> String {
        fn number(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let fields: [String; FIELDS] = [
            VERSION.to_owned(),
            escaped(&self.verb),
            escaped(&self.prefix),
            number(self.from_ms),
            number(self.until_ms),
            escaped(self.set.as_deref().unwrap_or_default()),
            self.after.datestamp_ms.to_string(),
            escaped(&self.after.key),
            self.given.to_string(),
            number(self.total),
        ];
        let body = fields.join(".");
        let check = check(&body);
        format!("{body}.{check}")
    }

    /// Reads a token; None if it is not one that [`Token::encode`] wrote.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (body, found) = text.rsplit_once('.')?;
        if found != check(body) {
            return None;
        }
        let fields: Vec<&str> = body.split('.').collect();
        let [
            version,
            verb,
            prefix,
            from,
            until,
            set,
            datestamp,
            key,
            given,
            total,
        ] = fields.as_slice()
        else {
            return None;
        };
        if *version != VERSION {
            return None;
        }
        Some(Self {
            verb: unescaped(verb)?,
            prefix: unescaped(prefix)?,
            from_ms: optional(from)?,
            until_ms: optional(until)?,
            set: Some(unescaped(set)?).filter(|set| !set.is_empty()),
            after: Position {
                datestamp_ms: datestamp.parse().ok()?,
                key: unescaped(key)?,
            },
            given: given.parse().ok()?,
            total: optional(total)?,
        })
    }
}

/// None if the text is no number, Some(None) if it is empty.
fn optional<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
    if text.is_empty() {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

fn check(body: &str) -> String {
    let mut hash = blake3::Hasher::new_derive_key("lampion oai-pmh resumption token");
    hash.update(body.as_bytes());
    let hex = hash.finalize().to_hex();
    hex.as_str()
        .get(..CHECK_DIGITS)
        .unwrap_or_default()
        .to_owned()
}

/// Letters, digits, `-` and `_` as they are, other bytes as `~XX`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("~{byte:02X}"));
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('~');
    let mut out: Vec<u8> = parts.next()?.as_bytes().to_vec();
    for part in parts {
        out.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        out.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn tokens()(
            prefix in "[a-z_]{0,12}",
            from_ms in any::<Option<i64>>(),
            until_ms in any::<Option<i64>>(),
            set in proptest::option::of("\\PC{1,20}"),
            datestamp_ms in any::<i64>(),
            key in "\\PC{0,40}",
            given in any::<u64>(),
            total in any::<Option<u64>>(),
        ) -> Token {
            Token {
                verb: "ListRecords".to_owned(),
                prefix, from_ms, until_ms, set,
                after: Position { datestamp_ms, key },
                given, total,
            }
        }
    }

    proptest! {
        #[test]
        fn a_token_reads_as_it_was(token in tokens()) {
            let text = token.encode();
            prop_assert!(text.bytes().all(|one| one.is_ascii_alphanumeric() || b"-_.~".contains(&one)));
            prop_assert_eq!(Token::decode(&text), Some(token));
        }

        #[test]
        fn a_changed_token_is_none(token in tokens(), at in any::<prop::sample::Index>(), to in "[a-z0-9.~]") {
            let text = token.encode();
            let at = at.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &to);
            prop_assert!(changed == text || Token::decode(&changed).is_none());
            prop_assert!(Token::decode(text.get(..at).unwrap()).is_none());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let body = format!("1.{text}");
            let _ = Token::decode(&format!("{body}.{}", check(&body)));
            let _ = unescaped(&text);
        }
    }
}
