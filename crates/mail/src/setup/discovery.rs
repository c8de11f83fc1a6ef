//! What mail programs find by themselves: Thunderbird's autoconfig, Outlook's autodiscover, names in DNS (RFC 6186, 8314).
//!
//! These answers say what the node is, never who is on it.

use std::fmt::Write as _;

use super::servers::{Security, Server, Servers};

/// Text inside XML.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// `config-v1.1.xml` for a domain.
pub fn autoconfig(domain: &str, title: &str, servers: &Servers) -> String {
    let (domain, title) = (xml(domain), xml(title));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n<emailProvider id=\"{domain}\">\n\
         <domain>{domain}</domain>\n<displayName>{title}</displayName>\n<displayShortName>{title}</displayShortName>\n"
    );
    let mut server = |element: &str, kind: &str, server: &Server| {
        let _never = writeln!(
            out,
            "<{element} type=\"{kind}\"><hostname>{}</hostname><port>{}</port><socketType>{}</socketType>\
             <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></{element}>",
            xml(&server.host),
            server.port,
            server.security.autoconfig(),
        );
    };
    for one in &servers.imap {
        server("incomingServer", "imap", one);
    }
    for one in &servers.smtp {
        server("outgoingServer", "smtp", one);
    }
    out.push_str("</emailProvider>\n</clientConfig>\n");
    out
}

/// The address in an autodiscover request (`EMailAddress`); empty if there is none.
pub fn asked_address(request: &str) -> &str {
    let lower = request.to_ascii_lowercase();
    let begin = "<emailaddress>";
    let Some(start) = lower.find(begin).map(|at| at + begin.len()) else {
        return "";
    };
    let rest = request.get(start..).unwrap_or_default();
    rest.split('<').next().unwrap_or_default().trim()
}

/// Outlook's answer (POX, `outlook/responseschema/2006a`).
pub fn autodiscover(address: &str, servers: &Servers) -> String {
    let mut protocols = String::new();
    let pairs = [
        ("IMAP", servers.imap.first()),
        ("SMTP", servers.smtp.first()),
    ];
    for (kind, server) in pairs {
        let Some(server) = server else { continue };
        let encryption = match server.security {
            Security::Tls => "SSL",
            Security::StartTls => "TLS",
        };
        let _never = writeln!(
            protocols,
            "<Protocol><Type>{kind}</Type><Server>{}</Server><Port>{}</Port><LoginName>{}</LoginName><SPA>off</SPA>\
             <SSL>on</SSL><Encryption>{encryption}</Encryption><AuthRequired>on</AuthRequired></Protocol>",
            xml(&server.host),
            server.port,
            xml(address),
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n\
         <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\n\
         <Account><AccountType>email</AccountType><Action>settings</Action>\n{protocols}</Account>\n</Response>\n</Autodiscover>\n"
    )
}

/// Lines for the zone of the node's domain. `host` is a name of this node in that DNS.
pub fn dns_records(domain: &str, host: &str, servers: &Servers) -> String {
    let mut out = String::new();
    let mut line = |service: &str, server: Option<&Server>| {
        // A service that isn't there is said to be so (RFC 6186 §3.4).
        let _never = match server {
            Some(server) => writeln!(
                out,
                "_{service}._tcp.{domain}. SRV 0 1 {} {host}.",
                server.port
            ),
            None => writeln!(out, "_{service}._tcp.{domain}. SRV 0 0 0 ."),
        };
    };
    let find =
        |list: &[Server], security| list.iter().find(|one| one.security == security).cloned();
    line("imaps", find(&servers.imap, Security::Tls).as_ref());
    line("imap", find(&servers.imap, Security::StartTls).as_ref());
    line("submissions", find(&servers.smtp, Security::Tls).as_ref());
    line(
        "submission",
        find(&servers.smtp, Security::StartTls).as_ref(),
    );
    line("pop3", None);
    line("pop3s", None);
    let _never = writeln!(out, "autoconfig.{domain}. CNAME {host}.");
    let _never = writeln!(out, "autodiscover.{domain}. CNAME {host}.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers() -> Servers {
        let listens = [
            ("imaps", "0.0.0.0:10993".parse().unwrap()),
            ("imap", "0.0.0.0:143".parse().unwrap()),
            ("submissions", "0.0.0.0:465".parse().unwrap()),
        ];
        Servers::of(&listens, "hill.local", None)
    }

    #[test]
    fn programs_are_told_what_is_there_and_nothing_else() {
        let config = autoconfig("hill.internal", "A <b> & c", &servers());
        assert!(config.contains("<displayName>A &lt;b&gt; &amp; c</displayName>"));
        assert!(config.contains(
            "<hostname>hill.local</hostname><port>10993</port><socketType>SSL</socketType>"
        ));
        assert_eq!(config.matches("<incomingServer").count(), 2);
        assert_eq!(config.matches("<outgoingServer").count(), 1);
        let answer = autodiscover("mira@hill.internal", &servers());
        assert!(answer.contains("<Type>IMAP</Type><Server>hill.local</Server><Port>10993</Port><LoginName>mira@hill.internal</LoginName>"));
        assert!(answer.contains("<Type>SMTP</Type>"));
    }

    #[test]
    fn an_address_is_found_in_whatever_is_asked() {
        let request = "<Autodiscover><Request><EMailAddress>mira@hill.internal</EMailAddress></Request></Autodiscover>";
        assert_eq!(asked_address(request), "mira@hill.internal");
        assert_eq!(asked_address("<EMAILADDRESS>x@y"), "x@y");
        assert_eq!(asked_address(""), "");
        assert_eq!(asked_address("İİ<EMailAddress>a@b</EMailAddress>"), "a@b");
    }

    #[test]
    fn records_say_also_what_is_absent() {
        let records = dns_records("hill.internal", "hill.internal", &servers());
        assert!(records.contains("_imaps._tcp.hill.internal. SRV 0 1 10993 hill.internal.\n"));
        assert!(records.contains("_submission._tcp.hill.internal. SRV 0 0 0 .\n"));
    }
}
