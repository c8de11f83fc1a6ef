//! Every figure that Lampion claims, measured beside its peers, in the same run and on the same data.
//!
//!     cargo build --release -p lampion -p lampion-bench
//!     bench/peers.sh                                      # installs the peers (Debian)
//!     cargo run --release -p lampion-bench -- search
//!
//! Each subcommand prints a Markdown table: our figure, the peers', what is to be reached, and whether it was.
//! What can't be measured here says `not measured` and why. Data: `--documents N` generates them (several scripts,
//! Zipf's law, a seed); without it the 200,000 records of `../shared/data/bulk` are used where present. Files are
//! made in `--work` (by default a folder in the temporary folder). Servers listen on free loopback ports only.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and waits for programs that it started"
)]

mod chance;
mod data;
mod generate;
mod http;
mod imap;
mod load;
mod mail;
mod measure;
mod node;
mod peers;
mod queries;
mod records;
mod report;

/// The same as the program's: it decides much of what indexing and publishing cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Measures Lampion beside its peers and prints Markdown tables.
#[derive(Debug, Parser)]
#[command(name = "lampion-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What every measurement takes.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Generate this many documents instead of using the real records
    #[arg(long)]
    documents: Option<usize>,
    /// Seed of documents and queries
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for what is made (documents, archives, indexes)
    #[arg(long, value_name = "FOLDER")]
    work: Option<PathBuf>,
    /// Folder with the Python environment that `bench/peers.sh` made [default: ~/.cache/lampion-peers]
    #[arg(long, value_name = "FOLDER", env = "LAMPION_BENCH_PEERS")]
    peers: Option<PathBuf>,
    /// Keep the node that was made, and use it again if it is there (`search`, `start`, `cold`, `feed`, `desk`, `mail`)
    #[arg(long)]
    keep: bool,
    /// Measure Lampion only
    #[arg(long)]
    alone: bool,
    /// Only rows whose group is named: latency, throughput, memory, suggest, in-process, zimi; of `feed`: limits, append,
    /// edits, rebuild, verify; of `mail`: delivery, select, fetch, search, idle, memory, fill
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write documents as JSON Lines, and as a ZIM with libzim
    Generate {
        /// How many
        #[arg(long, default_value_t = 20_000)]
        documents: usize,
        /// Seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The file to write; `-` for standard output
        #[arg(long, default_value = "-")]
        out: String,
        /// Also write this ZIM archive, with libzim's full-text index
        #[arg(long, value_name = "FILE")]
        zim: Option<PathBuf>,
        /// Folder with the Python environment that `bench/peers.sh` made
        #[arg(long, value_name = "FOLDER", env = "LAMPION_BENCH_PEERS")]
        peers: Option<PathBuf>,
    },
    /// Search pages and suggestions over HTTP: times, throughput, memory
    Search(Options),
    /// Questions in five languages: how often nothing is found, how high the right paragraph stands
    Questions(Options),
    /// Start to first page with many records (1 million unless --documents says otherwise)
    Start(Options),
    /// Records and articles a second, memory while indexing, size of the index
    Indexing(Options),
    /// Article pages from a ZIM with 8 clients
    Articles(Options),
    /// Bytes of a first visit to home, search results and a record
    Weight(Options),
    /// The feed with a catalogue made of it: published, signed, rebuilt, exported, verified (1 million unless --documents says otherwise)
    Feed(Options),
    /// A hundred cataloguers at work on a catalogue (1 million records unless --documents says otherwise)
    Desk(Options),
    /// Searches under a memory limit with cold caches
    Cold(Options),
    /// Mail: delivery, IMAP and idling clients, beside Postfix and Dovecot
    Mail(measure::mail::MailOptions),
    /// Random commands of many IMAP sessions on one mailbox, checked against the protocol's rules
    ImapStress(imap::stress::Options),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Generate {
            documents,
            seed,
            out,
            zim,
            peers,
        } => generate::run(documents, seed, &out, zim.as_deref(), peers.as_deref()),
        Command::Search(options) => measure::search::run(&options),
        Command::Questions(options) => measure::questions::run(&options),
        Command::Start(options) => measure::start::run(&options),
        Command::Indexing(options) => measure::indexing::run(&options),
        Command::Articles(options) => measure::articles::run(&options),
        Command::Weight(options) => measure::weight::run(&options),
        Command::Feed(options) => measure::feed::run(&options),
        Command::Desk(options) => measure::desk::run(&options),
        Command::Cold(options) => measure::cold::run(&options),
        Command::Mail(options) => measure::mail::run(&options),
        Command::ImapStress(options) => imap::stress::run(&options),
    }
}
