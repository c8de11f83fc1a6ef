//! Delta Chat's `dclogin:` address and its picture.
//!
//! The address says everything that the program would otherwise ask for over the Internet or guess: hosts, ports,
//! security, user names, and that the certificate is the node's own (`ic=3`, `sc=3`: accepted whatever it is; a private
//! authority in the device's store doesn't help there).

use std::fmt::Write as _;

use lampion_web::filters::url;
use qrcode::{Color, EcLevel, QrCode};

use super::servers::{Security, Server};

/// Light modules around the picture (ISO/IEC 18004 §5.3.8).
const QUIET: usize = 4;

/// The address. `address` is ASCII: Delta Chat refuses others.
pub fn dclogin(address: &str, user: &str, secret: &str, imap: &Server, smtp: &Server) -> String {
    let security = |server: &Server| match server.security {
        Security::Tls => "ssl",
        Security::StartTls => "starttls",
    };
    let (user, secret) = (url(user), url(secret));
    format!(
        "dclogin:{address}?p={secret}&v=1&ih={}&ip={}&iu={user}&is={}&ic=3&sh={}&sp={}&su={user}&ss={}&sc=3",
        url(&imap.host),
        imap.port,
        security(imap),
        url(&smtp.host),
        smtp.port,
        security(smtp),
    )
}

/// A QR code as the inside of an SVG: side of the view box, and the path of the dark modules. `None` if the text is too
/// long for one.
pub fn qr(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while let Some(start) = row.iter().skip(x).position(|color| *color == Color::Dark) {
            let start = x + start;
            let length = row
                .iter()
                .skip(start)
                .take_while(|color| **color == Color::Dark)
                .count();
            // Writing to a string can't fail.
            let _never = write!(
                path,
                "M{} {}h{length}v1h-{length}",
                start + QUIET,
                y + QUIET
            );
            x = start + length;
        }
    }
    Some((width + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16, security: Security) -> Server {
        Server {
            host: "hill.local".into(),
            port,
            security,
        }
    }

    #[test]
    fn an_address_leaves_nothing_to_guess() {
        assert_eq!(
            dclogin(
                "mira@hill.internal",
                "미라@hill.internal",
                "abc-de",
                &server(993, Security::Tls),
                &server(587, Security::StartTls),
            ),
            "dclogin:mira@hill.internal?p=abc-de&v=1&ih=hill.local&ip=993&iu=%EB%AF%B8%EB%9D%BC%40hill.internal&is=ssl&ic=3\
             &sh=hill.local&sp=587&su=%EB%AF%B8%EB%9D%BC%40hill.internal&ss=starttls&sc=3"
        );
    }

    #[test]
    fn a_picture_has_every_dark_module_once() {
        let text = "dclogin:mira@hill.internal?p=x&v=1";
        let (side, path) = qr(text).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        assert_eq!(side, code.width() + 8);
        let dark = code
            .to_colors()
            .iter()
            .filter(|color| **color == Color::Dark)
            .count();
        let drawn: usize = path
            .split('h')
            .skip(1)
            .filter_map(|rest| rest.split('v').next()?.parse::<usize>().ok())
            .sum();
        assert_eq!(drawn, dark);
    }
}
