use super::normal::Normal;
use super::*;
use proptest::prelude::*;
use std::path::PathBuf;
use tempfile::TempDir;

fn build(titles: &[(&str, &str, u8)]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("titles.lps");
    let mut builder = TitlesBuilder::new(dir.path()).unwrap().spill_every(40);
    for (title, key, weight) in titles {
        builder.add(title, key, *weight).unwrap();
    }
    builder.finish(&path).unwrap();
    (dir, path)
}

fn open(titles: &[(&str, &str, u8)]) -> Titles {
    let (_dir, path) = build(titles);
    Titles::open(&path).unwrap()
}

fn of(titles: &[&str]) -> Titles {
    let titles: Vec<(&str, &str, u8)> = titles.iter().map(|title| (*title, *title, 0)).collect();
    open(&titles)
}

fn found(titles: &Titles, typed: &str) -> Vec<String> {
    titles
        .lookup(typed, 10)
        .into_iter()
        .map(|hit| hit.title)
        .collect()
}

/// Chance with a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// One slip: a letter left out, doubled up with another, replaced, or swapped with its neighbour.
    fn slip(&mut self, text: &str, letters: &[char]) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let at = self.below(chars.len());
        let letter = letters[self.below(letters.len())];
        match self.below(4) {
            0 if chars.len() > 3 => drop(chars.remove(at)),
            1 => chars.insert(at, letter),
            2 if at + 1 < chars.len() => chars.swap(at, at + 1),
            _ => chars[at] = letter,
        }
        chars.into_iter().collect()
    }
}

#[test]
fn whole_title_then_beginning_then_inside_by_weight_and_length() {
    let titles = open(&[
        ("North Korea", "nk", 9),
        ("Korea under Japanese rule", "rule", 3),
        ("Korea", "korea", 0),
        ("Korean War", "war", 7),
        ("Korean", "korean", 3),
    ]);
    let hits = titles.lookup("kor", 10);
    let keys: Vec<&str> = hits.iter().map(|hit| hit.key.as_str()).collect();
    assert_eq!(keys, ["war", "korean", "rule", "korea", "nk"]);
    assert!(hits[0].starts && !hits[4].starts);
    assert_eq!(found(&titles, "KOREA")[0], "Korea");
    assert!(titles.lookup("korea", 1)[0].whole);
    assert_eq!(titles.lookup("kor", 2).len(), 2);
    assert!(titles.lookup("kor", 0).is_empty());
}

#[test]
fn words_inside_apart_and_in_another_order() {
    let titles = of(&[
        "A Short History of Korea",
        "History of Japan",
        "Korea: maps",
        "Korea Strait",
    ]);
    assert_eq!(
        found(&titles, "history of kor"),
        ["A Short History of Korea"]
    );
    assert_eq!(
        found(&titles, "korea history")[0],
        "A Short History of Korea"
    );
    assert_eq!(found(&titles, "kor hist")[0], "A Short History of Korea");
    assert_eq!(titles.lookup("korea history", 9)[0].typos, 0);
}

#[test]
fn aliases_of_one_key_are_one_suggestion() {
    let titles = open(&[
        ("Seoul", "s", 5),
        ("Seoul city", "s", 5),
        ("Seoul Metro", "m", 1),
    ]);
    assert_eq!(found(&titles, "seoul"), ["Seoul", "Seoul Metro"]);
}

#[test]
fn typos_of_each_kind_are_forgiven() {
    let titles = of(&[
        "Photosynthesis",
        "World War II",
        "History of Korea",
        "Cat",
        "C++",
    ]);
    for typed in [
        "photosinthesis",
        "phtosynthesis",
        "hpotosynthesis",
        "xhotosynthesis",
        "photosyntehs",
        "photosintesis",
    ] {
        assert_eq!(
            found(&titles, typed).first().map(String::as_str),
            Some("Photosynthesis"),
            "{typed}"
        );
    }
    for typed in [
        "worldwar ii",
        "wor ld war",
        "wrold war",
        "world wra ii",
        "worldwar",
    ] {
        assert_eq!(
            found(&titles, typed).first().map(String::as_str),
            Some("World War II"),
            "{typed}"
        );
    }
    for typed in [
        "histery of korea",
        "history fo korea",
        "historyof korea",
        "korea histery",
        "history if koera",
    ] {
        assert_eq!(
            found(&titles, typed).first().map(String::as_str),
            Some("History of Korea"),
            "{typed}"
        );
    }
    assert_eq!(titles.lookup("histery", 5)[0].typos, 1);
    assert!(
        found(&titles, "cxx")
            .iter()
            .all(|title| title != "Photosynthesis")
    );
    assert!(found(&titles, "zq").is_empty());
}

#[test]
fn scripts_without_spaces_and_from_right_to_left() {
    let titles = of(&[
        "대한민국의 역사",
        "한국과학기술원",
        "中华人民共和国历史",
        "日本の歴史",
        "مدينة القاهرة القديمة",
        "ประวัติศาสตร์ไทย",
        "История Кореи",
    ]);
    let cases = [
        // Beginning, inside, letters still being struck, a slip.
        ("대한", "대한민국의 역사"),
        ("민국", "대한민국의 역사"),
        ("하", "한국과학기술원"),
        ("한구", "한국과학기술원"),
        ("과학기수", "한국과학기술원"),
        ("대한민굮의", "대한민국의 역사"),
        ("역사 대한", "대한민국의 역사"),
        ("힌국과학", "한국과학기술원"),
        ("中华", "中华人民共和国历史"),
        ("共和国", "中华人民共和国历史"),
        ("中华人名共和国", "中华人民共和国历史"),
        ("日本歴史", "日本の歴史"),
        ("القاهرة", "مدينة القاهرة القديمة"),
        ("القاهره القدمية", "مدينة القاهرة القديمة"),
        ("ไทย", "ประวัติศาสตร์ไทย"),
        ("кореи", "История Кореи"),
        ("исторея", "История Кореи"),
    ];
    for (typed, title) in cases {
        assert!(
            found(&titles, typed).iter().any(|found| found == title),
            "{typed}: {:?}",
            found(&titles, typed)
        );
    }
}

#[test]
fn collections_share_the_list_fairly() {
    let many: Vec<String> = (0..50).map(|n| format!("Korea {n}")).collect();
    let many: Vec<(&str, &str, u8)> = many.iter().map(|t| (t.as_str(), t.as_str(), 200)).collect();
    let large = open(&many);
    let small = open(&[("Korea map", "map", 0), ("Korae", "slip", 255)]);
    let hits = suggest(&[&large, &small], "korea", 10);
    assert_eq!(hits.len(), 10);
    assert_eq!((hits[1].0, hits[1].1.key.as_str()), (1, "map"));
    assert!(hits.iter().all(|(_, hit)| hit.typos == 0));
    let hits = suggest(&[&small, &large], "korea 49x", 10);
    assert_eq!(
        hits.iter().map(|(n, hit)| (*n, hit.key.as_str())).next(),
        Some((1, "Korea 49"))
    );
    assert!(suggest(&[], "x", 10).is_empty());
}

#[test]
fn empty_and_long_and_odd() {
    let empty = of(&[]);
    assert!(empty.is_empty() && found(&empty, "x").is_empty());
    let long = "very ".repeat(4000);
    let titles = open(&[
        (&long, "l", 0),
        ("", "e", 0),
        ("   ", "s", 0),
        ("!!!", "m", 0),
        ("a", "a", 0),
    ]);
    let mut builder = TitlesBuilder::new(&std::env::temp_dir()).unwrap();
    let too_long = "k".repeat(40_000);
    assert!(builder.add("title", &too_long, 0).is_err());
    assert_eq!(titles.len(), 3);
    assert_eq!(found(&titles, "!!!"), ["!!!"]);
    assert_eq!(found(&titles, "very very").len(), 1);
    assert_eq!(found(&titles, &long).len(), 1);
    assert_eq!(found(&titles, "a"), ["a"]);
}

#[test]
fn building_leaves_nothing_behind() {
    let (dir, _path) = build(&[("one", "1", 0), ("two", "2", 0)]);
    drop(TitlesBuilder::new(dir.path()).unwrap());
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["titles.lps"]);
}

const WORDS: &[&str] = &[
    "korea", "korean", "war", "history", "of", "the", "a", "art", "artist", "c++", "sea", "east",
    "north", "han", "한국", "역사",
];

/// What a scan over all titles finds, as `(whole, starts, weight, folded bytes)`.
fn scan(titles: &[(String, u8)], typed: &str, limit: usize) -> Vec<(bool, bool, u16)> {
    let typed = Normal::new(typed, false).text;
    let mut hits: Vec<(bool, bool, u16)> = Vec::new();
    for (title, weight) in titles {
        let normal = Normal::new(title, true);
        let mut places = normal.starts.iter().map(|start| usize::from(start.at));
        if let Some(at) = places.find(|at| normal.text[*at..].starts_with(&typed)) {
            hits.push((
                normal.text == typed,
                at == 0,
                format::score(at == 0, *weight, normal.text.len()),
            ));
        }
    }
    hits.sort_by(|a, b| b.cmp(a));
    hits.truncate(limit);
    hits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_best_of_a_range_are_what_a_scan_finds(
        titles in prop::collection::vec((prop::collection::vec(0..WORDS.len(), 1..6), 0_u8..4), 1..250),
        typed in prop::collection::vec(0..WORDS.len(), 1..3),
        cut in 0_usize..6,
        limit in 1_usize..30,
    ) {
        let text = |words: &[usize]| words.iter().map(|n| WORDS[*n]).collect::<Vec<_>>().join(" ");
        let titles: Vec<(String, u8)> = titles.iter().map(|(words, weight)| (text(words), *weight)).collect();
        let keys: Vec<String> = (0..titles.len()).map(|n| n.to_string()).collect();
        let rows: Vec<(&str, &str, u8)> = titles.iter().zip(&keys).map(|((t, w), k)| (t.as_str(), k.as_str(), *w)).collect();
        let typed = text(&typed);
        let typed: String = typed.chars().take((typed.chars().count().saturating_sub(cut)).max(1)).collect();
        let index = open(&rows);
        let hits = index.exact(&read::Typed::new(&typed), limit);
        let expected = scan(&titles, &typed, limit);
        // Titles with the words apart may follow.
        let got: Vec<(bool, bool, u16)> = hits.iter().take(expected.len()).map(|hit| {
            let bytes = Normal::new(&hit.title, true).text.len();
            (hit.whole, hit.starts, format::score(hit.starts, hit.weight, bytes))
        }).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_damaged_file_never_panics(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<Option<prop::sample::Index>>()) {
        let titles: Vec<String> = (0..120).map(|n| format!("{} {} {n}", WORDS[n % 16], WORDS[n * 7 % 16])).collect();
        let rows: Vec<(&str, &str, u8)> = titles.iter().map(|t| (t.as_str(), t.as_str(), 1)).collect();
        let (_dir, path) = build(&rows);
        let mut bytes = std::fs::read(path).unwrap();
        if let Some(cut) = cut {
            let length = cut.index(bytes.len());
            prop_assert!(Titles::from_bytes(bytes[..length].to_vec()).is_err());
        }
        for (place, byte) in flips {
            // The header's own checksum refuses most: damage the rest.
            let at = format::HEADER_BYTES + place.index(bytes.len() - format::HEADER_BYTES);
            bytes[at] ^= byte;
        }
        let titles = Titles::from_bytes(bytes).unwrap();
        for typed in ["k", "korea", "korea war", "koera histry", "한구", "war korea 1", "zzzzzz"] {
            prop_assert!(titles.lookup(typed, 20).len() <= 20);
        }
    }
}

proptest! {
    #[test]
    fn a_hostile_header_never_panics(
        flips in prop::collection::vec((0..format::HEADER_BYTES, any::<u8>()), 1..6),
        far in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
    ) {
        let titles: Vec<String> = (0..120).map(|n| format!("{} {} {n}", WORDS[n % 16], WORDS[n * 7 % 16])).collect();
        let rows: Vec<(&str, &str, u8)> = titles.iter().map(|t| (t.as_str(), t.as_str(), 1)).collect();
        let (_dir, path) = build(&rows);
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte) in flips.into_iter().chain(far.into_iter().map(|(at, byte)| (at.index(bytes.len()), byte)).collect::<Vec<_>>()) {
            bytes[at] ^= byte;
        }
        for typed in ["k", "korea war", "koera histry"] {
            let mut input = vec![typed.len() as u8];
            input.extend_from_slice(typed.as_bytes());
            input.extend_from_slice(&bytes);
            fuzz_open(&input);
        }
    }

    #[test]
    fn fuzz_entry_takes_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz_open(&bytes);
    }
}

#[test]
fn a_damaged_header_is_refused() {
    let (_dir, path) = build(&[("one", "1", 0)]);
    let bytes = std::fs::read(path).unwrap();
    for at in 0..format::HEADER_BYTES - 32 {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        assert!(Titles::from_bytes(bytes).is_err(), "{at}");
    }
    assert!(Titles::from_bytes(Vec::new()).is_err());
}

/// Share of titles that are among the ten found in spite of one slip.
fn recall(titles: &[String], letters: &[char], queries: usize) -> f64 {
    let rows: Vec<(&str, &str, u8)> = titles.iter().map(|t| (t.as_str(), t.as_str(), 1)).collect();
    let index = open(&rows);
    let mut chance = Chance(7);
    let mut hits = 0;
    for _ in 0..queries {
        let title = &titles[chance.below(titles.len())];
        let typed = chance.slip(title, letters);
        hits += usize::from(found(&index, &typed).contains(title));
    }
    hits as f64 / queries as f64
}

#[test]
fn one_slip_is_forgiven_in_made_up_titles() {
    let scripts: [(&[char], usize); 3] = [
        (
            &['a', 'e', 'i', 'o', 'k', 'l', 'm', 'n', 'r', 's', 't', 'v'],
            7,
        ),
        (
            &['а', 'е', 'и', 'о', 'к', 'л', 'м', 'н', 'р', 'с', 'т', 'в'],
            7,
        ),
        (
            &[
                '가', '나', '다', '라', '민', '국', '역', '사', '한', '글', '섬', '벽',
            ],
            3,
        ),
    ];
    for (letters, longest) in scripts {
        let mut chance = Chance(42);
        let vocabulary: Vec<String> = (0..800)
            .map(|_| {
                (0..2 + chance.below(longest))
                    .map(|_| letters[chance.below(letters.len())])
                    .collect()
            })
            .collect();
        let titles: Vec<String> = (0..1500)
            .map(|_| {
                (0..2 + chance.below(4))
                    .map(|_| vocabulary[chance.below(800)].as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let recall = recall(&titles, letters, 200);
        assert!(recall >= 0.95, "{} {recall}", letters[0]);
    }
}

#[test]
fn one_slip_is_forgiven_in_real_titles() {
    let packed = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/bulk/arxiv200k.jsonl.xz");
    let unpacked = std::process::Command::new("sh")
        .arg("-c")
        .arg("xz -dc \"$0\" | head -n 3000")
        .arg(&packed)
        .output();
    let lines = match unpacked {
        Ok(output) if packed.exists() && !output.stdout.is_empty() => output.stdout,
        _ => {
            println!("skipped: ../shared/data is absent");
            return;
        }
    };
    let lines = String::from_utf8(lines).unwrap();
    let titles: Vec<String> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["title"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let letters: Vec<char> = ('a'..='z').collect();
    let recall = recall(&titles, &letters, 200);
    assert!(recall >= 0.95, "{recall}");
}
