//! Where the node's blobs are, as the settings say: the folder, or a bucket.

use std::path::Path;

use anyhow::{Context as _, bail};
use lampion_blobs::Blobs;
use lampion_core::Config;

/// The folder in the data folder: blobs, or what lies beside a bucket.
const FOLDER: &str = "blobs";

/// The node's blobs. Nothing is asked of a bucket yet: a node starts also when its bucket is away.
pub fn open(config: &Config, data: &Path) -> anyhow::Result<Blobs> {
    match bucket(config, data)? {
        None => Ok(Blobs::folder(data.join(FOLDER))?),
        Some(bucket) => bucket.open(),
    }
}

/// Whether the settings can be meant.
pub fn check(config: &Config, data: &Path) -> anyhow::Result<()> {
    bucket(config, data).map(drop)
}

#[cfg(not(feature = "s3"))]
enum Bucket {}

#[cfg(not(feature = "s3"))]
impl Bucket {
    fn open(self) -> anyhow::Result<Blobs> {
        match self {}
    }
}

#[cfg(not(feature = "s3"))]
fn bucket(config: &Config, _: &Path) -> anyhow::Result<Option<Bucket>> {
    if config.bucket().is_none() {
        return Ok(None);
    }
    bail!(
        "setting `blobs`: this program was built without S3: build it with the feature `s3` (it is one of the default ones), or use `folder`"
    )
}

#[cfg(feature = "s3")]
struct Bucket(lampion_blobs::S3Config);

#[cfg(feature = "s3")]
impl Bucket {
    fn open(self) -> anyhow::Result<Blobs> {
        Blobs::s3(&self.0).context("setting `blobs`")
    }
}

#[cfg(feature = "s3")]
fn bucket(config: &Config, data: &Path) -> anyhow::Result<Option<Bucket>> {
    let Some((bucket, prefix)) = config.bucket() else {
        return Ok(None);
    };
    let key = if config.s3_credentials.as_os_str().is_empty() {
        Key::of_environment(|name| std::env::var(name).ok())?
    } else {
        let file = data.join(&config.s3_credentials);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("setting `s3_credentials`: {}", file.display()))?;
        Key::of_text(&text)
            .with_context(|| format!("setting `s3_credentials`: {}", file.display()))?
    };
    Ok(Some(Bucket(lampion_blobs::S3Config {
        endpoint: Some(config.s3_endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        bucket: bucket.into(),
        region: config.s3_region.clone(),
        path_style: config.s3_path_style,
        access_key_id: key.id,
        secret_access_key: key.secret,
        session_token: key.token,
        prefix: prefix.into(),
        beside: data.join(FOLDER),
    })))
}

#[cfg(feature = "s3")]
struct Key {
    id: String,
    secret: String,
    token: Option<String>,
}

#[cfg(feature = "s3")]
impl Key {
    fn of_environment(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let one = |name: &str| variable(name).filter(|value| !value.is_empty());
        match (one("AWS_ACCESS_KEY_ID"), one("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => Ok(Self {
                id,
                secret,
                token: one("AWS_SESSION_TOKEN"),
            }),
            _ => bail!(
                "setting `s3_credentials`: name a file with the key of the bucket, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
            ),
        }
    }

    /// Reads the lines that Amazon's own tools write, of the first section that has them.
    fn of_text(text: &str) -> anyhow::Result<Self> {
        let one = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            let mut values = lines
                .filter(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim().trim_matches('"').to_string());
            values.find(|value| !value.is_empty())
        };
        let needed =
            |name: &str| one(name).with_context(|| format!("the line `{name} = …` is missing"));
        Ok(Self {
            id: needed("aws_access_key_id")?,
            secret: needed("aws_secret_access_key")?,
            token: one("aws_session_token"),
        })
    }
}

#[cfg(all(test, feature = "s3"))]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_from_a_file_or_the_environment() {
        let key = Key::of_text("[default]\naws_access_key_id = me\naws_secret_access_key=a=b/c\n");
        let key = key.ok().map(|key| (key.id, key.secret, key.token));
        assert_eq!(key, Some(("me".into(), "a=b/c".into(), None)));
        let lacking = Key::of_text("aws_access_key_id = me").map(drop);
        let lacking = lacking.map_err(|error| error.to_string());
        assert!(lacking.is_err_and(|text| text.contains("`aws_secret_access_key = …`")));

        let set = |name: &str| Some(name.to_lowercase());
        assert!(Key::of_environment(set).is_ok_and(|key| key.token.is_some()));
        let none = Key::of_environment(|_| None).map(drop);
        let none = none.map_err(|error| error.to_string());
        assert!(none.is_err_and(|text| text.contains("`s3_credentials`")));
    }
}
