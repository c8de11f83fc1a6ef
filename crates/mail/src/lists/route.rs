//! A message for a list's address, or one of its further addresses.

use lampion_mailproto::mime::Scanned;

use super::{HELD, HELD_LIMIT, Kind, List, Others, Post, Role};
use crate::consent::{address_of, written_by};
use crate::local::Local;
use crate::receive::{Arrival, Refusal, Route};
use crate::store::{Extra, MailError, Target, Value};

/// Begins the tag of an envelope sender that says whose copy came back: `list+b-KEY=who=where`.
const BOUNCE: &str = "b-";

/// Who wrote a message, as the list sees it.
struct Author {
    address: String,
    role: Option<Role>,
    /// It is proved who it is, or it is a member's address: a notice to it reaches nobody who has nothing to do with it.
    known: bool,
    /// It is proved who it is.
    proved: bool,
}

impl Local {
    /// The envelope sender of a copy for an outside address.
    pub(crate) fn bounce_address(&self, list: &List, member: &str) -> String {
        let key = self.key("bounce", &format!("{} {member}", list.account));
        let whose = member.replacen('@', "=", 1);
        let address = format!("{}+{BOUNCE}{key}={whose}@{}", list.name, self.domain());
        // RFC 5321 §4.5.3.1.1 allows 64 bytes before the `@`; longer ones bounce without saying whose.
        if address.split('@').next().unwrap_or_default().len() > 64 || !address.is_ascii() {
            return format!("{}+bounces@{}", list.name, self.domain());
        }
        address
    }

    pub(crate) async fn route_list(
        &self,
        list: &List,
        tag: &str,
        arrival: &Arrival,
        scanned: &Scanned,
    ) -> Result<Route, MailError> {
        match tag {
            "owner" => return self.to_owners(list, scanned).await,
            "unsubscribe" | "leave" => return self.leave_by_mail(list, arrival, scanned).await,
            "bounces" => return Ok(Route::default()),
            _ => {}
        }
        if let Some(whose) = tag.strip_prefix(BOUNCE) {
            return self.came_back(list, whose, arrival).await;
        }
        self.post(list, arrival, scanned).await
    }

    async fn post(
        &self,
        list: &List,
        arrival: &Arrival,
        scanned: &Scanned,
    ) -> Result<Route, MailError> {
        let own = format!("{}@{}", list.name, self.domain());
        let again = |value: &String| value.trim().eq_ignore_ascii_case(&own);
        if scanned.summary.delivered_to.iter().any(again) {
            return Ok(Route::refused(Refusal::new(
                "5.4.6",
                "the list sent this message already: it goes round",
            )));
        }
        // RFC 3834 §2: what programs answer is not for a list; nor is a report without a sender.
        let answered = scanned
            .summary
            .auto_submitted
            .as_deref()
            .is_some_and(|value| {
                value
                    .trim()
                    .to_ascii_lowercase()
                    .starts_with("auto-replied")
            });
        if arrival.sender.is_empty() && arrival.submitted_by.is_none() || answered {
            return Ok(Route::refused(Refusal::new(
                "5.7.1",
                "automatic answers don't go to the list",
            )));
        }
        let author = self.author(list, arrival, scanned).await?;
        if arrival.from_outside && !author.proved && scanned.summary.spam {
            return Ok(Route::refused(Refusal::new(
                "5.7.1",
                "the list takes no spam",
            )));
        }
        if !may_post(list.post, &author) {
            return match list.others {
                Others::Refuse => Ok(Route::refused(Refusal::new(
                    "5.7.1",
                    "only members of the list may write to it",
                ))),
                Others::Hold => {
                    let tell = may_be_told(&author, arrival, scanned);
                    self.hold(list, &author, tell).await
                }
            };
        }
        let mut route = Route::default();
        if list.archive {
            route
                .targets
                .push(Target::new(self.box_of(list, "INBOX").await?));
        }
        route.extra = self.posting(list, &author, "send", false);
        Ok(route)
    }

    async fn box_of(&self, list: &List, name: &str) -> Result<crate::store::MailboxId, MailError> {
        let found = self.store().mailbox(&list.account, name).await?;
        found
            .map(|one| one.id)
            .ok_or_else(|| MailError::NoSuchMailbox(name.into()))
    }

    async fn hold(&self, list: &List, author: &Author, tell: bool) -> Result<Route, MailError> {
        if self.held_count(&list.account).await? >= HELD_LIMIT {
            return Ok(Route::refused(Refusal {
                code: 452,
                status: "4.3.1",
                text: "too many messages wait for the list's moderators: try again later".into(),
            }));
        }
        Ok(Route {
            targets: vec![Target::new(self.box_of(list, HELD).await?)],
            extra: self.posting(list, author, "held", tell),
            ..Route::default()
        })
    }

    fn posting(&self, list: &List, author: &Author, state: &str, tell: bool) -> Vec<Extra> {
        vec![
            Extra {
                sql: "insert into mail_posting (message, list, state, author, known, progress, added_ms, told)
                      values ($1, $2, $3, $4, $5, '', $6, $7) on conflict (message, list) do nothing",
                values: vec![
                    Value::Text(list.account.clone()),
                    Value::Text(state.into()),
                    Value::Text(author.address.clone()),
                    Value::Number(i64::from(author.known)),
                    Value::Number(self.now_ms()),
                    Value::Number(if tell { 0 } else { 2 }),
                ],
            },
            // Whatever becomes of the archive, the message is there until it has been sent.
            Extra {
                sql: "insert into mail_hold (message, holder) values ($1, $2) on conflict (message, holder) do nothing",
                values: vec![Value::Text(holder(&list.account))],
            },
        ]
    }

    /// Who wrote it. A person is believed to be one only if they are signed in; the address of somebody elsewhere is taken as
    /// it stands in `From`, as lists everywhere do, but makes nobody a moderator.
    async fn author(
        &self,
        list: &List,
        arrival: &Arrival,
        scanned: &Scanned,
    ) -> Result<Author, MailError> {
        if let Some(account) = &arrival.submitted_by {
            let name = self
                .store()
                .account(account)
                .await?
                .map(|one| one.name)
                .unwrap_or_default();
            return Ok(Author {
                address: format!("{name}@{}", self.domain()),
                role: self.list_role(&list.account, account).await?,
                known: true,
                proved: true,
            });
        }
        let address = written_by(scanned, &arrival.sender);
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        // A list of this node that is a member passes its messages on.
        let by_list = !arrival.from_outside
            && self.is_here(arrival.sender.rsplit_once('@').map_or("", |(_, d)| d));
        let role = if self.is_here(domain) && !by_list {
            None
        } else {
            match self.role_of_address(&list.account, &address).await? {
                None if by_list => self.role_of_address(&list.account, &arrival.sender).await?,
                role => role,
            }
        };
        Ok(Author {
            known: role.is_some(),
            role: role.map(|role| {
                if arrival.from_outside {
                    role.min(Role::Member)
                } else {
                    role
                }
            }),
            proved: by_list,
            address,
        })
    }

    async fn to_owners(&self, list: &List, scanned: &Scanned) -> Result<Route, MailError> {
        // Reports and answers to what owners get would go round.
        if scanned.summary.is_automatic() && scanned.summary.list_id.is_some() {
            return Ok(Route::default());
        }
        let mut route = Route::default();
        for owner in self.owners(&list.account).await? {
            let inbox = self.store().mailbox(&owner.id, "INBOX").await?;
            route.targets.extend(inbox.map(|one| Target::new(one.id)));
        }
        if route.targets.is_empty() {
            return Ok(Route::refused(Refusal::new(
                "5.1.1",
                "the list has no owner on this node",
            )));
        }
        Ok(route)
    }

    /// `list+unsubscribe`: whoever is proved leaves at once. An address elsewhere can't be proved, but an unwanted
    /// unsubscription does less harm than mail that can't be stopped.
    async fn leave_by_mail(
        &self,
        list: &List,
        arrival: &Arrival,
        scanned: &Scanned,
    ) -> Result<Route, MailError> {
        if let Some(account) = &arrival.submitted_by {
            if self.list_role(&list.account, account).await?.is_some() {
                self.remove_member(&list.account, Kind::Person, account)
                    .await?;
            }
            return Ok(Route::default());
        }
        let author = written_by(scanned, &arrival.sender);
        for member in self.list_members(&list.account).await? {
            if member.kind == Kind::Address
                && address_of(&member.member) == author
                && address_of(&arrival.sender) == author
            {
                self.remove_member(&list.account, Kind::Address, &member.member)
                    .await?;
            }
        }
        Ok(Route::default())
    }

    /// `KEY=who=where`: a copy came back. Only reports count, and only with the key of that copy's address.
    async fn came_back(
        &self,
        list: &List,
        whose: &str,
        arrival: &Arrival,
    ) -> Result<Route, MailError> {
        let Some((key, whose)) = whose.split_once('=') else {
            return Ok(Route::default());
        };
        let member = match whose.rsplit_once('=') {
            Some((part, domain)) => format!("{part}@{domain}").to_lowercase(),
            None => return Ok(Route::default()),
        };
        let right = self.key("bounce", &format!("{} {member}", list.account));
        if arrival.sender.is_empty() && key.eq_ignore_ascii_case(&right) {
            self.bounced(&list.account, &member).await?;
        }
        Ok(Route::default())
    }
}

/// Whether an author is told that their message waits: only who surely wrote it, by hand. To others a notice could be one
/// that they never asked for (RFC 3834 §2).
fn may_be_told(author: &Author, arrival: &Arrival, scanned: &Scanned) -> bool {
    let own = address_of(&arrival.sender) == author.address;
    author.known && own && !arrival.from_outside && !scanned.summary.is_automatic()
}

fn may_post(post: Post, author: &Author) -> bool {
    match post {
        Post::Anyone => true,
        Post::Members => author.role.is_some_and(|role| role >= Role::Member),
        Post::Moderators => author.role.is_some_and(Role::moderates),
    }
}

/// Who holds a message that a list is to send.
pub(super) fn holder(list: &str) -> String {
    format!("list {list}")
}
