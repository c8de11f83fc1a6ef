//! ISO 2709: finding records in a stream and reading them, well or badly made.
//!
//! Lengths in real files are often wrong (counted in characters, or cut off at
//! five digits), the terminators seldom are. A record is therefore taken up to
//! its terminator, and its directory is believed where it agrees with the
//! terminators of its fields.

use std::io::{self, BufRead};

use super::map::{Flavour, to_catalogue};
use super::record::{
    ENTRY_BYTES, FIELD_END, Field, LEADER_BYTES, MarcRecord, RECORD_END, tag_text,
};
use crate::records::model::CatalogueRecord;
use crate::records::reader::{Format, Framed, Problem, Warnings};
use crate::records::window::{Found, Window};

/// The most bytes looked through for the end of a record. ISO 2709 allows
/// 99,999; records with wrong lengths may be longer.
pub const MAX_MARC_BYTES: usize = 4 * 1024 * 1024;

const ADVICE: &str = "export this record again from its catalogue; the others are not affected";

/// The binary format.
#[derive(Debug)]
pub(crate) struct Iso2709 {
    flavour: Flavour,
    resync: bool,
}

impl Iso2709 {
    /// A reader for one flavour of MARC.
    pub(crate) fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            resync: false,
        }
    }
}

impl Format for Iso2709 {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        if std::mem::take(&mut self.resync) {
            window.skip_past(RECORD_END)?;
        }
        if !skip_padding(window)? {
            return Ok(Framed::End);
        }
        let end = match window.find(RECORD_END, 0, MAX_MARC_BYTES)? {
            Found::At(at) => at + 1,
            Found::End => {
                let left = window.bytes().len();
                let reason = format!("it ends after {left} bytes without a record terminator");
                return Ok(Framed::Broken(left, Problem::new(reason, ADVICE)));
            }
            Found::TooFar => {
                self.resync = true;
                let reason = format!("no record terminator within {MAX_MARC_BYTES} bytes");
                return Ok(Framed::Broken(MAX_MARC_BYTES, Problem::new(reason, ADVICE)));
            }
        };
        let stated = number(window.bytes().get(..5)).unwrap_or(end);
        if stated > end && ends_well(window, stated)? {
            return Ok(Framed::Record(stated));
        }
        let bytes = window.bytes();
        if stated <= end && stated > LEADER_BYTES {
            // The record's own terminator is missing if the next one begins here;
            // the stated length may count it or not.
            for next in [stated - 1, stated] {
                if next < end && is_leader(bytes.get(next..)) {
                    return Ok(Framed::Record(next));
                }
            }
        }
        if !is_leader(Some(bytes)) {
            // Bytes that belong to no record may stand before a good one.
            let frame = bytes.get(..end).unwrap_or_default();
            let next = (1..end.saturating_sub(LEADER_BYTES)).find(|at| {
                is_leader(frame.get(*at..))
                    && number(frame.get(*at..at + 5)).is_some_and(|length| at + length == end)
            });
            if let Some(at) = next {
                let reason = format!("{at} bytes that belong to no record");
                return Ok(Framed::Broken(at, Problem::new(reason, ADVICE)));
            }
        }
        Ok(Framed::Record(end))
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let (record, found) =
            parse_iso2709(bytes).map_err(|reason| Problem::new(reason, ADVICE))?;
        for warning in found {
            warnings.add(warning);
        }
        Ok(Some(to_catalogue(&record, self.flavour, warnings)))
    }
}

/// Drops what writers put between records; false at the end of the source.
fn skip_padding<R: BufRead>(window: &mut Window<R>) -> io::Result<bool> {
    loop {
        if window.offset() == 0 && window.ensure(3)? && window.bytes().starts_with(b"\xEF\xBB\xBF")
        {
            window.consume(3);
        }
        let padding = window
            .bytes()
            .iter()
            .take_while(|byte| matches!(**byte, 0 | b' ' | b'\t' | b'\r' | b'\n' | 0x1A | 0x1D))
            .count();
        let all = padding == window.bytes().len();
        window.consume(padding);
        if !all {
            return Ok(true);
        }
        if !window.more()? {
            return Ok(false);
        }
    }
}

/// True if a record of the stated length ends in a terminator, with a leader or
/// nothing after it, although a terminator stands inside it as well.
fn ends_well<R: BufRead>(window: &mut Window<R>, stated: usize) -> io::Result<bool> {
    window.ensure(stated + LEADER_BYTES)?;
    let bytes = window.bytes();
    let inside = memchr::memchr(RECORD_END, bytes).map_or(0, |at| at + 1);
    Ok(bytes.get(stated - 1) == Some(&RECORD_END)
        && !is_leader(bytes.get(inside..))
        && (bytes.len() == stated || is_leader(bytes.get(stated..))))
}

/// True if the bytes begin as a leader does.
pub(crate) fn is_leader(bytes: Option<&[u8]>) -> bool {
    let Some(leader) = bytes.and_then(|bytes| bytes.first_chunk::<LEADER_BYTES>()) else {
        return false;
    };
    let [a, b, c, d, e, status, kind, level, ..] = *leader;
    [a, b, c, d, e].iter().all(u8::is_ascii_digit)
        && [status, kind, level]
            .iter()
            .all(|byte| (0x20..0x7F).contains(byte))
        && leader
            .get(12..17)
            .is_some_and(|base| base.iter().all(u8::is_ascii_digit))
        && leader.get(10..12).is_some_and(|counts| counts == b"22")
}

fn number(digits: Option<&[u8]>) -> Option<usize> {
    digits?.iter().try_fold(0usize, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + usize::from(byte - b'0'))
    })
}

struct Entry {
    tag: [u8; 3],
    place: Option<(usize, usize)>,
}

/// Reads one record from its bytes (with or without the terminator at its end),
/// and says what had to be mended.
///
/// # Errors
/// Says what is wrong, where no trustworthy fields can be made of the bytes.
pub fn parse_iso2709(bytes: &[u8]) -> Result<(MarcRecord, Vec<String>), String> {
    let mut warnings = Vec::new();
    let Some(leader) = bytes.first_chunk::<LEADER_BYTES>() else {
        return Err(format!(
            "it has {} bytes, a leader alone has 24",
            bytes.len()
        ));
    };
    let content = bytes.strip_suffix(&[RECORD_END]).unwrap_or(bytes);
    if content.len() == bytes.len() {
        warnings.push("its record terminator is missing".to_owned());
    }
    match number(leader.get(..5)) {
        Some(stated) if stated == bytes.len() => {}
        Some(stated) => {
            warnings.push(format!(
                "the leader states {stated} bytes, it has {}",
                bytes.len()
            ));
        }
        None => warnings.push("the leader states no length".to_owned()),
    }
    let base = base_address(leader, content, &mut warnings)?;
    let directory = content.get(LEADER_BYTES..base - 1).unwrap_or_default();
    let data = content.get(base..).unwrap_or_default();
    let entries = entries(directory, &mut warnings)?;
    if entries.is_empty() {
        return Err("it has no fields".to_owned());
    }
    let fields = match by_directory(&entries, data) {
        Some(fields) => fields,
        None => by_terminators(entries, data, &mut warnings)?,
    };
    Ok((
        MarcRecord {
            leader: *leader,
            fields,
        },
        warnings,
    ))
}

/// The offset of the data: as stated, or after the directory's terminator.
fn base_address(
    leader: &[u8; LEADER_BYTES],
    content: &[u8],
    warnings: &mut Vec<String>,
) -> Result<usize, String> {
    let stated = number(leader.get(12..17));
    if let Some(base) = stated
        && base > LEADER_BYTES
        && content.get(base - 1) == Some(&FIELD_END)
    {
        return Ok(base);
    }
    let directory = content.get(LEADER_BYTES..).unwrap_or_default();
    let first = memchr::memchr(FIELD_END, directory);
    match (first, stated) {
        (Some(at), _) if at.is_multiple_of(ENTRY_BYTES) => {
            warnings.push(match stated {
                Some(base) => format!("the base address {base} is wrong"),
                None => "the leader states no base address".to_owned(),
            });
            Ok(LEADER_BYTES + at + 1)
        }
        (Some(_), Some(base)) if base > LEADER_BYTES && base < content.len() => {
            warnings.push("its directory is not ended".to_owned());
            Ok(base)
        }
        (Some(at), _) => {
            warnings.push("its directory has a wrong length".to_owned());
            Ok(LEADER_BYTES + at + 1)
        }
        (None, _) => Err("its directory has no end".to_owned()),
    }
}

fn entries(directory: &[u8], warnings: &mut Vec<String>) -> Result<Vec<Entry>, String> {
    let (chunks, rest) = directory.as_chunks::<ENTRY_BYTES>();
    if !rest.is_empty() {
        warnings.push(format!("its directory has {} bytes too many", rest.len()));
    }
    chunks
        .iter()
        .map(|chunk| {
            let [a, b, c, ..] = *chunk;
            let tag = [a, b, c];
            if !tag.iter().all(u8::is_ascii_alphanumeric) {
                return Err(format!("its directory names a field `{}`", tag_text(tag)));
            }
            let length = number(chunk.get(3..7));
            let start = number(chunk.get(7..12));
            Ok(Entry {
                tag,
                place: length.zip(start),
            })
        })
        .collect()
}

/// Fields by the directory's places, if all of them end where a field ends.
fn by_directory(entries: &[Entry], data: &[u8]) -> Option<Vec<Field>> {
    entries
        .iter()
        .map(|entry| {
            let (length, start) = entry.place?;
            let (end, content) = data.get(start..start.checked_add(length)?)?.split_last()?;
            let whole = *end == FIELD_END && memchr::memchr(FIELD_END, content).is_none();
            whole.then(|| Field::parse(entry.tag, content))
        })
        .collect()
}

/// Fields by their terminators, where the directory's places are wrong.
fn by_terminators(
    mut entries: Vec<Entry>,
    data: &[u8],
    warnings: &mut Vec<String>,
) -> Result<Vec<Field>, String> {
    let data = data.strip_suffix(&[FIELD_END]).unwrap_or(data);
    let parts = data.split(|byte| *byte == FIELD_END);
    let count = parts.clone().count();
    if count != entries.len() {
        return Err(format!(
            "its directory lists {} fields, it holds {count}",
            entries.len()
        ));
    }
    // Places may be wrong by some bytes and still tell the order.
    entries.sort_by_key(|entry| entry.place.map_or(usize::MAX, |(_, start)| start));
    warnings.push("the directory's places are wrong; fields were told by their ends".to_owned());
    Ok(entries
        .iter()
        .zip(parts)
        .map(|(entry, part)| Field::parse(entry.tag, part))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::record::WriteError;
    use super::*;

    fn sample() -> MarcRecord {
        let mut record = MarcRecord::new(b'a', b'm');
        record.fields.push(Field::parse(*b"001", b"42"));
        record.fields.push(Field::parse(
            *b"245",
            "10\u{1f}aДом :\u{1f}bповесть /".as_bytes(),
        ));
        record.fields.push(Field::parse(*b"999", b"\x1f"));
        record
    }

    #[test]
    fn written_and_read_again_it_is_the_same() {
        let bytes = sample().to_iso2709().unwrap();
        let (again, warnings) = parse_iso2709(&bytes).unwrap();
        assert_eq!(again.fields, sample().fields);
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(again.to_iso2709().unwrap(), bytes);
    }

    #[test]
    fn lengths_counted_in_characters_are_mended() {
        let mut bytes = sample().to_iso2709().unwrap();
        // 245 has 38 bytes; say 30, as a writer that counts characters would.
        let at = bytes
            .windows(7)
            .position(|part| part.starts_with(b"2450"))
            .unwrap();
        bytes[at + 3..at + 7].copy_from_slice(b"0029");
        let (again, warnings) = parse_iso2709(&bytes).unwrap();
        assert_eq!(again.fields, sample().fields);
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn what_can_not_be_written_is_refused() {
        let mut record = sample();
        record.fields.push(Field::parse(*b"520", &[b'x'; 10_000]));
        assert!(matches!(
            record.to_iso2709(),
            Err(WriteError::FieldTooLong(..))
        ));
        let mut record = sample();
        record.fields.push(Field::parse(*b"001", b"\x1d"));
        assert!(matches!(
            record.to_iso2709(),
            Err(WriteError::Terminator(..))
        ));
        let mut record = sample();
        for _ in 0..20 {
            record.fields.push(Field::parse(*b"520", &[b'x'; 9_000]));
        }
        assert!(matches!(
            record.to_iso2709(),
            Err(WriteError::RecordTooLong(..))
        ));
    }
}
