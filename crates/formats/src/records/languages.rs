//! Languages: from ISO 639-2 codes, names and loose tags to BCP 47.

/// ISO 639-2 codes (bibliographic, terminological, and those that MARC has
/// given up) with their ISO 639-1 code, in order. Codes that are not here have
/// no two-letter code and are BCP 47 tags themselves.
#[rustfmt::skip]
static CODES: &[(&str, &str)] = &[
    ("aar", "aa"), ("abk", "ab"), ("afr", "af"), ("aka", "ak"), ("alb", "sq"), ("amh", "am"),
    ("ara", "ar"), ("arg", "an"), ("arm", "hy"), ("asm", "as"), ("ava", "av"), ("ave", "ae"),
    ("aym", "ay"), ("aze", "az"), ("bak", "ba"), ("bam", "bm"), ("baq", "eu"), ("bel", "be"),
    ("ben", "bn"), ("bis", "bi"), ("bod", "bo"), ("bos", "bs"), ("bre", "br"), ("bul", "bg"),
    ("bur", "my"), ("cam", "km"), ("cat", "ca"), ("ces", "cs"), ("cha", "ch"), ("che", "ce"),
    ("chi", "zh"), ("chu", "cu"), ("chv", "cv"), ("cor", "kw"), ("cos", "co"), ("cre", "cr"),
    ("cym", "cy"), ("cze", "cs"), ("dan", "da"), ("deu", "de"), ("div", "dv"), ("dut", "nl"),
    ("dzo", "dz"), ("ell", "el"), ("eng", "en"), ("epo", "eo"), ("esp", "eo"), ("est", "et"),
    ("eth", "gez"), ("eus", "eu"), ("ewe", "ee"), ("fao", "fo"), ("far", "fo"), ("fas", "fa"),
    ("fij", "fj"), ("fin", "fi"), ("fra", "fr"), ("fre", "fr"), ("fri", "fy"), ("fry", "fy"),
    ("ful", "ff"), ("gag", "gl"), ("gal", "om"), ("geo", "ka"), ("ger", "de"), ("gla", "gd"),
    ("gle", "ga"), ("glg", "gl"), ("glv", "gv"), ("gre", "el"), ("grn", "gn"), ("gua", "gn"),
    ("guj", "gu"), ("hat", "ht"), ("hau", "ha"), ("hbs", "sh"), ("heb", "he"), ("her", "hz"),
    ("hin", "hi"), ("hmo", "ho"), ("hrv", "hr"), ("hun", "hu"), ("hye", "hy"), ("ibo", "ig"),
    ("ice", "is"), ("ido", "io"), ("iii", "ii"), ("iku", "iu"), ("ile", "ie"), ("ina", "ia"),
    ("ind", "id"), ("int", "ia"), ("ipk", "ik"), ("iri", "ga"), ("isl", "is"), ("ita", "it"),
    ("jav", "jv"), ("jpn", "ja"), ("kal", "kl"), ("kan", "kn"), ("kas", "ks"), ("kat", "ka"),
    ("kau", "kr"), ("kaz", "kk"), ("khm", "km"), ("kik", "ki"), ("kin", "rw"), ("kir", "ky"),
    ("kom", "kv"), ("kon", "kg"), ("kor", "ko"), ("kua", "kj"), ("kur", "ku"), ("kus", "kos"),
    ("lan", "oc"), ("lao", "lo"), ("lat", "la"), ("lav", "lv"), ("lim", "li"), ("lin", "ln"),
    ("lit", "lt"), ("ltz", "lb"), ("lub", "lu"), ("lug", "lg"), ("mac", "mk"), ("mah", "mh"),
    ("mal", "ml"), ("mao", "mi"), ("mar", "mr"), ("max", "gv"), ("may", "ms"), ("mkd", "mk"),
    ("mla", "mg"), ("mlg", "mg"), ("mlt", "mt"), ("mol", "ro"), ("mon", "mn"), ("mri", "mi"),
    ("msa", "ms"), ("mya", "my"), ("nau", "na"), ("nav", "nv"), ("nbl", "nr"), ("nde", "nd"),
    ("ndo", "ng"), ("nep", "ne"), ("nld", "nl"), ("nno", "nn"), ("nob", "nb"), ("nor", "no"),
    ("nya", "ny"), ("oci", "oc"), ("oji", "oj"), ("ori", "or"), ("orm", "om"), ("oss", "os"),
    ("pan", "pa"), ("per", "fa"), ("pli", "pi"), ("pol", "pl"), ("por", "pt"), ("pus", "ps"),
    ("que", "qu"), ("roh", "rm"), ("ron", "ro"), ("rum", "ro"), ("run", "rn"), ("rus", "ru"),
    ("sag", "sg"), ("san", "sa"), ("sao", "sm"), ("scc", "sr"), ("scr", "hr"), ("sho", "sn"),
    ("sin", "si"), ("slk", "sk"), ("slo", "sk"), ("slv", "sl"), ("sme", "se"), ("smo", "sm"),
    ("sna", "sn"), ("snd", "sd"), ("snh", "si"), ("som", "so"), ("sot", "st"), ("spa", "es"),
    ("sqi", "sq"), ("srd", "sc"), ("srp", "sr"), ("sso", "st"), ("ssw", "ss"), ("sun", "su"),
    ("swa", "sw"), ("swe", "sv"), ("swz", "ss"), ("tag", "tl"), ("tah", "ty"), ("taj", "tg"),
    ("tam", "ta"), ("tar", "tt"), ("tat", "tt"), ("tel", "te"), ("tgk", "tg"), ("tgl", "tl"),
    ("tha", "th"), ("tib", "bo"), ("tir", "ti"), ("ton", "to"), ("tsn", "tn"), ("tso", "ts"),
    ("tsw", "tn"), ("tuk", "tk"), ("tur", "tr"), ("twi", "tw"), ("uig", "ug"), ("ukr", "uk"),
    ("urd", "ur"), ("uzb", "uz"), ("ven", "ve"), ("vie", "vi"), ("vol", "vo"), ("wel", "cy"),
    ("wln", "wa"), ("wol", "wo"), ("xho", "xh"), ("yid", "yi"), ("yor", "yo"), ("zha", "za"),
    ("zho", "zh"), ("zul", "zu"),];

/// Names that columns of catalogues give instead of codes, in lower case.
#[rustfmt::skip]
static NAMES: &[(&str, &str)] = &[
    ("english", "en"), ("anglais", "en"), ("inglés", "en"), ("ingles", "en"), ("englisch", "en"),
    ("английский", "en"), ("영어", "en"), ("英语", "en"), ("英文", "en"), ("الإنجليزية", "en"),
    ("korean", "ko"), ("coréen", "ko"), ("coreano", "ko"), ("koreanisch", "ko"),
    ("корейский", "ko"), ("한국어", "ko"), ("조선어", "ko"), ("조선말", "ko"), ("韩语", "ko"), ("朝鲜语", "ko"),
    ("الكورية", "ko"),
    ("arabic", "ar"), ("arabe", "ar"), ("árabe", "ar"), ("arabisch", "ar"), ("арабский", "ar"),
    ("아랍어", "ar"), ("阿拉伯语", "ar"), ("العربية", "ar"), ("عربي", "ar"),
    ("chinese", "zh"), ("chinois", "zh"), ("chino", "zh"), ("chinesisch", "zh"),
    ("китайский", "zh"), ("중국어", "zh"), ("中文", "zh"), ("汉语", "zh"), ("漢語", "zh"), ("الصينية", "zh"),
    ("russian", "ru"), ("russe", "ru"), ("ruso", "ru"), ("russisch", "ru"), ("русский", "ru"),
    ("로어", "ru"), ("러시아어", "ru"), ("俄语", "ru"), ("俄文", "ru"), ("الروسية", "ru"),
    ("spanish", "es"), ("espagnol", "es"), ("español", "es"), ("espanol", "es"), ("spanisch", "es"),
    ("испанский", "es"), ("에스파냐어", "es"), ("스페인어", "es"), ("西班牙语", "es"), ("الإسبانية", "es"),
    ("french", "fr"), ("français", "fr"), ("francais", "fr"), ("francés", "fr"),
    ("französisch", "fr"), ("французский", "fr"), ("프랑스어", "fr"), ("法语", "fr"), ("الفرنسية", "fr"),
    ("german", "de"), ("allemand", "de"), ("alemán", "de"), ("deutsch", "de"), ("немецкий", "de"),
    ("도이췰란드어", "de"), ("독일어", "de"), ("德语", "de"), ("الألمانية", "de"),
    ("japanese", "ja"), ("japonais", "ja"), ("japonés", "ja"), ("japanisch", "ja"),
    ("японский", "ja"), ("일본어", "ja"), ("日语", "ja"), ("日本語", "ja"), ("اليابانية", "ja"),
    ("italian", "it"), ("italien", "it"), ("italiano", "it"), ("italienisch", "it"),
    ("portuguese", "pt"), ("portugais", "pt"), ("português", "pt"), ("portugiesisch", "pt"),
    ("latin", "la"), ("latein", "la"), ("dutch", "nl"), ("nederlands", "nl"), ("polish", "pl"),
    ("polski", "pl"), ("turkish", "tr"), ("türkçe", "tr"), ("hindi", "hi"), ("persian", "fa"),
    ("فارسی", "fa"), ("hebrew", "he"), ("עברית", "he"), ("ukrainian", "uk"), ("українська", "uk"),
    ("vietnamese", "vi"), ("tiếng việt", "vi"), ("thai", "th"), ("ไทย", "th"), ("greek", "el"),
    ("ngerman", "de"), ("american", "en"), ("british", "en"),
];

/// The BCP 47 tag for a code of ISO 639-2 or MARC; none for codes that name no
/// language (`und`, `mul`, `zxx`) and for what is no code.
pub fn from_marc(code: &str) -> Option<String> {
    let code = code.trim().to_ascii_lowercase();
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    if matches!(code.as_str(), "und" | "mul" | "zxx" | "mis" | "xxx") {
        return None;
    }
    Some(
        match CODES.binary_search_by_key(&code.as_str(), |row| row.0) {
            Ok(at) => CODES.get(at)?.1.to_owned(),
            Err(_) => code,
        },
    )
}

/// The ISO 639-2 code (bibliographic) that MARC uses for a BCP 47 tag.
pub fn to_marc(tag: &str) -> Option<String> {
    let primary = tag.split('-').next()?.to_ascii_lowercase();
    if primary.len() == 3 {
        return Some(primary);
    }
    // Where there are two codes, the bibliographic one is the one not derived
    // from the language's own name; it is listed here.
    #[rustfmt::skip]
    static BIBLIOGRAPHIC: &[(&str, &str)] = &[
        ("bo", "tib"), ("cs", "cze"), ("cy", "wel"), ("de", "ger"), ("el", "gre"), ("eu", "baq"),
        ("fa", "per"), ("fr", "fre"), ("hr", "hrv"), ("hy", "arm"), ("is", "ice"), ("ka", "geo"),
        ("mi", "mao"), ("mk", "mac"), ("ms", "may"), ("my", "bur"), ("nl", "dut"), ("ro", "rum"),
        ("sk", "slo"), ("sq", "alb"), ("sr", "srp"), ("zh", "chi"),
    ];
    if let Some(row) = BIBLIOGRAPHIC.iter().find(|row| row.0 == primary) {
        return Some(row.1.to_owned());
    }
    // The codes that MARC has given up are behind the living ones for no tag
    // but these.
    const GIVEN_UP: [&str; 25] = [
        "scc", "scr", "mol", "esp", "far", "fri", "gag", "gua", "int", "iri", "lan", "max", "mla",
        "sao", "sho", "snh", "sso", "swz", "tag", "taj", "tar", "tsw", "gal", "eth", "cam",
    ];
    CODES
        .iter()
        .find(|row| row.1 == primary && !GIVEN_UP.contains(&row.0))
        .map(|row| row.0.to_owned())
}

/// A BCP 47 tag from whatever a catalogue gives: a code of two or three letters,
/// a tag (`zh-Hans`, `pt_BR`), or a language's name.
pub fn normalize(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    let lower = text.to_lowercase();
    if let Some(row) = NAMES.iter().find(|row| row.0 == lower) {
        return Some(row.1.to_owned());
    }
    let mut parts = lower.split(['-', '_']);
    let primary = parts.next()?;
    let primary = match primary.len() {
        2 if primary.bytes().all(|byte| byte.is_ascii_lowercase()) => primary.to_owned(),
        3 => from_marc(primary)?,
        _ => return None,
    };
    let mut tag = primary;
    for part in parts {
        if !(2..=8).contains(&part.len()) || !part.bytes().all(|one| one.is_ascii_alphanumeric()) {
            return Some(tag);
        }
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 if !part.starts_with(|one: char| one.is_ascii_digit()) => {
                let (first, rest) = part.split_at(1);
                tag.push_str(&first.to_ascii_uppercase());
                tag.push_str(rest);
            }
            _ => tag.push_str(part),
        }
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn codes_become_tags_and_back() {
        for (code, tag) in [
            ("kor", "ko"),
            ("ger", "de"),
            ("deu", "de"),
            ("chi", "zh"),
            ("scr", "hr"),
            ("gez", "gez"),
        ] {
            assert_eq!(from_marc(code).as_deref(), Some(tag));
        }
        assert_eq!(from_marc("und"), None);
        assert_eq!(from_marc("   "), None);
        for row in CODES {
            let code = to_marc(row.1).unwrap();
            assert_eq!(from_marc(&code).as_deref(), Some(row.1), "{row:?}");
        }
        assert_eq!(to_marc("ko-KP").as_deref(), Some("kor"));
        assert_eq!(to_marc("sr").as_deref(), Some("srp"));
    }

    #[test]
    fn names_and_loose_tags() {
        assert_eq!(normalize("한국어").as_deref(), Some("ko"));
        assert_eq!(normalize("Deutsch").as_deref(), Some("de"));
        assert_eq!(normalize("pt_br").as_deref(), Some("pt-BR"));
        assert_eq!(normalize("zh-hans-cn").as_deref(), Some("zh-Hans-CN"));
        assert_eq!(normalize("fre").as_deref(), Some("fr"));
        assert_eq!(normalize("something else"), None);
    }
}
