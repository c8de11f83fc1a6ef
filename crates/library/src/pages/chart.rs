//! Charts as inline SVG: bars, upright or lying.
//!
//! Colours and fonts come from the page's own style sheet by classes, so dark mode and contrast are the page's; there are
//! no attributes `style`. Each has a title and a description (SVG 2 §5.7), and each stands beside a table of the same
//! numbers. In languages that run from right to left the first bar stands at the right.

use std::fmt::Write as _;

/// Width of a chart in its own units: those of a phone, so that its texts can be read there.
const WIDTH: i64 = 360;
/// Height of upright bars.
const HEIGHT: i64 = 160;
/// Height of a lying bar with its text.
const ROW: i64 = 40;
/// Bars of a chart.
const BARS_LIMIT: usize = 60;

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// What it is of.
    pub label: String,
    /// Its length.
    pub value: i64,
    /// The number as people read it.
    pub shown: String,
}

/// A chart to be drawn.
#[derive(Debug, Clone)]
pub(super) struct Chart<'a> {
    /// An id that no other chart of the page has.
    pub id: &'a str,
    /// Title.
    pub title: &'a str,
    /// What it shows, in words.
    pub description: &'a str,
    /// Bars.
    pub bars: Vec<Bar>,
    /// The length of a full bar; the longest one's if it is 0.
    pub most: i64,
    /// Begin at the right.
    pub rtl: bool,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

impl Chart<'_> {
    fn most(&self) -> i64 {
        let longest = self.bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        if self.most > 0 { self.most } else { longest }.max(1)
    }

    fn begin(&self, height: i64) -> String {
        let Self {
            id,
            title,
            description,
            ..
        } = self;
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" direction=\"ltr\">\
             <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            escape(title),
            escape(description)
        )
    }

    /// Upright bars side by side; the first, the last and the highest are named.
    pub(super) fn upright(&self) -> String {
        let bars: Vec<&Bar> = self.bars.iter().take(BARS_LIMIT).collect();
        let (most, floor, top) = (self.most(), HEIGHT - 22, 20);
        let mut out = self.begin(HEIGHT);
        let step = WIDTH / i64::try_from(bars.len()).unwrap_or(1).max(1);
        let highest = bars
            .iter()
            .enumerate()
            .max_by_key(|(at, bar)| (bar.value, usize::MAX - at))
            .map(|(at, _)| at);
        let used = step * i64::try_from(bars.len()).unwrap_or(0);
        let _ = write!(out, "<path class=\"axis\" d=\"M0 {floor}H{used}\"/>");
        for (at, bar) in bars.iter().enumerate() {
            let place = i64::try_from(at).unwrap_or(0) * step;
            let x = if self.rtl { used - place - step } else { place };
            let height = (floor - top) * bar.value.clamp(0, most) / most;
            let height = if bar.value > 0 { height.max(1) } else { 0 };
            let _ = write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
                x + 1,
                floor - height,
                (step - 2).max(1)
            );
            if Some(at) == highest && bar.value > 0 {
                let (x, anchor) = inside(x + step / 2, used);
                let _ = write!(
                    out,
                    "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                    floor - height - 5,
                    escape(&bar.shown)
                );
            }
            if at == 0 || at + 1 == bars.len() {
                let left = (at == 0) != self.rtl;
                let (x, anchor) = if left { (0, "start") } else { (used, "end") };
                let _ = write!(
                    out,
                    "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                    HEIGHT - 6,
                    escape(&bar.label)
                );
            }
        }
        out.push_str("</svg>");
        out
    }

    /// Lying bars one below the other, each with its name and number above it.
    pub(super) fn lying(&self) -> String {
        let bars: Vec<&Bar> = self.bars.iter().take(BARS_LIMIT).collect();
        let most = self.most();
        let mut out = self.begin(ROW * i64::try_from(bars.len()).unwrap_or(0).max(1));
        for (at, bar) in bars.iter().enumerate() {
            let y = i64::try_from(at).unwrap_or(0) * ROW;
            let width = WIDTH * bar.value.clamp(0, most) / most;
            let width = if bar.value > 0 { width.max(2) } else { 0 };
            let (name, number) = if self.rtl {
                ((WIDTH, "end"), (0, "start"))
            } else {
                ((0, "start"), (WIDTH, "end"))
            };
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\
                 <rect class=\"rest\" x=\"0\" y=\"{}\" width=\"{WIDTH}\" height=\"12\"/>\
                 <rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"12\"/>",
                name.0,
                y + 16,
                name.1,
                escape(&bar.label),
                number.0,
                y + 16,
                number.1,
                escape(&bar.shown),
                y + 22,
                if self.rtl { WIDTH - width } else { 0 },
                y + 22,
            );
        }
        out.push_str("</svg>");
        out
    }
}

/// A text's place and anchor so that it stays within the chart.
fn inside(x: i64, width: i64) -> (i64, &'static str) {
    match x {
        x if x < 40 => (0, "start"),
        x if x > width - 40 => (width, "end"),
        x => (x, "middle"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(rtl: bool) -> Chart<'static> {
        let bar = |label: &str, value: i64| Bar {
            label: label.into(),
            value,
            shown: value.to_string(),
        };
        Chart {
            id: "c",
            title: "Weeks <all>",
            description: "a & b",
            bars: vec![bar("first", 1), bar("second", 4), bar("last", 0)],
            most: 0,
            rtl,
        }
    }

    #[test]
    fn bars_are_as_long_as_their_numbers_and_texts_are_escaped() {
        let drawn = chart(false).upright();
        assert!(drawn.contains("<title id=\"c-t\">Weeks &lt;all&gt;</title>"));
        assert!(drawn.contains("a &amp; b"));
        assert!(
            drawn.contains("<rect x=\"1\" y=\"109\" width=\"118\" height=\"29\"/>"),
            "{drawn}"
        );
        assert!(
            drawn.contains("<rect x=\"121\" y=\"20\" width=\"118\" height=\"118\"/>"),
            "{drawn}"
        );
        assert!(!drawn.contains("style="));
        let lying = chart(false).lying();
        assert!(
            lying.contains("<rect x=\"0\" y=\"22\" width=\"90\" height=\"12\"/>"),
            "{lying}"
        );
    }

    #[test]
    fn the_first_bar_stands_at_the_right_where_reading_begins_there() {
        let drawn = chart(true).upright();
        assert!(drawn.contains("<rect x=\"241\" y=\"109\""), "{drawn}");
        let lying = chart(true).lying();
        assert!(
            lying.contains("<rect x=\"270\" y=\"22\" width=\"90\""),
            "{lying}"
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let empty = Chart {
            bars: Vec::new(),
            ..chart(false)
        };
        assert!(empty.upright().ends_with("</svg>") && empty.lying().ends_with("</svg>"));
    }
}
