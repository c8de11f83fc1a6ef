//! How much memory this machine has for us.

use std::fs;

/// The least that the cache of archives takes, in bytes.
const LEAST_CACHE: u64 = 16 << 20;
/// The most that it takes by itself.
const MOST_CACHE: u64 = 256 << 20;
/// … and the share of the memory.
const CACHE_SHARE: u64 = 64;

/// Bytes for unpacked pieces of archives where nobody said otherwise: a board of 1 GB gives 16 MB, a server of 8 GB 128.
pub(crate) fn archive_cache() -> u64 {
    (total() / CACHE_SHARE).clamp(LEAST_CACHE, MOST_CACHE)
}

/// The memory of the machine, or of the control group where that is less; 0 where neither can be told.
fn total() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| of_machine(&text));
    let group = fs::read_to_string("/proc/self/cgroup")
        .ok()
        .and_then(|text| {
            Some(
                text.lines()
                    .find_map(|line| line.strip_prefix("0::"))?
                    .to_owned(),
            )
        })
        .and_then(|path| fs::read_to_string(format!("/sys/fs/cgroup{path}/memory.max")).ok())
        .and_then(|text| text.trim().parse().ok());
    machine.into_iter().chain(group).min().unwrap_or(0)
}

fn of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_read() {
        let text = "MemTotal:        4028736 kB\nMemFree:  1 kB\n";
        assert_eq!(of_machine(text), Some(4_028_736 << 10));
        assert_eq!(of_machine("MemFree: 1 kB"), None);
        assert!((LEAST_CACHE..=MOST_CACHE).contains(&archive_cache()));
    }
}
