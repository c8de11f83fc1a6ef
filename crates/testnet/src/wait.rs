//! Waiting for a condition.

use std::time::{Duration, Instant};

/// How long anything may take before the test counts as failed. No test asserts on speed with it.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(15);

/// Looks at a condition until it gives something.
///
/// # Panics
/// Nothing came within [`PATIENCE`].
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        breathe();
    }
}

/// The pause between two looks.
#[expect(
    clippy::disallowed_methods,
    reason = "the condition lies in another process, which tells nobody"
)]
pub(crate) fn breathe() {
    std::thread::sleep(LOOK);
}

/// Looks at a condition for a while; `None` if the time passed first. For accidents at random moments: a test must come
/// to the same end whichever of the two happens.
pub fn within<T>(time: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        if let Some(found) = look() {
            return Some(found);
        }
        breathe();
    }
    None
}
