//! Mail programs are set up: by the page, by what they find themselves, and Delta Chat by its QR code, for real.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::process::Command;

use lampion_testnet::{Ask, Node, Session, TestNet};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
/// All that a page needs fits one TCP window; the frame's style and script come with the first page.
const PAGE_BYTES: usize = 14 * 1024;

fn node(net: &TestNet) -> Node {
    let mut node = net.prepare("hill");
    node.secure().mail();
    node.start();
    node
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text
        .split(before)
        .nth(1)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap_or_default()
}

/// Makes a password for a device; gives it and the address of the QR code.
fn device(session: &Session<'_>, name: &str) -> (String, String) {
    let page = session.post("/mail/setup", &[("device", name)]).expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    let text = page.text();
    let secret = between(&text, "<p class=\"code\"><code dir=\"ltr\">", "<").to_string();
    let address = between(&text, "<a href=\"dclogin:", "\"")
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    assert!(text.contains("<svg role=\"img\""));
    (secret, format!("dclogin:{address}"))
}

#[test]
fn the_page_tells_what_the_node_serves_and_each_device_has_its_own_password() {
    let net = TestNet::new(PROGRAM);
    let node = node(&net);
    let mira = node.person("mira", "member");
    let (imaps, submissions) = (node.listens("imaps"), node.listens("submissions"));
    let page = mira.get("/mail/setup").expect(200).text();
    for server in [imaps, submissions] {
        let row = format!(
            "<td><bdi>{}</bdi></td><td>{}</td>",
            server.ip(),
            server.port()
        );
        assert!(page.contains(&row), "{row} in {page}");
    }
    assert!(!page.contains("SRV"), "records are for operators");
    let (secret, address) = device(&mira, "phone");
    let user = "mira%40hill.internal";
    let expected = format!(
        "dclogin:mira@hill.internal?p={secret}&v=1&ih={}&ip={}&iu={user}&is=ssl&ic=3&sh={}&sp={}&su={user}&ss=ssl&sc=3",
        imaps.ip(),
        imaps.port(),
        submissions.ip(),
        submissions.port()
    );
    assert_eq!(address, expected);
    let page = mira.get("/mail/setup").expect(200).text();
    assert!(page.contains("<bdi>phone</bdi>") && !page.contains(&secret));
    let id = between(&page, "name=\"id\" value=\"", "\"").to_string();
    mira.post("/mail/setup/revoke", &[("id", &id)]).expect(303);
    assert!(
        !mira
            .get("/mail/setup")
            .expect(200)
            .text()
            .contains("<bdi>phone</bdi>")
    );
    mira.post("/mail/setup", &[("device", " ")]).expect(422);
    // Kept for a while, if a person wants so.
    mira.post("/mail/setup/keep", &[("days", "30")]).expect(303);
    assert!(
        mira.get("/mail/setup")
            .expect(200)
            .text()
            .contains("<option value=\"30\" selected>")
    );
    mira.post("/mail/setup/keep", &[("days", "31")]).expect(400);
    // Nobody sees it without signing in; an operator sees the records.
    assert_ne!(node.get("/mail/setup").status, 200);
    let ada = node.person("ada", "operator");
    let page = ada.get("/mail/setup").expect(200).text();
    assert!(page.contains(&format!(
        "_imaps._tcp.hill.internal. SRV 0 1 {} hill.internal.",
        imaps.port()
    )));
}

#[test]
fn programs_find_the_settings_by_themselves() {
    let net = TestNet::new(PROGRAM);
    let node = node(&net);
    let imaps = node.listens("imaps");
    for path in [
        "/.well-known/autoconfig/mail/config-v1.1.xml",
        "/mail/config-v1.1.xml?emailaddress=mira%40hill.internal",
    ] {
        let config = node.get(path).expect(200);
        assert!(config.header("content-type").starts_with("text/xml"));
        let text = config.text();
        assert!(
            text.contains(&format!(
                "<hostname>{}</hostname><port>{}</port><socketType>SSL</socketType>",
                imaps.ip(),
                imaps.port()
            )),
            "{text}"
        );
        assert!(text.contains("<username>%EMAILADDRESS%</username>"));
    }
    let asked = "<?xml version=\"1.0\"?><Autodiscover><Request><EMailAddress>mira@hill.internal</EMailAddress></Request></Autodiscover>";
    for path in [
        "/autodiscover/autodiscover.xml",
        "/Autodiscover/Autodiscover.xml",
        "/AutoDiscover/AUTODISCOVER.xml",
    ] {
        let mut ask = Ask::of("POST", path).header("content-type", "text/xml");
        ask = ask.header("host", "autodiscover.hill.internal");
        let answer = node
            .pages()
            .ask(&ask.body(asked.as_bytes()))
            .expect(200)
            .text();
        assert!(
            answer.contains(&format!("<Port>{}</Port>", imaps.port())),
            "{answer}"
        );
        assert!(
            answer.contains("<LoginName>mira@hill.internal</LoginName>"),
            "{answer}"
        );
    }
    let strange = Ask::of("POST", "/autodiscover/other.xml");
    node.pages().ask(&strange).expect(404);
}

#[test]
fn a_profile_for_apples_devices_is_a_property_list_with_the_authority() {
    let net = TestNet::new(PROGRAM);
    let node = node(&net);
    let mira = node.person("mira", "member");
    let plain = mira.get("/mail/setup/lampion.mobileconfig").expect(200);
    assert_eq!(
        plain.header("content-type"),
        "application/x-apple-aspen-config"
    );
    let full = mira
        .post("/mail/setup/lampion.mobileconfig", &[("secret", "a-b-c")])
        .expect(200);
    let file = net.path("lampion.mobileconfig");
    std::fs::write(&file, &full.body).unwrap();
    let script = "import plistlib, sys, json, ssl\n\
        p = plistlib.load(open(sys.argv[1], 'rb'))\n\
        root, mail = p['PayloadContent']\n\
        pem = ssl.DER_cert_to_PEM_cert(root['PayloadContent'])\n\
        print(json.dumps([pem.split(), mail['IncomingPassword'], mail['IncomingMailServerPortNumber'], mail['EmailAddress'], mail['IncomingMailServerUseSSL']]))";
    let Ok(read) = Command::new("python3")
        .args(["-c", script])
        .arg(&file)
        .output()
    else {
        println!("skipped: there is no python3");
        return;
    };
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    let authority = std::fs::read_to_string(node.data().join("node/ca.pem")).unwrap();
    let words: Vec<&str> = authority.split_whitespace().collect();
    assert_eq!(
        read,
        json!([
            words,
            "a-b-c",
            node.listens("imaps").port(),
            "mira@hill.internal",
            true
        ])
    );
}

#[test]
fn pages_are_small() {
    let net = TestNet::new(PROGRAM);
    let node = node(&net);
    let ada = node.person("ada", "operator");
    let token = ada.csrf();
    for language in ["en", "ar", "ru"] {
        let cookie = format!("{}; lang={language}", ada.cookie());
        let ask = |ask: Ask| {
            let ask = ask
                .header("accept-encoding", "br")
                .header("cookie", &cookie);
            node.pages().ask(&ask).expect(200).body.len()
        };
        let style = ask(Ask::get("/mail/setup"));
        let made = ask(Ask::form(
            "/mail/setup",
            &[("csrf", &token), ("device", "phone")],
        ));
        let transfer = ask(Ask::get("/mail/transfer"));
        println!("{language}: {style}, {made}, {transfer} bytes");
        assert!(
            style.max(made).max(transfer) < PAGE_BYTES - 5_000,
            "{language}: {style}, {made}, {transfer}"
        );
    }
}

#[test]
fn two_accounts_of_delta_chat_talk_by_nothing_but_their_codes() {
    let Some(python) = std::env::var_os("LAMPION_TEST_PYTHON") else {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
        return;
    };
    let net = TestNet::new(PROGRAM);
    let node = node(&net);
    let codes = ["mira", "tomas"].map(|name| device(&node.person(name, "member"), "Delta Chat").1);
    let bin = std::path::Path::new(&python)
        .parent()
        .unwrap()
        .to_path_buf();
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deltachat.py"))
        .arg(net.folder("deltachat"))
        .args(&codes)
        .env("PATH", path)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{}", node.log());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        said,
        json!({
            "kinds": ["login", "login"],
            "configured": [true, true],
            "addresses": ["mira@hill.internal", "tomas@hill.internal"],
            "message": "Is the lantern lit?",
            "answer": "It is.",
            "encrypted": true,
            "file": ["plan.bin", true],
            "group": ["Keepers", "Welcome"],
            "group_answer": "Thank you",
        })
    );
}
