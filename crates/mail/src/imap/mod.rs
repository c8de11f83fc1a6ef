//! IMAP4rev1 and rev2 for mail programs (RFC 3501, RFC 9051); the grammar is `lampion_mailproto::imap`.
//!
//! - [`wire`]: a connection's bytes: TLS, DEFLATE; holds no buffers while nothing is on its way.
//! - `session`: one client's conversation; one file for each group of commands.
//! - `selected`: what a client knows of its mailbox. It numbers messages by a [`View`](crate::store::View) of its own, which
//!   changes only where the protocol lets numbers change: never in `FETCH`, `STORE` and `SEARCH`.
//! - `text`: which messages contain a text: the one place where an index would step in.
//! - `rights`: which mailbox a name means, and who may do what with it: the one place where sharing steps in; `acl` tells of it
//!   and changes it.
//!
//! Rules: what a client is told about messages comes from comparing views, never from notices; nothing of a message's body
//! is in memory but a piece; `OK` to a change comes after its commit. `XCHATMAIL` is never offered: a client would delete
//! from here what it fetched.

mod acl;
mod append;
mod auth;
mod body;
mod deflate;
mod extras;
mod fetch;
mod names;
mod rights;
mod search;
mod select;
mod selected;
mod session;
mod sort;
mod store;
mod summary;
mod text;
pub mod wire;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lampion_web::{App, Service, Started};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Mail;
use crate::listen;

/// Connections at the same time.
const CONNECTIONS_LIMIT: usize = 12_000;
/// Connections of one person at the same time.
const PERSON_LIMIT: usize = 1_200;
/// Time to sign in.
const SIGN_IN_TIME: Duration = Duration::from_secs(60);
/// Time without a command, after which a connection ends (RFC 9051 §5.4 asks for 30 minutes at least).
const QUIET_TIME: Duration = Duration::from_secs(31 * 60);
/// In `IDLE`, something is said after this time, so that nobody between forgets the connection.
const STILL_HERE_TIME: Duration = Duration::from_secs(120);
/// After this time a command looks again whether who signed in still may: other processes of the node tell no one.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Time for a client to take what it asked for.
const WRITE_TIME: Duration = Duration::from_secs(120);

/// What all connections share.
struct Shared {
    mail: Mail,
    tls: TlsAcceptor,
    /// Places for connections.
    places: Arc<Semaphore>,
    /// Connections of each person.
    persons: Mutex<HashMap<String, usize>>,
    stop: CancellationToken,
}

/// A person's place; gives it back when dropped.
struct Place {
    shared: Arc<Shared>,
    person: String,
}

impl Shared {
    /// A place for a connection of a person, if there is one.
    fn place(self: &Arc<Self>, person: &str) -> Option<Place> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        let count = persons.entry(person.to_string()).or_insert(0);
        if *count >= PERSON_LIMIT {
            return None;
        }
        *count += 1;
        Some(Place {
            shared: Arc::clone(self),
            person: person.to_string(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut persons = self
            .shared
            .persons
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = persons.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                persons.remove(&self.person);
            }
        }
    }
}

/// Listens for mail programs.
pub(crate) struct ImapService(pub(crate) Mail);

#[async_trait]
impl Service for ImapService {
    async fn start(&self, app: App, stop: CancellationToken) -> Result<Started, String> {
        let config = &app.kernel.config;
        let tls = TlsAcceptor::from(listen::tls(&app)?);
        let mut listeners = Vec::new();
        let mut listens = Vec::new();
        for (name, setting, port, at_once) in [
            ("imaps", &config.imaps, 993, true),
            ("imap", &config.imap, 143, false),
        ] {
            let Some(listener) = listen::bind(name, setting, port).await else {
                continue;
            };
            listens.push((
                name,
                listener.local_addr().map_err(|error| error.to_string())?,
            ));
            listeners.push((listener, at_once));
        }
        let shared = Arc::new(Shared {
            mail: self.0.clone(),
            tls,
            places: Arc::new(Semaphore::new(CONNECTIONS_LIMIT)),
            persons: Mutex::default(),
            stop,
        });
        let work = async move {
            let tasks = TaskTracker::new();
            for (listener, at_once) in listeners {
                let (shared, sessions) = (Arc::clone(&shared), tasks.clone());
                tasks.spawn(async move { accept(listener, at_once, &shared, &sessions).await });
            }
            tasks.close();
            tasks.wait().await;
        };
        Ok(Started {
            listens,
            work: Box::pin(work),
        })
    }
}

async fn accept(listener: TcpListener, at_once: bool, shared: &Arc<Shared>, tasks: &TaskTracker) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection of a mail program could not be taken");
                listen::pause().await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
            continue;
        };
        let shared = Arc::clone(shared);
        tasks.spawn(async move {
            serve(stream, peer.ip().to_canonical(), at_once, shared).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, peer: IpAddr, at_once: bool, shared: Arc<Shared>) {
    let _not_needed = stream.set_nodelay(true);
    let wire = if at_once {
        let acceptor = shared.tls.clone();
        let handshake = Box::pin(tokio::time::timeout(SIGN_IN_TIME, acceptor.accept(stream)));
        match handshake.await {
            Ok(Ok(stream)) => wire::Wire::new(Box::new(stream)),
            _ => return,
        }
    } else {
        wire::Wire::new(Box::new(stream))
    };
    let mut session = Box::new(session::Session::new(shared, wire, peer, at_once));
    // How a connection ends is nobody's concern but the client's.
    let _ended = session.run().await;
}
