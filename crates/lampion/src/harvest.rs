//! `lampion harvest`.

use std::path::Path;

use lampion_core::Config;
use lampion_library::model::Visibility;
use lampion_library::{LibraryError, NewHarvest};

use crate::Outcome;
use crate::cli::Harvest;
use crate::import::done;
use crate::node::Node;

pub async fn run(data: &Path, options: Harvest) -> anyhow::Result<Outcome> {
    let node = Node::open(data, Config::load(data)?).await?;
    let begun = if options.source.contains("://") {
        let new = NewHarvest {
            url: options.source.clone(),
            set: options.set.clone().unwrap_or_default(),
            prefix: options.prefix.clone(),
            id: options.id.clone().unwrap_or_default(),
            title: options.title.clone().unwrap_or_default(),
            visibility: Some(if options.visibility == "all" {
                Visibility::All
            } else {
                Visibility::SignedIn
            }),
        };
        node.library.harvest(new).await
    } else {
        let again = node
            .library
            .harvest_again(&options.source, options.again)
            .await;
        again.map(|job| (options.source.clone(), job))
    };
    if let (Ok((id, _)), Some(hours)) = (&begun, options.every) {
        node.library.store().set_harvest_every(id, hours).await?;
    }
    match begun {
        Ok((id, job)) => done(&node, data, &id, &job, options.background, options.json).await,
        Err(error @ LibraryError::BadSource { .. }) => {
            eprintln!("lampion: {error}");
            Ok(Outcome::NotFound)
        }
        Err(error) => Err(error.into()),
    }
}
