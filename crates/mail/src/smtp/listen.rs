//! Accepts connections.

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
/// How long sessions have to end once the node stops.
const FAREWELL: Duration = Duration::from_secs(20);

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
                crate::listen::pause().await;
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
