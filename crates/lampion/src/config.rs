//! `lampion config`.

use std::path::Path;

use lampion_core::Config;

use crate::Outcome;
use crate::cli;

pub fn run(data: &Path, command: &cli::Config) -> anyhow::Result<Outcome> {
    let config = Config::load(data)?;
    match command {
        cli::Config::Show => print!("{}", config.sample()),
        cli::Config::Check => println!(
            "{}: all settings make sense",
            data.join(lampion_core::config::FILE_NAME).display()
        ),
    }
    Ok(Outcome::Done)
}
