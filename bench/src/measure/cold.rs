//! Searches while the program may use little memory and nothing is in the system's cache.

use std::path::PathBuf;
use std::process::Command;

use super::mb;
use crate::Options;
use crate::data;
use crate::load::{Times, one_by_one};
use crate::node::Node;
use crate::queries::{Words, encode};
use crate::report::{Reached, Report, met};

/// Documents, unless another number is asked for: 1.4 GB of index.
const DOCUMENTS: usize = 1_500_000;
/// What the program and its share of the system's cache may use.
const LIMIT_BYTES: u64 = 256 << 20;
/// Queries of each kind.
const EACH: usize = 100;

/// A control group with a limit on memory, removed with this value.
struct Group(PathBuf);

impl Group {
    /// cgroups(7), version 2 or 1, whichever can be written.
    fn new() -> anyhow::Result<Self> {
        let name = format!("lampion-bench-{}", std::process::id());
        let tries = [
            ("/sys/fs/cgroup", "memory.max"),
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        ];
        for (root, limit) in tries {
            let path = PathBuf::from(root).join(&name);
            if std::fs::create_dir(&path).is_ok() {
                let group = Self(path);
                if group.0.join(limit).exists()
                    && std::fs::write(group.0.join(limit), LIMIT_BYTES.to_string()).is_ok()
                {
                    return Ok(group);
                }
            }
        }
        anyhow::bail!("no control group of this machine can be written")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _processes_may_remain = std::fs::remove_dir(&self.0);
    }
}

/// `cold`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let what = "search page under a limit of 256 MB, cold, p50 / p99";
    let target = "p99 ≤ 25 ms with a 1.4 GB index";
    let group = match Group::new() {
        Ok(group) => group,
        Err(error) => {
            Report::new("Little memory, cold", "none").not_measured(
                what,
                &format!("{error:#}"),
                target,
            );
            return Ok(());
        }
    };
    let data = data::data(options, DOCUMENTS)?;
    let (node, imported) = Node::filled(options, data::work(options)?.join("node-cold"), &data)?;
    let words = Words::of(&data, options.seed)?;
    let queries: Vec<String> = words
        .queries(EACH, options.seed)
        .iter()
        .map(|query| format!("/search?q={}", encode(&query.text)))
        .collect();
    let mut report = Report::new("Little memory, cold", &data.what);
    let dropped = Command::new("sync").status().is_ok()
        && std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok();
    // A shell enters the group and becomes the program.
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("echo $$ > \"$0/cgroup.procs\" && exec \"$@\"")
        .arg(&group.0)
        .arg(node.program())
        .arg("--data")
        .arg(&node.data);
    let serving = node.serve_by(command)?;
    let (times, bad) = one_by_one(serving.http, &queries)?;
    let times = Times::new(times);
    let reached = if dropped {
        met(times.p99() <= 25.0 && bad == 0)
    } else {
        Reached::Open
    };
    report.row(
        &format!(
            "{what}, {} queries, each once{}",
            times.len(),
            if dropped {
                ""
            } else {
                " (the system's cache could not be emptied)"
            }
        ),
        &format!(
            "{}, {bad} failed; index {}; memory {}",
            times.shown(),
            mb(imported.index_bytes),
            serving.process.memory()?.shown()
        ),
        "",
        target,
        reached,
    );
    drop(serving);
    drop(group);
    node.remove(options)
}
