//! A node's parts, put together: the one list of features.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use lampion_confined::Worker;
use lampion_core::jobs::{JobHandler, Runner};
use lampion_core::metrics::Metrics;
use lampion_core::{Clock, Config, Events, Rng, SystemClock, SystemRng};
use lampion_db::{Db, KERNEL, Migrations, SqlJobs};
use lampion_feed::{Feeds, Publications};
use lampion_library::Library;
use lampion_mail::Mail;
use lampion_people::People;
use lampion_search::LocalEngine;
use lampion_web::directory::{self, DirectoryPublications};
use lampion_web::{Feature, Kernel};

/// Tables of the kernel and of all features.
fn migrations(features: &[Feature]) -> Vec<Migrations> {
    [
        KERNEL,
        lampion_people::MIGRATIONS,
        lampion_feed::MIGRATIONS,
        directory::MIGRATIONS,
    ]
    .into_iter()
    .chain(features.iter().map(|feature| feature.migrations))
    .collect()
}

/// Where a node's folder is if nobody says otherwise.
pub fn default_data() -> PathBuf {
    let home = || std::env::var_os("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
    std::env::var_os("XDG_DATA_HOME")
        .filter(|path| !path.is_empty())
        .map_or_else(|| home().join(".local/share"), PathBuf::from)
        .join("lampion")
}

/// A node's parts.
pub struct Node {
    pub kernel: Kernel,
    pub library: Library,
    pub mail: Mail,
    pub features: Vec<Feature>,
}

impl Node {
    /// Opens a node's folder, which is made if it isn't there.
    pub async fn open(data: &Path, config: Config) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)
            .with_context(|| format!("the node's folder {}", data.display()))?;
        let data = std::fs::canonicalize(data).with_context(|| data.display().to_string())?;
        for folder in ["collections", "import", "node"] {
            std::fs::create_dir_all(data.join(folder))
                .with_context(|| data.join(folder).display().to_string())?;
        }
        let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) =
            (Arc::new(SystemClock), Arc::new(SystemRng));
        let db = Db::open(&config.database, &data).await?;
        let secret = node_secret(&data, &*rng)?;
        let kernel = Kernel {
            people: People::new(
                db.clone(),
                Arc::clone(&clock),
                Arc::clone(&rng),
                config.session_days,
            ),
            blobs: crate::blobs::open(&config, &data)?,
            search: Arc::new(LocalEngine::new()),
            jobs: Arc::new(SqlJobs(db.clone())),
            feeds: Arc::new(OnceLock::new()),
            runner: Arc::new(OnceLock::new()),
            metrics: Metrics::new()?,
            events: Events::default(),
            config: Arc::new(config),
            data,
            db,
            clock,
            rng,
            secret,
        };
        let program = std::env::current_exe()?;
        let library = Library::new(kernel.clone(), program.clone());
        let mail = Mail::new(kernel.clone())?;
        mail.read_files_with(Worker::new(&kernel.config, program));
        let features = vec![
            lampion_library::feature(&library),
            lampion_mail::feature(&mail),
        ];
        kernel.db.migrate(&migrations(&features)).await?;
        open_feeds(&kernel, &features).await?;
        mail.store().compare_mark(&kernel.data.join("node")).await?;
        library.refresh().await?;
        Ok(Self {
            kernel,
            library,
            mail,
            features,
        })
    }

    /// The runner of all features' jobs.
    pub fn runner(&self) -> Runner {
        let handlers: Vec<Arc<dyn JobHandler>> = self
            .features
            .iter()
            .flat_map(|feature| feature.jobs.iter().map(Arc::clone))
            .collect();
        let kernel = &self.kernel;
        let runner = Runner::new(
            Arc::clone(&kernel.jobs),
            handlers,
            Arc::clone(&kernel.clock),
            kernel.events.clone(),
            kernel.metrics.clone(),
        );
        kernel.runner.get_or_init(|| runner.clone());
        runner
    }
}

/// Opens the feeds, with what every feature does with its publications. Keys and marks lie in `node/feeds`.
async fn open_feeds(kernel: &Kernel, features: &[Feature]) -> anyhow::Result<()> {
    let handlers = features
        .iter()
        .flat_map(|feature| feature.publications.iter().map(Arc::clone))
        .chain([Arc::new(DirectoryPublications) as Arc<dyn Publications>])
        .collect();
    let feeds = Feeds::open(
        kernel.db.clone(),
        (Arc::clone(&kernel.clock), Arc::clone(&kernel.rng)),
        &kernel.data.join("node/feeds"),
        &format!("{}.{}", kernel.config.name, kernel.config.net),
        handlers,
    )
    .await?;
    kernel.feeds.get_or_init(|| feeds);
    Ok(())
}

/// The secret for keyed hashes in addresses, made at the first start.
fn node_secret(data: &Path, rng: &dyn Rng) -> anyhow::Result<[u8; 32]> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = data.join("node/secret");
    let mut secret = [0u8; 32];
    match std::fs::read(&file) {
        Ok(bytes) => {
            secret = bytes.as_slice().try_into().with_context(|| {
                format!(
                    "{} should have 32 bytes: remove it to make a new one",
                    file.display()
                )
            })?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            rng.fill(&mut secret);
            let mut out = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&file)
                .with_context(|| file.display().to_string())?;
            out.write_all(&secret)?;
            out.sync_all()?;
        }
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    }
    Ok(secret)
}
