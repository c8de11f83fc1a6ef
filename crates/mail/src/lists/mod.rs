//! Distribution lists: one address, many members, an archive, and moderators.
//!
//! - A list is an account (`s-…`) whose INBOX is the archive, and whose mailbox [`HELD`] keeps what waits for a moderator.
//! - [`route`](crate::receive::route) puts a message into one of the two, with a row in `mail_posting` in the same
//!   transaction. [`Distributing`] sends it out from there, step by step: each step and the note that it is done are one
//!   transaction, so a member gets a message once, whatever happens in between.
//! - A message's body and its own fields stay as they are: signatures stay valid. Fields are put on top ([`header`]);
//!   `List-*` and `Precedence` of whoever sent it before are left out (RFC 2369 §4).
//! - People of this node share one copy. Each outside address gets its own, with a signed link to leave (RFC 8058) and an
//!   envelope sender that says whose copy came back.

mod distribute;
pub mod header;
mod leave;
mod members;
mod moderate;
mod notice;
mod pages;
mod route;
mod store;

pub use distribute::Distributing;
pub use moderate::Held;
pub use pages::routes;

use crate::store::AccountId;

/// The mailbox of what waits for a moderator.
pub const HELD: &str = "Held";
/// Lists of a node at most.
pub const LISTS_LIMIT: i64 = 2_000;
/// Rows of members of one list at most (a group is one row).
pub const MEMBERS_LIMIT: i64 = 10_000;
/// Messages of one list that wait for a moderator at most; what comes then is refused.
pub const HELD_LIMIT: i64 = 500;
/// So many messages in a row that came back, and a member gets nothing more until somebody says so.
pub const BOUNCES_LIMIT: i64 = 5;
/// Longest title, and longest description, in characters.
pub const TITLE_LIMIT: usize = 100;
/// See [`TITLE_LIMIT`].
pub const DESCRIPTION_LIMIT: usize = 2_000;

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $( $(#[doc = $about:literal])+ $variant:ident = $word:literal ),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $( $(#[doc = $about])+ $variant ),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $(Self::$variant),+ ];

            /// The word in the database, in forms and on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// By its word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Who may post without being asked.
    Post {
        /// Anybody in the world.
        Anyone = "anyone",
        /// Members.
        Members = "members",
        /// Moderators and owners.
        Moderators = "moderators",
    }
}

words! {
    /// What becomes of messages of others.
    Others {
        /// They wait for a moderator.
        Hold = "hold",
        /// They are refused.
        Refuse = "refuse",
    }
}

words! {
    /// Whether people of this node become members by themselves.
    Joins {
        /// Whoever has the role adds them.
        Closed = "closed",
        /// They do.
        Open = "open",
    }
}

words! {
    /// What a member may do; the later the more.
    Role {
        /// Left, though a group of theirs is a member.
        Out = "out",
        /// Gets messages.
        Member = "member",
        /// Decides about messages that wait.
        Moderator = "moderator",
        /// Decides about the list.
        Owner = "owner",
    }
}

impl Role {
    /// Whether messages that wait are theirs to decide.
    #[must_use]
    pub fn moderates(self) -> bool {
        self >= Self::Moderator
    }
}

words! {
    /// What a row of members is.
    Kind {
        /// A person of this node, by id.
        Person = "person",
        /// A group of people, by id.
        Group = "group",
        /// An address elsewhere.
        Address = "address",
    }
}

/// What an owner sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its title; it is the chat's name in messengers that speak mail.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who may post.
    pub post: Post,
    /// What becomes of messages of others.
    pub others: Others,
    /// Who becomes a member.
    pub joins: Joins,
    /// Messages are kept.
    pub archive: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            post: Post::Members,
            others: Others::Hold,
            joins: Joins::Closed,
            archive: true,
        }
    }
}

/// A distribution list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its account.
    pub account: AccountId,
    /// The local part of its address.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who may post.
    pub post: Post,
    /// What becomes of messages of others.
    pub others: Others,
    /// Who becomes a member.
    pub joins: Joins,
    /// Messages are kept.
    pub archive: bool,
}

/// A row of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub kind: Kind,
    /// A person's or group's id, or an address.
    pub member: String,
    /// What it may do.
    pub role: Role,
    /// Messages in a row that came back.
    pub bounces: i64,
    /// Gets nothing until somebody says so.
    pub paused: bool,
}
