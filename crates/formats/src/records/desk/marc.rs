//! A MARC 21 record at the desk: text in UTF-8, and the bytes that it came in
//! where they can't be made of it again.

use super::work::{MAX_MARC_FIELDS, MAX_ORIGINAL_BYTES, WorkError};
use crate::records::marc::text::Decoder;
use crate::records::marc::{
    Field, Flavour, MarcRecord, SUBFIELD, WriteError, parse_iso2709, parse_marcxml, unimarc,
};

/// A MARC record for editing.
///
/// All text in it is UTF-8, lengths in the leader are zero (writing puts them
/// right), and each field has the shape that its bytes have when read. Bytes
/// that were not written so (MARC-8, wrong lengths, a directory in another
/// order) are kept beside, and come out as they went in until the record is
/// edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marc {
    record: MarcRecord,
    original: Option<Vec<u8>>,
}

impl Marc {
    /// A record made here. Fields whose bytes would read otherwise (an indicator
    /// that is no ASCII, `00x` with subfields) take the shape that they would have.
    pub fn new(record: MarcRecord) -> Self {
        Self {
            record: normal(record),
            original: None,
        }
    }

    /// Reads a record in ISO 2709, and says what had to be mended.
    ///
    /// # Errors
    /// [`WorkError::TooLarge`] above [`MAX_ORIGINAL_BYTES`], [`WorkError::Marc`] with the reason
    /// where no fields can be made of the bytes.
    pub fn from_iso2709(bytes: &[u8]) -> Result<(Self, Vec<String>), WorkError> {
        if bytes.len() > MAX_ORIGINAL_BYTES {
            return Err(WorkError::TooLarge {
                what: "the MARC record, in bytes",
                has: bytes.len(),
                limit: MAX_ORIGINAL_BYTES,
            });
        }
        let (raw, warnings) = parse_iso2709(bytes).map_err(WorkError::Marc)?;
        limit_fields(&raw)?;
        let record = normal(decoded(&raw));
        let same = record.to_iso2709().is_ok_and(|written| written == bytes);
        let original = (!same).then(|| bytes.to_vec());
        Ok((Self { record, original }, warnings))
    }

    /// Reads a `record` element of MARCXML.
    ///
    /// # Errors
    /// As [`Marc::from_iso2709`].
    pub fn from_marcxml(bytes: &[u8]) -> Result<Self, WorkError> {
        let record = parse_marcxml(bytes).map_err(WorkError::Marc)?;
        limit_fields(&record)?;
        Ok(Self::new(record))
    }

    /// The record, its text in UTF-8.
    pub fn record(&self) -> &MarcRecord {
        &self.record
    }

    /// The bytes that the record came in, if they can't be made of it.
    pub fn original(&self) -> Option<&[u8]> {
        self.original.as_deref()
    }

    /// This record after an edit: the same, with its bytes, if nothing changed.
    #[must_use]
    pub fn edited(&self, record: MarcRecord) -> Self {
        let new = Self::new(record);
        if new.record == self.record {
            self.clone()
        } else {
            new
        }
    }

    /// Writes ISO 2709: the bytes that came in, if the record was not edited.
    ///
    /// # Errors
    /// See [`WriteError`]: too long, or a terminator inside of a field.
    pub fn to_iso2709(&self) -> Result<Vec<u8>, WriteError> {
        match &self.original {
            Some(bytes) => Ok(bytes.clone()),
            None => self.record.to_iso2709(),
        }
    }

    /// Writes a `record` element in the namespace of MARCXML.
    pub fn to_marcxml(&self) -> String {
        self.record.to_marcxml(true)
    }

    /// True if the tags are used as UNIMARC does. Such a record is kept, shown
    /// and given out; the rules of MARC 21 and the crosswalk don't apply.
    pub fn is_unimarc(&self) -> bool {
        unimarc::looks_so(&self.record)
    }

    /// How many characters could not be decoded; an edit loses them.
    pub fn undecoded_chars(&self) -> usize {
        self.record
            .fields
            .iter()
            .map(|field| text(&field.content()).matches('\u{fffd}').count())
            .sum()
    }
}

fn limit_fields(record: &MarcRecord) -> Result<(), WorkError> {
    let has = record.fields.len();
    if has > MAX_MARC_FIELDS {
        return Err(WorkError::TooLarge {
            what: "the number of MARC fields",
            has,
            limit: MAX_MARC_FIELDS,
        });
    }
    Ok(())
}

/// Bytes that are UTF-8 already, as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The record with its text in UTF-8. UTF-8 that is marked as such stays as it
/// is, decomposed or not.
fn decoded(raw: &MarcRecord) -> MarcRecord {
    let contents: Vec<Vec<u8>> = raw.fields.iter().map(Field::content).collect();
    let ascii = contents.iter().all(|bytes| bytes.is_ascii());
    let escapes = contents.iter().any(|bytes| bytes.contains(&0x1B));
    let utf8 = contents
        .iter()
        .all(|bytes| std::str::from_utf8(bytes).is_ok());
    if !escapes && (ascii || utf8 && raw.leader_byte(9) == b'a') {
        return raw.clone();
    }
    let flavour = if unimarc::looks_so(raw) {
        Flavour::Unimarc
    } else {
        Flavour::Marc21
    };
    let decoder = Decoder::new(raw, flavour);
    let fields = raw
        .fields
        .iter()
        .zip(contents)
        .map(|(field, bytes)| {
            let decoded: Vec<String> = bytes
                .split(|byte| *byte == SUBFIELD)
                .map(|part| decoder.text(part))
                .collect();
            Field::parse(field.tag(), decoded.join("\u{1f}").as_bytes())
        })
        .collect();
    MarcRecord {
        leader: raw.leader,
        fields,
    }
}

/// The normal form of a record; see [`Marc`].
fn normal(mut record: MarcRecord) -> MarcRecord {
    for slot in &mut record.leader {
        if !(0x20..0x7F).contains(slot) {
            *slot = b' ';
        }
    }
    for range in [0..5, 12..17] {
        if let Some(digits) = record.leader.get_mut(range) {
            digits.fill(b'0');
        }
    }
    for field in &mut record.fields {
        *field = shaped(field.tag(), &field.content());
    }
    let ascii = record.fields.iter().all(|field| field.content().is_ascii());
    // UNIMARC states its character set in 100 $a.
    if !ascii
        && !unimarc::looks_so(&record)
        && let Some(slot) = record.leader.get_mut(9)
    {
        *slot = b'a';
    }
    record
}

/// A field of text in UTF-8. One whose indicators or codes are no printable
/// ASCII is irregular as a whole, so that no character is cut in two.
pub(crate) fn shaped(tag: [u8; 3], content: &[u8]) -> Field {
    let content = match std::str::from_utf8(content) {
        Ok(_) => content.to_vec(),
        Err(_) => text(content).into_bytes(),
    };
    let field = Field::parse(tag, &content);
    let printable = |byte: u8| (0x20..0x7F).contains(&byte);
    match &field {
        Field::Data {
            ind1,
            ind2,
            subfields,
            ..
        } if !printable(*ind1)
            || !printable(*ind2)
            || subfields.iter().any(|one| !printable(one.code)) =>
        {
            Field::Irregular { tag, data: content }
        }
        _ => field,
    }
}
