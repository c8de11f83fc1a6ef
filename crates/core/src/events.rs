//! The event bus: what happened, for whoever watches. Nothing is kept; who needs certainty reads the store again.

use tokio::sync::broadcast;

/// Events that a slow watcher may fall behind by before it misses some.
const BACKLOG: usize = 1024;

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Dotted name: `job.changed`, `collection.changed`.
    pub topic: &'static str,
    /// What it happened to (an id).
    pub subject: String,
}

/// Sends events to all watchers of this process.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Events {
    /// Tells all watchers. Without watchers nothing happens.
    pub fn send(&self, topic: &'static str, subject: impl Into<String>) {
        let _no_watchers = self.0.send(Event {
            topic,
            subject: subject.into(),
        });
    }

    /// Watches from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}
