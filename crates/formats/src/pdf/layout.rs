//! From positioned glyphs to lines and paragraphs.
//!
//! Glyphs come in the order in which the page draws them, which nearly always is
//! reading order. A gap between two of them becomes a space, a new line or a new
//! paragraph by its size relative to the font.

use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask,
    font::{Glyph, GlyphRun},
    hayro_cmap::BfString,
    kurbo::{Affine, BezPath, Point, Rect},
};

use crate::model::Limits;

/// A gap wider than this part of the font's size parts words.
const WORD_GAP: f64 = 0.18;
/// A gap wider than this parts columns or cells.
const CELL_GAP: f64 = 2.0;
/// Glyphs further from the baseline than this are on another line.
const LINE_SHIFT: f64 = 0.45;
/// Lines further apart than this are parted by more than a line's end.
const PARAGRAPH_SHIFT: f64 = 1.9;
/// A glyph's width where the font does not say, in parts of its size.
const USUAL_WIDTH: f64 = 0.5;
/// Length of a line that may stand for the title, in bytes.
const TITLE_BYTES: std::ops::RangeInclusive<usize> = 4..=300;

/// A device that gathers glyphs instead of drawing them.
pub(super) struct Glyphs {
    text: String,
    max_bytes: usize,
    /// Where the pen stands after the last glyph, and that glyph's size.
    pen: Option<(Point, f64)>,
    /// Where the present line began, and its largest size.
    line: (usize, f64),
    largest: Option<(f64, String)>,
}

impl Glyphs {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            text: String::new(),
            max_bytes: limits.max_text_bytes,
            pen: None,
            line: (0, 0.0),
            largest: None,
        }
    }

    /// The page's text, and its largest line.
    pub(super) fn finish(mut self) -> (String, Option<String>) {
        self.end_line();
        (self.text, self.largest.map(|(_, line)| line))
    }

    fn glyph(&mut self, text: &str, transform: Affine, advance: Option<f64>) {
        let [a, b, c, d, _, _] = transform.as_coeffs();
        // 1000 units of the glyph are the font's size.
        let size = (c.hypot(d) * 1000.0).max(f64::MIN_POSITIVE);
        let along = Point::new(a, b);
        let length = along.to_vec2().hypot();
        let at = transform * Point::ZERO;
        if !(at.x.is_finite() && at.y.is_finite() && size.is_finite() && length > 0.0) {
            return;
        }
        let unit = along.to_vec2() / length;
        if let Some((pen, last_size)) = self.pen {
            let moved = at - pen;
            let size = size.max(last_size);
            let forward = moved.dot(unit) / size;
            let across = moved.cross(unit) / size;
            if across.abs() > LINE_SHIFT {
                self.new_line(across, text);
            } else if !(-1.0..=CELL_GAP).contains(&forward) {
                self.break_with('\t');
            } else if forward > WORD_GAP {
                self.break_with(' ');
            }
        }
        for c in text.chars() {
            match c {
                '\u{ad}' => self.text.push('-'),
                c if c.is_whitespace() || c.is_control() => self.break_with(' '),
                c => self.text.push(c),
            }
        }
        self.line.1 = self.line.1.max(size);
        let width = advance.unwrap_or(USUAL_WIDTH * 1000.0);
        self.pen = Some((transform * Point::new(width, 0.0), size));
    }

    /// A new line: the next of the same paragraph, or of another. `across` is
    /// positive downwards for text that stands upright.
    fn new_line(&mut self, across: f64, next: &str) {
        self.end_line();
        if !(0.0..=PARAGRAPH_SHIFT).contains(&across) {
            self.break_with('\n');
        } else if ends_with_hyphen(&self.text) && next.starts_with(char::is_lowercase) {
            // A word parted at the line's end.
            self.text.pop();
        } else {
            self.break_with(' ');
        }
        self.line.0 = self.text.len();
    }

    fn end_line(&mut self) {
        let (from, size) = std::mem::replace(&mut self.line, (self.text.len(), 0.0));
        let line = self.text.get(from..).unwrap_or("").trim();
        let beats = self
            .largest
            .as_ref()
            .is_none_or(|(best, _)| size > *best * 1.01);
        if TITLE_BYTES.contains(&line.len()) && line.chars().any(char::is_alphabetic) {
            if beats {
                self.largest = Some((size, line.to_owned()));
            } else if let Some((best, title)) = &mut self.largest
                && (size - *best).abs() <= *best * 0.01
                && title.len() + line.len() < *TITLE_BYTES.end()
                && self
                    .text
                    .get(..from)
                    .is_some_and(|before| before.trim_end().ends_with(title.as_str()))
            {
                // The title's second line.
                title.push(' ');
                title.push_str(line);
            }
        }
    }

    fn break_with(&mut self, gap: char) {
        match self.text.chars().next_back() {
            None | Some('\n') => {}
            Some('\t' | ' ') if gap != ' ' => {
                self.text.pop();
                self.text.push(gap);
            }
            Some('\t' | ' ') => {}
            Some(_) => self.text.push(gap),
        }
    }
}

fn ends_with_hyphen(text: &str) -> bool {
    let mut last = text.chars().rev();
    matches!(last.next(), Some('-' | '\u{2010}')) && last.next().is_some_and(char::is_alphabetic)
}

impl<'a> Device<'a> for Glyphs {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            if self.text.len() >= self.max_bytes {
                return;
            }
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(type3) => type3.advance_width(),
            };
            let transform = props.transform * glyph.transform();
            let advance = advance.map(f64::from);
            match glyph.as_unicode() {
                Some(BfString::Char(c)) => {
                    self.glyph(c.encode_utf8(&mut [0; 4]), transform, advance)
                }
                Some(BfString::String(text)) => self.glyph(&text, transform, advance),
                None => self.glyph("", transform, advance),
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn draw_rect(&mut self, _: &Rect, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_clip_rect(&mut self, _: &Rect) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
