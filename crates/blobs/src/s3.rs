//! Blobs on S3 (Garage, Ceph, MinIO, any).

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use object_store::{ClientOptions, RetryConfig, aws::AmazonS3Builder};

use crate::{BlobError, Blobs};

/// The longest that a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest without a byte of an answer; a part of an upload must be through by then.
const SILENCE: Duration = Duration::from_secs(120);
/// How often a request is tried again, and no longer than how long after the first: somebody waits.
const TRIES: usize = 3;
const TRYING: Duration = Duration::from_secs(15);

/// Where the bucket is, and who we are there.
#[derive(Clone)]
pub struct S3Config {
    /// Address of the service, such as `http://127.0.0.1:3900`; none for Amazon's.
    pub endpoint: Option<String>,
    /// Name of the bucket.
    pub bucket: String,
    /// Region; many services of one's own take any.
    pub region: String,
    /// Whether the bucket's name stands in the path (`https://host/bucket/key`), not in the host's name.
    pub path_style: bool,
    /// Name of the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// What goes with a key that holds for a while only.
    pub session_token: Option<String>,
    /// What all names start with; may be empty.
    pub prefix: String,
    /// Local folder for bytes on their way in, and for copies of archives; needs room for them.
    pub beside: PathBuf,
}

impl fmt::Debug for S3Config {
    /// Leaves the key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("path_style", &self.path_style)
            .field("prefix", &self.prefix)
            .field("beside", &self.beside)
            .finish_non_exhaustive()
    }
}

impl Blobs {
    /// Blobs in a bucket. Nothing is asked of the service yet.
    ///
    /// # Errors
    /// `Unavailable` if the configuration makes no sense or the folder beside can't be used.
    pub fn s3(config: &S3Config) -> Result<Self, BlobError> {
        // reqwest is built without a provider of its own. An error means that one is set: fine.
        let _already_set = rustls::crypto::ring::default_provider().install_default();
        let plain = |endpoint: &String| endpoint.starts_with("http://");
        // One request for each blob to delete: not every S3 knows the other way.
        let mut builder = AmazonS3Builder::new()
            .with_client_options(
                ClientOptions::new()
                    .with_timeout_disabled() // a large blob may take hours
                    .with_connect_timeout(CONNECT)
                    .with_read_timeout(SILENCE),
            )
            .with_allow_http(config.endpoint.as_ref().is_some_and(plain))
            .with_retry(RetryConfig {
                max_retries: TRIES,
                retry_timeout: TRYING,
                ..RetryConfig::default()
            })
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_virtual_hosted_style_request(!config.path_style)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(&config.secret_access_key)
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &config.endpoint {
            // Where the name stands in the host's, `object_store` wants it given so.
            builder = builder.with_endpoint(match endpoint.split_once("://") {
                Some((scheme, host)) if !config.path_style => {
                    format!("{scheme}://{}.{host}", config.bucket)
                }
                _ => endpoint.clone(),
            });
        }
        if let Some(token) = &config.session_token {
            builder = builder.with_token(token);
        }
        let store = builder
            .build()
            .map_err(|error| BlobError::Unavailable(error.to_string()))?;
        let at = config.endpoint.as_deref().unwrap_or("Amazon's S3");
        let place = format!("bucket `{}` at {at}", config.bucket);
        Self::object_store(Arc::new(store), &place, &config.prefix, &config.beside)
    }
}
