//! Which names and passwords will do.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{NameFault, PasswordFault, PeopleError};

/// The longest name, in characters.
pub const NAME_LIMIT: usize = 32;
/// The longest shown name, label or group name, in characters; longer ones are cut.
pub const DISPLAY_LIMIT: usize = 80;
/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// The longest password, in bytes: hashing takes time by its length.
pub const PASSWORD_LIMIT: usize = 1024;

/// What strangers try first, in lower case; those under eight characters are too short anyway.
const COMMON: [&str; 68] = [
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "87654321",
    "987654321",
    "0987654321",
    "123123123",
    "12341234",
    "12344321",
    "11223344",
    "1234qwer",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "q1w2e3r4",
    "qwer1234",
    "qwerty12",
    "qwerty123",
    "qwertyui",
    "qwertyuiop",
    "asdfghjk",
    "asdfghjkl",
    "asdf1234",
    "zaq12wsx",
    "abcd1234",
    "abcdefgh",
    "abc12345",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "starwars",
    "trustno1",
    "computer",
    "internet",
    "whatever",
    "letmein1",
    "welcome1",
    "changeme",
    "admin123",
    "admin1234",
    "administrator",
    "operator",
    "librarian",
    "teacher1",
    "student1",
    "school123",
    "lampion1",
    "lampion123",
    "azertyui",
    "azertyuiop",
    "contraseña",
    "motdepasse",
    "йцукенгш",
    "пароль123",
    "qlalfqjsgh",
    "dkssudgktpdy",
    "woaini1314",
];

/// A name as it is kept: NFKC, lower case, without blanks around it.
///
/// Letters and digits of any script, dot, hyphen and underscore; the shape of a mail address's first half.
///
/// # Errors
/// [`PeopleError::BadName`].
pub fn normal_name(given: &str) -> Result<String, PeopleError> {
    let bad = |reason| PeopleError::BadName { reason };
    // Normal forms grow: what is far too long is refused before work is put into it.
    if given.len() > NAME_LIMIT * 16 {
        return Err(bad(NameFault::TooLong));
    }
    let name: String = given
        .trim()
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect();
    if name.is_empty() {
        return Err(bad(NameFault::Empty));
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(bad(NameFault::TooLong));
    }
    // Vowel signs and the like are marks, not letters; names in Hindi or Thai can't do without.
    let fits =
        |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '.' | '-' | '_');
    if let Some(c) = name.chars().find(|c| !fits(*c)) {
        return Err(bad(NameFault::Character(c)));
    }
    if !name.starts_with(char::is_alphanumeric) || name.ends_with('.') || name.contains("..") {
        return Err(bad(NameFault::Shape));
    }
    Ok(name)
}

/// Text that others see: without control characters, blanks joined, cut at [`DISPLAY_LIMIT`].
pub(crate) fn shown(given: &str) -> String {
    let text: String = given
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(DISPLAY_LIMIT * 4)
        .collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars()
        .take(DISPLAY_LIMIT)
        .collect::<String>()
        .trim_end()
        .to_string()
}

/// A password as it is hashed, whichever keyboard it came from: NFC, and every blank is a space (RFC 8265 §4.2.2).
pub(crate) fn normal_password(given: &str) -> String {
    given
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .nfc()
        .collect()
}

/// Whether a new password will do for the account `name`.
///
/// # Errors
/// [`PeopleError::WeakPassword`].
pub fn check_password(password: &str, name: &str) -> Result<(), PeopleError> {
    let weak = |reason| Err(PeopleError::WeakPassword { reason });
    if password.len() > PASSWORD_LIMIT {
        return weak(PasswordFault::TooLong);
    }
    let password = normal_password(password);
    if password.chars().count() < PASSWORD_MIN {
        return weak(PasswordFault::TooShort);
    }
    let lower = password.trim().to_lowercase();
    if lower == name || normal_name(&lower).is_ok_and(|lower| lower == name) {
        return weak(PasswordFault::IsName);
    }
    let one_character = lower.chars().all(|c| lower.starts_with(c));
    if one_character || COMMON.contains(&lower.as_str()) {
        return weak(PasswordFault::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str) -> NameFault {
        match normal_name(name) {
            Err(PeopleError::BadName { reason }) => reason,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn weakness(password: &str) -> Option<PasswordFault> {
        match check_password(password, "mira.hill") {
            Ok(()) => None,
            Err(PeopleError::WeakPassword { reason }) => Some(reason),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn names_of_every_script_come_to_one_form() {
        for (given, kept) in [
            (" Mira ", "mira"),
            ("ｍｉｒａ", "mira"),
            ("김미라", "김미라"),
            ("김미라", "김미라"),
            ("ÉLAN", "élan"),
            ("मीरा_9", "मीरा_9"),
            ("สมหญิง", "สมหญิง"),
            ("مريم", "مريم"),
            ("a.b-c", "a.b-c"),
        ] {
            let name = normal_name(given).unwrap();
            assert_eq!(name, kept.nfkc().collect::<String>());
            assert_eq!(normal_name(&name).unwrap(), name, "the form is stable");
        }
    }

    #[test]
    fn names_that_could_deceive_or_break_addresses_are_refused() {
        assert_eq!(fault("  "), NameFault::Empty);
        assert_eq!(fault(&"a".repeat(33)), NameFault::TooLong);
        assert_eq!(fault(&"a".repeat(100_000)), NameFault::TooLong);
        assert_eq!(fault("mira hill"), NameFault::Character(' '));
        assert_eq!(fault("mira@hill"), NameFault::Character('@'));
        assert_eq!(fault("mi\u{202e}ra"), NameFault::Character('\u{202e}'));
        assert_eq!(fault("mi\u{0}ra"), NameFault::Character('\u{0}'));
        for shape in [".mira", "-mira", "mira.", "mi..ra"] {
            assert_eq!(fault(shape), NameFault::Shape);
        }
    }

    #[test]
    fn weak_passwords_are_refused() {
        assert_eq!(weakness("short"), Some(PasswordFault::TooShort));
        assert_eq!(weakness("Mira.Hill"), Some(PasswordFault::IsName));
        assert_eq!(weakness("PassWord"), Some(PasswordFault::Common));
        assert_eq!(weakness("aaaaaaaaaaaa"), Some(PasswordFault::Common));
        assert_eq!(weakness(&"ab".repeat(600)), Some(PasswordFault::TooLong));
        assert_eq!(weakness("등불 아래서 책을"), None);
        assert_eq!(weakness("correct horse"), None);
    }

    #[test]
    fn passwords_are_the_same_from_every_keyboard() {
        assert_eq!(normal_password("e\u{301}lan\u{a0}vital"), "\u{e9}lan vital");
    }

    #[test]
    fn shown_text_has_no_control_characters_and_an_end() {
        assert_eq!(shown("  Mira\n\u{7}Hill "), "Mira Hill");
        assert_eq!(shown(&"x".repeat(500)).len(), DISPLAY_LIMIT);
    }
}
