//! Who is told that messages wait for a moderator: moderators, of all that wait in one letter, at most once a day; and the
//! author, once while something of theirs waits, if it is sure who that is.

use std::collections::BTreeMap;

use lampion_db::{query, query_as};
use lampion_web::FluentValue;

use super::List;
use super::moderate::Held;
use crate::local::Local;
use crate::receive::letter_message;
use crate::store::{Extra, MailError, Value};
use crate::words;

/// Time between two letters to moderators, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Messages that are named in a letter.
const NAMED: usize = 10;
/// Authors that are told at once.
const AT_ONCE: i64 = 100;
/// Letters of a subject or address that are named.
const SHOWN: usize = 80;

impl Local {
    /// Tells authors and moderators of what waits, as far as they are to be told now.
    ///
    /// # Errors
    /// The database.
    pub async fn tell_of_held(&self) -> Result<(), MailError> {
        self.tell_authors().await?;
        let waiting: Vec<(String, i64, i64)> = query_as(
            "select l.account, l.told_ms, max(p.added_ms) from mail_list l join mail_posting p on p.list = l.account
             where p.state = 'held' group by l.account, l.told_ms order by l.account",
        )
        .fetch_all(self.db().read())
        .await?;
        let now = self.now_ms();
        for (account, told_ms, newest_ms) in waiting {
            // A clock that was set back must not silence it for ever.
            let due = told_ms > now || (now - told_ms >= DAY_MS && newest_ms > told_ms);
            if due && let Some(list) = self.list(&account).await? {
                self.tell_moderators(&list).await?;
            }
        }
        Ok(())
    }

    async fn tell_authors(&self) -> Result<(), MailError> {
        let rows: Vec<(i64, String, String)> = query_as(
            "select message, list, author from mail_posting where state = 'held' and told = 0 order by message limit $1",
        )
        .bind(AT_ONCE)
        .fetch_all(self.db().read())
        .await?;
        for (message, account, author) in rows {
            let known: Option<(i64,)> = query_as(
                "select message from mail_posting where state = 'held' and told = 1 and list = $1 and author = $2 limit 1",
            )
            .bind(&account)
            .bind(&author)
            .fetch_optional(self.db().read())
            .await?;
            let held = self.held(&account).await?;
            let held = held.into_iter().find(|one| one.message.0 == message);
            match (self.list(&account).await?, held) {
                (Some(list), Some(held)) if known.is_none() => {
                    self.tell_that_it_waits(&list, &held).await?;
                }
                _ => {
                    query("update mail_posting set told = 2 where message = $1 and list = $2")
                        .bind(message)
                        .bind(&account)
                        .execute(self.db().write())
                        .await?;
                }
            }
        }
        Ok(())
    }

    async fn tell_that_it_waits(&self, list: &List, held: &Held) -> Result<(), MailError> {
        let (part, domain) = held.author.rsplit_once('@').unwrap_or((&held.author, ""));
        let account = if self.is_here(domain) {
            self.store().account_at(part).await?
        } else {
            None
        };
        let person = account.map(|one| one.id).unwrap_or_default();
        let language = self.language_of(&person).await?;
        let title = [("list", FluentValue::from(list.title.as_str()))];
        let text = words::text(&language, "waits-text", &title);
        let told = Extra {
            sql: "update mail_posting set told = 1 where $1 > 0 and message = $2 and list = $3",
            values: vec![
                Value::Number(held.message.0),
                Value::Text(list.account.clone()),
            ],
        };
        self.tell_author(list, held, &text, vec![told]).await
    }

    async fn tell_moderators(&self, list: &List) -> Result<(), MailError> {
        let waiting = self.held(&list.account).await?;
        let mut languages: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for account in self.moderators(&list.account).await? {
            let language = self.language_of(&account.id).await?;
            let address = format!("{}@{}", account.name, self.domain());
            languages.entry(language).or_default().push(address);
        }
        let told = || Extra {
            sql: "update mail_list set told_ms = $2 where $1 > 0 and account = $3",
            values: vec![
                Value::Number(self.now_ms()),
                Value::Text(list.account.clone()),
            ],
        };
        for (language, to) in &languages {
            let mut letter = self.letter_of_list(list, to);
            let count = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
            let variables = [
                ("list", FluentValue::from(list.title.as_str())),
                ("n", FluentValue::from(count)),
            ];
            letter.subject = words::text(language, "held-subject", &variables);
            letter.headers = vec![("Auto-Submitted".into(), "auto-generated".into())];
            let mut text = words::text(language, "held-text", &variables);
            text.push_str(&format!(
                "\n{}/mail/lists/{}/held\n\n",
                self.origin(),
                list.name
            ));
            for one in waiting.iter().take(NAMED) {
                text.push_str(&format!(
                    "- {}: {}\n",
                    shown(&one.author),
                    shown(&one.subject)
                ));
            }
            if waiting.len() > NAMED {
                text.push_str("- …\n");
            }
            text.push('\n');
            text.push_str(&words::text(language, "held-once", &[]));
            text.push('\n');
            letter.text = text;
            let message = letter_message(self, &letter).await?;
            self.outgoing().send(message, "", to, vec![told()]).await?;
        }
        Ok(())
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect()
}
