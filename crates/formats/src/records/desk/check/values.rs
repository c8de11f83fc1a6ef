//! Dates, languages, addresses.

use crate::records::languages;

/// Codes of ISO 639-2 that have no two-letter code (those of groups included).
#[rustfmt::skip]
const THREE_LETTERS: &str = "ace ach ada ady afa afh ain akk ale alg alt ang anp apa arc arn arp art arw ast ath aus awa \
bad bai bal ban bas bat bej bem ber bho bik bin bla bnt bra btk bua bug byn cad cai car cau ceb cel chb chg chk chm chn cho \
chp chr chy cmc cnr cop cpe cpf cpp crh crp csb cus dak dar day del den dgr din doi dra dsb dua dum dyu efi egy eka elx enm \
ewo fan fat fil fiu fon frm fro frr frs fur gaa gay gba gem gez gil gmh goh gon gor got grb grc gsw gwi hai haw hil him hit \
hmn hsb hup iba ijo ilo inc ine inh ira iro jbo jpr jrb kaa kab kac kam kar kaw kbd kha khi kho kmb kok kos kpe krc krl kro \
kru kum kut lad lah lam lez lol loz lua lui lun luo lus mad mag mai mak man map mas mdf mdr men mga mic min mis mkh mnc mni \
mno moh mos mul mun mus mwl mwr myn myv nah nai nap nds new nia nic niu nog non nqo nso nub nwc nym nyn nyo nzi osa ota oto \
paa pag pal pam pap pau peo phi phn pon pra pro raj rap rar roa rom rup sad sah sai sal sam sas sat scn sco sel sem sga sgn \
shn sid sio sit sla sma smi smj smn sms snk sog son srn srr ssa suk sus sux syc syr tai tem ter tet tig tiv tkl tlh tli tmh \
tog tpi tsi tum tup tut tvl tyv udm uga umb und vai vot wak wal war was wen xal yao yap ypk zap zbl zen zgh znd zun zxx zza";

/// Whether the primary tag of a BCP 47 tag is a language of ISO 639-1 or -2, or
/// lies in the range for private use (`qaa` to `qtz`). ISO 639-3 is not known.
pub fn is_known_language(tag: &str) -> bool {
    let primary = tag.split('-').next().unwrap_or_default();
    match primary.len() {
        2 => languages::to_marc(primary).is_some(),
        3 => {
            THREE_LETTERS.split(' ').any(|code| code == primary)
                || ("qaa".."qtz").contains(&primary)
                || primary == "qtz"
                || languages::from_marc(primary).is_some_and(|tag| tag.len() == 2)
        }
        _ => false,
    }
}

/// Whether a text is a date of W3CDTF or EDTF level 0 (ISO 8601-2): a year, a
/// month, a day, a time with its zone, or an interval of such. Of level 1 the
/// marks `?`, `~`, `%` at the end and the open ends `..` are understood.
pub fn is_edtf(text: &str) -> bool {
    match text.split_once('/') {
        Some((from, to)) => {
            let open = |end: &str| matches!(end, "" | "..");
            (open(from) || is_date(from)) && (open(to) || is_date(to)) && !(open(from) && open(to))
        }
        None => is_date(text),
    }
}

fn is_date(text: &str) -> bool {
    let text = text.strip_suffix(['?', '~', '%']).unwrap_or(text);
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let (sign, rest) = match date.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, date),
    };
    let mut parts = rest.split('-');
    let year = parts.next().and_then(|part| number(part, 4));
    let month = parts.next().map(|part| number(part, 2));
    let day = parts.next().map(|part| number(part, 2));
    let Some(year) = year.filter(|year| !(sign && *year == 0)) else {
        return false;
    };
    if parts.next().is_some() {
        return false;
    }
    let valid = match (month, day) {
        (None, _) => true,
        (Some(Some(month)), None) => (1..=12).contains(&month),
        (Some(Some(month)), Some(Some(day))) => {
            (1..=12).contains(&month) && day >= 1 && day <= days(year, month)
        }
        _ => false,
    };
    valid && time.is_none_or(|time| day.is_some() && is_time(time))
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `12:30Z`, `12:30:05.5+09:00`.
fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['Z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let zone_fits = zone.is_empty() || zone == "Z" || zone.get(1..).is_some_and(hours);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let (minutes, seconds) = match clock.len() {
        8 => (clock.get(..5), clock.get(6..)),
        _ => (Some(clock), Some("00")),
    };
    zone_fits
        && minutes.is_some_and(hours)
        && clock.get(5..6).is_none_or(|mark| mark == ":")
        && seconds
            .and_then(|part| number(part, 2))
            .is_some_and(|one| one <= 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// `hh:mm`.
fn hours(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hour, minute)| {
        number(hour, 2).is_some_and(|one| one <= 24)
            && number(minute, 2).is_some_and(|one| one <= 59)
    })
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

/// Whether a text is an absolute address (RFC 3986: scheme, colon, something
/// after it, no blanks).
pub(super) fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let named = letters.next().is_some_and(|one| one.is_ascii_alphabetic())
        && letters.all(|one| one.is_ascii_alphanumeric() || matches!(one, b'+' | b'-' | b'.'));
    let needs_host = matches!(
        scheme.to_ascii_lowercase().as_str(),
        "http" | "https" | "ftp" | "ftps"
    );
    let host = rest
        .strip_prefix("//")
        .map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    named
        && !rest.is_empty()
        && !text
            .chars()
            .any(|one| one.is_whitespace() || one.is_control())
        && !text.contains(['<', '>', '"'])
        && (!needs_host || host.is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for good in [
            "1999",
            "1999-05",
            "1999-05-31",
            "2000-02-29",
            "-0044",
            "2004-06/2006-08",
            "1999?",
            "1984~",
            "1999/..",
            "2001-02-03T09:30:01Z",
            "2001-02-03T09:30+09:00",
            "2001-02-03T09:30:01.25Z",
        ] {
            assert!(is_edtf(good), "{good}");
        }
        for bad in [
            "",
            "99",
            "c1999",
            "1999-13",
            "1999-02-29",
            "1999-5-1",
            "1999-05-31-1",
            "1999/",
            "/",
            "..",
            "2001T10:00Z",
            "2001-02-03T25:00Z",
            "1999--",
            "-0000",
            "1999 ",
            "١٩٩٩",
        ] {
            // An interval with an empty end is of level 1: unknown end.
            assert_eq!(is_edtf(bad), bad == "1999/", "{bad}");
        }
    }

    #[test]
    fn known_languages() {
        for good in [
            "en", "ko-KP", "zh-Hans", "gez", "qaa", "qtz", "ang", "ger", "und",
        ] {
            assert!(is_known_language(good), "{good}");
        }
        for bad in ["", "xq", "english", "qua-", "zzz", "e"] {
            assert!(!is_known_language(bad), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        for good in [
            "https://hill.example/a",
            "urn:isbn:1",
            "doi:10.1/x",
            "ftp://a",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "hill.example",
            "https://",
            "http:///x",
            "https://a b",
            "1:2",
            "a:",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
