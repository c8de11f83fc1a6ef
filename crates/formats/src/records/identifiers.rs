//! Numbers and addresses in their normal form.

use super::model::Identifier;

/// An ISBN as 13 digits, if its check digit is right (ISO 2108). Text after the
/// number (`(pbk.)`, `: £12`) is passed over.
pub fn isbn13(text: &str) -> Option<String> {
    let digits = leading_digits(text)?;
    match digits.len() {
        10 => {
            let sum = weigh(&digits, |at| 10 - at)?;
            if !sum.is_multiple_of(11) {
                return None;
            }
            let mut isbn = format!("978{}", digits.get(..9)?);
            isbn.push(isbn13_check(&isbn)?);
            Some(isbn)
        }
        13 if digits.starts_with("978") || digits.starts_with("979") => {
            let check = isbn13_check(digits.get(..12)?)?;
            digits.ends_with(check).then_some(digits)
        }
        _ => None,
    }
}

/// An ISSN as `1234-567X`, if its check digit is right (ISO 3297).
pub fn issn(text: &str) -> Option<String> {
    let digits = leading_digits(text)?;
    if digits.len() != 8 || !weigh(&digits, |at| 8 - at)?.is_multiple_of(11) {
        return None;
    }
    Some(format!("{}-{}", digits.get(..4)?, digits.get(4..)?))
}

/// A DOI without its resolver: `10.1000/xyz`, in lower case (DOIs compare so).
pub fn doi(text: &str) -> Option<String> {
    let text = text.trim();
    let at = text.find("10.")?;
    let before = text.get(..at)?.to_ascii_lowercase();
    if !(before.is_empty()
        || before.ends_with("doi.org/")
        || before.trim_end().ends_with("doi:")
        || before.trim() == "doi")
    {
        return None;
    }
    let doi = text.get(at..)?.split_whitespace().next()?;
    let (registrant, suffix) = doi.get(3..)?.split_once('/')?;
    let numbers = registrant
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    (numbers && registrant.len() >= 4 && !suffix.is_empty()).then(|| doi.to_lowercase())
}

/// An identifier from a text that does not say its scheme.
pub fn guess(text: &str) -> Option<Identifier> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if let Some(doi) = doi(text) {
        return Some(Identifier::new("doi", doi));
    }
    let after = |prefix: &str| {
        lower
            .starts_with(prefix)
            .then(|| text.get(prefix.len()..).unwrap_or_default().trim())
    };
    for prefix in ["urn:isbn:", "isbn:", "isbn "] {
        if let Some(rest) = after(prefix) {
            return Some(Identifier::new("isbn", isbn13(rest)?));
        }
    }
    for prefix in ["urn:issn:", "issn:", "issn "] {
        if let Some(rest) = after(prefix) {
            return Some(Identifier::new("issn", issn(rest)?));
        }
    }
    if lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("ftp://")
    {
        return Some(Identifier::new("url", text));
    }
    for scheme in ["lccn", "oclc", "arxiv", "pmid", "urn", "hdl"] {
        if let Some(rest) = after(scheme).and_then(|rest| rest.strip_prefix(':')) {
            return Some(Identifier::new(scheme, rest.trim()));
        }
    }
    if text.len() >= 8
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b'X'))
    {
        if let Some(isbn) = isbn13(text) {
            return Some(Identifier::new("isbn", isbn));
        }
        if text.contains('-')
            && let Some(issn) = issn(text)
        {
            return Some(Identifier::new("issn", issn));
        }
    }
    None
}

/// Digits, and an X at the end, up to the first letter or bracket.
fn leading_digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(13);
    for one in text.trim().chars() {
        match one {
            '0'..='9' => digits.push(one),
            'x' | 'X' if matches!(digits.len(), 7 | 9) => {
                digits.push('X');
                break;
            }
            // Hyphens of every kind, as typesetters and scanners leave them.
            '-' | ' ' | '\u{2010}'..='\u{2015}' | '\u{ad}' | '.' => {
                // A year or price after the number: a space after enough digits.
                if one == ' ' && matches!(digits.len(), 10 | 13) {
                    break;
                }
            }
            _ => break,
        }
        if digits.len() > 13 {
            return None;
        }
    }
    (!digits.is_empty()).then_some(digits)
}

fn weigh(digits: &str, weight: impl Fn(u32) -> u32) -> Option<u32> {
    digits.chars().zip(0u32..).try_fold(0, |sum, (one, at)| {
        let value = if one == 'X' { 10 } else { one.to_digit(10)? };
        Some(sum + value * weight(at))
    })
}

fn isbn13_check(first12: &str) -> Option<char> {
    let sum = weigh(first12, |at| if at.is_multiple_of(2) { 1 } else { 3 })?;
    char::from_digit((10 - sum % 10) % 10, 10)
}

/// The first run of exactly four digits that can be a year, or a number before
/// the common era with its sign.
pub fn year(text: &str) -> Option<i32> {
    let trimmed = text.trim();
    if let Some(rest) = trimmed.strip_prefix('-')
        && let Ok(value) = rest.split('-').next()?.parse::<i32>()
    {
        return (value <= 9999).then_some(-value);
    }
    let mut run = 0;
    let mut value = 0i32;
    for digit in trimmed.chars().map(decimal).chain([None]) {
        match digit {
            Some(digit) => {
                run += 1;
                if run <= 4 {
                    value = value * 10 + digit;
                }
            }
            None => {
                if run == 4 && value > 0 {
                    return Some(value);
                }
                // `20200501` begins with a year as well.
                if run == 8 && (1000..=2999).contains(&value) {
                    return Some(value);
                }
                (run, value) = (0, 0);
            }
        }
    }
    None
}

/// The value of a decimal digit, Arabic-Indic and fullwidth ones too.
fn decimal(one: char) -> Option<i32> {
    let base = match one {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    i32::try_from(u32::from(one) - u32::from(base)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isbns_are_checked_and_made_long() {
        assert_eq!(
            isbn13("0-201-61622-X (pbk.)").as_deref(),
            Some("9780201616224")
        );
        assert_eq!(isbn13("9780201616224").as_deref(), Some("9780201616224"));
        assert_eq!(
            isbn13("978-0-201-61622-4 : £30").as_deref(),
            Some("9780201616224")
        );
        assert_eq!(isbn13("0201616221"), None);
        assert_eq!(isbn13("9780201616225"), None);
        assert_eq!(isbn13("88-04-40682-8").as_deref(), Some("9788804406822"));
        assert_eq!(isbn13(""), None);
    }

    #[test]
    fn other_numbers() {
        assert_eq!(issn("0378-5955").as_deref(), Some("0378-5955"));
        assert_eq!(issn("2434561x").as_deref(), Some("2434-561X"));
        assert_eq!(issn("0378-5954"), None);
        assert_eq!(
            doi("https://doi.org/10.1000/XYZ").as_deref(),
            Some("10.1000/xyz")
        );
        assert_eq!(doi("doi: 10.1000/182").as_deref(), Some("10.1000/182"));
        assert_eq!(doi("page 10.5/3"), None);
        assert_eq!(
            guess("urn:isbn:0-201-61622-X").unwrap().value,
            "9780201616224"
        );
        assert_eq!(guess("https://example.org/1").unwrap().scheme, "url");
        assert_eq!(guess("what is this"), None);
    }

    #[test]
    fn years() {
        assert_eq!(year("c1994."), Some(1994));
        assert_eq!(year("[2005?]"), Some(2005));
        assert_eq!(year("2020-05-01"), Some(2020));
        assert_eq!(year("20200501"), Some(2020));
        assert_eq!(year("١٩٩٩"), Some(1999));
        assert_eq!(year("-0044"), Some(-44));
        assert_eq!(year("n.d."), None);
        assert_eq!(year("12345"), None);
        assert_eq!(year("1979년"), Some(1979));
    }
}
