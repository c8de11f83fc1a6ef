//! Gathers the text of a document: gaps between words, cells and paragraphs are
//! one character each, and the text stops at its limit.

use crate::model::{Extracted, Limits, floor_boundary};

/// What parts one word from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    None,
    Space,
    Cell,
    Line,
}

/// Gathers text into [`Extracted::text`].
pub(crate) struct Sink<'l> {
    pub doc: Extracted,
    limits: &'l Limits,
    gap: Gap,
}

impl<'l> Sink<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            doc: Extracted::default(),
            limits,
            gap: Gap::None,
        }
    }

    /// Whether the text has reached its limit.
    pub(crate) fn is_full(&self) -> bool {
        self.doc.text.len() >= self.limits.max_text_bytes
    }

    /// Adds text; white space in it becomes single spaces.
    pub(crate) fn text(&mut self, text: &str) {
        if self.is_full() {
            self.doc.warn_cut(self.limits);
            return;
        }
        let blank = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
        if text.starts_with(blank) {
            self.gap(Gap::Space);
        }
        for word in text.split(blank).filter(|word| !word.is_empty()) {
            let word = floor_boundary(
                word,
                self.limits
                    .max_text_bytes
                    .saturating_sub(self.doc.text.len() + 1),
            );
            if word.is_empty() {
                self.doc.warn_cut(self.limits);
                return;
            }
            self.write_gap();
            self.doc.text.push_str(word);
            self.gap = Gap::Space;
        }
        if !text.ends_with(blank) && self.gap == Gap::Space {
            self.gap = Gap::None;
        }
    }

    /// Adds text line by line.
    pub(crate) fn lines(&mut self, text: &str) {
        for line in text.lines() {
            self.text(line);
            self.gap(Gap::Line);
        }
    }

    /// Asks for a gap before the next word; the widest asked for is made.
    pub(crate) fn gap(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Begins a paragraph; the first of a cell stays on the cell's line.
    pub(crate) fn paragraph(&mut self) {
        if self.gap != Gap::Cell {
            self.gap(Gap::Line);
        }
    }

    /// Ends a cell: its paragraphs' line ends no longer count.
    pub(crate) fn cell(&mut self) {
        self.gap = Gap::Cell;
    }

    fn write_gap(&mut self) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        if self.doc.text.is_empty() {
            return;
        }
        match gap {
            Gap::None => {}
            Gap::Space => self.doc.text.push(' '),
            Gap::Cell => self.doc.text.push('\t'),
            Gap::Line => self.doc.text.push('\n'),
        }
    }

    /// Where the next word will stand, for [`Sink::heading_from`].
    pub(crate) fn mark(&self) -> usize {
        self.doc.text.len()
    }

    /// What was written since `mark` was a heading.
    pub(crate) fn heading_from(&mut self, mark: usize) {
        let heading = self.doc.text.get(mark..).unwrap_or("").to_owned();
        if heading.len() <= MAX_HEADING_BYTES {
            self.doc.add_heading(&heading, self.limits);
        }
    }

    /// Takes over the text, headings and warnings of a part.
    pub(crate) fn part(&mut self, part: Extracted) {
        for heading in &part.headings {
            self.doc.add_heading(heading, self.limits);
        }
        for warning in part.warnings {
            self.doc.warn(warning);
        }
        self.gap(Gap::Line);
        let room = self
            .limits
            .max_text_bytes
            .saturating_sub(self.doc.text.len() + 1);
        let text = floor_boundary(&part.text, room);
        if text.len() < part.text.len() {
            self.doc.warn_cut(self.limits);
        }
        if !text.is_empty() {
            self.write_gap();
            self.doc.text.push_str(text);
        }
        self.gap(Gap::Line);
    }

    /// The document, with its first heading as title if it has no other.
    pub(crate) fn finish(mut self) -> Extracted {
        self.doc.title_from_heading();
        self.doc
    }
}

/// Longest heading, in bytes; what is longer is a paragraph in disguise.
const MAX_HEADING_BYTES: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_one_character() {
        let limits = Limits::default();
        let mut sink = Sink::new(&limits);
        sink.gap(Gap::Line);
        sink.text("a ");
        sink.text(" b");
        sink.text("c\n\u{0}d");
        sink.gap(Gap::Cell);
        sink.text("e");
        sink.gap(Gap::Space);
        sink.gap(Gap::Line);
        sink.text("f");
        assert_eq!(sink.finish().text, "a bc d\te\nf");
    }

    #[test]
    fn text_has_a_limit() {
        let limits = Limits {
            max_text_bytes: 8,
            ..Limits::default()
        };
        let mut sink = Sink::new(&limits);
        sink.text("물은 생명이다");
        sink.text("more");
        let doc = sink.finish();
        assert!(doc.text.len() <= 8);
        assert_eq!(doc.warnings.len(), 1);
    }
}
