//! The page of members, of lists and of shared mailboxes: who is in, with which role, and more people and groups added.

use askama::Template;
use lampion_people::Group;
use lampion_web::{AppError, Form, Page};

use crate::lists::Kind;
use crate::local::Local;
use crate::store::MailError;

/// Members that one form adds at most.
const ADDED_LIMIT: usize = 1_000;

/// One of them on the page.
pub(crate) struct Member {
    pub kind: Kind,
    /// A person's or group's id, or an address.
    pub member: String,
    /// The word of its role.
    pub role: &'static str,
    /// A role that nobody is given by hand, in words; else empty.
    pub fixed: String,
    /// Gets nothing now.
    pub paused: bool,
    /// As people know it; [`Members::new`] finds it.
    pub name: String,
}

impl Member {
    pub(crate) fn new(kind: Kind, member: String, role: &'static str) -> Self {
        Self {
            kind,
            member,
            role,
            fixed: String::new(),
            paused: false,
            name: String::new(),
        }
    }
}

/// What there is to say about members on a page.
pub(crate) struct Said {
    /// Words of roles that can be chosen, with their names.
    pub roles: Vec<(&'static str, String)>,
    /// Over the field of who is added, and under it.
    pub who: String,
    pub help: String,
}

/// The list of members and the form that adds some: a part of a page.
#[derive(Template)]
#[template(path = "mail_members.html")]
pub(crate) struct Members<'a> {
    page: &'a Page,
    members: Vec<Member>,
    said: Said,
    groups: Vec<Group>,
    /// What was typed and could not be added.
    typed: String,
    /// The page's address.
    href: String,
}

impl<'a> Members<'a> {
    /// Gives members their names; people and groups that are gone keep their id.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn new(
        page: &'a Page,
        local: &Local,
        href: String,
        (mut members, said): (Vec<Member>, Said),
        typed: &str,
    ) -> Result<Self, AppError> {
        let groups = local.people().groups().await?;
        for one in &mut members {
            let name = match one.kind {
                Kind::Person => local
                    .people()
                    .by_id(&one.member)
                    .await?
                    .map(|person| format!("{} ({})", person.display, person.name)),
                Kind::Group => groups
                    .iter()
                    .find(|group| group.id == one.member)
                    .map(|group| group.name.clone()),
                Kind::Address => None,
            };
            one.name = name.unwrap_or_else(|| one.member.clone());
        }
        Ok(Self {
            page,
            members,
            said,
            groups,
            typed: typed.into(),
            href,
        })
    }
}

/// What a form of the page asks for: `do` = `add` (`who`, one a line, and `group`), `role` or `remove` (`kind`, `member`).
pub(crate) enum Asked {
    /// To be members with the role that the form names.
    Role(Vec<(Kind, String)>),
    Remove(Kind, String),
}

impl Asked {
    /// Reads a form. Everybody who is to be added is known before the first one is.
    ///
    /// # Errors
    /// `NoSuchMailbox` for who is not there, `BadName`; the database. `None` for a form that asks for nothing of this.
    pub(crate) async fn read(local: &Local, form: &Form) -> Result<Option<Self>, MailError> {
        let kind = Kind::from_word(form.get("kind"));
        let member = || form.get("member").to_owned();
        Ok(match (form.get("do"), kind) {
            ("add", _) => Some(Self::Role(added(local, form).await?)),
            ("role", Some(kind)) => Some(Self::Role(vec![(kind, member())])),
            ("remove", Some(kind)) => Some(Self::Remove(kind, member())),
            _ => None,
        })
    }
}

async fn added(local: &Local, form: &Form) -> Result<Vec<(Kind, String)>, MailError> {
    let mut all = Vec::new();
    let group = form.trimmed("group");
    if !group.is_empty() {
        all.push(local.member_of(&format!("group:{group}")).await?);
    }
    let who = form
        .get("who")
        .split(['\n', ',', ';'])
        .map(str::trim)
        .filter(|one| !one.is_empty());
    for one in who.take(ADDED_LIMIT) {
        all.push(local.member_of(one).await?);
    }
    Ok(all)
}
