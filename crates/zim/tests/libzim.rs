//! Archives written by libzim, an independent writer, and split by zimsplit where it is there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use lampion_zim::{Archive, CheckOptions, Listing};

/// How many articles the script writes.
const ARTICLES: u32 = 300;

/// Writes an archive to the path given, with the compression given.
const SCRIPT: &str = r#"
import sys
from libzim.writer import Creator, Item, StringProvider, Hint, Compression

class Page(Item):
    def __init__(self, path, title, mime, content, front):
        super().__init__()
        self.fields = (path, title, mime, content, front)
    def get_path(self): return self.fields[0]
    def get_title(self): return self.fields[1]
    def get_mimetype(self): return self.fields[2]
    def get_contentprovider(self): return StringProvider(self.fields[3])
    def get_hints(self): return {Hint.FRONT_ARTICLE: self.fields[4]}

path, compression, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
creator = Creator(path).config_indexing(False, "eng").config_clustersize(50000)
with creator.config_compression(getattr(Compression, compression)) as zim:
    zim.set_mainpath("a/0")
    for number in range(count):
        body = f"<html>Article {number} 기사 {'word%d ' % number * (number * 7 % 300)}</html>"
        zim.add_item(Page(f"a/{number}", f"Title {number:04}", "text/html", body, True))
    zim.add_item(Page("style.css", "", "text/css", "p { color: red }", False))
    zim.add_item(Page("frame.html", "", "text/html", "<p>only a frame</p>", False))
    zim.add_item(Page("سلام/世界", "مرحبا 世界", "text/html", "<html>salam</html>", True))
    zim.add_redirection("old/1", "Old one", "a/1", {Hint.FRONT_ARTICLE: True})
    zim.add_redirection("old/2", "Old two", "old/1", {})
    zim.add_alias("alias/5", "Alias five", "a/5", {})
    zim.add_illustration(48, b"\x89PNG not really")
    for name, value in [("Title", "제목 Title عنوان"), ("Language", "eng,kor,ara"),
                        ("Description", "Рассказ о реках"), ("Creator", "測試"), ("Date", "2026-01-02")]:
        zim.add_metadata(name, value)
"#;

/// A Python that has libzim, in an environment of its own below the build's folder.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let make = || {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libzim-venv");
        let python = home.join("bin/python");
        let run = |program: &Path, args: &[&str]| {
            let done = Command::new(program).args(args).output();
            done.is_ok_and(|done| done.status.success())
        };
        let has_libzim = || run(&python, &["-c", "import libzim.writer"]);
        let home_text = home.to_str()?;
        let ready = has_libzim()
            || (run(Path::new("python3"), &["-m", "venv", home_text])
                && run(&python, &["-m", "pip", "install", "--quiet", "libzim"])
                && has_libzim());
        ready.then_some(python)
    };
    let python = PYTHON.get_or_init(make).as_deref();
    if python.is_none() {
        println!("skipped: libzim can't be installed with pip");
    }
    python
}

/// Writes an archive with libzim.
fn write(python: &Path, path: &Path, compression: &str) {
    let done = Command::new(python)
        .args([
            "-c",
            SCRIPT,
            path.to_str().unwrap(),
            compression,
            &ARTICLES.to_string(),
        ])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn body(number: u32) -> String {
    let words = format!("word{number} ").repeat((number * 7 % 300) as usize);
    format!("<html>Article {number} 기사 {words}</html>")
}

/// Everything that the script wrote is there, and nothing is wrong.
fn compare(archive: &Archive) {
    assert!(archive.has_new_namespaces());
    for number in 0..ARTICLES {
        let entry = archive
            .by_path('C', &format!("a/{number}"))
            .unwrap()
            .unwrap();
        assert_eq!(entry.title, format!("Title {number:04}"));
        assert_eq!(archive.mime_of(&entry).unwrap(), "text/html");
        assert_eq!(archive.read(&entry).unwrap(), body(number).as_bytes());
    }
    let read = |path: &str| {
        let entry = archive
            .resolve(archive.by_long_path(path).unwrap().unwrap())
            .unwrap();
        String::from_utf8(archive.read(&entry).unwrap().to_vec()).unwrap()
    };
    assert_eq!(read("C/old/2"), body(1));
    assert_eq!(read("C/alias/5"), body(5));
    assert_eq!(read("C/سلام/世界"), "<html>salam</html>");
    assert_eq!(read("C/style.css"), "p { color: red }");
    assert_eq!(
        archive.by_title("مرحبا 世界").unwrap().unwrap().path,
        "سلام/世界"
    );
    assert_eq!(archive.main_entry().unwrap().unwrap().path, "a/0");
    assert_eq!(
        archive.metadata("Title").unwrap().unwrap(),
        "제목 Title عنوان"
    );
    assert_eq!(
        archive.metadata("Description").unwrap().unwrap(),
        "Рассказ о реках"
    );
    assert_eq!(archive.metadata("Creator").unwrap().unwrap(), "測試");
    assert_eq!(archive.metadata("Flavour").unwrap(), None);
    assert_eq!(archive.languages().unwrap(), ["eng", "kor", "ara"]);
    let (mime, picture) = archive.illustration(48).unwrap().unwrap();
    assert_eq!(
        (mime.as_str(), &picture[..]),
        ("image/png", &b"\x89PNG not really"[..])
    );
    let html = archive
        .counter()
        .unwrap()
        .into_iter()
        .find(|(mime, _)| mime == "text/html");
    assert!(html.unwrap().1 > u64::from(ARTICLES));
    // The frame is a page, but none that a reader looks for.
    let order = archive.articles_in_cluster_order(0).unwrap();
    assert_eq!(order.total(), u64::from(ARTICLES) + 1);
    let paths: Vec<String> = order.map(|entry| entry.unwrap().path).collect();
    assert!(!paths.contains(&String::from("frame.html")));
    // The articles and the redirect that was marked as one.
    assert_eq!(
        archive.title_count(Listing::Articles).unwrap(),
        Some(ARTICLES + 2)
    );
    let titles: Vec<String> = archive
        .titles_from("Title 0298")
        .unwrap()
        .map(|entry| entry.unwrap().title)
        .collect();
    assert_eq!(titles, ["Title 0298", "Title 0299", "مرحبا 世界"]);
    let sums = archive
        .verify_checksum(|_, _| ControlFlow::Continue(()))
        .unwrap();
    assert!(sums.matches());
    let findings = archive.check(CheckOptions::default(), |_, _| ControlFlow::Continue(()));
    assert_eq!(findings.unwrap(), vec![]);
}

#[test]
fn what_libzim_writes_is_read() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for compression in ["zstd", "none"] {
        let path = folder.path().join(format!("{compression}.zim"));
        write(python, &path, compression);
        let archive = Archive::open(&path).unwrap();
        let header = archive.header();
        println!(
            "{compression}: version {}.{}, {} clusters",
            header.major, header.minor, header.cluster_count
        );
        compare(&archive);
    }
}

#[test]
fn what_zimsplit_splits_is_read() {
    let Some(python) = python() else { return };
    if Command::new("zimsplit").arg("--version").output().is_err() {
        println!("skipped: zimsplit (zim-tools) is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (whole, split) = (
        folder.path().join("whole.zim"),
        folder.path().join("split.zim"),
    );
    write(python, &whole, "none");
    let prefix = format!("--prefix={}", split.display());
    let done = Command::new("zimsplit")
        .args([&prefix, "--size=80000"])
        .arg(&whole)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(
        folder.path().join("split.zimac").exists(),
        "there are too few parts"
    );
    for name in ["split.zim", "split.zimaa", "split.zimab"] {
        compare(&Archive::open(folder.path().join(name)).unwrap());
    }
    std::fs::remove_file(folder.path().join("split.zimab")).unwrap();
    let error = Archive::open(&split).err().unwrap();
    assert!(error.to_string().contains("split.zimab"), "{error}");
}
