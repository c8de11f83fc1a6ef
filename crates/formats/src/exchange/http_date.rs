//! Dates of HTTP: RFC 9110 §5.6.7, the form of today and the two that must still be read.

use super::datestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a date of HTTP: milliseconds since 1970. Years of two digits are those from 1970 to 2069.
#[must_use]
pub fn http_date(text: &str) -> Option<i64> {
    let text = text.trim();
    let (year, month, day, time) = match text.split_once(", ") {
        Some((_, rest)) if rest.contains('-') => {
            // rfc850-date: 06-Nov-94 08:49:37 GMT
            let (date, time) = rest.strip_suffix(" GMT")?.split_once(' ')?;
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let short: u16 = year.parse().ok().filter(|_| year.len() == 2)?;
            let year = if short < 70 {
                2000 + short
            } else {
                1900 + short
            };
            (year.to_string(), month, day.to_string(), time)
        }
        Some((_, rest)) => {
            // IMF-fixdate: 06 Nov 1994 08:49:37 GMT
            let mut parts = rest.strip_suffix(" GMT")?.split(' ');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            (year.to_string(), month, day.to_string(), parts.next()?)
        }
        None => {
            // asctime-date: Sun Nov  6 08:49:37 1994
            let mut parts = text.split_ascii_whitespace().skip(1);
            let (month, day) = (parts.next()?, parts.next()?);
            let (time, year) = (parts.next()?, parts.next()?);
            (year.to_string(), month, format!("{day:0>2}"), time)
        }
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    datestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z")).map(|(ms, _)| ms)
}

#[cfg(test)]
mod tests {
    use super::http_date;
    use crate::exchange::datestamp::{rfc822, seconds};

    #[test]
    fn three_forms_are_one_moment() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(
                http_date(text).map(seconds).as_deref(),
                Some("1994-11-06T08:49:37Z")
            );
        }
        for text in [
            "",
            "120",
            "Sun, 06 Nov 1994",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "a, b-c-d e GMT",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_and_nothing_panics(second in 0_i64..253_402_300_799, text in "\\PC{0,40}") {
            proptest::prop_assert_eq!(http_date(&rfc822(second * 1_000)), Some(second * 1_000));
            let _ = http_date(&text);
        }
    }
}
