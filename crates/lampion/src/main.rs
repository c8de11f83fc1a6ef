//! The program: the command line, and the one list of features.

mod blobs;
mod cli;
mod collection;
mod config;
mod doctor;
mod feed;
mod feed_follow;
mod feed_mirror;
mod harvest;
mod import;
mod lock;
mod mail;
mod mail_groups;
mod mail_transfer;
mod node;
mod output;
mod person;
mod search;
mod serve;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use cli::{Cli, Command};

/// Returns freed memory to the system sooner than the default, which matters on boards with 512 MB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well: 0.
    Done,
    /// What was named doesn't exist: 3.
    NotFound,
    /// Done, but some items failed and are listed: 4.
    Partly,
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

fn main() -> ExitCode {
    // Huge pages would make an idle node take 80 MB instead of 22; kernels that can't leave them out lose nothing else.
    let _older_kernels_cannot = rustix::thread::disable_transparent_huge_pages(true);
    give_memory_back_at_once();
    let cli = Cli::parse();
    match run(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NotFound) => ExitCode::from(3),
        Ok(Outcome::Partly) => ExitCode::from(4),
        Err(error) => {
            eprintln!("lampion: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let data = cli.data.clone().unwrap_or_else(node::default_data);
    match cli.command {
        Command::Extract => {
            lampion_library::extract::child::main()?;
            Ok(Outcome::Done)
        }
        Command::ExtractText => {
            lampion_confined::text::main()?;
            Ok(Outcome::Done)
        }
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "lampion",
                &mut std::io::stdout(),
            );
            Ok(Outcome::Done)
        }
        Command::Config { command } => config::run(&data, &command),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .max_blocking_threads(64)
                .build()?;
            runtime.block_on(async {
                match command {
                    Command::Serve(options) => serve::run(&data, options).await,
                    Command::Import(options) => import::run(&data, options).await,
                    Command::Harvest(options) => harvest::run(&data, options).await,
                    Command::Search(options) => search::run(&data, options).await,
                    Command::Person { command } => person::run(&data, command).await,
                    Command::Collection { command } => collection::run(&data, command).await,
                    Command::Feed { command } => feed::run(&data, command).await,
                    Command::Mail { command } => mail::run(&data, command).await,
                    Command::Doctor { json } => doctor::run(&data, json).await,
                    Command::Extract
                    | Command::ExtractText
                    | Command::Completions { .. }
                    | Command::Config { .. } => Ok(Outcome::Done),
                }
            })
        }
    }
}
