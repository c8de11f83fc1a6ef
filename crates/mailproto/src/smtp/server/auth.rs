//! AUTH (RFC 4954): PLAIN and SCRAM-SHA-256, with -PLUS where TLS gives a binding; only over TLS.

use super::{Event, Kind, SIGN_INS_LIMIT, Server, State, Waits};
use crate::sasl::{self, Plain, SaslError, ScramServer};

/// A sign-in that is under way.
#[derive(Debug, Default)]
pub(super) enum Auth {
    #[default]
    None,
    Plain,
    /// SCRAM's first message is to come.
    First(bool),
    Scram(Box<ScramServer>),
    /// The client has to say nothing more, but has to say it.
    Done,
}

impl Server {
    pub(super) fn mechanisms(&self) -> Option<&'static str> {
        let offered = self.settings.kind == Kind::Submission && self.tls && !self.signed_in;
        let bound = self.binding.exporter.is_some() || self.binding.end_point.is_some();
        offered.then_some(if bound {
            "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS"
        } else {
            "PLAIN SCRAM-SHA-256"
        })
    }

    pub(super) fn begin_auth(&mut self, mechanism: &str, initial: Option<&str>) -> Option<Event> {
        if self.settings.kind != Kind::Submission
            || self.signed_in
            || !self.greeted
            || self.envelope.is_some()
        {
            self.fail(503, "5.5.1", "no sign-in here or now");
            return None;
        }
        if !self.tls {
            self.fail(
                538,
                "5.7.11",
                "begin TLS with STARTTLS first: nothing may be sent in the clear",
            );
            return None;
        }
        let known = self
            .mechanisms()
            .unwrap_or_default()
            .split(' ')
            .any(|one| one == mechanism);
        self.auth = match mechanism {
            _ if !known => {
                self.fail(504, "5.5.4", "the mechanism is not known");
                return None;
            }
            "PLAIN" => Auth::Plain,
            _ => Auth::First(mechanism.ends_with("-PLUS")),
        };
        match initial {
            Some(text) => self.auth_line(text.as_bytes()),
            None => {
                self.state = State::Auth;
                self.output.extend_from_slice(b"334 \r\n");
                None
            }
        }
    }

    pub(super) fn auth_line(&mut self, line: &[u8]) -> Option<Event> {
        self.state = State::Command;
        if line == b"*" {
            self.auth = Auth::None;
            self.fail(501, "5.0.0", "the sign-in was given up");
            return None;
        }
        let step = sasl::decode(line).and_then(|message| self.auth_step(&message));
        match step {
            Ok(event) => event,
            Err(error) => {
                self.auth = Auth::None;
                let code = if error == SaslError::TooLong {
                    500
                } else {
                    501
                };
                self.fail(code, "5.5.2", error.to_string());
                None
            }
        }
    }

    fn auth_step(&mut self, message: &[u8]) -> Result<Option<Event>, SaslError> {
        match std::mem::take(&mut self.auth) {
            Auth::None => Err(SaslError::Malformed),
            Auth::Plain => {
                let plain = Plain::parse(message)?;
                self.waits = Some(Waits::SignIn);
                Ok(Some(Event::Plain(plain)))
            }
            Auth::First(plus) => {
                let scram = ScramServer::begin(message, plus, &self.binding)?;
                if !matches!(scram.authorization(), "") && scram.authorization() != scram.name() {
                    return Err(SaslError::Extension);
                }
                let name = scram.name().to_string();
                self.auth = Auth::Scram(Box::new(scram));
                self.waits = Some(Waits::Salt);
                Ok(Some(Event::ScramName(name)))
            }
            Auth::Scram(scram) => {
                let proof = scram.proof(message)?;
                self.waits = Some(Waits::Proof);
                Ok(Some(Event::ScramProof(scram.name().into(), proof)))
            }
            Auth::Done if message.is_empty() => {
                self.welcome();
                Ok(None)
            }
            Auth::Done => Err(SaslError::Malformed),
        }
    }

    fn welcome(&mut self) {
        (self.signed_in, self.failed_sign_ins) = (true, 0);
        self.say(235, "2.7.0", "welcome");
    }

    /// Answers [`Event::ScramName`]. `nonce` is fresh chance as text.
    pub fn scram_salt(&mut self, nonce: &str, salt: &[u8], iterations: u32) {
        self.waits = None;
        if let Auth::Scram(scram) = &mut self.auth {
            let challenge = scram.challenge(nonce, salt, iterations);
            self.challenge(&challenge);
        }
    }

    /// Answers [`Event::ScramProof`]: it was right.
    pub fn scram_right(&mut self, signature: &[u8; 32]) {
        self.waits = None;
        self.auth = Auth::Done;
        self.challenge(&ScramServer::success(signature));
    }

    fn challenge(&mut self, text: &str) {
        self.output
            .extend_from_slice(format!("334 {}\r\n", sasl::encode(text.as_bytes())).as_bytes());
        self.state = State::Auth;
    }

    /// Answers [`Event::Plain`]: it was right.
    pub fn signed_in(&mut self) {
        self.waits = None;
        self.welcome();
    }

    /// Answers any of the three: `(535, "5.7.8", …)` wrong, `(454, "4.7.0", …)` not now.
    pub fn not_signed_in(&mut self, code: u16, enhanced: &str, text: &str) {
        (self.waits, self.auth) = (None, Auth::None);
        self.failed_sign_ins += 1;
        self.fail(code, enhanced, text);
        if self.failed_sign_ins >= SIGN_INS_LIMIT {
            self.errors = super::ERRORS_LIMIT;
        }
    }
}
