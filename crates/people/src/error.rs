//! What can go wrong with accounts, by meaning.

use lampion_db::{Conflicting, DbError};

/// Why a name can't be used. An enum, so that pages can say it in the reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// Nothing was given.
    Empty,
    /// Longer than [`crate::NAME_LIMIT`] characters.
    TooLong,
    /// Holds this character.
    Character(char),
    /// Begins with a sign, ends with a dot, or has two dots in a row, which mail addresses can't.
    Shape,
}

impl std::fmt::Display for NameFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong => write!(f, "it is longer than {} characters", crate::NAME_LIMIT),
            Self::Character(c) => write!(
                f,
                "{c:?} can't be in it: use letters, digits, dot, hyphen and underscore"
            ),
            Self::Shape => f.write_str(
                "it must begin with a letter or digit, not end with a dot and not have two dots in a row",
            ),
        }
    }
}

/// Why a password can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    /// Shorter than [`crate::PASSWORD_MIN`] characters.
    TooShort,
    /// Longer than [`crate::PASSWORD_LIMIT`] bytes.
    TooLong,
    /// It is the account's own name.
    IsName,
    /// Everybody tries it first.
    Common,
}

impl std::fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooShort => write!(f, "use at least {} characters", crate::PASSWORD_MIN),
            Self::TooLong => write!(f, "use at most {} bytes", crate::PASSWORD_LIMIT),
            Self::IsName => f.write_str("it is the name: use something that others can't guess"),
            Self::Common => f.write_str("it is among the first that a stranger tries: use another"),
        }
    }
}

/// What went wrong with an account.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Somebody has the name.
    #[error("the name `{0}` is taken: choose another")]
    NameTaken(String),
    /// The name can't be used.
    #[error("the name can't be used: {reason}")]
    BadName {
        /// Why.
        reason: NameFault,
    },
    /// The password can't be used.
    #[error("the password can't be used: {reason}")]
    WeakPassword {
        /// Why.
        reason: PasswordFault,
    },
    /// Name and password don't belong together; which of them is wrong is not told.
    #[error("wrong name or password")]
    WrongNameOrPassword,
    /// Too many failures.
    #[error("too many tries: try again in {wait_seconds} s")]
    TooManyTries {
        /// After how long another try is heard, in seconds, at least 1.
        wait_seconds: u64,
    },
    /// The one-time link was used, is too old, or never was.
    #[error("the link was used already or is too old: ask for a new one")]
    LinkExpired,
    /// No such account (name or id).
    #[error("there is no person `{0}`")]
    NoSuchPerson(String),
    /// No such group (id).
    #[error("there is no group `{0}`")]
    NoSuchGroup(String),
    /// Nobody could run the node any more.
    #[error("this is the last operator: make somebody else an operator first")]
    LastOperator,
    /// The account is switched off. Told only to who knows its password.
    #[error("this account is switched off: ask an operator")]
    Disabled,
    /// A bound on what one person may have.
    #[error("there are {limit} already: remove one first")]
    TooMany {
        /// The bound.
        limit: i64,
    },
    /// A password could not be worked on: a fault of the program or the memory is full.
    #[error("a password could not be checked: {0}")]
    Hashing(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<lampion_db::sqlx::Error> for PeopleError {
    fn from(error: lampion_db::sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Conflicting for PeopleError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}
