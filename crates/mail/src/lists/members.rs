//! Members of lists.

use std::collections::{BTreeMap, BTreeSet};

use lampion_db::{query, query_as, query_scalar};
use lampion_mailproto::mime::address;

use super::{BOUNCES_LIMIT, Kind, MEMBERS_LIMIT, Member, Role};
use crate::consent::address_of;
use crate::local::Local;
use crate::store::{Account, MailError, refusal};

/// Everybody who gets a list's messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Accounts of people of this node.
    pub people: Vec<Account>,
    /// Addresses elsewhere, sorted.
    pub addresses: Vec<String>,
}

impl Local {
    /// Rows of a list's members: owners first.
    ///
    /// # Errors
    /// The database.
    pub async fn list_members(&self, list: &str) -> Result<Vec<Member>, MailError> {
        let rows: Vec<(String, String, String, i64, i64)> = query_as(
            "select kind, member, role, bounces, paused from mail_list_member where list = $1 order by kind, member",
        )
        .bind(list)
        .fetch_all(self.db().read())
        .await?;
        let mut members: Vec<Member> = rows
            .into_iter()
            .filter_map(|(kind, member, role, bounces, paused)| {
                Some(Member {
                    kind: Kind::from_word(&kind)?,
                    member,
                    role: Role::from_word(&role)?,
                    bounces,
                    paused: paused != 0,
                })
            })
            .collect();
        members.sort_by_key(|one| std::cmp::Reverse(one.role));
        Ok(members)
    }

    /// What somebody typed as a member: the name of a person, `group:` and a group's name, or an address. Addresses of people
    /// of this node are those people.
    ///
    /// # Errors
    /// `NoSuchMailbox` if there is no such person or group, `BadName`; the database.
    pub async fn member_of(&self, given: &str) -> Result<(Kind, String), MailError> {
        let given = given.trim();
        if let Some(group) = given.strip_prefix("group:") {
            let groups = self.people().groups().await?;
            return groups
                .into_iter()
                .find(|one| one.name == group.trim() || one.id == group.trim())
                .map(|one| (Kind::Group, one.id))
                .ok_or_else(|| MailError::NoSuchMailbox(given.into()));
        }
        let mailbox = address::mailboxes(given)
            .into_iter()
            .next()
            .unwrap_or_default();
        if mailbox.domain.is_empty() || self.is_here(&mailbox.domain) {
            let name = if mailbox.domain.is_empty() {
                given
            } else {
                &mailbox.local
            };
            if let Some(person) = self.people().by_name(name).await? {
                return Ok((Kind::Person, person.id));
            }
            return match self.store().account_at(name).await? {
                Some(account) if !account.id.starts_with("s-") => Ok((Kind::Person, account.id)),
                // A list in a list, or a shared mailbox, by its address.
                Some(account) => Ok((Kind::Address, format!("{}@{}", account.name, self.domain()))),
                None => Err(MailError::NoSuchMailbox(given.into())),
            };
        }
        let address = mailbox.address();
        if address.len() > 254 || address.contains(char::is_whitespace) || address.contains('"') {
            return Err(MailError::BadName {
                name: given.chars().take(60).collect(),
                reason: refusal::NO_ADDRESS,
            });
        }
        Ok((Kind::Address, address.to_lowercase()))
    }

    /// Makes somebody a member, or gives a member a role; whoever was paused gets messages again.
    ///
    /// # Errors
    /// `Refused` if the list is full or would lose its last owner; the database.
    pub async fn set_member(
        &self,
        list: &str,
        (kind, member): (Kind, &str),
        role: Role,
    ) -> Result<(), MailError> {
        if role != Role::Owner {
            self.keep_an_owner(list, kind, member).await?;
        }
        let count: i64 = query_scalar("select count(*) from mail_list_member where list = $1")
            .bind(list)
            .fetch_one(self.db().read())
            .await?;
        if count >= MEMBERS_LIMIT {
            return Err(MailError::Refused(refusal::LIST_FULL));
        }
        query(
            "insert into mail_list_member (list, kind, member, role, bounces, paused, since_ms)
             values ($1, $2, $3, $4, 0, 0, $5)
             on conflict (list, kind, member) do update set role = excluded.role, bounces = 0, paused = 0",
        )
        .bind(list)
        .bind(kind.as_str())
        .bind(member)
        .bind(role.as_str())
        .bind(self.now_ms())
        .execute(self.db().write())
        .await?;
        Ok(())
    }

    /// Takes a member off a list. A person whom a group makes a member is remembered as out.
    ///
    /// # Errors
    /// `Refused` if the list would lose its last owner; the database.
    pub async fn remove_member(
        &self,
        list: &str,
        kind: Kind,
        member: &str,
    ) -> Result<(), MailError> {
        self.keep_an_owner(list, kind, member).await?;
        query("delete from mail_list_member where list = $1 and kind = $2 and member = $3")
            .bind(list)
            .bind(kind.as_str())
            .bind(member)
            .execute(self.db().write())
            .await?;
        if kind == Kind::Person && self.list_role(list, member).await?.is_some() {
            self.set_member(list, (kind, member), Role::Out).await?;
        }
        Ok(())
    }

    async fn keep_an_owner(&self, list: &str, kind: Kind, member: &str) -> Result<(), MailError> {
        let members = self.list_members(list).await?;
        let is_it = |one: &&Member| one.kind == kind && one.member == member;
        let owners = members.iter().filter(|one| one.role == Role::Owner);
        let others = owners.clone().filter(|one| !is_it(one)).count();
        if owners.clone().any(|one| is_it(&one)) && others == 0 {
            return Err(MailError::Refused(refusal::NEEDS_OWNER));
        }
        Ok(())
    }

    /// The role of a person's own or outside address in a list.
    pub(crate) async fn role_of_address(
        &self,
        list: &str,
        given: &str,
    ) -> Result<Option<Role>, MailError> {
        let rows: Vec<(String, String)> = query_as(
            "select member, role from mail_list_member where list = $1 and kind = 'address'",
        )
        .bind(list)
        .fetch_all(self.db().read())
        .await?;
        Ok(rows
            .into_iter()
            .find(|(member, _)| address_of(member) == address_of(given))
            .and_then(|(_, role)| Role::from_word(&role)))
    }

    /// Ids of the people who have one of the roles for which `fits`.
    async fn people_with(
        &self,
        list: &str,
        fits: fn(&Member) -> bool,
    ) -> Result<BTreeSet<String>, MailError> {
        let members = self.list_members(list).await?;
        let mut roles: BTreeMap<String, bool> = BTreeMap::new();
        for group in members
            .iter()
            .filter(|one| one.kind == Kind::Group && fits(one))
        {
            for person in self.people().members_of(&group.member).await? {
                roles.insert(person, true);
            }
        }
        // A person's own row says more than their groups'.
        for person in members.iter().filter(|one| one.kind == Kind::Person) {
            roles.insert(person.member.clone(), fits(person));
        }
        Ok(roles
            .into_iter()
            .filter_map(|(id, fits)| fits.then_some(id))
            .collect())
    }

    async fn accounts_with(
        &self,
        list: &str,
        fits: fn(&Member) -> bool,
    ) -> Result<Vec<Account>, MailError> {
        let mut accounts = Vec::new();
        for id in self.people_with(list, fits).await? {
            if let Some(person) = self.people().by_id(&id).await?
                && !person.disabled
            {
                accounts.push(self.store().account_of(&person).await?);
            }
        }
        Ok(accounts)
    }

    /// Everybody who gets a list's messages.
    pub(crate) async fn reached(&self, list: &str) -> Result<Reached, MailError> {
        let gets = |one: &Member| one.role > Role::Out && !one.paused;
        let mut addresses: Vec<String> = self
            .list_members(list)
            .await?
            .into_iter()
            .filter(|one| one.kind == Kind::Address && gets(one))
            .map(|one| one.member)
            .collect();
        addresses.sort_unstable();
        Ok(Reached {
            people: self.accounts_with(list, gets).await?,
            addresses,
        })
    }

    /// Accounts of a list's owners.
    pub(crate) async fn owners(&self, list: &str) -> Result<Vec<Account>, MailError> {
        self.accounts_with(list, |one| one.role == Role::Owner)
            .await
    }

    /// Accounts of those who decide about messages that wait.
    pub(super) async fn moderators(&self, list: &str) -> Result<Vec<Account>, MailError> {
        self.accounts_with(list, |one| one.role.moderates()).await
    }

    /// A copy for an outside address came back.
    pub(crate) async fn bounced(&self, list: &str, member: &str) -> Result<(), MailError> {
        query(
            "update mail_list_member set bounces = bounces + 1, paused = case when bounces + 1 >= $1 then 1 else paused end
             where list = $2 and kind = 'address' and member = $3",
        )
        .bind(BOUNCES_LIMIT)
        .bind(list)
        .bind(member)
        .execute(self.db().write())
        .await?;
        Ok(())
    }
}
