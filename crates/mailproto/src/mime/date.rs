//! Dates (RFC 5322 §3.3 and §4.3), also as they are written in the wild.

use std::fmt::Write as _;

/// A point in time, and the zone that it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub unix_ms: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

impl Date {
    /// Reads `Tue, 1 Jul 2003 10:52:37 +0200`: with or without the day, seconds and zone; two digits of a year;
    /// comments; `2003-07-01T10:52:37+02:00` and `Tue Jul  1 10:52:37 2003` too.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let plain = without_comments(value);
        let mut words: Vec<&str> = plain
            .split([' ', '\t', ','])
            .filter(|word| !word.is_empty())
            .collect();
        words.truncate(12);
        iso(&words).or_else(|| usual(&words))
    }

    /// The date as a header field has it.
    #[must_use]
    pub fn to_header(&self) -> String {
        let local_s = self.unix_ms.div_euclid(1_000) + i64::from(self.offset_minutes) * 60;
        let days = local_s.div_euclid(86_400);
        let second = local_s.rem_euclid(86_400);
        let (year, month, day) = civil(days);
        let pick = |names: &[&'static str], at: i64| {
            usize::try_from(at)
                .ok()
                .and_then(|at| names.get(at).copied())
                .unwrap_or("")
        };
        let mut text = String::with_capacity(32);
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let offset = self.offset_minutes.abs();
        let written = write!(
            text,
            "{}, {day} {} {year:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
            pick(&DAYS, days.rem_euclid(7)),
            pick(&MONTHS, month - 1),
            second / 3_600,
            second / 60 % 60,
            second % 60,
            offset / 60,
            offset % 60,
        );
        debug_assert!(written.is_ok());
        text
    }
}

fn without_comments(value: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::with_capacity(value.len().min(100));
    for c in value.chars().take(300) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn usual(words: &[&str]) -> Option<Date> {
    let mut day = None;
    let mut month = None;
    let mut year = None;
    let mut time = None;
    let mut offset = None;
    for word in words {
        let number: Option<i64> = word
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| word.parse().ok())
            .flatten();
        match number {
            Some(n) if day.is_none() && (1..=31).contains(&n) && word.len() <= 2 => day = Some(n),
            Some(n) if year.is_none() && word.len() <= 4 => year = Some(whole_year(n, word.len())),
            Some(_) => {}
            None if word.contains(':') && time.is_none() => time = Some(clock(word)?),
            // "1-Jul-2003"
            None if word.matches('-').count() == 2 && day.is_none() => {
                let mut pieces = word.split('-');
                day = pieces.next()?.parse().ok();
                month = Some(month_of(pieces.next()?)?);
                let text = pieces.next()?;
                year = Some(whole_year(text.parse().ok()?, text.len()));
            }
            None if month.is_none() && month_of(word).is_some() => month = month_of(word),
            None if time.is_some() && offset.is_none() => offset = zone(word),
            None => {}
        }
    }
    let (day, month, year) = (day?, month?, year?);
    let day = Some(day).filter(|day| (1..=31).contains(day))?;
    let offset = offset.unwrap_or(0);
    let seconds = days(year, month, day) * 86_400 + time.unwrap_or(0) - i64::from(offset) * 60;
    Some(Date {
        unix_ms: seconds * 1_000,
        offset_minutes: offset,
    })
}

/// RFC 3339, which is no date of mail.
fn iso(words: &[&str]) -> Option<Date> {
    let first = words.first()?;
    let (date, rest) = first
        .split_once('T')
        .unwrap_or((first, words.get(1).copied().unwrap_or("00:00:00")));
    let mut pieces = date.split('-');
    let year: i64 = pieces.next().filter(|y| y.len() == 4)?.parse().ok()?;
    let month: i64 = pieces.next()?.parse().ok()?;
    let day: i64 = pieces.next()?.parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let end = rest.find(['+', '-', 'Z', 'z']).unwrap_or(rest.len());
    let time = clock(rest.get(..end)?.split('.').next()?)?;
    let zone_text = rest
        .get(end..)
        .filter(|z| !z.is_empty())
        .or_else(|| words.get(2).copied())
        .unwrap_or("Z");
    let offset = zone(&zone_text.replace(':', "")).unwrap_or(0);
    let seconds = days(year, month, day) * 86_400 + time - i64::from(offset) * 60;
    Some(Date {
        unix_ms: seconds * 1_000,
        offset_minutes: offset,
    })
}

/// RFC 5322 §4.3: two digits below 50 are of this century, three are since 1900.
fn whole_year(number: i64, digits: usize) -> i64 {
    match (digits, number) {
        (1 | 2, 0..=49) => number + 2_000,
        (1..=3, _) => number + 1_900,
        _ => number,
    }
}

fn month_of(word: &str) -> Option<i64> {
    let short = word.get(..3)?;
    let at = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(short))?;
    i64::try_from(at + 1).ok()
}

fn clock(word: &str) -> Option<i64> {
    let mut pieces = word.split(':');
    let number = |text: Option<&str>, most: i64| -> Option<i64> {
        text?
            .split('.')
            .next()?
            .parse()
            .ok()
            .filter(|n| (0..=most).contains(n))
    };
    let hour = number(pieces.next(), 24)?;
    let minute = number(pieces.next(), 59)?;
    let second = match pieces.next() {
        None | Some("") => 0,
        // A leap second is shown as the one before it.
        text => number(text, 60)?.min(59),
    };
    Some(hour * 3_600 + minute * 60 + second)
}

fn zone(word: &str) -> Option<i32> {
    let hours = |h: i32| Some(h * 60);
    if let Some(digits) = word.strip_prefix(['+', '-']) {
        let digits: i32 = digits.get(..4.min(digits.len()))?.parse().ok()?;
        let minutes = (digits / 100).min(14) * 60 + (digits % 100).min(59);
        return Some(if word.starts_with('-') {
            -minutes
        } else {
            minutes
        });
    }
    match word.to_ascii_uppercase().as_str() {
        "EDT" => hours(-4),
        "EST" | "CDT" => hours(-5),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" => hours(-8),
        "CET" | "MEZ" => hours(1),
        "CEST" | "MESZ" | "EET" => hours(2),
        "MSK" => hours(3),
        "KST" | "JST" => hours(9),
        // "UT", "GMT", "Z" and military zones, which are used wrongly (RFC 5322 §4.3).
        _ => Some(0),
    }
}

/// Days since 1970-01-01 of a day in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}
