//! Real archives, good and deliberately broken ones, where they are at hand.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::ops::ControlFlow;
use std::path::PathBuf;

use lampion_zim::{Archive, CheckOptions, Finding, FindingKind};

/// Folder of test data from elsewhere, if it is there.
fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/zim");
    if !folder.exists() {
        println!("skipped: ../shared/data is absent");
        return None;
    }
    Some(folder)
}

fn check(archive: &Archive) -> Vec<Finding> {
    archive
        .check(CheckOptions::default(), |_, _| ControlFlow::Continue(()))
        .unwrap()
}

/// Reads every entry of an archive; gives how many have content and how many bytes that is.
fn read_all(archive: &Archive) -> (u32, u64) {
    let (mut count, mut bytes) = (0, 0);
    for entry in archive.all_in_cluster_order(0).unwrap() {
        let entry = entry.unwrap();
        let content = archive.read(&entry).unwrap();
        assert_eq!(content.len() as u64, archive.blob_len(&entry).unwrap());
        assert_eq!(
            archive
                .by_path(entry.namespace, &entry.path)
                .unwrap()
                .unwrap(),
            entry
        );
        assert!(!archive.mime_of(&entry).unwrap().is_empty());
        count += 1;
        bytes += content.len() as u64;
    }
    (count, bytes)
}

#[test]
fn good_archives_are_read_whole() {
    let Some(data) = data() else { return };
    // Name, entries (redirects among them), whether its namespaces are new.
    let archives = [
        ("tonedear.com_en_2024-09.zim", 65, true),
        ("foo-zstd.zim", 18, false),
        ("withns/small.zim", 17, false),
        ("withns/wikibooks_be_all_nopic_2017-02.zim", 118, false),
    ];
    for (name, entries, new) in archives {
        let archive = Archive::open(data.join(name)).unwrap();
        assert_eq!(archive.entry_count(), entries, "{name}");
        assert_eq!(archive.has_new_namespaces(), new, "{name}");
        let (count, bytes) = read_all(&archive);
        assert!(
            count > 10 && bytes > 10_000,
            "{name}: {count} entries of {bytes} bytes"
        );
        let sums = archive
            .verify_checksum(|_, _| ControlFlow::Continue(()))
            .unwrap();
        assert!(sums.matches(), "{name}");
        let findings = check(&archive);
        assert_eq!(findings, vec![], "{name}");
        for redirect in archive.redirects() {
            archive.resolve(redirect.unwrap()).unwrap();
        }
        println!(
            "{name}: {count} entries, {bytes} bytes, title {:?}, {} articles, main page {:?}",
            archive.metadata("Title").unwrap(),
            archive.articles_in_cluster_order(0).unwrap().total(),
            archive.main_entry().unwrap().map(|entry| entry.long_path())
        );
    }
}

#[test]
fn metadata_of_real_archives_is_found() {
    let Some(data) = data() else { return };
    let archive = Archive::open(data.join("tonedear.com_en_2024-09.zim")).unwrap();
    assert_eq!(archive.languages().unwrap(), ["eng"]);
    assert!(archive.metadata("Title").unwrap().is_some());
    assert!(
        archive
            .counter()
            .unwrap()
            .iter()
            .any(|(mime, _)| mime.starts_with("text/html"))
    );
    let (mime, picture) = archive.illustration(48).unwrap().unwrap();
    assert_eq!(mime, "image/png");
    assert!(picture.starts_with(b"\x89PNG"));
    assert!(
        archive
            .metadata_names()
            .unwrap()
            .contains(&String::from("Date"))
    );
    assert!(archive.articles_in_cluster_order(0).unwrap().total() > 0);
    let old = Archive::open(data.join("withns/wikibooks_be_all_nopic_2017-02.zim")).unwrap();
    assert_eq!(old.languages().unwrap(), ["bel"]);
    assert!(old.illustration(48).unwrap().is_some());
    assert_eq!(old.main_entry().unwrap().unwrap().namespace, 'A');
    let first = old.titles_from("").unwrap().next().unwrap().unwrap();
    assert_eq!(old.by_title(&first.title).unwrap().unwrap(), first);
}

#[test]
fn every_broken_archive_is_found_out() {
    let Some(data) = data() else { return };
    // What must be said of each; `None` when it can't even be opened, with words of the error.
    let faults: [(&str, Option<FindingKind>, &str); 16] = [
        (
            "bad_mimetype_in_dirent",
            Some(FindingKind::Mime),
            "MIME type",
        ),
        ("bad_mimetype_list", None, "list of MIME types has no end"),
        ("invalid_checksumpos", None, "checksumPos"),
        ("invalid_mimelistpos", None, "mimeListPos"),
        (
            "nonsorted_dirent_table",
            Some(FindingKind::EntryOrder),
            "out of order",
        ),
        (
            "nonsorted_title_index",
            Some(FindingKind::TitleOrder),
            "out of order",
        ),
        ("offset_in_cluster", Some(FindingKind::Cluster), "offset"),
        ("outofbounds_clusterptrpos", None, "list of clusters"),
        (
            "outofbounds_first_clusterptr",
            Some(FindingKind::Cluster),
            "outside the archive",
        ),
        (
            "outofbounds_first_direntptr",
            Some(FindingKind::Entry),
            "entry 0",
        ),
        (
            "outofbounds_first_title_entry",
            Some(FindingKind::Titles),
            "place 0",
        ),
        (
            "outofbounds_last_direntptr",
            Some(FindingKind::Entry),
            "entry 16",
        ),
        (
            "outofbounds_last_title_entry",
            Some(FindingKind::Titles),
            "place 16",
        ),
        (
            "outofbounds_titleptrpos",
            Some(FindingKind::Titles),
            "title listing",
        ),
        ("outofbounds_urlptrpos", None, "list of entries"),
        ("smaller_than_header", None, "header"),
    ];
    for (name, kind, words) in faults {
        let path = data.join(format!("withns/invalid.{name}.zim"));
        match (Archive::open(&path), kind) {
            (Err(error), None) => {
                let text = error.to_string();
                assert!(
                    text.contains(words) && text.contains(name),
                    "{name}: {text}"
                );
                println!("{name}: {text}");
            }
            (Ok(archive), Some(kind)) => {
                let findings = check(&archive);
                println!("{name}: {findings:?}");
                let found = findings
                    .iter()
                    .any(|finding| finding.kind == kind && finding.text.contains(words));
                assert!(found, "{name}: {findings:?}");
                let one = CheckOptions {
                    max_findings: 1,
                    ..CheckOptions::default()
                };
                let one = archive
                    .check(one, |_, _| ControlFlow::Continue(()))
                    .unwrap();
                assert_eq!(one.len(), 1, "{name}");
            }
            (Ok(archive), None) => panic!("{name} was opened: {:?}", check(&archive)),
            (Err(error), Some(_)) => panic!("{name} was not opened: {error}"),
        }
    }
}
