//! Many records at once and what the desk knows, on real nodes by their pages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    clippy::print_stdout,
    reason = "tests"
)]

use lampion_testnet::{Ask, Chance, Node, Session, TestNet, until, within};

fn net() -> TestNet {
    TestNet::new(env!("CARGO_BIN_EXE_lampion"))
}

fn create(node: &Node, id: &str) {
    node.run(&[
        "collection",
        "create",
        id,
        "--title",
        "Books",
        "--visibility",
        "all",
    ])
    .expect(0);
    until("the node knows the catalogue", || {
        (node.get(&format!("/collection/{id}")).status == 200).then_some(())
    });
}

/// A file of records, each with its own number, and the last one twice.
fn csv(records: usize) -> String {
    let mut out = String::from("title,author,year,language,isbn\n");
    for n in 0..records {
        out.push_str(&format!("Zeppelin number {n},\"Rao, Meera\",1998,en,\n"));
    }
    out.push_str(&format!(
        "Zeppelin number {},\"Rao, Meera\",1998,en,\n",
        records - 1
    ));
    out
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    let rest = text
        .split(mark)
        .nth(1)
        .unwrap_or_else(|| panic!("no {mark} in {text}"));
    rest.split('"').next().unwrap()
}

/// Waits for a batch's end; gives its page.
fn settled(mira: &Session<'_>, path: &str) -> String {
    until("the batch is over", || {
        let page = mira.get(path).expect(200).text();
        (!page.contains("data-work")).then_some(page)
    })
}

/// A number of the page of a batch: of the row with this name.
fn number(page: &str, name: &str) -> i64 {
    let rest = page
        .split(&format!("<dt>{name}</dt><dd>"))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    let digits: String = rest
        .split(['<', '/'])
        .next()
        .unwrap()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

fn light(mira: &Session<'_>, path: &str) {
    for language in ["en", "ko", "ar"] {
        let page = mira.ask(
            Ask::get(path)
                .header("accept-encoding", "br")
                .header("accept-language", language),
        );
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.body.len() <= 14 << 10,
            "{path}: {} bytes",
            page.body.len()
        );
    }
}

#[test]
fn records_come_in_are_edited_together_compared_counted_and_listed() {
    let net = net();
    let node = net.node("hill");
    create(&node, "books");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let mira = node.resume(&cookie);

    // Tried first, then imported.
    let file = csv(60);
    let sent = mira.ask(Ask::upload(
        "/catalogue/books/import/upload",
        &[("csrf", &mira.csrf()), ("rule", "skip"), ("do", "try")],
        &[("books.csv", file.as_bytes())],
    ));
    assert_eq!(sent.status, 303, "{}", sent.text());
    let trial = sent.header("location").to_string();
    let page = settled(&mira, &trial);
    assert_eq!(
        (number(&page, "New"), number(&page, "There already")),
        (60, 1),
        "{page}"
    );
    assert!(
        mira.get("/catalogue/books")
            .expect(200)
            .text()
            .contains("No records"),
        "nothing yet"
    );
    let begun = mira.post(&trial, &[("do", "import")]);
    assert_eq!(begun.status, 303, "{}", begun.text());
    let import = begun.header("location").to_string();
    let page = settled(&mira, &import);
    assert_eq!(
        (number(&page, "New"), number(&page, "There already")),
        (60, 1),
        "{page}"
    );

    // All at once: looked at, done, undone.
    let fields = [
        ("of", "all"),
        ("op", "subject"),
        ("value", "Airships"),
        ("note", "for the exhibition"),
    ];
    let with = |word: &'static str| [fields.as_slice(), &[("do", word)]].concat();
    let seen = mira.post("/catalogue/books/batch", &with("preview"));
    assert_eq!(seen.status, 200, "{}", seen.text());
    let text = seen.text();
    assert!(
        text.contains("changed: 60") && text.contains("<ins>Airships</ins>"),
        "{text}"
    );
    let begun = mira.post("/catalogue/books/batch", &with("run"));
    assert_eq!(begun.status, 303, "{}", begun.text());
    let batch = begun.header("location").to_string();
    let page = settled(&mira, &batch);
    assert_eq!(number(&page, "Changed"), 60, "{page}");
    until("they are found by it", || {
        (node.titles("subject:Airships").len() >= 10).then_some(())
    });
    light(&mira, &batch);
    let undo = mira.post(&batch, &[("do", "undo")]);
    let page = settled(&mira, undo.header("location"));
    assert_eq!(number(&page, "Changed"), 60, "{page}");
    until("they are found no more", || {
        node.titles("subject:Airships").is_empty().then_some(())
    });
    // Readers are told what sort of change it was, never a batch's identifier.
    let identifiers = [&import, &batch, undo.header("location")]
        .map(|path| path.rsplit('/').next().unwrap().to_string());
    for (path, words) in [
        ("/changes", "an edit of many records was undone"),
        (
            "/changes",
            "Undoing of batch “Add to a field: subject + Airships”",
        ),
        (
            "/changes?before=120",
            "for the exhibition</bdi> · one of many records edited together",
        ),
        ("/changes?before=60", "from an imported file"),
        ("/changes/rss", "an edit of many records was undone"),
        ("/changes/atom", "an edit of many records was undone"),
    ] {
        let text = node.get(path).expect(200).text();
        assert!(text.contains(words), "{path}: {text}");
        for id in &identifiers {
            assert!(!text.contains(id), "{path} shows a batch's identifier");
        }
    }
    // Withdrawing wants to be sure, and says that it stays.
    let withdraw = [
        ("of", "all"),
        ("op", "withdraw"),
        ("reason", "error"),
        ("do", "preview"),
    ];
    let text = mira
        .post("/catalogue/books/batch", &withdraw)
        .expect(200)
        .text();
    assert!(text.contains("brings no withdrawn record back"), "{text}");
    let withdraw = [
        ("of", "all"),
        ("op", "withdraw"),
        ("reason", "error"),
        ("do", "run"),
    ];
    assert_eq!(mira.post("/catalogue/books/batch", &withdraw).status, 422);
    let nothing = [("op", "subject"), ("value", "x"), ("do", "run")];
    assert_eq!(mira.post("/catalogue/books/batch", &nothing).status, 422);

    // Two of one work: compared, merged; the old address leads on.
    let csv = "title,author,year,language\nZeppelin number 7,\"Rao, Meera\",1998,fr\n";
    let path = net.folder("in").join("twin.csv");
    std::fs::write(&path, csv).unwrap();
    let name = path.to_string_lossy();
    let done = node
        .run(&[
            "import", "--into", "books", &name, "--rule", "separate", "--json",
        ])
        .json();
    let twin = done["published"][0]["id"].as_str().unwrap().to_string();
    let page = mira.get("/catalogue/books/duplicates").expect(200).text();
    assert!(page.contains(&twin) && page.contains("zeppelin"), "{page}");
    let compare = format!(
        "/catalogue/books/duplicates/compare?a={}",
        after(&page, "duplicates/compare?a=")
            .replace("&amp;", "&")
            .replace("&#38;", "&")
    );
    let page = mira.get(&compare).expect(200).text();
    let field = |name: &str| after(&page, &format!("name=\"{name}\" value=\"")).to_string();
    let (a, b) = (field("a"), field("b"));
    let (keep, kept) = if a == twin { ("b", &b) } else { ("a", &a) };
    let merged = mira.post(
        "/catalogue/books/duplicates/merge",
        &[
            ("a", &a),
            ("b", &b),
            ("a-version", &field("a-version")),
            ("b-version", &field("b-version")),
            ("keep", keep),
            ("take", "fill"),
        ],
    );
    assert_eq!(merged.status, 303, "{}", merged.text());
    until("the old address leads on", || {
        let reply = node.get(&format!("/record/books/{twin}"));
        (reply.status == 303).then(|| assert!(reply.header("location").ends_with(kept.as_str())))
    });
    lists(&node, &mira, kept);

    // What readers look for in vain.
    let page = mira.get("/catalogue-searches").expect(200).text();
    assert!(page.contains("often enough"), "{page}");
    let new = mira
        .get("/catalogue/books/new?title=Mango%20trees")
        .expect(200)
        .text();
    assert!(new.contains("value=\"Mango trees\""), "{new}");
    let new = mira
        .get("/catalogue/books/new?as=marc&title=Mango%20trees")
        .expect(200)
        .text();
    assert!(new.contains("Mango trees"), "{new}");

    for path in [
        "/catalogue/books",
        "/catalogue/books/batch?of=all",
        "/catalogue/books/batches",
        "/catalogue/books/import",
        "/catalogue/books/duplicates",
        "/catalogue-searches",
        "/catalogue-statistics",
        "/catalogue-statistics?weeks=52&by=language",
        "/lists",
    ] {
        light(&mira, path);
    }
    let page = mira.get("/catalogue-statistics").expect(200).text();
    assert!(
        page.contains("<svg class=\"chart\"") && page.contains("mira"),
        "{page}"
    );
    assert!(!page.contains("style=\""), "no styles in attributes");
    node.run(&["feed", "rebuild"]).expect(0);
    assert_eq!(mira.get("/catalogue-statistics").expect(200).text(), page);
    // Who may not publish may not do it with many either.
    let joon = node.person("joon", "editor").cookie().to_string();
    let joon = node.resume(&joon);
    assert_eq!(joon.get("/catalogue/books/batch?of=all").status, 403);
    assert_eq!(joon.get("/catalogue/books/import").status, 403);
    assert_eq!(
        joon.post("/catalogue-searches", &[("words", "x")]).status,
        403
    );
    assert_eq!(node.get("/catalogue-statistics").status, 401);
}

/// A list is made from the page of a record, shared, exported; what is gone says so.
fn lists(node: &Node, mira: &Session<'_>, record: &str) {
    let page = mira
        .get(&format!("/record/books/{record}"))
        .expect(200)
        .text();
    assert!(page.contains("/lists/add?collection=books"), "{page}");
    assert!(
        !node
            .get(&format!("/record/books/{record}"))
            .text()
            .contains("/lists/add")
    );
    let form = mira
        .get(&format!("/lists/add?collection=books&key={record}"))
        .expect(200)
        .text();
    assert!(form.contains("Zeppelin number 7"), "{form}");
    let made = mira.post(
        "/lists/add",
        &[
            ("collection", "books"),
            ("key", record),
            ("title", "Of the air"),
            ("note", "begin here"),
        ],
    );
    assert_eq!(made.status, 303, "{}", made.text());
    let list = made.header("location").to_string();
    assert_eq!(node.get(&list).status, 404, "private");
    let page = mira.get(&list).expect(200).text();
    assert!(
        page.contains("Zeppelin number 7") && page.contains("begin here"),
        "{page}"
    );
    let share = |word: &'static str| {
        mira.post(
            &list,
            &[
                ("do", "describe"),
                ("title", "Of the air"),
                ("description", "Four books"),
                ("shared", word),
            ],
        )
    };
    assert_eq!(share("link").status, 303);
    assert_eq!(node.get(&list).status, 200);
    assert!(!node.get("/lists").text().contains("Of the air"));
    assert_eq!(share("public").status, 303);
    assert!(node.get("/lists").text().contains("Of the air"));
    assert!(node.get("/").text().contains("Of the air"));
    assert!(
        node.get("/opds/lists")
            .expect(200)
            .text()
            .contains("Of the air")
    );
    let id = list.rsplit('/').next().unwrap();
    node.get(&format!("/opds/2/reading?id={id}")).expect(200);
    for (extension, mark) in [
        ("bib", "Zeppelin"),
        ("ris", "TI  - "),
        ("csv", "Zeppelin"),
        ("mrc", "Zeppelin"),
    ] {
        let file = node.get(&format!("{list}/export/{extension}")).expect(200);
        assert!(file.text().contains(mark), "{extension}: {}", file.text());
    }
    let joon = node.person("reader", "member").cookie().to_string();
    let joon = node.resume(&joon);
    assert_eq!(
        joon.post(&list, &[("do", "remove"), ("sure", "1")]).status,
        403
    );
    assert_eq!(
        joon.post("/lists", &[("title", "Mine"), ("shared", "public")])
            .status,
        403
    );
    assert_eq!(
        joon.post("/lists", &[("title", ""), ("shared", "private")])
            .status,
        422
    );
    light(mira, &format!("{list}/edit"));
    // A second item moves up; one that is withdrawn says so.
    let other = mira
        .get("/catalogue/books?q=zeppelin+number+8")
        .expect(200)
        .text();
    let other = after(&other, "name=\"id\" value=\"").to_string();
    let added = mira.post(
        "/lists/add",
        &[("collection", "books"), ("key", &other), ("list", id)],
    );
    assert_eq!(added.status, 303, "{}", added.text());
    let edit = mira.get(&format!("{list}/edit")).expect(200).text();
    let second = edit
        .rsplit("name=\"item\" value=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(
        mira.post(&list, &[("do", "up"), ("item", second)]).status,
        303
    );
    let page = node.get(&list).text();
    assert!(
        page.find("number 8").unwrap() < page.find("number 7").unwrap(),
        "{page}"
    );
    mira.post(
        &format!("/catalogue/books/withdraw/{other}"),
        &[("reason", "privacy"), ("note", ""), ("sure", "1")],
    );
    until("it says kindly that it is gone", || {
        let page = node.get(&list).text();
        (page.contains("no longer in the library") && !page.contains("number 8")).then_some(())
    });
}

#[test]
fn an_import_and_a_batch_that_are_killed_do_nothing_twice() {
    let net = net();
    let mut node = net.node("hill");
    create(&node, "books");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let seed = std::env::var("LAMPION_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(77);
    println!("seed {seed}");
    let mut chance = Chance::new(seed);
    let records = 1_500;
    let sent = {
        let mira = node.resume(&cookie);
        mira.ask(Ask::upload(
            "/catalogue/books/import/upload",
            &[("csrf", &mira.csrf()), ("rule", "skip"), ("do", "import")],
            &[("books.csv", csv(records).as_bytes())],
        ))
    };
    let import = sent.header("location").to_string();
    let mut kills = kill_until_over(&mut node, &cookie, &import, &mut chance);
    let page = settled(&node.resume(&cookie), &import);
    let count = i64::try_from(records).unwrap();
    assert_eq!(
        (number(&page, "New"), number(&page, "There already")),
        (count, 1),
        "{page}"
    );
    let fields = [
        ("of", "all"),
        ("op", "subject"),
        ("value", "Airships"),
        ("do", "run"),
    ];
    let begun = node.resume(&cookie).post("/catalogue/books/batch", &fields);
    let batch = begun.header("location").to_string();
    kills += kill_until_over(&mut node, &cookie, &batch, &mut chance);
    let page = settled(&node.resume(&cookie), &batch);
    assert_eq!(number(&page, "Changed"), count, "{page}");
    println!("{kills} kills");
    // Each record is there once, and has two versions: entries are twice as many as records.
    let feed = node.run(&["feed", "verify", &folder(&net, &node), "--json"]);
    let checked = feed.json();
    assert_eq!(
        checked["size"].as_u64(),
        Some(2 * records as u64),
        "{checked}"
    );
    node.run(&["feed", "rebuild"]).expect(0);
}

/// The feed as files.
fn folder(net: &TestNet, node: &Node) -> String {
    let folder = net.path("feed").to_string_lossy().into_owned();
    node.run(&["feed", "export", &folder]).expect(0);
    folder
}

/// Kills and starts the node, at most four times, until a batch is over.
fn kill_until_over(node: &mut Node, cookie: &str, path: &str, chance: &mut Chance) -> u32 {
    for kills in 0..4 {
        let time = std::time::Duration::from_millis(200 + chance.below(1_500));
        let over = within(time, || {
            let page = node.resume(cookie).get(path).text();
            (!page.contains("data-work")).then_some(())
        });
        if over.is_some() {
            return kills;
        }
        node.kill9();
        node.start();
    }
    4
}
