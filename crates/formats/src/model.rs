//! What every format is turned into, and the limits under which that happens.

/// Text and metadata of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extracted {
    /// The document's own title, or its first heading.
    pub title: Option<String>,
    /// Headings in reading order, without markup.
    pub headings: Vec<String>,
    /// Plain text: paragraphs end with `\n`, table cells are parted by `\t`,
    /// no other ASCII control characters.
    pub text: String,
    /// Language tag as the document states it (BCP 47, not checked).
    pub language: Option<String>,
    /// Authors as written.
    pub authors: Vec<String>,
    /// Keywords and subjects.
    pub subjects: Vec<String>,
    /// Year of publication, or else of creation.
    pub year: Option<i32>,
    /// Abstract or description.
    pub description: Option<String>,
    /// Publisher.
    pub publisher: Option<String>,
    /// Scheme in lower case and value: `("isbn", "…")`, `("doi", "…")`.
    pub identifiers: Vec<(String, String)>,
    /// Pages, slides or sheets.
    pub pages: Option<u32>,
    /// What only some formats have: `width`, `height`, `camera`, `duration_s`.
    pub extra: Vec<(String, String)>,
    /// What was left out, and why, for the librarian.
    pub warnings: Vec<String>,
}

impl Extracted {
    /// Adds an author unless it is blank, known, or the list is full.
    pub(crate) fn add_author(&mut self, name: &str) {
        push_unique(&mut self.authors, name);
    }

    /// Adds a subject unless it is blank, known, or the list is full.
    pub(crate) fn add_subject(&mut self, name: &str) {
        push_unique(&mut self.subjects, name);
    }

    /// Adds a list of subjects written as one string: "wells, pumps; water".
    pub(crate) fn add_subjects(&mut self, list: &str) {
        for one in list.split([',', ';', '\n', '，', '、', '；', '،']) {
            self.add_subject(one);
        }
    }

    /// Adds an identifier unless it is blank or known; finds the scheme of
    /// `urn:isbn:…` and of DOIs by itself.
    pub(crate) fn add_identifier(&mut self, scheme: &str, value: &str) {
        let value = value.trim();
        let lower = value.to_ascii_lowercase();
        let (scheme, value) = if let Some(rest) = lower.strip_prefix("urn:isbn:") {
            ("isbn", tail(value, rest))
        } else if let Some(rest) = lower.strip_prefix("urn:uuid:") {
            ("uuid", tail(value, rest))
        } else if let Some(rest) = lower.strip_prefix("doi:") {
            ("doi", tail(value, rest))
        } else if let Some(at) = lower.find("doi.org/") {
            ("doi", value.get(at + "doi.org/".len()..).unwrap_or(value))
        } else {
            (scheme, value)
        };
        let entry = (clip(scheme).to_ascii_lowercase(), clip(value));
        if !entry.1.is_empty()
            && self.identifiers.len() < MAX_LIST_ENTRIES
            && !self.identifiers.contains(&entry)
        {
            self.identifiers.push(entry);
        }
    }

    /// Sets the title if there is none yet.
    pub(crate) fn offer_title(&mut self, title: &str) {
        offer(&mut self.title, title);
    }

    /// Sets the language if there is none yet and the value looks like a tag.
    pub(crate) fn offer_language(&mut self, tag: &str) {
        let tag = tag.trim();
        let plausible = (2..=MAX_LANGUAGE_TAG_BYTES).contains(&tag.len())
            && tag
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !tag.eq_ignore_ascii_case("und");
        if plausible && self.language.is_none() {
            self.language = Some(tag.replace('_', "-"));
        }
    }

    /// Sets the description if there is none yet.
    pub(crate) fn offer_description(&mut self, text: &str) {
        offer(&mut self.description, text);
    }

    /// Sets the publisher if there is none yet.
    pub(crate) fn offer_publisher(&mut self, name: &str) {
        offer(&mut self.publisher, name);
    }

    /// Sets the year, if there is none yet, from any usual way to write a date.
    pub(crate) fn offer_year(&mut self, date: &str) {
        if self.year.is_none() {
            self.year = year_in(date);
        }
    }

    /// Adds a fact that only some formats have.
    pub(crate) fn add_extra(&mut self, name: &str, value: impl std::fmt::Display) {
        let value = clip(&value.to_string());
        if !value.is_empty() && self.extra.len() < MAX_LIST_ENTRIES {
            self.extra.push((name.to_owned(), value));
        }
    }

    /// Adds a heading, if it has text and the list isn't full.
    pub(crate) fn add_heading(&mut self, text: &str, limits: &Limits) {
        if self.headings.len() < limits.max_headings {
            let heading = clip(text);
            if !heading.is_empty() {
                self.headings.push(heading);
            }
        }
    }

    /// Notes that the text was cut at the limit, once.
    pub(crate) fn warn_cut(&mut self, limits: &Limits) {
        self.warn(format!(
            "only the first {} bytes of its text were taken",
            limits.max_text_bytes
        ));
    }

    /// Adds a warning unless it was given already.
    pub(crate) fn warn(&mut self, warning: String) {
        if self.warnings.len() < MAX_LIST_ENTRIES && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// The first heading stands in for a missing title.
    pub(crate) fn title_from_heading(&mut self) {
        if self.title.is_none() {
            self.title = self.headings.first().cloned();
        }
    }
}

/// Limits for one document. The child process adds limits on memory and time.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest document read, in bytes.
    pub max_input_bytes: u64,
    /// Most text kept, in bytes; more is cut with a warning.
    pub max_text_bytes: usize,
    /// Most headings kept.
    pub max_headings: usize,
    /// Most bytes unpacked from one archive (EPUB, office files).
    pub max_unpacked_bytes: u64,
    /// Most times that an archive's entry may grow when unpacked.
    pub max_unpack_ratio: u64,
    /// Most entries of one archive.
    pub max_archive_entries: usize,
    /// Deepest nesting of XML elements.
    pub max_xml_depth: usize,
    /// Most pages of a PDF from which text is taken.
    pub max_pages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_input_bytes: 512 << 20,
            max_text_bytes: 16 << 20,
            max_headings: 2_000,
            max_unpacked_bytes: 512 << 20,
            max_unpack_ratio: 1_000,
            max_archive_entries: 50_000,
            max_xml_depth: 256,
            max_pages: 20_000,
        }
    }
}

/// Longest single value of metadata kept, in bytes.
pub(crate) const MAX_VALUE_BYTES: usize = 4 << 10;
/// Most authors, subjects, identifiers, extras or warnings of one document.
pub(crate) const MAX_LIST_ENTRIES: usize = 500;
/// Longest language tag (RFC 5646 §4.4.1 asks for at least 35).
const MAX_LANGUAGE_TAG_BYTES: usize = 35;

/// One line without leading, trailing or doubled white space, cut to
/// [`MAX_VALUE_BYTES`].
pub(crate) fn clip(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_VALUE_BYTES));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if out.len() + word.len() + 1 > MAX_VALUE_BYTES {
            if out.is_empty() {
                out.push_str(floor_boundary(word, MAX_VALUE_BYTES));
            }
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The longest prefix of `text` of at most `max` bytes that ends between characters.
pub(crate) fn floor_boundary(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// The first four digits in a row that make a plausible year: `2019-05-03`,
/// `D:20190503`, `3 May 2019`.
pub(crate) fn year_in(date: &str) -> Option<i32> {
    let bytes = date.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes
            .iter()
            .skip(at)
            .take_while(|b| b.is_ascii_digit())
            .count();
        // Eight digits are a day, 14 an instant: both begin with the year.
        if matches!(digits, 4 | 6 | 8 | 12 | 14)
            && let Some(year) = date.get(at..at + 4).and_then(|y| y.parse::<i32>().ok())
            && (PLAUSIBLE_YEARS).contains(&year)
        {
            return Some(year);
        }
        at += digits.max(1);
    }
    None
}

/// Years that a date may have; others are typing errors or unset clocks.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i32> = 1000..=2200;

fn push_unique(list: &mut Vec<String>, value: &str) {
    let value = clip(value);
    if !value.is_empty() && list.len() < MAX_LIST_ENTRIES && !list.contains(&value) {
        list.push(value);
    }
}

fn offer(slot: &mut Option<String>, value: &str) {
    if slot.is_none() {
        let value = clip(value);
        if !value.is_empty() {
            *slot = Some(value);
        }
    }
}

/// The end of `whole` that is as long as `rest`, its lower-case copy's end.
fn tail<'a>(whole: &'a str, rest: &str) -> &'a str {
    whole.get(whole.len() - rest.len()..).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_in_usual_dates() {
        assert_eq!(year_in("2019-05-03T10:00:00Z"), Some(2019));
        assert_eq!(year_in("D:20190503100000+02'00'"), Some(2019));
        assert_eq!(year_in("3 May 2019"), Some(2019));
        assert_eq!(year_in("03/05/1999"), Some(1999));
        assert_eq!(year_in("0000-00-00"), None);
        assert_eq!(year_in("12345"), None);
        assert_eq!(year_in(""), None);
    }

    #[test]
    fn clip_makes_one_clean_line() {
        assert_eq!(clip("  a \n\t b\u{0}c "), "a b c");
        assert!(clip(&"é".repeat(MAX_VALUE_BYTES)).len() <= MAX_VALUE_BYTES);
    }

    #[test]
    fn identifiers_find_their_scheme() {
        let mut doc = Extracted::default();
        doc.add_identifier("id", "urn:ISBN:978-3-16-148410-0");
        doc.add_identifier("id", "https://doi.org/10.1000/Abc");
        doc.add_identifier("id", " ");
        assert_eq!(
            doc.identifiers,
            [
                ("isbn".to_owned(), "978-3-16-148410-0".to_owned()),
                ("doi".to_owned(), "10.1000/Abc".to_owned())
            ]
        );
    }
}
