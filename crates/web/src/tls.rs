//! HTTPS with certificates of the node's own authority, for networks where no public one can be reached.
//!
//! The authority's key lies in the data folder (`node/ca.key`) and never leaves it. The server's certificate is made at
//! start and renewed while it runs, for all names and addresses that the machine has then.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use lampion_core::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::{Duration, OffsetDateTime};

/// Apple's devices refuse server certificates that last longer than 825 days.
const SERVER_DAYS: i64 = 397;

/// What goes wrong with keys and certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A key file can't be read or written.
    #[error("{file}: {reason}")]
    File {
        /// Which file.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A key or certificate is not what it should be.
    #[error(
        "the node's certificate authority: {0}: remove `node/ca.key` and `node/ca.pem` from the data folder to make a new one (devices must trust it anew)"
    )]
    Broken(String),
}

/// The node's own certificate authority.
pub struct NodeAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    names: Vec<String>,
    clock: Arc<dyn Clock>,
    current: RwLock<Option<Arc<CertifiedKey>>>,
}

impl std::fmt::Debug for NodeAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeAuthority")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl NodeAuthority {
    /// Reads the authority's key, or makes it at the first start.
    ///
    /// # Errors
    /// Key files can't be read, written or understood.
    pub fn open(
        folder: &Path,
        names: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let (key_file, pem_file) = (folder.join("ca.key"), folder.join("ca.pem"));
        if !key_file.exists() {
            let key = KeyPair::generate().map_err(broken)?;
            let pem = ca_params(names.first().map_or("lampion", String::as_str))
                .self_signed(&key)
                .map_err(broken)?
                .pem();
            write_secret(&key_file, &key.serialize_pem())?;
            write_secret(&pem_file, &pem)?;
        }
        let key = KeyPair::from_pem(&read(&key_file)?).map_err(broken)?;
        let pem = read(&pem_file)?;
        let issuer = Issuer::new(
            ca_params(names.first().map_or("lampion", String::as_str)),
            key,
        );
        let authority = Self {
            issuer,
            pem,
            names,
            clock,
            current: RwLock::new(None),
        };
        authority.renew()?;
        Ok(authority)
    }

    /// The authority's certificate, for people to trust (PEM).
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 fingerprint of the authority's certificate, as devices show it.
    pub fn fingerprint(&self) -> String {
        use rustls::pki_types::pem::PemObject as _;
        CertificateDer::from_pem_slice(self.pem.as_bytes()).map_or_else(
            |_| String::new(),
            |der| {
                let provider = rustls::crypto::ring::default_provider();
                let digest = provider.cipher_suites.iter().find_map(|suite| match suite {
                    rustls::SupportedCipherSuite::Tls13(suite)
                        if suite.common.suite
                            == rustls::CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 =>
                    {
                        Some(suite.common.hash_provider.hash(&der))
                    }
                    _ => None,
                });
                digest.map_or_else(String::new, |digest| {
                    digest
                        .as_ref()
                        .iter()
                        .map(|byte| format!("{byte:02X}"))
                        .collect::<Vec<_>>()
                        .join(":")
                })
            },
        )
    }

    /// Makes a fresh server certificate for all names and addresses of this machine.
    ///
    /// # Errors
    /// The certificate can't be made.
    pub fn renew(&self) -> Result<(), TlsError> {
        let key = KeyPair::generate().map_err(broken)?;
        let mut params = CertificateParams::default();
        let now =
            OffsetDateTime::from_unix_timestamp(self.clock.now_ms() / 1000).map_err(broken)?;
        // Readers' clocks are often behind.
        params.not_before = now - Duration::days(30);
        params.not_after = now + Duration::days(SERVER_DAYS - 31);
        params.distinguished_name.push(
            DnType::CommonName,
            self.names.first().cloned().unwrap_or_default(),
        );
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        for name in self.names.iter().map(String::as_str).chain(["localhost"]) {
            params
                .subject_alt_names
                .push(SanType::DnsName(name.try_into().map_err(broken)?));
        }
        params
            .subject_alt_names
            .extend(addresses().into_iter().map(SanType::IpAddress));
        let certificate = params.signed_by(&key, &self.issuer).map_err(broken)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = rustls::crypto::ring::sign::any_supported_type(&private).map_err(broken)?;
        let certified = CertifiedKey::new(vec![certificate.der().clone()], signing);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(certified));
        Ok(())
    }

    /// The server's side of TLS 1.2 and 1.3, with HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// The library refuses the settings: a fault of the program.
    pub fn server(self: &Arc<Self>) -> Result<Arc<rustls::ServerConfig>, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(broken)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for NodeAuthority {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
        .distinguished_name
        .push(DnType::CommonName, format!("Lampion {name}"));
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Lampion");
    // Long and from far back: neither a wrong clock at the first start nor the years may break trust.
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2049, 12, 31);
    params
}

/// Addresses of this machine that others may use.
pub fn addresses() -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = if_addrs::get_if_addrs()
        .map(|all| all.iter().map(if_addrs::Interface::ip).collect())
        .unwrap_or_default();
    all.sort_by_key(|address| (address.is_loopback(), address.is_ipv6()));
    all.dedup();
    all
}

fn broken(error: impl std::fmt::Display) -> TlsError {
    TlsError::Broken(error.to_string())
}

fn read(file: &Path) -> Result<String, TlsError> {
    std::fs::read_to_string(file).map_err(|error| TlsError::File {
        file: file.into(),
        reason: error.to_string(),
    })
}

fn write_secret(file: &Path, text: &str) -> Result<(), TlsError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let result = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut out| {
            out.write_all(text.as_bytes())?;
            out.sync_all()
        });
    result.map_err(|error| TlsError::File {
        file: file.into(),
        reason: error.to_string(),
    })
}
