//! Dovecot in a folder of its own (Debian's dovecot-imapd and dovecot-lmtpd), on free loopback ports.
//!
//! Each account has a user id of its own, so that the system's limit of watched folders for one user isn't in the way.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::{Account, Server};
use crate::peers::free_port;

/// The first account's user id.
const FIRST_ID: u32 = 5_000;
/// The longest until it answers, or ends.
const PATIENCE: Duration = Duration::from_secs(30);
const PROGRAM: &str = "/usr/sbin/dovecot";
/// What Debian makes when the package is installed.
const CERTIFICATE: (&str, &str) = (
    "/etc/dovecot/private/dovecot.pem",
    "/etc/dovecot/private/dovecot.key",
);

/// When it asks the disk to keep what it wrote (its setting `mail_fsync`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    Optimized,
    Always,
}

impl Fsync {
    pub fn word(self) -> &'static str {
        match self {
            Self::Optimized => "optimized",
            Self::Always => "always",
        }
    }
}

/// Its folder.
pub struct Dovecot {
    pub folder: PathBuf,
    accounts: Vec<Account>,
    fsync: Fsync,
}

/// It runs; told to end when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.0.id())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            let _may_be_gone = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let begun = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _may_be_gone = self.0.kill();
        let _is_gone = self.0.wait();
    }
}

impl Dovecot {
    /// A new one with empty mailboxes; what was in the folder is removed.
    ///
    /// # Errors
    /// It isn't installed, or nobody may start it here.
    pub fn fresh(folder: PathBuf, accounts: usize, fsync: Fsync) -> anyhow::Result<Self> {
        ensure!(
            Path::new(PROGRAM).exists() && Path::new("/usr/lib/dovecot/lmtp").exists(),
            "not installed (bench/peers.sh)"
        );
        ensure!(
            rustix::process::geteuid().is_root(),
            "it has to be started by root"
        );
        if folder.exists() {
            ensure!(
                folder.join("dovecot.conf").exists(),
                "{} is not Dovecot's: not removed",
                folder.display()
            );
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(folder.join("mail"))?;
        std::fs::write(folder.join("dovecot.conf"), "")?;
        let mut users = String::new();
        let mut all = Vec::with_capacity(accounts);
        for n in 0..accounts {
            let account = Account {
                name: Account::name_of(n),
                secret: "secret".into(),
            };
            let (home, id) = (folder.join("mail").join(&account.name), id(n)?);
            std::fs::create_dir(&home)?;
            chown(&home, Some(id), Some(id))?;
            let _infallible = writeln!(
                users,
                "{}:{{PLAIN}}{}:{id}:{id}::{}::",
                account.name,
                account.secret,
                home.display()
            );
            all.push(account);
        }
        std::fs::write(folder.join("users"), users)?;
        Ok(Self {
            folder,
            accounts: all,
            fsync,
        })
    }

    /// Starts it.
    pub fn serve(&self) -> anyhow::Result<Server> {
        let (imap, imaps, lmtp) = (free_port()?, free_port()?, free_port()?);
        let tls = Path::new(CERTIFICATE.0).exists();
        let file = self.folder.join("dovecot.conf");
        std::fs::write(&file, self.configuration(imap, tls.then_some(imaps), lmtp))?;
        let mut child = Command::new(PROGRAM)
            .args(["-F", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(std::fs::File::create(
                self.folder.join("stderr"),
            )?))
            .spawn()
            .context(PROGRAM)?;
        let begun = Instant::now();
        for port in [imap, lmtp] {
            while std::net::TcpStream::connect(port).is_err() {
                let ended = !matches!(child.try_wait(), Ok(None));
                ensure!(
                    !ended && begun.elapsed() < PATIENCE,
                    "it does not start: {}",
                    self.said()
                );
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(Server {
            imap,
            imaps: tls.then_some(imaps),
            lmtp,
            smtp: None,
            accounts: self.accounts.clone(),
            root: child.id(),
            _running: Box::new(Running(child)),
        })
    }

    /// The last that it said.
    pub fn said(&self) -> String {
        let last = |name: &str| {
            let text = std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            text.lines().last().unwrap_or_default().to_string()
        };
        format!("{} {}", last("stderr"), last("log"))
            .trim()
            .to_string()
    }

    fn configuration(
        &self,
        imap: SocketAddr,
        imaps: Option<SocketAddr>,
        lmtp: SocketAddr,
    ) -> String {
        let (at, fsync) = (self.folder.display(), self.fsync.word());
        let tls = match imaps {
            Some(_) => format!(
                "ssl = yes\nssl_cert = <{}\nssl_key = <{}\n",
                CERTIFICATE.0, CERTIFICATE.1
            ),
            None => "ssl = no\n".into(),
        };
        // Port 0 opens none. Sessions have a process each, as in Debian's configuration; those before sign-in share one,
        // as its manual says for many clients.
        format!(
            "protocols = imap lmtp\nlisten = 127.0.0.1\nbase_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\n\
             {tls}disable_plaintext_auth = no\nauth_username_format = %Ln\nfirst_valid_uid = {FIRST_ID}\n\
             mail_location = maildir:~/Maildir\nmail_fsync = {fsync}\nmail_max_userip_connections = 0\n\
             default_vsz_limit = 1G\ndefault_client_limit = 20000\ndefault_process_limit = 12000\n\
             namespace inbox {{\n inbox = yes\n}}\n\
             passdb {{\n driver = passwd-file\n args = {at}/users\n}}\nuserdb {{\n driver = passwd-file\n args = {at}/users\n}}\n\
             service imap-login {{\n service_count = 0\n process_min_avail = 2\n process_limit = 4\n client_limit = 4000\n \
             inet_listener imap {{\n  port = {}\n }}\n inet_listener imaps {{\n  port = {}\n }}\n}}\n\
             service imap {{\n process_limit = 12000\n}}\n\
             service lmtp {{\n process_min_avail = 8\n inet_listener lmtp {{\n  address = 127.0.0.1\n  port = {}\n }}\n}}\n\
             protocol lmtp {{\n postmaster_address = postmaster@{}\n}}\n",
            imap.port(),
            imaps.map_or(0, |at| at.port()),
            lmtp.port(),
            super::DOMAIN,
        )
    }

    /// The Maildir of the n-th account.
    pub fn maildir(&self, n: usize) -> PathBuf {
        self.folder
            .join("mail")
            .join(Account::name_of(n))
            .join("Maildir")
    }

    /// Makes a Maildir that lies on the same disk the n-th account's.
    pub fn adopt(&self, n: usize, maildir: &Path) -> anyhow::Result<()> {
        let (own, id) = (self.maildir(n), id(n)?);
        std::fs::rename(maildir, &own)?;
        chown(&own, Some(id), Some(id))?;
        for folder in ["cur", "new", "tmp"] {
            let folder = own.join(folder);
            chown(&folder, Some(id), Some(id))?;
            for entry in folder.read_dir()? {
                chown(entry?.path(), Some(id), Some(id))?;
            }
        }
        Ok(())
    }

    /// Messages in the INBOXes of all accounts, by their files.
    pub fn files(&self) -> anyhow::Result<u64> {
        let mut count = 0;
        for n in 0..self.accounts.len() {
            for folder in ["cur", "new"] {
                if let Ok(entries) = std::fs::read_dir(self.maildir(n).join(folder)) {
                    count += entries.count() as u64;
                }
            }
        }
        Ok(count)
    }
}

fn id(n: usize) -> anyhow::Result<u32> {
    Ok(FIRST_ID + u32::try_from(n)?)
}
