//! What the protocols of mail have in common: ports, and TLS with the node's own certificate.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lampion_web::{App, NodeAuthority};
use tokio::net::TcpListener;

/// What is added to the usual port where it may not be used.
const BESIDE: u16 = 10_000;

/// Opens what a setting says: an address, `auto` for the usual port or the one beside it, empty for none. What can't be
/// opened is logged, and the node starts without it.
pub(crate) async fn bind(name: &str, setting: &str, port: u16) -> Option<TcpListener> {
    let any = |port| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let tried = match setting {
        "" => return None,
        "auto" => match TcpListener::bind(any(port)).await {
            Err(_) => TcpListener::bind(any(port + BESIDE)).await,
            opened => opened,
        },
        address => match address.parse::<SocketAddr>() {
            Ok(address) => TcpListener::bind(address).await,
            Err(error) => Err(std::io::Error::other(error)),
        },
    };
    tried
        .map_err(|error| tracing::error!(%error, setting, "`{name}` can't be served: choose another address for it"))
        .ok()
}

/// TLS with the node's own certificate, without the protocols of the web.
pub(crate) fn tls(app: &App) -> Result<Arc<rustls::ServerConfig>, String> {
    let authority = match &app.authority {
        Some(authority) => Arc::clone(authority),
        None => {
            let kernel = &app.kernel;
            let names = vec![format!("{}.{}", kernel.config.name, kernel.config.net)];
            let opened =
                NodeAuthority::open(&kernel.data.join("node"), names, Arc::clone(&kernel.clock));
            Arc::new(opened.map_err(|error| error.to_string())?)
        }
    };
    let config = authority.server().map_err(|error| error.to_string())?;
    let mut config = Arc::unwrap_or_clone(config);
    config.alpn_protocols.clear();
    Ok(Arc::new(config))
}

#[expect(
    clippy::disallowed_methods,
    reason = "no file handles are left: nothing says when there are some again"
)]
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}
