//! Line ends of messages in files.

/// What a message's lines end with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineEnds {
    /// CR LF.
    pub crlf: u64,
    /// LF without CR before it.
    pub lf: u64,
    /// CR without LF after it.
    pub cr: u64,
    last_cr: bool,
}

impl LineEnds {
    /// Counts further bytes.
    pub fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match (self.last_cr, *byte) {
                (true, b'\n') => self.crlf += 1,
                (false, b'\n') => self.lf += 1,
                (true, _) => self.cr += 1,
                _ => {}
            }
            self.last_cr = *byte == b'\r';
        }
    }

    /// Whether a file's message is kept with CR LF for its LF: it has no CR LF of its own.
    pub fn to_crlf(&self) -> bool {
        self.crlf == 0 && self.lf > 0
    }

    /// Whether a message goes out with LF for its CR LF: only if reading gives the same message again.
    pub fn to_lf(&self) -> bool {
        self.crlf > 0 && self.lf == 0 && self.cr == 0 && !self.last_cr
    }
}

/// Bytes with CR LF for LF. Only for messages without CR LF: nothing is looked back for.
pub fn to_crlf(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
}

/// Bytes with LF for CR LF. Only for messages in which every CR is before an LF.
pub fn to_lf(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().filter(|byte| **byte != b'\r'));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> LineEnds {
        let mut ends = LineEnds::default();
        for byte in text {
            ends.count(&[*byte]);
        }
        ends
    }

    #[test]
    fn what_goes_out_comes_in_as_it_was() {
        for kept in [
            &b"a\r\nb\r\n"[..],
            b"a\nb\r\n",
            b"a\rb\r\n",
            b"",
            b"a",
            b"a\r\n\r",
            b"\r\r\n",
        ] {
            let ends = of(kept);
            let mut out = Vec::new();
            if ends.to_lf() {
                to_lf(kept, &mut out);
            } else {
                out = kept.to_vec();
            }
            let mut again = Vec::new();
            if of(&out).to_crlf() {
                to_crlf(&out, &mut again);
            } else {
                again = out;
            }
            assert_eq!(again, kept, "{kept:?}");
        }
    }
}
