use super::*;
use proptest::prelude::*;
use tempfile::TempDir;

fn words(counts: &[(&str, u32)]) -> (TempDir, Words) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("words.fst");
    let mut counter = WordCounter::new();
    for (word, n) in counts {
        counter.count_n(word, *n);
    }
    counter.finish(&path).unwrap();
    let words = Words::open(&path).unwrap();
    (dir, words)
}

fn corrected(query: &str, dicts: &[&Words]) -> Option<String> {
    let words: Vec<&str> = query.split(' ').collect();
    correct_query(&words, dicts).map(|words| words.join(" "))
}

#[test]
fn corrections_come_nearest_first() {
    let (_dir, words) = words(&[
        ("history", 50),
        ("historic", 900),
        ("mystery", 70),
        ("hiztory", 1),
        ("역사", 9),
        ("한국", 3),
    ]);
    assert_eq!(words.frequency("history"), 50);
    assert_eq!(words.frequency("nothing"), 0);
    let best: Vec<String> = words
        .correct("histori", 2)
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    assert_eq!(best.first().map(String::as_str), Some("historic"));
    assert_eq!(words.correct("한굮", 1), [("한국".to_owned(), 3)]);
    assert_eq!(words.frequency("한국"), 3);
    assert!(words.correct("history", 0).is_empty());
}

#[test]
fn a_query_is_corrected_only_where_it_is_likelier() {
    let (_dir, en) = words(&[
        ("history", 500),
        ("histary", 1),
        ("hello", 40),
        ("world", 60),
        ("form", 30),
        ("from", 900),
        ("notebook", 5),
        ("cat", 9),
    ]);
    let (_dir, ko) = words(&[("대한민국", 30), ("역사", 10)]);
    let dicts = [&en, &ko];
    let cases = [
        ("histroy", Some("history")),
        ("histary", Some("history")),
        ("form", None),
        ("helloworld", Some("hello world")),
        ("note book", Some("notebook")),
        ("helo wrold", Some("hello world")),
        ("2024", None),
        ("h1story", None),
        ("ca", None),
        ("history", None),
        ("대한민굮 역사", Some("대한민국 역사")),
        ("대한민국역사", Some("대한민국 역사")),
        ("qqqqqqq", None),
    ];
    for (query, expected) in cases {
        assert_eq!(corrected(query, &dicts).as_deref(), expected, "{query}");
    }
    assert_eq!(corrected("history", &[]), None);
    let long = format!("histroy {}", "history ".repeat(30).trim());
    assert_eq!(corrected(&long, &dicts).unwrap().split(' ').count(), 31);
}

#[test]
fn counting_is_bounded_and_keeps_what_is_frequent() {
    let mut counter = WordCounter::new();
    let letters = |mut n: u32| {
        let mut word = String::from("w");
        while n > 0 {
            word.push(char::from(b'a' + (n % 26) as u8));
            n /= 26;
        }
        word.push('z');
        word
    };
    for n in 0..300_000_u32 {
        counter.count(&letters(n));
        if n % 10 == 0 {
            counter.count("frequent");
        }
    }
    assert!(counter.len() <= 110_000, "{}", counter.len());
    let dir = tempfile::tempdir().unwrap();
    counter.save(&dir.path().join("state")).unwrap();
    let loaded = WordCounter::load(&dir.path().join("state")).unwrap();
    assert_eq!(loaded.len(), counter.len());
    loaded.finish(&dir.path().join("words.fst")).unwrap();
    let words = Words::open(&dir.path().join("words.fst")).unwrap();
    assert_eq!(words.frequency("frequent"), 30_000);
    std::fs::write(dir.path().join("state"), "nonsense").unwrap();
    assert!(WordCounter::load(&dir.path().join("state")).is_err());
}

#[test]
fn what_is_no_word_is_not_counted() {
    let mut counter = WordCounter::new();
    for word in ["a", "", "b12", "x-y", "中国", "ไทย", &"x".repeat(99)] {
        counter.count(word);
    }
    assert!(counter.is_empty());
    counter.count("물");
    assert_eq!(counter.len(), 1);
}

proptest! {
    #[test]
    fn a_damaged_dictionary_knows_nothing(at in any::<prop::sample::Index>(), byte in 1_u8..) {
        let (dir, _) = words(&[("history", 500), ("mystery", 7), ("korea", 12)]);
        let mut bytes = std::fs::read(dir.path().join("words.fst")).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= byte;
        if let Ok(words) = Words::from_bytes(bytes) {
            prop_assert_eq!(words.frequency("history"), 0);
            prop_assert!(words.correct("histroy", 2).is_empty());
        }
    }
}
