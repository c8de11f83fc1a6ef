//! The listening side: plain HTTP and HTTPS, pages and content, HTTP/1.1 and HTTP/2, and an end that loses nobody.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, routing};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::error::{AppError, Unframed};
use crate::feature::{App, Feature, Kernel, NavItem};
use crate::i18n::I18n;
use crate::page::{Page, Secure};
use crate::tls::{self, NodeAuthority};
use crate::{assets, etag, pages, security};

/// How long a client may take for the headers of a request, and for a TLS handshake.
const HEADER_TIME: Duration = Duration::from_secs(20);
/// How long requests under way may take after the node was told to stop.
const SHUTDOWN_TIME: Duration = Duration::from_secs(10);
/// Connections at the same time; more wait in the system's queue.
const CONNECTIONS_LIMIT: usize = 4096;
/// How often the server's certificate is made anew.
const RENEW_EVERY: Duration = Duration::from_secs(12 * 3600);

/// Where a running server can be reached.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Pages over HTTP.
    pub http: SocketAddr,
    /// Pages over HTTPS.
    pub https: Option<SocketAddr>,
    /// Content over HTTP.
    pub content: SocketAddr,
}

impl Addresses {
    /// Addresses for people: of this machine in its networks first, then `localhost`.
    pub fn for_people(&self) -> Vec<String> {
        let port = self.http.port();
        let listen = self.http.ip();
        let show = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => format!("http://{ip}:{port}/"),
            IpAddr::V6(ip) => format!("http://[{ip}]:{port}/"),
        };
        if !listen.is_unspecified() {
            return vec![show(listen)];
        }
        let mut all: Vec<String> = tls::addresses()
            .into_iter()
            .filter(|ip| ip.is_ipv4() && !ip.is_loopback())
            .map(show)
            .collect();
        all.push(format!("http://localhost:{port}/"));
        all
    }
}

/// The server: bound, not yet serving.
pub struct Server {
    app: App,
    pages: Router,
    content: Router,
    listeners: Vec<Listener>,
    addresses: Addresses,
}

struct Listener {
    socket: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
    content: bool,
}

impl Server {
    /// Puts features into the frame and binds all addresses.
    ///
    /// # Errors
    /// An address is taken, or messages or keys are broken; the text says which.
    pub async fn bind(
        mut kernel: Kernel,
        features: Vec<Feature>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let i18n = Arc::new(I18n::new(messages(&features).iter().copied())?);
        let mut navigation = vec![NavItem {
            key: "nav-home",
            href: "/",
            role: None,
            group: None,
        }];
        let (mut own, mut content) = (pages::routes(), Router::new());
        let mut badges = Vec::new();
        for feature in features {
            navigation.extend(feature.navigation);
            badges.extend(feature.badges);
            own = own.merge(feature.routes);
            content = content.merge(feature.content);
        }
        navigation.extend(pages::navigation());
        let (http, http_at) = bind("http", &kernel.config.http).await?;
        let (plain_content, content_at) = bind("content", &kernel.config.content).await?;
        let mut listeners = vec![
            Listener {
                socket: http,
                tls: None,
                content: false,
            },
            Listener {
                socket: plain_content,
                tls: None,
                content: true,
            },
        ];
        let mut config = (*kernel.config).clone();
        config.http = http_at.to_string();
        config.content = content_at.to_string();
        let mut addresses = Addresses {
            http: http_at,
            https: None,
            content: content_at,
        };
        let mut authority = None;
        if !config.https.is_empty() {
            let names = vec![
                format!("{}.{}", config.name, config.net),
                config.name.clone(),
            ];
            let own_ca = Arc::new(NodeAuthority::open(
                &kernel.data.join("node"),
                names,
                Arc::clone(&kernel.clock),
            )?);
            let acceptor = tokio_rustls::TlsAcceptor::from(own_ca.server()?);
            let (https, https_at) = bind("https", &config.https).await?;
            let (secure_content, secure_content_at) =
                bind("content_https", &config.content_https).await?;
            listeners.push(Listener {
                socket: https,
                tls: Some(acceptor.clone()),
                content: false,
            });
            listeners.push(Listener {
                socket: secure_content,
                tls: Some(acceptor),
                content: true,
            });
            config.https = https_at.to_string();
            config.content_https = secure_content_at.to_string();
            addresses.https = Some(https_at);
            authority = Some(own_ca);
        }
        kernel.config = Arc::new(config);
        let app = App {
            kernel,
            i18n,
            navigation: Arc::new(navigation),
            badges: Arc::new(badges),
            authority,
        };
        let pages = frame(own, &app);
        let content = content
            .layer(CompressionLayer::new())
            .layer(CatchPanicLayer::new())
            .layer(middleware::from_fn_with_state(app.clone(), measure))
            .with_state(app.clone());
        Ok(Self {
            app,
            pages,
            content,
            listeners,
            addresses,
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The state of all handlers.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Serves until `shutdown`, then lets requests under way end.
    pub async fn run(self, shutdown: CancellationToken) {
        let tasks = TaskTracker::new();
        if let Some(authority) = self.app.authority.clone() {
            tokio::spawn(renew(authority, shutdown.clone()));
        }
        for listener in self.listeners {
            let router = if listener.content {
                self.content.clone()
            } else {
                self.pages.clone()
            };
            tasks.spawn(accept(listener, router, shutdown.clone()));
        }
        tasks.close();
        tasks.wait().await;
    }
}

/// All messages: the kernel's and the features'.
fn messages(features: &[Feature]) -> Vec<(&'static str, &'static str)> {
    pages::MESSAGES
        .iter()
        .chain(features.iter().flat_map(|feature| feature.messages))
        .copied()
        .collect()
}

/// What all own pages share, outermost last.
fn frame(routes: Router<App>, app: &App) -> Router {
    routes
        .route("/assets/{hash}/{name}", routing::get(assets::serve))
        .fallback(async || AppError::not_found())
        .layer(middleware::from_fn_with_state(app.clone(), show_errors))
        .layer(middleware::from_fn(etag::etag))
        .layer(middleware::from_fn(security::guard))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), measure))
        .with_state(app.clone())
}

/// Puts the frame of a page around errors, for those who asked for a page.
async fn show_errors(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let machine = path.starts_with("/api/") || path == "/health" || path == "/metrics";
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(unframed) = response.extensions().get::<Unframed>().cloned() else {
        return response;
    };
    let status = response.status();
    if machine {
        let body = serde_json::json!({ "error": { "code": unframed.key, "message": if unframed.detail.is_empty() { status.to_string() } else { unframed.detail } } });
        return (status, axum::Json(body)).into_response();
    }
    let mut asked = asked;
    match Page::from_request_parts(&mut asked, &app).await {
        Ok(page) => page.error(status, unframed.key, &unframed.detail),
        // Without a database there is no session, but the words must still arrive.
        Err(_) => (
            status,
            format!(
                "{}\n{}\n",
                app.i18n.get("en", unframed.key),
                unframed.detail
            ),
        )
            .into_response(),
    }
}

/// Counts and times requests; nothing about who or what.
async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    let class = match response.status().as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    app.kernel
        .metrics
        .requests
        .with_label_values(&[class])
        .inc();
    app.kernel
        .metrics
        .request_seconds
        .observe(begun.elapsed().as_secs_f64());
    response
}

async fn bind(setting: &str, address: &str) -> Result<(TcpListener, SocketAddr), std::io::Error> {
    let explain = |error: std::io::Error| {
        std::io::Error::new(
            error.kind(),
            format!(
                "`{setting} = \"{address}\"`: {error}: is another program (or another Lampion) using that port? Choose another in lampion.toml"
            ),
        )
    };
    let socket = match TcpListener::bind(address).await {
        Ok(socket) => socket,
        // A machine without IPv6 still has IPv4.
        Err(error)
            if address.starts_with("[::]") && error.kind() != std::io::ErrorKind::AddrInUse =>
        {
            TcpListener::bind(address.replace("[::]", "0.0.0.0"))
                .await
                .map_err(explain)?
        }
        Err(error) => return Err(explain(error)),
    };
    let at = socket.local_addr()?;
    Ok((socket, at))
}

#[expect(
    clippy::disallowed_methods,
    reason = "renewal is early enough that a wrong clock or a missed turn does no harm"
)]
async fn renew(authority: Arc<NodeAuthority>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(RENEW_EVERY) => {}
        }
        if let Err(error) = authority.renew() {
            tracing::error!(%error, "the server's certificate could not be renewed");
        }
    }
}

async fn accept(listener: Listener, router: Router, shutdown: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS_LIMIT));
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = async {
                let slot = Arc::clone(&slots).acquire_owned().await.ok();
                listener.socket.accept().await.map(|accepted| (accepted, slot))
            } => accepted,
        };
        let ((stream, peer), slot) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors: without a pause this loop would spin.
                breathe().await;
                continue;
            }
        };
        let (router, tls, watcher) = (router.clone(), listener.tls.clone(), graceful.watcher());
        tasks.spawn(async move {
            serve(stream, peer, tls, router, watcher).await;
            drop(slot);
        });
    }
    drop(listener.socket);
    let _late = tokio::time::timeout(SHUTDOWN_TIME, graceful.shutdown()).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a short pause when the system is out of descriptors"
)]
async fn breathe() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<tokio_rustls::TlsAcceptor>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let _best_effort = stream.set_nodelay(true);
    match tls {
        None => connection(stream, peer, false, router, watcher).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HEADER_TIME, acceptor.accept(stream)).await
            {
                connection(stream, peer, true, router, watcher).await;
            }
        }
    }
}

async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    secure: bool,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = tower::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        if secure {
            request.extensions_mut().insert(Secure);
        }
        // HTTP/2 has no Host header: handlers read one all the same (RFC 9113 §8.3.1).
        if let (None, Some(authority)) = (
            request.headers().get(header::HOST),
            request.uri().authority(),
        ) && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            request.headers_mut().insert(header::HOST, host);
        }
        let router = router.clone();
        async move { tower::ServiceExt::oneshot(router, request.map(Body::new)).await }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100);
    let connection = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    // Clients that go away in the middle are everyday life, not news.
    let _gone = watcher.watch(connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_error_has_an_error_status() {
        for error in [
            AppError::not_found(),
            AppError::forbidden(),
            AppError::sign_in_first(),
            AppError::bad_request("x"),
            AppError::unavailable("x"),
        ] {
            assert!(error.status.is_client_error() || error.status.is_server_error());
        }
    }
}
