//! The record itself, and how it is written as ISO 2709.

pub(crate) const RECORD_END: u8 = 0x1D;
pub(crate) const FIELD_END: u8 = 0x1E;
pub(crate) const SUBFIELD: u8 = 0x1F;
pub(crate) const LEADER_BYTES: usize = 24;
pub(crate) const ENTRY_BYTES: usize = 12;
/// The longest record that the five digits of a leader can state.
pub(crate) const MAX_STATED_RECORD: usize = 99_999;
/// The longest field that the four digits of a directory entry can state.
pub(crate) const MAX_STATED_FIELD: usize = 9_999;

/// One subfield of a data field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subfield {
    /// One byte, mostly a letter or digit.
    pub code: u8,
    /// Raw bytes in the record's encoding.
    pub data: Vec<u8>,
}

/// One field. Bytes are raw: see [`super::text`] for text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// `00x`: bytes without indicators and subfields.
    Control {
        /// Three ASCII letters or digits.
        tag: [u8; 3],
        /// What the field holds, without its terminator.
        data: Vec<u8>,
    },
    /// Two indicators and subfields.
    Data {
        /// Three ASCII letters or digits.
        tag: [u8; 3],
        /// The first indicator.
        ind1: u8,
        /// The second indicator.
        ind2: u8,
        /// Subfields in order; codes may repeat.
        subfields: Vec<Subfield>,
    },
    /// A data field that breaks the rules (not two indicators, a subfield
    /// without a code): kept as is, and still searched for subfields.
    Irregular {
        /// Three ASCII letters or digits.
        tag: [u8; 3],
        /// What the field holds, without its terminator.
        data: Vec<u8>,
    },
}

impl Field {
    /// Reads a field from its bytes, without its terminator.
    pub fn parse(tag: [u8; 3], bytes: &[u8]) -> Self {
        if tag.starts_with(b"00") {
            return Self::Control {
                tag,
                data: bytes.to_vec(),
            };
        }
        let irregular = || Self::Irregular {
            tag,
            data: bytes.to_vec(),
        };
        let Some((&[ind1, ind2], [SUBFIELD, rest @ ..])) = bytes.split_first_chunk::<2>() else {
            return irregular();
        };
        if ind1 == SUBFIELD || ind2 == SUBFIELD {
            return irregular();
        }
        let mut subfields = Vec::with_capacity(4);
        for part in rest.split(|byte| *byte == SUBFIELD) {
            match part.split_first() {
                Some((&code, data)) => subfields.push(Subfield {
                    code,
                    data: data.to_vec(),
                }),
                None => return irregular(),
            }
        }
        Self::Data {
            tag,
            ind1,
            ind2,
            subfields,
        }
    }

    /// The tag's three bytes.
    pub fn tag(&self) -> [u8; 3] {
        match self {
            Self::Control { tag, .. } | Self::Data { tag, .. } | Self::Irregular { tag, .. } => {
                *tag
            }
        }
    }

    /// The tag as text; `???` if it is no text.
    pub fn tag_text(&self) -> String {
        tag_text(self.tag())
    }

    /// The indicators; blanks where the field has none.
    pub fn indicators(&self) -> (u8, u8) {
        match self {
            Self::Data { ind1, ind2, .. } => (*ind1, *ind2),
            _ => (b' ', b' '),
        }
    }

    /// Code and bytes of each subfield, of irregular fields too.
    pub fn subfields(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let (regular, irregular): (&[Subfield], &[u8]) = match self {
            Self::Control { .. } => (&[], &[]),
            Self::Data { subfields, .. } => (subfields, &[]),
            Self::Irregular { data, .. } => (&[], data),
        };
        regular
            .iter()
            .map(|one| (one.code, one.data.as_slice()))
            .chain(
                irregular
                    .split(|byte| *byte == SUBFIELD)
                    .skip(1)
                    .filter_map(|part| part.split_first().map(|(code, data)| (*code, data))),
            )
    }

    /// The first subfield with this code.
    pub fn subfield(&self, code: u8) -> Option<&[u8]> {
        self.subfields().find(|one| one.0 == code).map(|one| one.1)
    }

    /// What the field holds as ISO 2709 has it, without its terminator.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes.pop();
        bytes
    }

    /// Appends the field's bytes, terminator included.
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Control { data, .. } | Self::Irregular { data, .. } => {
                out.extend_from_slice(data);
            }
            Self::Data {
                ind1,
                ind2,
                subfields,
                ..
            } => {
                out.extend_from_slice(&[*ind1, *ind2]);
                for one in subfields {
                    out.extend_from_slice(&[SUBFIELD, one.code]);
                    out.extend_from_slice(&one.data);
                }
            }
        }
        out.push(FIELD_END);
    }

    /// True if a byte of the field would end it, or the record, too early.
    pub(crate) fn holds_terminator(&self) -> bool {
        let ends = |data: &[u8]| {
            data.iter()
                .any(|byte| matches!(*byte, FIELD_END | RECORD_END))
        };
        match self {
            Self::Control { data, .. } | Self::Irregular { data, .. } => ends(data),
            Self::Data {
                ind1,
                ind2,
                subfields,
                ..
            } => {
                ends(&[*ind1, *ind2])
                    || subfields
                        .iter()
                        .any(|one| ends(&[one.code]) || ends(&one.data))
            }
        }
    }
}

pub(crate) fn tag_text(tag: [u8; 3]) -> String {
    if tag.iter().all(u8::is_ascii_graphic) {
        String::from_utf8_lossy(&tag).into_owned()
    } else {
        "???".to_owned()
    }
}

/// A MARC record as raw bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarcRecord {
    /// The leader; its lengths are put right when the record is written.
    pub leader: [u8; 24],
    /// Fields in the order of their data.
    pub fields: Vec<Field>,
}

/// Why a record can't be written as ISO 2709.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// ISO 2709 states lengths in five digits.
    #[error("the record has {0} bytes, ISO 2709 allows 99999: write it as MARCXML")]
    RecordTooLong(usize),
    /// … and lengths of fields in four.
    #[error("field {0} has {1} bytes, ISO 2709 allows 9999: write the record as MARCXML")]
    FieldTooLong(String, usize),
    /// A field holds a byte that ends fields or records.
    #[error("field {0} holds a terminator: remove the byte 0x1D or 0x1E from it")]
    Terminator(String),
}

impl MarcRecord {
    /// An empty record in UTF-8 with a leader for a type and level
    /// (leader/06 and /07).
    pub fn new(kind: u8, level: u8) -> Self {
        let mut leader = *b"00000nam a2200000   4500";
        if let Some(slot) = leader.get_mut(6..8) {
            slot.copy_from_slice(&[kind, level]);
        }
        Self {
            leader,
            fields: Vec::new(),
        }
    }

    /// The fields with a tag.
    pub fn fields_with<'a>(&'a self, tag: &'a [u8; 3]) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.tag() == *tag)
    }

    /// The bytes of the first control field with a tag.
    pub fn control(&self, tag: &[u8; 3]) -> Option<&[u8]> {
        self.fields.iter().find_map(|field| match field {
            Field::Control { tag: own, data } if own == tag => Some(data.as_slice()),
            _ => None,
        })
    }

    /// One byte of the leader; a blank if there is none.
    pub fn leader_byte(&self, at: usize) -> u8 {
        self.leader.get(at).copied().unwrap_or(b' ')
    }

    /// Writes the record as ISO 2709. A record that was read with its fields in
    /// the directory's order comes out byte for byte as it was.
    pub fn to_iso2709(&self) -> Result<Vec<u8>, WriteError> {
        let mut directory = Vec::with_capacity(self.fields.len() * ENTRY_BYTES + 1);
        let mut data = Vec::new();
        for field in &self.fields {
            if field.holds_terminator() {
                return Err(WriteError::Terminator(field.tag_text()));
            }
            let start = data.len();
            field.write(&mut data);
            let length = data.len() - start;
            if length > MAX_STATED_FIELD {
                return Err(WriteError::FieldTooLong(field.tag_text(), length));
            }
            directory.extend_from_slice(&field.tag());
            directory.extend_from_slice(format!("{length:04}{start:05}").as_bytes());
        }
        directory.push(FIELD_END);
        data.push(RECORD_END);
        let base = LEADER_BYTES + directory.len();
        let total = base + data.len();
        if total > MAX_STATED_RECORD {
            return Err(WriteError::RecordTooLong(total));
        }
        let mut out = Vec::with_capacity(total);
        out.extend_from_slice(format!("{total:05}").as_bytes());
        out.extend_from_slice(self.leader.get(5..12).unwrap_or(b"nam a22"));
        out.extend_from_slice(format!("{base:05}").as_bytes());
        out.extend_from_slice(self.leader.get(17..24).unwrap_or(b"   4500"));
        out.extend_from_slice(&directory);
        out.extend_from_slice(&data);
        Ok(out)
    }
}
