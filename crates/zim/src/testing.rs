//! A small writer of archives, for tests only: it holds everything in memory.
//!
//! ```no_run
//! use lampion_zim::testing::{Compression, ZimBuilder};
//! ZimBuilder::new()
//!     .metadata("Title", "Rivers")
//!     .article("Han", "Han River", "<html><p>It flows through Seoul.</p></html>")
//!     .blob("han.png", "image/png", vec![0x89, b'P', b'N', b'G'])
//!     .redirect("Hangang", "Hangang", "Han")
//!     .main("Han")
//!     .compression(Compression::Zstd)
//!     .write_to("rivers.zim")?;
//! # Ok::<(), std::io::Error>(())
//! ```
#![expect(
    clippy::expect_used,
    reason = "a writer for tests: memory is the only thing that can fail"
)]

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use md5::{Digest, Md5};

/// How clusters of text are stored; pictures and listings are always stored plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Stored plainly (1).
    None,
    /// xz (4).
    Xz,
    /// zstd (5).
    Zstd,
}

#[derive(Debug, Clone)]
enum Kind {
    Content {
        mime: String,
        bytes: Vec<u8>,
        front: bool,
    },
    Redirect {
        namespace: char,
        path: String,
    },
}

#[derive(Debug, Clone)]
struct Item {
    namespace: char,
    path: String,
    title: String,
    kind: Kind,
}

/// Collects entries and writes an archive.
#[derive(Debug, Clone)]
pub struct ZimBuilder {
    items: Vec<Item>,
    main: Option<String>,
    compression: Compression,
    version: (u16, u16),
    extended: bool,
    cluster_bytes: usize,
    uuid: [u8; 16],
}

impl Default for ZimBuilder {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            main: None,
            compression: Compression::Zstd,
            version: (6, 2),
            extended: false,
            cluster_bytes: 256 * 1024,
            uuid: *b"lampion test zim",
        }
    }
}

impl ZimBuilder {
    /// An archive of version 6.2 with zstd clusters and no entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the compression of text. Must not follow entries only by habit: it holds for all.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets the major version: 5 is written as 5.0 (old namespaces), 6 as 6.2 (new ones). Comes
    /// before entries, whose namespaces depend on it.
    #[must_use]
    pub fn version(self, major: u16) -> Self {
        self.exact_version(major, if major >= 6 { 2 } else { 0 })
    }

    /// Sets the version exactly: 6.0 has old namespaces, 6.3 no old title listing.
    #[must_use]
    pub fn exact_version(mut self, major: u16, minor: u16) -> Self {
        assert!(self.items.is_empty(), "the version comes before entries");
        self.version = (major, minor);
        self
    }

    /// Writes clusters with offsets of 64 bits.
    #[must_use]
    pub fn extended(mut self, extended: bool) -> Self {
        self.extended = extended;
        self
    }

    /// Sets after how many bytes of content a cluster is closed. Default 256 KB.
    #[must_use]
    pub fn cluster_bytes(mut self, bytes: usize) -> Self {
        self.cluster_bytes = bytes;
        self
    }

    /// Sets the identity of the archive.
    #[must_use]
    pub fn uuid(mut self, uuid: [u8; 16]) -> Self {
        self.uuid = uuid;
        self
    }

    /// Adds an article: a page that readers look for.
    #[must_use]
    pub fn article(self, path: &str, title: &str, html: impl Into<Vec<u8>>) -> Self {
        let namespace = if self.is_new() { 'C' } else { 'A' };
        self.push(namespace, path, title, "text/html", html.into(), true)
    }

    /// Adds something that belongs to articles: a picture, a style sheet.
    #[must_use]
    pub fn blob(self, path: &str, mime: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let namespace = if self.is_new() { 'C' } else { 'I' };
        self.push(namespace, path, "", mime, bytes.into(), false)
    }

    /// Adds metadata.
    #[must_use]
    pub fn metadata(self, name: &str, value: &str) -> Self {
        self.push('M', name, "", "text/plain", value.into(), false)
    }

    /// Adds the picture of the archive, a PNG of 48 by 48 pixels.
    #[must_use]
    pub fn illustration(self, png: impl Into<Vec<u8>>) -> Self {
        if self.is_new() {
            self.push(
                'M',
                "Illustration_48x48@1",
                "",
                "image/png",
                png.into(),
                false,
            )
        } else {
            self.push('-', "favicon", "", "image/png", png.into(), false)
        }
    }

    /// Adds an entry in any namespace.
    #[must_use]
    pub fn entry(
        self,
        namespace: char,
        path: &str,
        title: &str,
        mime: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        self.push(namespace, path, title, mime, bytes.into(), false)
    }

    /// Adds a redirect between articles; the target may be added later, and must be there then.
    #[must_use]
    pub fn redirect(mut self, from: &str, title: &str, to: &str) -> Self {
        let namespace = if self.is_new() { 'C' } else { 'A' };
        let kind = Kind::Redirect {
            namespace,
            path: to.into(),
        };
        self.items.push(Item {
            namespace,
            path: from.into(),
            title: title.into(),
            kind,
        });
        self
    }

    /// Makes the article at `path` the main page.
    #[must_use]
    pub fn main(mut self, path: &str) -> Self {
        self.main = Some(path.into());
        self
    }

    /// Writes the archive to a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_to(&self, path: impl AsRef<Path>) -> io::Result<()> {
        std::fs::write(path, self.build())
    }

    /// Writes the archive in parts of `part_bytes`: `path` + `aa`, `ab` …
    ///
    /// # Errors
    /// What the system says.
    pub fn write_split_to(&self, path: impl AsRef<Path>, part_bytes: usize) -> io::Result<()> {
        for (number, part) in self.build().chunks(part_bytes).enumerate() {
            let letter = |value: usize| char::from(b'a' + (value % 26) as u8);
            let mut name = path.as_ref().as_os_str().to_owned();
            name.push(format!("{}{}", letter(number / 26), letter(number)));
            std::fs::write(name, part)?;
        }
        Ok(())
    }

    /// The bytes of the archive.
    ///
    /// # Panics
    /// When a redirect or the main page names an entry that is not there.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        Layout::new(self).write()
    }

    fn is_new(&self) -> bool {
        self.version >= (6, 1)
    }

    fn push(
        mut self,
        namespace: char,
        path: &str,
        title: &str,
        mime: &str,
        bytes: Vec<u8>,
        front: bool,
    ) -> Self {
        let kind = Kind::Content {
            mime: mime.into(),
            bytes,
            front,
        };
        self.items.push(Item {
            namespace,
            path: path.into(),
            title: title.into(),
            kind,
        });
        self
    }
}

/// Everything that has to be known before bytes can be written.
struct Layout<'a> {
    builder: &'a ZimBuilder,
    /// In path order.
    items: Vec<Item>,
    /// Where each item was added.
    added: Vec<usize>,
    mimes: Vec<String>,
    main: Option<u32>,
    by_title: Vec<u32>,
}

/// Cluster and blob of each item with content.
type Places = HashMap<usize, (u32, u32)>;

/// A cluster while it is filled.
struct OpenCluster {
    number: usize,
    blobs: Vec<Vec<u8>>,
    bytes: usize,
}

const LISTING: &str = "application/octet-stream+zimlisting";

impl<'a> Layout<'a> {
    fn new(builder: &'a ZimBuilder) -> Self {
        let mut items = builder.items.clone();
        if builder.is_new() {
            let content = |bytes| Kind::Content {
                mime: LISTING.into(),
                bytes,
                front: false,
            };
            let lists: &[&str] = if builder.version >= (6, 3) {
                &["v1"]
            } else {
                &["v0", "v1"]
            };
            for list in lists {
                let path = format!("listing/titleOrdered/{list}");
                items.push(Item {
                    namespace: 'X',
                    path,
                    title: String::new(),
                    kind: content(vec![]),
                });
            }
            if let Some(main) = &builder.main {
                let kind = Kind::Redirect {
                    namespace: 'C',
                    path: main.clone(),
                };
                items.push(Item {
                    namespace: 'W',
                    path: "mainPage".into(),
                    title: String::new(),
                    kind,
                });
            }
        }
        let mut added: Vec<usize> = (0..items.len()).collect();
        let key = |number: &usize| {
            items
                .get(*number)
                .map(|item| (item.namespace, item.path.clone()))
        };
        added.sort_by_key(key);
        let items: Vec<Item> = added
            .iter()
            .filter_map(|number| items.get(*number).cloned())
            .collect();
        let mut mimes = Vec::new();
        for item in &items {
            if let Kind::Content { mime, .. } = &item.kind
                && !mimes.contains(mime)
            {
                mimes.push(mime.clone());
            }
        }
        let mut layout = Self {
            builder,
            items,
            added,
            mimes,
            main: None,
            by_title: Vec::new(),
        };
        let namespace = if builder.is_new() { 'C' } else { 'A' };
        layout.main = builder
            .main
            .as_ref()
            .map(|path| layout.index_of(namespace, path));
        layout.list_titles();
        layout
    }

    fn index_of(&self, namespace: char, path: &str) -> u32 {
        let wanted = |item: &Item| item.namespace == namespace && item.path == path;
        let index = self
            .items
            .iter()
            .position(wanted)
            .expect("a redirect or main page to an entry that was added");
        index as u32
    }

    fn list_titles(&mut self) {
        let title = |item: &Item| {
            if item.title.is_empty() {
                item.path.clone()
            } else {
                item.title.clone()
            }
        };
        let mut order: Vec<(char, String, u32, bool)> = Vec::new();
        for (index, item) in (0u32..).zip(&self.items) {
            let front = match &item.kind {
                Kind::Content { front, .. } => *front,
                Kind::Redirect { .. } => item.namespace == 'C',
            };
            order.push((item.namespace, title(item), index, front));
        }
        order.sort();
        let bytes = |only_front: bool| -> Vec<u8> {
            let wanted = order.iter().filter(|place| place.3 || !only_front);
            wanted.flat_map(|place| place.2.to_le_bytes()).collect()
        };
        for (path, only_front) in [
            ("listing/titleOrdered/v0", false),
            ("listing/titleOrdered/v1", true),
        ] {
            let found = self
                .items
                .iter_mut()
                .find(|item| item.namespace == 'X' && item.path == path);
            if let Some(Item {
                kind: Kind::Content { bytes: content, .. },
                ..
            }) = found
            {
                *content = bytes(only_front);
            }
        }
        self.by_title = order.iter().map(|place| place.2).collect();
    }

    /// Packs contents into clusters in the order in which they were added, as a writer that
    /// streams does; gives the clusters and the place of each item.
    fn clusters(&self) -> (Vec<Vec<u8>>, Places) {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|index| self.added.get(*index).copied());
        let mut done: Vec<Vec<u8>> = Vec::new();
        let mut open: HashMap<bool, OpenCluster> = HashMap::new();
        let mut places = HashMap::new();
        for index in order {
            let Some(Item {
                kind: Kind::Content { mime, bytes, .. },
                ..
            }) = self.items.get(index)
            else {
                continue;
            };
            let packed = ["text/", "application/javascript", "application/json"]
                .iter()
                .any(|start| mime.starts_with(start));
            let cluster = open.entry(packed).or_insert_with(|| {
                done.push(Vec::new());
                OpenCluster {
                    number: done.len() - 1,
                    blobs: Vec::new(),
                    bytes: 0,
                }
            });
            places.insert(index, (cluster.number as u32, cluster.blobs.len() as u32));
            cluster.bytes += bytes.len();
            cluster.blobs.push(bytes.clone());
            if cluster.bytes >= self.builder.cluster_bytes
                && let Some(full) = open.remove(&packed)
                && let Some(slot) = done.get_mut(full.number)
            {
                *slot = self.pack(&full.blobs, packed);
            }
        }
        for (packed, rest) in open {
            if let Some(slot) = done.get_mut(rest.number) {
                *slot = self.pack(&rest.blobs, packed);
            }
        }
        (done, places)
    }

    fn pack(&self, blobs: &[Vec<u8>], packed: bool) -> Vec<u8> {
        let compression = if packed {
            self.builder.compression
        } else {
            Compression::None
        };
        cluster(blobs, compression, self.builder.extended)
    }

    fn write(&self) -> Vec<u8> {
        let (clusters, places) = self.clusters();
        let mut out = vec![0u8; 80];
        for mime in &self.mimes {
            out.extend_from_slice(mime.as_bytes());
            out.push(0);
        }
        out.push(0);
        let mut dirents = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            dirents.push(out.len() as u64);
            self.write_dirent(&mut out, index, item, &places);
        }
        let path_pos = out.len() as u64;
        dirents
            .iter()
            .for_each(|pos| out.extend_from_slice(&pos.to_le_bytes()));
        let mut title_pos = u64::MAX;
        if self.builder.version < (6, 3) {
            title_pos = out.len() as u64;
            self.by_title
                .iter()
                .for_each(|index| out.extend_from_slice(&index.to_le_bytes()));
        }
        let cluster_pos = out.len() as u64;
        let mut at = cluster_pos + clusters.len() as u64 * 8;
        for cluster in &clusters {
            out.extend_from_slice(&at.to_le_bytes());
            at += cluster.len() as u64;
        }
        clusters
            .iter()
            .for_each(|cluster| out.extend_from_slice(cluster));
        let header = self.header(
            clusters.len() as u32,
            [path_pos, title_pos, cluster_pos],
            out.len() as u64,
        );
        out.splice(..80, header);
        out.extend_from_slice(&[0; 16]);
        fix_checksum(&mut out);
        out
    }

    fn write_dirent(&self, out: &mut Vec<u8>, index: usize, item: &Item, places: &Places) {
        let mime = match &item.kind {
            Kind::Content { mime, .. } => self
                .mimes
                .iter()
                .position(|known| known == mime)
                .expect("a collected MIME type") as u16,
            Kind::Redirect { .. } => 0xffff,
        };
        out.extend_from_slice(&mime.to_le_bytes());
        out.extend_from_slice(&[0, item.namespace as u8, 0, 0, 0, 0]);
        match &item.kind {
            Kind::Content { .. } => {
                let (cluster, blob) = places
                    .get(&index)
                    .copied()
                    .expect("a place for every content");
                out.extend_from_slice(&cluster.to_le_bytes());
                out.extend_from_slice(&blob.to_le_bytes());
            }
            Kind::Redirect { namespace, path } => {
                out.extend_from_slice(&self.index_of(*namespace, path).to_le_bytes());
            }
        }
        let title = if item.title == item.path {
            ""
        } else {
            &item.title
        };
        for text in [item.path.as_str(), title] {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        }
    }

    fn header(&self, cluster_count: u32, lists: [u64; 3], checksum: u64) -> Vec<u8> {
        let mut out = b"ZIM\x04".to_vec();
        out.extend_from_slice(&self.builder.version.0.to_le_bytes());
        out.extend_from_slice(&self.builder.version.1.to_le_bytes());
        out.extend_from_slice(&self.builder.uuid);
        out.extend_from_slice(&(self.items.len() as u32).to_le_bytes());
        out.extend_from_slice(&cluster_count.to_le_bytes());
        lists
            .iter()
            .for_each(|pos| out.extend_from_slice(&pos.to_le_bytes()));
        out.extend_from_slice(&80u64.to_le_bytes());
        out.extend_from_slice(&self.main.unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&u32::MAX.to_le_bytes());
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }
}

/// The bytes of one cluster.
///
/// # Panics
/// When memory for the compressor is lacking.
#[must_use]
pub fn cluster(blobs: &[Vec<u8>], compression: Compression, extended: bool) -> Vec<u8> {
    let width = if extended { 8 } else { 4 };
    let mut data = Vec::new();
    let mut at = (blobs.len() as u64 + 1) * width;
    let offset = |data: &mut Vec<u8>, at: u64| {
        let bytes = at.to_le_bytes();
        data.extend(bytes.iter().take(width as usize));
    };
    for blob in blobs {
        offset(&mut data, at);
        at += blob.len() as u64;
    }
    offset(&mut data, at);
    blobs.iter().for_each(|blob| data.extend_from_slice(blob));
    raw_cluster(&data, compression, extended)
}

/// A cluster whose table of offsets and blobs are `data`, right or wrong.
///
/// # Panics
/// When memory for the compressor is lacking.
#[must_use]
pub fn raw_cluster(data: &[u8], compression: Compression, extended: bool) -> Vec<u8> {
    let (method, packed) = match compression {
        Compression::None => (1, data.to_vec()),
        Compression::Zstd => (5, zstd::encode_all(data, 3).expect("memory for zstd")),
        Compression::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
            encoder.write_all(data).expect("memory for xz");
            (4, encoder.finish().expect("memory for xz"))
        }
    };
    let mut out = vec![method | if extended { 0x10 } else { 0 }];
    out.extend_from_slice(&packed);
    out
}

/// Writes the right checksum into the last 16 bytes of an archive that was changed.
pub fn fix_checksum(archive: &mut [u8]) {
    let Some((content, checksum)) = archive.split_last_chunk_mut::<16>() else {
        return;
    };
    *checksum = Md5::digest(content).into();
}
