//! The JSON interface is what its OpenAPI file says: schemathesis, an independent reader of such files, tries it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::Path;
use std::process::Command;

use lampion_testnet::{TestNet, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

#[test]
fn the_interface_keeps_its_word() {
    let Some(python) = std::env::var_os("LAMPION_TEST_PYTHON") else {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
        return;
    };
    let schemathesis = Path::new(&python).with_file_name("schemathesis");
    if !schemathesis.exists() {
        println!("skipped: {} is not installed", schemathesis.display());
        return;
    }
    let net = TestNet::new(PROGRAM);
    let hill = net.node("hill");
    // The examples in the file name a page of the handbook.
    until("the handbook", || {
        let handbook = hill.collection("handbook")?;
        (handbook["state"] == "ready").then_some(())
    });
    hill.get("/api/v1/records/handbook/en%2Fwelcome.md")
        .expect(200);
    let address = format!("http://{}/api/openapi.json", hill.pages().address());
    let ran = Command::new(schemathesis)
        .args(["run", &address, "--checks", "all", "--max-examples", "25"])
        // Other methods are answered by the frame's own page; a query is never invalid.
        .args([
            "--exclude-checks",
            "unsupported_method,positive_data_acceptance",
        ])
        .args(["--seed", "1", "--no-color"])
        .current_dir(net.folder("schemathesis"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("Tested: 4"), "{told}");
}
