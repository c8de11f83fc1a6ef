//! Postfix in a folder of its own (Debian's package), on a free loopback port; it hands on by LMTP to Dovecot.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::DOMAIN;
use crate::peers::free_port;

const PROGRAM: &str = "/usr/sbin/postfix";
/// The longest until it answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Services of master.cf(5), as Debian's but without chroot.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// It runs; told to end when dropped.
pub struct Postfix {
    folder: PathBuf,
    /// SMTP.
    pub smtp: SocketAddr,
}

impl Postfix {
    /// Starts it; what was in the folder is removed.
    ///
    /// # Errors
    /// It isn't installed, or nobody may start it here.
    pub fn start(folder: PathBuf, lmtp: SocketAddr) -> anyhow::Result<Self> {
        ensure!(
            Path::new(PROGRAM).exists(),
            "not installed (bench/peers.sh)"
        );
        ensure!(
            rustix::process::geteuid().is_root(),
            "it has to be started by root"
        );
        if folder.exists() {
            ensure!(
                folder.join("main.cf").exists(),
                "{} is not Postfix's: not removed",
                folder.display()
            );
            std::fs::remove_dir_all(&folder)?;
        }
        for inside in ["queue", "data"] {
            std::fs::create_dir_all(folder.join(inside))?;
        }
        let owner = Command::new("chown")
            .arg("postfix")
            .arg(folder.join("data"))
            .status()?;
        ensure!(owner.success(), "there is no user `postfix`");
        let smtp = free_port()?;
        std::fs::write(folder.join("main.cf"), configuration(&folder, lmtp))?;
        std::fs::write(
            folder.join("master.cf"),
            format!("{smtp} inet n - n - - smtpd\n{SERVICES}"),
        )?;
        let begun = Instant::now();
        let postfix = Self { folder, smtp };
        postfix.tell("start")?;
        while std::net::TcpStream::connect(smtp).is_err() {
            ensure!(
                begun.elapsed() < PATIENCE,
                "it does not start: {}",
                postfix.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(postfix)
    }

    fn tell(&self, word: &str) -> anyhow::Result<()> {
        let out = Command::new(PROGRAM)
            .arg("-c")
            .arg(&self.folder)
            .arg(word)
            .stdin(Stdio::null())
            .output()
            .context(PROGRAM)?;
        ensure!(
            out.status.success(),
            "postfix {word}: {} {}",
            String::from_utf8_lossy(&out.stderr).trim(),
            self.said()
        );
        Ok(())
    }

    /// The last that it said.
    pub fn said(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        text.lines().last().unwrap_or_default().to_string()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if let Err(error) = self.tell("stop") {
            eprintln!(
                "Postfix in {} may still run: {error:#}",
                self.folder.display()
            );
        }
    }
}

fn configuration(folder: &Path, lmtp: SocketAddr) -> String {
    let at = folder.display();
    format!(
        "compatibility_level = 3.6\nqueue_directory = {at}/queue\ndata_directory = {at}/data\n\
         command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\n\
         mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = {DOMAIN}\nmydestination =\n\
         inet_interfaces = loopback-only\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\ndisable_dns_lookups = yes\n\
         smtpd_peername_lookup = no\nsmtp_host_lookup = native\nalias_maps =\nalias_database =\n\
         virtual_mailbox_domains = {DOMAIN}\nvirtual_mailbox_maps = static:here\nvirtual_transport = lmtp:inet:[{}]:{}\n\
         smtpd_recipient_restrictions = reject_unauth_destination\n\
         maillog_file = {at}/log\nmaillog_file_prefixes = {at}\n",
        lmtp.ip(),
        lmtp.port()
    )
}
