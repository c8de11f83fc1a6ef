//! The query language: words, "phrases", -not, OR, field:value, year:1990..2000, prefix*, (groups).
//!
//! Nothing that can be typed is an error: what is not understood is taken as words.

/// Bytes of a query that are looked at.
pub const MAX_QUERY_BYTES: usize = 2 << 10;
/// Words, phrases and fields that are looked at.
pub const MAX_ATOMS: usize = 64;
/// Groups within groups; deeper parentheses are passed over.
pub const MAX_DEPTH: usize = 4;

/// A part of a query that must match (or must not).
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// It must not match.
    pub negated: bool,
    /// One of these must match.
    pub any: Vec<Atom>,
}

/// The smallest parts of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Atom {
    /// A run without white space.
    Word(String),
    /// Words in this order.
    Phrase(String),
    /// Words that begin so.
    Prefix(String),
    /// A field that has the value.
    Field(QueryField, Box<Atom>),
    /// Years, both inclusive.
    Years(i32, i32),
    /// A query of its own.
    Group(Vec<Clause>),
}

/// Fields that a query can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryField {
    /// Words of the title.
    Title,
    /// Words of an author's name.
    Author,
    /// Words of a subject heading.
    Subject,
    /// Language tag.
    Language,
    /// Kind.
    Kind,
    /// Collection id.
    Collection,
}

/// Reads a query.
#[must_use]
pub fn parse(query: &str) -> Vec<Clause> {
    let end = query.floor_char_boundary(MAX_QUERY_BYTES);
    let text: String = query
        .get(..end)
        .unwrap_or_default()
        .chars()
        .map(plain)
        .collect();
    Parser {
        rest: &text,
        atoms: 0,
    }
    .clauses(0)
}

/// The full-width and typographic forms of the signs that mean something here.
fn plain(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '「' | '」' | '『' | '』' | '«' | '»' | '＂' | '〝' | '〞' => {
            '"'
        }
        '：' => ':',
        '（' => '(',
        '）' => ')',
        '＊' => '*',
        '－' | '−' => '-',
        '｜' => '|',
        _ if c.is_whitespace() || c.is_control() => ' ',
        _ => c,
    }
}

struct Parser<'a> {
    rest: &'a str,
    atoms: usize,
}

impl Parser<'_> {
    /// clauses = *( clause ); ends at `)` within a group.
    fn clauses(&mut self, depth: usize) -> Vec<Clause> {
        let mut out: Vec<Clause> = Vec::new();
        let mut or = false;
        while self.atoms < MAX_ATOMS {
            self.rest = self.rest.trim_start_matches([' ', ',', ';']);
            if self.rest.is_empty() {
                break;
            }
            if let Some(rest) = self.rest.strip_prefix(')') {
                self.rest = rest;
                if depth > 0 {
                    break;
                }
                continue;
            }
            if let Some(rest) = operator(self.rest, "OR").or_else(|| self.rest.strip_prefix('|')) {
                self.rest = rest.trim_start_matches('|');
                or = !out.is_empty();
                continue;
            }
            if let Some(rest) = operator(self.rest, "AND").or_else(|| self.rest.strip_prefix("&&"))
            {
                self.rest = rest;
                continue;
            }
            let negated = self.negation();
            let Some(atom) = self.atom(depth) else {
                continue;
            };
            match out.last_mut() {
                Some(last) if or && !negated && !last.negated => last.any.push(atom),
                _ => out.push(Clause {
                    negated,
                    any: vec![atom],
                }),
            }
            or = false;
        }
        out
    }

    fn negation(&mut self) -> bool {
        if let Some(rest) = operator(self.rest, "NOT") {
            self.rest = rest.trim_start();
            return true;
        }
        match self.rest.strip_prefix(['-', '!']) {
            Some(rest)
                if rest.starts_with(|c: char| c.is_alphanumeric() || c == '"' || c == '(') =>
            {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn atom(&mut self, depth: usize) -> Option<Atom> {
        self.atoms += 1;
        let first = self.rest.chars().next()?;
        match first {
            '(' => {
                self.rest = self.rest.get(1..)?;
                if depth >= MAX_DEPTH {
                    return None;
                }
                let clauses = self.clauses(depth + 1);
                (!clauses.is_empty()).then_some(Atom::Group(clauses))
            }
            '"' => self.phrase(),
            _ => self.run(),
        }
    }

    fn phrase(&mut self) -> Option<Atom> {
        let inside = self.rest.get(1..)?;
        // A missing closing quote: the phrase goes to the end.
        let (text, rest) = inside.split_once('"').unwrap_or((inside, ""));
        self.rest = rest;
        let text = text.trim();
        (!text.is_empty()).then(|| Atom::Phrase(text.to_owned()))
    }

    /// field:value, year:…, prefix* or a word.
    fn run(&mut self) -> Option<Atom> {
        let end = self
            .rest
            .find([' ', '"', '(', ')'])
            .unwrap_or(self.rest.len())
            .max(1);
        let run = self
            .rest
            .get(..end)
            .or_else(|| self.rest.get(..self.rest.chars().next()?.len_utf8()))?;
        if let Some((name, value)) = run.split_once(':')
            && !value.starts_with("//")
        {
            let name = name.to_lowercase();
            let quoted = value.is_empty()
                && self
                    .rest
                    .get(end..)
                    .is_some_and(|rest| rest.starts_with('"'));
            if matches!(name.as_str(), "year" | "date")
                && let Some((from, to)) = years(value)
            {
                self.rest = self.rest.get(end..)?;
                return Some(Atom::Years(from, to));
            }
            if let Some(field) = field_named(&name)
                && (quoted || !value.is_empty())
            {
                let value = if quoted {
                    self.rest = self.rest.get(end..)?;
                    self.phrase()?
                } else {
                    let word = word_or_prefix(value)?;
                    self.rest = self.rest.get(end..)?;
                    word
                };
                return Some(Atom::Field(field, Box::new(value)));
            }
        }
        self.rest = self.rest.get(run.len()..)?;
        word_or_prefix(run)
    }
}

/// An operator is a word of its own.
fn operator<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    rest.strip_prefix(name)
        .filter(|rest| rest.starts_with([' ', '(', '"']))
}

fn word_or_prefix(run: &str) -> Option<Atom> {
    let stem = run.trim_end_matches('*');
    if !stem.chars().any(char::is_alphanumeric) {
        return None;
    }
    // A single letter with a star would be half the dictionary.
    if stem.len() < run.len() && (stem.chars().count() > 1 || !stem.is_ascii()) {
        return Some(Atom::Prefix(stem.to_owned()));
    }
    Some(Atom::Word(stem.to_owned()))
}

fn field_named(name: &str) -> Option<QueryField> {
    Some(match name {
        "title" | "intitle" => QueryField::Title,
        "author" | "by" | "creator" => QueryField::Author,
        "subject" | "topic" | "tag" => QueryField::Subject,
        "lang" | "language" => QueryField::Language,
        "kind" | "type" => QueryField::Kind,
        "collection" | "in" => QueryField::Collection,
        _ => return None,
    })
}

/// `1990`, `1990..2000`, `1990-2000`, `1990..`, `..2000`, `>1990`, `<2000`.
fn years(text: &str) -> Option<(i32, i32)> {
    let year = |text: &str| {
        text.trim()
            .parse::<i32>()
            .ok()
            .filter(|year| year.abs() < 100_000)
    };
    if let Some(after) = text.strip_prefix('>') {
        return Some((
            year(after.trim_start_matches('='))?.saturating_add(i32::from(!after.starts_with('='))),
            i32::MAX,
        ));
    }
    if let Some(before) = text.strip_prefix('<') {
        return Some((
            i32::MIN,
            year(before.trim_start_matches('='))?
                .saturating_sub(i32::from(!before.starts_with('='))),
        ));
    }
    let split = text
        .split_once("..")
        .or_else(|| text.split_once('–'))
        .or_else(|| text.split_once('-').filter(|(from, _)| !from.is_empty()));
    let Some((from, to)) = split else {
        return year(text).map(|year| (year, year));
    };
    match (from.is_empty(), to.is_empty()) {
        (true, true) => None,
        (true, false) => Some((i32::MIN, year(to)?)),
        (false, true) => Some((year(from)?, i32::MAX)),
        (false, false) => {
            let (from, to) = (year(from)?, year(to)?);
            Some((from.min(to), from.max(to)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Atom {
        Atom::Word(text.to_owned())
    }

    fn must(atom: Atom) -> Clause {
        Clause {
            negated: false,
            any: vec![atom],
        }
    }

    #[test]
    fn the_language_people_know() {
        assert_eq!(
            parse("solar panel"),
            [must(word("solar")), must(word("panel"))]
        );
        assert_eq!(
            parse("“solar panel” -cheap"),
            [
                must(Atom::Phrase("solar panel".into())),
                Clause {
                    negated: true,
                    any: vec![word("cheap")]
                }
            ]
        );
        assert_eq!(
            parse("cats OR dogs food"),
            [
                Clause {
                    negated: false,
                    any: vec![word("cats"), word("dogs")]
                },
                must(word("food"))
            ]
        );
        assert_eq!(
            parse("title：\"deep sea\" year:1990..2000 comput*"),
            [
                must(Atom::Field(
                    QueryField::Title,
                    Box::new(Atom::Phrase("deep sea".into()))
                )),
                must(Atom::Years(1990, 2000)),
                must(Atom::Prefix("comput".into()))
            ]
        );
        assert_eq!(
            parse("(a OR b) -(c d)"),
            [
                must(Atom::Group(vec![Clause {
                    negated: false,
                    any: vec![word("a"), word("b")]
                }])),
                Clause {
                    negated: true,
                    any: vec![Atom::Group(vec![must(word("c")), must(word("d"))])]
                }
            ]
        );
        assert_eq!(parse("「図書館」"), [must(Atom::Phrase("図書館".into()))]);
    }

    #[test]
    fn malformed_queries_are_words() {
        assert_eq!(
            parse("\"unclosed phrase"),
            [must(Atom::Phrase("unclosed phrase".into()))]
        );
        assert_eq!(
            parse("))) OR foo: AND"),
            [must(word("foo:")), must(word("AND"))]
        );
        assert_eq!(
            parse("http://hill.internal/"),
            [must(word("http://hill.internal/"))]
        );
        assert_eq!(parse("note:this"), [must(word("note:this"))]);
        assert_eq!(parse("- * \"\" () : title:"), [must(word("title:"))]);
        assert_eq!(parse("year:soon"), [must(word("year:soon"))]);
    }

    #[test]
    fn it_is_bounded() {
        assert!(parse(&"(".repeat(5000)).is_empty());
        assert!(parse(&"word ".repeat(5000)).len() <= MAX_ATOMS);
    }

    proptest::proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,80}") {
            let _ = parse(&query);
        }

        #[test]
        fn no_query_of_signs_panics(query in "[a(\"):* |:.0-9year字가-]{0,60}") {
            let _ = parse(&query);
        }
    }
}
