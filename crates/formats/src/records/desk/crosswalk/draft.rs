//! A MARC record while it is being changed: fields keep their numbers, and
//! subfields theirs, until all changes are made.

use crate::records::desk::marc::text;
use crate::records::marc::{Field, MarcRecord, Subfield};

/// Subfields by which nothing is read: links, sources, local ones.
const CONTROL_CODES: &[u8] = b"0123456789";

/// One field in the making.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The field as it was.
    field: Field,
    pub(super) tag: [u8; 3],
    pub(super) ind1: u8,
    pub(super) ind2: u8,
    /// Each subfield's place; an edit may leave none or several in it.
    pub(super) slots: Vec<Vec<Subfield>>,
    /// False once the field is to go.
    pub(super) alive: bool,
    /// True once anything changed.
    pub(super) touched: bool,
}

/// A subfield of text.
pub(super) fn sub(code: u8, value: &str) -> Subfield {
    Subfield {
        code,
        data: value.as_bytes().to_vec(),
    }
}

/// All fields of a record.
pub(super) fn open(record: &MarcRecord) -> Vec<Draft> {
    record.fields.iter().map(Draft::of).collect()
}

/// The fields that are left.
pub(super) fn close(drafts: Vec<Draft>) -> Vec<Field> {
    drafts
        .into_iter()
        .filter(|draft| draft.alive)
        .map(Draft::into_field)
        .collect()
}

impl Draft {
    fn of(field: &Field) -> Self {
        let (ind1, ind2) = field.indicators();
        let slots = match field {
            Field::Data { subfields, .. } => {
                subfields.iter().map(|one| vec![one.clone()]).collect()
            }
            _ => Vec::new(),
        };
        Self {
            field: field.clone(),
            tag: field.tag(),
            ind1,
            ind2,
            slots,
            alive: true,
            touched: false,
        }
    }

    /// A new field.
    pub(super) fn new(tag: &[u8; 3], ind1: u8, ind2: u8, subfields: Vec<Subfield>) -> Self {
        let field = Field::Data {
            tag: *tag,
            ind1,
            ind2,
            subfields,
        };
        Self {
            touched: true,
            ..Self::of(&field)
        }
    }

    fn into_field(self) -> Field {
        if !self.touched {
            return self.field;
        }
        match self.field {
            Field::Data { .. } => Field::Data {
                tag: self.tag,
                ind1: self.ind1,
                ind2: self.ind2,
                subfields: self.slots.into_iter().flatten().collect(),
            },
            other => other,
        }
    }

    /// Where a name's role stands as a word: $e, and $j for meetings, whose $e
    /// is a subordinate unit.
    pub(super) fn role_code(&self) -> u8 {
        if self.number() % 100 == 11 {
            b'j'
        } else {
            b'e'
        }
    }

    /// What a control field holds.
    pub(super) fn control(&self) -> Option<&[u8]> {
        match &self.field {
            Field::Control { data, .. } => Some(data),
            _ => None,
        }
    }

    /// Replaces what a control field holds.
    pub(super) fn set_control(&mut self, bytes: Vec<u8>) {
        if let Field::Control { data, .. } = &mut self.field {
            *data = bytes;
        }
    }

    /// The tag as a number, 0 for one with letters.
    pub(super) fn number(&self) -> u16 {
        std::str::from_utf8(&self.tag)
            .ok()
            .and_then(|tag| tag.parse().ok())
            .unwrap_or(0)
    }

    /// Place, code and text of each subfield.
    pub(super) fn subs(&self) -> impl Iterator<Item = (usize, u8, String)> {
        self.slots
            .iter()
            .enumerate()
            .flat_map(|(at, slot)| slot.iter().map(move |one| (at, one.code, text(&one.data))))
    }

    /// The text of the first subfield with a code.
    pub(super) fn first(&self, code: u8) -> Option<String> {
        self.subs().find(|one| one.1 == code).map(|one| one.2)
    }

    /// True if a subfield with a code is there.
    pub(super) fn has(&self, code: u8) -> bool {
        self.subs().any(|one| one.1 == code)
    }

    /// Drops all subfields with one of the codes.
    pub(super) fn drop_codes(&mut self, codes: &[u8]) {
        for slot in &mut self.slots {
            let before = slot.len();
            slot.retain(|one| !codes.contains(&one.code));
            self.touched |= slot.len() != before;
        }
    }

    /// Adds a subfield at the end.
    pub(super) fn push(&mut self, subfield: Subfield) {
        self.slots.push(vec![subfield]);
        self.touched = true;
    }

    /// Puts subfields where one or several were.
    pub(super) fn replace(&mut self, places: &[usize], new: Vec<Subfield>) {
        for (nth, place) in places.iter().enumerate() {
            if let Some(slot) = self.slots.get_mut(*place) {
                slot.clear();
                if nth == 0 {
                    slot.clone_from(&new);
                }
            }
        }
        self.touched = true;
    }

    /// True if no subfield with a letter is left but those named.
    pub(super) fn is_empty_but(&self, codes: &[u8]) -> bool {
        self.subs()
            .all(|one| CONTROL_CODES.contains(&one.1) || codes.contains(&one.1))
    }
}

/// Puts a new field where the order of tags wants it: after the last with its
/// tag, otherwise before the first with a greater one.
pub(super) fn insert(drafts: &mut Vec<Draft>, draft: Draft) {
    let same = drafts
        .iter()
        .rposition(|one| one.alive && one.tag == draft.tag);
    let place = match same {
        Some(at) => at + 1,
        None => drafts
            .iter()
            .position(|one| one.tag > draft.tag)
            .unwrap_or(drafts.len()),
    };
    drafts.insert(place, draft);
}
