//! How mail programs sign in (RFC 4422): PLAIN (RFC 4616), SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677, 9266),
//! and LOGIN for servers that know nothing else.
//!
//! Messages here are decoded: base 64 is the protocol's affair, see [`decode`] and [`encode`].

mod scram;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use scram::{ChannelBinding, Proof, ScramClient, ScramServer};

/// The longest message of a mechanism that is looked at, in bytes.
pub const MESSAGE_LIMIT: usize = 8_192;

/// Why a message of a mechanism can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SaslError {
    /// Not base 64, not UTF-8, or not of the mechanism's form.
    #[error("the sign-in message is malformed")]
    Malformed,
    /// Longer than [`MESSAGE_LIMIT`].
    #[error("the sign-in message is too long")]
    TooLong,
    /// The connection is not the one that the other side sees, or it takes this side for one that can't bind.
    #[error("the sign-in is bound to another connection: somebody may be between")]
    Binding,
    /// The other side asks for something that this one doesn't do.
    #[error("the sign-in asks for an extension that is not known")]
    Extension,
    /// The server doesn't know the secret.
    #[error("the server could not prove that it knows the password")]
    NotTheServer,
}

/// Bytes of a message in base 64; `=` stands for an empty one (RFC 4954 §4).
///
/// # Errors
/// [`SaslError::Malformed`], [`SaslError::TooLong`].
pub fn decode(text: &[u8]) -> Result<Vec<u8>, SaslError> {
    if text.len() > MESSAGE_LIMIT {
        return Err(SaslError::TooLong);
    }
    if text == b"=" {
        return Ok(Vec::new());
    }
    STANDARD.decode(text).map_err(|_| SaslError::Malformed)
}

/// A message in base 64.
pub fn encode(message: &[u8]) -> String {
    STANDARD.encode(message)
}

/// The one message of PLAIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain {
    /// Who to act as; empty means [`Plain::name`].
    pub authorization: String,
    /// Who signs in.
    pub name: String,
    /// The password.
    pub secret: String,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain").finish_non_exhaustive()
    }
}

impl Plain {
    /// Reads `[authzid] NUL authcid NUL passwd` (RFC 4616 §2).
    ///
    /// # Errors
    /// [`SaslError::Malformed`].
    pub fn parse(message: &[u8]) -> Result<Self, SaslError> {
        let text = std::str::from_utf8(message).map_err(|_| SaslError::Malformed)?;
        let parts: Vec<&str> = text.split('\0').collect();
        match parts.as_slice() {
            [authorization, name, secret] if !name.is_empty() => Ok(Self {
                authorization: (*authorization).into(),
                name: (*name).into(),
                secret: (*secret).into(),
            }),
            _ => Err(SaslError::Malformed),
        }
    }

    /// The message.
    pub fn message(&self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.authorization, self.name, self.secret).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_reads_the_examples_of_rfc_4616() {
        let message = Plain::parse(b"\0tim\0tanstaaftanstaaf").unwrap();
        assert_eq!(
            (
                message.authorization.as_str(),
                message.name.as_str(),
                message.secret.as_str()
            ),
            ("", "tim", "tanstaaftanstaaf")
        );
        let other = Plain::parse(b"Ursel\0Kurt\0xipj3plmq").unwrap();
        assert_eq!(other.authorization, "Ursel");
        assert_eq!(other.message(), b"Ursel\0Kurt\0xipj3plmq");
        for wrong in [&b"tim\0x"[..], b"\0\0x", b"\0a\0b\0c", b"\xff\0a\0b", b""] {
            assert_eq!(Plain::parse(wrong), Err(SaslError::Malformed));
        }
    }

    #[test]
    fn base64_is_bounded_and_strict() {
        assert_eq!(decode(b"=").unwrap(), b"");
        assert_eq!(decode(b"dGlt").unwrap(), b"tim");
        assert_eq!(decode(b"dGl"), Err(SaslError::Malformed));
        assert_eq!(
            decode(&vec![b'A'; MESSAGE_LIMIT + 4]),
            Err(SaslError::TooLong)
        );
    }
}
