//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) with the channel bindings `tls-exporter` (RFC 9266) and
//! `tls-server-end-point` (RFC 5929).
//!
//! The server's side holds no keys: it gives the text that was signed and the proof ([`Proof`]) to who keeps them.

use std::num::NonZeroU32;

use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use super::{SaslError, decode, encode};

/// The most iterations that a client works for a server.
const ITERATIONS_LIMIT: u32 = 1_000_000;
/// The longest nonce.
const NONCE_LIMIT: usize = 512;

/// What ties a sign-in to its connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelBinding {
    /// `tls-exporter`: 32 bytes of TLS 1.3 keying material.
    pub exporter: Option<Vec<u8>>,
    /// `tls-server-end-point`: the hash of the server's certificate.
    pub end_point: Option<Vec<u8>>,
}

impl ChannelBinding {
    fn of(&self, name: &str) -> Option<&[u8]> {
        match name {
            "tls-exporter" => self.exporter.as_deref(),
            "tls-server-end-point" => self.end_point.as_deref(),
            _ => None,
        }
    }

    fn any(&self) -> bool {
        self.exporter.is_some() || self.end_point.is_some()
    }
}

/// What a client offers as proof that it knows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// What was signed (`AuthMessage`).
    pub auth_message: String,
    /// `ClientProof`.
    pub proof: [u8; 32],
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

/// The server's side of one sign-in.
pub struct ScramServer {
    name: String,
    authorization: String,
    bare: String,
    nonce: String,
    /// What the client must repeat as `c=`: its header and the binding.
    bound: Vec<u8>,
    challenge: String,
}

impl std::fmt::Debug for ScramServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScramServer").finish_non_exhaustive()
    }
}

impl ScramServer {
    /// Reads the client's first message. `plus` says which of the two mechanisms the client chose.
    ///
    /// # Errors
    /// [`SaslError`].
    pub fn begin(
        client_first: &[u8],
        plus: bool,
        binding: &ChannelBinding,
    ) -> Result<Self, SaslError> {
        let text = std::str::from_utf8(client_first).map_err(|_| SaslError::Malformed)?;
        let (flag, rest) = text.split_once(',').ok_or(SaslError::Malformed)?;
        let (authorization, bare) = rest.split_once(',').ok_or(SaslError::Malformed)?;
        let header_length = text.len() - bare.len();
        let mut bound = text
            .as_bytes()
            .get(..header_length)
            .unwrap_or_default()
            .to_vec();
        match (flag, plus) {
            ("n", false) => {}
            // RFC 5802 §6: it could bind and thinks that we can't; if we can, somebody took the offer away.
            ("y", false) if !binding.any() => {}
            (flag, true) if flag.starts_with("p=") => {
                let name = flag.get(2..).unwrap_or_default();
                bound.extend_from_slice(binding.of(name).ok_or(SaslError::Binding)?);
            }
            ("y", _) | ("n", true) => return Err(SaslError::Binding),
            _ => return Err(SaslError::Malformed),
        }
        let authorization = match authorization {
            "" => String::new(),
            text => saslname(text.strip_prefix("a=").ok_or(SaslError::Malformed)?)?,
        };
        if bare.starts_with("m=") {
            return Err(SaslError::Extension);
        }
        let mut attributes = bare.split(',');
        let name = attribute(attributes.next(), "n=")?;
        let nonce = attribute(attributes.next(), "r=")?;
        if !is_nonce(nonce) {
            return Err(SaslError::Malformed);
        }
        Ok(Self {
            name: saslname(name)?,
            authorization,
            bare: bare.into(),
            nonce: nonce.into(),
            bound,
            challenge: String::new(),
        })
    }

    /// Who signs in.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who to act as; empty means the same.
    pub fn authorization(&self) -> &str {
        &self.authorization
    }

    /// The server's first message. `nonce` is fresh and has no comma.
    pub fn challenge(&mut self, nonce: &str, salt: &[u8], iterations: u32) -> String {
        self.nonce.push_str(nonce);
        self.challenge = format!("r={},s={},i={iterations}", self.nonce, encode(salt));
        self.challenge.clone()
    }

    /// Reads the client's last message.
    ///
    /// # Errors
    /// [`SaslError`].
    pub fn proof(&self, client_final: &[u8]) -> Result<Proof, SaslError> {
        let text = std::str::from_utf8(client_final).map_err(|_| SaslError::Malformed)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(SaslError::Malformed)?;
        let mut attributes = without_proof.split(',');
        let bound = decode(attribute(attributes.next(), "c=")?.as_bytes())?;
        let nonce = attribute(attributes.next(), "r=")?;
        if self.challenge.is_empty() || nonce != self.nonce {
            return Err(SaslError::Malformed);
        }
        if bound != self.bound {
            return Err(SaslError::Binding);
        }
        let proof = decode(proof.as_bytes())?
            .try_into()
            .map_err(|_| SaslError::Malformed)?;
        Ok(Proof {
            auth_message: format!("{},{},{without_proof}", self.bare, self.challenge),
            proof,
        })
    }

    /// The server's last message, with `ServerSignature`.
    pub fn success(signature: &[u8; 32]) -> String {
        format!("v={}", encode(signature))
    }
}

/// The client's side of one sign-in.
pub struct ScramClient {
    secret: String,
    header: String,
    bound: Vec<u8>,
    bare: String,
    nonce: String,
    signature: Option<[u8; 32]>,
}

impl std::fmt::Debug for ScramClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScramClient").finish_non_exhaustive()
    }
}

impl ScramClient {
    /// A sign-in with a fresh nonce; with `exporter` it is bound to the connection (SCRAM-SHA-256-PLUS).
    pub fn new(name: &str, secret: &str, nonce: &str, exporter: Option<&[u8]>) -> Self {
        let header = match exporter {
            Some(_) => "p=tls-exporter,,",
            None => "n,,",
        };
        let mut bound = header.as_bytes().to_vec();
        bound.extend_from_slice(exporter.unwrap_or_default());
        let name = name.replace('=', "=3D").replace(',', "=2C");
        Self {
            secret: secret.into(),
            header: header.into(),
            bound,
            bare: format!("n={name},r={nonce}"),
            nonce: nonce.into(),
            signature: None,
        }
    }

    /// The client's first message.
    pub fn first(&self) -> String {
        format!("{}{}", self.header, self.bare)
    }

    /// The client's last message, out of the server's first.
    ///
    /// # Errors
    /// [`SaslError`].
    pub fn answer(&mut self, server_first: &[u8]) -> Result<String, SaslError> {
        let text = std::str::from_utf8(server_first).map_err(|_| SaslError::Malformed)?;
        let mut attributes = text.split(',');
        let nonce = attribute(attributes.next(), "r=")?;
        let salt = decode(attribute(attributes.next(), "s=")?.as_bytes())?;
        let iterations = attribute(attributes.next(), "i=")?;
        let iterations: NonZeroU32 = iterations.parse().map_err(|_| SaslError::Malformed)?;
        if !nonce.starts_with(&self.nonce)
            || nonce.len() <= self.nonce.len()
            || iterations.get() > ITERATIONS_LIMIT
            || !is_nonce(nonce)
        {
            return Err(SaslError::Malformed);
        }
        let mut salted = [0u8; 32];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            iterations,
            &salt,
            self.secret.as_bytes(),
            &mut salted,
        );
        let client_key = mac(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, &client_key);
        let without_proof = format!("c={},r={nonce}", encode(&self.bound));
        let message = format!("{},{text},{without_proof}", self.bare);
        let signature = mac(stored.as_ref(), message.as_bytes());
        self.signature = Some(mac(&mac(&salted, b"Server Key"), message.as_bytes()));
        let proof: Vec<u8> = client_key
            .iter()
            .zip(signature)
            .map(|(a, b)| a ^ b)
            .collect();
        Ok(format!("{without_proof},p={}", encode(&proof)))
    }

    /// Whether the server knows the password too.
    ///
    /// # Errors
    /// [`SaslError::NotTheServer`].
    pub fn check(&self, server_final: &[u8]) -> Result<(), SaslError> {
        let given = server_final
            .strip_prefix(b"v=")
            .and_then(|text| decode(text).ok())
            .unwrap_or_default();
        match self.signature {
            Some(own) if bool::from(own.as_slice().ct_eq(&given)) => Ok(()),
            _ => Err(SaslError::NotTheServer),
        }
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut out = [0u8; 32];
    out.copy_from_slice(hmac::sign(&key, text).as_ref());
    out
}

fn attribute<'a>(given: Option<&'a str>, name: &str) -> Result<&'a str, SaslError> {
    given
        .and_then(|text| text.strip_prefix(name))
        .ok_or(SaslError::Malformed)
}

fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.len() <= NONCE_LIMIT && text.bytes().all(|b| b.is_ascii_graphic())
}

/// `saslname` (RFC 5802 §7): `=2C` is a comma, `=3D` an equals sign, no other `=` may be in it.
fn saslname(text: &str) -> Result<String, SaslError> {
    if text.is_empty() || text.contains('\0') {
        return Err(SaslError::Malformed);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        out.push_str(before);
        let (code, tail) = after.split_at_checked(2).ok_or(SaslError::Malformed)?;
        out.push(match code {
            "2C" => ',',
            "3D" => '=',
            _ => return Err(SaslError::Malformed),
        });
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7677 §3.
    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const CHALLENGE: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SUCCESS: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    #[test]
    fn both_sides_say_what_rfc_7677_says() {
        let mut client = ScramClient::new("user", "pencil", "rOprNGfwEbeRWgbNEkqO", None);
        assert_eq!(client.first(), FIRST);
        let none = ChannelBinding::default();
        let mut server = ScramServer::begin(FIRST.as_bytes(), false, &none).unwrap();
        assert_eq!(server.name(), "user");
        let salt = decode(b"W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        assert_eq!(server.challenge(SERVER_NONCE, &salt, 4096), CHALLENGE);
        assert_eq!(client.answer(CHALLENGE.as_bytes()).unwrap(), LAST);
        let proof = server.proof(LAST.as_bytes()).unwrap();
        assert!(
            proof.auth_message.starts_with("n=user,r=") && proof.auth_message.contains(",c=biws,")
        );
        client.check(SUCCESS.as_bytes()).unwrap();
        assert_eq!(client.check(b"v=AAAA"), Err(SaslError::NotTheServer));
        let signature: [u8; 32] = decode(&SUCCESS.as_bytes()[2..])
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(ScramServer::success(&signature), SUCCESS);
    }

    #[test]
    fn a_sign_in_on_another_connection_is_refused() {
        let here = ChannelBinding {
            exporter: Some(vec![1; 32]),
            end_point: None,
        };
        let there = ScramClient::new("u", "s", "abc", Some(&[2; 32]));
        let mut server = ScramServer::begin(there.first().as_bytes(), true, &here).unwrap();
        server.challenge("def", b"salt", 4096);
        let mut there = there;
        let answer = there.answer(b"r=abcdef,s=c2FsdA==,i=4096").unwrap();
        assert_eq!(server.proof(answer.as_bytes()), Err(SaslError::Binding));
        let mut same = ScramClient::new("u", "s", "abc", Some(&[1; 32]));
        let answer = same.answer(b"r=abcdef,s=c2FsdA==,i=4096").unwrap();
        assert!(server.proof(answer.as_bytes()).is_ok());
        let begin = |text: &str, plus, binding: &ChannelBinding| {
            ScramServer::begin(text.as_bytes(), plus, binding).map(|_| ())
        };
        let none = ChannelBinding::default();
        assert_eq!(
            begin("y,,n=u,r=a", false, &here),
            Err(SaslError::Binding),
            "the offer was taken away"
        );
        assert_eq!(begin("y,,n=u,r=a", false, &none), Ok(()));
        assert_eq!(begin("n,,n=u,r=a", true, &here), Err(SaslError::Binding));
        assert_eq!(
            begin("p=tls-unique,,n=u,r=a", true, &here),
            Err(SaslError::Binding)
        );
        assert_eq!(
            begin("p=tls-exporter,,n=u,r=a", false, &here),
            Err(SaslError::Malformed)
        );
    }

    #[test]
    fn malformed_messages_are_told_apart_from_good_ones() {
        let none = ChannelBinding::default();
        let begin = |text: &str| ScramServer::begin(text.as_bytes(), false, &none);
        assert_eq!(begin("n,a=x=2Cy,n=a=3Db,r=n").unwrap().name(), "a=b");
        assert_eq!(begin("n,a=x=2Cy,n=a,r=n").unwrap().authorization(), "x,y");
        for wrong in [
            "",
            "n",
            "n,,",
            "n,,n=a",
            "n,,n=,r=x",
            "n,,n=a=,r=x",
            "n,,n=a=4D,r=x",
            "n,,n=a,r=",
            "n,x,n=a,r=b",
        ] {
            assert!(begin(wrong).is_err(), "{wrong}");
        }
        assert_eq!(begin("n,,m=x,n=a,r=b").unwrap_err(), SaslError::Extension);
        let mut client = ScramClient::new("u", "s", "abc", None);
        for wrong in [
            "r=abc,s=AAAA,i=4096",
            "r=xyzdef,s=AAAA,i=4096",
            "r=abcdef,s=AAAA,i=0",
            "r=abcdef,s=AAAA,i=4000000000",
        ] {
            assert!(client.answer(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
