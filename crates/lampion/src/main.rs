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
mod memory;
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

fn main() -> ExitCode {
    memory::keep_small();
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
