//! Messages in the syntax of Fluent, so that a translation begins with a copy.

/// Key and English text of every finding; `{ $name }` is an argument.
#[rustfmt::skip]
pub const MESSAGES: &[(&str, &str)] = &[
    ("base-undecoded", "characters that could not be read: { $count }; the record is kept as it came, but an edit replaces them by “�”: type them again"),
    ("base-unimarc", "the record is in UNIMARC: it is kept and shown, but the rules of MARC 21 are not checked"),
    ("dc-date", "“{ $value }” is no date of the kind 1999, 1999-05 or 1999-05-31: write it so, or give the date in a note"),
    ("dc-empty", "{ $field } is empty: fill it in or remove it"),
    ("dc-identifier", "“{ $value }” is no { $scheme }: check each digit, or give it as an identifier without a scheme"),
    ("dc-language", "“{ $value }” is no language that is known here: give a tag such as en, pt-BR or gez"),
    ("dc-no-creator", "nobody is named as creator or contributor: add who made it, if known"),
    ("dc-no-title", "a title is missing: give the title as it stands on the thing, or one of your own in square brackets"),
    ("dc-qualifier", "“{ $value }” does not go with { $field }: choose another qualifier"),
    ("dc-role", "“{ $value }” is no role of three letters or a word: choose a role from the list"),
    ("dc-second-title", "a second title without a qualifier: mark it as alternative"),
    ("dc-twice", "“{ $value }” is given twice: remove one"),
    ("dc-url", "“{ $value }” is no address: give it whole, beginning with https://"),
    ("fixed-length", "{ $field } has { $found } characters, it needs { $wanted }: add or remove characters at the end"),
    ("fixed-position", "{ $field }, position { $position }: “{ $found }” is not defined there; { $wanted } are"),
    ("fixed-date", "008, position { $position }: “{ $found }” is no date: give four digits, u for those not known, or blanks"),
    ("fixed-language", "“{ $found }” is no language code of MARC: give three letters such as eng"),
    ("fixed-missing", "{ $field } is missing: begin with a template, which has it"),
    ("line-bad-escape", "line { $line }: “{ $found }” is not known in braces: write {\"{lcub}\"} for an opening brace"),
    ("line-bad-tag", "line { $line }: “{ $found }” is no tag: write = and three digits, then a blank"),
    ("line-indicators", "line { $line }: “{ $found }” needs two indicators before the first $: write \\ for a blank"),
    ("line-leader-length", "line { $line }: the leader has { $found } characters, it needs 24: write \\ for each blank"),
    ("line-no-blank", "line { $line }: a blank is missing between tag and content, before “{ $found }”"),
    ("line-no-code", "line { $line }: a $ without a letter or digit after it: add one, or write {\"{dollar}\"} for a dollar sign"),
    ("line-no-subfield", "line { $line }: the field has no subfield: add $a and the text"),
    ("line-no-tag", "line { $line }: “{ $found }” begins with no tag: write = and a tag, or join it to the line above"),
    ("line-nothing", "there are no lines: write at least =245 00$a and a title"),
    ("line-second-leader", "line { $line }: a second leader: remove it"),
    ("line-too-much", "the text has more than { $limit } fields or bytes: split the record"),
    ("marc-check-digit", "{ $field } ${ $subfield }: the check digit of “{ $value }” is wrong: correct it, or move it to $z"),
    ("marc-control-in-data", "{ $field } holds a control character in ${ $subfield }: remove it"),
    ("marc-empty-subfield", "{ $field } ${ $subfield } is empty: fill it in or remove it"),
    ("marc-field-length", "{ $field } has { $found } bytes, ISO 2709 allows 9999: shorten or split it"),
    ("marc-indicator", "{ $field }: indicator { $number } is “{ $found }”; { $wanted } are defined"),
    ("marc-irregular", "{ $field } has not two indicators and subfields: write it again as =245 10$aTitle"),
    ("marc-no-245", "245, the title statement, is missing: add =245 00$a and the title"),
    ("marc-no-title", "245 has no title in $a: add it"),
    ("marc-no-subfields", "{ $field } has no subfields: add $a and the text"),
    ("marc-order", "008 and other control fields stand after data fields: put them first"),
    ("marc-record-length", "the record has { $found } bytes, ISO 2709 allows 99999: shorten or split it"),
    ("marc-repeated-field", "{ $field } ({ $name }) stands { $found } times; a record has one: remove or join the others"),
    ("marc-repeated-main", "the record has { $found } main entries (1XX); it may have one: make the others 7XX"),
    ("marc-repeated-subfield", "{ $field } ${ $subfield } ({ $name }) may stand once: join them, or repeat the field"),
    ("marc-subfield-code", "{ $field }: “{ $subfield }” is no subfield code: use a small letter or a digit"),
    ("marc-terminator", "{ $field } holds a byte that ends fields or records: remove it"),
    ("marc-unknown-field", "{ $field } is no field of MARC 21 that is known here: check the tag"),
    ("marc-unknown-subfield", "{ $field } has no subfield ${ $subfield }: check the code"),
    ("marc-url", "{ $field } ${ $subfield }: “{ $value }” is no address: give it whole, beginning with https://"),
    ("marc-date-differs", "the year in 008 ({ $found }) is not that of the imprint ({ $wanted }): correct one of them"),
];

/// A message with its arguments in place.
pub fn english(key: &str, arguments: &[(&'static str, String)]) -> String {
    let pattern = MESSAGES
        .iter()
        .find(|row| row.0 == key)
        .map_or(key, |row| row.1);
    let mut out = String::with_capacity(pattern.len() + 20);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((inside, tail)) = placeable(after) else {
            out.push('{');
            rest = after;
            continue;
        };
        match inside.trim().strip_prefix('$') {
            Some(name) => {
                let value = arguments.iter().find(|one| one.0 == name);
                out.push_str(value.map_or("", |one| one.1.as_str()));
            }
            None => out.push_str(inside.trim().trim_matches('"')),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The arguments that a message needs; none if there is no such message.
pub(crate) fn needs(key: &str) -> Option<impl Iterator<Item = &'static str>> {
    let row = MESSAGES.iter().find(|row| row.0 == key)?;
    let after = row.1.split("{ $").skip(1);
    Some(after.filter_map(|rest| rest.split(' ').next()))
}

/// What stands before the brace that closes a placeable, quotes minded.
fn placeable(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let end = text.char_indices().find_map(|(at, one)| match one {
        '"' => {
            quoted = !quoted;
            None
        }
        '}' if !quoted => Some(at),
        _ => None,
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_literals() {
        let arguments = [("line", "3".to_owned()), ("found", "{x}".to_owned())];
        assert_eq!(
            english("line-bad-escape", &arguments),
            "line 3: “{x}” is not known in braces: write {lcub} for an opening brace"
        );
        let arguments = [
            ("field", "020".to_owned()),
            ("subfield", "a".to_owned()),
            ("value", "123".to_owned()),
        ];
        assert_eq!(
            english("marc-check-digit", &arguments),
            "020 $a: the check digit of “123” is wrong: correct it, or move it to $z"
        );
    }

    #[test]
    fn keys_are_there_once() {
        for (at, row) in MESSAGES.iter().enumerate() {
            assert!(MESSAGES.iter().skip(at + 1).all(|other| other.0 != row.0));
        }
    }
}
