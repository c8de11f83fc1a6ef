//! Leaving by a signed link, without sign-in (RFC 8058): for addresses elsewhere.

use super::header::lampion_web_url;
use super::{Kind, List};
use crate::local::Local;
use crate::store::MailError;

impl Local {
    /// The link for one address: `…/mail/leave/LIST/KEY/ADDRESS`. It holds for as long as the address is a member.
    #[must_use]
    pub fn leave_link(&self, list: &List, address: &str) -> String {
        let key = self.key("leave", &format!("{} {address}", list.account));
        format!(
            "{}/mail/leave/{}/{key}/{}",
            self.origin(),
            lampion_web_url(&list.name),
            lampion_web_url(address)
        )
    }

    /// The list of a link, if the link is right.
    ///
    /// # Errors
    /// The database.
    pub async fn list_of_link(
        &self,
        name: &str,
        key: &str,
        address: &str,
    ) -> Result<Option<List>, MailError> {
        let list = self.list_named(name).await?;
        Ok(list.filter(|list| self.key("leave", &format!("{} {address}", list.account)) == key))
    }

    /// Takes the address of a link off its list. Done again it changes nothing.
    ///
    /// # Errors
    /// `Refused` for a list's only owner; the database.
    pub async fn leave(&self, list: &List, address: &str) -> Result<(), MailError> {
        self.remove_member(&list.account, Kind::Address, address)
            .await
    }
}
