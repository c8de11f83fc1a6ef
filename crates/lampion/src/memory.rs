//! What the program does to stay small on a board with little memory.

use std::time::Duration;

use rustix::mm::Advice;
use tokio_util::sync::CancellationToken;

/// How often the program lets go of its text: what is in use comes back within a millisecond.
const BETWEEN: Duration = Duration::from_secs(600);

/// Sets how memory is taken and given back. Called before anything else.
pub fn keep_small() {
    // Huge pages would make an idle node take 80 MB instead of 22; kernels that can't leave them out lose nothing else.
    let _older_kernels_cannot = rustix::thread::disable_transparent_huge_pages(true);
    give_memory_back_at_once();
}

/// Freed memory goes back to the system when it is freed and not a second later: under load that second never comes,
/// and a node had 48 MB of its own after 10,000 searches instead of 25.
#[expect(
    unsafe_code,
    reason = "the allocator's options are set by its C interface only"
)]
fn give_memory_back_at_once() {
    /// `mi_option_purge_delay` of mimalloc 3, in milliseconds, and its default: by it the option is known for what it
    /// is, and left alone where the environment says otherwise.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    const DEFAULT_MS: core::ffi::c_long = 1_000;
    // SAFETY: reads and sets a number that the allocator reads; any option and any value are allowed.
    unsafe {
        if libmimalloc_sys::mi_option_get(PURGE_DELAY) == DEFAULT_MS {
            libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
        }
    }
}

/// Lets go of the program's text at once, for much of it serves the start alone, and then every ten minutes, for much
/// serves a job that has ended. Ends with `stop`.
///
/// A page of text that isn't mapped is the first that the system takes when it needs memory; while it needs none, the page
/// stays in its cache and is mapped again when it is next run.
pub async fn let_go_of_unused_text(stop: CancellationToken) {
    let mut tick = tokio::time::interval(BETWEEN);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let_go_of_text();
    }
}

/// Unmaps every page of the program's text; each comes back when it is run.
#[expect(
    unsafe_code,
    reason = "advice about memory is unsafe: some kinds of it change what is there"
)]
fn let_go_of_text() {
    let (Ok(maps), Ok(program)) = (
        std::fs::read_to_string("/proc/self/maps"),
        std::fs::read_link("/proc/self/exe"),
    ) else {
        return;
    };
    for (start, length) in text(&maps, &program.to_string_lossy()) {
        // SAFETY: the range is a private mapping of the program's file that may be run and not written, so each page of it
        // is what the file holds, and is read from there again. Relocated data lies in mappings that can't be run.
        let _only_advice = unsafe {
            rustix::mm::madvise(
                std::ptr::with_exposed_provenance_mut(start),
                length,
                Advice::LinuxDontNeed,
            )
        };
    }
}

/// Address and length in bytes of the mappings of `program` that are run and can't be written, of `/proc/PID/maps` (proc(5)).
fn text<'a>(maps: &'a str, program: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    maps.lines().filter_map(move |line| {
        // A path may have spaces in it.
        let mut words = line.strip_suffix(program)?.split(' ');
        let (range, may) = (words.next()?, words.next()?);
        if may != "r-xp" || words.next_back() != Some("") {
            return None;
        }
        let (start, end) = range.split_once('-')?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        Some((start, end.checked_sub(start)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_the_program_is_let_go() {
        let maps = "\
55d000000000-55d000400000 r--p 00000000 fe:00 1 /opt/a lampion
55d000400000-55d003000000 r-xp 00400000 fe:00 1 /opt/a lampion
55d003000000-55d003100000 r--p 03000000 fe:00 1 /opt/a lampion
55d003100000-55d003200000 rw-p 03100000 fe:00 1 /opt/a lampion
55d004000000-55d004400000 r-xp 00000000 fe:00 3 /other/opt/a lampion
7f0000000000-7f0000100000 r-xp 00000000 fe:00 2 /lib/libc.so.6
7f0000200000-7f0000300000 r-xp 00000000 00:00 0
";
        let found: Vec<_> = text(maps, "/opt/a lampion").collect();
        assert_eq!(found, [(0x55d0_0040_0000, 0x02c0_0000)]);
    }

    #[test]
    fn the_program_goes_on_after_its_text_was_let_go() {
        let resident = || {
            let smaps = std::fs::read_to_string("/proc/self/smaps").expect("Linux tells");
            let program = std::env::current_exe().expect("a program");
            let program = program.to_string_lossy().into_owned();
            let mut lines = smaps
                .lines()
                .skip_while(|line| !(line.contains(" r-xp ") && line.ends_with(&program)));
            lines
                .find_map(|line| line.strip_prefix("Rss:"))
                .and_then(|rss| rss.trim().trim_end_matches(" kB").parse::<u64>().ok())
                .expect("a text of its own")
        };
        let before = resident();
        let_go_of_text();
        let after = resident();
        assert!(after < before, "{after} kB of {before} kB are mapped");
    }
}
