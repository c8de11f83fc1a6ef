//! Dates as IMAP writes them (`date`, `date-time`, RFC 9051 §9).

use super::cursor::{Cursor, Parsed, bad};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// Days since 1970-01-01 of a date (Howard Hinnant's days-from-civil).
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let yoe = year - era * 400;
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Year, month and day of days since 1970.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let day = doy - (153 * mp + 2) / 5 + 1;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// `date`: `1-Feb-1994`, with or without quotation marks; days since 1970.
pub fn date(cursor: &mut Cursor<'_>) -> Parsed<i64> {
    let quoted = cursor.eat(b'"');
    let out = day_month_year(cursor)?;
    if quoted {
        cursor.need(b'"', "a date's quotation mark is missing")?;
    }
    Ok(out)
}

fn day_month_year(cursor: &mut Cursor<'_>) -> Parsed<i64> {
    cursor.eat(b' ');
    let day = i64::from(cursor.number()?);
    cursor.need(b'-', "a date is like 1-Feb-1994")?;
    let name = cursor.take_while(|byte| byte.is_ascii_alphabetic());
    let Some(month) = MONTHS
        .iter()
        .position(|own| own.as_bytes().eq_ignore_ascii_case(name))
    else {
        return bad("a month is one of Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec");
    };
    cursor.need(b'-', "a date is like 1-Feb-1994")?;
    let year = i64::from(cursor.number()?);
    if !(1..=31).contains(&day) || !(1..=9_999).contains(&year) {
        return bad("there is no such date");
    }
    Ok(days(year, i64::try_from(month).unwrap_or(0) + 1, day))
}

/// `date-time`: `"17-Jul-1996 02:44:25 -0700"`; milliseconds since 1970.
pub fn date_time(cursor: &mut Cursor<'_>) -> Parsed<i64> {
    cursor.need(b'"', "a time is like \"17-Jul-1996 02:44:25 -0700\"")?;
    let days = day_month_year(cursor)?;
    cursor.sp()?;
    let mut clock = [0i64; 3];
    for (at, part) in clock.iter_mut().enumerate() {
        if at > 0 {
            cursor.need(b':', "a time of day is like 02:44:25")?;
        }
        *part = i64::from(cursor.number()?);
    }
    let [hour, minute, second] = clock;
    cursor.sp()?;
    let sign = if cursor.eat(b'-') {
        -1
    } else {
        cursor.need(b'+', "a time zone is like +0200")?;
        1
    };
    let zone = i64::from(cursor.number()?);
    cursor.need(b'"', "a time's quotation mark is missing")?;
    if hour > 23 || minute > 59 || second > 60 || zone > 1_400 + 100 || zone % 100 > 59 {
        return bad("there is no such time");
    }
    let offset = sign * (zone / 100 * 60 + zone % 100);
    Ok(days * DAY_MS + ((hour * 60 + minute - offset) * 60 + second) * 1_000)
}

/// `"17-Jul-1996 09:44:25 +0000"` of milliseconds since 1970, with its quotation marks.
pub fn write_date_time(ms: i64, out: &mut Vec<u8>) {
    use std::io::Write as _;
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    let second = ms.rem_euclid(DAY_MS) / 1_000;
    let month = usize::try_from(month - 1)
        .ok()
        .and_then(|at| MONTHS.get(at))
        .unwrap_or(&"Jan");
    let _memory_takes_all = write!(
        out,
        "\"{day:02}-{month}-{year:04} {:02}:{:02}:{:02} +0000\"",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let read = |text: &str| date_time(&mut Cursor::new(text.as_bytes(), false));
        let ms = read("\"17-Jul-1996 02:44:25 -0700\"").unwrap();
        assert_eq!(ms, 837_596_665_000);
        let mut out = Vec::new();
        write_date_time(ms, &mut out);
        assert_eq!(out, b"\"17-Jul-1996 09:44:25 +0000\"");
        assert_eq!(read("\" 1-Jan-1970 00:00:00 +0000\""), Ok(0));
        assert!(read("\"32-Jan-1970 00:00:00 +0000\"").is_err());
        assert!(read("\"1-Jan-1970 24:00:00 +0000\"").is_err());
    }

    #[test]
    fn dates_stand_with_and_without_quotes() {
        for text in ["1-Feb-1994", "\"1-Feb-1994\"", "\"01-feb-1994\""] {
            assert_eq!(
                date(&mut Cursor::new(text.as_bytes(), false)),
                Ok(8_797),
                "{text}"
            );
        }
        assert_eq!(civil(8_797), (1994, 2, 1));
        assert!(date(&mut Cursor::new(b"1-Foo-1994", false)).is_err());
    }
}
