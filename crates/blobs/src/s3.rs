//! Blobs on S3 (Garage, Ceph, any).

use std::{fmt, path::PathBuf, sync::Arc};

use object_store::aws::AmazonS3Builder;

use crate::{BlobError, Blobs};

/// Where the bucket is, and who we are there.
///
/// What is `None` is taken from the usual `AWS_…` variables of the environment.
#[derive(Clone)]
pub struct S3Config {
    /// Address of the service, such as `http://127.0.0.1:3900`.
    pub endpoint: Option<String>,
    /// Name of the bucket.
    pub bucket: String,
    /// Region; many services of one's own take any.
    pub region: Option<String>,
    /// Name of the key.
    pub access_key_id: Option<String>,
    /// The key.
    pub secret_access_key: Option<String>,
    /// What all keys start with.
    pub prefix: String,
    /// Local folder for bytes on their way in; needs room for the largest blobs being stored.
    pub spool: PathBuf,
}

impl fmt::Debug for S3Config {
    /// Leaves the key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("prefix", &self.prefix)
            .field("spool", &self.spool)
            .finish_non_exhaustive()
    }
}

impl Blobs {
    /// Blobs in a bucket. Nothing is asked of the service yet.
    ///
    /// # Errors
    /// `Unavailable` if the configuration makes no sense or the spool folder can't be used.
    pub fn s3(config: &S3Config) -> Result<Self, BlobError> {
        // reqwest is built without a provider of its own. An error means that one is set: fine.
        let _already_set = rustls::crypto::ring::default_provider().install_default();
        // One request for each blob to delete: not every S3 knows the other way.
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&config.bucket)
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &config.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(region) = &config.region {
            builder = builder.with_region(region);
        }
        if let Some(id) = &config.access_key_id {
            builder = builder.with_access_key_id(id);
        }
        if let Some(secret) = &config.secret_access_key {
            builder = builder.with_secret_access_key(secret);
        }
        let store = builder
            .build()
            .map_err(|error| BlobError::Unavailable(error.to_string()))?;
        Self::object_store(Arc::new(store), &config.prefix, &config.spool)
    }
}
