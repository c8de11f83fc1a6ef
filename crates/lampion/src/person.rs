//! `lampion person`.

use std::io::BufRead as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use lampion_core::Config;
use lampion_people::{LinkPurpose, PeopleError, Person, Role};

use crate::Outcome;
use crate::cli;
use crate::node::Node;
use crate::output::say;

/// How long a link to set a password works.
const LINK_MS: i64 = 3 * 86_400_000;

pub async fn run(data: &Path, command: cli::Person) -> anyhow::Result<Outcome> {
    let node = Node::open(data, Config::load(data)?).await?;
    let people = &node.kernel.people;
    match command {
        cli::Person::Add {
            name,
            display,
            role,
            password,
        } => {
            let roles = roles(&role)?;
            let secret = if password {
                Some(password_from_input()?)
            } else {
                None
            };
            let person = people
                .create(
                    &name,
                    display.as_deref().unwrap_or(&name),
                    secret.as_deref(),
                    &roles,
                )
                .await?;
            say!("added {} ({})", person.name, words(&person));
            if secret.is_none() {
                link(&node, &person).await?;
            }
        }
        cli::Person::Password {
            name,
            link: by_link,
        } => {
            let Some(person) = people.by_name(&name).await? else {
                return Ok(nobody(&name));
            };
            if by_link {
                link(&node, &person).await?;
            } else {
                people
                    .set_password(&person.id, &password_from_input()?)
                    .await?;
                say!(
                    "password of {} set; all their devices are signed out",
                    person.name
                );
            }
        }
        cli::Person::Role { name, role } => {
            let Some(person) = people.by_name(&name).await? else {
                return Ok(nobody(&name));
            };
            people.set_roles(&person.id, &roles(&role)?).await?;
            say!(
                "{}: {}",
                person.name,
                people
                    .by_name(&name)
                    .await?
                    .as_ref()
                    .map(words)
                    .unwrap_or_default()
            );
        }
        cli::Person::List { json } => list(&node, json).await?,
    }
    Ok(Outcome::Done)
}

fn nobody(name: &str) -> Outcome {
    eprintln!("lampion: {}", PeopleError::NoSuchPerson(name.into()));
    Outcome::NotFound
}

fn words(person: &Person) -> String {
    person
        .roles
        .iter()
        .map(|role| role.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn roles(words: &[String]) -> anyhow::Result<Vec<Role>> {
    words
        .iter()
        .map(|word| {
            Role::from_word(word).with_context(|| {
                format!("no role `{word}`: member, librarian, editor, teacher, seller or operator")
            })
        })
        .collect()
}

fn password_from_input() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\n', '\r']).to_string();
    if password.is_empty() {
        bail!("no password on standard input: type one line, or use a link");
    }
    Ok(password)
}

async fn link(node: &Node, person: &Person) -> anyhow::Result<()> {
    let secret = node
        .kernel
        .people
        .create_link(&LinkPurpose::ResetPassword(person.id.clone()), LINK_MS)
        .await?;
    say!(
        "{} sets a password with this address of the node (works once, for three days):\n    /start/{secret}",
        person.display
    );
    Ok(())
}

async fn list(node: &Node, json: bool) -> anyhow::Result<()> {
    let mut after = String::new();
    let mut all = Vec::new();
    loop {
        let some = node.kernel.people.list(&after, 500).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.name);
        all.extend(some);
    }
    if json {
        let all: Vec<_> = all.iter().map(|person| serde_json::json!({ "name": person.name, "display": person.display, "roles": person.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(), "disabled": person.disabled })).collect();
        say!("{}", serde_json::json!(all));
    } else {
        for person in &all {
            say!(
                "{:<24} {:<32} {}{}",
                person.name,
                person.display,
                words(person),
                if person.disabled {
                    " (may not sign in)"
                } else {
                    ""
                }
            );
        }
    }
    Ok(())
}
