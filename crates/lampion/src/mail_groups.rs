//! `lampion mail`: lists, shared mailboxes, further names.

use anyhow::Context as _;
use lampion_mail::lists::{Joins, Kind, List, Others, Post, Role, Settings};
use lampion_mail::local::Local;
use lampion_mail::store::MailError;
use lampion_people::{PeopleError, Person};

use crate::Outcome;
use crate::cli;
use crate::node::Node;
use crate::output::say;

pub async fn run(node: &Node, command: cli::MailGroups) -> anyhow::Result<Outcome> {
    let local = node.mail.local();
    match command {
        cli::MailGroups::List { command } => list(local, command).await,
        cli::MailGroups::Shared { command } => shared(local, command).await,
        cli::MailGroups::Alias { name, account } => alias(local, &name, account.as_deref()).await,
    }
}

fn nothing(what: &str, name: &str) -> Outcome {
    eprintln!("lampion: there is no {what} `{name}`");
    Outcome::NotFound
}

async fn person(local: &Local, name: &str) -> anyhow::Result<Person> {
    let person = local.people().by_name(name).await?;
    Ok(person.ok_or_else(|| PeopleError::NoSuchPerson(name.into()))?)
}

async fn alias(local: &Local, name: &str, account: Option<&str>) -> anyhow::Result<Outcome> {
    let Some(account) = account else {
        if !local.remove_alias(name).await? {
            return Ok(nothing("further name", name));
        }
        say!("{name}@{} is nobody's name any more", local.domain());
        return Ok(Outcome::Done);
    };
    let Some(account) = local.store().account_at(account).await? else {
        return Ok(nothing("mailbox", account));
    };
    local.add_alias(&account.id, name).await?;
    say!(
        "mail for {name}@{} goes to {}",
        local.domain(),
        account.name
    );
    Ok(Outcome::Done)
}

async fn list(local: &Local, command: cli::MailList) -> anyhow::Result<Outcome> {
    match command {
        cli::MailList::Create {
            name,
            title,
            description,
            owner,
            post,
            others,
            open,
            no_archive,
        } => {
            let owner = person(local, &owner).await?;
            let settings = Settings {
                title: title.unwrap_or_else(|| name.clone()),
                description,
                post: Post::from_word(&post).context("who may write")?,
                others: Others::from_word(&others).context("messages of others")?,
                joins: if open { Joins::Open } else { Joins::Closed },
                archive: !no_archive,
            };
            let list = local.create_list(&name, &settings).await?;
            local
                .set_member(&list.account, (Kind::Person, &owner.id), Role::Owner)
                .await?;
            say!(
                "made {}@{}, owned by {}",
                list.name,
                local.domain(),
                owner.name
            );
            Ok(Outcome::Done)
        }
        cli::MailList::Add {
            name,
            members,
            role,
        } => {
            let role = Role::from_word(&role).context("the role")?;
            change(local, &name, &members, Some(role)).await
        }
        cli::MailList::Remove { name, members } => change(local, &name, &members, None).await,
        cli::MailList::Show {
            name: Some(name),
            json,
        } => match local.list_named(&name).await? {
            Some(list) => members(local, &list, json).await,
            None => Ok(nothing("list", &name)),
        },
        cli::MailList::Show { name: None, json } => {
            let lists = local.lists().await?;
            if json {
                let all: Vec<_> = lists
                    .iter()
                    .map(|one| serde_json::json!({ "name": one.name, "title": one.title, "post": one.post.as_str(), "others": one.others.as_str(), "joins": one.joins.as_str(), "archive": one.archive }))
                    .collect();
                say!("{}", serde_json::json!(all));
            } else {
                for one in &lists {
                    say!("{:<24} {:<11} {}", one.name, one.post.as_str(), one.title);
                }
            }
            Ok(Outcome::Done)
        }
        cli::MailList::Delete { name } => match local.list_named(&name).await? {
            Some(list) => {
                local.delete_list(&list.account).await?;
                say!("removed {name} with its archive");
                Ok(Outcome::Done)
            }
            None => Ok(nothing("list", &name)),
        },
    }
}

/// Gives members a role, or takes them off; those that are not known are named, and the others done.
async fn change(
    local: &Local,
    name: &str,
    members: &[String],
    role: Option<Role>,
) -> anyhow::Result<Outcome> {
    let Some(list) = local.list_named(name).await? else {
        return Ok(nothing("list", name));
    };
    let mut outcome = Outcome::Done;
    for given in members {
        let (kind, member) = match local.member_of(given).await {
            Ok(found) => found,
            Err(error @ (MailError::NoSuchMailbox(_) | MailError::BadName { .. })) => {
                eprintln!("lampion: {given}: {error}");
                outcome = Outcome::Partly;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match role {
            Some(role) => {
                local
                    .set_member(&list.account, (kind, &member), role)
                    .await?
            }
            None => local.remove_member(&list.account, kind, &member).await?,
        }
        say!("{given}: {}", role.map_or("off the list", Role::as_str));
    }
    Ok(outcome)
}

async fn members(local: &Local, list: &List, json: bool) -> anyhow::Result<Outcome> {
    let groups = local.people().groups().await?;
    let mut all = Vec::new();
    for member in local.list_members(&list.account).await? {
        let name = match member.kind {
            Kind::Person => local
                .people()
                .by_id(&member.member)
                .await?
                .map(|person| person.name),
            Kind::Group => groups
                .iter()
                .find(|one| one.id == member.member)
                .map(|one| format!("group:{}", one.name)),
            Kind::Address => Some(member.member.clone()),
        };
        all.push((name.unwrap_or_else(|| member.member.clone()), member));
    }
    if json {
        let all: Vec<_> = all
            .iter()
            .map(|(name, one)| serde_json::json!({ "member": name, "role": one.role.as_str(), "bounces": one.bounces, "paused": one.paused }))
            .collect();
        say!("{}", serde_json::json!(all));
    } else {
        for (name, one) in &all {
            say!(
                "{:<10} {name}{}",
                one.role.as_str(),
                if one.paused { " (mail comes back)" } else { "" }
            );
        }
    }
    Ok(Outcome::Done)
}

async fn shared(local: &Local, command: cli::MailShared) -> anyhow::Result<Outcome> {
    match command {
        cli::MailShared::Create {
            name,
            title,
            manager,
        } => {
            let manager = person(local, &manager).await?;
            let title = title.unwrap_or_else(|| name.clone());
            let made = local.create_shared(&name, &title, &manager.id).await?;
            say!(
                "made {}@{}, managed by {}",
                made.name,
                local.domain(),
                manager.name
            );
        }
        cli::MailShared::Show { json } => {
            let all = local.all_shared().await?;
            if json {
                let all: Vec<_> = all
                    .iter()
                    .map(|one| serde_json::json!({ "name": one.name, "title": one.title }))
                    .collect();
                say!("{}", serde_json::json!(all));
            } else {
                for one in &all {
                    say!("{:<24} {}", one.name, one.title);
                }
            }
        }
        cli::MailShared::Delete { name } => {
            let Some(found) = local.shared_named(&name).await? else {
                return Ok(nothing("shared mailbox", &name));
            };
            local.delete_shared(&found.account).await?;
            say!("removed {name} with its messages");
        }
    }
    Ok(Outcome::Done)
}
