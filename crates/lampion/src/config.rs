//! `lampion config`.

use std::path::Path;

use lampion_core::Config;

use crate::Outcome;
use crate::cli;
use crate::output::say;

pub fn run(data: &Path, command: &cli::Config) -> anyhow::Result<Outcome> {
    let config = Config::load(data)?;
    match command {
        cli::Config::Show => say!("{}", config.sample().trim_end()),
        cli::Config::Check => {
            crate::blobs::check(&config, data)?;
            say!(
                "{}: all settings make sense",
                data.join(lampion_core::config::FILE_NAME).display()
            )
        }
    }
    Ok(Outcome::Done)
}
