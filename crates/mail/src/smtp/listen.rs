//! Opens ports and accepts connections.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lampion_mailproto::smtp::Kind;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::Context;
use super::session::Session;

/// Connections of one port at the same time.
const CONNECTIONS: usize = 1_000;
/// What is added to the usual port where it may not be used.
const BESIDE: u16 = 10_000;
/// How long sessions have to end once the node stops.
const FAREWELL: Duration = Duration::from_secs(20);

/// Opens what a setting says: an address, `auto` for the usual port or the one beside it, empty for none. What can't be
/// opened is logged, and the node starts without it.
pub async fn bind(name: &str, setting: &str, port: u16) -> Option<TcpListener> {
    let any = |port| SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port);
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

/// Accepts until the node stops, then waits for sessions to end.
pub(super) async fn serve(
    listener: TcpListener,
    context: Arc<Context>,
    kind: Kind,
    over_tls: bool,
) {
    let (places, tasks) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            () = context.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                pause().await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        if !context.limits.connect(address) {
            continue;
        }
        let context = Arc::clone(&context);
        tasks.spawn(async move {
            let _small_packets_at_once = stream.set_nodelay(true);
            Session::run(Arc::clone(&context), kind, over_tls, stream, address).await;
            context.limits.disconnect(address);
            drop(place);
        });
    }
    tasks.close();
    let _those_left_are_cut = tokio::time::timeout(FAREWELL, tasks.wait()).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "no file handles are left: nothing says when there are some again"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}
