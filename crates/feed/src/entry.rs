//! Entries: a version byte, then one CBOR array (RFC 8949) in its deterministic form (section 4.2.1).
//!
//! ```text
//! entry       = 0x01 array
//! publish     = [0, collection, object, supersedes / null, expires / null, time, size, commit]
//! withdraw    = [1, collection, object, reason, by, time, null / [size, commit]]
//! acknowledge = [2, origin, index, by, time]
//! ```
//!
//! An entry holds no body and nothing about a person: what it can't be made to forget must be harmless. `commit` is
//! `SHA-256(salt || body)` with 16 random bytes of salt, so that who doesn't have the salt can't try out guesses.
//! Times are seconds since 1970 by the author's clock; they are shown, and decide nothing.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::limits::{
    BODY_LIMIT, BY_LIMIT, COLLECTION_LIMIT, ENTRY_LIMIT, OBJECT_LIMIT, ORIGIN_LIMIT, SIZE_LIMIT,
};
use crate::merkle::Hash;

/// The version that this program writes and reads.
const VERSION: u8 = 1;

/// Length of a salt in bytes.
pub const SALT_LEN: usize = 16;

/// Random bytes that keep a commitment from being guessed.
pub type Salt = [u8; SALT_LEN];

/// Why something was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Somebody else's right.
    Copyright,
    /// It was about a person.
    Privacy,
    /// It was wrong or published by mistake.
    Error,
    /// It is there under another name.
    Duplicate,
    /// A court or authority.
    Legal,
    /// It would have harmed somebody.
    Harmful,
    /// Its author wanted it so.
    Owner,
    /// Something else; see the explanation.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Copyright,
        Self::Privacy,
        Self::Error,
        Self::Duplicate,
        Self::Legal,
        Self::Harmful,
        Self::Owner,
        Self::Other,
    ];

    /// Its code in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copyright => "copyright",
            Self::Privacy => "privacy",
            Self::Error => "error",
            Self::Duplicate => "duplicate",
            Self::Legal => "legal",
            Self::Harmful => "harmful",
            Self::Owner => "owner",
            Self::Other => "other",
        }
    }

    /// The reason with a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

/// Size and hash of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment {
    /// Length of the body in bytes.
    pub size: u32,
    /// `SHA-256(salt || body)`.
    pub commit: Hash,
}

impl Commitment {
    /// The commitment to a body. Empty if it is longer than [`BODY_LIMIT`].
    pub fn to(salt: &Salt, body: &[u8]) -> Option<Self> {
        (body.len() <= BODY_LIMIT).then_some(())?;
        Some(Self {
            size: u32::try_from(body.len()).ok()?,
            commit: Hash::of(&[salt, body]),
        })
    }

    /// Whether it is this body that was committed to.
    pub fn holds(&self, salt: &Salt, body: &[u8]) -> bool {
        u64::from(self.size) == body.len() as u64 && self.commit == Hash::of(&[salt, body])
    }
}

/// A first or newer version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Publish {
    /// In which collection.
    pub collection: String,
    /// Which object, within the collection.
    pub object: String,
    /// Index of the object's version before.
    pub supersedes: Option<u64>,
    /// When it need not be kept any more, in seconds since 1970.
    pub expires: Option<u64>,
    /// When it was published.
    pub time: u64,
    /// The body.
    pub body: Commitment,
}

/// The end of an object: its bodies are erased, and it can't be published again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Withdraw {
    /// In which collection.
    pub collection: String,
    /// Which object.
    pub object: String,
    /// Why.
    pub reason: Reason,
    /// The office or public name of who decided.
    pub by: String,
    /// When.
    pub time: u64,
    /// An explanation in words.
    pub explanation: Option<Commitment>,
}

/// A node has erased what another node's feed withdrew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Acknowledge {
    /// The feed with the withdrawal.
    pub origin: String,
    /// Index of the withdrawal.
    pub index: u64,
    /// The node that erased.
    pub by: String,
    /// When.
    pub time: u64,
}

/// One entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A first or newer version of an object.
    Publish(Publish),
    /// The end of an object.
    Withdraw(Withdraw),
    /// A node has erased what another node's feed withdrew.
    Acknowledge(Acknowledge),
}

/// An entry that can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// From a newer program.
    #[error("the entry has format {0}, this program knows {VERSION}: start a newer Lampion")]
    Newer(u8),
    /// Not what the module's grammar gives.
    #[error("the entry is malformed: {0}")]
    Malformed(&'static str),
    /// A field past its limit.
    #[error("the entry's {field} must be of 1 to {limit} bytes without control characters")]
    Text {
        /// Which.
        field: &'static str,
        /// How long it may be.
        limit: usize,
    },
    /// The body is too long.
    #[error("the body is longer than {BODY_LIMIT} bytes: split it, or keep it as a file beside")]
    BodyTooLong,
}

type Fields<'a> = Decoder<'a>;

fn malformed(_: impl std::fmt::Debug) -> EntryError {
    EntryError::Malformed("its CBOR can't be read")
}

fn check_text(field: &'static str, text: &str, limit: usize) -> Result<(), EntryError> {
    let good = !text.is_empty() && text.len() <= limit && !text.chars().any(char::is_control);
    good.then_some(()).ok_or(EntryError::Text { field, limit })
}

impl Entry {
    /// Collection and object that the entry is about; none for an acknowledgement.
    pub fn object(&self) -> Option<(&str, &str)> {
        match self {
            Self::Publish(publish) => Some((&publish.collection, &publish.object)),
            Self::Withdraw(withdraw) => Some((&withdraw.collection, &withdraw.object)),
            Self::Acknowledge(_) => None,
        }
    }

    /// What the entry's own body must be: that of a version, or an explanation.
    pub fn commitment(&self) -> Option<&Commitment> {
        match self {
            Self::Publish(publish) => Some(&publish.body),
            Self::Withdraw(withdraw) => withdraw.explanation.as_ref(),
            Self::Acknowledge(_) => None,
        }
    }

    /// When it was written, in seconds since 1970, by the author's clock.
    pub fn time(&self) -> u64 {
        match self {
            Self::Publish(publish) => publish.time,
            Self::Withdraw(withdraw) => withdraw.time,
            Self::Acknowledge(acknowledge) => acknowledge.time,
        }
    }

    fn check(&self) -> Result<(), EntryError> {
        match self {
            Self::Publish(Publish {
                collection, object, ..
            }) => {
                check_text("collection", collection, COLLECTION_LIMIT)?;
                check_text("object", object, OBJECT_LIMIT)?;
            }
            Self::Withdraw(withdraw) => {
                check_text("collection", &withdraw.collection, COLLECTION_LIMIT)?;
                check_text("object", &withdraw.object, OBJECT_LIMIT)?;
                check_text("name of who decided", &withdraw.by, BY_LIMIT)?;
            }
            Self::Acknowledge(acknowledge) => {
                check_text("origin", &acknowledge.origin, ORIGIN_LIMIT)?;
                check_text("node", &acknowledge.by, BY_LIMIT)?;
                if acknowledge.index >= SIZE_LIMIT {
                    return Err(EntryError::Malformed("its index is past any feed's end"));
                }
            }
        }
        match self.commitment() {
            Some(commitment) if commitment.size as usize > BODY_LIMIT => {
                Err(EntryError::BodyTooLong)
            }
            _ => Ok(()),
        }
    }

    /// The entry's bytes.
    ///
    /// # Errors
    /// A field is past its limit.
    pub fn encode(&self) -> Result<Vec<u8>, EntryError> {
        self.check()?;
        let mut encoder = Encoder::new(vec![VERSION]);
        self.write(&mut encoder).map_err(malformed)?;
        let bytes = encoder.into_writer();
        if bytes.len() > ENTRY_LIMIT {
            return Err(EntryError::Malformed("it is too long"));
        }
        Ok(bytes)
    }

    fn write(
        &self,
        e: &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        match self {
            Self::Publish(publish) => {
                e.array(8)?.u8(0)?;
                e.str(&publish.collection)?.str(&publish.object)?;
                optional(e, publish.supersedes)?;
                optional(e, publish.expires)?;
                e.u64(publish.time)?.u32(publish.body.size)?;
                e.bytes(&publish.body.commit.0)?;
            }
            Self::Withdraw(withdraw) => {
                e.array(7)?.u8(1)?;
                e.str(&withdraw.collection)?.str(&withdraw.object)?;
                e.str(withdraw.reason.as_str())?.str(&withdraw.by)?;
                e.u64(withdraw.time)?;
                match &withdraw.explanation {
                    None => e.null()?,
                    Some(body) => e.array(2)?.u32(body.size)?.bytes(&body.commit.0)?,
                };
            }
            Self::Acknowledge(acknowledge) => {
                e.array(5)?.u8(2)?;
                e.str(&acknowledge.origin)?.u64(acknowledge.index)?;
                e.str(&acknowledge.by)?.u64(acknowledge.time)?;
            }
        }
        Ok(())
    }

    /// Reads an entry. Only the one deterministic form of it is read.
    ///
    /// # Errors
    /// Malformed, past a limit, or from a newer program.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_LIMIT {
            return Err(EntryError::Malformed("it is too long"));
        }
        let (version, body) = bytes
            .split_first()
            .ok_or(EntryError::Malformed("it is empty"))?;
        if *version != VERSION {
            return Err(EntryError::Newer(*version));
        }
        let mut d = Decoder::new(body);
        let fields = d.array().map_err(malformed)?.unwrap_or(0);
        let entry = match (d.u8().map_err(malformed)?, fields) {
            (0, 8) => Self::Publish(read_publish(&mut d)?),
            (1, 7) => Self::Withdraw(read_withdraw(&mut d)?),
            (2, 5) => Self::Acknowledge(read_acknowledge(&mut d)?),
            _ => return Err(EntryError::Malformed("it is of no known type")),
        };
        // One thing has one form: a second spelling of an entry would be a second leaf for the same words.
        if entry.encode()? != bytes {
            return Err(EntryError::Malformed("it is not in the deterministic form"));
        }
        Ok(entry)
    }
}

fn optional(
    e: &mut Encoder<Vec<u8>>,
    value: Option<u64>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    match value {
        None => e.null()?,
        Some(value) => e.u64(value)?,
    };
    Ok(())
}

fn is_null(d: &mut Fields<'_>) -> Result<bool, EntryError> {
    if d.datatype().map_err(malformed)? != Type::Null {
        return Ok(false);
    }
    d.null().map_err(malformed)?;
    Ok(true)
}

fn text(d: &mut Fields<'_>) -> Result<String, EntryError> {
    d.str().map(ToString::to_string).map_err(malformed)
}

fn number(d: &mut Fields<'_>) -> Result<u64, EntryError> {
    d.u64().map_err(malformed)
}

fn maybe_number(d: &mut Fields<'_>) -> Result<Option<u64>, EntryError> {
    if is_null(d)? {
        return Ok(None);
    }
    number(d).map(Some)
}

fn commitment(d: &mut Fields<'_>) -> Result<Commitment, EntryError> {
    Ok(Commitment {
        size: d.u32().map_err(malformed)?,
        commit: Hash::from_slice(d.bytes().map_err(malformed)?)
            .ok_or(EntryError::Malformed("its commitment has not 32 bytes"))?,
    })
}

fn read_publish(d: &mut Fields<'_>) -> Result<Publish, EntryError> {
    Ok(Publish {
        collection: text(d)?,
        object: text(d)?,
        supersedes: maybe_number(d)?,
        expires: maybe_number(d)?,
        time: number(d)?,
        body: commitment(d)?,
    })
}

fn read_withdraw(d: &mut Fields<'_>) -> Result<Withdraw, EntryError> {
    Ok(Withdraw {
        collection: text(d)?,
        object: text(d)?,
        reason: Reason::from_code(d.str().map_err(malformed)?)
            .ok_or(EntryError::Malformed("its reason is of no known code"))?,
        by: text(d)?,
        time: number(d)?,
        explanation: if is_null(d)? {
            None
        } else if d.array().map_err(malformed)? == Some(2) {
            Some(commitment(d)?)
        } else {
            return Err(EntryError::Malformed("its explanation is no pair"));
        },
    })
}

fn read_acknowledge(d: &mut Fields<'_>) -> Result<Acknowledge, EntryError> {
    Ok(Acknowledge {
        origin: text(d)?,
        index: number(d)?,
        by: text(d)?,
        time: number(d)?,
    })
}
