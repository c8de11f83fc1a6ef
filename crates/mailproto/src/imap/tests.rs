//! Commands of the RFCs' examples.

use super::command::*;
use super::fetch::BodyName;
use super::search::{DateIs, DateOf, Field};
use super::*;

fn body(text: &str) -> Body {
    Command::parse(format!("A1 {text}").as_bytes(), false)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .body
}

fn fails(text: &str) {
    assert!(
        Command::parse(format!("A1 {text}").as_bytes(), false).is_err(),
        "{text}"
    );
}

fn set(text: &str) -> SequenceSet {
    SequenceSet::parse(&mut cursor::Cursor::new(text.as_bytes(), false)).unwrap()
}

#[test]
fn signing_in() {
    assert_eq!(
        body("LOGIN SMITH \"SESAME\\\"\""),
        Body::Login {
            name: b"SMITH".to_vec(),
            password: b"SESAME\"".to_vec()
        }
    );
    assert_eq!(
        body("LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man"),
        Body::Login {
            name: b"FRED FOOBAR".to_vec(),
            password: b"fat man".to_vec()
        }
    );
    assert_eq!(
        body("authenticate plain dGVzdAB0ZXN0AHRlc3Q="),
        Body::Authenticate {
            mechanism: "PLAIN".into(),
            initial: Some(b"dGVzdAB0ZXN0AHRlc3Q=".to_vec())
        }
    );
    assert_eq!(
        body("AUTHENTICATE EXTERNAL ="),
        Body::Authenticate {
            mechanism: "EXTERNAL".into(),
            initial: Some(Vec::new())
        }
    );
    assert_eq!(
        body("ID (\"name\" \"sodr\" \"version\" \"19.34\" \"x\" NIL)"),
        Body::Id(vec![
            ("name".into(), "sodr".into()),
            ("version".into(), "19.34".into()),
            ("x".into(), String::new())
        ])
    );
    assert_eq!(body("ID NIL"), Body::Id(Vec::new()));
    assert_eq!(
        body("ENABLE CONDSTORE X-GOOD-IDEA"),
        Body::Enable(vec!["CONDSTORE".into(), "X-GOOD-IDEA".into()])
    );
    fails("LOGIN SMITH");
    fails("NOOP x");
    fails("XCHATMAIL");
    fails("ID (\"name\")");
}

#[test]
fn mailboxes() {
    assert_eq!(
        body("SELECT inbox (CONDSTORE)"),
        Body::Select {
            mailbox: "INBOX".into(),
            read_only: false,
            params: SelectParams {
                condstore: true,
                qresync: None
            }
        }
    );
    // RFC 7162 §3.2.5.2
    assert_eq!(
        body(
            "SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (5000,7500,9000,9990:9999 15000,22500,27000,29970,29973)))"
        ),
        Body::Select {
            mailbox: "INBOX".into(),
            read_only: false,
            params: SelectParams {
                condstore: false,
                qresync: Some(QResync {
                    uid_validity: 67_890_007,
                    modseq: 90_060_115_194_045_000,
                    known: Some(set("41:211,214:541")),
                    pairs: Some((
                        set("5000,7500,9000,9990:9999"),
                        set("15000,22500,27000,29970,29973")
                    )),
                })
            }
        }
    );
    assert_eq!(
        body("CREATE MySpecial (USE (\\Drafts \\Sent))"),
        Body::Create {
            mailbox: "MySpecial".into(),
            special: vec!["\\Drafts".into(), "\\Sent".into()]
        }
    );
    assert_eq!(
        body("RENAME \"&AOk-t&AOk-\" x"),
        Body::Rename {
            from: "été".into(),
            to: "x".into()
        }
    );
    assert_eq!(
        body("STATUS blurdybloop (UIDNEXT MESSAGES)"),
        Body::Status {
            mailbox: "blurdybloop".into(),
            items: vec![StatusItem::UidNext, StatusItem::Messages]
        }
    );
    fails("STATUS x ()");
    fails("STATUS x (FOO)");
    fails("CREATE \"a\nb\"");
}

#[test]
fn lists() {
    let Body::List(list) = body("LIST \"\" %") else {
        panic!()
    };
    assert!(!list.extended && list.patterns == ["%"]);
    let Body::List(list) = body(
        "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (\"INBOX\" \"Drafts\" \"Sent/%\") RETURN (STATUS (MESSAGES UNSEEN) SUBSCRIBED)",
    ) else {
        panic!()
    };
    assert!(list.extended && list.select.subscribed && list.select.recursive);
    assert_eq!(list.patterns, ["INBOX", "Drafts", "Sent/%"]);
    assert_eq!(
        list.returns.status,
        Some(vec![StatusItem::Messages, StatusItem::Unseen])
    );
    assert!(list.returns.subscribed);
    let Body::List(list) = body("LIST () \"\" \"*\" RETURN ()") else {
        panic!()
    };
    assert!(list.extended);
    assert_eq!(
        body("LSUB \"#news.\" \"comp.mail.*\""),
        Body::Lsub {
            reference: "#news.".into(),
            pattern: "comp.mail.*".into()
        }
    );
    fails("LIST (RECURSIVEMATCH) \"\" *");
}

#[test]
fn fetches() {
    let fetch = |text: &str| match body(text) {
        Body::Fetch(fetch) => fetch,
        other => panic!("{other:?}"),
    };
    let all = fetch("FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])");
    assert_eq!(
        all.items,
        [
            FetchItem::Flags,
            FetchItem::Body {
                name: BodyName::Body,
                section: Section {
                    path: vec![],
                    text: Some(SectionText::Fields(vec!["DATE".into(), "FROM".into()]))
                },
                peek: false,
                partial: None
            }
        ]
    );
    assert_eq!(fetch("fetch 1 full").items.len(), 5);
    assert_eq!(
        fetch("FETCH 1 BODY").items,
        [FetchItem::BodyStructure { extended: false }]
    );
    assert_eq!(
        fetch("UID FETCH 1:* (BODY.PEEK[4.2.2.MIME]<0.2048> RFC822.SIZE)").items[0],
        FetchItem::Body {
            name: BodyName::Body,
            section: Section {
                path: vec![4, 2, 2],
                text: Some(SectionText::Mime)
            },
            peek: true,
            partial: Some((0, 2_048))
        }
    );
    assert_eq!(
        fetch("FETCH 1 BINARY.PEEK[1.2]<3.4>").items,
        [FetchItem::Binary {
            path: vec![1, 2],
            peek: true,
            partial: Some((3, 4))
        }]
    );
    assert_eq!(
        fetch("FETCH 1 BINARY.SIZE[1]").items,
        [FetchItem::BinarySize { path: vec![1] }]
    );
    assert_eq!(
        fetch("FETCH 1:3 (PREVIEW (LAZY) EMAILID)").items,
        [FetchItem::Preview { lazy: true }, FetchItem::EmailId]
    );
    let changed = fetch("UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)");
    assert_eq!(
        changed.modifiers,
        FetchModifiers {
            changed_since: Some(12_345),
            vanished: true
        }
    );
    assert_eq!(
        fetch("FETCH 1 (RFC822.HEADER)").items,
        [FetchItem::Body {
            name: BodyName::Rfc822Header,
            section: Section {
                path: vec![],
                text: Some(SectionText::Header)
            },
            peek: true,
            partial: None
        }]
    );
    for bad in [
        "FETCH 1 ()",
        "FETCH 1 (FLAGS",
        "FETCH 1 BODY[MIME]",
        "FETCH 1 BODY[1.0]",
        "FETCH 1 BODY[]<0.0>",
        "FETCH 1 BODY.PEEK",
        "FETCH 1:3 FLAGS (VANISHED CHANGEDSINCE 1)",
        "FETCH 1 BODY[HEADER.FIELDS ()]",
    ] {
        fails(bad);
    }
}

#[test]
fn stores_and_copies() {
    let Body::Store(store) =
        body("STORE 7,5,9 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Deleted $Work)")
    else {
        panic!()
    };
    assert!(
        store.silent && store.how == StoreHow::Add && store.unchanged_since == Some(320_162_338)
    );
    assert_eq!(store.flags.system, SystemFlag::Deleted.bit());
    assert_eq!(store.flags.keywords, ["$Work"]);
    let Body::Store(store) = body("UID STORE 1 FLAGS \\Seen \\Flagged") else {
        panic!()
    };
    assert_eq!(
        store.flags.system,
        SystemFlag::Seen.bit() | SystemFlag::Flagged.bit()
    );
    assert_eq!(
        body("UID MOVE 42:69 foo"),
        Body::Copy(CopyCommand {
            uid: true,
            moves: true,
            set: set("42:69"),
            mailbox: "foo".into()
        })
    );
    assert_eq!(
        body("UID EXPUNGE 3000:3002"),
        Body::Expunge(Some(set("3000:3002")))
    );
    fails("STORE 1 FLAGS (\\Nonsense)");
}

#[test]
fn searches() {
    let search = |text: &str| match body(text) {
        Body::Search(search) => search,
        other => panic!("{other:?}"),
    };
    let found = search("SEARCH RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"");
    assert_eq!(
        found.returns,
        Some(vec![ReturnOption::Min, ReturnOption::Count])
    );
    assert_eq!(
        found.key,
        SearchKey::And(vec![
            SearchKey::Flag(4, true),
            SearchKey::Date(DateOf::Internal, DateIs::Since, 8_797),
            SearchKey::Not(Box::new(SearchKey::Field(Field::From, "Smith".into())))
        ])
    );
    assert_eq!(
        search("SEARCH RETURN () SUBJECT x").returns,
        Some(vec![ReturnOption::All])
    );
    assert_eq!(
        search("SEARCH CHARSET UTF-8 TEXT {6}\r\nпоч").key,
        SearchKey::Text("поч".into())
    );
    assert_eq!(
        search("UID SEARCH $ OR (SEEN 1:3) MODSEQ \"/flags/\\\\draft\" all 620162338").key,
        SearchKey::And(vec![
            SearchKey::Sequence(SequenceSet::Saved),
            SearchKey::Or(
                Box::new(SearchKey::And(vec![
                    SearchKey::Flag(1, true),
                    SearchKey::Sequence(set("1:3"))
                ])),
                Box::new(SearchKey::ModSeq(620_162_338))
            )
        ])
    );
    assert_eq!(
        search("SEARCH RETURN (PARTIAL -1:-100) UNDELETED").returns,
        Some(vec![ReturnOption::Partial(-1, -100)])
    );
    let error = Command::parse(b"a SEARCH CHARSET KOI8-R TEXT x", false).unwrap_err();
    assert_eq!(error.error, SyntaxError::BadCharset);
    let Body::Sort(sort) = body("SORT (REVERSE DATE SUBJECT) UTF-8 ALL") else {
        panic!()
    };
    assert_eq!(sort.by, [(SortKey::Date, true), (SortKey::Subject, false)]);
    assert_eq!(
        body("UID THREAD REFERENCES UTF-8 SINCE 5-MAR-2000"),
        Body::Thread {
            uid: true,
            how: Threading::References,
            key: SearchKey::Date(DateOf::Internal, DateIs::Since, 11_021)
        }
    );
    fails(&format!(
        "SEARCH {}ALL{}",
        "(".repeat(5_000),
        ")".repeat(5_000)
    ));
    fails(&format!("SEARCH {}ALL", "NOT ".repeat(5_000)));
    fails("SORT () UTF-8 ALL");
    fails("SORT (REVERSE) UTF-8 ALL");
}

#[test]
fn a_tilde_begins_an_atom_or_a_literal() {
    for (text, name) in [("~foo", "~foo"), ("~{3}\r\nabc", "abc"), ("~", "~")] {
        assert_eq!(body(&format!("DELETE {text}")), Body::Delete(name.into()));
    }
    assert!(matches!(body("LIST \"\" ~foo*"), Body::List(list) if list.patterns == ["~foo*"]));
}

#[test]
fn metadata_and_rights() {
    assert_eq!(
        body("GETMETADATA (MAXSIZE 1024 DEPTH 1) \"INBOX\" (/shared/comment /Private/comment)"),
        Body::GetMetadata {
            mailbox: "INBOX".into(),
            entries: vec!["/shared/comment".into(), "/private/comment".into()],
            max_size: Some(1_024),
            depth: Depth::One
        }
    );
    assert_eq!(
        body("SETMETADATA INBOX (/private/comment {3}\r\nabc /shared/x NIL)"),
        Body::SetMetadata {
            mailbox: "INBOX".into(),
            entries: vec![
                ("/private/comment".into(), Some(b"abc".to_vec())),
                ("/shared/x".into(), None)
            ]
        }
    );
    assert_eq!(
        body("SETACL INBOX/Drafts Byron +lrswikda"),
        Body::SetAcl {
            mailbox: "INBOX/Drafts".into(),
            who: "Byron".into(),
            how: StoreHow::Add,
            rights: "lrswikda".into()
        }
    );
    assert_eq!(
        body("SETQUOTA \"\" (STORAGE 512)"),
        Body::SetQuota {
            root: String::new(),
            limits: vec![("STORAGE".into(), 512)]
        }
    );
    fails("GETMETADATA INBOX /private/*");
    fails("SETACL INBOX x LR");
}
