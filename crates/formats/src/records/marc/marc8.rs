//! MARC-8 to Unicode: ISO 2022 with the sets of the MARC 21 specifications.
//!
//! MARC-8 writes a mark before its letter, Unicode after it; what comes out is
//! in Unicode's order and in NFC. The East Asian set (EACC, 16 thousand
//! characters) is not included: each of its characters becomes U+FFFD, and the
//! caller is told how many there were.

use unicode_normalization::UnicodeNormalization;

use super::marc8_tables as tables;

const ESCAPE: u8 = 0x1B;
/// Marks that may wait for one letter; more are passed on as they are.
const MAX_MARKS: usize = 16;

/// What decoding met that it could not do.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Marc8Report {
    /// Characters of the East Asian set, each now U+FFFD.
    pub east_asian: usize,
    /// Bytes that stand for nothing in the set in force, each now U+FFFD.
    pub unknown: usize,
    /// Escape sequences that name no known set; they were dropped.
    pub escapes: usize,
    /// Marks that no letter follows.
    pub loose_marks: usize,
}

/// A set that G0 or G1 can hold.
#[derive(Clone, Copy)]
enum Set {
    Ascii,
    Table(&'static tables::Table),
    EastAsian,
}

/// Extended sets for bytes from 0xA1 on, where no escape sequence says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extended {
    /// MARC 21.
    Ansel,
    /// UNIMARC.
    Iso5426,
}

/// Decodes the bytes of one subfield or field; sets are those in force at the
/// start of a field (ASCII and ANSEL).
pub fn decode(bytes: &[u8]) -> (String, Marc8Report) {
    decode_with(bytes, Extended::Ansel)
}

pub(crate) fn decode_with(bytes: &[u8], extended: Extended) -> (String, Marc8Report) {
    let mut decoder = Decoder {
        g0: Set::Ascii,
        g1: Set::Table(match extended {
            Extended::Ansel => &tables::ANSEL,
            Extended::Iso5426 => &tables::ISO_5426,
        }),
        out: String::with_capacity(bytes.len() + bytes.len() / 4),
        marks: Vec::new(),
        report: Marc8Report::default(),
    };
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = if byte == ESCAPE {
            decoder.escape(tail)
        } else {
            decoder.character(byte, rest)
        };
    }
    decoder.finish()
}

struct Decoder {
    g0: Set,
    g1: Set,
    out: String,
    marks: Vec<char>,
    report: Marc8Report,
}

impl Decoder {
    /// Takes an escape sequence (what follows ESC) and returns what comes after it.
    fn escape<'a>(&mut self, tail: &'a [u8]) -> &'a [u8] {
        let chosen = match tail {
            // Technique 1: one byte, locking, for G0 only.
            [b's', rest @ ..] => Some((false, Set::Ascii, rest)),
            [b'g', rest @ ..] => Some((false, Set::Table(&tables::GREEK_SYMBOLS), rest)),
            [b'b', rest @ ..] => Some((false, Set::Table(&tables::SUBSCRIPTS), rest)),
            [b'p', rest @ ..] => Some((false, Set::Table(&tables::SUPERSCRIPTS), rest)),
            // Technique 2: ISO 2022 designations.
            [b'$', b'(' | b',', b'1', rest @ ..] | [b'$', b'1', rest @ ..] => {
                Some((false, Set::EastAsian, rest))
            }
            [b'$', b')' | b'-', b'1', rest @ ..] => Some((true, Set::EastAsian, rest)),
            [b'(' | b',', rest @ ..] => set_by_final(rest).map(|(set, rest)| (false, set, rest)),
            [b')' | b'-', rest @ ..] => set_by_final(rest).map(|(set, rest)| (true, set, rest)),
            _ => None,
        };
        match chosen {
            Some((true, set, rest)) => {
                self.g1 = set;
                rest
            }
            Some((false, set, rest)) => {
                self.g0 = set;
                rest
            }
            None => {
                self.report.escapes += 1;
                tail
            }
        }
    }

    /// Takes one character from `rest` (not empty, not an escape).
    fn character<'a>(&mut self, byte: u8, rest: &'a [u8]) -> &'a [u8] {
        let one = rest.get(1..).unwrap_or_default();
        match byte {
            // Controls that MARC-8 gives a meaning.
            0x88 => self.put('\u{98}'),
            0x89 => self.put('\u{9c}'),
            0x8D => self.put('\u{200d}'),
            0x8E => self.put('\u{200c}'),
            // A space never changes with the set, nor do the other controls.
            0x00..=0x20 | 0x7F => self.put(char::from(byte)),
            0x80..=0xA0 | 0xFF => self.unknown(),
            _ => {
                let set = if byte < 0x80 { self.g0 } else { self.g1 };
                let code = byte & 0x7F;
                match set {
                    Set::Ascii => self.put(char::from(code)),
                    Set::EastAsian => {
                        // Three bytes for each character, all of them graphic.
                        self.report.east_asian += 1;
                        self.put(char::REPLACEMENT_CHARACTER);
                        let graphic = rest
                            .iter()
                            .take(3)
                            .take_while(|one| (**one & 0x7F) > 0x20)
                            .count();
                        return rest.get(graphic..).unwrap_or_default();
                    }
                    Set::Table(table) => match table.get(usize::from(code.wrapping_sub(0x21))) {
                        None | Some(0) => self.unknown(),
                        Some(value) => {
                            let found = char::from_u32(u32::from(*value));
                            self.put(found.unwrap_or(char::REPLACEMENT_CHARACTER));
                        }
                    },
                }
            }
        }
        one
    }

    fn unknown(&mut self) {
        self.report.unknown += 1;
        self.put(char::REPLACEMENT_CHARACTER);
    }

    fn put(&mut self, found: char) {
        if is_mark(found) {
            if self.marks.len() >= MAX_MARKS {
                self.report.loose_marks += 1;
            } else {
                self.marks.push(found);
            }
            return;
        }
        if found.is_control() && !self.marks.is_empty() {
            self.report.loose_marks += self.marks.len();
        }
        self.out.push(found);
        self.out.extend(self.marks.drain(..));
    }

    fn finish(mut self) -> (String, Marc8Report) {
        self.report.loose_marks += self.marks.len();
        self.out.extend(self.marks.drain(..));
        (nfc(self.out), self.report)
    }
}

fn set_by_final(bytes: &[u8]) -> Option<(Set, &[u8])> {
    // Some writers put the "!" of 94-character sets before ANSEL's final byte.
    let (last, rest) = match bytes {
        [b'!', last, rest @ ..] | [last, rest @ ..] => (*last, rest),
        [] => return None,
    };
    let set = match last {
        b'B' => Set::Ascii,
        b'E' => Set::Table(&tables::ANSEL),
        b'2' => Set::Table(&tables::BASIC_HEBREW),
        b'3' => Set::Table(&tables::BASIC_ARABIC),
        b'4' => Set::Table(&tables::EXTENDED_ARABIC),
        b'N' => Set::Table(&tables::BASIC_CYRILLIC),
        b'Q' => Set::Table(&tables::EXTENDED_CYRILLIC),
        b'S' => Set::Table(&tables::BASIC_GREEK),
        _ => return None,
    };
    Some((set, rest))
}

/// Marks of the MARC-8 sets. The superscript alef stands after its letter there.
fn is_mark(found: char) -> bool {
    found != '\u{670}' && unicode_normalization::char::is_combining_mark(found)
}

/// Normalizes, without copying what is normal already.
pub(crate) fn nfc(text: String) -> String {
    if text.is_ascii()
        || unicode_normalization::is_nfc_quick(text.chars())
            == unicode_normalization::IsNormalized::Yes
    {
        return text;
    }
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_move_behind_their_letter() {
        let (text, report) = decode(b"De la solitude \xe1a la communaut\xe2e");
        assert_eq!(text, "De la solitude à la communauté");
        assert_eq!(report, Marc8Report::default());
        // Two marks on one letter, as in Vietnamese.
        assert_eq!(decode(b"Vi\xf2\xe3et").0, "Việt");
    }

    #[test]
    fn sets_are_chosen_by_escape_sequences() {
        assert_eq!(decode(b"\x1b(NMIR\x1b(B!").0, "мир!");
        assert_eq!(decode(b"\x1b)Nx\xcd\x1b(2\x60").0, "xмא");
        assert_eq!(decode(b"H\x1bb2\x1bsO").0, "H₂O");
        assert_eq!(decode(b"\x1b(3\x47\x64").0, "ال");
        assert_eq!(decode(b"\x1bga\x1bs-helix").0, "α-helix");
    }

    #[test]
    fn east_asian_characters_are_counted() {
        let (text, report) = decode(b"\x1b$1\x21\x30\x21\x21\x30\x22\x1b(BA");
        assert_eq!(text, "\u{fffd}\u{fffd}A");
        assert_eq!(report.east_asian, 2);
        // A character cut off in the middle takes no escape sequence with it.
        assert_eq!(decode(b"\x1b$1\x21\x30\x1b(BA").0, "\u{fffd}A");
    }

    #[test]
    fn unknown_escapes_lose_nothing_else() {
        let (text, report) = decode(b"Soci\x1bt\xe2e");
        assert_eq!(text, "Socité");
        assert_eq!(report.escapes, 1);
    }
}
