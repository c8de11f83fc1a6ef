//! Reading: the frame, the content's own origin, ranges and tags, what is missing, what is not for everybody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use lampion_testnet::{Ask, Node, TestNet, encode, until};
use lampion_zim::testing::ZimBuilder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

fn film() -> Vec<u8> {
    (0..3_000_000u32)
        .map(|number| (number % 251) as u8)
        .collect()
}

fn page(body: &str) -> String {
    format!("<html><head><title>t</title></head><body>{body}</body></html>")
}

/// An archive made from valley.example, with a film and a redirect.
fn valley(net: &TestNet, node: &Node, id: &str, options: &[&str]) {
    let path = net.path(&format!("{id}.zim"));
    ZimBuilder::new()
        .metadata("Title", "The valley")
        .metadata("Source", "https://valley.example/")
        .metadata("Language", "eng")
        .article("home.html", "Home", page("<p>The valley's mill.</p><a href=\"https://ridge.example/peak.html#top\">the peak</a> <a href=\"https://web.example/a?b=1&amp;c=2\">the web</a> <a href=\"mill.html\">mill</a>"))
        .article("mill.html", "Mill", page("<p>The mill grinds.</p>"))
        .article("a b & c?.html", "Odd", page("<p>An odd name.</p>"))
        .redirect("old.html", "Old", "mill.html")
        .blob("film.webm", "video/webm", film())
        .blob("script.js", "text/javascript", "document.title = 'x'")
        .main("home.html")
        .write_to(&path)
        .unwrap();
    let mut all = vec!["--id", id];
    all.extend_from_slice(options);
    node.import(&path, &all).expect(0);
    until(id, || {
        node.run(&["collection", "list", "--json"])
            .json()
            .as_array()?
            .iter()
            .find(|one| one["id"] == id && one["state"] == "ready")
            .map(|_| ())
    });
}

#[test]
fn the_frame_shows_content_of_another_origin() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    valley(&net, &hill, "valley", &[]);
    let host = hill.pages().address().to_string();
    let frame = hill
        .pages()
        .ask(&Ask::get("/read/valley/mill.html").header("host", &host))
        .expect(200);
    let content = format!("http://{}", hill.content().address());
    assert!(
        frame
            .text()
            .contains(&format!("src=\"{content}/c/valley/mill.html\"")),
        "{}",
        frame.text()
    );
    assert!(frame.text().contains("sandbox=\"") && !frame.text().contains("allow-same-origin"));
    let policy = frame.header("content-security-policy");
    assert!(
        policy.contains(&format!("frame-src 'self' {content}")),
        "{policy}"
    );

    let article = hill
        .content()
        .ask(&Ask::get("/c/valley/mill.html").header("host", &hill.content().address().to_string()))
        .expect(200);
    let policy = article.header("content-security-policy");
    assert!(
        policy.starts_with("sandbox allow-scripts") && !policy.contains("allow-same-origin"),
        "{policy}"
    );
    assert!(
        policy.contains(&format!("frame-ancestors {content} http://{host}")),
        "{policy}"
    );
    assert_eq!(article.header("x-content-type-options"), "nosniff");
    assert!(article.headers.get("set-cookie").is_none());
    assert_eq!(
        hill.content()
            .get("/c/valley/script.js")
            .expect(200)
            .header("content-type"),
        "text/javascript"
    );
    // Pages of our own are not on the content's origin, nor content on ours.
    for path in ["/", "/sign-in", "/account", "/desk", "/api/v1/collections"] {
        hill.content().get(path).expect(404);
    }
    hill.get("/c/valley/mill.html").expect(404);
}

#[test]
fn no_cookie_opens_anything_on_the_content_origin() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    valley(&net, &hill, "closed", &["--visibility", "signed-in"]);
    valley(&net, &hill, "other", &["--visibility", "signed-in"]);
    let mira = hill.person("mira", "member");
    for path in [
        "/collection/closed",
        "/read/closed/mill.html",
        "/text/closed/mill.html",
        "/record/closed/mill.html",
        "/original/closed/mill.html",
        "/api/v1/records/closed/mill.html",
        "/cover/closed",
    ] {
        hill.get(path).expect(404);
    }
    assert_eq!(
        hill.search("grinds")["total"],
        0,
        "who isn't signed in doesn't find it"
    );
    assert!(hill.collection("closed").is_none());
    assert!(!hill.get("/api/v1/suggest?q=mil").text().contains("closed"));
    assert!(
        !hill
            .get("/collections")
            .expect(200)
            .text()
            .contains("/collection/closed")
    );
    assert!(
        !hill
            .get("/out?url=https%3A%2F%2Fvalley.example%2Fmill.html")
            .text()
            .contains("closed")
    );

    let frame = mira.get("/read/closed/mill.html").expect(200).text();
    let path = frame
        .split("src=\"http")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(|rest| format!("/{}", rest.splitn(4, '/').nth(3).unwrap()))
        .unwrap();
    assert!(path.starts_with("/t/"), "{path}");
    let article = hill.content().get(&path).expect(200);
    assert!(article.text().contains("The mill grinds"));
    hill.content()
        .get(&path.replace("/closed/", "/other/"))
        .expect(404);
    hill.content()
        .get(&path.replacen("/t/", "/t/x", 1))
        .expect(404);
    hill.content()
        .ask(&Ask::get("/c/closed/mill.html").header("cookie", mira.cookie()))
        .expect(404);
    hill.content().get("/c/closed/mill.html").expect(404);
    let moved = hill
        .content()
        .get(&path.replace("mill.html", "old.html"))
        .expect(302);
    assert_eq!(moved.header("location"), path, "a redirect keeps the token");
}

#[test]
fn ranges_and_tags_are_those_of_the_standard() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    valley(&net, &hill, "valley", &[]);
    let whole = film();
    let ask = |range: &str| {
        hill.content()
            .ask(&Ask::get("/c/valley/film.webm").header("range", range))
    };
    let all = hill.content().get("/c/valley/film.webm").expect(200);
    assert_eq!(
        (all.header("accept-ranges"), all.header("content-length")),
        ("bytes", "3000000")
    );
    assert!(all.body == whole);
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=5-99", 5, 100),
        ("bytes=2999990-", 2_999_990, 3_000_000),
        ("bytes=-7", 2_999_993, 3_000_000),
        ("bytes=1000000-2100000", 1_000_000, 2_100_001),
        ("bytes=10-99999999", 10, 3_000_000),
    ] {
        let part = ask(range).expect(206);
        assert_eq!(
            part.header("content-range"),
            format!("bytes {from}-{}/3000000", to - 1),
            "{range}"
        );
        assert!(part.body == whole[from..to], "{range}");
        assert_eq!(
            part.header("content-length"),
            (to - from).to_string(),
            "{range}"
        );
    }
    // The rest of a film that has changed meanwhile is of no use: it comes whole.
    let tag = all.header("etag").to_string();
    for (condition, status) in [(tag.as_str(), 206), ("\"another\"", 200)] {
        let ask = Ask::get("/c/valley/film.webm")
            .header("range", "bytes=5-9")
            .header("if-range", condition);
        hill.content().ask(&ask).expect(status);
    }
    for range in ["bytes=3000000-", "bytes=9999999-99999999", "bytes=-0"] {
        let refused = ask(range).expect(416);
        assert_eq!(
            refused.header("content-range"),
            "bytes */3000000",
            "{range}"
        );
    }
    for range in ["bytes=4-2", "bytes=x-y", "lines=1-2", "bytes=0-1,5-6"] {
        assert!(
            ask(range).expect(200).body == whole,
            "{range} is passed over"
        );
    }
    for path in [
        "/c/valley/film.webm",
        "/c/valley/mill.html",
        "/c/valley/script.js",
    ] {
        let tag = hill.content().get(path).header("etag").to_string();
        assert!(!tag.is_empty(), "{path}");
        let again = hill
            .content()
            .ask(&Ask::get(path).header("if-none-match", &tag));
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    let head = hill
        .content()
        .ask(&Ask::of("HEAD", "/c/valley/film.webm"))
        .expect(200);
    assert_eq!(
        (head.header("content-length"), head.body.len()),
        ("3000000", 0)
    );
    let original = hill.get("/original/valley/mill.html").expect(200);
    assert!(original.text().contains("The mill grinds"));
    let disposition = original.header("content-disposition");
    assert!(disposition.contains("attachment"), "{disposition}");
}

#[test]
fn links_lead_into_the_library_where_it_has_the_page() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    valley(&net, &hill, "valley", &[]);
    let path = net.path("ridge.zim");
    ZimBuilder::new()
        .metadata("Title", "The ridge")
        .metadata("Source", "ridge.example")
        .article("peak.html", "Peak", page("<p>The peak.</p>"))
        .main("peak.html")
        .write_to(&path)
        .unwrap();
    hill.import(&path, &["--id", "ridge"]).expect(0);
    until("ridge", || {
        hill.collection("ridge")
            .filter(|one| one["state"] == "ready")
    });

    let home = hill.content().get("/c/valley/home.html").expect(200).text();
    assert!(
        home.contains(&format!(
            "/out?url={}",
            encode("https://ridge.example/peak.html#top")
        )),
        "{home}"
    );
    assert!(
        home.contains("href=\"mill.html\"") && home.contains("/frame.js"),
        "{home}"
    );
    let out = |url: &str| hill.get(&format!("/out?url={}", encode(url)));
    let location = |url: &str| out(url).expect(303).header("location").to_string();
    assert!(location("https://ridge.example/peak.html#top").starts_with("/read/ridge/peak.html"));
    assert_eq!(
        location("http://www.ridge.example/peak.html?x=1"),
        "/read/ridge/peak.html"
    );
    assert_eq!(
        location("//valley.example/mill.html"),
        "/read/valley/mill.html"
    );
    assert_eq!(
        location("https://valley.example/"),
        "/read/valley/home.html"
    );
    assert!(location("https://valley.example/old.html").starts_with("/read/valley/"));
    // What nobody here has is named, with a warning and a search; nothing is followed by itself.
    for url in [
        "https://web.example/a?b=1&c=2",
        "https://ridge.example/absent.html",
        "https://valley.example.evil.example/mill.html",
        "https://valley.examplemill.html",
    ] {
        let told = out(url).expect(200).text();
        assert!(
            told.contains("web.example")
                || told.contains("ridge.example")
                || told.contains("valley.example"),
            "{told}"
        );
    }
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "/desk",
        "ftp://x.example/",
    ] {
        out(url).expect(400);
    }
}

#[test]
fn what_is_missing_is_said_kindly_in_the_readers_language() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    valley(&net, &hill, "valley", &[]);
    let missing = hill
        .content()
        .ask(&Ask::get("/c/valley/the_water_wheel.html").header("accept-language", "ar"))
        .expect(404);
    assert!(
        missing.text().contains("dir=\"rtl\"")
            && missing.text().contains("/search?q=the%20water%20wheel")
            || missing.text().contains("/search?q=the+water+wheel"),
        "{}",
        missing.text()
    );
    assert!(
        missing
            .header("content-security-policy")
            .starts_with("sandbox")
    );
    for path in [
        "/read/nowhere/x",
        "/collection/nowhere",
        "/text/valley/absent.html",
        "/record/valley/absent.html",
        "/original/valley/absent.html",
    ] {
        let told = hill.get(path).expect(404).text();
        assert!(
            told.contains("<form") && told.contains("search"),
            "{path}: {told}"
        );
    }
    // A page that only scripts look for is found by its name, whatever stands in it.
    let odd = hill
        .content()
        .get(&format!("/c/valley/{}", "a%20b%20%26%20c%3F.html"))
        .expect(200)
        .text();
    assert!(odd.contains("An odd name"), "{odd}");
    let text = hill.get("/text/valley/home.html").expect(200).text();
    assert!(
        text.contains("/text/valley/mill.html") && text.contains("mill"),
        "{text}"
    );
    assert!(!text.contains("<script src=\"/frame"), "{text}");
    // The archive is gone from the disk: said, and everything else goes on.
    std::fs::remove_file(net.path("valley.zim")).unwrap();
    let mut hill = hill;
    hill.restart();
    assert!(matches!(
        hill.content().get("/c/valley/mill.html").status,
        503 | 404
    ));
    hill.get("/").expect(200);
    assert_eq!(
        hill.titles("grinds"),
        ["Mill"],
        "what it held is still found"
    );
    let sick = hill.run(&["doctor", "--json"]).expect(1);
    assert!(sick.out.contains("valley"), "{}", sick.out);
}
