//! The content of a message on its way in (RFC 5321 §4.5.2) and out. Only CRLF.CRLF ends DATA, and a message with a
//! bare CR, a bare LF or a NUL is refused: what two servers take for the end of a message in different ways lets a
//! sender smuggle a second one through (CVE-2023-51764 and its kin).

use memchr::{memchr2, memchr3};

/// Why a message can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentFault {
    /// A CR that no LF follows.
    BareCr,
    /// An LF without a CR before it.
    BareLf,
    /// A NUL.
    Nul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Behind a CRLF, or at the beginning.
    LineStart,
    /// Within a line.
    Line,
    /// Behind a CR within a line.
    Cr,
    /// Behind a dot at the beginning of a line.
    Dot,
    /// Behind a CR after such a dot.
    DotCr,
}

/// What of the input a message's content was, and whether it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Bytes of the input.
    pub bytes: usize,
    /// CRLF.CRLF has come.
    pub ended: bool,
}

/// Content of DATA on its way in.
#[derive(Debug)]
pub struct Dotted {
    at: At,
    fault: Option<ContentFault>,
}

impl Default for Dotted {
    fn default() -> Self {
        Self {
            at: At::LineStart,
            fault: None,
        }
    }
}

impl Dotted {
    /// What is wrong with it so far. It goes on to its end all the same, or the rest would be taken for commands.
    pub fn fault(&self) -> Option<ContentFault> {
        self.fault
    }

    /// Takes what belongs to the content, and adds it to `out` without the dots that the client doubled.
    pub fn take(&mut self, input: &[u8], out: &mut Vec<u8>) -> Taken {
        let mut bytes = 0;
        while let Some(rest) = input.get(bytes..).filter(|rest| !rest.is_empty()) {
            if self.at == At::Line {
                let run = memchr3(b'\r', b'\n', 0, rest).unwrap_or(rest.len());
                out.extend_from_slice(rest.get(..run).unwrap_or_default());
                bytes += run;
                let Some(_) = rest.get(run) else { break };
            }
            let Some(byte) = input.get(bytes).copied() else {
                break;
            };
            bytes += 1;
            if self.step(byte, out) {
                return Taken { bytes, ended: true };
            }
        }
        Taken {
            bytes,
            ended: false,
        }
    }

    /// One byte; whether it was the last.
    fn step(&mut self, byte: u8, out: &mut Vec<u8>) -> bool {
        match (self.at, byte) {
            (At::LineStart, b'.') => self.at = At::Dot,
            (At::Dot, b'\r') => self.at = At::DotCr,
            // A dot that the client doubled, or should have: RFC 5321 §4.5.2 has it taken away either way.
            (At::Dot, byte) => self.within(byte, out),
            (At::DotCr, b'\n') => return true,
            (At::DotCr, byte) => {
                self.fail(ContentFault::BareCr);
                self.within(byte, out);
            }
            (At::Cr, b'\n') => {
                out.extend_from_slice(b"\r\n");
                self.at = At::LineStart;
            }
            (At::Cr, byte) => {
                self.fail(ContentFault::BareCr);
                self.within(byte, out);
            }
            (At::LineStart | At::Line, byte) => self.within(byte, out),
        }
        false
    }

    fn within(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.at = At::Line;
        match byte {
            b'\r' => self.at = At::Cr,
            b'\n' => self.fail(ContentFault::BareLf),
            0 => self.fail(ContentFault::Nul),
            byte => out.push(byte),
        }
    }

    fn fail(&mut self, fault: ContentFault) {
        self.fault.get_or_insert(fault);
    }
}

/// Content of BDAT on its way in (RFC 3030): counted, not dotted, but with the same rules.
#[derive(Debug, Default)]
pub struct Counted {
    cr: bool,
    fault: Option<ContentFault>,
}

impl Counted {
    /// Looks at a piece of the content.
    pub fn look(&mut self, piece: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        let mut rest = piece;
        while let Some((&first, after)) = rest.split_first() {
            if self.cr {
                if first != b'\n' {
                    self.fault = Some(ContentFault::BareCr);
                    return;
                }
                self.cr = false;
                rest = after;
                continue;
            }
            let Some(at) = memchr3(b'\r', b'\n', 0, rest) else {
                return;
            };
            let (_, found) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            match found.first() {
                Some(b'\r') => self.cr = true,
                Some(b'\n') => self.fault = Some(ContentFault::BareLf),
                _ => self.fault = Some(ContentFault::Nul),
            }
            if self.fault.is_some() {
                return;
            }
            rest = found.get(1..).unwrap_or_default();
        }
    }

    /// What is wrong with it whatever follows.
    pub fn certain(&self) -> Option<ContentFault> {
        self.fault
    }

    /// What is wrong with it, now that it is whole.
    pub fn fault(&self) -> Option<ContentFault> {
        self.fault.or(self.cr.then_some(ContentFault::BareCr))
    }
}

/// Content on its way out: each bare CR or LF made a CRLF, and the last line ended. For DATA dots are doubled and the end
/// put on; BDAT counts its content instead.
#[derive(Debug)]
pub struct Stuffer {
    line_start: bool,
    cr: bool,
    dots: bool,
}

impl Default for Stuffer {
    fn default() -> Self {
        Self {
            line_start: true,
            cr: false,
            dots: true,
        }
    }
}

impl Stuffer {
    /// For BDAT (RFC 3030).
    #[must_use]
    pub fn counted() -> Self {
        Self {
            dots: false,
            ..Self::default()
        }
    }

    /// Adds a piece of the content to `out` as it is sent.
    pub fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some((&first, after)) = rest.split_first() {
            if self.cr {
                // The CR waits here until it is known what follows.
                out.extend_from_slice(b"\r\n");
                (self.cr, self.line_start) = (false, true);
                if first == b'\n' {
                    rest = after;
                    continue;
                }
            }
            if self.dots && self.line_start && first == b'.' {
                out.push(b'.');
            }
            let run = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            let (line, end) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            out.extend_from_slice(line);
            self.line_start &= line.is_empty();
            match end.first() {
                Some(b'\r') => self.cr = true,
                Some(_) => {
                    out.extend_from_slice(b"\r\n");
                    self.line_start = true;
                }
                None => {}
            }
            rest = end.get(1..).unwrap_or_default();
        }
    }

    /// Adds the end: for DATA CRLF.CRLF.
    pub fn end(self, out: &mut Vec<u8>) {
        if self.cr || !self.line_start {
            out.extend_from_slice(b"\r\n");
        }
        if self.dots {
            out.extend_from_slice(b".\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is taken of an input in pieces: content, rest, fault; `None` if it hasn't ended.
    fn take(input: &[u8], piece: usize) -> Option<(Vec<u8>, Vec<u8>, Option<ContentFault>)> {
        let (mut dotted, mut out, mut at) = (Dotted::default(), Vec::new(), 0);
        while at < input.len() {
            let end = (at + piece).min(input.len());
            let taken = dotted.take(&input[at..end], &mut out);
            at += taken.bytes;
            if taken.ended {
                return Some((out, input[at..].to_vec(), dotted.fault()));
            }
            assert_eq!(at, end);
        }
        None
    }

    #[test]
    fn dots_are_taken_away_and_only_one_sequence_ends() {
        for piece in 1..20 {
            let (content, rest, fault) =
                take(b"a\r\n..b\r\n.c\r\n...\r\n.\r\nNOOP\r\n", piece).unwrap();
            assert_eq!(content, b"a\r\n.b\r\nc\r\n..\r\n");
            assert_eq!((rest.as_slice(), fault), (&b"NOOP\r\n"[..], None));
            assert_eq!(take(b".\r\n", piece).unwrap().0, b"");
        }
    }

    #[test]
    fn no_other_ending_ends_and_each_is_a_fault() {
        let endings: [&[u8]; 13] = [
            b"\n.\n",
            b"\r.\n",
            b"\n.\r",
            b"\n.\r\n",
            b"\r\n.\n",
            b"\r.\r\n",
            b"\r\n.\r",
            b"\r.\r",
            b"\0\r\n.\r\0\n",
            b"\r\n\0.\r\n",
            b"\r\n.\0\r\n",
            b"\n",
            b"\r",
        ];
        for ending in endings {
            let mut input = b"first".to_vec();
            input.extend_from_slice(ending);
            input.extend_from_slice(b"MAIL FROM:<evil@x>\r\n.\r\nQUIT\r\n");
            for piece in 1..40 {
                let (_, rest, fault) = take(&input, piece).unwrap();
                assert_eq!(rest, b"QUIT\r\n", "{ending:?}");
                assert!(fault.is_some(), "{ending:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(input in "[\r\n.a\0]{0,40}", piece in 1usize..8) {
            prop_assert_eq!(take(input.as_bytes(), input.len().max(1)), take(input.as_bytes(), piece));
        }

        #[test]
        fn what_is_stuffed_comes_out_clean(content in "[\r\n.a]{0,40}", piece in 1usize..8) {
            let (mut stuffer, mut out) = (Stuffer::default(), Vec::new());
            for part in content.as_bytes().chunks(piece) {
                stuffer.write(part, &mut out);
            }
            stuffer.end(&mut out);
            let (came, rest, fault) = take(&out, 1_000).unwrap();
            prop_assert_eq!((rest.len(), fault), (0, None));
            let mut clean = content.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
            if !clean.is_empty() && !clean.ends_with('\n') {
                clean.push_str("\r\n");
            }
            prop_assert_eq!(String::from_utf8(came).unwrap(), &clean[..]);
            let (mut counted, mut out) = (Stuffer::counted(), Vec::new());
            for part in content.as_bytes().chunks(piece) {
                counted.write(part, &mut out);
            }
            counted.end(&mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), clean);
        }

        #[test]
        fn counted_content_has_the_same_faults(content in "[\r\na\0]{0,20}", piece in 1usize..5) {
            let mut counted = Counted::default();
            for part in content.as_bytes().chunks(piece) {
                counted.look(part);
            }
            let mut input = content.clone();
            input.push_str("x\r\n.\r\n");
            prop_assert_eq!(counted.fault(), take(input.as_bytes(), 1_000).unwrap().2);
        }
    }
}
