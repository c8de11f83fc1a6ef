//! A configuration profile for Apple's devices: the account, and the node's authority so that its certificate is trusted.

use std::fmt::Write as _;

use super::discovery::xml;
use super::servers::Server;

/// Characters of Base64 in a line.
const LINE: usize = 76;

/// What a profile says.
pub struct Profile<'a> {
    /// The node's title.
    pub title: &'a str,
    /// The node's domain: `hill.internal`.
    pub domain: &'a str,
    /// The person's id: it keeps the identifiers apart, and the same each time, so that a new profile replaces the old.
    pub person: &'a str,
    /// The person's name as others see it.
    pub name: &'a str,
    /// Mail address, and the name to sign in with.
    pub address: &'a str,
    /// App password; empty if the device is to ask.
    pub secret: &'a str,
    /// The authority's certificate (PEM), if there is one.
    pub authority: Option<&'a str>,
    /// IMAP.
    pub imap: &'a Server,
    /// SMTP.
    pub smtp: &'a Server,
}

/// Media type of a profile.
pub const MEDIA_TYPE: &str = "application/x-apple-aspen-config";

impl Profile<'_> {
    /// An identifier that is the same whenever it is asked for (RFC 9562 §5.8).
    fn uuid(&self, what: &str) -> String {
        let text = format!("lampion profile\n{}\n{}\n{what}", self.domain, self.person);
        let mut bytes = [0u8; 16];
        for (to, from) in bytes
            .iter_mut()
            .zip(blake3::hash(text.as_bytes()).as_bytes())
        {
            *to = *from;
        }
        let mut digits = String::new();
        for (n, byte) in bytes.iter().enumerate() {
            let byte = match n {
                6 => byte & 0x0f | 0x80,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            if matches!(n, 4 | 6 | 8 | 10) {
                digits.push('-');
            }
            let _never = write!(digits, "{byte:02X}");
        }
        digits
    }

    fn account(&self) -> String {
        let mut out = String::new();
        let mut text = |key: &str, value: &str| {
            let _never = writeln!(out, "<key>{key}</key><string>{}</string>", xml(value));
        };
        text("PayloadType", "com.apple.mail.managed");
        text(
            "PayloadIdentifier",
            &format!("{}.mail.{}", self.domain, self.person),
        );
        text("PayloadUUID", &self.uuid("account"));
        text("PayloadDisplayName", self.address);
        text("EmailAccountType", "EmailTypeIMAP");
        text("EmailAccountName", self.name);
        text("EmailAccountDescription", self.title);
        text("EmailAddress", self.address);
        for (side, server) in [("Incoming", self.imap), ("Outgoing", self.smtp)] {
            text(
                &format!("{side}MailServerAuthentication"),
                "EmailAuthPassword",
            );
            text(&format!("{side}MailServerHostName"), &server.host);
            text(&format!("{side}MailServerUsername"), self.address);
            if !self.secret.is_empty() {
                text(&format!("{side}Password"), self.secret);
            }
        }
        for (side, server) in [("Incoming", self.imap), ("Outgoing", self.smtp)] {
            let _never = writeln!(
                out,
                "<key>{side}MailServerPortNumber</key><integer>{}</integer><key>{side}MailServerUseSSL</key><true/>",
                server.port
            );
        }
        out.push_str("<key>PayloadVersion</key><integer>1</integer>\n");
        out.push_str("<key>OutgoingPasswordSameAsIncomingPassword</key><true/>\n");
        out
    }

    fn trust(&self, pem: &str) -> String {
        // PEM's inside is DER in Base64 already, as the property list wants it.
        let body: String = pem
            .lines()
            .skip_while(|line| !line.starts_with("-----BEGIN"))
            .skip(1)
            .take_while(|line| !line.starts_with("-----END"))
            .flat_map(|line| line.trim().chars())
            .collect();
        let mut data = String::new();
        for (n, c) in body.chars().enumerate() {
            if n > 0 && n % LINE == 0 {
                data.push('\n');
            }
            data.push(c);
        }
        format!(
            "<dict>\n<key>PayloadType</key><string>com.apple.security.root</string>\n\
             <key>PayloadIdentifier</key><string>{}.authority</string>\n<key>PayloadUUID</key><string>{}</string>\n\
             <key>PayloadVersion</key><integer>1</integer>\n<key>PayloadDisplayName</key><string>{}</string>\n\
             <key>PayloadCertificateFileName</key><string>lampion-ca.crt</string>\n\
             <key>PayloadContent</key><data>\n{data}\n</data>\n</dict>\n",
            xml(self.domain),
            self.uuid("authority"),
            xml(self.title),
        )
    }

    /// The profile.
    pub fn written(&self) -> String {
        let trust = self
            .authority
            .map(|pem| self.trust(pem))
            .unwrap_or_default();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n<key>PayloadContent</key>\n<array>\n{trust}<dict>\n{}</dict>\n</array>\n\
             <key>PayloadType</key><string>Configuration</string>\n<key>PayloadVersion</key><integer>1</integer>\n\
             <key>PayloadIdentifier</key><string>{}.{}</string>\n<key>PayloadUUID</key><string>{}</string>\n\
             <key>PayloadDisplayName</key><string>{}: {}</string>\n<key>PayloadOrganization</key><string>{}</string>\n\
             <key>PayloadRemovalDisallowed</key><false/>\n</dict>\n</plist>\n",
            self.account(),
            xml(self.domain),
            xml(self.person),
            self.uuid("profile"),
            xml(self.title),
            xml(self.address),
            xml(self.title),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::servers::Security;
    use super::*;

    #[test]
    fn a_profile_is_the_same_each_time_but_for_the_password() {
        let server = Server {
            host: "hill.local".into(),
            port: 993,
            security: Security::Tls,
        };
        let mut profile = Profile {
            title: "Hill & valley",
            domain: "hill.internal",
            person: "p1",
            name: "Mira",
            address: "mira@hill.internal",
            secret: "",
            authority: Some("-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n"),
            imap: &server,
            smtp: &server,
        };
        let first = profile.written();
        assert_eq!(first, profile.written());
        assert!(first.contains("<data>\nAAAABBBB\n</data>"));
        assert!(first.contains("Hill &amp; valley"));
        assert!(!first.contains("IncomingPassword"));
        let uuids = |text: &str| -> Vec<String> {
            text.split("PayloadUUID</key><string>")
                .skip(1)
                .map(|rest| rest[..36].to_string())
                .collect()
        };
        let all = uuids(&first);
        assert_eq!(all.len(), 3);
        assert!(
            all.iter()
                .all(|one| &one[14..15] == "8" && one.as_bytes()[8] == b'-'),
            "{all:?}"
        );
        assert_ne!(all[0], all[1]);
        profile.secret = "s3";
        assert_eq!(uuids(&profile.written()), all);
        profile.person = "p2";
        assert_ne!(uuids(&profile.written()), all);
    }
}
