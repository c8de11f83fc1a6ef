//! Identifiers and secrets as text.

use crate::Rng;

/// Crockford's base 32 in lower case: no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Text of `bytes` in base 32, five bits a character.
pub fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(digit(buffer >> bits));
        }
    }
    if bits > 0 {
        out.push(digit(buffer << (5 - bits)));
    }
    out
}

fn digit(value: u32) -> char {
    char::from(ALPHABET.get((value & 31) as usize).copied().unwrap_or(b'0'))
}

/// A new identifier: 80 random bits, 16 characters.
pub fn new_id(rng: &dyn Rng) -> String {
    let mut bytes = [0u8; 10];
    rng.fill(&mut bytes);
    base32(&bytes)
}

/// A new secret for links and sessions: 160 random bits, 32 characters.
pub fn new_secret(rng: &dyn Rng) -> String {
    let mut bytes = [0u8; 20];
    rng.fill(&mut bytes);
    base32(&bytes)
}

/// A short name for addresses out of a title: ASCII letters, digits and hyphens, at most 40; empty if nothing is left.
pub fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
        if out.len() >= 40 {
            break;
        }
    }
    out.trim_end_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRng;

    #[test]
    fn base32_has_no_lookalikes() {
        assert_eq!(base32(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(base32(&[0]), "00");
        assert_eq!(new_id(&SeededRng::new(1)).len(), 16);
        assert_eq!(new_secret(&SeededRng::new(1)).len(), 32);
    }

    #[test]
    fn slugs_are_plain() {
        assert_eq!(
            slug("Wikipedia – Medicine (2024)"),
            "wikipedia-medicine-2024"
        );
        assert_eq!(slug("도서관"), "");
    }
}
