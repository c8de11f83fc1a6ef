//! What the fuzz targets call; it has the name of its target.

use super::{COMMAND_LIMIT, Command, Event, Reader};

/// Reads bytes as a client's side of a conversation: whatever comes, no panic, and no more memory than is allowed.
/// The first byte chooses how the bytes are cut, which must not matter.
pub fn fuzz_imap_command(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else {
        return;
    };
    let step = usize::from(*cut % 64) + 1;
    let whole = read(bytes, bytes.len().max(1), cut & 64 != 0);
    let cut = read(bytes, step, cut & 64 != 0);
    assert_eq!(whole, cut, "how bytes arrive changed what they mean");
}

/// What came of the bytes: commands, and how many bytes of messages.
fn read(bytes: &[u8], step: usize, utf8: bool) -> (Vec<String>, usize) {
    let mut reader = Reader::default();
    if utf8 {
        reader.set_utf8();
        reader.set_limit(COMMAND_LIMIT);
    }
    let (mut out, mut content) = (Vec::new(), 0);
    for piece in bytes.chunks(step) {
        let mut rest = piece;
        // Each round uses bytes or ends a state; the bound is only for the fuzzer to notice a standstill.
        for _round in 0..rest.len() * 4 + 16 {
            let (used, event) = reader.feed(rest);
            rest = rest.get(used..).unwrap_or_default();
            match event {
                None if used == 0 => break,
                None => {}
                Some(Event::Command(command)) => {
                    out.push(format!("{:?}", Command::parse(&command, utf8)));
                }
                Some(Event::Append { head, .. }) => {
                    out.push(format!("{head:?}"));
                    if head.size % 3 == 0 {
                        if reader.refuse().is_err() {
                            return (out, content);
                        }
                    } else {
                        reader.accept();
                    }
                }
                Some(Event::Content(piece)) => content += piece.len(),
                Some(Event::Fatal(_)) => return (out, content),
                Some(event) => out.push(format!("{event:?}")),
            }
        }
        assert!(rest.is_empty(), "bytes are left over");
    }
    (out, content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "a ",
        "FETCH ",
        "1:* ",
        "(",
        ")",
        "\r\n",
        "{3}\r\n",
        "{3+}\r\n",
        "{0}\r\n",
        "{0+}\r\n",
        "~{2+}\r\n",
        "APPEND ",
        "INBOX ",
        "\"",
        "\\",
        "BODY[",
        "]",
        "SEARCH ",
        "NOT ",
        "OR ",
        "UID ",
        "$",
        "STORE ",
        "+FLAGS ",
        "\\Seen",
        "&AOk-",
        "RETURN ",
        "é",
        "17-Jul-1996",
        " ",
        "<0.1>",
        "LIST ",
        "%",
        "*",
    ];

    #[test]
    fn literals_without_a_byte_end_at_once() {
        // Found by fuzzing: what came in the same piece after an empty literal waited for more to come.
        for text in [
            "\x3fa LOGIN mira {0+}\r\n\r\nb NOOP\r\n",
            "\x3fg REPLACE 4 x {0}\r\nabc\r\n",
            "\x3fa LOGIN {0}\r\n {0}\r\n\r\nb NOOP\r\n",
        ] {
            super::fuzz_imap_command(text.as_bytes());
        }
        let whole = b"a LOGIN mira {0+}\r\n\r\nb NOOP\r\n";
        let (read, _) = super::read(whole, whole.len(), false);
        assert_eq!(read.len(), 2, "{read:?}");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            super::fuzz_imap_command(&bytes);
        }

        #[test]
        fn any_words(cut in any::<u8>(), words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)) {
            let mut bytes = vec![cut];
            bytes.extend_from_slice(words.concat().as_bytes());
            super::fuzz_imap_command(&bytes);
        }
    }
}
