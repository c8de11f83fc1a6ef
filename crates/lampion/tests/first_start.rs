//! The first start: keys, a link that works once, and real content on the first page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use lampion_testnet::{Ask, TestNet, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

#[test]
fn the_link_makes_the_first_operator_once() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    let link = hill.first_start().expect("a link on the first start");
    let page = hill.get(&link).expect(200).text();
    assert!(page.contains("name=\"again\""), "{page}");

    let form = |password: &str, again: &str| {
        Ask::form(
            &link,
            &[
                ("name", "ona"),
                ("display", "Ona"),
                ("password", password),
                ("again", again),
            ],
        )
    };
    hill.pages()
        .ask(&form("a quiet lantern", "another one"))
        .expect(422);
    hill.pages().ask(&form("short", "short")).expect(422);
    let made = hill
        .pages()
        .ask(&form("a quiet lantern", "a quiet lantern"))
        .expect(303);
    let cookie = made.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let ona = hill.session(&made);
    ona.get("/people").expect(200);
    assert!(ona.get("/desk").expect(200).text().contains("handbook"));

    hill.get(&link).expect(410);
    hill.pages()
        .ask(&form("somebody else's", "somebody else's"))
        .expect(410);
    hill.restart();
    assert_eq!(
        hill.first_start(),
        None,
        "with an operator, no link is made"
    );
}

#[test]
fn links_of_earlier_starts_still_work_but_only_one_operator_is_made() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    let first = hill.first_start().unwrap();
    hill.restart();
    let second = hill.first_start().unwrap();
    assert_ne!(first, second);
    let fields = [
        ("name", "ona"),
        ("display", "Ona"),
        ("password", "a quiet lantern"),
        ("again", "a quiet lantern"),
    ];
    hill.pages().ask(&Ask::form(&second, &fields)).expect(303);
    hill.pages()
        .ask(&Ask::form(
            &first,
            &[
                ("name", "eve"),
                ("display", "Eve"),
                ("password", "a stolen lantern"),
                ("again", "a stolen lantern"),
            ],
        ))
        .expect(410);
    let people = hill.run(&["person", "list", "--json"]).expect(0).json();
    assert_eq!(lampion_testnet::texts(&people, "name"), ["ona"]);
}

#[test]
fn a_fresh_node_shows_its_handbook_and_finds_in_it() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    until("the handbook", || {
        hill.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    let home = hill.get("/").expect(200).text();
    assert!(home.contains("/collection/handbook"), "{home}");
    let found = hill.search("search");
    assert!(found["total"].as_u64().unwrap() > 0, "{found}");
    let url = found["hits"][0]["url"].as_str().unwrap();
    hill.get(url).expect(200);
    assert!(
        hill.search("검색")["total"].as_u64().unwrap() > 0,
        "the handbook is in Korean too"
    );
}

#[test]
fn nobody_else_is_let_in_by_default() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    for path in ["/desk", "/desk/import", "/people", "/account"] {
        hill.get(path).expect(401);
    }
    for (name, password) in [
        ("admin", "admin"),
        ("lampion", "lampion"),
        ("", ""),
        ("operator", ""),
    ] {
        hill.pages()
            .ask(&Ask::form(
                "/sign-in",
                &[("name", name), ("password", password)],
            ))
            .expect(422);
    }
    hill.get("/start/abcdefgh").expect(410);
}

#[test]
fn a_second_program_on_the_same_folder_is_refused_and_a_taken_port_is_named() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let second = hill
        .run(&[
            "serve",
            "--no-qr",
            "--http",
            "127.0.0.1:0",
            "--content",
            "127.0.0.1:0",
            "--https",
            "none",
        ])
        .expect(1);
    assert!(
        second.err.contains("another Lampion works on"),
        "{}",
        second.err
    );
    let taken = hill.pages().address().to_string();
    let other = net
        .prepare("valley")
        .run(&[
            "serve",
            "--no-qr",
            "--http",
            &taken,
            "--content",
            "127.0.0.1:0",
            "--https",
            "none",
        ])
        .expect(1);
    assert!(
        other.err.contains(&taken) && other.err.contains("lampion.toml"),
        "{}",
        other.err
    );
    hill.get("/health").expect(200);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.prepare("hill");
    hill.set("serach_deadline_ms = 5");
    assert!(!hill.try_start());
    assert!(hill.log().contains("serach_deadline_ms"), "{}", hill.log());
    let checked = hill.run(&["config", "check"]).expect(1);
    assert!(
        checked.err.contains("serach_deadline_ms"),
        "{}",
        checked.err
    );
}

#[test]
fn doctor_says_what_is_missing_and_what_is_well() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    until("the handbook", || {
        hill.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    let sick = hill.run(&["doctor", "--json"]).expect(1).json();
    assert_eq!(sick["ok"], false);
    assert!(sick.to_string().contains("no operator yet"), "{sick}");
    hill.person("ona", "operator");
    let well = hill.run(&["doctor", "--json"]).json();
    let problems: Vec<_> = well["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["ok"] == false && one["what"] != "disk")
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn a_command_ends_quietly_when_nobody_reads_it() {
    let net = TestNet::new(PROGRAM);
    let data = net.path("hill");
    let mut child = std::process::Command::new(PROGRAM)
        .arg("--data")
        .arg(&data)
        .args(["config", "show"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
