//! Standard output. `println!` panics where nobody reads it any more.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// How a shell counts a program that ended because nobody read its output: 128 and SIGPIPE.
const NOBODY_READS: i32 = 141;

/// Prints a line as `println!` does; the command ends quietly when what it writes into is closed (`| head`).
macro_rules! say {
    ($($arg:tt)*) => { $crate::output::line(format_args!($($arg)*)) };
}
pub(crate) use say;

/// See [`say`].
#[expect(
    clippy::disallowed_methods,
    reason = "as if by SIGPIPE, which nothing of ours minds: whatever is under way survives a kill"
)]
pub(crate) fn line(text: Arguments<'_>) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}")
        && error.kind() == ErrorKind::BrokenPipe
    {
        std::process::exit(NOBODY_READS);
    }
}
