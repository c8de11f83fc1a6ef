//! A blocking HTTP client that does exactly what it is told: no redirects, no cookies, no decompression by itself.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::wait::PATIENCE;

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Version of HTTP.
    pub version: Version,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as it came.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It isn't JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// A header; empty if it isn't there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The same, if its status is the one that was expected.
    ///
    /// # Panics
    /// It is another one.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }
}

/// A request under construction.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A `GET`.
    pub fn get(path: &str) -> Self {
        Self::of("GET", path)
    }

    /// Any method.
    pub fn of(method: &str, path: &str) -> Self {
        let method: Method = method.parse().expect("a method");
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A form, as browsers send it.
    pub fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        Self {
            body: body.into_bytes(),
            ..Self::of("POST", path)
        }
        .header("content-type", "application/x-www-form-urlencoded")
    }

    /// A form with files, as browsers send it: fields first, then `(name of the file, bytes)` as `file`.
    pub fn upload(path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Self {
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, None, value.as_bytes()));
        let files = files
            .iter()
            .map(|(name, bytes)| ("file", Some(*name), *bytes));
        Self::parts(path, &fields.chain(files).collect::<Vec<_>>())
    }

    /// A form with files of any names: `(field, name of the file if it is one, bytes)`.
    pub fn parts(path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Self {
        const LINE: &str = "----lampion-testnet-7f3a";
        let mut body = Vec::new();
        for (name, file, bytes) in parts {
            let head = format!("--{LINE}\r\nContent-Disposition: form-data; name=\"{name}\"");
            body.extend_from_slice(head.as_bytes());
            if let Some(file) = file {
                let file =
                    format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream");
                body.extend_from_slice(file.as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{LINE}--\r\n").as_bytes());
        Self {
            body,
            ..Self::of("POST", path)
        }
        .header(
            "content-type",
            &format!("multipart/form-data; boundary={LINE}"),
        )
    }

    /// With a body of any kind.
    #[must_use]
    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Where and how to ask.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Client {
    /// Plain HTTP/1.1.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    /// HTTPS that trusts one authority (PEM) and nothing else, and offers HTTP/2 by ALPN.
    ///
    /// # Panics
    /// The certificate can't be read.
    pub fn secure(address: SocketAddr, authority: &str) -> Self {
        use rustls_pki_types::pem::PemObject as _;
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(
                rustls_pki_types::CertificateDer::from_pem_slice(authority.as_bytes())
                    .expect("a certificate"),
            )
            .expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS");
        let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self {
            address,
            tls: Some(Arc::new(tls)),
        }
    }

    /// Asks, and reads the whole answer. The reason if there is none.
    ///
    /// # Errors
    /// No connection, or it ended early.
    pub fn try_ask(&self, ask: &Ask) -> Result<Reply, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(async {
            tokio::time::timeout(PATIENCE, self.exchange(ask))
                .await
                .map_err(|_| format!("no answer to {} {} in time", ask.method, ask.path))?
        })
    }

    /// Asks, and reads the whole answer.
    ///
    /// # Panics
    /// There is none.
    pub fn ask(&self, ask: &Ask) -> Reply {
        self.try_ask(ask)
            .unwrap_or_else(|error| panic!("{} {}: {error}", ask.method, ask.path))
    }

    /// A `GET`.
    ///
    /// # Panics
    /// There is no answer.
    pub fn get(&self, path: &str) -> Reply {
        self.ask(&Ask::get(path))
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    async fn exchange(&self, ask: &Ask) -> Result<Reply, String> {
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(|error| error.to_string())?;
        let Some(tls) = &self.tls else {
            return converse(stream, false, self.uri(ask, false), ask).await;
        };
        let name = rustls_pki_types::ServerName::from(self.address.ip());
        let stream = tokio_rustls::TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
            .map_err(|error| error.to_string())?;
        let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        converse(stream, two, self.uri(ask, two), ask).await
    }

    fn uri(&self, ask: &Ask, absolute: bool) -> String {
        if absolute {
            format!("https://{}{}", self.address, ask.path)
        } else {
            ask.path.clone()
        }
    }
}

async fn converse<S>(stream: S, two: bool, uri: String, ask: &Ask) -> Result<Reply, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut request = Request::builder().method(ask.method.clone()).uri(uri);
    if !two && !ask.headers.iter().any(|(name, _)| name == "host") {
        request = request.header("host", "127.0.0.1");
    }
    for (name, value) in &ask.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    let request = request
        .body(Full::new(Bytes::from(ask.body.clone())))
        .map_err(|error| text(&error))?;
    let io = TokioIo::new(stream);
    let response = if two {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                .await
                .map_err(|error| text(&error))?;
        tokio::spawn(connection);
        sender.send_request(request).await
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io)
            .await
            .map_err(|error| text(&error))?;
        tokio::spawn(connection);
        sender.send_request(request).await
    }
    .map_err(|error| text(&error))?;
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|error| text(&error))?
        .to_bytes()
        .to_vec();
    Ok(Reply {
        status: parts.status.as_u16(),
        version: parts.version,
        headers: parts.headers,
        body,
    })
}
