//! What can go wrong with a document, in words that a librarian can act on.

use thiserror::Error;

/// Why a document gave nothing.
///
/// The messages say "the file": whoever knows the name puts it in with
/// [`FormatError::for_file`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The document asks for a password.
    #[error("is encrypted: remove its password and import it again")]
    Encrypted,
    /// The bytes are not what the kind of file requires.
    #[error("is damaged or not what its name says ({0}): open and save it again with its program")]
    Damaged(String),
    /// Nothing here reads this kind of file.
    #[error(
        "is of a kind that can't be read ({0}): import it as HTML, text, PDF, EPUB or an office file"
    )]
    Unsupported(String),
    /// A file of what is a collection of its own.
    #[error("holds {0}, which make a collection of their own: import the file by itself")]
    OwnCollection(&'static str),
    /// A limit that protects the machine was reached before anything was read.
    #[error("is over a limit ({0}): split it or raise the limit")]
    TooLarge(String),
    /// The file system refused.
    #[error("can't be opened: {0}")]
    Io(#[from] std::io::Error),
}

impl FormatError {
    /// The whole sentence for one file: "`report.pdf` is encrypted: …".
    #[must_use]
    pub fn for_file(&self, name: &str) -> String {
        format!("`{name}` {self}")
    }

    /// A damaged document, with what was seen in it.
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}
