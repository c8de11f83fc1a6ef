//! The node's configuration: one typed struct; its doc comments are the sample file and the manual.
//!
//! Read from `lampion.toml` in the data folder. Every setting has a default that is good for a school.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The file's name in the data folder.
pub const FILE_NAME: &str = "lampion.toml";

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file isn't TOML or holds an unknown or ill-typed setting.
    #[error("{file}: {reason}")]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// Line and reason.
        reason: String,
    },
    /// A setting's value makes no sense.
    #[error("setting `{setting}`: {reason}")]
    Nonsense {
        /// Which setting.
        setting: &'static str,
        /// Why, and what would do.
        reason: String,
    },
}

/// Makes the struct, its defaults and the commented sample file from one list.
macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $name:ident : $kind:ty = $default:expr; )+) => {
        /// All settings of a node.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Config { $( $(#[doc = $doc])+ pub $name: $kind, )+ }

        impl Default for Config {
            fn default() -> Self { Self { $( $name: $default, )+ } }
        }

        /// `(name, manual, default as TOML)` of each setting, in order.
        fn manual() -> Vec<(&'static str, String, String)> {
            let defaults = Config::default();
            vec![ $( (stringify!($name), [$($doc.trim()),+].join("\n"), toml_value(&defaults.$name)), )+ ]
        }
    };
}

settings! {
    /// The node's name: lower-case letters, digits and hyphens. With `net` it makes addresses such as `mira@hill.internal`.
    name: String = "lampion".into();
    /// The suffix of the net's names; `.internal` is reserved for private use.
    net: String = "internal".into();
    /// What the home page calls this library.
    title: String = "Lampion".into();
    /// Where plain HTTP is served. `[::]` means every address of this machine.
    http: String = "[::]:8080".into();
    /// Where HTTPS is served with a certificate of the node's own authority; empty for none.
    https: String = "[::]:8443".into();
    /// Where imported content is served, on an origin of its own, so that its scripts can't touch anybody's session.
    content: String = "[::]:8081".into();
    /// The same over HTTPS; empty for none.
    content_https: String = "[::]:8444".into();
    /// Address that readers use, if it differs (behind a proxy): `https://library.example`.
    public_url: String = String::new();
    /// Address of imported content as readers see it, if it differs.
    public_content_url: String = String::new();
    /// `sqlite` (a file in the data folder), or `postgres://person:password@host/database`.
    database: String = "sqlite".into();
    /// Where copied archives, covers and files of records are kept: `folder` (`blobs` in the data folder), or `s3://bucket` or `s3://bucket/prefix` for a bucket of a service such as Garage, MinIO, Ceph or Amazon's. With a bucket, the folder holds copies of archives, which are read in place.
    blobs: String = "folder".into();
    /// Address of the S3 service: `http://192.168.1.5:3900`. Empty means Amazon's for the region.
    s3_endpoint: String = String::new();
    /// Region of the bucket; services of one's own say which they want.
    s3_region: String = "us-east-1".into();
    /// `true`: the bucket's name stands in the path, as services of one's own want it. `false`: in the host's name.
    s3_path_style: bool = true;
    /// File with the key, readable by the node only: lines `aws_access_key_id = …` and `aws_secret_access_key = …`. Empty means the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment.
    s3_credentials: PathBuf = PathBuf::new();
    /// The language of pages for people whose browser asks for none that we have.
    language: String = "en".into();
    /// The longest a search may take, in milliseconds; past it, what was found so far is shown.
    search_deadline_ms: u64 = 2_000;
    /// How many searches run at the same time; others wait their turn. 0 means twice the number of processors.
    search_parallel: usize = 0;
    /// Memory for unpacked pieces of archives, in megabytes. 0 means a sixty-fourth of what there is, from 16 to 256.
    archive_cache_mb: u64 = 0;
    /// The most memory that reading one imported file may take, in megabytes.
    import_memory_mb: u64 = 512;
    /// The longest that reading one imported file may take, in seconds.
    import_item_seconds: u64 = 60;
    /// The largest file that may be sent from a page, in megabytes.
    upload_limit_mb: u64 = 8_192;
    /// The largest file that may be attached to a record of a catalogue, in megabytes.
    attachment_limit_mb: u64 = 256;
    /// Folders that librarians may import from by the page, besides `import` in the data folder.
    import_folders: Vec<PathBuf> = Vec::new();
    /// Days that a sign-in lasts without use.
    session_days: u32 = 30;
    /// Where mail programs send mail over TLS. For this and the next five: `auto` means the usual port (here 465) if this
    /// program may use it, else that port plus 10000; empty means none; `[::]:4650` is an address and port.
    submissions: String = "auto".into();
    /// Where mail programs send mail and ask for TLS first (usual port 587).
    submission: String = "auto".into();
    /// Where mail programs read mail over TLS (usual port 993).
    imaps: String = "auto".into();
    /// Where mail programs read mail and ask for TLS first (usual port 143).
    imap: String = "auto".into();
    /// Where other systems of the local network hand in mail for people of this node (usual port 25).
    smtp: String = "auto".into();
    /// Where a mail server on this machine hands in mail by LMTP, such as `127.0.0.1:2424`; empty for none.
    lmtp: String = String::new();
    /// Server that takes mail for the world outside: `smtp://person:password@host:587`, `smtps://…`; empty for none.
    smarthost: String = String::new();
    /// The largest message, in megabytes.
    mail_message_limit_mb: u64 = 50;
    /// Room for one person's mail, in megabytes; 0 for no limit.
    mail_quota_mb: u64 = 2_048;
    /// Whether mail from outside the net waits for the receiver's consent if it comes from an address that the receiver never
    /// wrote to; `false` lets it into the inbox at once.
    mail_requests: bool = true;
}

fn toml_value<T: Serialize>(value: &T) -> String {
    toml::Value::try_from(value).map_or_else(|_| String::new(), |value| value.to_string())
}

impl Config {
    /// Reads `lampion.toml` of a data folder; a missing file means the defaults.
    ///
    /// # Errors
    /// The file can't be read, isn't valid, or a value makes no sense.
    pub fn load(data: &Path) -> Result<Self, ConfigError> {
        let file = data.join(FILE_NAME);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(ConfigError::Unreadable {
                    file,
                    reason: error.to_string(),
                });
            }
        };
        let config: Self = toml::from_str(&text).map_err(|error| ConfigError::Invalid {
            file,
            reason: error.to_string().trim_end().to_string(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Whether all values make sense.
    ///
    /// # Errors
    /// Names the first setting that doesn't.
    pub fn check(&self) -> Result<(), ConfigError> {
        let name_ok = |name: &str| {
            !name.is_empty()
                && name.len() <= 63
                && !name.starts_with('-')
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !name_ok(&self.name) {
            return Err(nonsense(
                "name",
                "use lower-case letters, digits and hyphens, such as `hill`",
            ));
        }
        if !self.net.split('.').all(name_ok) {
            return Err(nonsense(
                "net",
                "use a name such as `internal` or `school.internal`",
            ));
        }
        for (setting, value, may_be_empty) in [
            ("http", &self.http, false),
            ("https", &self.https, true),
            ("content", &self.content, false),
            ("content_https", &self.content_https, true),
        ] {
            if !(may_be_empty && value.is_empty()) && value.parse::<std::net::SocketAddr>().is_err()
            {
                return Err(nonsense(
                    setting,
                    "use an address and port, such as `[::]:8080` or `127.0.0.1:8080`",
                ));
            }
        }
        for (setting, value) in [
            ("submissions", &self.submissions),
            ("submission", &self.submission),
            ("imaps", &self.imaps),
            ("imap", &self.imap),
            ("smtp", &self.smtp),
            ("lmtp", &self.lmtp),
        ] {
            let known = value.is_empty() || (value == "auto" && setting != "lmtp");
            if !known && value.parse::<std::net::SocketAddr>().is_err() {
                return Err(nonsense(
                    setting,
                    "use an address and port, such as `[::]:9930`, or `auto`, or nothing",
                ));
            }
        }
        if !(1..=2_048).contains(&self.mail_message_limit_mb) {
            return Err(nonsense("mail_message_limit_mb", "use 1 to 2048"));
        }
        if self.https.is_empty() != self.content_https.is_empty() {
            return Err(nonsense(
                "content_https",
                "set both `https` and `content_https`, or neither",
            ));
        }
        if self.database != "sqlite" && !self.database.starts_with("postgres") {
            return Err(nonsense(
                "database",
                "use `sqlite` or `postgres://person:password@host/database`",
            ));
        }
        self.check_blobs()?;
        if !(10..=60_000).contains(&self.search_deadline_ms) {
            return Err(nonsense("search_deadline_ms", "use 10 to 60000"));
        }
        if !(64..=65_536).contains(&self.import_memory_mb) {
            return Err(nonsense("import_memory_mb", "use 64 to 65536"));
        }
        Ok(())
    }

    /// Bucket and prefix, if blobs are kept in one.
    pub fn bucket(&self) -> Option<(&str, &str)> {
        let rest = self.blobs.strip_prefix("s3://")?;
        Some(rest.split_once('/').unwrap_or((rest, "")))
    }

    fn check_blobs(&self) -> Result<(), ConfigError> {
        // Names of buckets are 3 to 63 lower-case letters, digits, hyphens and dots; old ones may have more.
        let bucket_ok = |name: &str| {
            (3..=63).contains(&name.len())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        match self.bucket() {
            None if self.blobs == "folder" => return Ok(()),
            Some((bucket, _)) if bucket_ok(bucket) => {}
            _ => {
                return Err(nonsense(
                    "blobs",
                    "use `folder`, `s3://bucket` or `s3://bucket/prefix`",
                ));
            }
        }
        let host = ["http://", "https://"]
            .iter()
            .find_map(|scheme| self.s3_endpoint.strip_prefix(scheme));
        if !self.s3_endpoint.is_empty()
            && host.is_none_or(|host| host.contains(['/', '@', ' ']) || host.is_empty())
        {
            return Err(nonsense(
                "s3_endpoint",
                "use an address without a path, such as `http://192.168.1.5:3900` or `https://s3.example`",
            ));
        }
        if self.s3_region.is_empty() {
            return Err(nonsense(
                "s3_region",
                "name a region; `us-east-1` where the service doesn't say",
            ));
        }
        Ok(())
    }

    /// The file with every setting, its manual and its default; settings that differ here are filled in.
    pub fn sample(&self) -> String {
        let here = toml::Value::try_from(self).ok();
        let mut out =
            String::from("# Lampion's configuration. A line that begins with # is the default.\n");
        for (name, manual, default) in manual() {
            out.push('\n');
            for line in manual.lines() {
                out.push_str(&format!("# {line}\n"));
            }
            match here
                .as_ref()
                .and_then(|table| table.get(name))
                .map(ToString::to_string)
            {
                Some(value) if value != default => out.push_str(&format!("{name} = {value}\n")),
                _ => out.push_str(&format!("#{name} = {default}\n")),
            }
        }
        out
    }
}

fn nonsense(setting: &'static str, reason: &str) -> ConfigError {
    ConfigError::Nonsense {
        setting,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_means_defaults_and_an_unknown_setting_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Config::load(folder.path()).unwrap(), Config::default());
        std::fs::write(folder.path().join(FILE_NAME), "nmae = \"hill\"").unwrap();
        let error = Config::load(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("nmae") && error.contains("line 1"),
            "{error}"
        );
        std::fs::write(folder.path().join(FILE_NAME), "http = \"8080\"").unwrap();
        assert!(
            Config::load(folder.path())
                .unwrap_err()
                .to_string()
                .contains("setting `http`")
        );
    }

    #[test]
    fn a_bucket_is_named_as_an_address() {
        let with = |blobs: &str, endpoint: &str| Config {
            blobs: blobs.into(),
            s3_endpoint: endpoint.into(),
            ..Config::default()
        };
        assert_eq!(Config::default().bucket(), None);
        let good = with("s3://shelf/hill/blobs", "http://[::1]:3900");
        good.check().unwrap();
        assert_eq!(good.bucket(), Some(("shelf", "hill/blobs")));
        assert_eq!(with("s3://shelf", "").bucket(), Some(("shelf", "")));
        for (blobs, endpoint, setting) in [
            ("s3", "", "`blobs`"),
            ("s3://", "", "`blobs`"),
            ("s3://a b", "", "`blobs`"),
            ("s3://shelf", "192.168.1.5:3900", "`s3_endpoint`"),
            ("s3://shelf", "http://host/path", "`s3_endpoint`"),
            ("s3://shelf", "http://me:secret@host", "`s3_endpoint`"),
        ] {
            let error = with(blobs, endpoint).check().unwrap_err().to_string();
            assert!(error.contains(setting), "{error}");
        }
    }

    #[test]
    fn the_sample_reads_back_as_what_it_was_made_from() {
        let config = Config {
            name: "hill".into(),
            search_deadline_ms: 500,
            ..Config::default()
        };
        assert_eq!(toml::from_str::<Config>(&config.sample()).unwrap(), config);
        let every_line_live: String = Config::default()
            .sample()
            .lines()
            .map(|line| {
                line.strip_prefix('#')
                    .filter(|l| !l.starts_with(' '))
                    .unwrap_or(line)
                    .to_string()
                    + "\n"
            })
            .collect();
        assert_eq!(
            toml::from_str::<Config>(&every_line_live).unwrap(),
            Config::default()
        );
    }
}
