//! Lampion as a mail server: a node with accounts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use lampion_core::{SystemClock, SystemRng};
use lampion_db::Db;
use lampion_people::People;

use super::{Account, Server};
use crate::node::Node;

/// The accounts of a node that was kept.
const ACCOUNTS: &str = "bench-accounts.json";
/// Settings: no limit to mailboxes, since that is not what is measured.
const SETTINGS: &str = "name = \"hill\"\nnet = \"internal\"\nmail_quota_mb = 0\n";

/// A node with mail.
pub struct MailNode {
    pub node: Node,
    accounts: Vec<Account>,
}

impl MailNode {
    /// A new node with so many accounts, of which the first `readers` have an app password.
    pub fn fresh(folder: PathBuf, accounts: usize, readers: usize) -> anyhow::Result<Self> {
        let node = Node::fresh(folder)?;
        std::fs::write(node.data.join("lampion.toml"), SETTINGS)?;
        let runtime = tokio::runtime::Runtime::new()?;
        let accounts = runtime.block_on(people(&node.data, accounts, readers))?;
        let made = Self { node, accounts };
        std::fs::write(
            made.node.data.join(ACCOUNTS),
            serde_json::to_string(&made.accounts)?,
        )?;
        Ok(made)
    }

    /// The node that an earlier run left there, if it has so many accounts.
    pub fn kept(folder: &Path, accounts: usize) -> anyhow::Result<Option<Self>> {
        let Ok(text) = std::fs::read_to_string(folder.join(ACCOUNTS)) else {
            return Ok(None);
        };
        let known: Vec<Account> = serde_json::from_str(&text)?;
        if known.len() != accounts {
            return Ok(None);
        }
        Ok(Some(Self {
            node: Node::at(folder.to_path_buf())?,
            accounts: known,
        }))
    }

    /// Starts it with all protocols of mail on free loopback ports.
    pub fn serve(&self) -> anyhow::Result<Server> {
        let serving = self.node.serve_mail()?;
        let at = |protocol: &str| {
            let known = serving.listens.get(protocol).copied();
            known.with_context(|| format!("the node does not serve {protocol}"))
        };
        Ok(Server {
            imap: at("imap")?,
            imaps: serving.listens.get("imaps").copied(),
            lmtp: at("lmtp")?,
            smtp: Some(at("smtp")?),
            accounts: self.accounts.clone(),
            root: serving.process.id(),
            _running: Box::new(serving),
        })
    }

    /// `lampion mail import` of a Maildir into an account's mailboxes; the seconds that it took.
    pub fn import(&self, maildir: &Path, name: &str) -> anyhow::Result<f64> {
        let begun = std::time::Instant::now();
        let path = maildir.to_str().context("the folder's name is not UTF-8")?;
        self.node
            .run(&["mail", "import", path, "--person", name], "")?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Bytes of the database with its log, and of blobs.
    pub fn bytes(&self) -> anyhow::Result<(u64, u64)> {
        let mut database = 0;
        for ending in ["", "-wal"] {
            let file = self.node.data.join(format!("lampion.sqlite{ending}"));
            database += std::fs::metadata(file).map_or(0, |about| about.len());
        }
        Ok((database, folder_bytes(&self.node.data.join("blobs"))?))
    }
}

fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(0);
    };
    for entry in entries {
        let entry = entry?;
        let about = entry.metadata()?;
        sum += if about.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            about.len()
        };
    }
    Ok(sum)
}

/// Makes people in a node's folder, whose node is not running.
async fn people(folder: &Path, count: usize, readers: usize) -> anyhow::Result<Vec<Account>> {
    let db = Db::open("sqlite", folder).await?;
    db.migrate(&[lampion_db::KERNEL, lampion_people::MIGRATIONS])
        .await?;
    let people = People::new(db.clone(), Arc::new(SystemClock), Arc::new(SystemRng), 30);
    let mut all = Vec::with_capacity(count);
    for n in 0..count {
        let name = Account::name_of(n);
        let person = people.create(&name, &name, None, &[]).await?;
        let secret = if n < readers {
            people.create_app_password(&person.id, "bench").await?.0
        } else {
            String::new()
        };
        all.push(Account { name, secret });
    }
    db.close().await;
    Ok(all)
}
