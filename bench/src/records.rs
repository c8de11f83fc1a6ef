//! Catalogue records in MARC 21, of a usual size and with headings that repeat as those of a library do.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use lampion_core::{Events, SystemClock, SystemRng};
use lampion_db::Db;
use lampion_feed::Feeds;
use lampion_formats::records::desk::{
    DublinCore, Element, Qualifier, Scheme, Statement, Work, WorkError,
};
use lampion_library::catalogue::{Catalogue, LibraryPublications, Publication};

/// The catalogue.
pub const BOOKS: &str = "books";
/// The feed's name on a node of default configuration.
pub const ORIGIN: &str = "hill.internal/feed/library";
/// Records that are made and handed over at once.
pub const AT_ONCE: u64 = 65_536;

/// The n-th word.
pub fn word(n: u64) -> String {
    let name = match n % 5 {
        0 => "tea",
        1 => "hill",
        2 => "well",
        3 => "lamp",
        _ => "road",
    };
    format!("{name}{}", n / 5)
}

/// The n-th record's title.
pub fn title(n: u64) -> String {
    format!("The {} of {}", word(n * 7919 % 50_021), word(n))
}

/// The n-th record.
pub fn work(n: u64) -> Result<Work, WorkError> {
    let language = if n.is_multiple_of(3) { "ko" } else { "en" };
    let statements = vec![
        Statement::new(Element::Title, title(n)),
        Statement::new(Element::Creator, format!("{}, Mira", word(n * 31 % 99_991))),
        Statement::new(Element::Publisher, format!("Press of {}", word(n % 3_001))),
        Statement::new(Element::Date, (1900 + n % 120).to_string()),
        Statement::new(Element::Language, language),
        Statement::new(Element::Subject, word(n % 20_011)),
        Statement::new(Element::Subject, word(n * 17 % 40_009)),
        Statement::qualified(Element::Identifier, Qualifier::Doi, format!("10.1000/{n}")),
        Statement::new(
            Element::Description,
            "A description of some length, as records have them, so that bodies are of a usual size.",
        ),
    ];
    Work::from(DublinCore { statements }).converted(Scheme::Marc21)
}

/// Records from the n-th on.
pub fn publications(from: u64, to: u64) -> anyhow::Result<Vec<Publication>> {
    (from..to)
        .map(|n| {
            Ok(Publication {
                id: None,
                base: None,
                work: work(n).with_context(|| format!("record {n}"))?,
            })
        })
        .collect()
}

/// Every so many records there is one a second time.
const TWIN: usize = 1_000;

/// Records that are there a second time, as duplicates for the desk to find.
pub fn twins(count: u64) -> anyhow::Result<Vec<Publication>> {
    let mut out = Vec::new();
    for n in (0..count).step_by(TWIN) {
        out.extend(publications(n, n + 1)?);
    }
    Ok(out)
}

/// The catalogue in a node's folder, whose node is not running.
pub async fn open(folder: &Path) -> anyhow::Result<(Catalogue, Feeds, Db)> {
    let db = Db::open("sqlite", folder).await?;
    db.migrate(&[
        lampion_db::KERNEL,
        lampion_feed::MIGRATIONS,
        lampion_library::store::MIGRATIONS,
    ])
    .await?;
    let feeds = Feeds::open(
        db.clone(),
        (Arc::new(SystemClock), Arc::new(SystemRng)),
        &folder.join("node/feeds"),
        "hill.internal",
        vec![Arc::new(LibraryPublications)],
    )
    .await?;
    let (clock, rng) = (Arc::new(SystemClock), Arc::new(SystemRng));
    let catalogue = Catalogue::new(db.clone(), feeds.clone(), clock, rng, Events::default());
    Ok((catalogue, feeds, db))
}
