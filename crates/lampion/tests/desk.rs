//! The desk, one record at a time: headings, files and covers, templates, review, times, what a withdrawal leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    clippy::print_stdout,
    reason = "tests"
)]

use lampion_testnet::{Ask, Node, Reply, Session, TestNet, encode, until};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot more than the beginning of a picture";

fn node(net: &TestNet, catalogues: &[(&str, &str)]) -> Node {
    let mut node = net.prepare("hill");
    node.set("attachment_limit_mb = 1");
    node.start();
    for (id, visibility) in catalogues {
        node.run(&[
            "collection",
            "create",
            id,
            "--title",
            id,
            "--visibility",
            visibility,
        ])
        .expect(0);
        if *visibility == "all" {
            knows(id, || node.get(&format!("/collection/{id}")));
        }
    }
    node
}

/// Waits until a running node has heard of a catalogue that another program made.
fn knows(id: &str, ask: impl Fn() -> Reply) {
    until(&format!("the node knows {id}"), || {
        (ask().status == 200).then_some(())
    });
}

/// A part of a form: name, name of the file, bytes.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// Sends a form with files, as browsers do.
fn send(who: &Session<'_>, path: &str, parts: &[Part<'_>]) -> Reply {
    let token = who.csrf();
    let mut all: Vec<Part<'_>> = vec![("csrf", None, token.as_bytes())];
    all.extend_from_slice(parts);
    who.ask(Ask::parts(path, &all))
}

fn field<'a>(name: &'a str, value: &'a str) -> Part<'a> {
    (name, None, value.as_bytes())
}

/// Rows of the form for Dublin Core.
fn rows<'a>(rows: &[(&'a str, &'a str)]) -> Vec<Part<'a>> {
    let mut parts = vec![field("as", "dc"), field("with-files", "1")];
    for (group, value) in rows {
        parts.extend([
            field("e", group),
            field("v", value),
            field("l", ""),
            field("r", ""),
        ]);
    }
    parts
}

const TEA: &[(&str, &str)] = &[
    ("title", "The zeppelin of tea"),
    ("creator", "Okakura, Kakuzo"),
    ("date", "1906"),
    ("language", "en"),
];

fn id_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let location = reply.header("location");
    location.rsplit('/').next().unwrap().to_string()
}

/// The values of a form's fields of a name.
fn values(page: &str, name: &str) -> Vec<String> {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.split(&mark).skip(1);
    rest.map(|rest| rest.split('"').next().unwrap().to_string())
        .collect()
}

fn blobs(node: &Node) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return 0;
        };
        entries
            .flatten()
            .map(|entry| match entry.path() {
                path if path.ends_with("tmp") => 0,
                path if path.is_dir() => count(&path),
                _ => 1,
            })
            .sum()
    }
    count(&node.data().join("blobs"))
}

#[test]
fn members_of_the_group_of_cataloguers_find_the_desk() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("books", "all")]);
    let root = node.person("root", "operator").cookie().to_string();
    let root = node.resume(&root);
    let joon = node.person("joon", "member").cookie().to_string();
    let joon = node.resume(&joon);
    let leads = |who: &Session<'_>| who.get("/").text().contains("href=\"/catalogue\"");
    assert!(leads(&root) && !leads(&joon));
    assert_eq!(joon.get("/catalogue").status, 403);
    root.post("/people/groups", &[("name", "Cataloguers")])
        .expect(303);
    let people = root.get("/people").expect(200).text();
    let group = values(&people, "group").remove(0);
    let of_joon = people
        .split("<details")
        .find(|one| one.contains(">joon<"))
        .unwrap();
    let path = of_joon
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    root.post(path, &[("role", "member"), ("group", &group)])
        .expect(303);
    assert!(leads(&joon));
    assert_eq!(joon.get("/catalogue").status, 200);
}

#[test]
fn files_and_a_cover_come_with_a_record_and_go_with_it() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("books", "all")]);
    let mira = node.person("mira", "librarian");
    let before = blobs(&node);
    let mut parts = rows(TEA);
    parts.extend([
        ("new-cover", Some("cover.png"), PNG),
        (
            "new-file",
            Some("tea.txt"),
            b"Tea began as a medicine.".as_slice(),
        ),
        (
            "new-file",
            Some("../..\\evil.html"),
            b"<script>alert(1)</script>".as_slice(),
        ),
        field("do", "publish"),
    ]);
    let id = id_of(&send(&mira, "/catalogue/books/new", &parts));
    let path = format!("/record/books/{id}");
    until("it is found", || {
        (node.get(&path).status == 200).then_some(())
    });
    let page = node.get(&path).expect(200).text();
    assert!(
        page.contains("class=\"jacket\"") && page.contains("tea.txt") && page.contains("24 B"),
        "{page}"
    );
    assert!(!page.contains("style="), "the policy blocks it");
    let found = until("its cover is among the results", || {
        let page = node.get("/search?q=zeppelin").text();
        page.contains("class=\"thumb\"").then_some(page)
    });
    let addresses: Vec<&str> = page
        .split("\"/attached/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(found.contains(addresses[0]));
    let get = |n: usize| node.get(&format!("/attached/{}", addresses[n]));
    let cover = get(0).expect(200);
    assert_eq!(
        (cover.header("content-type"), cover.body.as_slice()),
        ("image/png", PNG)
    );
    for reply in [&cover, &get(addresses.len() - 1)] {
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(reply.header("content-security-policy").ends_with("sandbox"));
    }
    let last = get(addresses.len() - 1).expect(200);
    assert!(
        last.header("content-disposition")
            .starts_with("attachment; filename=\"evil.html\"")
    );
    let text = addresses
        .iter()
        .find(|address| {
            node.get(&format!("/attached/{address}"))
                .text()
                .starts_with("Tea")
        })
        .unwrap();
    let part = node
        .pages()
        .ask(&Ask::get(&format!("/attached/{text}")).header("range", "bytes=4-8"));
    assert_eq!((part.status, part.text().as_str()), (206, "began"));
    let tag = cover.header("etag");
    let again = node
        .pages()
        .ask(&Ask::get(&format!("/attached/{}", addresses[0])).header("if-none-match", tag));
    assert_eq!(again.status, 304);
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", "0".repeat(64)))
            .status,
        404
    );
    assert_eq!(blobs(&node), before + 3);

    // Edited: one file taken away, which the version before still holds.
    let edit = format!("/catalogue/books/edit/{id}");
    let form = mira.get(&edit).expect(200).text();
    let (base, files, kept) = (
        values(&form, "base"),
        values(&form, "file"),
        values(&form, "cover"),
    );
    assert_eq!((files.len(), kept.len()), (2, 1));
    let mut parts = rows(TEA);
    parts.extend([
        field("base", &base[0]),
        field("cover", &kept[0]),
        field("file", &files[0]),
        field("file", &files[1]),
        field("drop-file", &files[1]),
        field("do", "publish"),
    ]);
    id_of(&send(&mira, &edit, &parts));
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", files[1]))
            .status,
        404
    );
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", files[0]))
            .status,
        200
    );
    assert_eq!(blobs(&node), before + 3);
    let history = mira
        .get(&format!("/catalogue/books/history/{id}"))
        .expect(200)
        .text();
    assert!(
        history.contains("evil.html"),
        "the history says which file went"
    );
    // Undone: it is there again. Plain forms that know nothing of files leave them alone.
    let undone = mira.post(
        &format!("/catalogue/books/restore/{id}"),
        &[
            ("base", &values(&history, "base")[0]),
            ("version", &base[0]),
        ],
    );
    assert_eq!(undone.status, 303);
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", files[1]))
            .status,
        200
    );
    let base = values(&mira.get(&edit).text(), "base");
    let plain = mira.post(
        &edit,
        &[
            ("base", &base[0]),
            ("as", "dc"),
            ("do", "publish"),
            ("anyway", "1"),
            ("e", "title"),
            ("v", "Plain"),
            ("l", ""),
            ("r", ""),
        ],
    );
    assert_eq!(plain.status, 303);
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", files[1]))
            .status,
        200
    );

    let gone = mira.post(
        &format!("/catalogue/books/withdraw/{id}"),
        &[("reason", "privacy"), ("sure", "1")],
    );
    assert_eq!(gone.status, 303);
    assert_eq!(blobs(&node), before, "a withdrawal erases files too");
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", files[0]))
            .status,
        404
    );
    let page = node.get(&path);
    assert_eq!(page.status, 410);
    let text = page.text();
    assert!(
        text.contains("was withdrawn")
            && text.contains("library of hill.internal")
            && text.contains("privacy")
            && text.contains("just now"),
        "{text}"
    );
    assert!(!text.contains("Plain") && !text.contains("zeppelin"));
    assert_eq!(node.get("/record/books/never-was").status, 404);
    node.run(&["feed", "rebuild"]).expect(0);
}

#[test]
fn files_that_can_not_be_taken_are_refused_with_the_form() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("books", "all")]);
    let mira = node.person("mira", "librarian");
    let large = vec![b'x'; (1 << 20) + 1];
    let mut parts = rows(TEA);
    parts.extend([
        ("new-file", Some("large.bin"), large.as_slice()),
        ("new-cover", Some("cover.svg"), b"<svg/>".as_slice()),
        ("new-file", Some("good.txt"), b"good".as_slice()),
        field("do", "publish"),
    ]);
    let reply = send(&mira, "/catalogue/books/new", &parts);
    assert_eq!(reply.status, 422);
    let page = reply.text();
    for word in ["large.bin", "cover.svg", "The zeppelin of tea", "good.txt"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    // What was good is kept, and can be published with the next press.
    let files = values(&page, "file");
    assert_eq!(files.len(), 1);
    let mut again = rows(TEA);
    again.extend([field("file", &files[0]), field("do", "publish")]);
    let id = id_of(&send(&mira, "/catalogue/books/new", &again));
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{}", files[0]))
            .expect(200)
            .text(),
        "good"
    );
    // Nobody holds it out of thin air: another person's upload is none of mine.
    let joon = node.person("joon", "librarian");
    let mut parts = rows(TEA);
    parts.extend([
        ("new-file", Some("secret.txt"), b"secret".as_slice()),
        field("do", "check"),
    ]);
    let secret = values(&send(&mira, "/catalogue/books/new", &parts).text(), "file").remove(0);
    let mut parts = rows(TEA);
    parts.extend([field("file", &secret), field("do", "publish")]);
    let id = id_of(&send(&joon, "/catalogue/books/new", &parts));
    assert_eq!(
        node.get(&format!("/attached/books/{id}/{secret}")).status,
        404
    );
    // A form without the token keeps nothing.
    let kept = blobs(&node);
    let reply = mira.ask(Ask::upload(
        "/catalogue/books/new",
        &[("as", "dc")],
        &[("x.txt", b"unasked")],
    ));
    assert_eq!((reply.status, blobs(&node)), (403, kept));
}

#[test]
fn files_of_a_restricted_catalogue_are_for_who_may_see_it() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("inside", "signed-in")]);
    let mira = node.person("mira", "librarian");
    knows("inside", || mira.get("/collection/inside"));
    let mut parts = rows(TEA);
    parts.extend([
        ("new-file", Some("plan.txt"), b"a plan".as_slice()),
        field("do", "publish"),
    ]);
    let id = id_of(&send(&mira, "/catalogue/inside/new", &parts));
    let form = mira.get(&format!("/catalogue/inside/edit/{id}")).text();
    let path = format!("/attached/inside/{id}/{}", values(&form, "file")[0]);
    assert_eq!(mira.get(&path).expect(200).text(), "a plan");
    assert_eq!(node.get(&path).status, 404);
    assert_eq!(node.get(&format!("/record/inside/{id}")).status, 404);
}

#[test]
fn headings_in_use_are_offered_with_and_without_a_script() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("books", "all")]);
    let mira = node.person("mira", "librarian");
    let mut parts = rows(TEA);
    parts.extend(rows(&[("subject", "차 문화")]).into_iter().skip(2));
    parts.push(field("do", "publish"));
    id_of(&send(&mira, "/catalogue/books/new", &parts));
    let ask = |query: &str| {
        mira.get(&format!("/catalogue/books/headings?{query}"))
            .expect(200)
            .json()
    };
    let found = ask("group=creator&q=OKA");
    assert_eq!(found[0]["text"], "Okakura, Kakuzo");
    assert_eq!(found[0]["uses"], 1);
    assert_eq!(
        ask(&format!("group=subject&q={}", encode("차")))[0]["text"],
        "차 문화"
    );
    let line = ask(&format!("line={}", encode("=700 1\\$aoka$eeditor.")));
    assert_eq!(line[0]["value"], "=700 1\\$aOkakura, Kakuzo,$eeditor.");
    for nothing in [
        "group=title&q=The",
        "group=creator&q=",
        "group=creator&q=zz",
        "line=nonsense",
    ] {
        assert_eq!(ask(nothing), serde_json::json!([]), "{nothing}");
    }
    assert_eq!(
        node.get("/catalogue/books/headings?group=creator&q=o")
            .status,
        401
    );

    // Without a script: looked up by a button, chosen by the next.
    let row = [("e", "creator"), ("v", "oka"), ("l", ""), ("r", "")];
    let with =
        |more: &[(&'static str, &'static str)]| [&[("as", "dc")], row.as_slice(), more].concat();
    let page = mira
        .post("/catalogue/books/new", &with(&[("do", "headings")]))
        .expect(200)
        .text();
    assert!(
        page.contains("name=\"h0\"") && page.contains("Headings offered: 1"),
        "{page}"
    );
    let page = mira
        .post(
            "/catalogue/books/new",
            &with(&[("h0", "Okakura, Kakuzo"), ("do", "rows")]),
        )
        .text();
    assert_eq!(values(&page, "v"), Vec::<String>::new(), "no");
    assert!(page.contains("value=\"Okakura, Kakuzo\""), "{page}");
    let lines = [("as", "marc"), ("lines", "=100 1\\$aoka\n=245 10$aTea")];
    let page = mira
        .post(
            "/catalogue/books/new",
            &[lines.as_slice(), &[("do", "headings")]].concat(),
        )
        .text();
    assert!(page.contains("name=\"heading\""), "{page}");
    let chosen = [
        ("line", "=100 1\\$aoka"),
        ("heading", "=100 1\\$aOkakura, Kakuzo"),
        ("do", "check"),
    ];
    let page = mira
        .post(
            "/catalogue/books/new",
            &[lines.as_slice(), &chosen].concat(),
        )
        .text();
    assert!(page.contains("=100 1\\$aOkakura, Kakuzo\n=245"), "{page}");
}

#[test]
fn a_record_begins_with_a_template_of_ones_own() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("books", "all")]);
    let mira = node.person("mira", "librarian");
    let joon = node.person("joon", "editor");
    let template = [
        ("as", "dc"),
        ("do", "template"),
        ("e", "creator"),
        ("v", "Hill Press"),
        ("l", ""),
        ("r", ""),
        ("e", "coverage.spatial"),
        ("v", ""),
        ("l", ""),
        ("r", ""),
    ];
    let named = |name: &'static str, shared: &'static str| {
        [
            template.as_slice(),
            &[("template-name", name), ("template-shared", shared)],
        ]
        .concat()
    };
    assert_eq!(
        mira.post("/catalogue/books/new", &named("", "")).status,
        422
    );
    let saved = mira
        .post("/catalogue/books/new", &named("Pamphlets", "1"))
        .expect(200)
        .text();
    assert!(saved.contains("Saved as template"));
    // An editor's is their own, whatever the form says.
    joon.post("/catalogue/books/new", &named("Joon's", "1"))
        .expect(200);
    let (of_mira, of_joon) = (
        mira.get("/catalogue/books").text(),
        joon.get("/catalogue/books").text(),
    );
    assert!(of_mira.contains("Pamphlets") && !of_mira.contains("Joon"));
    assert!(of_joon.contains("Pamphlets") && of_joon.contains("Joon"));
    let id = of_mira
        .split("own:")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_string();
    let form = joon
        .get(&format!("/catalogue/books/new?template=own:{id}&as=dc"))
        .expect(200)
        .text();
    assert!(
        form.contains("value=\"Hill Press\"") && form.contains("<option selected>coverage.spatial"),
        "{form}"
    );
    assert_eq!(
        joon.post("/catalogue/books/templates", &[("remove", &id)])
            .status,
        404
    );
    assert_eq!(
        mira.post("/catalogue/books/templates", &[("remove", &id)])
            .status,
        303
    );
    assert!(!joon.get("/catalogue/books").text().contains("Pamphlets"));
    assert_eq!(
        joon.get(&format!("/catalogue/books/new?template=own:{id}"))
            .status,
        404
    );
}

#[test]
fn drafts_are_handed_in_given_back_and_approved_by_role() {
    let net = TestNet::new(env!("CARGO_BIN_EXE_lampion"));
    let node = node(&net, &[("books", "all"), ("inside", "signed-in")]);
    let mira = node.person("mira", "librarian");
    knows("inside", || mira.get("/collection/inside"));
    let joon = node.person("joon", "editor");
    let sora = node.person("sora", "editor");
    let fields = [
        ("as", "dc"),
        ("e", "title"),
        ("v", "A draft of mine"),
        ("l", ""),
        ("r", ""),
        ("e", "date"),
        ("v", "1999"),
        ("l", ""),
        ("r", ""),
    ];
    let with = |word: &'static str| [fields.as_slice(), &[("do", word)]].concat();
    assert_eq!(
        mira.get("/catalogue-review")
            .expect(200)
            .text()
            .matches("/catalogue-draft/")
            .count(),
        0
    );
    assert_eq!(joon.get("/catalogue-review").status, 403);
    assert_eq!(node.get("/catalogue-review").status, 401);
    assert_eq!(
        joon.post("/catalogue/books/new", &with("submit")).status,
        303
    );
    for path in ["/catalogue", "/catalogue/books"] {
        assert!(mira.get(path).text().contains("one draft waits"), "{path}");
        assert!(!joon.get(path).text().contains("draft waits"), "{path}");
    }
    let queue = mira.get("/catalogue-review").expect(200).text();
    assert!(
        queue.contains("A draft of mine") && queue.contains("joon") && queue.contains("just now"),
        "{queue}"
    );
    let draft = queue
        .split("/catalogue-draft/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_string();
    let path = format!("/catalogue-draft/{draft}");
    let decide = format!("{path}/decide");
    // Who may what: another editor sees nothing of it, its author can't decide or change it while it waits.
    assert_eq!(sora.get(&path).status, 404);
    assert_eq!(sora.post(&decide, &[("do", "approve")]).status, 404);
    assert_eq!(joon.post(&decide, &[("do", "approve")]).status, 403);
    assert_eq!(joon.post(&path, &with("draft")).status, 404);
    assert_eq!(
        mira.post(&path, &with("draft")).status,
        403,
        "who decides doesn't write in it"
    );
    mira.post(&decide, &[("do", "return"), ("comment", "who made it?")])
        .expect(303);
    assert_eq!(mira.get(&path).status, 404, "it is its author's again");
    let desk = joon.get("/catalogue").text();
    assert!(
        desk.contains("given back to you: 1") && desk.contains("who made it?"),
        "{desk}"
    );
    assert!(joon.get(&path).expect(200).text().contains("who made it?"));
    joon.post(&path, &with("submit")).expect(303);
    assert!(
        mira.get("/catalogue-review").text().contains("given back"),
        "it was before"
    );
    mira.post(&decide, &[("do", "approve")]).expect(303);
    assert_eq!(mira.post(&decide, &[("do", "approve")]).status, 404, "once");
    until("it is found", || {
        (!node.titles("draft of mine").is_empty()).then_some(())
    });
    let changes = node.get("/changes").text();
    assert!(
        changes.contains("joon")
            && changes.contains("just now")
            && changes.contains("<time datetime=\"2"),
        "{changes}"
    );
}
