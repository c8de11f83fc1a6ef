//! Signing in: STARTTLS, LOGIN, AUTHENTICATE.

use lampion_core::ids;
use lampion_mailproto::imap::{Body, COMMAND_LIMIT};
use lampion_mailproto::put;
use lampion_mailproto::sasl::{self, ChannelBinding, Plain, ScramServer};
use lampion_people::{PeopleError, Person, SCRAM_ITERATIONS};

use super::SIGN_IN_TIME;
use super::session::{Answer, Awaited, Done, Failure, Session, Who};
use crate::store::MailError;

/// A mechanism in the middle.
pub(super) enum Sasl {
    /// PLAIN awaits its message.
    Plain,
    /// SCRAM awaits its first message.
    ScramFirst,
    /// SCRAM awaits the proof.
    ScramLast(Box<ScramServer>),
    /// SCRAM awaits an empty message: the client knows now that this is the right server.
    ScramDone(Box<(Person, String)>),
}

impl Session {
    pub(super) async fn sign_in(&mut self, tag: &str, body: Body) -> Done {
        match body {
            Body::StartTls => self.start_tls(tag).await,
            _ if self.who.is_some() => Ok(Answer::Bad("you have signed in already".into())),
            _ if !self.may_sign_in() => {
                Ok(Answer::No("[PRIVACYREQUIRED] ask for TLS first".into()))
            }
            Body::Login { name, password } => {
                let (Ok(name), Ok(password)) =
                    (String::from_utf8(name), String::from_utf8(password))
                else {
                    return Ok(Answer::No(
                        "[AUTHENTICATIONFAILED] name and password must be UTF-8".into(),
                    ));
                };
                self.enter(&name, &password).await
            }
            Body::Authenticate { mechanism, initial } => {
                let sasl = match mechanism.as_str() {
                    "PLAIN" => Sasl::Plain,
                    "SCRAM-SHA-256" => Sasl::ScramFirst,
                    _ => return Ok(Answer::No("this mechanism is not known".into())),
                };
                match initial {
                    Some(line) if line.is_empty() => self.sasl_answer(tag, sasl, b"=").await,
                    Some(line) => self.sasl_answer(tag, sasl, &line).await,
                    None => Ok(self.ask(tag, "", sasl)),
                }
            }
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    /// Asks for the next message of a mechanism.
    fn ask(&mut self, tag: &str, challenge: &str, next: Sasl) -> Answer {
        put!(self.wire.out, "+ {challenge}\r\n");
        self.awaited = Some(Box::new(Awaited::Sasl(tag.to_string(), next)));
        self.reader.expect_line();
        Answer::Later
    }

    /// A client's answer within a mechanism, in base 64.
    pub(super) async fn sasl_answer(&mut self, tag: &str, sasl: Sasl, line: &[u8]) -> Done {
        if line == b"*" {
            return Ok(Answer::Bad("as you wish".into()));
        }
        let Ok(message) = sasl::decode(line) else {
            return Ok(Answer::Bad("this is not base 64, or too long".into()));
        };
        match sasl {
            Sasl::Plain => {
                let Ok(plain) = Plain::parse(&message) else {
                    return Ok(Answer::Bad("this is no message of PLAIN".into()));
                };
                if !plain.authorization.is_empty() && plain.authorization != plain.name {
                    return Ok(nobody_acts());
                }
                self.enter(&plain.name, &plain.secret).await
            }
            Sasl::ScramFirst => self.scram_first(tag, &message).await,
            Sasl::ScramLast(server) => self.scram_last(tag, &server, &message).await,
            Sasl::ScramDone(who) => self.entered(&who.0, who.1).await,
        }
    }

    async fn scram_first(&mut self, tag: &str, message: &[u8]) -> Done {
        // No binding is offered, so none can have been taken away.
        let mut server = match ScramServer::begin(message, false, &ChannelBinding::default()) {
            Ok(server) => server,
            Err(error) => return Ok(Answer::No(format!("[AUTHENTICATIONFAILED] {error}"))),
        };
        if !server.authorization().is_empty() && server.authorization() != server.name() {
            return Ok(nobody_acts());
        }
        let kernel = self.shared.mail.kernel();
        let local = self.local(server.name()).to_string();
        let salt = kernel
            .people
            .scram_salt(&local)
            .await
            .map_err(MailError::from)?;
        let nonce = ids::new_secret(&*kernel.rng);
        let challenge = sasl::encode(server.challenge(&nonce, &salt, SCRAM_ITERATIONS).as_bytes());
        Ok(self.ask(tag, &challenge, Sasl::ScramLast(Box::new(server))))
    }

    async fn scram_last(&mut self, tag: &str, server: &ScramServer, message: &[u8]) -> Done {
        let proof = match server.proof(message) {
            Ok(proof) => proof,
            Err(error) => return Ok(Answer::No(format!("[AUTHENTICATIONFAILED] {error}"))),
        };
        let people = &self.shared.mail.kernel().people;
        let local = self.local(server.name()).to_string();
        let verified = people.verify_scram(&local, &proof.auth_message, &proof.proof, self.peer);
        match verified.await {
            Ok((person, password, signature)) => {
                let last = sasl::encode(ScramServer::success(&signature).as_bytes());
                Ok(self.ask(tag, &last, Sasl::ScramDone(Box::new((person, password)))))
            }
            Err(error) => Ok(refused(&error)),
        }
    }

    /// A name without the node's domain.
    pub(super) fn local<'n>(&self, name: &'n str) -> &'n str {
        match name.rsplit_once('@') {
            Some((local, given)) if given.eq_ignore_ascii_case(&self.shared.mail.domain()) => local,
            _ => name,
        }
    }

    async fn enter(&mut self, name: &str, secret: &str) -> Done {
        let local = self.local(name);
        let people = &self.shared.mail.kernel().people;
        let verified = people.verify_app_password_and_id(local, secret, self.peer);
        match verified.await {
            Ok((person, password)) => self.entered(&person, password).await,
            Err(error) => Ok(refused(&error)),
        }
    }

    /// Somebody has signed in, by an app password (its id).
    async fn entered(&mut self, person: &Person, password: String) -> Done {
        // Listened to before it is looked at again, so that no revocation falls between.
        let people = &self.shared.mail.kernel().people;
        let revocations = people.revocations();
        let holds = people.app_password_holds(&person.id, &password).await;
        if !holds.map_err(MailError::from)? {
            return Ok(refused(&PeopleError::WrongNameOrPassword));
        }
        let account = self.store().account_of(person).await?;
        let Some(place) = self.shared.place(&person.id) else {
            return Ok(Answer::No("[LIMIT] you have too many connections".into()));
        };
        self.who = Some(Box::new(Who {
            account: account.id,
            name: person.name.clone(),
            person: person.id.clone(),
            password,
            revocations,
            looked: tokio::time::Instant::now(),
            _place: place,
        }));
        self.reader.set_limit(COMMAND_LIMIT);
        Ok(Answer::Ok(format!(
            "[CAPABILITY {}] welcome",
            self.capabilities()
        )))
    }

    async fn start_tls(&mut self, tag: &str) -> Done {
        if self.secure || self.who.is_some() {
            return Ok(Answer::Bad("there is no TLS to start".into()));
        }
        let acceptor = self.shared.tls.clone();
        self.answer(tag, &Answer::Ok("begin TLS now".into()));
        self.wire.flush().await?;
        let Some(stream) = self.wire.take() else {
            return Err(Failure::Io(std::io::ErrorKind::NotConnected.into()));
        };
        let stream = tokio::time::timeout(SIGN_IN_TIME, acceptor.accept(stream));
        let stream = stream
            .await
            .map_err(|_| Failure::Io(std::io::ErrorKind::TimedOut.into()))??;
        // Commands that came before it were not protected: they are forgotten (RFC 9051 §6.2.1).
        self.wire.replace(Box::new(stream));
        self.secure = true;
        Ok(Answer::Later)
    }
}

fn nobody_acts() -> Answer {
    Answer::No("[AUTHORIZATIONFAILED] nobody acts for others here".into())
}

/// What a client is told that could not sign in.
fn refused(error: &PeopleError) -> Answer {
    Answer::No(match error {
        PeopleError::Db(error) => {
            tracing::warn!(%error, "a mail program could not sign in");
            "[UNAVAILABLE] try again later".into()
        }
        PeopleError::Disabled => "[CONTACTADMIN] this account is closed".into(),
        PeopleError::TooManyTries { .. } => "[LIMIT] too many tries: wait a little".into(),
        _ => "[AUTHENTICATIONFAILED] wrong name or app password".into(),
    })
}
