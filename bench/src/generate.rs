//! Documents made by chance: six scripts, words after Zipf's law, the same for the same seed.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::chance::{Chance, mix};
use crate::data::Document;
use crate::peers;

/// Words of one language.
const VOCABULARY: usize = 60_000;
/// Words of a body: least and how many more.
const BODY: (usize, usize) = (60, 120);
/// Words of a title: least and how many more.
const TITLE: (usize, usize) = (3, 6);
/// The longest sentence, in words.
const SENTENCE: usize = 18;

struct Script {
    language: &'static str,
    /// Of a hundred documents.
    share: usize,
    /// Syllables that words are made of; for Han, the first character of a block.
    syllables: &'static [&'static str],
    spaces: bool,
}

const SCRIPTS: [Script; 6] = [
    Script {
        language: "en",
        share: 40,
        spaces: true,
        syllables: &[
            "ba", "co", "di", "fe", "gu", "ha", "jo", "ki", "le", "mu", "na", "po", "ri", "se",
            "tu", "va", "wo", "ye", "zi", "tra", "sta", "ing", "er", "on", "an", "the", "ment",
            "al", "is", "or", "ent", "pro",
        ],
    },
    Script {
        language: "ru",
        share: 15,
        spaces: true,
        syllables: &[
            "ба", "во", "ге", "ди", "жу", "за", "ки", "ле", "мо", "ну", "по", "ра", "се", "ти",
            "ры", "ста", "ние", "ов", "ал", "ест", "про", "ком", "ный", "тель",
        ],
    },
    Script {
        language: "ar",
        share: 10,
        spaces: true,
        syllables: &[
            "با", "تو", "ثي", "جم", "حر", "خط", "در", "ذا", "رس", "زم", "سل", "شم", "صح", "ضو",
            "طا", "عل", "غر", "فك", "قل", "كت", "لم", "من", "نو", "وا",
        ],
    },
    Script {
        language: "zh",
        share: 15,
        spaces: false,
        syllables: &[
            "的", "一", "国", "在", "人", "了", "有", "中", "是", "年", "和", "大", "业", "不",
            "为", "发", "会", "工", "经", "上", "地", "市", "要", "个", "产", "这", "出", "行",
            "作", "生", "家", "以", "成", "到", "日", "民", "来", "我", "部", "对", "进", "多",
            "全", "建", "他", "公", "开", "们", "场", "展", "时", "理", "新", "方", "主", "企",
            "资", "实", "学", "报", "制", "政", "济", "用",
        ],
    },
    Script {
        language: "ko",
        share: 10,
        spaces: true,
        syllables: &[
            "가", "나", "다", "라", "마", "바", "사", "아", "자", "차", "카", "타", "파", "하",
            "고", "노", "도", "로", "모", "보", "소", "오", "조", "호", "구", "기", "니", "리",
            "미", "시", "이", "지", "학", "교", "정", "한", "국", "인", "전", "문",
        ],
    },
    Script {
        language: "th",
        share: 10,
        spaces: false,
        syllables: &[
            "กา",
            "ขอ",
            "คน",
            "งา",
            "จะ",
            "ชา",
            "ดี",
            "ตา",
            "ทำ",
            "นา",
            "บา",
            "ปี",
            "ผล",
            "พา",
            "มา",
            "ยา",
            "รา",
            "ลง",
            "วัน",
            "สา",
            "หา",
            "ให้",
            "ได้",
            "ไม่",
            "ที่",
            "และ",
            "การ",
            "ความ",
        ],
    },
];

/// Makes one document after another.
pub struct Documents {
    chance: Chance,
    count: usize,
    next: usize,
}

impl Documents {
    pub fn new(count: usize, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            count,
            next: 0,
        }
    }

    fn script(&mut self) -> &'static Script {
        let mut at = self.chance.below(100);
        for script in &SCRIPTS {
            if at < script.share {
                return script;
            }
            at -= script.share;
        }
        &SCRIPTS[0]
    }

    fn words(&mut self, script: &Script, least: usize, more: usize, sentences: bool) -> String {
        let mut out = String::new();
        let mut left = 0;
        for _ in 0..least + self.chance.below(more) {
            if sentences && left == 0 {
                if !out.is_empty() {
                    out.push_str(if script.language == "zh" { "。" } else { "." });
                }
                left = 4 + self.chance.below(SENTENCE - 4);
            }
            left = left.saturating_sub(1);
            // Thai parts sentences with a space, and the Han script nothing.
            if !out.is_empty() && (script.spaces || script.language == "th" && left == 3) {
                out.push(' ');
            }
            let rank = self.chance.zipf(VOCABULARY);
            word(script, rank, &mut out);
        }
        out
    }
}

/// The word of a rank: frequent words are short, and all are unlike.
fn word(script: &Script, rank: usize, out: &mut String) {
    let base = script.syllables.len();
    let (mut number, mut place) = (rank, 0);
    // A bijective number system keeps words unlike; the step makes places begin with unlike syllables.
    loop {
        let digit = (number + place * 11) % base;
        out.push_str(script.syllables.get(digit).copied().unwrap_or_default());
        number /= base;
        if number == 0 {
            break;
        }
        number -= 1;
        place += 1;
    }
}

impl Iterator for Documents {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        if self.next >= self.count {
            return None;
        }
        let number = self.next;
        self.next += 1;
        let script = self.script();
        let title = self.words(script, TITLE.0, TITLE.1, false);
        let body = self.words(script, BODY.0, BODY.1, true);
        let year = 1960 + (mix(number as u64) % 66) as i32;
        Some(Document {
            id: format!("g{number}"),
            title,
            body,
            lang: Some(script.language.into()),
            year: Some(year),
        })
    }
}

/// `generate`.
pub fn run(
    count: usize,
    seed: u64,
    out: &str,
    zim: Option<&Path>,
    peers: Option<&Path>,
) -> anyhow::Result<()> {
    let write: Box<dyn Write> = if out == "-" {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(std::fs::File::create(out).with_context(|| out.to_string())?)
    };
    let mut write = BufWriter::new(write);
    for document in Documents::new(count, seed) {
        serde_json::to_writer(&mut write, &document)?;
        write.write_all(b"\n")?;
    }
    write.flush()?;
    if let Some(zim) = zim {
        anyhow::ensure!(
            out != "-",
            "give the documents a file with --out: libzim reads them from it"
        );
        let built = peers::Peers::find(peers).zim(Path::new(out), zim, "eng", None)?;
        eprintln!(
            "{}: {} documents in {:.1} s",
            zim.display(),
            built.documents,
            built.seconds
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_script_are_unlike_and_documents_repeat_by_seed() {
        for script in &SCRIPTS {
            let mut seen = std::collections::HashSet::new();
            for rank in 0..VOCABULARY {
                let mut out = String::new();
                word(script, rank, &mut out);
                seen.insert(out);
            }
            // Syllables run together may spell two words alike; few do.
            assert!(
                seen.len() > VOCABULARY * 8 / 10,
                "{}: {}",
                script.language,
                seen.len()
            );
        }
        let texts = |seed| {
            Documents::new(50, seed)
                .map(|one| one.body)
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(3), texts(3));
        assert_ne!(texts(3), texts(4));
        assert_eq!(
            Documents::new(300, 1)
                .map(|one| one.lang)
                .collect::<std::collections::HashSet<_>>()
                .len(),
            6
        );
    }
}
