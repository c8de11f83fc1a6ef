//! HTTP done properly: compression, tags, headers, forms of strangers, an orderly end, HTTPS and HTTP/2.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use lampion_testnet::{Ask, Client, TestNet, encode, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

const PAGES: [&str; 12] = [
    "/",
    "/search",
    "/search?q=library",
    "/collections",
    "/collection/handbook",
    "/sign-in",
    "/health",
    "/metrics",
    "/robots.txt",
    "/opensearch.xml",
    "/api/v1/collections",
    "/nowhere",
];

#[test]
fn pages_are_compressed_as_the_reader_asks() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let plain = hill.get("/").expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    for (asked, given) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("identity", ""),
        ("nonsense", ""),
    ] {
        let reply = hill
            .pages()
            .ask(&Ask::get("/").header("accept-encoding", asked))
            .expect(200);
        let got = reply.header("content-encoding");
        if asked.contains(',') {
            assert!(["br", "zstd"].contains(&got), "{asked}: {got}");
        } else {
            assert_eq!(got, given, "{asked}");
        }
        if !got.is_empty() {
            assert!(
                reply.body.len() < plain.body.len() / 2,
                "{asked}: {} of {}",
                reply.body.len(),
                plain.body.len()
            );
            assert!(
                reply.header("vary").contains("accept-encoding"),
                "{:?}",
                reply.headers
            );
        }
    }
}

#[test]
fn a_page_that_the_reader_has_is_not_sent_again() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    until("the handbook", || {
        hill.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    for path in ["/", "/collections", "/search?q=library", "/sign-in"] {
        // A search tells how long it took: only what was the same is not sent again.
        let first = hill.get(path).expect(200);
        let tag = first.header("etag").to_string();
        assert!(!tag.is_empty(), "{path}");
        let again = hill
            .pages()
            .ask(&Ask::get(path).header("if-none-match", &tag));
        if path.starts_with("/search") {
            assert!(matches!(again.status, 200 | 304), "{path}");
            continue;
        }
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), tag);
        hill.pages()
            .ask(&Ask::get(path).header("if-none-match", "\"other\""))
            .expect(200);
        let other = hill
            .pages()
            .ask(
                &Ask::get(path)
                    .header("accept-language", "ko")
                    .header("if-none-match", &tag),
            )
            .expect(200);
        assert_ne!(other.header("etag"), tag, "{path} in another language");
    }
    let style = hill.get("/").expect(200).text();
    let path = style
        .split("href=\"")
        .find(|part| part.starts_with("/assets/"))
        .and_then(|part| part.split('"').next())
        .unwrap()
        .to_string();
    let asset = hill.get(&path).expect(200);
    assert!(
        asset.header("cache-control").contains("immutable"),
        "{:?}",
        asset.headers
    );
    hill.get("/assets/x/nothing.css").expect(404);
}

#[test]
fn every_page_has_headers_that_keep_it_apart() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let mira = hill.person("mira", "operator,librarian");
    let signed_in = [
        "/account",
        "/desk",
        "/desk/import",
        "/people",
        "/desk/handbook",
    ]
    .map(|path| (path, mira.get(path).expect(200)));
    for (path, reply) in PAGES
        .map(|path| (path, hill.get(path)))
        .iter()
        .chain(&signed_in)
    {
        assert!(
            matches!(reply.status, 200 | 404),
            "{path}: {}",
            reply.status
        );
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("unsafe-"),
            "{path}: {policy}"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(
            reply.header("cross-origin-opener-policy"),
            "same-origin",
            "{path}"
        );
        assert!(reply.header("server").is_empty(), "{path}");
    }
    for (path, reply) in &signed_in {
        assert!(
            !reply.header("cache-control").contains("public"),
            "{path}: {}",
            reply.header("cache-control")
        );
    }
}

#[test]
fn forms_of_strangers_are_refused() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let mira = hill.person("mira", "librarian");
    let form = || {
        Ask::form(
            "/sign-in",
            &[("name", "mira"), ("password", "mira and a lantern")],
        )
    };
    let host = hill.pages().address().to_string();
    for ask in [
        form().header("sec-fetch-site", "cross-site"),
        form().header("sec-fetch-site", "same-site"),
        form()
            .header("origin", "http://elsewhere.example")
            .header("host", &host),
        form().header("origin", "null").header("host", &host),
        form()
            .header("origin", &format!("http://{}", hill.content().address()))
            .header("host", &host),
    ] {
        hill.pages().ask(&ask).expect(403);
    }
    hill.pages()
        .ask(
            &form()
                .header("origin", &format!("http://{host}"))
                .header("host", &host),
        )
        .expect(303);
    hill.pages()
        .ask(&form().header("sec-fetch-site", "same-origin"))
        .expect(303);

    let act = |fields: &[(&str, &str)]| mira.ask(Ask::form("/desk/handbook", fields)).status;
    assert_eq!(act(&[("do", "check")]), 403, "without its token");
    assert_eq!(
        act(&[("do", "check"), ("csrf", "aaaaaaaaaaaaaaaaaaaaaaaaaa")]),
        403,
        "with another token"
    );
    let lea = hill.person("lea", "librarian").csrf();
    assert_eq!(
        act(&[("do", "check"), ("csrf", &lea)]),
        403,
        "with somebody else's token"
    );
    assert_eq!(mira.post("/desk/handbook", &[("do", "check")]).status, 303);
    let upload = mira.ask(Ask::upload(
        "/desk/import/upload",
        &[],
        &[("a.txt", b"words")],
    ));
    assert_eq!(upload.status, 403);
    assert!(hill.collection("a").is_none());
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    let address = hill.pages().address();
    let body = "name=nobody&password=nothing";
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "POST /sign-in HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{}", body.len(), &body[..5]).unwrap();
    // A connection that only waits must not hold it up.
    let idle = TcpStream::connect(address).unwrap();
    hill.get("/health").expect(200);
    hill.ask_to_stop();
    until("the listener to close", || {
        TcpStream::connect(address).is_err().then_some(())
    });
    stream.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    drop(idle);
    assert!(hill.ended().success());
    assert!(hill.log().contains("stopped"), "{}", hill.log());
}

#[test]
fn https_is_of_the_nodes_own_authority_with_http_2() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.prepare("hill");
    hill.secure().start();
    let secure = hill.https();
    let page = secure.get("/").expect(200);
    assert_eq!(format!("{:?}", page.version), "HTTP/2.0");
    let trust = hill.get("/trust").expect(200).text();
    assert!(trust.contains("/trust/lampion-ca.crt"), "{trust}");
    hill.person("mira", "member");
    let signed = secure
        .ask(&Ask::form(
            "/sign-in",
            &[
                ("name", "mira"),
                ("password", "mira and a lantern"),
                ("back", "/"),
            ],
        ))
        .expect(303);
    assert!(
        signed.header("set-cookie").contains("Secure"),
        "{}",
        signed.header("set-cookie")
    );

    // Another node's authority is not trusted, and the authority stays the same over restarts.
    let authority = hill.get("/trust/lampion-ca.crt").expect(200).text();
    let mut valley = net.prepare("valley");
    valley.secure().start();
    let stranger = Client::secure(valley.https().address(), &authority);
    assert!(stranger.try_ask(&Ask::get("/")).is_err());
    hill.restart();
    assert_eq!(
        hill.get("/trust/lampion-ca.crt").expect(200).text(),
        authority
    );
    hill.https().get("/health").expect(200);
}

#[test]
fn health_and_measures_tell_nothing_about_readers() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let word = "xylographer";
    hill.search(word);
    hill.get(&format!("/search?q={word}")).expect(200);
    hill.get(&format!("/read/handbook/{word}"));
    hill.content().get(&format!("/c/handbook/{word}.html"));
    hill.pages().ask(&Ask::form(
        "/sign-in",
        &[("name", word), ("password", word)],
    ));
    let health = hill.json("/health");
    assert_eq!(health["status"], "ok");
    let measures = hill.get("/metrics").expect(200).text();
    assert!(
        measures.lines().any(|line| line.contains("searches")
            && !line.starts_with('#')
            && !line.ends_with(" 0")),
        "{measures}"
    );
    assert!(
        !measures.contains(word) && !measures.contains("127.0.0.1"),
        "{measures}"
    );
    assert!(
        !hill.log().contains(word) && !hill.log().contains("127.0.0.1"),
        "{}",
        hill.log()
    );
}

#[test]
fn nonsense_is_answered_in_words_and_harms_nobody() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let address = hill.pages().address();
    let mut nonsense: Vec<Vec<u8>> = vec![
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
    ];
    nonsense.push([b"GET /".as_slice(), &[b'a'; 200_000], b" HTTP/1.1\r\n\r\n"].concat());
    for bytes in nonsense {
        let mut stream = TcpStream::connect(address).unwrap();
        let _it_may_close_early = stream.write_all(&bytes);
        let _shut = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _or_reset = stream.read_to_end(&mut answer);
        let first = String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .unwrap_or_default()
            .to_string();
        assert!(!first.contains(" 500"), "{first}");
    }
    for path in [
        "/collection/..%2f..%2fetc",
        "/read/handbook/..%2f..%2f..%2fetc%2fpasswd",
        "/original/handbook/../../../../etc/passwd",
        "/cover/%00",
        "/assets/x/..%2f..%2fCargo.toml",
        "/record/a/%ff%fe",
    ] {
        let reply = hill.get(path);
        assert!(
            (400..500).contains(&reply.status)
                || (reply.status == 200 && !reply.text().contains("root:")),
            "{path}: {} {}",
            reply.status,
            reply.text()
        );
        assert!(!reply.text().contains("root:"), "{path}");
    }
    for path in [
        "/c/handbook/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/c/handbook/%2e%2e/%2e%2e/lampion.toml",
        "/c/handbook//etc/passwd",
        "/t/x/handbook/en/welcome.md",
    ] {
        let reply = hill.content().get(path);
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
    }
    let long = encode(&"lantern ".repeat(2_000));
    hill.get(&format!("/api/v1/search?q={long}"));
    hill.get("/health").expect(200);
    assert!(!hill.log().contains("panicked"), "{}", hill.log());
}
