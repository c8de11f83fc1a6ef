//! Memory of all processes of a server together.

use std::collections::HashMap;

use anyhow::ensure;

/// Anonymous memory of a process and all that it started, in kB; pages that several share count once (Pss, proc(5)).
///
/// What the system itself holds for connections is not in it.
pub fn anonymous_kb(root: u32) -> anyhow::Result<u64> {
    let mut sum = 0;
    for id in tree(root)? {
        // A process may end while this goes on.
        let Ok(rollup) = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")) else {
            continue;
        };
        sum += rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss_Anon:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .unwrap_or(0);
    }
    ensure!(sum > 0, "/proc/{root}/smaps_rollup can't be read");
    Ok(sum)
}

/// How many processes there are.
pub fn processes(root: u32) -> anyhow::Result<usize> {
    Ok(tree(root)?.len())
}

/// A process and all below it.
fn tree(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // After the name, which may hold anything: state, then the parent.
        let parent = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1))
            .and_then(|parent| parent.parse().ok());
        if let Some(parent) = parent {
            below.entry(parent).or_default().push(id);
        }
    }
    let (mut all, mut waiting) = (Vec::new(), vec![root]);
    while let Some(id) = waiting.pop() {
        waiting.extend(below.get(&id).into_iter().flatten());
        all.push(id);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_child_is_counted() {
        let mut child = std::process::Command::new("sleep")
            .arg("20")
            .spawn()
            .unwrap();
        let own = std::process::id();
        assert!(tree(own).unwrap().contains(&child.id()));
        assert!(anonymous_kb(own).unwrap() >= anonymous_kb(child.id()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
