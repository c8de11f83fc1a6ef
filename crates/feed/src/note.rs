//! Signed notes (`c2sp.org/signed-note`) with Ed25519 signatures (type 0x01) and timestamped Ed25519 cosignatures
//! (type 0x04, `c2sp.org/tlog-cosignature`).

use std::fmt::{self, Write as _};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::limits::{NOTE_LIMIT, ORIGIN_LIMIT, SIGNATURES_LIMIT};
use crate::merkle::Hash;

/// Length of an Ed25519 signature.
const ED25519_LEN: usize = 64;
/// What a signature line begins with: em dash and space.
const SIGNATURE_PREFIX: &str = "— ";

/// A note that can't be read or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_LIMIT`].
    #[error("the note is longer than {NOTE_LIMIT} bytes")]
    TooLong,
    /// More than [`SIGNATURES_LIMIT`] signatures.
    #[error("the note has more than {SIGNATURES_LIMIT} signatures")]
    TooManySignatures,
    /// Not of the form that the specification gives.
    #[error("the note is malformed: {0}")]
    Malformed(&'static str),
    /// A known key's signature is wrong.
    #[error("the signature of `{0}` is forged or damaged")]
    BadSignature(String),
    /// No known key signed it.
    #[error("the note is signed by none of the keys that are trusted")]
    NotSigned,
}

/// A verifier key that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key of the form `name+hash+base64` of a type that is known: {0}")]
pub struct KeyError(&'static str);

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// 0x01: the text.
    Ed25519,
    /// 0x04: at a time, this checkpoint was the newest that the cosigner had seen, and it was consistent.
    Cosignature,
}

impl SignatureKind {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::Cosignature => 4,
        }
    }
}

/// Whether a key may be called so: not empty, no Unicode spaces, no plus, no control characters.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= ORIGIN_LIMIT
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn key_id(name: &str, kind: SignatureKind, public: &[u8; 32]) -> u32 {
    let hash = Hash::of(&[name.as_bytes(), b"\n", &[kind.byte()], public]);
    hash.0
        .first_chunk::<4>()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// A public key under a name; its text is `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    kind: SignatureKind,
    public: [u8; 32],
}

impl VerifierKey {
    /// The key's name: for a feed's own key the feed's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signatures say.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The same key under another name: a node signs all its feeds with one key, and each feed's key is named after it.
    ///
    /// # Errors
    /// The name is empty or holds a space or a plus.
    pub fn renamed(&self, name: &str) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError("the name is empty or holds a space"));
        }
        Ok(Self {
            name: name.to_string(),
            ..self.clone()
        })
    }

    /// The first four bytes of the hash of name, type and key.
    pub fn id(&self) -> u32 {
        key_id(&self.name, self.kind, &self.public)
    }

    /// Checks one signature over `text`; gives a cosignature's time (seconds since 1970).
    fn check(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        match self.kind {
            SignatureKind::Ed25519 => key
                .verify(text.as_bytes(), signature)
                .is_ok()
                .then_some(None),
            SignatureKind::Cosignature => {
                let (time, signature) = signature.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                let in_range = i64::try_from(time).is_ok() && signature.len() == ED25519_LEN;
                let message = cosigned(time, text);
                (in_range && key.verify(message.as_bytes(), signature).is_ok())
                    .then_some(Some(time))
            }
        }
    }
}

/// tlog-cosignature, "Ed25519 signed message".
fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(&self.public);
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.id(),
            STANDARD.encode(bytes)
        )
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError("three parts with a plus between are wanted"));
        };
        if !is_key_name(name) {
            return Err(KeyError("the name is empty or holds a space"));
        }
        let bytes = STANDARD
            .decode(key)
            .map_err(|_| KeyError("the key is not base 64"))?;
        let (kind, public) = bytes.split_first().ok_or(KeyError("the key is empty"))?;
        let kind = match kind {
            1 => SignatureKind::Ed25519,
            4 => SignatureKind::Cosignature,
            _ => return Err(KeyError("its type is neither 1 nor 4")),
        };
        let public = public
            .try_into()
            .map_err(|_| KeyError("the key has not 32 bytes"))?;
        let key = Self {
            name: name.to_string(),
            kind,
            public,
        };
        if format!("{:08x}", key.id()) != id {
            return Err(KeyError("the hash does not belong to name and key"));
        }
        Ok(key)
    }
}

/// A private key under a name.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The key that belongs to a seed (RFC 8032's private key), under `name`.
    ///
    /// # Errors
    /// The name can't be a key's.
    pub fn from_seed(name: &str, kind: SignatureKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError("the name is empty or holds a space"));
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| KeyError("the seed is no private key"))?;
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError("the key has not 32 bytes"))?;
        Ok(Self {
            pair,
            verifier: VerifierKey {
                name: name.to_string(),
                kind,
                public,
            },
        })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs `text`; only a cosignature says `seconds` since 1970.
    fn sign(&self, text: &str, seconds: u64) -> Signature {
        let bytes = match self.verifier.kind {
            SignatureKind::Ed25519 => self.pair.sign(text.as_bytes()).as_ref().to_vec(),
            SignatureKind::Cosignature => {
                let mut bytes = seconds.to_be_bytes().to_vec();
                let message = cosigned(seconds, text);
                bytes.extend_from_slice(self.pair.sign(message.as_bytes()).as_ref());
                bytes
            }
        };
        Signature {
            name: self.verifier.name.clone(),
            id: self.verifier.id(),
            bytes,
        }
    }
}

/// One signature line, checked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who signed, as they say.
    pub name: String,
    /// The key's id.
    pub id: u32,
    /// What the key's type makes of the text.
    pub bytes: Vec<u8>,
}

impl Signature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed("a signature line is not `— name base64`");
        let Some((name, encoded)) = line
            .strip_prefix(SIGNATURE_PREFIX)
            .and_then(|rest| rest.split_once(' '))
        else {
            return Err(malformed);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| malformed.clone())?;
        match bytes.split_first_chunk::<4>() {
            Some((id, bytes)) if is_key_name(name) && !bytes.is_empty() => Ok(Self {
                name: name.to_string(),
                id: u32::from_be_bytes(*id),
                bytes: bytes.to_vec(),
            }),
            _ => Err(malformed),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.bytes);
        writeln!(
            f,
            "{SIGNATURE_PREFIX}{} {}",
            self.name,
            STANDARD.encode(bytes)
        )
    }
}

/// A signature that a known key made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The key's name.
    pub name: String,
    /// What the signature says.
    pub kind: SignatureKind,
    /// A cosignature's time in seconds since 1970, by the cosigner's clock.
    pub seconds: Option<u64>,
}

/// Text with signatures. Its [`fmt::Display`] is the note as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A text to be signed: not empty, ending in a newline, without other control characters.
    ///
    /// # Errors
    /// It is not so.
    pub fn new(text: String) -> Result<Self, NoteError> {
        if text.len() > NOTE_LIMIT {
            return Err(NoteError::TooLong);
        }
        if !text.ends_with('\n') {
            return Err(NoteError::Malformed("the text does not end in a newline"));
        }
        if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Malformed("it holds a control character"));
        }
        Ok(Self {
            text,
            signatures: Vec::new(),
        })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// It is malformed or past a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_LIMIT {
            return Err(NoteError::TooLong);
        }
        let whole =
            std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        let (text, lines) = whole
            .rsplit_once("\n\n")
            .ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let mut note = Self::new(format!("{text}\n"))?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed(
            "the last signature line does not end in a newline",
        ))?;
        for line in lines.split('\n') {
            note.push(Signature::parse(line)?)?;
        }
        Ok(note)
    }

    /// The text that is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature that somebody made.
    ///
    /// # Errors
    /// There are too many.
    pub fn push(&mut self, signature: Signature) -> Result<(), NoteError> {
        if self.signatures.len() >= SIGNATURES_LIMIT {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Signs it. `seconds` since 1970 are what a cosignature says, and nothing else.
    ///
    /// # Errors
    /// There are too many signatures.
    pub fn sign(&mut self, key: &SigningKey, seconds: u64) -> Result<(), NoteError> {
        self.push(key.sign(&self.text, seconds))
    }

    /// The same text with only those signatures that `keep` likes.
    #[must_use]
    pub fn with_signatures(mut self, keep: impl Fn(&Signature) -> bool) -> Self {
        self.signatures.retain(keep);
        self
    }

    /// Checks all signatures of keys that are known, and gives them; those of others are ignored.
    ///
    /// # Errors
    /// No known key signed, or a known key's signature is wrong.
    pub fn verify(&self, keys: &[&VerifierKey]) -> Result<Vec<Verified>, NoteError> {
        let mut verified = Vec::new();
        for signature in &self.signatures {
            let Some(key) = keys
                .iter()
                .find(|key| key.name == signature.name && key.id() == signature.id)
            else {
                continue;
            };
            let seconds = key
                .check(&self.text, &signature.bytes)
                .ok_or_else(|| NoteError::BadSignature(signature.name.clone()))?;
            verified.push(Verified {
                name: signature.name.clone(),
                kind: key.kind,
                seconds,
            });
        }
        if verified.is_empty() {
            return Err(NoteError::NotSigned);
        }
        Ok(verified)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        f.write_char('\n')?;
        self.signatures
            .iter()
            .try_for_each(|signature| signature.fmt(f))
    }
}
