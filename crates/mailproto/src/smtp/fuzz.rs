//! What fuzzers and property tests call: both must say the same however bytes are split.

use super::reply::{Reply, ReplyReader};
use super::server::{Event, Kind, Server, Settings};
use crate::sasl::ChannelBinding;

/// A session of these bytes in pieces: what was said, what content came, how messages ended.
fn session(bytes: &[u8], kind: Kind, piece: usize) -> (Vec<u8>, Vec<u8>, Vec<String>) {
    let settings = Settings {
        kind,
        host: "hill.internal".into(),
        message_limit_bytes: 10_000,
        recipients_limit: 5,
        start_tls: kind == Kind::Relay,
    };
    let tls = (kind == Kind::Submission).then(ChannelBinding::default);
    let mut server = Server::new(settings, tls);
    let (mut said, mut body, mut events) = (Vec::new(), Vec::new(), Vec::new());
    let good = Reply::new(250, "2.0.0", "fine");
    for part in bytes.chunks(piece.max(1)) {
        let mut input = part;
        while let Some(event) = server.receive(&mut input) {
            match &event {
                Event::Mail(_) | Event::Rcpt(_) | Event::Data => server.answer(&good),
                Event::End => server.answer_message(std::slice::from_ref(&good)),
                Event::Plain(_) => server.signed_in(),
                Event::ScramName(_) => server.scram_salt("nonce", b"salt", 4_096),
                Event::ScramProof(..) => server.scram_right(&[7; 32]),
                Event::Body(piece) => {
                    body.extend_from_slice(piece);
                    continue;
                }
                Event::Dropped | Event::StartTls | Event::Close => {}
            }
            events.push(format!("{event:?} at {}", body.len()));
        }
        said.extend(server.output());
    }
    (said, body, events)
}

/// Any bytes as sessions of each kind: nothing panics, and every split gives the same.
///
/// # Panics
/// It doesn't.
pub fn fuzz_server(data: &[u8]) {
    for kind in [Kind::Relay, Kind::Submission, Kind::Lmtp] {
        let (said, _, events) = session(data, kind, usize::MAX);
        for piece in [1, 3] {
            let other = session(data, kind, piece);
            // A message that is refused in its middle has passed on less or more of its content before.
            let ends = |events: &[String]| -> Vec<String> {
                let word =
                    |text: &String| text.split(" at ").next().unwrap_or_default().to_string();
                events.iter().map(word).collect()
            };
            assert!(said == other.0, "what is said depends on the split");
            assert!(
                ends(&events) == ends(&other.2),
                "what is done depends on the split"
            );
        }
    }
}

/// Any bytes as replies.
///
/// # Panics
/// What is read depends on the split.
pub fn fuzz_replies(data: &[u8]) {
    let read = |piece: usize| {
        let (mut reader, mut all) = (ReplyReader::default(), Vec::new());
        for part in data.chunks(piece.max(1)) {
            let mut input = part;
            loop {
                match reader.read(&mut input) {
                    Ok(Some(reply)) => all.push(reply),
                    Ok(None) => break,
                    Err(_) => return (all, true),
                }
            }
        }
        (all, false)
    };
    let whole = read(usize::MAX);
    assert!(whole.0 == read(1).0, "what is read depends on the split");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINES: [&str; 26] = [
        "EHLO a.b\r\n",
        "LHLO a.b\r\n",
        "MAIL FROM:<a@b>\r\n",
        "RCPT TO:<c@d>\r\n",
        "DATA\r\n",
        "hello\r\n",
        ".\r\n",
        "..x\r\n",
        "BDAT 5\r\n",
        "BDAT 3 LAST\r\n",
        "a\r\nbc",
        "RSET\r\n",
        "NOOP\r\n",
        "QUIT\r\n",
        "STARTTLS\r\n",
        "\n",
        "\r",
        "\0",
        "\n.\n",
        "\r.\r\n",
        "AUTH PLAIN AGEAYg==\r\n",
        "AUTH PLAIN\r\n",
        "AGEAYg==\r\n",
        "AUTH SCRAM-SHA-256 biwsbj11LHI9YQ==\r\n",
        "*\r\n",
        "XYZZY\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn any_split_of_a_session_gives_the_same(
            picks in prop::collection::vec(0..LINES.len(), 0..30),
            long in 0usize..6_000,
        ) {
            let mut text: String = picks.iter().map(|n| LINES[*n]).collect();
            text.push_str(&"x".repeat(long));
            text.push_str("\r\nNOOP\r\n");
            fuzz_server(text.as_bytes());
        }

        #[test]
        fn any_bytes_are_replies_or_not(text in "(2[05]0[- ]x{0,5}\r?\n|.){0,20}") {
            fuzz_replies(text.as_bytes());
        }
    }

    fn relay(text: &str) -> (String, String) {
        let (said, body, _) = session(text.as_bytes(), Kind::Relay, usize::MAX);
        (
            String::from_utf8(said).unwrap(),
            String::from_utf8(body).unwrap(),
        )
    }

    #[test]
    fn a_message_comes_by_data_and_by_bdat() {
        let begin = "EHLO a\r\nMAIL FROM:<a@b> SIZE=5\r\nRCPT TO:<c@d>\r\n";
        let (said, body) = relay(&format!("{begin}DATA\r\na\r\n..b\r\n.\r\nQUIT\r\n"));
        assert_eq!(body, "a\r\n.b\r\n");
        assert!(
            said.contains("354 ") && said.ends_with("221 2.0.0 hill.internal closing\r\n"),
            "{said}"
        );
        let (said, body) = relay(&format!(
            "{begin}BDAT 3\r\na\r\nBDAT 4 LAST\r\n.\r\n\nNOOP\r\n"
        ));
        assert_eq!(body, "a\r\n", "a bare LF in the second chunk");
        assert!(
            said.contains("550 5.6.0 the message has a bare LF"),
            "{said}"
        );
    }

    #[test]
    fn what_is_smuggled_is_never_a_command() {
        let begin = "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx";
        for ending in [
            "\n.\n",
            "\r.\n",
            "\n.\r",
            "\n.\r\n",
            "\r\n.\n",
            "\r.\r\n",
            "\r\n.\r",
            "\r\n.\0\r\n",
            "\r\n\0.\r\n",
        ] {
            let (said, _) = relay(&format!(
                "{begin}{ending}MAIL FROM:<evil@b>\r\nRCPT TO:<c@d>\r\n.\r\nNOOP\r\n"
            ));
            let last: Vec<&str> = said.lines().rev().take(3).collect();
            assert_eq!(last[0], "250 2.0.0 still here", "{ending:?}");
            assert!(last[1].starts_with("550 5.6.0 "), "{ending:?} {said}");
            assert!(last[2].starts_with("354 "), "{ending:?} {said}");
        }
        let (said, _) = relay("EHLO a\r\nNOOP\nMAIL FROM:<a@b>\r\n");
        assert!(
            said.ends_with("500 5.5.2 a line ends with CRLF, a bare CR or LF is not allowed\r\n")
        );
        let (said, _) = relay("EHLO a\r\nSTARTTLS\r\nMAIL FROM:<a@b>\r\n");
        assert!(
            said.ends_with("220 2.0.0 go ahead\r\n"),
            "nothing is taken over into TLS"
        );
    }

    #[test]
    fn what_is_out_of_order_too_large_or_too_much_is_refused() {
        let (said, _) = relay(
            "MAIL FROM:<a@b>\r\nEHLO a\r\nRCPT TO:<a@b>\r\nDATA\r\nMAIL FROM:<a@b> SIZE=99999\r\n",
        );
        let codes: Vec<&str> = said
            .lines()
            .filter(|line| !line.starts_with("2"))
            .map(|line| &line[..9])
            .collect();
        assert_eq!(codes, ["503 5.5.1", "503 5.5.1", "503 5.5.1", "552 5.3.4"]);
        let big = format!(
            "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n{}.\r\n",
            "x\r\n".repeat(5_000)
        );
        assert!(
            relay(&big)
                .0
                .ends_with("552 5.3.4 the message is larger than 10000 bytes\r\n")
        );
        assert!(
            relay(&"XYZZY\r\n".repeat(50))
                .0
                .ends_with("421 4.7.0 too many errors or empty commands\r\n")
        );
        let (said, _, _) = session(b"EHLO a\r\nMAIL FROM:<a@b>\r\n", Kind::Submission, 1);
        assert!(
            String::from_utf8(said)
                .unwrap()
                .ends_with("530 5.7.0 sign in first\r\n")
        );
        let (said, _, _) = session(
            b"LHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n.\r\n",
            Kind::Lmtp,
            1,
        );
        assert!(
            String::from_utf8(said)
                .unwrap()
                .ends_with("250 2.0.0 fine\r\n250 2.0.0 fine\r\n"),
            "one for each"
        );
    }
}
