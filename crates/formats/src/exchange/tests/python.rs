//! Programs of others, in the Python that `LAMPION_TEST_PYTHON` names.

use std::path::PathBuf;
use std::process::Command;

/// The Python, if it has the packages.
pub(super) fn with(packages: &[&str]) -> Option<PathBuf> {
    let Some(python) = std::env::var_os("LAMPION_TEST_PYTHON") else {
        eprintln!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
        return None;
    };
    let script = format!("import {}", packages.join(", "));
    let there = Command::new(&python).args(["-c", &script]).output();
    if !there.is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: the test Python has not all of {packages:?}");
        return None;
    }
    Some(python.into())
}

/// Runs a script, and gives what it prints.
pub(super) fn run(python: &PathBuf, script: &str, arguments: &[&str]) -> String {
    let done = Command::new(python)
        .args(["-c", script])
        .args(arguments)
        .env("PYTHONIOENCODING", "utf-8")
        .env_remove("http_proxy")
        .env_remove("HTTP_PROXY")
        .env("NO_PROXY", "*")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

/// Parses documents with a parser that is not ours, and holds them against a
/// condition: an expression of Python over `root` and `ns`.
pub(super) fn check_xml(documents: &[(&str, String, &str)]) {
    let Some(python) = with(&["lxml.etree"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut list = String::new();
    for (name, document, condition) in documents {
        std::fs::write(folder.path().join(format!("{name}.xml")), document).unwrap();
        list.push_str(&format!("{name}\t{condition}\n"));
    }
    std::fs::write(folder.path().join("conditions.txt"), list).unwrap();
    let script = r#"
import sys, os
from lxml import etree
folder = sys.argv[1]
ns = {"oai": "http://www.openarchives.org/OAI/2.0/", "dc": "http://purl.org/dc/elements/1.1/",
      "marc": "http://www.loc.gov/MARC21/slim", "srw": "http://www.loc.gov/zing/srw/",
      "diag": "http://www.loc.gov/zing/srw/diagnostic/", "xcql": "http://www.loc.gov/zing/cql/xcql/",
      "zr": "http://explain.z3950.org/dtd/2.0/", "atom": "http://www.w3.org/2005/Atom",
      "opds": "http://opds-spec.org/2010/catalog", "thr": "http://purl.org/syndication/thread/1.0",
      "dcterms": "http://purl.org/dc/terms/", "os": "http://a9.com/-/spec/opensearch/1.1/"}
for line in open(os.path.join(folder, "conditions.txt"), encoding="utf-8"):
    name, condition = line.rstrip("\n").split("\t")
    root = etree.parse(os.path.join(folder, name + ".xml")).getroot()
    names = [etree.QName(child).localname for child in root]
    x = lambda path: root.xpath(path, namespaces=ns)
    assert eval(condition), (name, condition, etree.tostring(root).decode())
print("fine")
"#;
    let printed = run(&python, script, &[folder.path().to_str().unwrap()]);
    assert_eq!(printed.trim(), "fine");
}
