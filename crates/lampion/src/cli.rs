//! The command line's words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An intranet that you can carry: a library with a search engine for places with little or no Internet.
#[derive(Debug, Parser)]
#[command(
    name = "lampion",
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such thing, 4 done but some items failed.\nBegin with `lampion serve`, then open the address that it prints."
)]
pub struct Cli {
    /// The node's folder, with its database, keys and collections [default: ~/.local/share/lampion]
    #[arg(long, global = true, env = "LAMPION_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the node and print the address to open
    Serve(Serve),
    /// Add a ZIM archive, a folder or file of documents, or catalogue records to the library
    Import(Import),
    /// Fetch the records of another library by OAI-PMH, or what changed there
    Harvest(Harvest),
    /// Search the library
    Search(Search),
    /// Add people, set passwords and roles
    Person {
        #[command(subcommand)]
        command: Person,
    },
    /// List, check, rebuild, export or remove collections
    Collection {
        #[command(subcommand)]
        command: Collection,
    },
    /// Check, export, rebuild and mend what this node has published
    Feed {
        #[command(subcommand)]
        command: Feed,
    },
    /// Take mail in and out, and look after mail that is on its way to others
    Mail {
        #[command(subcommand)]
        command: Mail,
    },
    /// Look for anything wrong with the node, and say what to do
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show or check the configuration (lampion.toml in the node's folder)
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Print completions for a shell: lampion completions bash > /etc/bash_completion.d/lampion
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Read content from outside for an import (started by the node itself)
    #[command(hide = true)]
    Extract,
    /// Read the text of documents from outside (started by the node itself)
    #[command(hide = true)]
    ExtractText,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Address for plain HTTP, instead of the configured one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub http: Option<String>,
    /// Address for HTTPS; `none` for no HTTPS
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub https: Option<String>,
    /// Address for imported content
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub content: Option<String>,
    /// Address for imported content over HTTPS
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub content_https: Option<String>,
    /// Address for all protocols of mail, instead of the configured ones: an address such as `127.0.0.1` (on free ports), or
    /// `none`
    #[arg(long, value_name = "ADDRESS")]
    pub mail: Option<String>,
    /// Write the addresses as JSON to this file when the node answers
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Write the log as JSON lines
    #[arg(long)]
    pub log_json: bool,
    /// Don't print the QR code
    #[arg(long)]
    pub no_qr: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lampion import wikipedia_ko_all.zim\n  lampion import --copy ~/lessons --title \"Lessons of class 7\"\n  lampion import catalogue.mrc --dry-run\n  lampion import books.csv --map \"title=Titel,author=Verfasser\""
)]
pub struct Import {
    /// A ZIM archive (or its first part), a folder, or a file
    pub path: PathBuf,
    /// Short name in addresses; an existing one means a new version of that collection
    #[arg(long, value_name = "NAME")]
    pub id: Option<String>,
    /// Title, instead of the source's own
    #[arg(long)]
    pub title: Option<String>,
    /// Copy the content into the node's folder, instead of reading it where it is
    #[arg(long)]
    pub copy: bool,
    /// What it holds, if it isn't told by itself
    #[arg(long, value_parser = ["zim", "files", "records"])]
    pub kind: Option<String>,
    /// Format of records
    #[arg(long, value_parser = ["marc", "marc-xml", "dublin-core", "bib-tex", "ris", "csv", "json-lines"])]
    pub format: Option<String>,
    /// Which column or key is what, for CSV and JSON Lines: title=Titel,author=Verfasser
    #[arg(long, value_name = "MAPPING")]
    pub map: Option<String>,
    /// Who may see it
    #[arg(long, default_value = "all", value_parser = ["all", "signed-in"])]
    pub visibility: String,
    /// Publish the records in a catalogue of this node instead of making a collection of them
    #[arg(long, value_name = "CATALOGUE")]
    pub into: Option<String>,
    /// With --into: what becomes of a record that is there already, by ISBN, ISSN, DOI or title, author and year: `skip`,
    /// `replace` its fields, `fill` its gaps, `add` to it; `separate` publishes it all the same
    #[arg(long, default_value = "skip", value_parser = ["skip", "replace", "fill", "add", "separate"])]
    pub rule: String,
    /// With --into: the public name of who publishes
    #[arg(long, default_value = "import")]
    pub by: String,
    /// Only say what would be imported
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Queue the import and return at once (a running node does it)
    #[arg(long)]
    pub background: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lampion harvest https://library.example/oai --prefix marcxml --id neighbours\n  lampion harvest neighbours        what changed since"
)]
pub struct Harvest {
    /// The repository's address (base URL), or the short name of a collection that was harvested before
    #[arg(value_name = "URL or NAME")]
    pub source: String,
    /// Only this set
    #[arg(long)]
    pub set: Option<String>,
    /// Format of the records: oai_dc, marcxml, marc21 or another name that the repository has for MARCXML
    #[arg(long, default_value = "oai_dc")]
    pub prefix: String,
    /// Short name in addresses
    #[arg(long, value_name = "NAME")]
    pub id: Option<String>,
    /// Title, instead of the repository's own
    #[arg(long)]
    pub title: Option<String>,
    /// Who may see it
    #[arg(long, default_value = "all", value_parser = ["all", "signed-in"])]
    pub visibility: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Fetch everything anew, and at the end delete what the repository no longer has
    #[arg(long)]
    pub again: bool,
    /// Ask the repository by itself from now on: never, day, week, or a number of hours that the node runs
    #[arg(long, value_name = "HOURS", value_parser = every)]
    pub every: Option<i64>,
    /// Queue the harvest and return at once (a running node does it)
    #[arg(long)]
    pub background: bool,
}

/// How often a repository is asked, in hours.
fn every(text: &str) -> Result<i64, String> {
    match text {
        "never" => Ok(0),
        "day" => Ok(24),
        "week" => Ok(168),
        hours => hours
            .parse()
            .ok()
            .filter(|hours| (1..=lampion_library::harvest::schedule::LONGEST_H).contains(hours))
            .ok_or_else(|| "say never, day, week or a number of hours".into()),
    }
}

#[derive(Debug, Subcommand)]
pub enum MailTransfer {
    /// Import a Maildir (with folders), an mbox file, a folder of such, or single messages
    Import(MailImport),
    /// Take all mail from another IMAP server; what came before is not taken again
    #[command(
        after_help = "Example:\n  lampion mail fetch imaps://mira@mail.example.org --person mira --password-file secret"
    )]
    Fetch(MailFetch),
    /// Write all mail as Maildir or mbox
    Export(MailExport),
}

#[derive(Debug, Args)]
pub struct MailImport {
    /// Folder or file
    pub path: PathBuf,
    /// Whose mail it becomes
    #[arg(long, value_name = "NAME")]
    pub person: String,
    /// Everything into this mailbox, instead of those that the files are named after
    #[arg(long, value_name = "MAILBOX")]
    pub mailbox: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Queue the import and return at once (a running node does it)
    #[arg(long)]
    pub background: bool,
}

#[derive(Debug, Args)]
pub struct MailFetch {
    /// imaps://USER@HOST:PORT, or imap://… which asks for TLS first; %40 stands for @ in the user's name
    #[arg(value_name = "ADDRESS")]
    pub server: String,
    /// Whose mail it becomes
    #[arg(long, value_name = "NAME")]
    pub person: String,
    /// The password is this file's first line [default: read from standard input]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Without TLS: only within a network that is trusted
    #[arg(long)]
    pub plain: bool,
    /// SHA-256 of the server's certificate, if it is its own
    #[arg(long, value_name = "FINGERPRINT")]
    pub trust: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Queue the fetch and return at once (a running node does it)
    #[arg(long)]
    pub background: bool,
}

#[derive(Debug, Args)]
pub struct MailExport {
    /// An empty folder, a file that ends with .tar, or - for an archive on standard output
    pub out: PathBuf,
    /// Whose mail
    #[arg(long, value_name = "NAME")]
    pub person: String,
    /// How
    #[arg(long, default_value = "maildir", value_parser = ["maildir", "mbox"])]
    pub format: String,
}

#[derive(Debug, Args)]
pub struct Search {
    /// What to search for: words, "phrases", -without, OR, title:word, prefix*
    #[arg(required = true)]
    pub query: Vec<String>,
    /// Only in this collection (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub collection: Vec<String>,
    /// How many results
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub limit: u16,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Person {
    /// Add a person; without --password, a link to set one is printed
    Add {
        /// Name to sign in with
        name: String,
        /// Name as others see it
        #[arg(long)]
        display: Option<String>,
        /// Roles: member, librarian, editor, teacher, seller, operator
        #[arg(long, value_delimiter = ',', default_value = "member")]
        role: Vec<String>,
        /// Read a password from standard input (one line)
        #[arg(long)]
        password: bool,
    },
    /// Set a person's password, read from standard input (one line), or print a link with --link
    Password {
        /// Name to sign in with
        name: String,
        /// Print a link with which the person sets it
        #[arg(long)]
        link: bool,
    },
    /// Set a person's roles
    Role {
        /// Name to sign in with
        name: String,
        /// member, librarian, editor, teacher, seller, operator
        #[arg(required = true, value_delimiter = ',')]
        role: Vec<String>,
    },
    /// List people
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum MailGroups {
    /// Make, fill and remove mailing lists
    List {
        #[command(subcommand)]
        command: MailList,
    },
    /// Make and remove mailboxes that several people answer
    Shared {
        #[command(subcommand)]
        command: MailShared,
    },
    /// Give a person or a shared mailbox a further name, or take it away
    Alias {
        /// The further name: what stands before @
        name: String,
        /// Whose it is to be; without it, the name is taken away
        account: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum MailList {
    /// Make a list
    #[command(
        after_help = "Example:\n  lampion mail list create wells --title \"Wells and pumps\" --owner mira"
    )]
    Create {
        /// What stands before @ in its address
        name: String,
        /// Title
        #[arg(long)]
        title: Option<String>,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// A person who owns it
        #[arg(long)]
        owner: String,
        /// Who may write to it
        #[arg(long, default_value = "members", value_parser = ["anyone", "members", "moderators"])]
        post: String,
        /// What becomes of messages of others
        #[arg(long, default_value = "hold", value_parser = ["hold", "refuse"])]
        others: String,
        /// Whether people join by themselves
        #[arg(long)]
        open: bool,
        /// Keep no messages
        #[arg(long)]
        no_archive: bool,
    },
    /// Add members, or change their role
    Add {
        /// The list
        name: String,
        /// Names of people, `group:NAME`, or addresses
        #[arg(required = true)]
        members: Vec<String>,
        /// What they may do
        #[arg(long, default_value = "member", value_parser = ["member", "moderator", "owner"])]
        role: String,
    },
    /// Remove members
    Remove {
        /// The list
        name: String,
        /// Names of people, `group:NAME`, or addresses
        #[arg(required = true)]
        members: Vec<String>,
    },
    /// List lists, or the members of one
    Show {
        /// The list
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a list with its archive
    Delete {
        /// The list
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum MailShared {
    /// Make a shared mailbox
    Create {
        /// What stands before @ in its address
        name: String,
        /// Title
        #[arg(long)]
        title: Option<String>,
        /// The person who says who reads and answers
        #[arg(long)]
        manager: String,
    },
    /// List shared mailboxes
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a shared mailbox with its messages
    Delete {
        /// The mailbox
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Collection {
    /// Begin a catalogue: a collection of records that are made on the desk and published
    Create {
        /// Its short name in addresses
        id: String,
        /// Its title
        #[arg(long)]
        title: String,
        /// Who may see it
        #[arg(long, default_value = "all", value_parser = ["all", "signed-in"])]
        visibility: String,
    },
    /// List collections
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a collection out of the library; content that lies elsewhere stays
    Remove {
        /// Its short name
        id: String,
    },
    /// Build a collection's index anew from its content
    Reindex {
        /// Its short name
        id: String,
    },
    /// Check that a collection's content is whole
    Check {
        /// Its short name
        id: String,
    },
    /// Write a collection with its content and index into a folder, ready to be carried and imported elsewhere
    Export {
        /// Its short name
        id: String,
        /// A folder that doesn't exist yet
        to: PathBuf,
    },
    /// List what could not be imported, and why
    Errors {
        /// Its short name
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What of a node's mail.
#[derive(Debug, Subcommand)]
pub enum Mail {
    #[command(flatten)]
    Groups(MailGroups),
    #[command(flatten)]
    Transfer(MailTransfer),
    /// Let mail programs fetch all mail anew: after the node's whole folder was put back from a backup
    ///
    /// Where only the database was put back, the next start notices that by itself (node/mail.mark).
    Renew,
    /// Mail that is on its way to other nodes or to the world outside
    Queue {
        #[command(subcommand)]
        command: Option<MailQueue>,
        /// Print JSON
        #[arg(long, global = true)]
        json: bool,
    },
}

/// What is done with mail on its way.
#[derive(Debug, Subcommand)]
pub enum MailQueue {
    /// List it
    List,
    /// Try again now: one by its id, or all
    Retry {
        /// Its id, as the list shows it
        id: Option<String>,
    },
    /// Give one up; its sender is told
    Drop {
        /// Its id, as the list shows it
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the configuration with the meaning of every setting
    Show,
    /// Check lampion.toml
    Check,
}

/// What of a node's feeds.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  lampion feed key > library.key\n  lampion feed export /media/stick/library\n  lampion feed verify /media/stick/library --key library.key"
)]
pub enum Feed {
    /// Check a copy of a feed: a folder of static files, or an address such as http://hill/feed/library
    Verify {
        /// Folder or address
        from: String,
        /// The author's verifier key, or a file that holds it [default: this node's own]
        #[arg(long)]
        key: Option<String>,
        /// Don't read bodies, only entries and the tree
        #[arg(long)]
        no_bodies: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a feed into a folder as static files that any web server or stick can serve
    Export {
        /// The folder; what it holds of the same feed is brought up to date
        to: PathBuf,
        /// Kind of feed
        #[arg(long, default_value = "library")]
        kind: String,
        /// Another node's feed that is here, by its origin such as hill.internal/feed/library
        #[arg(long)]
        origin: Option<String>,
        /// Write the files that records name beside it
        #[arg(long, value_parser = ["covers", "all"])]
        files: Option<String>,
        /// Only files up to so many megabytes; 0 for any size
        #[arg(long, value_name = "MB", default_value_t = 0)]
        files_mb: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy a feed from a folder or an address into a folder, or bring a copy up to date: all is checked before it is
    /// stored, only what is missing is fetched, and a cut costs nothing
    Mirror {
        /// Folder or address, such as http://hill/feed/library
        from: String,
        /// The folder of the copy
        to: PathBuf,
        /// The author's verifier key, or a file that holds it [default: the copy's own, or what this node knows]
        #[arg(long)]
        key: Option<String>,
        /// Fetch no bodies, only entries and the tree
        #[arg(long)]
        no_bodies: bool,
        /// Ask again for bodies of entries that are here already
        #[arg(long)]
        bodies_again: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the catalogues of another node here: its address, that of its static files, or a folder or stick
    Follow(Follow),
    /// List what is followed, and how it went
    Following {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Follow a node no more, and take its collections out of the library
    Unfollow {
        /// The node's name, or one of its addresses
        which: String,
        /// Don't ask whether it is meant
        #[arg(long)]
        yes: bool,
    },
    /// Make the tables of a kind anew from the feeds, and say whether they had been the same
    Rebuild {
        /// Kind of feed
        #[arg(default_value = "library")]
        kind: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say of each feed how long it is, and whether it can be published on
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the key that others check this node's feed with
    Key {
        /// Kind of feed
        #[arg(default_value = "library")]
        kind: String,
    },
    /// After an old database was restored: fetch what is missing from an export or mirror
    Recover {
        /// Folder with static files of the feed
        from: PathBuf,
        /// Kind of feed
        #[arg(long, default_value = "library")]
        kind: String,
        /// The database holds other entries than were signed: drop them
        #[arg(long)]
        drop_unsigned: bool,
    },
}

/// Which node is followed, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lampion feed follow http://hill.internal --key hill.key --every 24\n  lampion feed follow /media/stick/library\nThe key is shown by the other node's page /node, and by `lampion feed key` there."
)]
pub struct Follow {
    /// Address of a node or of a feed's static files, or a folder
    pub address: String,
    /// Ask again by itself every so many hours; 0 for never
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(0..=8784))]
    pub every: Option<i64>,
    /// The node's verifier key, or a file that holds it [default: what is known of this node]
    #[arg(long)]
    pub key: Option<String>,
    /// At the first contact, take the key that lies beside the feed; compare it with the node's page /node
    #[arg(long, conflicts_with = "key")]
    pub trust: bool,
    /// Which files of records come along: none, covers, all
    #[arg(long, default_value = "all", value_parser = ["none", "covers", "all"])]
    pub files: String,
    /// Only files up to so many megabytes; 0 for any size
    #[arg(long, value_name = "MB", default_value_t = lampion_library::following::files::DEFAULT_MB)]
    pub files_mb: u64,
    /// Who may see collections that are new: all, signed-in
    #[arg(long, default_value = "all", value_parser = ["all", "signed-in"])]
    pub visibility: String,
    /// Ask again for bodies that were missing before
    #[arg(long)]
    pub bodies_again: bool,
    /// Don't wait until it is done
    #[arg(long)]
    pub background: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
