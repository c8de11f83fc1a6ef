//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        // The loader's list of addresses to correct is 2.8 MB long, all of which it reads and which stays in memory; packed
        // (DT_RELR) it is 0.1 MB. glibc knows it since 2.36, Debian 12. Linkers that don't know the word leave the list long.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
