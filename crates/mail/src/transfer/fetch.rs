//! Mail from another IMAP server, as a job: mailbox after mailbox, some messages at a time, and gone on with after any
//! interruption. What came is noted by the server's (mailbox, UIDVALIDITY, UID), so that another run takes only what is new.
//! Nothing is changed on the server: mailboxes are opened for reading, messages are peeked at.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler};
use lampion_mailproto::answer::Token;
use lampion_mailproto::imap::cursor::Cursor;
use lampion_mailproto::imap::{date, utf7};
use serde::{Deserialize, Serialize};

use super::client::{Client, ClientError, Secure, Sink, quoted};
use super::import::Work;
use super::source::{self, Came, Source, fitting};
use super::{end_of, subject};
use crate::Mail;
use crate::store::{Flags, MailError, Special, Target};

/// The kind of the job.
pub const KIND: &str = "mail-fetch";
/// Messages that are asked for at once.
const BATCH: usize = 50;
/// The longest pause between two requests: a server gets a quarter of the time that it took.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Another server and an account there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is made secure.
    pub secure: Secure,
    /// Name to sign in with.
    pub user: String,
    /// SHA-256 of a certificate that the person vouches for; empty for none.
    pub trusted: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    source: String,
    server: Server,
}

impl Server {
    /// Reads `imaps://user@host:port` or `imap://…` (which asks for TLS first). `%40` stands for `@` in the user's name.
    pub fn from_address(address: &str) -> Option<Self> {
        let (scheme, rest) = address.trim().split_once("://")?;
        let (secure, usual) = match scheme.to_ascii_lowercase().as_str() {
            "imaps" => (Secure::Tls, 993),
            "imap" => (Secure::StartTls, 143),
            _ => return None,
        };
        let rest = rest.trim_end_matches('/');
        let (user, at) = rest.rsplit_once('@')?;
        let (host, port) = match at.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (at, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let user = user.replace("%40", "@");
        let fine = !host.is_empty() && !user.is_empty() && !host.contains('/');
        fine.then(|| Self {
            host: host.into(),
            port,
            secure,
            user,
            trusted: String::new(),
        })
    }

    /// The same account of the same server, however it is reached.
    fn name(&self) -> String {
        format!(
            "imap://{}@{}:{}",
            self.user,
            self.host.to_ascii_lowercase(),
            self.port
        )
    }
}

/// Queues a fetch; gives the job's id.
///
/// # Errors
/// The database.
pub async fn begin(
    mail: &Mail,
    account: &str,
    server: &Server,
    password: &str,
) -> Result<String, MailError> {
    let source = source::open(mail, account, &server.name(), password).await?;
    let order = Order {
        source: source.id,
        server: server.clone(),
    };
    let payload =
        serde_json::to_string(&order).map_err(|error| MailError::Fault(error.to_string()))?;
    let job = mail.kernel().queue(KIND, &subject(account), payload).await;
    Ok(job.map_err(|error| MailError::Away(error.to_string()))?.id)
}

fn end_of_client(error: &ClientError) -> JobEnd {
    match error {
        ClientError::Away(_) => JobEnd::Passing(error.to_string()),
        _ => JobEnd::Failed(error.to_string()),
    }
}

/// Handles [`KIND`].
pub struct FetchJob(pub Mail);

#[async_trait]
impl JobHandler for FetchJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let order: Order = serde_json::from_str(&context.job.payload)
            .map_err(|error| JobEnd::Failed(error.to_string()))?;
        let known = source::get(&self.0, &order.source)
            .await
            .map_err(|error| end_of(&error))?;
        let Some((source, password)) = known else {
            return Err(JobEnd::Failed("the account is gone".into()));
        };
        let stop = context.stop.clone();
        let reason = context.clone();
        let ended = tokio::select! {
            ended = self.fetch(context, source, &order.server, &password) => ended,
            () = stop.cancelled() => Err(reason.stop_reason()),
        };
        if !matches!(ended, Err(JobEnd::Interrupted | JobEnd::Passing(_))) {
            source::forget_secret(&self.0, &order.source)
                .await
                .map_err(|error| end_of(&error))?;
        }
        ended
    }
}

/// A mailbox of the server.
struct Folder {
    /// As the server names it.
    raw: String,
    /// As it is named here.
    name: String,
    special: Option<Special>,
}

impl FetchJob {
    async fn fetch(
        &self,
        context: JobContext,
        source: Source,
        server: &Server,
        password: &str,
    ) -> Result<(), JobEnd> {
        let came = source::came(&self.0, &source.id)
            .await
            .map_err(|error| end_of(&error))?;
        let client =
            Client::connect(&server.host, server.port, server.secure, &server.trusted).await;
        let mut client = client.map_err(|error| end_of_client(&error))?;
        client
            .sign_in(&server.user, password)
            .await
            .map_err(|error| end_of_client(&error))?;
        let folders = folders(&mut client)
            .await
            .map_err(|error| end_of_client(&error))?;
        let mut work = Work::new(&self.0, source.clone(), context);
        let mut plans = Vec::new();
        for folder in &folders {
            // A mailbox that can't be opened (no right, gone) must not keep the others.
            match examine(&mut client, folder, &came).await {
                Ok((validity, uids)) => {
                    work.progress.items_total += i64::try_from(uids.len()).unwrap_or(0);
                    plans.push((folder, validity, uids));
                }
                Err(ClientError::Refused(why)) => work.failed(&folder.name, &why),
                Err(error) => return Err(end_of_client(&error)),
            }
        }
        for (folder, validity, uids) in plans {
            let mailbox = match folder.special {
                Some(special) => self.0.store().special(&source.account, special).await,
                None => source::mailbox(self.0.store(), &source.account, &folder.name).await,
            };
            let target = Target::new(mailbox.map_err(|error| end_of(&error))?.id);
            let opened = client
                .command(&format!("EXAMINE {}", wire(&folder.raw)), None)
                .await;
            opened.map_err(|error| end_of_client(&error))?;
            for some in uids.chunks(BATCH) {
                let begun = Instant::now();
                take(
                    &self.0,
                    &mut client,
                    &mut work,
                    &target,
                    (&folder.raw, validity, some),
                )
                .await?;
                work.flush().await?;
                pause((begun.elapsed() / 4).min(LONGEST_PAUSE)).await;
            }
        }
        // What was wanted has come: how the server says goodbye is its own affair.
        let _said_goodbye = client.command("LOGOUT", None).await;
        work.end().await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the other server has others to serve as well"
)]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

fn wire(raw: &str) -> String {
    // Names came from the server in one line, so they hold no line ends.
    quoted(raw).unwrap_or_else(|_| "\"INBOX\"".into())
}

/// Mailboxes that hold messages of their own.
async fn folders(client: &mut Client) -> Result<Vec<Folder>, ClientError> {
    let capabilities = client.capabilities().await?;
    let has = |word: &str| {
        capabilities
            .iter()
            .any(|one| one.eq_ignore_ascii_case(word))
    };
    let list = if has("SPECIAL-USE") && has("LIST-EXTENDED") {
        "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
    } else {
        "LIST \"\" \"*\""
    };
    let answers = client.command(list, None).await?;
    let mut listed: Vec<(Vec<String>, String, String)> = Vec::new();
    for answer in answers {
        let mut tokens = answer.tokens.iter();
        if !tokens.next().is_some_and(|word| word.is("LIST")) {
            continue;
        }
        let attributes: Vec<String> = tokens
            .by_ref()
            .skip(1)
            .take_while(|token| **token != Token::Close)
            .filter_map(Token::text)
            .collect();
        let delimiter = tokens.next().and_then(Token::text).unwrap_or_default();
        let Some(raw) = tokens.next().and_then(Token::text) else {
            continue;
        };
        listed.push((attributes, delimiter, raw));
    }
    // Some servers put everything under INBOX: that is taken off if it is on all.
    let under = |raw: &str, delimiter: &str| {
        raw.get(..5)
            .is_some_and(|head| head.eq_ignore_ascii_case("INBOX"))
            && raw
                .get(5..)
                .is_some_and(|rest| !delimiter.is_empty() && rest.starts_with(delimiter))
    };
    let others: Vec<_> = listed
        .iter()
        .filter(|(_, _, raw)| !raw.eq_ignore_ascii_case("INBOX"))
        .collect();
    let prefixed = !others.is_empty()
        && others
            .iter()
            .all(|(_, delimiter, raw)| under(raw, delimiter));
    let mut out = Vec::new();
    for (attributes, delimiter, raw) in &listed {
        let is = |word: &str| attributes.iter().any(|one| one.eq_ignore_ascii_case(word));
        // `\All` and `\Flagged` show what lies in other mailboxes (RFC 6154 §2).
        if is("\\Noselect") || is("\\NonExistent") || is("\\All") || is("\\Flagged") {
            continue;
        }
        let mut path = raw.as_str();
        if prefixed && under(raw, delimiter) {
            path = raw.get(5 + delimiter.len()..).unwrap_or(raw);
        }
        let levels: Vec<String> = match delimiter.as_str() {
            "" | "NIL" => vec![path.to_string()],
            delimiter => path.split(delimiter).map(Into::into).collect(),
        };
        let levels: Vec<String> = levels
            .into_iter()
            .map(|level| utf7::decode(&level).unwrap_or(level))
            .collect();
        out.push(Folder {
            raw: raw.clone(),
            name: fitting(&levels),
            special: attributes
                .iter()
                .find_map(|one| Special::from_attribute(one)),
        });
    }
    Ok(out)
}

/// A mailbox's validity, and the UIDs that haven't come yet.
async fn examine(
    client: &mut Client,
    folder: &Folder,
    came: &Came,
) -> Result<(i64, Vec<u32>), ClientError> {
    let answers = client
        .command(&format!("EXAMINE {}", wire(&folder.raw)), None)
        .await?;
    let validity = answers.iter().find_map(|answer| {
        let at = answer
            .tokens
            .iter()
            .position(|token| token.is("[UIDVALIDITY"))?;
        let number = answer.tokens.get(at + 1)?.text()?;
        number.trim_end_matches(']').parse::<i64>().ok()
    });
    let validity = validity.ok_or(ClientError::NoImap("a mailbox without UIDVALIDITY"))?;
    let answers = client.command("UID SEARCH ALL", None).await?;
    let mut uids: Vec<u32> = answers
        .iter()
        .filter(|answer| answer.tokens.first().is_some_and(|word| word.is("SEARCH")))
        .flat_map(|answer| answer.tokens.iter().skip(1))
        .filter_map(|token| token.text()?.parse().ok())
        .filter(|uid| !came.has(&folder.raw, validity, i64::from(*uid)))
        .collect();
    uids.sort_unstable();
    uids.dedup();
    Ok((validity, uids))
}

/// Fetches some messages.
async fn take(
    mail: &Mail,
    client: &mut Client,
    work: &mut Work<'_>,
    target: &Target,
    (raw, validity, uids): (&str, i64, &[u32]),
) -> Result<(), JobEnd> {
    let set: Vec<String> = uids.iter().map(ToString::to_string).collect();
    let command = format!(
        "UID FETCH {} (UID FLAGS INTERNALDATE BODY.PEEK[])",
        set.join(",")
    );
    let away = |error: ClientError| end_of_client(&error);
    let tag = client.send(&command).await.map_err(away)?;
    loop {
        let mut sink = Sink {
            incoming: Ok(mail.store().incoming()),
            came: false,
        };
        let answer = client.answer(Some(&mut sink)).await.map_err(away)?;
        if answer.tag == tag {
            return match answer.tokens.first() {
                Some(word) if word.is("OK") => Ok(()),
                // Some of them may have gone meanwhile: the others came.
                Some(word) if word.is("NO") => {
                    work.failed(raw, &answer.line);
                    Ok(())
                }
                _ => Err(end_of_client(&ClientError::Refused(answer.line))),
            };
        }
        let Some(fetched) = fetched(&answer.tokens).filter(|_| sink.came) else {
            continue;
        };
        if uids.binary_search(&fetched.uid).is_err() {
            continue;
        }
        let finished = match sink.incoming {
            Ok(incoming) => incoming.finish().await,
            Err(error) => Err(error),
        };
        match finished {
            Ok(message) => {
                let target = Target {
                    flags: fetched.flags,
                    keywords: fetched.keywords,
                    internal_ms: fetched.internal_ms,
                    ..target.clone()
                };
                work.add(message, target, (raw, validity, i64::from(fetched.uid)))
                    .await?;
            }
            Err(error @ MailError::TooLarge { .. }) => {
                work.failed(&format!("{raw} {}", fetched.uid), &error.to_string());
            }
            Err(error) => return Err(end_of(&error)),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Fetched {
    uid: u32,
    flags: Flags,
    keywords: Vec<String>,
    internal_ms: Option<i64>,
}

/// What an answer to FETCH says; `None` if it is another or names no UID.
fn fetched(tokens: &[Token]) -> Option<Fetched> {
    if !tokens.get(1)?.is("FETCH") {
        return None;
    }
    let mut out = Fetched::default();
    let mut tokens = tokens.iter().skip(3);
    while let Some(token) = tokens.next() {
        if token.is("UID") {
            out.uid = tokens.next()?.text()?.parse().ok()?;
        } else if token.is("INTERNALDATE") {
            let text = format!("\"{}\"", tokens.next()?.text()?.trim());
            out.internal_ms = date::date_time(&mut Cursor::new(text.as_bytes(), false)).ok();
        } else if token.is("FLAGS") {
            for flag in tokens
                .by_ref()
                .skip(1)
                .take_while(|token| **token != Token::Close)
            {
                let flag = flag.text()?;
                match Flags::NAMES
                    .iter()
                    .find(|(_, name)| name.eq_ignore_ascii_case(&flag))
                {
                    Some((is, _)) => out.flags = out.flags.with(*is),
                    // `\Recent` and others that are not for clients to set.
                    None if flag.starts_with('\\') => {}
                    None => out.keywords.push(flag),
                }
            }
        }
    }
    (out.uid > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_read() {
        let server = Server::from_address("imaps://mira%40example.org@mail.example.org").unwrap();
        assert_eq!(
            (server.user.as_str(), server.host.as_str(), server.port),
            ("mira@example.org", "mail.example.org", 993)
        );
        let server = Server::from_address("imap://mira@[::1]:10143/").unwrap();
        assert_eq!(
            (server.secure, server.host.as_str(), server.port),
            (Secure::StartTls, "::1", 10_143)
        );
        for wrong in [
            "http://a@b",
            "imaps://host",
            "imaps://a@",
            "imaps://a@b:x",
            "",
        ] {
            assert_eq!(Server::from_address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_server_says_of_a_message_is_read_in_any_order() {
        let atom = |text: &str| Token::Atom(text.into());
        let tokens = [
            atom("7"),
            atom("FETCH"),
            Token::Open,
            atom("BODY[]"),
            Token::Message,
            atom("FLAGS"),
            Token::Open,
            atom("\\Seen"),
            atom("\\Recent"),
            atom("$Forwarded"),
            Token::Close,
            atom("INTERNALDATE"),
            Token::Text(b" 1-Feb-1994 00:00:00 +0100".to_vec()),
            atom("UID"),
            atom("9"),
            Token::Close,
        ];
        assert_eq!(
            fetched(&tokens),
            Some(Fetched {
                uid: 9,
                flags: Flags::SEEN,
                keywords: vec!["$Forwarded".into()],
                internal_ms: Some(760_057_200_000),
            })
        );
        assert_eq!(fetched(tokens.get(..1).unwrap()), None);
    }
}
