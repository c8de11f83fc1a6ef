//! Persons, roles and groups.

use lampion_db::Row;
use lampion_db::sqlx::any::AnyRow;

/// What a person may do beyond reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Has an account. Everybody with an account is one.
    Member,
    /// Keeps the library.
    Librarian,
    /// Writes news and sites.
    Editor,
    /// Runs courses.
    Teacher,
    /// Sells on the market.
    Seller,
    /// Runs the node; may do all that the others may.
    Operator,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 6] = [
        Self::Member,
        Self::Librarian,
        Self::Editor,
        Self::Teacher,
        Self::Seller,
        Self::Operator,
    ];

    /// The role's word in the database, in forms and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Librarian => "librarian",
            Self::Editor => "editor",
            Self::Teacher => "teacher",
            Self::Seller => "seller",
            Self::Operator => "operator",
        }
    }

    /// The role of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Never changes.
    pub id: String,
    /// What one signs in with: see [`crate::normal_name`].
    pub name: String,
    /// What others see.
    pub display: String,
    /// Sorted, each once; always holds [`Role::Member`].
    pub roles: Vec<Role>,
    /// Ids of groups, sorted.
    pub groups: Vec<String>,
    /// Language tag of pages; empty means what the browser asks for.
    pub language: String,
    /// Made then, in milliseconds since 1970 by the node's clock; only shown.
    pub created_ms: i64,
    /// Switched off: can't sign in.
    pub disabled: bool,
}

impl Person {
    /// Whether the person may do what `role` may; an operator may do everything.
    pub fn has(&self, role: Role) -> bool {
        self.roles
            .iter()
            .any(|mine| *mine == role || *mine == Role::Operator)
    }

    /// Whether the person is in the group with this id.
    pub fn is_in(&self, group_id: &str) -> bool {
        self.groups.iter().any(|mine| mine == group_id)
    }

    /// All but the groups, which stand in another table.
    pub(crate) fn from_row(row: &AnyRow) -> Result<Self, lampion_db::sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            display: row.try_get("display")?,
            roles: roles_from_text(row.try_get("roles")?),
            groups: Vec::new(),
            language: row.try_get("language")?,
            created_ms: row.try_get("created_ms")?,
            disabled: row.try_get::<i64, _>("disabled")? != 0,
        })
    }
}

/// A group of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Never changes.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How many are in it.
    pub members: i64,
}

/// Roles as kept: sorted, each once, and everybody is a member.
pub(crate) fn roles_to_text(roles: &[Role]) -> String {
    let mut roles = roles.to_vec();
    roles.push(Role::Member);
    roles.sort_unstable();
    roles.dedup();
    let words: Vec<&str> = roles.into_iter().map(Role::as_str).collect();
    words.join(" ")
}

fn roles_from_text(text: &str) -> Vec<Role> {
    // A word of a newer version is no role here, rather than an error for everybody.
    text.split(' ').filter_map(Role::from_word).collect()
}
