//! What every page of mail has at its side: mailboxes, what waits, and the way to the other pages.

use lampion_web::{AppError, Page};

use super::Opened;
use super::shown::{self, Folder};
use crate::local::Local;
use crate::store::{Account, Mailbox, MailboxId};

/// See the module.
pub(crate) struct Side {
    pub folders: Vec<Folder>,
    pub letters: i64,
    /// Those of them that could not be sent.
    pub failed: i64,
    /// Strangers who wait for consent.
    pub requests: i64,
    pub script: String,
    pub style: String,
}

/// The account and mailboxes of who asks.
pub(super) async fn enter(local: &Local, page: &Page) -> Result<(Account, Vec<Mailbox>), AppError> {
    let account = local.store().account_of(page.person()?).await?;
    let mut mailboxes = local.store().mailboxes(&account.id).await?;
    // What strangers wrote stands on a page of its own, without what it says.
    let requests = local.requests_box(&account.id).await?;
    mailboxes.retain(|mailbox| Some(mailbox.id) != requests);
    mailboxes.extend(local.store().kept(&account.id).await?);
    Ok((account, mailboxes))
}

impl Side {
    /// Pages beside the mailboxes, with the keys of their names.
    pub(crate) const WAYS: [(&'static str, &'static str); 4] = [
        ("/mail/lists", "ml-lists"),
        ("/mail/shared", "ms-shared"),
        ("/mail/folders", "mail-folders"),
        ("/mail/settings", "mail-settings"),
    ];

    /// Whether a page is one of those that a way leads to: the settings have pages of their own.
    pub(crate) fn leads(href: &str, path: &str) -> bool {
        let settings = ["/mail/setup", "/mail/transfer", "/mail/rules"];
        path.starts_with(href)
            || href == "/mail/settings" && settings.iter().any(|page| path.starts_with(page))
    }

    /// Of a page that shows no mailbox.
    ///
    /// # Errors
    /// Nobody is signed in; the database.
    pub(crate) async fn of(local: &Local, page: &Page) -> Result<Self, AppError> {
        let (account, mailboxes) = enter(local, page).await?;
        Self::beside(local, page, (&account, &mailboxes), None).await
    }

    /// Of a page that shows the open mailbox, if it is `here`.
    pub(super) async fn new(
        local: &Local,
        page: &Page,
        opened: &Opened,
        here: bool,
    ) -> Result<Self, AppError> {
        let own = (&opened.account, opened.mailboxes.as_slice());
        Self::beside(local, page, own, here.then_some(opened.here.id)).await
    }

    async fn beside(
        local: &Local,
        page: &Page,
        (account, mailboxes): (&Account, &[Mailbox]),
        here: Option<MailboxId>,
    ) -> Result<Self, AppError> {
        let (letters, failed) = super::letters::count(local.db(), &account.id).await?;
        Ok(Self {
            folders: shown::folders(page, mailboxes, here.map(|id| id.0)),
            letters,
            failed,
            requests: local.waiting_count(&account.id).await?,
            script: String::new(),
            style: super::assets::url("mail.css"),
        })
    }

    /// With the script of lists and conversations, or that of letters.
    pub(super) fn with(self, script: &str) -> Self {
        Self {
            script: super::assets::url(script),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Side;

    #[test]
    fn one_way_at_most_leads_to_a_page() {
        for (path, way) in [
            ("/mail/setup", Some("/mail/settings")),
            ("/mail/transfer?done=1", Some("/mail/settings")),
            ("/mail/lists/water", Some("/mail/lists")),
            // These have a place of their own beside the mailboxes.
            ("/mail/requests", None),
            ("/mail", None),
        ] {
            let found: Vec<&str> = Side::WAYS
                .iter()
                .map(|(href, _)| *href)
                .filter(|href| Side::leads(href, path))
                .collect();
            assert_eq!(found, way.into_iter().collect::<Vec<_>>(), "{path}");
        }
    }
}
