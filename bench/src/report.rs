//! Markdown tables with the machine that they were measured on.

use std::fmt::Write as _;

/// What became of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    Met,
    Missed,
    /// Nothing was to be reached, or not by this row alone.
    Open,
}

/// Whether a figure is within its target.
pub fn met(yes: bool) -> Reached {
    if yes { Reached::Met } else { Reached::Missed }
}

/// A table in the making; a row is printed as soon as it is known.
pub struct Report {
    rows: usize,
}

impl Report {
    /// Prints the heading: what, on which machine, with which data.
    pub fn new(title: &str, data: &str) -> Self {
        println!("\n## {title}\n");
        println!("- {}, {}", today(), machine());
        println!("- data: {data}");
        let line: Vec<String> = std::env::args().skip(1).collect();
        println!(
            "- command: `cargo run --release -p lampion-bench -- {}`",
            line.join(" ")
        );
        println!(
            "- load of the machine before: {}\n",
            first_line("/proc/loadavg")
                .split(' ')
                .next()
                .unwrap_or_default()
        );
        println!("| what | Lampion | peers | to reach | |\n|---|---|---|---|---|");
        Self { rows: 0 }
    }

    pub fn row(&mut self, what: &str, ours: &str, peers: &str, target: &str, reached: Reached) {
        let mark = match reached {
            Reached::Met => "met",
            Reached::Missed => "**missed**",
            Reached::Open => "",
        };
        let mut line = String::new();
        for cell in [what, ours, peers, target, mark] {
            let _infallible = write!(line, "| {} ", cell.replace('|', "\\|").replace('\n', "; "));
        }
        println!("{line}|");
        self.rows += 1;
    }

    /// A row whose figure could not be had.
    pub fn not_measured(&mut self, what: &str, why: &str, target: &str) {
        self.row(
            what,
            &format!("not measured: {why}"),
            "",
            target,
            Reached::Open,
        );
    }

    /// A line below the table.
    pub fn note(&self, text: &str) {
        println!("\n{text}");
    }
}

/// A peer's figure, or why there is none.
pub fn or_why<T>(name: &str, figure: &anyhow::Result<T>, show: impl Fn(&T) -> String) -> String {
    match figure {
        Ok(figure) => format!("{name} {}", show(figure)),
        Err(error) => format!("{name}: not measured: {error:#}"),
    }
}

fn today() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}

fn first_line(file: &str) -> String {
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn field(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .find(|line| line.starts_with(name))
        .and_then(|line| line.split_once(':'))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory_kb: u64 = field("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0);
    format!(
        "{} × {}, {} GB, Linux {}",
        cores,
        field("/proc/cpuinfo", "model name"),
        memory_kb / 1_000_000,
        first_line("/proc/sys/kernel/osrelease")
    )
}
