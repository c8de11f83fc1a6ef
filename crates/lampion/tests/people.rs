//! People over HTTP: tries that are too many, sessions, roles, devices, app passwords.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use lampion_testnet::{Ask, Node, Reply, TestNet, texts, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

fn try_in(node: &Node, name: &str, password: &str) -> Reply {
    node.pages().ask(&Ask::form(
        "/sign-in",
        &[("name", name), ("password", password)],
    ))
}

/// The number of a person, as their form on the operator's page has it.
fn number(people: &str, name: &str) -> String {
    let at = people
        .find(&format!(">{name}<"))
        .or_else(|| people.find(name))
        .unwrap_or_else(|| panic!("{name}: {people}"));
    let rest = people[at..].split("action=\"/people/").nth(1).unwrap();
    rest.split('"').next().unwrap().to_string()
}

#[test]
fn guessing_is_slowed_down_for_the_guesser_only() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    hill.person("mira", "member");
    hill.person("lea", "member");
    let mut tries = 0;
    let refused = loop {
        tries += 1;
        let reply = try_in(&hill, "mira", "a wrong guess");
        match reply.status {
            422 => assert!(tries < 20, "nobody stops the guessing"),
            429 => break reply,
            other => panic!("{other}: {}", reply.text()),
        }
    };
    assert!(tries > 3, "a person may mistype");
    assert!(!refused.text().contains("password is wrong"));
    assert_eq!(
        try_in(&hill, "mira", "mira and a lantern").status,
        429,
        "the right one doesn't tell itself apart"
    );
    try_in(&hill, "lea", "lea and a lantern").expect(303);
    hill.restart();
    assert_eq!(
        try_in(&hill, "mira", "a wrong guess").status,
        429,
        "a restart forgets nothing"
    );
    let unknown = try_in(&hill, "nobody", "a wrong guess").expect(422).text();
    let known = try_in(&hill, "lea", "a wrong guess").expect(422).text();
    assert_eq!(
        unknown.replace("nobody", "lea"),
        known,
        "the page doesn't tell whether a name exists"
    );
}

#[test]
fn a_session_outlives_a_restart_and_ends_when_it_is_told() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    let cookie = hill.person("mira", "member").cookie().to_string();
    let second = hill
        .sign_in("mira", "mira and a lantern")
        .cookie()
        .to_string();
    assert_ne!(cookie, second);
    hill.restart();
    assert!(
        hill.resume(&cookie)
            .get("/account")
            .expect(200)
            .text()
            .contains("mira")
    );
    hill.kill9();
    hill.start();
    hill.resume(&cookie).get("/account").expect(200);
    hill.resume(&cookie).post("/sign-out", &[]).expect(303);
    hill.resume(&cookie).get("/account").expect(401);
    hill.resume(&second).get("/account").expect(200);
    hill.resume(&second)
        .post("/sign-out", &[("everywhere", "1")])
        .expect(303);
    hill.resume(&second).get("/account").expect(401);
    for cookie in [
        "lampion=",
        "lampion=x",
        "lampion=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "lampion=../../x; lampion=y",
    ] {
        hill.resume(cookie).get("/account").expect(401);
        hill.resume(cookie).get("/").expect(200);
    }
}

#[test]
fn a_new_password_signs_other_devices_out() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let first = hill.person("mira", "member");
    let second = hill.sign_in("mira", "mira and a lantern");
    second
        .post(
            "/account/password",
            &[("old", "a wrong one"), ("password", "a brighter lantern")],
        )
        .expect(422);
    second
        .post(
            "/account/password",
            &[("old", "mira and a lantern"), ("password", "short")],
        )
        .expect(422);
    second
        .post(
            "/account/password",
            &[
                ("old", "mira and a lantern"),
                ("password", "a brighter lantern"),
            ],
        )
        .expect(303);
    second.get("/account").expect(200);
    first.get("/account").expect(401);
    try_in(&hill, "mira", "mira and a lantern").expect(422);
    try_in(&hill, "mira", "a brighter lantern").expect(303);
    hill.run_with(&["person", "password", "mira"], "by the command line\n")
        .expect(0);
    // Another process changed it: the node notices within a few seconds.
    until("the session's end", || {
        (second.get("/account").status == 401).then_some(())
    });
    hill.sign_in("mira", "by the command line");
}

#[test]
fn app_passwords_are_shown_once_and_are_no_sign_in() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let mira = hill.person("mira", "member");
    let shown = mira
        .post(
            "/account/app-passwords",
            &[("label", "reader on the tablet")],
        )
        .expect(200)
        .text();
    let secret = shown
        .split("<code")
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1))
        .and_then(|rest| rest.split('<').next())
        .unwrap_or_else(|| panic!("{shown}"))
        .to_string();
    assert!(secret.len() >= 16, "{secret}");
    let account = mira.get("/account").expect(200).text();
    assert!(account.contains("reader on the tablet") && !account.contains(&secret));
    try_in(&hill, "mira", &secret).expect(422);
    let id = account
        .split("name=\"id\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_string();
    let lea = hill.person("lea", "member");
    lea.post("/account/app-passwords/revoke", &[("id", &id)]);
    assert!(
        mira.get("/account").text().contains("reader on the tablet"),
        "nobody else revokes it"
    );
    mira.post("/account/app-passwords/revoke", &[("id", &id)])
        .expect(303);
    assert!(!mira.get("/account").text().contains("reader on the tablet"));
}

#[test]
fn the_last_operator_can_neither_be_demoted_nor_disabled() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let ona = hill.person("ona", "operator");
    let people = ona.get("/people").expect(200).text();
    let path = format!("/people/{}", number(&people, "ona"));
    for form in [
        &[("role", "member")][..],
        &[("role", "operator"), ("disabled", "1")][..],
    ] {
        ona.post(&path, form).expect(422);
        ona.get("/people").expect(200);
    }
}

#[test]
fn an_operator_adds_disables_and_gives_roles() {
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    let ona = hill.person("ona", "operator");
    let mira = hill.person("mira", "member");
    mira.get("/people").expect(403);
    mira.get("/desk").expect(403);
    let made = ona
        .post("/people", &[("name", "tam"), ("display", "Tam Field")])
        .expect(200)
        .text();
    let link = made
        .split("/start/")
        .nth(1)
        .and_then(|rest| rest.split(['<', '"']).next())
        .map(|secret| format!("/start/{}", secret.trim()))
        .unwrap();
    let tam = hill
        .pages()
        .ask(&Ask::form(
            &link,
            &[
                ("password", "tam reads at night"),
                ("again", "tam reads at night"),
            ],
        ))
        .expect(303);
    let tam = hill.session(&tam);
    tam.get("/account").expect(200);
    hill.get(&link).expect(410);
    ona.post("/people", &[("name", "tam"), ("display", "Another")])
        .expect(422);
    ona.post("/people", &[("name", "no such name!"), ("display", "x")])
        .expect(422);

    let people = ona.get("/people").expect(200).text();
    let (mira_number, ona_number) = (number(&people, "mira"), number(&people, "ona"));
    ona.post(&format!("/people/{mira_number}"), &[("role", "librarian")])
        .expect(303);
    mira.get("/desk").expect(200);
    mira.post(&format!("/people/{ona_number}"), &[("disabled", "1")])
        .expect(403);
    ona.post(
        &format!("/people/{mira_number}"),
        &[("role", "librarian"), ("disabled", "1")],
    )
    .expect(303);
    mira.get("/desk").expect(401);
    try_in(&hill, "mira", "mira and a lantern").expect(422);
    ona.post(&format!("/people/{mira_number}"), &[("role", "member")])
        .expect(303);
    try_in(&hill, "mira", "mira and a lantern").expect(303);
    ona.post("/people/none-such", &[("role", "member")])
        .expect(404);
}

#[test]
fn the_command_line_has_its_exit_codes() {
    let net = TestNet::new(PROGRAM);
    let hill = net.prepare("hill");
    let link = hill.run(&["person", "add", "mira"]).expect(0);
    assert!(link.out.contains("/start/"), "{}", link.out);
    hill.run(&["person", "add", "mira"]).expect(1);
    hill.run(&["person", "add", "lea", "--role", "king"])
        .expect(1);
    hill.run_with(&["person", "add", "lea", "--password"], "\n")
        .expect(1);
    hill.run_with(&["person", "add", "lea", "--password"], "short\n")
        .expect(1);
    hill.run(&["person", "role", "nobody", "member"]).expect(3);
    hill.run(&["person", "password", "nobody", "--link"])
        .expect(3);
    hill.run(&["person", "role", "mira", "librarian,editor"])
        .expect(0);
    let people = hill.run(&["person", "list", "--json"]).expect(0).json();
    assert_eq!(texts(&people, "name"), ["mira"]);
    assert!(
        people[0]["roles"].to_string().contains("editor"),
        "{people}"
    );
    hill.run(&["person"]).expect(2);
    hill.run(&["serve", "--nonsense"]).expect(2);
    assert!(
        hill.run(&["completions", "bash"])
            .expect(0)
            .out
            .contains("lampion")
    );
}
