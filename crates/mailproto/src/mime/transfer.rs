//! Content transfer encodings (RFC 2045 §6), as streams.

use super::structure::Encoding;

/// Decodes a body that comes in pieces. Never fails: what isn't of the alphabet is passed over (base64) or kept as it
/// stands (quoted-printable).
pub struct Decoder {
    state: State,
}

enum State {
    Identity,
    Base64 {
        bits: u32,
        count: u8,
    },
    Quoted {
        held: Vec<u8>,
        escape: Vec<u8>,
        escaping: bool,
    },
}

/// White space at the end of a line that is held back until it is known whether a line end follows, in bytes.
const MAX_HELD_BYTES: usize = 1_000;

impl Decoder {
    /// A decoder for a body in this encoding; unknown encodings are passed through.
    #[must_use]
    pub fn new(encoding: &Encoding) -> Self {
        let state = match encoding {
            Encoding::Base64 => State::Base64 { bits: 0, count: 0 },
            Encoding::QuotedPrintable => State::Quoted {
                held: Vec::new(),
                escape: Vec::new(),
                escaping: false,
            },
            _ => State::Identity,
        };
        Self { state }
    }

    /// Decodes all of a body at once.
    #[must_use]
    pub fn once(encoding: &Encoding, bytes: &[u8]) -> Vec<u8> {
        let mut decoder = Self::new(encoding);
        let mut out = Vec::with_capacity(bytes.len());
        decoder.push(bytes, &mut out);
        decoder.finish(&mut out);
        out
    }

    /// Decodes the next bytes into `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match &mut self.state {
            State::Identity => out.extend_from_slice(bytes),
            State::Base64 { bits, count } => {
                for byte in bytes {
                    base64(*byte, bits, count, out);
                }
            }
            State::Quoted {
                held,
                escape,
                escaping,
            } => {
                for byte in bytes {
                    quoted(*byte, held, escape, escaping, out);
                }
            }
        }
    }

    /// The body is complete: gives what was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match &mut self.state {
            State::Identity => {}
            State::Base64 { bits, count } => flush(bits, count, out),
            State::Quoted {
                held,
                escape,
                escaping,
            } => {
                // White space at the end of the last line is padding as well.
                held.clear();
                if std::mem::replace(escaping, false) && !escape.is_empty() {
                    out.push(b'=');
                    out.append(escape);
                }
            }
        }
    }
}

fn base64(byte: u8, bits: &mut u32, count: &mut u8, out: &mut Vec<u8>) {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        // Padding ends a run; another may follow, where bodies were joined.
        b'=' => return flush(bits, count, out),
        _ => return,
    };
    *bits = (*bits << 6) | u32::from(value);
    *count += 1;
    if *count == 4 {
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend_from_slice(&[a, b, c]);
        (*bits, *count) = (0, 0);
    }
}

fn flush(bits: &mut u32, count: &mut u8, out: &mut Vec<u8>) {
    match *count {
        2 => out.push((*bits >> 4) as u8),
        3 => {
            let [_, _, a, b] = (*bits >> 2).to_be_bytes();
            out.extend_from_slice(&[a, b]);
        }
        _ => {}
    }
    (*bits, *count) = (0, 0);
}

fn quoted(
    byte: u8,
    held: &mut Vec<u8>,
    escape: &mut Vec<u8>,
    escaping: &mut bool,
    out: &mut Vec<u8>,
) {
    if *escaping {
        return escaped(byte, held, escape, escaping, out);
    }
    match byte {
        b'=' => {
            out.append(held);
            *escaping = true;
        }
        b' ' | b'\t' => {
            if held.len() >= MAX_HELD_BYTES {
                out.append(held);
            }
            held.push(byte);
        }
        // The CR of a line end; the white space before it is padding.
        b'\r' | b'\n' => {
            held.clear();
            out.push(byte);
        }
        _ => {
            out.append(held);
            out.push(byte);
        }
    }
}

fn escaped(
    byte: u8,
    held: &mut Vec<u8>,
    escape: &mut Vec<u8>,
    escaping: &mut bool,
    out: &mut Vec<u8>,
) {
    let blank = escape.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r'));
    match byte {
        // A soft line break, perhaps with padding before the line end.
        b'\n' if blank => {
            escape.clear();
            *escaping = false;
        }
        b' ' | b'\t' | b'\r' if blank && escape.len() < MAX_HELD_BYTES => escape.push(byte),
        _ if byte.is_ascii_hexdigit() && escape.is_empty() => escape.push(byte),
        _ => {
            let first = escape.first().and_then(|b| char::from(*b).to_digit(16));
            let second = char::from(byte).to_digit(16);
            *escaping = false;
            if let (Some(high), Some(low), 1) = (first, second, escape.len()) {
                escape.clear();
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                return;
            }
            // Not an escape: it stays as it stands.
            out.push(b'=');
            out.append(escape);
            quoted(byte, held, escape, escaping, out);
        }
    }
}

/// Longest line of encoded text, in characters (RFC 2045 §6.7, §6.8).
const LINE: usize = 76;

/// Encodes a body that comes in pieces as base64 in lines of 76 characters, each ended by CRLF.
#[derive(Default)]
pub struct Base64Lines {
    held: Vec<u8>,
}

impl Base64Lines {
    /// Encodes the next bytes into `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        let whole = self.held.len() - self.held.len() % (LINE / 4 * 3);
        let rest = self.held.split_off(whole);
        let lines = std::mem::replace(&mut self.held, rest);
        encode_lines(&lines, out);
    }

    /// The body is complete: gives the last line.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        encode_lines(&std::mem::take(&mut self.held), out);
    }
}

fn encode_lines(bytes: &[u8], out: &mut Vec<u8>) {
    use base64::Engine as _;
    for line in bytes.chunks(LINE / 4 * 3) {
        out.extend_from_slice(
            base64::engine::general_purpose::STANDARD
                .encode(line)
                .as_bytes(),
        );
        out.extend_from_slice(b"\r\n");
    }
}

/// Text as quoted-printable with CRLF line ends.
#[must_use]
pub fn quoted_printable(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    for line in text.lines() {
        let bytes = line.as_bytes();
        let mut column = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let last = at + 1 == bytes.len();
            let plain =
                matches!(byte, 33..=60 | 62..=126) || (matches!(byte, b' ' | b'\t') && !last);
            let width = if plain { 1 } else { 3 };
            if column + width > LINE - 1 {
                out.extend_from_slice(b"=\r\n");
                column = 0;
            }
            // "From " and a lone dot at a line's beginning are changed on the way by some.
            let guarded = column == 0
                && (*byte == b'F' && bytes.get(at..).is_some_and(|l| l.starts_with(b"From "))
                    || *byte == b'.');
            if plain && !guarded {
                out.push(*byte);
                column += 1;
            } else {
                out.extend_from_slice(format!("={byte:02X}").as_bytes());
                column += 3;
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}
