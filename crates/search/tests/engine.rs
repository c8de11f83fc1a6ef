//! The embedded engine from outside: import, search, update.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{attach, document, engine, found, import, import_into, keys, request, search};
use lampion_search::{
    Begin, Document, Engine, Filters, IndexPlace, LocalEngine, Match, SearchError, SearchRequest,
    Sort,
};

fn library() -> Vec<Document> {
    let mut all = vec![
        Document {
            authors: vec!["Marie Curie".into()],
            subjects: vec!["Physics".into(), "Radioactivity".into()],
            year: Some(1903),
            ..document(
                "curie",
                "Researches on radioactive substances",
                "The rays of uranium and thorium were measured in Paris.",
            )
        },
        Document {
            authors: vec!["Ada Lovelace".into()],
            subjects: vec!["Mathematics".into()],
            year: Some(1843),
            kind: "book".into(),
            ..document(
                "lovelace",
                "Notes on the analytical engine",
                "The engine weaves algebraic patterns just as the loom weaves flowers.",
            )
        },
        document(
            "cats",
            "Cats",
            "The cat is a small animal. Cats sleep most of the day.",
        ),
        document(
            "catsdogs",
            "Cats and dogs together",
            "How to keep cats and dogs in one house.",
        ),
        document(
            "ko",
            "한국의 도서관",
            "도서관에서는 책을 빌릴 수 있다. 한국어로 된 책이 많다.",
        ),
        document(
            "ja",
            "図書館",
            "図書館で本を借りることができます。日本語の本がたくさんあります。",
        ),
        document("zh", "北京图书馆", "图书馆里有很多中文书籍。读者可以借书。"),
        document(
            "ar",
            "المكتبة",
            "المكتبة العامة تحتوي على كتب كثيرة للقراء.",
        ),
        document(
            "ru",
            "Библиотека",
            "В библиотеке много книг на русском языке.",
        ),
        document("th", "ห้องสมุด", "ห้องสมุดมีหนังสือภาษาไทยมากมาย"),
        document(
            "fr",
            "La bibliothèque",
            "La bibliothèque nationale conserve des livres anciens et des journaux français.",
        ),
    ];
    for document in &mut all {
        if document.year.is_none() {
            document.year = Some(2000);
        }
    }
    all
}

#[test]
fn documents_of_many_scripts_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    import(&engine, Begin::Fresh, library());
    assert_eq!(engine.stats("c").unwrap().documents, 11);
    for (query, key) in [
        ("rays of uranium", "curie"),
        ("engines pattern", "lovelace"),
        ("도서관", "ko"),
        ("한국어 책", "ko"),
        ("日本語", "ja"),
        ("中文书籍", "zh"),
        ("كتب للقراء", "ar"),
        ("книга", "ru"),
        ("หนังสือ", "th"),
        ("bibliotheque nationale", "fr"),
        ("ＢＩＢＬＩＯＴＨÈＱＵＥ", "fr"),
    ] {
        let results = search(&engine, query);
        assert_eq!(keys(&results).first(), Some(&key), "{query}: {results:?}");
        assert!(
            results.hits[0].snippet.iter().any(|(_, marked)| *marked),
            "{query}: {:?}",
            results.hits[0].snippet
        );
    }
}

#[test]
fn the_query_language_works() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    import(&engine, Begin::Fresh, library());
    for (query, expected) in [
        ("cats -dogs", vec!["cats"]),
        ("\"cats and dogs\"", vec!["catsdogs"]),
        ("\"dogs and cats\"", vec![]),
        ("uranium OR loom", vec!["curie", "lovelace"]),
        ("title:engine", vec!["lovelace"]),
        ("author:curie", vec!["curie"]),
        ("author:\"Ada Lovelace\"", vec!["lovelace"]),
        ("subject:physics", vec!["curie"]),
        ("kind:book", vec!["lovelace"]),
        ("lang:ko", vec!["ko"]),
        ("year:1840..1910", vec!["curie", "lovelace"]),
        ("the year:1843", vec!["lovelace"]),
        ("radioact*", vec!["curie"]),
        ("collection:other cats", vec![]),
        ("cats (house OR loom)", vec!["catsdogs"]),
        ("\"cats", vec!["cats", "catsdogs"]),
        ("curie", vec!["curie"]),
        ("***", vec![]),
    ] {
        assert_eq!(found(&engine, query), expected, "{query}");
    }
}

#[test]
fn phrases_of_common_words_are_found_and_counted_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    // Every document has both words; in one of three they follow each other.
    let bodies = ["red lamp shines", "lamp red shines", "red and lamp shine"];
    let documents = |count: usize| {
        (0..count)
            .map(|n| {
                let filler = "so ".repeat(n % 7);
                document(
                    &format!("{}-{n}", n % 3),
                    &format!("Number {n}"),
                    &format!("{filler}{}", bodies[n % 3]),
                )
            })
            .collect()
    };
    import(&engine, Begin::Fresh, documents(900));
    let in_order = |query: &str, kinds: &[&str], total: Option<u64>| {
        for (facets, sort) in [
            (false, Sort::Relevance),
            (true, Sort::Relevance),
            (true, Sort::Newest),
            (false, Sort::Title),
        ] {
            let results = engine
                .search(&SearchRequest {
                    facets,
                    sort,
                    ..request(query)
                })
                .unwrap();
            assert_eq!(results.hits.len(), 10, "{query}");
            for hit in &results.hits {
                assert!(
                    kinds.iter().any(|kind| hit.key.starts_with(kind)),
                    "{query}: {}",
                    hit.key
                );
            }
            assert_eq!(results.total_is_exact, total.is_some(), "{query}");
            if let Some(total) = total {
                assert_eq!(results.total, total, "{query}");
            }
        }
    };
    in_order("\"red lamp\"", &["0-"], Some(300));
    in_order("\"lamp red\"", &["1-"], Some(300));
    in_order("\"red lamp\" shines", &["0-"], Some(300));
    in_order("\"red lamp\" OR \"lamp red\"", &["0-", "1-"], Some(600));
    in_order("\"red lamp\" OR number", &["0-", "1-", "2-"], Some(900));
    in_order("shine -\"red lamp\"", &["1-", "2-"], Some(600));
    in_order("\"red lamp\" (\"number 3\" OR shines)", &["0-"], Some(300));
    // Of very many, no more than some are counted, and it is said so; what is shown is right all the same.
    import(&engine, Begin::Fresh, documents(9_000));
    in_order("\"red lamp\"", &["0-"], None);
    in_order("\"red lamp\" OR \"lamp red\"", &["0-", "1-"], None);
}

#[test]
fn an_exact_title_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut documents: Vec<Document> = (0..300)
        .map(|n| {
            document(
                &format!("k{n}"),
                &format!("About water {n}"),
                "water water water",
            )
        })
        .collect();
    documents.push(document(
        "water",
        "Water",
        "A liquid, which is found in rivers, lakes and seas, and in many other places besides.",
    ));
    import(&engine, Begin::Fresh, documents);
    assert_eq!(keys(&search(&engine, "water")).first(), Some(&"water"));
    assert_eq!(keys(&search(&engine, "WATER")).first(), Some(&"water"));
}

#[test]
fn questions_and_misspelt_words_still_find() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    import(&engine, Begin::Fresh, library());
    let results = search(
        &engine,
        "where in the world were the rays of uranium first measured?",
    );
    assert_eq!(
        (keys(&results).first(), results.matched),
        (Some(&"curie"), Match::Some)
    );
    let results = search(&engine, "uraniun");
    assert_eq!(
        (keys(&results).first(), results.matched),
        (Some(&"curie"), Match::Corrected),
        "{results:?}"
    );
    assert_eq!(results.corrected.as_deref(), Some("uranium"));
}

#[test]
fn facets_filters_orders_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let documents: Vec<Document> = (0..95)
        .map(|n| Document {
            year: (n % 10 != 0).then_some(1900 + n),
            kind: if n % 2 == 0 { "book" } else { "article" }.into(),
            subjects: vec![format!("Subject {}", n % 3)],
            language: Some("en".into()),
            ..document(
                &format!("k{n:02}"),
                &format!("Title {:02}", 94 - n),
                "the same text of solar energy",
            )
        })
        .collect();
    import(&engine, Begin::Fresh, documents);
    let results = engine
        .search(&lampion_search::SearchRequest {
            facets: true,
            ..request("solar")
        })
        .unwrap();
    assert_eq!((results.total, results.total_is_exact), (95, true));
    let kinds: Vec<(&str, u64)> = results
        .facets
        .kinds
        .iter()
        .map(|count| (count.value.as_str(), count.count))
        .collect();
    assert_eq!(kinds, [("book", 48), ("article", 47)]);
    assert_eq!(results.facets.years.first().unwrap().value, "1994");
    assert_eq!(results.facets.subjects.len(), 3);
    assert_eq!(results.facets.collections[0].count, 95);

    let filters = Filters {
        kinds: vec!["book".into()],
        years: Some((1950, 1960)),
        ..Filters::default()
    };
    let results = engine
        .search(&lampion_search::SearchRequest {
            filters,
            ..request("solar")
        })
        .unwrap();
    assert_eq!(results.total, 4);

    for (sort, first) in [
        (Sort::Newest, "k94"),
        (Sort::Title, "k94"),
        (Sort::Relevance, "k00"),
    ] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let results = engine
                .search(&lampion_search::SearchRequest {
                    sort,
                    cursor,
                    ..request("solar")
                })
                .unwrap();
            seen.extend(results.hits.into_iter().map(|hit| hit.key));
            cursor = results.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.first().unwrap(), first);
        assert_eq!(seen.len(), 95, "{sort:?}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 95, "{sort:?}");
    }
}

#[test]
fn what_is_committed_is_visible_and_an_import_goes_on_after_its_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut writer = engine.write("c", Begin::Fresh).unwrap();
    assert_eq!(writer.cursor(), None);
    assert!(matches!(
        engine.write("c", Begin::Fresh),
        Err(SearchError::Busy(_))
    ));
    writer.add(document("a", "First apple", "text")).unwrap();
    writer.commit("one").unwrap();
    assert_eq!(found(&engine, "apple"), ["a"]);
    writer.add(document("b", "Second apple", "text")).unwrap();
    drop(writer);
    assert_eq!(found(&engine, "apple"), ["a"]);

    let mut writer = engine.write("c", Begin::Fresh).unwrap();
    assert_eq!(
        (writer.cursor().as_deref(), writer.documents()),
        (Some("one"), 1)
    );
    writer.add(document("b", "Second apple", "text")).unwrap();
    // A key twice in one import ends as one document, the later.
    writer.add(document("a", "First pear", "text")).unwrap();
    writer.add(document("b", "Second pear", "text")).unwrap();
    writer.finish().unwrap();
    assert_eq!(found(&engine, "pear"), ["a", "b"]);
    assert!(found(&engine, "apple").is_empty());
    assert_eq!(engine.stats("c").unwrap().documents, 2);
}

fn generations(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect()
}

#[test]
fn a_syllable_is_found_with_its_particle() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    import(
        &engine,
        Begin::Fresh,
        vec![
            document("with", "도서관", "도서관에서 책을 빌렸다"),
            document("alone", "책", "어떤 책 이야기"),
            document("other", "바다", "바다에서 배를 탔다"),
        ],
    );
    assert_eq!(found(&engine, "책"), ["alone", "with"]);
    assert_eq!(found(&engine, "책 도서관"), ["with"]);
    let results = search(&engine, "책");
    let marked = results.hits.iter().all(|hit| {
        hit.snippet
            .iter()
            .any(|(text, marked)| *marked && text.starts_with('책'))
    });
    assert!(marked, "{results:?}");
    assert_eq!((results.total, results.corrected), (2, None));
}

#[test]
fn a_rebuilding_leaves_the_old_index_in_place_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    import(
        &engine,
        Begin::Fresh,
        vec![document("a", "Old apple", "text")],
    );
    let begin = |resume| engine.write("c", Begin::Rebuild { resume });
    let mut writer = begin(false).unwrap();
    writer.add(document("b", "New apple", "text")).unwrap();
    writer.commit("half").unwrap();
    drop(writer);
    assert_eq!(found(&engine, "apple"), ["a"]);
    // An interrupted one goes on, or begins again.
    assert_eq!(begin(true).unwrap().cursor().as_deref(), Some("half"));
    let mut writer = begin(false).unwrap();
    assert_eq!(writer.cursor(), None);
    writer.add(document("c", "Newer apple", "text")).unwrap();
    writer.commit("more").unwrap();
    drop(writer);
    let mut writer = begin(true).unwrap();
    writer.add(document("d", "Newest apple", "text")).unwrap();
    assert_eq!(found(&engine, "apple"), ["a"]);
    writer.finish().unwrap();
    assert_eq!(found(&engine, "apple"), ["c", "d"]);
    let suggested = engine.suggest("newe", &["c".into()], 5);
    assert_eq!(suggested.len(), 2, "{suggested:?}");
    // Nothing of the others is left on the disk.
    let left = generations(folder.path()).len();
    assert_eq!(left, 1);
}

#[test]
fn a_damaged_index_can_be_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    {
        import(&engine(folder.path()), Begin::Fresh, library());
    }
    for generation in generations(folder.path()) {
        std::fs::write(generation.join("meta.json"), "{").unwrap();
    }
    std::fs::write(folder.path().join("NEXT"), [0xff]).unwrap();
    let engine = engine(folder.path());
    assert!(matches!(
        engine.stats("c"),
        Err(SearchError::Damaged { .. })
    ));
    import(&engine, Begin::Rebuild { resume: false }, library());
    assert_eq!(engine.stats("c").unwrap().documents, library().len() as u64);
}

#[test]
fn an_update_shows_nothing_before_it_ends_and_then_everything() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    import(
        &engine,
        Begin::Fresh,
        (0..50)
            .map(|n| document(&format!("k{n}"), "Old title", "old text"))
            .collect(),
    );
    let mut writer = engine.write("c", Begin::Update).unwrap();
    for n in 10..60 {
        let new = if n % 2 == 0 {
            document(&format!("k{n}"), "Old title", "old text")
        } else {
            document(&format!("k{n}"), "New", "x")
        };
        if !writer.unchanged(&new.key, new.hash) {
            writer.add(new).unwrap();
        }
    }
    writer.commit("half").unwrap();
    assert_eq!(engine.stats("c").unwrap().documents, 50);
    assert!(found(&engine, "title:new").is_empty());
    // Interrupted: the scan begins anew, and what was applied stands.
    drop(writer);
    let mut writer = engine.write("c", Begin::Update).unwrap();
    assert_eq!(writer.cursor(), None);
    let mut added = 0;
    for n in 10..60 {
        let new = if n % 2 == 0 {
            document(&format!("k{n}"), "Old title", "old text")
        } else {
            document(&format!("k{n}"), "New", "x")
        };
        if !writer.unchanged(&new.key, new.hash) {
            writer.add(new).unwrap();
            added += 1;
        }
    }
    assert_eq!(added, 0);
    writer.finish().unwrap();
    assert_eq!(engine.stats("c").unwrap().documents, 50);
    assert_eq!(search(&engine, "title:new").total, 25);
    assert!(engine.get("c", "k9").unwrap().is_none());
    assert_eq!(engine.get("c", "k11").unwrap().unwrap().title, "New");
    // One generation is left.
    drop(engine);
    let generations = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().path().is_dir())
        .count();
    assert_eq!(generations, 1);
}

#[test]
fn edits_are_seen_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut writer = engine.write("c", Begin::Edit).unwrap();
    writer.add(document("a", "Apple", "text")).unwrap();
    writer.commit("").unwrap();
    assert_eq!(found(&engine, "apple"), ["a"]);
    writer.add(document("a", "Pear", "text")).unwrap();
    writer.finish().unwrap();
    assert_eq!(found(&engine, "pear"), ["a"]);
    let mut writer = engine.write("c", Begin::Edit).unwrap();
    writer.remove("a").unwrap();
    writer.finish().unwrap();
    assert!(found(&engine, "pear").is_empty());
}

#[test]
fn suggestions_contents_and_documents() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let mut writer = engine.write("c", Begin::Fresh).unwrap();
    for document in library() {
        writer.add(document).unwrap();
    }
    writer.alias("Feline", "cats").unwrap();
    writer.finish().unwrap();
    let suggested = engine.suggest("analyt", &["c".into()], 5);
    assert_eq!(suggested[0].key, "lovelace");
    assert_eq!(engine.suggest("felin", &["c".into()], 5)[0].key, "cats");

    let mut titles = Vec::new();
    let mut after = None;
    loop {
        let page = engine.contents("c", after.as_deref(), 4).unwrap();
        assert!(page.entries.len() <= 4);
        titles.extend(page.entries.into_iter().map(|(_, title)| title));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(titles.len(), 11);
    assert_eq!(
        titles[..3],
        ["Cats", "Cats and dogs together", "La bibliothèque"]
    );
    let stored = engine.get("c", "curie").unwrap().unwrap();
    assert_eq!(
        (stored.authors.len(), stored.year, stored.meta.as_str()),
        (1, Some(1903), "{\"k\":\"curie\"}")
    );
    assert_eq!(stored.language, "en");
}

#[test]
fn several_collections_answer_as_one() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = LocalEngine::new();
    attach(&engine, "one", one.path());
    attach(&engine, "two", two.path());
    import_into(
        &engine,
        "one",
        Begin::Fresh,
        vec![
            document("a", "Solar panels", "sun"),
            document("b", "Moon", "night"),
        ],
    );
    // In this collection the word is common; only with common statistics do scores compare.
    import_into(
        &engine,
        "two",
        Begin::Fresh,
        (0..20)
            .map(|n| Document {
                kind: "book".into(),
                ..document(&format!("k{n}"), "Solar panels", "sun")
            })
            .collect(),
    );
    let collections = vec!["one".to_owned(), "two".to_owned(), "absent".to_owned()];
    let results = engine
        .search(&lampion_search::SearchRequest {
            collections,
            limit: 30,
            facets: true,
            ..request("solar")
        })
        .unwrap();
    assert_eq!(results.total, 21);
    let scores: Vec<f32> = results.hits.iter().map(|hit| hit.score).collect();
    assert!(
        scores.iter().all(|score| (score - scores[0]).abs() < 1e-4),
        "{scores:?}"
    );
    assert_eq!(results.facets.collections.len(), 2);
    // A kind that only a collection without a match has is not offered.
    let moon = lampion_search::SearchRequest {
        collections: vec!["one".to_owned(), "two".to_owned()],
        facets: true,
        ..request("moon")
    };
    let kinds = engine.search(&moon).unwrap().facets.kinds;
    assert_eq!(kinds.iter().map(|kind| kind.count).collect::<Vec<_>>(), [1]);
}

#[test]
fn read_only_media_and_deadlines() {
    let folder = tempfile::tempdir().unwrap();
    import(&engine(folder.path()), Begin::Fresh, library());
    let before: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let engine = LocalEngine::new();
    engine
        .attach(IndexPlace {
            collection: "c".into(),
            folder: folder.path().into(),
            read_only: true,
        })
        .unwrap();
    assert_eq!(found(&engine, "uranium"), ["curie"]);
    assert!(matches!(
        engine.write("c", Begin::Edit),
        Err(SearchError::ReadOnly(_))
    ));
    let after: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(before, after);
    let results = engine
        .search(&lampion_search::SearchRequest {
            deadline: Some(Duration::ZERO),
            ..request("the")
        })
        .unwrap();
    assert!(results.partial && !results.total_is_exact);
}

#[test]
fn damaged_files_are_an_error_and_a_new_import_mends_them() {
    let folder = tempfile::tempdir().unwrap();
    import(&engine(folder.path()), Begin::Fresh, library());
    let generation = folder.path().join("g1");
    for entry in std::fs::read_dir(&generation).unwrap() {
        let path = entry.unwrap().path();
        let whole = std::fs::read(&path).unwrap();
        for damaged in [whole[..whole.len() / 2].to_vec(), vec![0x5a; whole.len()]] {
            std::fs::write(&path, damaged).unwrap();
            let engine = engine(folder.path());
            // Any answer or error, but no panic.
            let _ = engine.search(&request("library OR cats"));
            let _ = engine.contents("c", None, 10);
            let _ = engine.suggest("ca", &["c".into()], 5);
        }
        std::fs::write(&path, whole).unwrap();
    }
    std::fs::write(generation.join("meta.json"), "{").unwrap();
    let engine = engine(folder.path());
    assert!(matches!(
        engine.search(&request("cats")),
        Err(SearchError::Damaged { .. })
    ));
    import(&engine, Begin::Fresh, library());
    assert_eq!(found(&engine, "uranium"), ["curie"]);
}
