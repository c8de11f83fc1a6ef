//! Signing in: STARTTLS, LOGIN, AUTHENTICATE.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lampion_mailproto::imap::{Body, COMMAND_LIMIT};
use lampion_mailproto::put;
use lampion_people::PeopleError;

use super::SIGN_IN_TIME;
use super::session::{Answer, Awaited, Done, Failure, Session, Who};

/// A mechanism in the middle.
pub(super) enum Sasl {
    /// PLAIN awaits its message.
    Plain,
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
                if mechanism != "PLAIN" {
                    return Ok(Answer::No("this mechanism is not known".into()));
                }
                match initial {
                    Some(line) => self.sasl_answer(tag, Sasl::Plain, &line).await,
                    None => {
                        put!(self.wire.out, "+ \r\n");
                        self.awaited = Some(Box::new(Awaited::Sasl(tag.to_string(), Sasl::Plain)));
                        self.reader.expect_line();
                        Ok(Answer::Later)
                    }
                }
            }
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    /// A client's answer within a mechanism, in base 64.
    pub(super) async fn sasl_answer(&mut self, _tag: &str, sasl: Sasl, line: &[u8]) -> Done {
        if line == b"*" {
            return Ok(Answer::Bad("as you wish".into()));
        }
        let Ok(message) = STANDARD.decode(line) else {
            return Ok(Answer::Bad("this is not base 64".into()));
        };
        match sasl {
            Sasl::Plain => {
                let text = String::from_utf8(message).unwrap_or_default();
                let mut parts = text.split('\0');
                let (Some(act_as), Some(name), Some(secret), None) =
                    (parts.next(), parts.next(), parts.next(), parts.next())
                else {
                    return Ok(Answer::Bad("this is no message of PLAIN".into()));
                };
                if !act_as.is_empty() && act_as != name {
                    return Ok(Answer::No(
                        "[AUTHORIZATIONFAILED] nobody acts for others here".into(),
                    ));
                }
                let (name, secret) = (name.to_string(), secret.to_string());
                self.enter(&name, &secret).await
            }
        }
    }

    async fn enter(&mut self, name: &str, secret: &str) -> Done {
        let domain = self.shared.mail.domain();
        let local = match name.rsplit_once('@') {
            Some((local, given)) if given.eq_ignore_ascii_case(&domain) => local,
            _ => name,
        };
        let people = &self.shared.mail.kernel().people;
        let person = match people.verify_app_password(local, secret, self.peer).await {
            Ok(person) => person,
            Err(error @ PeopleError::Db(_)) => {
                tracing::warn!(%error, "a mail program could not sign in");
                return Ok(Answer::No("[UNAVAILABLE] try again later".into()));
            }
            Err(PeopleError::Disabled) => {
                return Ok(Answer::No("[CONTACTADMIN] this account is closed".into()));
            }
            Err(_) => {
                return Ok(Answer::No(
                    "[AUTHENTICATIONFAILED] wrong name or app password".into(),
                ));
            }
        };
        let account = self.store().account_of(&person).await?;
        let Some(place) = self.shared.place(&person.id) else {
            return Ok(Answer::No("[LIMIT] you have too many connections".into()));
        };
        self.who = Some(Box::new(Who::new(account.id, person.name, place)));
        self.reader.set_limit(COMMAND_LIMIT);
        Ok(Answer::Ok(format!(
            "[CAPABILITY {}] welcome",
            self.capabilities()
        )))
    }

    async fn start_tls(&mut self, tag: &str) -> Done {
        let Some(acceptor) = self
            .shared
            .tls
            .clone()
            .filter(|_| !self.secure && self.who.is_none())
        else {
            return Ok(Answer::Bad("there is no TLS to start".into()));
        };
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
