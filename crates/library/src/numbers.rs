//! Numbers of books in what people type. Records are indexed with their numbers in the normal form, so a number is
//! found in whichever form it is typed: ten digits or thirteen, with hyphens or without.

use lampion_formats::records::identifiers::{doi, isbn13};

/// The query with its ISBNs and addresses of DOIs in their normal form.
pub(crate) fn in_normal_form(query: &str) -> String {
    // Printed on a book, its number has spaces.
    if let Some(isbn) = isbn(query) {
        return isbn;
    }
    if !query.contains(|c: char| c.is_ascii_digit()) {
        return query.to_owned();
    }
    query
        .split(' ')
        .map(|word| {
            isbn(word)
                .or_else(|| doi_of(word))
                .unwrap_or_else(|| word.to_owned())
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Nothing but an ISBN.
fn isbn(text: &str) -> Option<String> {
    let is_number = text
        .trim()
        .chars()
        .all(|c| matches!(c, '0'..='9' | 'x' | 'X' | '-' | ' '));
    is_number.then(|| isbn13(text)).flatten()
}

fn doi_of(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let is_address = lower.starts_with("doi:") || lower.contains("doi.org/10.");
    is_address.then(|| doi(word)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_asked_for_in_the_form_in_which_they_are_kept() {
        for typed in [
            "0-201-61622-X",
            "020161622x",
            "9780201616224",
            " 978 0 201 61622 4",
        ] {
            assert_eq!(in_normal_form(typed), "9780201616224", "{typed}");
        }
        assert_eq!(
            in_normal_form("hunt 0-201-61622-X -1999"),
            "hunt 9780201616224 -1999"
        );
        assert_eq!(in_normal_form("https://doi.org/10.1000/ABC"), "10.1000/abc");
        // No valid number, a phrase, a year: as typed.
        for typed in ["9780201616225", "\"water 2010\"", "year:1990-2010", ""] {
            assert_eq!(in_normal_form(typed), typed);
        }
    }
}
