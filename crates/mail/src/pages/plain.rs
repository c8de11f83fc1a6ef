//! Plain text as HTML: links, and quotes that fold.

/// Longest text that a page shows, in bytes.
pub(super) const SHOWN_BYTES: usize = 100 << 10;
/// Quotes of fewer lines are not folded.
const FOLD_FROM_LINES: usize = 4;

/// Escapes a text for HTML.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

/// A text as HTML; `quoted` is the word under which folded quotes open, `cut` the sentence at the end of what is too
/// long.
pub(super) fn html(text: &str, quoted: &str, cut: &str) -> String {
    let whole = text.len() <= SHOWN_BYTES;
    let mut end = text.len().min(SHOWN_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or(text).trim_end();
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 64);
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let is_quote = line.starts_with('>');
        let run = lines.get(at..).unwrap_or_default();
        let count = run
            .iter()
            .take_while(|line| line.starts_with('>') == is_quote)
            .count()
            .max(1);
        let run = run.get(..count).unwrap_or(run);
        block(run, is_quote, quoted, &mut out);
        at += count;
    }
    if !whole {
        out.push_str("<p class=\"quiet\">");
        escape(cut, &mut out);
        out.push_str("</p>");
    }
    out
}

fn block(lines: &[&str], is_quote: bool, quoted: &str, out: &mut String) {
    let folds = is_quote && lines.len() >= FOLD_FROM_LINES;
    if folds {
        out.push_str("<details class=\"fold\"><summary>");
        escape(quoted, out);
        out.push_str("</summary>");
    }
    out.push_str(if is_quote {
        "<blockquote dir=\"auto\">"
    } else {
        "<div class=\"plaintext\" dir=\"auto\">"
    });
    for (n, line) in lines.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let line = if is_quote {
            line.strip_prefix("> ")
                .or_else(|| line.strip_prefix('>'))
                .unwrap_or(line)
        } else {
            line
        };
        linked(line, out);
    }
    out.push_str(if is_quote { "</blockquote>" } else { "</div>" });
    if folds {
        out.push_str("</details>");
    }
}

/// A line with its addresses as links.
fn linked(line: &str, out: &mut String) {
    let mut rest = line;
    loop {
        let found = ["https://", "http://"]
            .iter()
            .filter_map(|scheme| rest.find(scheme))
            .min();
        let Some(at) = found else { break };
        let (before, from) = rest.split_at(at);
        let mut end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(from.len());
        // What ends a sentence, or closes a bracket that was opened before the address, isn't part of it.
        while let Some(last) = from.get(..end).and_then(|url| url.chars().next_back()) {
            let opens = from.get(..end).is_some_and(|url| url.contains('('));
            if matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ']')
                || last == ')' && !opens
            {
                end -= last.len_utf8();
            } else {
                break;
            }
        }
        let url = from.get(..end).unwrap_or(from);
        mailto(before, out);
        if url.ends_with("://") {
            escape(url, out);
        } else {
            out.push_str("<a rel=\"noopener noreferrer\" target=\"_blank\" href=\"");
            escape(url, out);
            out.push_str("\">");
            escape(url, out);
            out.push_str("</a>");
        }
        rest = from.get(end..).unwrap_or("");
    }
    mailto(rest, out);
}

/// Text without web addresses: mail addresses become links to write there.
fn mailto(text: &str, out: &mut String) {
    for piece in text.split_inclusive([' ', '\t']) {
        let word = piece.trim_matches(|c: char| !c.is_alphanumeric());
        let good = word.split_once('@').is_some_and(|(local, domain)| {
            let part = |c: char| c.is_alphanumeric() || "._+-".contains(c);
            !local.is_empty()
                && domain.contains('.')
                && local.chars().all(part)
                && domain.chars().all(part)
        });
        match piece.split_once(word).filter(|_| good) {
            Some((before, after)) => {
                escape(before, out);
                out.push_str("<a href=\"/mail/write?to=");
                out.push_str(&lampion_web::filters::url(word));
                out.push_str("\">");
                escape(word, out);
                out.push_str("</a>");
                escape(after, out);
            }
            None => escape(piece, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_quotes_and_nothing_else() {
        let shown = html(
            "See https://x.example/a(b)?c=1&d (or http://y.example).\nAsk mira@hill.internal, <b>\n> one\n> two\nno",
            "Quoted",
            "",
        );
        assert!(
            shown.contains("href=\"https://x.example/a(b)?c=1&amp;d\""),
            "{shown}"
        );
        assert!(
            shown.contains("href=\"http://y.example\">http://y.example</a>)."),
            "{shown}"
        );
        assert!(
            shown.contains(
                "href=\"/mail/write?to=mira%40hill.internal\">mira@hill.internal</a>, &lt;b&gt;"
            ),
            "{shown}"
        );
        assert!(
            shown.contains("<blockquote dir=\"auto\">one\ntwo</blockquote>"),
            "{shown}"
        );
        assert!(!shown.contains("<details"));
        assert!(
            html(&"> x\n".repeat(5), "Quoted", "")
                .contains("<details class=\"fold\"><summary>Quoted")
        );
        assert!(html(&"물".repeat(SHOWN_BYTES), "", "cut <").ends_with("cut &lt;</p>"));
        assert!(!html("javascript:alert(1) data:x http://", "", "").contains("href"));
    }
}
