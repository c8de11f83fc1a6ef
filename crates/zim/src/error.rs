//! What can be wrong with an archive.

/// The result of everything that reads an archive.
pub type Result<T> = std::result::Result<T, ZimError>;

/// What is wrong with an archive, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZimError {
    /// The file does not begin with the magic number of the format.
    #[error("{part} is not a ZIM archive: it does not begin with the ZIM signature")]
    NotZim {
        /// File that was opened.
        part: String,
    },
    /// The archive has a version that this reader does not know.
    #[error(
        "{part} has ZIM version {major}.{minor}, and this reader knows versions 5 and 6: look for a newer edition of the archive"
    )]
    UnsupportedVersion {
        /// File that was opened.
        part: String,
        /// Major version of the header.
        major: u16,
        /// Minor version of the header.
        minor: u16,
    },
    /// A field of the header can't be true.
    #[error("header field `{field}` of {part} is wrong ({value:#x}): {reason}")]
    BadHeader {
        /// File that holds the header.
        part: String,
        /// Name of the field, as in the specification.
        field: &'static str,
        /// Value found.
        value: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The archive ends before something that it should hold.
    #[error(
        "{part} ends too early: {what} needs bytes {offset} to {end}, the archive has {len}: copy or download it again"
    )]
    Truncated {
        /// The last file of the archive.
        part: String,
        /// What was to be read.
        what: String,
        /// First byte needed.
        offset: u64,
        /// First byte after those needed.
        end: u64,
        /// Bytes that the archive has.
        len: u64,
    },
    /// The operating system could not read or open a file.
    #[error("can't read {part} at byte {offset}: {source}")]
    Read {
        /// File that could not be read.
        part: String,
        /// Offset in the whole archive.
        offset: u64,
        /// Reason given by the system.
        source: std::io::Error,
    },
    /// A part of a split archive is absent although later ones are there.
    #[error("part {missing} of the split archive is missing: put it beside the others")]
    MissingPart {
        /// Path of the absent part.
        missing: String,
    },
    /// There is no entry with this number.
    #[error("there is no entry {index}: the archive has {count}")]
    NoSuchIndex {
        /// Number asked for.
        index: u32,
        /// Number of entries.
        count: u32,
    },
    /// A directory entry can't be understood.
    #[error("entry {index} is broken: {reason}")]
    BadEntry {
        /// Number of the entry in path order.
        index: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// A chain of redirects does not end.
    #[error(
        "entry `{path}` is redirected more than {limit} times: the archive holds a loop of redirects"
    )]
    RedirectLoop {
        /// Namespace and path of the entry where the chain began.
        path: String,
        /// How many redirects are followed.
        limit: usize,
    },
    /// An entry was asked for its content and has none.
    #[error("entry `{path}` has no content of its own: it is {what}")]
    NoContent {
        /// Namespace and path of the entry.
        path: String,
        /// What the entry is instead.
        what: &'static str,
    },
    /// A cluster can't be understood.
    #[error("cluster {cluster} in {part} is broken: {reason}")]
    BadCluster {
        /// Number of the cluster.
        cluster: u32,
        /// File in which it begins.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A cluster is compressed in a way that is no longer in use.
    #[error(
        "cluster {cluster} in {part} is compressed with {method}, which archives have not used since 2010: look for a newer edition of the archive"
    )]
    UnsupportedCompression {
        /// Number of the cluster.
        cluster: u32,
        /// File in which it begins.
        part: String,
        /// Name or number of the method.
        method: String,
    },
    /// Something is larger than the limit that guards memory.
    #[error("{what} has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A range was asked for that does not lie inside the content of an entry.
    #[error("range {start} to {end} is not inside the {len} bytes of the entry")]
    BadRange {
        /// First byte asked for.
        start: u64,
        /// First byte after those asked for.
        end: u64,
        /// Length of the content in bytes.
        len: u64,
    },
    /// The archive has no checksum.
    #[error("{part} carries no checksum")]
    NoChecksum {
        /// Last file of the archive.
        part: String,
    },
    /// The caller stopped a long run.
    #[error("stopped on request")]
    Cancelled,
    /// The content of an entry could not be read.
    #[error("can't read entry `{path}` (number {index}): {source}")]
    InEntry {
        /// Namespace and path of the entry.
        path: String,
        /// Number of the entry in path order.
        index: u32,
        /// Why not.
        source: Box<ZimError>,
    },
}
