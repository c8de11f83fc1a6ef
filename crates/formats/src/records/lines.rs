//! JSON Lines: one object a line.

use std::io::{self, BufRead};

use serde_json::Value;

use super::columns::{Target, put};
use super::model::{CatalogueRecord, Identifier, Name};
use super::open::Mapping;
use super::reader::{Format, Framed, MAX_RECORD_BYTES, Problem, Warnings};
use super::window::{Found, Window};

const ADVICE: &str = "mend this line; the others are not affected";
/// The deepest a value is looked into for text.
const MAX_VALUE_DEPTH: usize = 8;

/// JSON Lines.
pub(crate) struct JsonLines {
    columns: Vec<(Target, Vec<String>)>,
    /// Keys met, with what they mean: guessing once is enough.
    guesses: std::collections::HashMap<String, Option<Target>>,
    resync: bool,
}

/// The most keys whose meaning is remembered.
const MAX_GUESSES: usize = 10_000;

impl JsonLines {
    pub(crate) fn new(mapping: &Mapping) -> Self {
        let columns = mapping
            .columns
            .iter()
            .map(|(target, path)| (*target, path.split('.').map(str::to_owned).collect()))
            .collect();
        Self {
            columns,
            guesses: std::collections::HashMap::new(),
            resync: false,
        }
    }

    fn guess(&mut self, key: &str) -> Option<Target> {
        if let Some(known) = self.guesses.get(key) {
            return *known;
        }
        let target =
            Target::guess(key).filter(|target| !self.columns.iter().any(|told| told.0 == *target));
        if self.guesses.len() < MAX_GUESSES {
            self.guesses.insert(key.to_owned(), target);
        }
        target
    }
}

impl Format for JsonLines {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        if std::mem::take(&mut self.resync) {
            window.skip_past(b'\n')?;
        }
        if window.offset() == 0 && window.ensure(3)? && window.bytes().starts_with(b"\xEF\xBB\xBF")
        {
            window.consume(3);
        }
        loop {
            let end = match window.find(b'\n', 0, MAX_RECORD_BYTES)? {
                Found::At(at) => at + 1,
                Found::End if window.bytes().is_empty() => return Ok(Framed::End),
                Found::End => window.bytes().len(),
                Found::TooFar => {
                    self.resync = true;
                    let reason = format!("it has more than {MAX_RECORD_BYTES} bytes");
                    return Ok(Framed::Broken(
                        window.bytes().len(),
                        Problem::new(reason, ADVICE),
                    ));
                }
            };
            let line = window.bytes().get(..end).unwrap_or_default();
            // Blank lines, and the brackets of an array with one object a line.
            if line
                .iter()
                .all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'[' | b']' | b','))
            {
                window.consume(end);
                continue;
            }
            return Ok(Framed::Record(end));
        }
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let line = bytes.trim_ascii();
        let line = line.strip_suffix(b",").unwrap_or(line);
        let parsed: Result<Value, _> = serde_json::from_slice(line);
        let value = match parsed {
            Ok(value) => value,
            // Text that is not UTF-8 costs its characters, not the record.
            Err(_) if std::str::from_utf8(line).is_err() => {
                warnings.add("it is not UTF-8 throughout");
                serde_json::from_str(&String::from_utf8_lossy(line)).map_err(not_json)?
            }
            Err(error) => return Err(not_json(error)),
        };
        let Value::Object(object) = &value else {
            return Err(Problem::new("it is no JSON object", ADVICE));
        };
        let mut out = CatalogueRecord::default();
        for (target, path) in &self.columns {
            let found = path.iter().try_fold(&value, |value, key| match value {
                Value::Array(items) => items.get(key.parse::<usize>().ok()?),
                other => other.get(key),
            });
            // A key with a dot in it is a key all the same.
            if let Some(found) = found.or_else(|| object.get(&path.join("."))) {
                fill(&mut out, *target, found, 0);
            }
        }
        for (key, value) in object {
            if let Some(target) = self.guess(key) {
                fill(&mut out, target, value, 0);
            }
        }
        if out.title.is_empty() && out.body.is_none() && out.description.is_none() {
            return Err(Problem::new(
                "none of its keys is known as a title or text",
                "name the key of the title in the mapping: title=…",
            ));
        }
        Ok(Some(out))
    }
}

fn not_json(error: serde_json::Error) -> Problem {
    Problem::new(format!("it is not JSON: {error}"), ADVICE)
}

fn fill(out: &mut CatalogueRecord, target: Target, value: &Value, depth: usize) {
    if depth > MAX_VALUE_DEPTH {
        return;
    }
    match value {
        Value::String(text) => put(out, target, text),
        Value::Number(number) => put(out, target, &number.to_string()),
        Value::Array(items) => {
            for item in items {
                match (target, item) {
                    // One item is one name or subject, whatever marks it holds.
                    (Target::Author | Target::Editor | Target::Translator, Value::String(name)) => {
                        add_name(out, target, name);
                    }
                    (Target::Subject, Value::String(text)) => {
                        super::model::push_new(&mut out.subjects, text.trim().to_owned());
                    }
                    _ => fill(out, target, item, depth + 1),
                }
            }
        }
        Value::Object(object) => fill_object(out, target, object, depth),
        Value::Null | Value::Bool(_) => {}
    }
}

fn add_name(out: &mut CatalogueRecord, target: Target, name: &str) {
    let role = match target {
        Target::Editor => Some("edt".to_owned()),
        Target::Translator => Some("trl".to_owned()),
        _ => None,
    };
    let name = Name {
        display: name.trim().to_owned(),
        role,
        ..Name::default()
    };
    if !name.display.is_empty() && !out.authors.contains(&name) {
        out.authors.push(name);
    }
}

/// A name in parts, an identifier with its scheme, or a value under `value`.
fn fill_object(
    out: &mut CatalogueRecord,
    target: Target,
    object: &serde_json::Map<String, Value>,
    depth: usize,
) {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| object.get(*key).and_then(Value::as_str))
            .map(str::trim)
    };
    if matches!(target, Target::Author | Target::Editor | Target::Translator) {
        let family = text(&["family", "last", "lastName", "surname"]);
        let given = text(&["given", "first", "firstName", "forename"]);
        match (family, given) {
            (Some(family), Some(given)) => add_name(out, target, &format!("{family}, {given}")),
            (Some(name), None) | (None, Some(name)) => add_name(out, target, name),
            (None, None) => {
                if let Some(name) = text(&["name", "display", "literal", "fullName"]) {
                    add_name(out, target, name);
                    if let (Some(role), Some(last)) = (text(&["role"]), out.authors.last_mut()) {
                        last.role = last.role.take().or(Some(role.to_owned()));
                    }
                }
            }
        }
        return;
    }
    if let (Some(scheme), Some(value)) = (text(&["scheme", "type"]), text(&["value", "identifier"]))
    {
        out.add_identifier(Identifier::new(scheme.to_lowercase(), value));
        return;
    }
    for key in ["value", "name", "title", "text", "label", "@value"] {
        if let Some(value) = object.get(key) {
            return fill(out, target, value, depth + 1);
        }
    }
}
