//! From a MARC record's bytes to text: which encoding it really is in.
//!
//! Leader/09 says `a` for UTF-8 and blank for MARC-8, and is often wrong. The
//! bytes themselves decide where they contradict it.

use encoding_rs::Encoding;
use unicode_normalization::char::is_combining_mark;

use super::map::Flavour;
use super::marc8::{self, Extended};
use super::record::{Field, MarcRecord};
use crate::records::reader::Warnings;

/// The share of high bytes in runs of three or more from which bytes can't be
/// MARC-8: there a mark stands alone before its ASCII letter.
const LEGACY_RUNS_PERCENT: usize = 50;
/// Bytes after which more of them make a guess no better, only slower.
const GUESS_BYTES: usize = 400;
/// A run of this many high bytes is not MARC-8's way of writing.
const LEGACY_RUN: usize = 3;

/// The encoding of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Marc8(Extended),
    Legacy(&'static Encoding),
}

/// Turns bytes of one record into text.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    charset: Charset,
    ascii: bool,
}

impl Decoder {
    /// Finds a record's encoding by its leader and its bytes.
    pub fn new(record: &MarcRecord, flavour: Flavour) -> Self {
        let mut warnings = Warnings::default();
        Self::with_warnings(record, flavour, &mut warnings)
    }

    pub(crate) fn with_warnings(
        record: &MarcRecord,
        flavour: Flavour,
        warnings: &mut Warnings,
    ) -> Self {
        let facts = Facts::of(record);
        if facts.high == 0 && !facts.escape {
            return Self {
                charset: Charset::Utf8,
                ascii: true,
            };
        }
        let unimarc = flavour == Flavour::Unimarc;
        let says_utf8 = record.leader_byte(9) == b'a' || (unimarc && unimarc_says_utf8(record));
        let charset = if facts.utf8 && facts.high > 0 && !facts.escape {
            if !says_utf8 {
                warnings.add("it is marked as MARC-8 and is UTF-8");
            }
            Charset::Utf8
        } else if says_utf8 && facts.bad_fields * 2 <= facts.high_fields {
            Charset::Utf8
        } else if facts.in_runs * 100 >= facts.high * LEGACY_RUNS_PERCENT && !facts.escape {
            let encoding = guess(record);
            warnings.add(format!(
                "its encoding is not as marked; read as {}",
                encoding.name()
            ));
            Charset::Legacy(encoding)
        } else {
            if says_utf8 {
                warnings.add("it is marked as UTF-8 and is MARC-8");
            }
            Charset::Marc8(if unimarc {
                Extended::Iso5426
            } else {
                Extended::Ansel
            })
        };
        Self {
            charset,
            ascii: false,
        }
    }

    /// The text of some bytes, in NFC; what can't be decoded is U+FFFD.
    pub fn text(&self, bytes: &[u8]) -> String {
        self.text_of(bytes, [b'?'; 3], &mut Warnings::default())
    }

    pub(crate) fn text_of(&self, bytes: &[u8], tag: [u8; 3], warnings: &mut Warnings) -> String {
        if self.ascii || bytes.is_ascii() && !bytes.contains(&0x1B) {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        let name = || super::record::tag_text(tag);
        match self.charset {
            Charset::Utf8 => {
                let text = String::from_utf8_lossy(bytes);
                if matches!(text, std::borrow::Cow::Owned(_)) {
                    warnings.add(format!("field {} is not UTF-8 throughout", name()));
                }
                marc8::nfc(text.into_owned())
            }
            Charset::Legacy(encoding) => {
                let (text, _, broken) = encoding.decode(bytes);
                if broken {
                    let encoding = encoding.name();
                    warnings.add(format!("field {} is not {encoding} throughout", name()));
                }
                marc8::nfc(text.into_owned())
            }
            Charset::Marc8(extended) => {
                let (text, report) = marc8::decode_with(bytes, extended);
                let mut warn = |count: usize, what: &str| {
                    if count > 0 {
                        warnings.add(format!("field {} has {count} {what}", name()));
                    }
                };
                warn(
                    report.east_asian,
                    "East Asian characters of MARC-8 that are not decoded",
                );
                warn(report.unknown, "bytes that are not MARC-8");
                warn(report.escapes, "escape sequences that are not MARC-8");
                if text.contains("&#x") {
                    unescape_references(&text)
                } else {
                    text
                }
            }
        }
    }
}

/// `&#x4E00;`: how characters outside MARC-8 are carried in it without loss.
fn unescape_references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#x") {
        out.push_str(before);
        let found = after.split_once(';').and_then(|(digits, tail)| {
            let value = (digits.len() <= 6).then(|| u32::from_str_radix(digits, 16).ok())??;
            char::from_u32(value)
                .filter(|one| !one.is_control())
                .map(|one| (one, tail))
        });
        match found {
            Some((one, tail)) => {
                out.push(one);
                rest = tail;
            }
            None => {
                out.push_str("&#x");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    if out.chars().any(is_combining_mark) {
        marc8::nfc(out)
    } else {
        out
    }
}

/// UNIMARC 100 $a, positions 26 to 29: `50` stands for ISO 10646.
fn unimarc_says_utf8(record: &MarcRecord) -> bool {
    record
        .fields_with(b"100")
        .filter_map(|field| field.subfield(b'a'))
        .any(|data| {
            data.get(26..30)
                .is_some_and(|sets| sets.starts_with(b"50") || sets.ends_with(b"50"))
        })
}

/// What the bytes of a record show.
#[derive(Default)]
struct Facts {
    high: usize,
    in_runs: usize,
    high_fields: usize,
    bad_fields: usize,
    utf8: bool,
    escape: bool,
}

impl Facts {
    fn of(record: &MarcRecord) -> Self {
        let mut facts = Self {
            utf8: true,
            ..Self::default()
        };
        for data in payloads(record) {
            if data.is_ascii() {
                facts.escape |= data.contains(&0x1B);
                continue;
            }
            facts.escape |= data.contains(&0x1B);
            facts.high_fields += 1;
            if std::str::from_utf8(data).is_err() {
                facts.bad_fields += 1;
                facts.utf8 = false;
            }
            for run in data.split(|byte| *byte < 0x80) {
                facts.high += run.len();
                facts.in_runs += if run.len() >= LEGACY_RUN {
                    run.len()
                } else {
                    0
                };
            }
        }
        facts
    }
}

fn payloads(record: &MarcRecord) -> impl Iterator<Item = &[u8]> {
    record.fields.iter().flat_map(|field| {
        let (one, many): (&[u8], &[super::record::Subfield]) = match field {
            Field::Control { data, .. } | Field::Irregular { data, .. } => (data, &[]),
            Field::Data { subfields, .. } => (&[], subfields),
        };
        std::iter::once(one).chain(many.iter().map(|subfield| subfield.data.as_slice()))
    })
}

fn guess(record: &MarcRecord) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let mut fed = 0;
    for data in payloads(record).filter(|data| !data.is_ascii()) {
        if fed > GUESS_BYTES {
            break;
        }
        fed += data.len();
        detector.feed(data, false);
        detector.feed(b" ", false);
    }
    detector.feed(b"", true);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}
