//! Where another node's feeds lie: a node or web server that is reached by HTTP, or a folder.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use lampion_feed::follow::Reader;
use lampion_feed::limits::NOTE_LIMIT;
use lampion_feed::note::VerifierKey;
use lampion_feed::verify::{Bytes, Source};
use lampion_web::directory;
use ureq::Agent;

use super::{node_of, origin};
use crate::catalogue::KIND;
use crate::harvest::agent_of;

/// Who asks, so that a node's keeper knows.
const USER_AGENT: &str = concat!("Lampion/", env!("CARGO_PKG_VERSION"), " (feeds)");
/// The name of the file with a feed's key.
pub const KEY_FILE: &str = "key";
/// The longest key in bytes.
const KEY_LIMIT: u64 = 1024;

/// Static files of one feed.
#[derive(Clone)]
pub enum Files {
    /// On a web server, under an address without a slash at its end.
    Web(Agent, String),
    /// In a folder.
    Folder(PathBuf),
}

impl Files {
    fn request(&self, path: &str, from: u64) -> io::Result<Option<Bytes>> {
        let Self::Web(agent, base) = self else {
            return Ok(None);
        };
        let mut request = agent.get(format!("{base}/{path}"));
        if from > 0 {
            // A range is one of the bytes as they lie there (RFC 9110 §14.2).
            request = request
                .header("accept-encoding", "identity")
                .header("range", format!("bytes={from}-"));
        }
        let response = request
            .call()
            .map_err(|error| io::Error::other(error.to_string()))?;
        let status = response.status().as_u16();
        match status {
            200 | 206 => {}
            404 | 410 => return Ok(None),
            // Nothing lies after what came before.
            416 => return Ok(Some(Box::new(io::empty()))),
            _ => return Err(io::Error::other(format!("the server answers {status}"))),
        }
        let mut bytes: Bytes = Box::new(
            response
                .into_body()
                .into_with_config()
                .limit(u64::MAX)
                .reader(),
        );
        if from > 0 && status == 200 {
            io::copy(&mut Read::take(&mut bytes, from), &mut io::sink())?;
        }
        Ok(Some(bytes))
    }
}

impl Source for Files {
    fn open(&self, path: &str) -> io::Result<Option<Bytes>> {
        self.open_from(path, 0)
    }

    fn open_from(&self, path: &str, from: u64) -> io::Result<Option<Bytes>> {
        let Self::Folder(folder) = self else {
            return self.request(path, from);
        };
        let mut file = match File::open(folder.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if from > 0 {
            file.seek(SeekFrom::Start(from))?;
        }
        Ok(Some(Box::new(file)))
    }
}

/// The feeds of one node.
#[derive(Clone)]
pub struct Place {
    address: String,
    /// Its `library` feed.
    pub library: Files,
    /// Its `directory` feed, which may not be there.
    pub directory: Files,
}

/// What lies at an address.
pub struct Found {
    /// Where.
    pub place: Place,
    /// The node's name, as the feed says; not checked yet.
    pub node: String,
    /// The key that lies beside the feed; to be compared by a person.
    pub key: Option<VerifierKey>,
    /// Entries of the `library` feed, as its checkpoint says; not checked yet.
    pub entries: u64,
}

fn text(source: &dyn Source, path: &str, limit: u64) -> Result<Option<String>, String> {
    let Some(bytes) = source.open(path).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let mut text = String::new();
    match bytes.take(limit).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        // A page in whatever encoding that answers for a missing file.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

impl Place {
    /// As it was given, without a slash at its end.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether the checkpoint that is there is signed by a key.
    ///
    /// # Errors
    /// In words.
    pub fn check(&self, key: &VerifierKey) -> Result<(), String> {
        let signed = Reader::open(&self.library, key);
        signed.map(drop).map_err(|error| error.to_string())
    }

    /// Whether it is reached over a network.
    pub fn is_web(&self) -> bool {
        matches!(self.library, Files::Web(..))
    }

    /// Finds the feeds at an address: of a node (`http://hill`), of one feed (`http://hill/feed/library`), or a folder
    /// with either.
    ///
    /// # Errors
    /// In words: there is no feed.
    pub fn resolve(address: &str) -> Result<Self, String> {
        let address = address.trim().trim_end_matches('/');
        let web = address.starts_with("http://") || address.starts_with("https://");
        if !web && !std::path::Path::new(address).is_dir() {
            return Err(format!(
                "there is no folder of this name: name an address such as http://hill.internal, or a folder ({address})"
            ));
        }
        let agent = web.then(|| agent_of(USER_AGENT));
        let at = |base: String| match &agent {
            Some(agent) => Files::Web(agent.clone(), base),
            None => Files::Folder(base.into()),
        };
        let parent = address.rsplit_once('/').map_or("..", |(parent, _)| parent);
        let beside = (address.to_string(), format!("{parent}/{}", directory::KIND));
        let within = |path: &str| {
            (
                format!("{address}{path}{KIND}"),
                format!("{address}{path}{}", directory::KIND),
            )
        };
        let mut layouts = vec![within("/feed/"), within("/"), beside];
        if address.ends_with(&format!("/{KIND}")) {
            layouts.rotate_right(1);
        }
        for (library, directory) in layouts {
            let place = Self {
                address: address.to_string(),
                library: at(library),
                directory: at(directory),
            };
            if place.node()?.is_some() {
                return Ok(place);
            }
        }
        Err("there is no `library` feed: nothing may have been published there yet".into())
    }

    /// The node that the checkpoint names, and how many entries it says there are.
    fn node(&self) -> Result<Option<(String, u64)>, String> {
        let head = text(&self.library, "checkpoint", NOTE_LIMIT as u64)?.unwrap_or_default();
        let mut lines = head.lines();
        let named = lines.next().unwrap_or_default();
        let entries = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
        let node = node_of(named).filter(|node| origin(node, KIND) == named);
        Ok(node.map(|node| (node.to_string(), entries)))
    }

    /// Looks at what is there.
    ///
    /// # Errors
    /// In words.
    pub fn look(self) -> Result<Found, String> {
        let (node, entries) = self
            .node()?
            .ok_or_else(|| "the feed has gone meanwhile".to_string())?;
        let key = text(&self.library, KEY_FILE, KEY_LIMIT)?
            .and_then(|text| text.trim().parse::<VerifierKey>().ok())
            .filter(|key| key.name() == origin(&node, KIND));
        if let Some(key) = &key {
            Reader::open(&self.library, key).map_err(|error| error.to_string())?;
        }
        Ok(Found {
            place: self,
            node,
            key,
            entries,
        })
    }
}

/// Does something on a thread of its own, which nobody waits for when the node stops: a network may be silent for long.
///
/// # Errors
/// What the work says, or that its thread died.
pub async fn on_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let _nobody_waits_any_more = tell.send(work());
        })
        .map_err(|error| error.to_string())?;
    told.await
        .unwrap_or_else(|_| Err("the thread that read it died".into()))
}
