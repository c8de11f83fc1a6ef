//! What the standards of IMAP ask, heard line by line from a real node.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use lampion_testnet::{Node, Session, TestNet};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
/// The longest that a node may take to say something that it says by itself.
const PATIENCE: Duration = Duration::from_secs(60);

fn node(net: &TestNet) -> Node {
    let mut hill = net.prepare("hill");
    hill.secure();
    hill.mail();
    hill.start();
    hill
}

fn app_password(person: &Session<'_>) -> String {
    let page = person
        .post("/account/app-passwords", &[("label", "mail")])
        .expect(200)
        .text();
    let is_secret = |word: &&str| word.len() == 23 && word.split('-').all(|part| part.len() == 5);
    page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(is_secret)
        .unwrap_or_else(|| panic!("no secret on {page}"))
        .to_string()
}

/// A session of lines.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn new(node: &Node, protocol: &str) -> Self {
        let stream = TcpStream::connect(node.listens(protocol)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut talk = Self(BufReader::new(stream));
        talk.hear(|_| true);
        talk
    }

    fn signed_in(node: &Node, secret: &str) -> Self {
        let mut talk = Self::new(node, "imap");
        talk.ok(&format!("LOGIN mira {secret}"));
        talk
    }

    fn hear(&mut self, last: impl Fn(&str) -> bool) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "it ended: {all}");
            all.push_str(&line);
            if last(&line) {
                return all;
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// A command and all that is answered.
    fn ask(&mut self, command: &str) -> String {
        self.say(&format!("tag {command}\r\n"));
        self.hear(|line| line.starts_with("tag "))
    }

    fn ok(&mut self, command: &str) -> String {
        let said = self.ask(command);
        assert!(said.contains("tag OK"), "{command}: {said}");
        said
    }

    fn smtp(&mut self, command: &str) -> String {
        self.say(&format!("{command}\r\n"));
        self.hear(|line| line.get(3..4) == Some(" "))
    }
}

fn deliver(node: &Node, subject: &str) {
    let mut talk = Talk::new(node, "lmtp");
    talk.smtp("LHLO here.internal");
    talk.smtp("MAIL FROM:<a@valley.internal>");
    talk.smtp("RCPT TO:<mira@hill.internal>");
    talk.smtp("DATA");
    let said = talk.smtp(&format!("Subject: {subject}\r\n\r\n{subject}\r\n."));
    assert!(said.starts_with("250"), "{said}");
}

#[test]
fn subscriptions_outlive_their_mailboxes_and_are_made_by_nobody_else() {
    let net = TestNet::new(PROGRAM);
    let hill = node(&net);
    let secret = app_password(&hill.person("mira", "member"));
    let mut talk = Talk::signed_in(&hill, &secret);
    let lines = |said: &str, name: &str| -> Vec<String> {
        let ends = format!(" {name}\r\n");
        said.split_inclusive('\n')
            .filter(|line| line.ends_with(&ends))
            .map(|line| line.trim_end().to_string())
            .collect()
    };
    assert_eq!(
        lines(&talk.ok("LSUB \"\" *"), "Sent"),
        ["* LSUB () \"/\" Sent"]
    );
    talk.ok("CREATE a/b");
    talk.ok("CREATE a/c");
    let said = talk.ok("LSUB \"\" *");
    assert!(!said.contains("a/b"), "{said}");
    // RFC 3501 §6.3.9: `a` isn't subscribed, something below it is.
    talk.ok("SUBSCRIBE a/b");
    assert_eq!(
        lines(&talk.ok("LSUB \"\" %"), "a"),
        ["* LSUB (\\Noselect) \"/\" a"]
    );
    let said = talk.ok("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %");
    assert!(
        said.contains("* LIST (\\HasChildren) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))"),
        "{said}"
    );
    // What a pattern shows itself isn't told of once more by what is above it (RFC 5258 §3.5).
    let said = talk.ok("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (a a/b)");
    assert!(
        !said.contains("CHILDINFO") && said.contains(" a/b\r\n"),
        "{said}"
    );

    talk.ok("DELETE a/b");
    assert_eq!(
        lines(&talk.ok("LSUB \"\" *"), "a/b"),
        ["* LSUB () \"/\" a/b"]
    );
    let said = talk.ok("LIST (SUBSCRIBED) \"\" *");
    assert_eq!(
        lines(&said, "a/b"),
        ["* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" a/b"]
    );
    assert!(!talk.ok("LIST \"\" *").contains("a/b"));
    assert!(talk.ask("SELECT a/b").contains("tag NO [NONEXISTENT]"));
    // A mailbox that comes back is subscribed as its name is.
    talk.ok("CREATE a/b");
    let said = talk.ok("LIST \"\" a/% RETURN (SUBSCRIBED)");
    assert_eq!(
        lines(&said, "a/b"),
        ["* LIST (\\Subscribed \\HasNoChildren) \"/\" a/b"]
    );
    assert_eq!(lines(&said, "a/c"), ["* LIST (\\HasNoChildren) \"/\" a/c"]);
    // Another name for it takes nothing off the list.
    talk.ok("RENAME a/b d");
    let said = talk.ok("LSUB \"\" *");
    assert_eq!(
        lines(&said, "a/b").len() + lines(&said, "d").len(),
        2,
        "{said}"
    );
    talk.ok("UNSUBSCRIBE a/b");
    talk.ok("UNSUBSCRIBE a/b");
    let said = talk.ok("LSUB \"\" *");
    assert!(!said.contains("a/b") && said.contains(" d\r\n"), "{said}");
}

#[test]
fn a_message_is_recent_for_the_first_program_that_is_told_of_it() {
    let net = TestNet::new(PROGRAM);
    let mut hill = node(&net);
    let secret = app_password(&hill.person("mira", "member"));
    deliver(&hill, "one");
    deliver(&hill, "two");
    let mut looks = Talk::signed_in(&hill, &secret);
    assert!(looks.ok("STATUS INBOX (RECENT)").contains("(RECENT 2)"));
    // Who only looks takes nothing from others (RFC 3501 §6.3.2).
    assert!(looks.ok("EXAMINE INBOX").contains("* 2 RECENT\r\n"));
    let mut first = Talk::signed_in(&hill, &secret);
    assert!(first.ok("SELECT INBOX").contains("* 2 RECENT\r\n"));
    let said = first.ok("FETCH 1:* FLAGS");
    assert!(said.contains("* 2 FETCH (FLAGS (\\Recent))"), "{said}");
    let mut second = Talk::signed_in(&hill, &secret);
    assert!(second.ok("SELECT INBOX").contains("* 0 RECENT\r\n"));
    assert!(
        second
            .ok("FETCH 1:* FLAGS")
            .contains("* 2 FETCH (FLAGS ())")
    );
    assert!(second.ok("STATUS INBOX (RECENT)").contains("(RECENT 0)"));
    assert!(second.ok("SEARCH OLD").contains("* SEARCH 1 2\r\n"));

    deliver(&hill, "three");
    let said = second.ok("NOOP");
    assert!(said.contains("* 3 EXISTS\r\n* 1 RECENT\r\n"), "{said}");
    assert!(second.ok("SEARCH NEW").contains("* SEARCH 3\r\n"));
    assert!(second.ok("SEARCH NOT RECENT").contains("* SEARCH 1 2\r\n"));
    let said = first.ok("NOOP");
    assert!(said.contains("* 3 EXISTS\r\n* 2 RECENT\r\n"), "{said}");
    assert!(first.ok("SEARCH RECENT").contains("* SEARCH 1 2\r\n"));
    first.ok("STORE 1 +FLAGS (\\Deleted)");
    assert!(first.ok("EXPUNGE").contains("* 1 EXPUNGE\r\n"));
    assert!(first.ok("SEARCH RECENT").contains("* SEARCH 1\r\n"));
    let said = first.ok("STORE 1 +FLAGS (\\Seen)");
    assert!(
        said.contains("* 1 FETCH (FLAGS (\\Seen \\Recent))"),
        "{said}"
    );

    // rev2 knows no such flag, and takes it from nobody.
    deliver(&hill, "four");
    let mut later = Talk::signed_in(&hill, &secret);
    later.ok("ENABLE IMAP4rev2");
    assert!(!later.ok("SELECT INBOX").contains("RECENT"));
    assert!(!later.ok("FETCH 1:* FLAGS").contains("Recent"));
    // A stop is no reason to forget who was told.
    hill.stop();
    hill.start();
    let mut after = Talk::signed_in(&hill, &secret);
    let said = after.ok("SELECT INBOX");
    assert!(said.contains("* 1 RECENT\r\n"), "{said}");
}

#[test]
fn numbers_of_changes_are_told_from_where_they_are_asked_for() {
    let net = TestNet::new(PROGRAM);
    let hill = node(&net);
    let secret = app_password(&hill.person("mira", "member"));
    for subject in ["one", "two", "three"] {
        deliver(&hill, subject);
    }
    let mut talk = Talk::signed_in(&hill, &secret);
    talk.ok("SELECT INBOX");
    let said = talk.ok("FETCH 1 (MODSEQ)");
    assert!(said.starts_with("* OK [HIGHESTMODSEQ "), "{said}");
    assert!(!talk.ok("FETCH 1 (MODSEQ)").contains("HIGHESTMODSEQ"));
    let mut modseq = |command: &str| -> u64 {
        let said = talk.ok(command);
        let rest = said
            .split("MODSEQ ")
            .nth(1)
            .unwrap_or_else(|| panic!("{said}"));
        let digits = rest
            .trim_start_matches('(')
            .split(|c: char| !c.is_ascii_digit());
        digits.into_iter().next().unwrap().parse().unwrap()
    };
    let first = modseq("STORE 1 +FLAGS (\\Flagged)");
    let third = modseq("STORE 3 +FLAGS (\\Flagged)");
    let second = modseq("STORE 2 +FLAGS (\\Flagged)");
    assert!(first < third && third < second);
    // RFC 4731 §3.2: the highest of those that are told of.
    assert_eq!(modseq("SEARCH RETURN (MIN) MODSEQ 1"), first);
    assert_eq!(modseq("SEARCH RETURN (MAX) MODSEQ 1"), third);
    assert_eq!(modseq("SEARCH RETURN (MIN MAX) MODSEQ 1"), third);
    assert_eq!(modseq("SEARCH RETURN (MIN ALL) MODSEQ 1"), second);
    assert_eq!(modseq("SEARCH RETURN (COUNT) MODSEQ 1"), second);
    assert_eq!(modseq("SEARCH MODSEQ 1"), second);
}

#[test]
fn what_is_odd_but_right_is_answered() {
    let net = TestNet::new(PROGRAM);
    let hill = node(&net);
    let secret = app_password(&hill.person("mira", "member"));
    let mut talk = Talk::new(&hill, "imap");
    // RFC 2971 §3.3: thirty fields of a kilobyte, before anybody has signed in; and more than that.
    for (fields, length) in [(30, 1_024), (60, 3_000)] {
        let fields: Vec<String> = (0..fields)
            .map(|n| format!("\"f{n}\" \"{}\"", "x".repeat(length)))
            .collect();
        let said = talk.ok(&format!("ID ({})", fields.join(" ")));
        assert!(said.contains("* ID (\"name\" \"Lampion\""), "{said}");
    }
    // Of other commands so long nothing is known: they are refused, and what follows is heard.
    let said = talk.ask(&format!("LOGIN mira {}", "x".repeat(40_000)));
    assert!(said.contains("tag BAD"), "{said}");
    talk.ok(&format!("LOGIN mira {secret}"));
    // A name that can't be one is no mistake in the command (RFC 3501 §5.1.3).
    for name in ["a&b", "!#$&'+,-.0123456789:;<=>?@^_`|[}"] {
        let said = talk.ask(&format!("SELECT {name}"));
        assert!(said.contains("tag NO [CANNOT]"), "{said}");
    }
    let said = talk.ok("LIST \"\" a&b%*");
    assert!(!said.contains("* LIST"), "{said}");
}

#[test]
fn a_session_ends_when_its_password_is_revoked_or_the_account_is_closed() {
    let net = TestNet::new(PROGRAM);
    let hill = node(&net);
    let mira = hill.person("mira", "member");
    let chief = hill.person("lea", "operator");
    let (phone, desk) = (app_password(&mira), app_password(&mira));
    let mut idles = Talk::signed_in(&hill, &phone);
    idles.ok("SELECT INBOX");
    idles.say("tag IDLE\r\n");
    idles.hear(|line| line.starts_with('+'));
    let mut waits = Talk::signed_in(&hill, &phone);
    let mut other = Talk::signed_in(&hill, &desk);
    other.ok("SELECT INBOX");
    let id = {
        let page = mira.get("/account").expect(200).text();
        let value = page.split("/account/app-passwords/revoke").nth(1).unwrap();
        let value = value.split("name=\"id\"").nth(1).unwrap();
        let value = value.split("value=\"").nth(1).unwrap();
        value.split('"').next().unwrap().to_string()
    };
    mira.post("/account/app-passwords/revoke", &[("id", &id)])
        .expect(303);
    for ended in [&mut idles, &mut waits] {
        let said = ended.hear(|_| true);
        assert!(said.starts_with("* BYE"), "{said}");
    }
    // Another app password of the same person holds.
    other.ok("NOOP");
    other.ok("FETCH 1:* FLAGS");
    let id = {
        let page = chief.get("/people").expect(200).text();
        let at = page.find(">mira<").or_else(|| page.find("mira")).unwrap();
        let forms = page.get(at..).unwrap();
        let action = forms.split("action=\"/people/").nth(1).unwrap();
        action.split('"').next().unwrap().to_string()
    };
    chief
        .post(
            &format!("/people/{id}"),
            &[("role", "member"), ("disabled", "on")],
        )
        .expect(303);
    let said = other.hear(|_| true);
    assert!(said.starts_with("* BYE"), "{said}");
}

#[test]
fn many_messages_short_and_long_come_whole_and_in_order() {
    let net = TestNet::new(PROGRAM);
    let hill = node(&net);
    let secret = app_password(&hill.person("mira", "member"));
    let mut talk = Talk::signed_in(&hill, &secret);
    let body = |n: usize| {
        // Of every fiftieth so much that it lies in pieces outside the database.
        let lines = if n % 50 == 7 { 9_000 } else { n % 40 };
        (0..lines).fold(String::new(), |all, line| {
            all + &format!("{n} and {line} of the lines\r\n")
        })
    };
    let message = |n: usize| format!("Subject: number {n}\r\nTo: x@y\r\n\r\n{}", body(n));
    const COUNT: usize = 330;
    for n in 1..=COUNT {
        let message = message(n);
        talk.ok(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len()));
    }
    talk.ok("SELECT INBOX");
    let whole = |what: &str, of: &dyn Fn(usize) -> String| {
        (1..=COUNT).fold(String::new(), |all, n| {
            let of = of(n);
            all + &format!("* {n} FETCH ({what} {{{}}}\r\n{of})\r\n", of.len())
        })
    };
    let cut = |said: String| said.split("tag OK").next().unwrap().to_string();
    let got = cut(talk.ok("FETCH 1:* (BODY.PEEK[])"));
    assert!(got == whole("BODY[]", &message), "whole messages");
    let got = cut(talk.ok("FETCH 1:* (BODY.PEEK[TEXT])"));
    assert!(got == whole("BODY[TEXT]", &body), "bodies");
    let head = |n: usize| format!("Subject: number {n}\r\nTo: x@y\r\n\r\n");
    let got = cut(talk.ok("FETCH 1:* (BODY.PEEK[HEADER])"));
    assert!(got == whole("BODY[HEADER]", &head), "headers");
    let got = talk.ok("FETCH 1:* (ENVELOPE)");
    for (n, line) in (1..=COUNT).zip(got.lines()) {
        let begins = format!("* {n} FETCH (ENVELOPE (NIL \"number {n}\" ");
        assert!(line.starts_with(&begins), "{line}");
    }
    // A part from the middle of a long one, over the edges of its pieces.
    let long = message(57);
    let got = talk.ok("FETCH 57 (BODY.PEEK[]<60000.150000>)");
    let part = &long[60_000..210_000];
    assert!(
        got.starts_with(&format!(
            "* 57 FETCH (BODY[]<60000> {{{}}}\r\n{part})",
            part.len()
        )),
        "a part"
    );
    // Seen by reading, and told so; all together with what else is asked for.
    let got = talk.ok("FETCH 3:4 (BODY[TEXT] BODYSTRUCTURE ENVELOPE)");
    assert_eq!(got.matches("FLAGS (\\Seen \\Recent)").count(), 2, "{got}");
    assert_eq!(got.matches("BODYSTRUCTURE (\"text\"").count(), 2, "{got}");
}
