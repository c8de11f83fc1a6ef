//! What the tests of the engine share.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test file uses a part of it"
)]

use std::path::{Path, PathBuf};

use lampion_search::{
    Begin, Document, Engine, IndexPlace, LocalEngine, SearchRequest, SearchResults,
};

/// An engine with one collection `c` in `folder`.
pub fn engine(folder: &Path) -> LocalEngine {
    let engine = LocalEngine::new();
    attach(&engine, "c", folder);
    engine
}

pub fn attach(engine: &LocalEngine, collection: &str, folder: &Path) {
    let place = IndexPlace {
        collection: collection.into(),
        folder: folder.into(),
        read_only: false,
    };
    engine.attach(place).unwrap();
}

pub fn document(key: &str, title: &str, body: &str) -> Document {
    Document {
        key: key.into(),
        title: title.into(),
        body: body.into(),
        kind: "article".into(),
        hash: (title.len() * 1_000 + body.len()) as u64,
        meta: format!("{{\"k\":\"{key}\"}}"),
        ..Document::default()
    }
}

/// Imports documents into `c` to the end.
pub fn import(engine: &LocalEngine, begin: Begin, documents: Vec<Document>) {
    import_into(engine, "c", begin, documents);
}

pub fn import_into(engine: &LocalEngine, collection: &str, begin: Begin, documents: Vec<Document>) {
    let mut writer = engine.write(collection, begin).unwrap();
    for document in documents {
        if !writer.unchanged(&document.key, document.hash) {
            writer.add(document).unwrap();
        }
    }
    writer.finish().unwrap();
}

pub fn request(query: &str) -> SearchRequest {
    SearchRequest {
        query: query.into(),
        collections: vec!["c".into()],
        limit: 10,
        ui_language: "en".into(),
        ..SearchRequest::default()
    }
}

pub fn search(engine: &LocalEngine, query: &str) -> SearchResults {
    engine.search(&request(query)).unwrap()
}

pub fn keys(results: &SearchResults) -> Vec<&str> {
    results.hits.iter().map(|hit| hit.key.as_str()).collect()
}

/// Keys found, in any order.
pub fn found(engine: &LocalEngine, query: &str) -> Vec<String> {
    let results = search(engine, query);
    let mut keys: Vec<String> = results.hits.into_iter().map(|hit| hit.key).collect();
    keys.sort();
    keys
}

/// The folder of real data, or nothing (and the test says so).
pub fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if path.exists() {
        return Some(path);
    }
    println!("skipped: ../shared/data is absent");
    None
}
