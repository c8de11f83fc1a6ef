//! Commands and responses of IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051).
//!
//! - [`reader`]: bytes in, whole commands out: lines and literals (RFC 7888), bounded before anything is kept; messages of
//!   `APPEND` are passed on piece by piece and never held.
//! - [`command`]: what a command says; [`Command::parse`] makes it of the bytes that the reader gathered.
//! - `write`: pieces of responses: strings, mailbox names, sets, dates.
//! - [`utf7`]: modified UTF-7, which names of mailboxes wear towards clients that speak rev1 only.
//! - [`thread`]: subjects and threads (RFC 5256).
//!
//! Extensions: ACL (RFC 4314), APPENDLIMIT (7889), BINARY (3516), CHILDREN (3348), COMPRESS (4978), CONDSTORE and QRESYNC
//! (7162), ENABLE (5161), ESEARCH (4731), ESORT (5267), ID (2971), IDLE (2177), LIST-EXTENDED (5258), LIST-STATUS (5819),
//! LIST-MYRIGHTS (8440), LITERAL+ and LITERAL- (7888), METADATA (5464), MOVE (6851), MULTIAPPEND (3502), NAMESPACE (2342),
//! OBJECTID (8474), PARTIAL (9394), PREVIEW (8970), QUOTA (9208), SASL-IR (4959), SAVEDATE (8514), SEARCHRES (5182),
//! SORT and THREAD (5256), SPECIAL-USE (6154), STATUS=SIZE (8438), UIDPLUS (4315), UNSELECT (3691), UTF8=ACCEPT (6855),
//! WITHIN (5032).
//!
//! Why not `imap-codec`: it knows IMAP4rev1 and some extensions, holds a message of `APPEND` in memory whole, and gives
//! no way to add commands, search keys, `RETURN` options or fetch items from outside. What it lacks (ESEARCH, SEARCHRES,
//! LIST-EXTENDED, SPECIAL-USE, CONDSTORE's and QRESYNC's parameters, PREVIEW, OBJECTID, SAVEDATE, ACL) is more than half of
//! this grammar, so one grammar of our own is less code than its and ours side by side.
//!
//! Nothing here knows a socket, a mailbox or a clock.

pub mod command;
pub mod cursor;
pub mod date;
pub mod fuzz;
pub mod reader;
pub mod search;
pub mod set;
pub mod thread;
pub mod utf7;
pub mod write;

pub mod fetch;
pub mod list;
mod parse;
#[cfg(test)]
mod tests;

pub use command::{Body, Command};
pub use cursor::SyntaxError;
pub use reader::{Event, Reader};
pub use set::{SequenceSet, SetRange};

/// Bytes of one command with its literals, before sign-in (an initial response of SASL is the longest thing).
pub const COMMAND_LIMIT_BEFORE_SIGN_IN: usize = 16 * 1024;
/// Bytes of one command with its literals, afterwards: a set of UIDs without order is the longest thing.
pub const COMMAND_LIMIT: usize = 256 * 1024;
/// Literals of one command.
pub const LITERALS_LIMIT: usize = 128;
/// A literal that wasn't asked for (LITERAL+) and is too long is passed over up to this many bytes; past it the connection
/// ends.
pub const SKIP_LIMIT: u64 = 256 * 1024 * 1024;
/// Parentheses and `NOT`s inside each other.
pub const DEPTH_LIMIT: usize = 64;
/// Items of a list: flags, fetch items, search keys, header names, patterns.
pub const ITEMS_LIMIT: usize = 1_000;
/// Numbers of a section (`BODY[1.2.3]`).
pub const PATH_LIMIT: usize = 64;
/// Ranges of a set.
pub const RANGES_LIMIT: usize = 50_000;
/// Bytes of a tag.
pub const TAG_LIMIT: usize = 64;
/// Bytes of a mailbox's name as it comes in.
pub const MAILBOX_LIMIT: usize = 1_024;
