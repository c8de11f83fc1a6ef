//! Searching by the JSON interface: the query language, every script, typos, pages, facets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use lampion_testnet::{Node, TestNet, encode, texts};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// One node for all tests of this file, which only read; it ends with the last of them.
struct Shared {
    node: Node,
    _net: TestNet,
}

fn node() -> Rc<Holder> {
    static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
    thread_local! {
        static HELD: Rc<Holder> = {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            let held = shared.upgrade().unwrap_or_else(|| Arc::new(begin()));
            *shared = Arc::downgrade(&held);
            Rc::new(Holder(held))
        };
    }
    HELD.with(Rc::clone)
}

/// A test's hold on the node.
struct Holder(Arc<Shared>);

impl std::ops::Deref for Holder {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0.node
    }
}

fn begin() -> Shared {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let books = net.path("books.jsonl");
    write_books(&books);
    node.import(&books, &["--id", "books"]).expect(0);
    let many = net.path("many.jsonl");
    let lines: String = (0..230)
        .map(|n| format!("{{\"id\":\"m{n:03}\",\"title\":\"Ferry {:03}\",\"year\":{},\"language\":\"en\",\"description\":\"the ferryman crosses the river\"}}\n", n / 2, 1900 + n % 50))
        .collect();
    std::fs::write(&many, lines).unwrap();
    node.import(&many, &["--id", "many"]).expect(0);
    Shared { node, _net: net }
}

const BOOKS: [(&str, &str, &str, &str, &str, i32, &str); 13] = [
    (
        "river",
        "The river at night",
        "Ona Brook",
        "en",
        "Rivers",
        1931,
        "The quick brown fox crosses the silver river at night and returns in the morning.",
    ),
    (
        "fox",
        "A fox in the snow",
        "Tam Field",
        "en",
        "Animals",
        1954,
        "A brown and quick animal lives in snow. Nobody has seen the fox of the mountains.",
    ),
    (
        "astronomy",
        "Astronomy for beginners",
        "Ona Brook",
        "en",
        "Stars",
        1999,
        "Stars and planets are watched with a telescope. Observatories stand on mountains.",
    ),
    (
        "bread",
        "Baking bread",
        "Lia Stone",
        "en",
        "Food",
        2004,
        "Flour, water, salt and a warm place. Bakeries open before the morning.",
    ),
    (
        "ko",
        "등불을 켜는 사람",
        "김하늘",
        "ko",
        "Light",
        2010,
        "어두운 밤에 등불을 켜면 마을 사람들이 도서관에서 책을 읽었습니다. 학교에서 공부하던 아이들도 모였습니다.",
    ),
    (
        "zh",
        "图书馆的灯",
        "王小明",
        "zh",
        "Light",
        2011,
        "夜里图书馆的灯亮着，孩子们在那里学习数学和天文学。",
    ),
    (
        "ja",
        "図書館の夜",
        "山田花子",
        "ja",
        "Light",
        2012,
        "夜の図書館で子供たちは天文学の本を読みました。東京都に住んでいます。",
    ),
    (
        "ar",
        "مصباح القرية",
        "سلمى حداد",
        "ar",
        "Light",
        2013,
        "في الليل يضيء المصباح المكتبة ويقرأ الأطفال كتبا عن النجوم والمدرسة.",
    ),
    (
        "th",
        "ตะเกียงในหมู่บ้าน",
        "สมชาย",
        "th",
        "Light",
        2014,
        "เด็กๆ อ่านหนังสือในห้องสมุดตอนกลางคืนด้วยแสงตะเกียง",
    ),
    (
        "ru",
        "Фонарь у реки",
        "Анна Лесная",
        "ru",
        "Light",
        2015,
        "Дети читали книги в библиотеке при свете фонарей.",
    ),
    (
        "es",
        "La linterna del río",
        "José Peña",
        "es",
        "Light",
        2016,
        "Los niños leían libros en la biblioteca mientras la montaña dormía.",
    ),
    (
        "fr",
        "La lanterne de la forêt",
        "Zoé Bélanger",
        "fr",
        "Light",
        2017,
        "Les élèves étudiaient à la bibliothèque près de la forêt.",
    ),
    (
        "mixed",
        "Mixed 언어 book",
        "Ona Brook",
        "en",
        "Languages",
        2018,
        "An English book that says 안녕하세요 and 你好 to its readers.",
    ),
];

fn write_books(path: &Path) {
    let lines: String = BOOKS
        .iter()
        .map(|(id, title, author, language, subject, year, text)| {
            serde_json::json!({ "id": id, "title": title, "author": author, "language": language, "subject": subject, "year": year, "description": text }).to_string() + "\n"
        })
        .collect();
    std::fs::write(path, lines).unwrap();
}

fn books(query: &str) -> Value {
    node().json(&format!(
        "/api/v1/search?q={}&collection=books",
        encode(query)
    ))
}

/// Keys that a query finds in the books.
fn keys(query: &str) -> BTreeSet<String> {
    let titles = texts(&books(query)["hits"], "title");
    titles
        .iter()
        .map(|title| {
            BOOKS
                .iter()
                .find(|book| book.1 == title)
                .unwrap_or_else(|| panic!("{title}"))
                .0
                .to_string()
        })
        .collect()
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(ToString::to_string).collect()
}

#[test]
fn the_query_language_means_what_people_expect() {
    for (query, found) in [
        ("fox", &["river", "fox"][..]),
        ("FOX", &["river", "fox"]),
        ("\"quick brown fox\"", &["river"]),
        ("\"brown quick fox\"", &[]),
        ("fox -snow", &["river"]),
        ("fox -\"quick brown\"", &["fox"]),
        ("telescope OR flour", &["astronomy", "bread"]),
        ("title:fox", &["fox"]),
        ("author:brook", &["river", "astronomy", "mixed"]),
        ("author:\"Tam Field\"", &["fox"]),
        ("subject:food", &["bread"]),
        ("year:1950..2000", &["fox", "astronomy"]),
        ("astron*", &["astronomy"]),
        ("observ*", &["astronomy"]),
        ("(fox OR bread) morning", &["river", "bread"]),
        ("lang:th", &["th"]),
        ("mountain", &["fox", "astronomy"]),
        ("bakery", &["bread"]),
    ] {
        assert_eq!(keys(query), set(found), "{query}");
    }
}

#[test]
fn every_script_is_found_by_its_words() {
    let mut lost = Vec::new();
    for (query, key) in [
        ("등불", "ko"),
        ("도서관", "ko"),
        ("학교", "ko"),
        ("공부", "ko"),
        ("사람", "ko"),
        ("图书馆", "zh"),
        ("数学", "zh"),
        ("学习", "zh"),
        ("天文学 孩子", "zh"),
        ("図書館", "ja"),
        ("天文学 子供", "ja"),
        ("東京", "ja"),
        ("図書館の夜", "ja"),
        ("المصباح", "ar"),
        ("مصباح", "ar"),
        ("مكتبة", "ar"),
        ("النجوم", "ar"),
        ("مدرسة", "ar"),
        ("ห้องสมุด", "th"),
        ("หนังสือ", "th"),
        ("ตะเกียง", "th"),
        ("фонарь", "ru"),
        ("книга", "ru"),
        ("БИБЛИОТЕКА", "ru"),
        ("rio", "es"),
        ("montana", "es"),
        ("biblioteca", "es"),
        ("nino", "es"),
        ("foret", "fr"),
        ("forêt", "fr"),
        ("eleve", "fr"),
        ("안녕하세요", "mixed"),
        ("english 안녕하세요", "mixed"),
        ("你好", "mixed"),
    ] {
        let found = books(query);
        let first = found["hits"][0]["title"].as_str().unwrap_or_default();
        let title = BOOKS.iter().find(|book| book.0 == key).unwrap().1;
        if !texts(&found["hits"], "title").contains(&title.to_string()) {
            lost.push(query);
            continue;
        }
        if found["total"] == 1 {
            assert_eq!(first, title, "{query}");
        }
        let marked = found["hits"].as_array().unwrap().iter().any(|hit| {
            hit["snippet"]
                .as_array()
                .unwrap()
                .iter()
                .any(|part| part["marked"] == true)
        });
        assert!(
            marked || query == "図書館の夜" || first == title,
            "{query}: nothing is marked"
        );
    }
    assert!(lost.is_empty(), "not found: {lost:?}");
}

#[test]
fn typos_are_forgiven_and_said() {
    for (typed, meant) in [
        ("astronmy", "astronomy"),
        ("telescpoe", "astronomy"),
        ("flouur", "bread"),
        ("obsrvatories", "astronomy"),
    ] {
        let found = books(typed);
        assert_eq!(found["matched"], "corrected", "{typed}: {found}");
        assert!(found["corrected"].is_string(), "{typed}");
        let title = BOOKS.iter().find(|book| book.0 == meant).unwrap().1;
        assert!(
            texts(&found["hits"], "title").contains(&title.to_string()),
            "{typed}: {found}"
        );
    }
    let suggested = node().json(&format!("/api/v1/suggest?q={}", encode("astornomy")));
    assert_eq!(
        texts(&suggested["suggestions"], "title"),
        ["Astronomy for beginners"]
    );
    assert_eq!(books("astronomy")["matched"], "all");
}

#[test]
fn pages_by_cursor_hold_everything_once() {
    let node = node();
    for sort in ["relevance", "title", "newest"] {
        for limit in [7, 50, 100] {
            let (mut seen, mut cursor, mut order) = (Vec::new(), String::new(), Vec::new());
            loop {
                let page = node.json(&format!(
                    "/api/v1/search?q=ferryman&sort={sort}&limit={limit}{cursor}"
                ));
                assert_eq!(page["total"], 230);
                seen.extend(texts(&page["hits"], "key"));
                let field = if sort == "newest" { "year" } else { "title" };
                order.extend(
                    page["hits"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|hit| hit[field].to_string()),
                );
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={}", encode(next)),
                    None => break,
                }
            }
            assert_eq!(seen.len(), 230, "{sort} {limit}");
            assert_eq!(
                seen.iter().collect::<BTreeSet<_>>().len(),
                230,
                "{sort} {limit}: a document came twice"
            );
            match sort {
                "title" => assert!(order.is_sorted(), "{order:?}"),
                "newest" => assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}"),
                _ => {}
            }
        }
    }
    node.json("/api/v1/search?q=ferryman&cursor=nonsense");
    node.json(&format!(
        "/api/v1/search?q=ferryman&cursor={}",
        encode("a5.zz.zz\u{0}")
    ));
}

#[test]
fn facets_count_and_narrow() {
    let found = node().json("/api/v1/search?q=lang:ko+OR+lang:en&collection=books&facets=true");
    assert_eq!(found["total"], 6, "{found}");
    let count = |facet: &str, value: &str| {
        found["facets"][facet]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["value"] == value)
            .map(|one| one["count"].as_u64().unwrap())
    };
    assert_eq!(count("languages", "en"), Some(5), "{found}");
    assert_eq!(count("languages", "ko"), Some(1));
    assert_eq!(count("collections", "books"), Some(6));
    assert_eq!(count("years", "1954"), Some(1));
    let narrowed = node().json("/api/v1/search?q=fox&collection=books&from=1950&to=1960");
    assert_eq!(texts(&narrowed["hits"], "title"), ["A fox in the snow"]);
    let narrowed = node().json("/api/v1/search?q=morning&collection=books&subject=Food");
    assert_eq!(texts(&narrowed["hits"], "title"), ["Baking bread"]);
    let narrowed = node().json("/api/v1/search?q=river&lang=en&collection=many");
    assert_eq!(narrowed["total"], 230);
    assert_eq!(
        node().json("/api/v1/search?q=river&lang=ko&collection=many")["total"],
        0
    );
    assert_eq!(
        node().json("/api/v1/search?q=river&collection=nowhere")["total"],
        0
    );
}

#[test]
fn whatever_is_typed_is_searched_for() {
    for query in [
        "\"quick brown fox",
        "fox AND",
        "OR fox",
        "fox OR",
        "(fox",
        "fox)",
        "((((((fox",
        "-",
        "- fox",
        "\"\" fox",
        "title: fox",
        "fox \u{0} fox",
        "fox*",
        "*",
        "???",
        "fox\u{202e}",
        "🦊 fox",
        "year:x..y fox",
        "year: fox",
        "NOT fox OR",
        "\\ fox \\",
        "fox AND AND snow",
        "+fox",
        "'fox'",
        "«fox»",
        "“quick brown”",
    ] {
        let reply = node()
            .get(&format!("/api/v1/search?q={}", encode(query)))
            .expect(200)
            .json();
        assert!(reply["hits"].is_array(), "{query}");
        if query.contains("fox") && !query.contains("NOT") && !query.contains("- fox") {
            assert!(
                reply["total"].as_u64().unwrap() > 0,
                "{query:?} finds nothing"
            );
        }
        node()
            .get(&format!("/search?q={}", encode(query)))
            .expect(200);
    }
    for path in [
        "/api/v1/search",
        "/api/v1/search?q=",
        "/api/v1/search?q=x&limit=0",
        "/api/v1/search?q=x&limit=101",
        "/api/v1/search?q=x&sort=up",
        "/api/v1/search?q=x&from=old",
        "/api/v1/suggest?q=",
    ] {
        let reply = node().get(path).expect(400).json();
        assert!(
            reply["error"]["message"]
                .as_str()
                .is_some_and(|text| text.contains('`')),
            "{path}: {reply}"
        );
    }
    let script = node()
        .get(&format!(
            "/search?q={}",
            encode("<script>alert(1)</script>\"'><img src=x>")
        ))
        .expect(200)
        .text();
    assert!(!script.contains("<script>alert") && !script.contains("<img src=x>"));
}

#[test]
fn a_record_tells_all_and_is_cited() {
    let hit = books("telescope")["hits"][0].clone();
    let key = hit["key"].as_str().unwrap();
    let record = node().json(&format!("/api/v1/records/books/{}", encode(key)));
    assert_eq!(record["title"], "Astronomy for beginners");
    assert_eq!(record["authors"][0], "Ona Brook");
    assert_eq!(record["year"], 1999);
    let page = node().get(hit["url"].as_str().unwrap()).expect(200).text();
    assert!(page.contains("Astronomy for beginners") && page.contains("Ona Brook"));
    for (format, word) in [("bib", "@"), ("ris", "TY  -"), ("csl.json", "\"title\"")] {
        let cited = node().get(&format!("/cite/{format}/books/{}", encode(key)));
        assert_eq!(cited.status, 200, "{format}");
        assert!(
            cited.text().contains(word) && cited.text().contains("Astronomy"),
            "{format}: {}",
            cited.text()
        );
    }
    node().get("/api/v1/records/books/nowhere").expect(404);
    assert!(
        node()
            .get("/opensearch.xml")
            .expect(200)
            .text()
            .contains("{searchTerms}")
    );
    let browser = node().json("/api/v1/suggest?q=astro&form=opensearch");
    assert_eq!(browser[0], "astro");
    assert_eq!(browser[1][0], "Astronomy for beginners");
}
