//! UTC datestamps from milliseconds since 1970, and back: the forms of ISO 8601
//! that OAI-PMH and Atom use, and the form of RFC 822 that RSS uses. No clock is
//! read, leap seconds do not exist.

use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
const SECOND_MS: i64 = 1_000;
/// 0000-01-01T00:00:00Z.
const FIRST_MS: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59Z.
const LAST_MS: i64 = 253_402_300_799_000;

/// How fine the datestamps of a repository are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// `YYYY-MM-DD`.
    Days,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    Seconds,
}

impl Granularity {
    /// As `Identify` states it.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Days => "YYYY-MM-DD",
            Self::Seconds => "YYYY-MM-DDThh:mm:ssZ",
        }
    }

    /// The length of one granule in milliseconds.
    #[must_use]
    pub fn granule_ms(self) -> i64 {
        match self {
            Self::Days => DAY_MS,
            Self::Seconds => SECOND_MS,
        }
    }

    /// The datestamp of a time in this granularity.
    #[must_use]
    pub fn write(self, ms: i64) -> String {
        match self {
            Self::Days => day(ms),
            Self::Seconds => seconds(ms),
        }
    }
}

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
    days: i64,
}

/// Times before the year 0 or after 9999 become the first and last that can be written.
fn civil(ms: i64) -> Civil {
    let seconds = ms.clamp(FIRST_MS, LAST_MS).div_euclid(SECOND_MS);
    let days = seconds.div_euclid(86_400);
    // Days from 0000-03-01, in eras of 400 years: the leap day is the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
        second_of_day: seconds.rem_euclid(86_400),
        days,
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `YYYY-MM-DDThh:mm:ssZ`.
#[must_use]
pub fn seconds(ms: i64) -> String {
    let at = civil(ms);
    let (hour, minute, second) = clock(at.second_of_day);
    format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        at.year, at.month, at.day
    )
}

/// `YYYY-MM-DD`.
#[must_use]
pub fn day(ms: i64) -> String {
    let at = civil(ms);
    format!("{:04}-{:02}-{:02}", at.year, at.month, at.day)
}

/// `Mon, 02 Jan 2006 15:04:05 GMT` (RFC 822 with the four-digit year of RFC 1123).
#[must_use]
pub fn rfc822(ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let at = civil(ms);
    let (hour, minute, second) = clock(at.second_of_day);
    let pick = |names: &'static [&'static str], nth: i64| {
        usize::try_from(nth)
            .ok()
            .and_then(|nth| names.get(nth))
            .copied()
            .unwrap_or_default()
    };
    format!(
        "{}, {:02} {} {:04} {hour:02}:{minute:02}:{second:02} GMT",
        pick(&DAYS, at.days.rem_euclid(7)),
        at.day,
        pick(&MONTHS, at.month - 1),
        at.year
    )
}

fn clock(second_of_day: i64) -> (i64, i64, i64) {
    (
        second_of_day / 3_600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    )
}

/// Reads a datestamp in one of the two forms of OAI-PMH: the millisecond at which
/// its granule begins.
#[must_use]
pub fn parse(text: &str) -> Option<(i64, Granularity)> {
    let date = text.get(..10)?;
    let days = date_days(date)?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some((days * DAY_MS, Granularity::Days));
    }
    let time = rest.strip_prefix('T')?.strip_suffix('Z')?;
    let seconds = time_seconds(time)?;
    Some((days * DAY_MS + seconds * SECOND_MS, Granularity::Seconds))
}

/// Reads what servers write where a datestamp should be: fractions of a second are
/// passed over, and a time that is not said to be UTC counts as a day earlier, so
/// that nothing after it is missed.
#[must_use]
pub fn parse_loosely(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some((ms, _)) = parse(text) {
        return Some(ms);
    }
    let days = date_days(text.get(..10)?)?;
    let seconds = text.get(11..19).and_then(time_seconds).unwrap_or_default();
    let zone = text
        .get(19..)
        .unwrap_or_default()
        .trim_start_matches(|one: char| one == '.' || one.is_ascii_digit());
    let known = matches!(zone, "Z" | "+00:00" | "+0000");
    Some((days - i64::from(!known)) * DAY_MS + seconds * SECOND_MS)
        .filter(|ms| (FIRST_MS..=LAST_MS).contains(ms))
}

fn number(text: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    if !text.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value| range.contains(value))
}

fn date_days(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day) = (
        number(year, 0..=9999)?,
        number(month, 1..=12)?,
        number(day, 1..=31)?,
    );
    let days = days_from_civil(year, month, day);
    // The 31st of a month of thirty days would be read as the 1st of the next.
    (civil(days * DAY_MS).day == day).then_some(days)
}

fn time_seconds(text: &str) -> Option<i64> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    if (hour.len(), minute.len(), second.len()) != (2, 2, 2) {
        return None;
    }
    Some(number(hour, 0..=23)? * 3_600 + number(minute, 0..=59)? * 60 + number(second, 0..=59)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_known() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(seconds(ms), text);
        }
        assert_eq!(rfc822(784_887_151_000), "Tue, 15 Nov 1994 08:12:31 GMT");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2023-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-01-01T00:00:00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00.0Z",
            "2024-1-1",
            "+024-01-01",
            "２024-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn loose_times_are_never_too_late() {
        let utc = parse("2024-03-01T12:00:00Z").unwrap().0;
        assert_eq!(parse_loosely(" 2024-03-01T12:00:00.123Z "), Some(utc));
        assert_eq!(parse_loosely("2024-03-01T12:00:00+00:00"), Some(utc));
        assert_eq!(
            parse_loosely("2024-03-01T12:00:00+09:00"),
            Some(utc - DAY_MS)
        );
        assert_eq!(parse_loosely("2024-03-01 12:00:00"), Some(utc - DAY_MS));
        assert_eq!(parse_loosely("yesterday"), None);
    }

    proptest::proptest! {
        #[test]
        fn written_datestamps_read_as_they_were(second in -62_167_219_200_i64..253_402_300_799) {
            let ms = second * 1_000;
            assert_eq!(parse(&seconds(ms)), Some((ms, Granularity::Seconds)));
            assert_eq!(
                parse(&day(ms)),
                Some((ms.div_euclid(DAY_MS) * DAY_MS, Granularity::Days))
            );
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (parse(&text), parse_loosely(&text));
        }
    }
}
