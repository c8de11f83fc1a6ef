//! Following other nodes: their `library` and `directory` feeds, and the files that their records name.
//!
//! A row in `follow` is an address (a node, a web server with static files, a folder or stick) and how often it is asked.
//! Its job (`job`) takes what is new on the feeds through [`lampion_feed::Feeds::mirror`], the path that the node's own
//! publications take, makes collections for the catalogues that have records to show, acknowledges what the author
//! withdrew, and fetches files ([`files`]). Everything that it keeps is kept in steps, so that a `kill -9` costs one.
//!
//! Rules: a node is known by the key that signs its feeds, which is told by a person at the first contact and never
//! changes; collections of others are shown and searched as our own, and changed by nobody here.

pub mod announce;
pub mod files;
mod job;
pub mod source;
mod store;

use std::path::PathBuf;
use std::time::Duration;

use lampion_feed::note::VerifierKey;
use lampion_web::directory;

use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Visibility};

pub use files::Files;
pub use job::FollowJob;
pub use source::{Found, Place};
pub use store::{Follow, KnownNode};

/// The job's kind.
pub const KIND: &str = "library.follow";

/// What a person asks for.
#[derive(Debug, Clone)]
pub struct NewFollow {
    /// Address of a node or of static files, or a folder.
    pub address: String,
    /// The key of any of the node's feeds; none if the node is known.
    pub key: Option<VerifierKey>,
    /// How often, in hours; 0 for once.
    pub every_h: i64,
    /// Which files come along.
    pub files: Files,
    /// Who may see collections that are new.
    pub visibility: Visibility,
}

/// What a job is to do.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Payload {
    pub(crate) address: String,
    /// Ask again for bodies that were missing.
    #[serde(default)]
    pub(crate) bodies: bool,
}

/// The origin of a node's feed of a kind.
pub(crate) fn origin(node: &str, kind: &str) -> String {
    format!("{node}/feed/{kind}")
}

/// The node whose feed has an origin.
pub fn node_of(origin: &str) -> Option<&str> {
    origin.rsplit_once("/feed/").map(|(node, _)| node)
}

impl Library {
    /// The name of this node in the net.
    pub fn node_name(&self) -> String {
        let config = &self.kernel().config;
        format!("{}.{}", config.name, config.net)
    }

    /// Looks at an address: whose feeds are there, and with which key.
    ///
    /// # Errors
    /// Nothing can be reached there, or no feed is there.
    pub async fn look(&self, address: &str) -> Result<Found, LibraryError> {
        let address = address.trim().to_string();
        let wanted = address.clone();
        let found = source::on_thread("look", move || Place::resolve(&wanted)?.look()).await;
        found.map_err(|reason| LibraryError::BadSource {
            path: PathBuf::from(address),
            reason,
        })
    }

    /// The key of a node's `library` feed, if the node is known here.
    ///
    /// # Errors
    /// The database.
    pub async fn known_key(&self, node: &str) -> Result<Option<VerifierKey>, LibraryError> {
        let known = self.store().follow_key(node).await?;
        Ok(known.and_then(|text| text.parse().ok()))
    }

    /// Follows a node and queues the first job; gives the node's name and the job's id. An address that is followed
    /// already is asked at once.
    ///
    /// # Errors
    /// Nothing is there, the node's key is not known and not told, another one than told, or the node is this one.
    pub async fn follow(&self, new: NewFollow) -> Result<(String, String), LibraryError> {
        let found = self.look(&new.address).await?;
        let bad = |reason: String| LibraryError::BadSource {
            path: PathBuf::from(new.address.trim()),
            reason,
        };
        let node = found.node.clone();
        if node == self.node_name() {
            return Err(bad("this is this node itself".into()));
        }
        let known = self.known_key(&node).await?;
        let wanted = origin(&node, crate::catalogue::KIND);
        let told = match &new.key {
            Some(key) => Some(
                key.renamed(&wanted)
                    .map_err(|error| bad(error.to_string()))?,
            ),
            None => None,
        };
        if let (Some(known), Some(told)) = (&known, &told)
            && known != told
        {
            return Err(bad(format!(
                "`{node}` is known here by another key ({known}): one of the two is not the real one; `lampion feed unfollow {node}` forgets the old one"
            )));
        }
        let Some(key) = told.or(known) else {
            return Err(bad(format!(
                "the key of `{node}` is not known here: compare {} with what its page /node shows, and give it",
                found
                    .key
                    .as_ref()
                    .map_or_else(|| "the key".to_string(), ToString::to_string)
            )));
        };
        let (place, signed) = (found.place.clone(), key.clone());
        let checked = source::on_thread("look", move || place.check(&signed)).await;
        checked.map_err(bad)?;
        self.store()
            .begin_follow(&node, &key.to_string(), &new, found.place.address())
            .await?;
        let job = self.follow_now(found.place.address(), false).await?;
        Ok((node, job))
    }

    /// Queues a job for an address that is followed; gives its id. `bodies` asks again for bodies that were missing.
    ///
    /// # Errors
    /// It isn't followed, or the database.
    pub async fn follow_now(&self, address: &str, bodies: bool) -> Result<String, LibraryError> {
        let known = self.store().follows().await?;
        let Some(one) = known.into_iter().find(|one| one.address == address) else {
            return Err(LibraryError::BadSource {
                path: address.into(),
                reason: "it is not followed: `lampion feed following` shows what is".into(),
            });
        };
        let payload = Payload {
            address: one.address,
            bodies,
        };
        let payload = serde_json::to_string(&payload).map_err(std::io::Error::other)?;
        let job = self.kernel().queue(KIND, &one.node, payload).await?;
        Ok(job.id)
    }

    /// Ends following: an address alone if the node has others, else the node with all its collections. `which` is an
    /// address or a node's name. Gives the ids of the collections that were removed.
    ///
    /// # Errors
    /// Nothing of this name is followed, or the database.
    pub async fn unfollow(&self, which: &str) -> Result<Vec<String>, LibraryError> {
        let all = self.store().follows().await?;
        let which = which.trim().trim_end_matches('/');
        let Some(node) = all
            .iter()
            .find(|one| one.node == which || one.address == which)
            .map(|one| one.node.clone())
        else {
            return Err(LibraryError::BadSource {
                path: which.into(),
                reason: "it is not followed: `lampion feed following` shows what is".into(),
            });
        };
        let others = all
            .iter()
            .any(|one| one.node == node && one.address != which);
        if which != node && others {
            self.store().end_follow(which).await?;
            return Ok(Vec::new());
        }
        self.leave(&node).await
    }

    async fn leave(&self, node: &str) -> Result<Vec<String>, LibraryError> {
        let kernel = self.kernel();
        for job in kernel.jobs.list(node, 50).await? {
            if !job.state.is_over() {
                kernel.cancel(&job.id).await?;
            }
        }
        let feeds = kernel
            .feeds()
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        let library_feed = origin(node, crate::catalogue::KIND);
        let mut removed = Vec::new();
        for one in self.store().all().await? {
            if one.source.feed == library_feed {
                self.remove_any(&one.id).await?;
                removed.push(one.id);
            }
        }
        self.store().release_files(&library_feed).await?;
        for kind in [crate::catalogue::KIND, directory::KIND] {
            feeds
                .forget(&origin(node, kind))
                .await
                .map_err(|error| std::io::Error::other(error.to_string()))?;
        }
        self.store().end_node(node).await?;
        if let Ok(catalogue) = crate::catalogue::Catalogue::of(kernel) {
            catalogue.sweep_or_say().await;
        }
        Ok(removed)
    }

    /// Collections that come from other nodes.
    pub fn followed(&self) -> Vec<Collection> {
        let mut all = self.collections();
        all.retain(|one| one.kind == Kind::Catalogue && one.is_followed());
        all
    }

    /// Counts time and queues what is due. A node whose job is still under way is not asked again.
    ///
    /// # Errors
    /// The database.
    pub async fn follow_tick(&self, passed: Duration) -> Result<Vec<String>, LibraryError> {
        let passed_s = i64::try_from(passed.as_secs()).unwrap_or(i64::MAX);
        let due = self.store().follows_due(passed_s).await?;
        let mut queued = Vec::new();
        for (address, node) in due {
            let jobs = self.kernel().jobs.list(&node, 20).await?;
            let busy = jobs.iter().any(|job| {
                job.kind == KIND
                    && !job.state.is_over()
                    && serde_json::from_str::<Payload>(&job.payload)
                        .is_ok_and(|payload| payload.address == address)
            });
            if !busy {
                self.follow_now(&address, false).await?;
                queued.push(address);
            }
        }
        Ok(queued)
    }
}
