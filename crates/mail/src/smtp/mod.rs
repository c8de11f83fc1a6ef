//! SMTP from other systems, submission from mail programs, LMTP from a server on this machine.
//!
//! - [`listen`]: opens the ports, counts connections.
//! - `session`: one connection; its protocol is `lampion_mailproto::smtp`.
//! - `limits`: how much one account or address may send.
//!
//! Rule: nobody's address or message is logged.

mod head;
mod limits;
pub mod listen;
mod session;

use std::sync::Arc;

use async_trait::async_trait;
use lampion_mailproto::smtp::Kind;
use lampion_web::{App, Service, Started};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Mail;

/// What every session needs.
pub(crate) struct Context {
    mail: Mail,
    domain: String,
    tls: Arc<rustls::ServerConfig>,
    limits: limits::Limits,
    stop: CancellationToken,
}

/// The ports of SMTP, submission and LMTP, and the work of the queue.
pub struct Smtp(pub Mail);

#[async_trait]
impl Service for Smtp {
    async fn start(&self, app: App, stop: CancellationToken) -> Result<Started, String> {
        let mail = self.0.clone();
        let config = Arc::clone(&mail.kernel().config);
        let ports = [
            (
                "submissions",
                config.submissions.as_str(),
                465,
                Kind::Submission,
                true,
            ),
            (
                "submission",
                config.submission.as_str(),
                587,
                Kind::Submission,
                false,
            ),
            ("smtp", config.smtp.as_str(), 25, Kind::Relay, false),
            ("lmtp", config.lmtp.as_str(), 24, Kind::Lmtp, false),
        ];
        let context = Arc::new(Context {
            domain: mail.domain(),
            tls: crate::listen::tls(&app)?,
            limits: limits::Limits::default(),
            stop: stop.clone(),
            mail: mail.clone(),
        });
        let (mut listens, tasks) = (Vec::new(), TaskTracker::new());
        for (name, setting, port, kind, over_tls) in ports {
            let Some(listener) = crate::listen::bind(name, setting, port).await else {
                continue;
            };
            listens.extend(listener.local_addr().map(|at| (name, at)));
            tasks.spawn(listen::serve(
                listener,
                Arc::clone(&context),
                kind,
                over_tls,
            ));
        }
        tasks.spawn(mail.queue().clone().run(stop));
        tasks.close();
        Ok(Started {
            listens,
            work: Box::pin(async move { tasks.wait().await }),
        })
    }
}
