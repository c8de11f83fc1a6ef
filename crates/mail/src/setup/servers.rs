//! Which servers mail programs are told: as they really listen.

use std::net::{IpAddr, SocketAddr};

/// How a connection is made secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// The connection asks for TLS before anything else.
    StartTls,
}

/// One server for mail programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Name or address that the person's device can reach.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How it is made secure.
    pub security: Security,
}

/// What a mail program must know of this node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Servers {
    /// IMAP servers, the one to be preferred first.
    pub imap: Vec<Server>,
    /// SMTP servers for submission, the one to be preferred first.
    pub smtp: Vec<Server>,
}

impl Security {
    /// As the tables of mail programs have it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Tls => "SSL/TLS",
            Self::StartTls => "STARTTLS",
        }
    }

    /// As Thunderbird's autoconfig has it.
    pub(super) fn autoconfig(self) -> &'static str {
        match self {
            Self::Tls => "SSL",
            Self::StartTls => "STARTTLS",
        }
    }
}

impl Servers {
    /// The servers out of what services listen on (protocol and address) and the host by which the page was asked for.
    ///
    /// A listener at one address is named by that address. One at all addresses is named as the page was, for that is
    /// known to work; only `localhost` is no help to another device, so `own`, this machine's first address, stands for it.
    pub fn of(listens: &[(&'static str, SocketAddr)], asked: &str, own: Option<IpAddr>) -> Self {
        let find = |protocol: &str, security| -> Vec<Server> {
            let here = listens.iter().filter(|(name, _)| *name == protocol);
            here.map(|(_, at)| Server {
                host: host_of(*at, asked, own),
                port: at.port(),
                security,
            })
            .collect()
        };
        Self {
            imap: [
                find("imaps", Security::Tls),
                find("imap", Security::StartTls),
            ]
            .concat(),
            smtp: [
                find("submissions", Security::Tls),
                find("submission", Security::StartTls),
            ]
            .concat(),
        }
    }
}

fn host_of(at: SocketAddr, asked: &str, own: Option<IpAddr>) -> String {
    if !at.ip().is_unspecified() {
        return at.ip().to_string();
    }
    let here = asked == "localhost"
        || asked
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match own {
        Some(own) if here || asked.is_empty() => own.to_string(),
        _ if asked.is_empty() => "localhost".into(),
        _ => asked.into(),
    }
}

/// The host of an origin (`https://hill:8443`), without port and brackets.
pub(super) fn host_in(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    match rest.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => rest.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_as_the_device_can_reach_it() {
        let own = Some(IpAddr::from([192, 168, 1, 5]));
        let all: SocketAddr = "0.0.0.0:993".parse().unwrap();
        let six: SocketAddr = "[::]:10993".parse().unwrap();
        let one: SocketAddr = "127.0.0.1:40000".parse().unwrap();
        assert_eq!(host_of(all, "hill.local", own), "hill.local");
        assert_eq!(host_of(six, "localhost", own), "192.168.1.5");
        assert_eq!(host_of(all, "::1", own), "192.168.1.5");
        assert_eq!(host_of(all, "127.0.0.1", None), "127.0.0.1");
        assert_eq!(host_of(one, "hill.local", own), "127.0.0.1");
        assert_eq!(host_in("https://hill.local:8443"), "hill.local");
        assert_eq!(host_in("http://[::1]:8080"), "::1");
        assert_eq!(host_in("http://hill"), "hill");
    }

    #[test]
    fn tls_from_the_first_byte_comes_first() {
        let listens = [
            ("imap", "0.0.0.0:143".parse().unwrap()),
            ("imaps", "0.0.0.0:993".parse().unwrap()),
            ("submission", "0.0.0.0:587".parse().unwrap()),
            ("smtp", "0.0.0.0:25".parse().unwrap()),
        ];
        let servers = Servers::of(&listens, "hill", None);
        assert_eq!(servers.imap.first().unwrap().port, 993);
        assert_eq!(servers.imap.len(), 2);
        assert_eq!(servers.smtp.len(), 1);
        assert_eq!(servers.smtp.first().unwrap().security, Security::StartTls);
    }
}
