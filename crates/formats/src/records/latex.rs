//! LaTeX's way of writing text, to Unicode and back.

use super::marc::marc8::nfc;

/// The mark that an accent command puts on the letter after it.
fn accent(command: char) -> Option<char> {
    Some(match command {
        '`' => '\u{300}',
        '\'' => '\u{301}',
        '^' => '\u{302}',
        '~' => '\u{303}',
        '=' => '\u{304}',
        'u' => '\u{306}',
        '.' => '\u{307}',
        '"' => '\u{308}',
        'h' => '\u{309}',
        'r' => '\u{30a}',
        'H' => '\u{30b}',
        'v' => '\u{30c}',
        'd' => '\u{323}',
        'c' => '\u{327}',
        'k' => '\u{328}',
        'b' => '\u{331}',
        _ => return None,
    })
}

/// Commands that stand for a text of their own.
fn symbol(command: &str) -> Option<&'static str> {
    Some(match command {
        "ss" => "ß",
        "ae" => "æ",
        "AE" => "Æ",
        "oe" => "œ",
        "OE" => "Œ",
        "aa" => "å",
        "AA" => "Å",
        "o" => "ø",
        "O" => "Ø",
        "l" => "ł",
        "L" => "Ł",
        "i" => "ı",
        "j" => "ȷ",
        "dh" => "ð",
        "DH" => "Ð",
        "th" => "þ",
        "TH" => "Þ",
        "dj" => "đ",
        "DJ" => "Đ",
        "ng" => "ŋ",
        "NG" => "Ŋ",
        "textendash" => "–",
        "textemdash" => "—",
        "textquoteright" => "’",
        "textquoteleft" => "‘",
        "textquotedblleft" => "“",
        "textquotedblright" => "”",
        "textbackslash" => "\\",
        "textasciitilde" | "sim" => "~",
        "textasciicircum" => "^",
        "ldots" | "dots" | "textellipsis" => "…",
        "copyright" | "textcopyright" => "©",
        "pounds" | "textsterling" => "£",
        "S" => "§",
        "P" => "¶",
        "alpha" => "α",
        "beta" => "β",
        "gamma" => "γ",
        "delta" => "δ",
        "lambda" => "λ",
        "mu" => "μ",
        "pi" => "π",
        "sigma" => "σ",
        "omega" => "ω",
        "times" => "×",
        "degree" | "textdegree" => "°",
        "LaTeX" => "LaTeX",
        "TeX" => "TeX",
        _ => return None,
    })
}

/// Turns LaTeX into plain text; formulas between dollar signs stay as they are.
pub(crate) fn decode(text: &str) -> String {
    if !text.contains(['\\', '{', '}', '~', '$', '`', '\'', '-', '\n']) {
        return text.trim().to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut mark: Option<char> = None;
    let mut math = false;
    while let Some(one) = chars.next() {
        match one {
            '$' => {
                math = !math;
                out.push('$');
            }
            '\\' if math && !matches!(chars.peek(), Some('$')) => out.push('\\'),
            '\\' => command(&mut chars, &mut out, &mut mark),
            '{' | '}' if !math => {}
            '~' if !math => out.push(' '),
            '-' if !math && chars.peek() == Some(&'-') => {
                chars.next();
                let em = chars.next_if_eq(&'-').is_some();
                out.push(if em { '—' } else { '–' });
            }
            '`' if !math && chars.next_if_eq(&'`').is_some() => out.push('“'),
            '\'' if !math && chars.next_if_eq(&'\'').is_some() => out.push('”'),
            one if one.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            one => {
                // An accent on a dotless i is an accent on an i.
                match (mark, one) {
                    (Some(_), 'ı') => out.push('i'),
                    (Some(_), 'ȷ') => out.push('j'),
                    _ => out.push(one),
                }
                out.extend(mark.take());
            }
        }
    }
    nfc(out.trim().to_owned())
}

/// Takes what follows a backslash.
fn command(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
    mark: &mut Option<char>,
) {
    let Some(first) = chars.next() else { return };
    if !first.is_ascii_alphabetic() {
        match accent(first) {
            Some(found) => *mark = Some(found),
            None if first == '\\' => out.push(' '),
            // \& \% \$ \# \_ \{ \} and the thin spaces.
            None if matches!(first, ',' | ' ' | ';' | ':' | '!' | '/' | '-') => {
                if first == ' ' || first == ',' {
                    out.push(' ');
                }
            }
            None => out.push(first),
        }
        return;
    }
    let mut name = String::from(first);
    while let Some(next) = chars.next_if(char::is_ascii_alphabetic) {
        name.push(next);
    }
    // Blanks after a command's name only end the name.
    while chars.next_if(|next| next.is_whitespace()).is_some() {}
    if let Some(text) = symbol(&name) {
        match (mark.take(), text) {
            (Some(found), "ı") => out.extend(['i', found]),
            (Some(found), "ȷ") => out.extend(['j', found]),
            (found, text) => {
                out.push_str(text);
                out.extend(found);
            }
        }
    } else if name.chars().count() == 1
        && let Some(found) = accent(first)
    {
        *mark = Some(found);
    }
    // Other commands (\emph, \textit, \url) are dropped, their argument stays.
}

/// Text as a value between braces: what LaTeX would obey is escaped, the rest is
/// UTF-8, which BibLaTeX and today's BibTeX read.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        // Two of these in a row would be read as one other mark.
        if matches!(one, '-' | '`' | '\'') && out.ends_with(one) {
            out.push_str("{}");
        }
        match one {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(one);
            }
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\r' | '\n' => out.push(' '),
            _ => out.push(one),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_become_letters() {
        for (given, wanted) in [
            (r#"G{\"o}del"#, "Gödel"),
            (r#"G\"odel"#, "Gödel"),
            (r"\'{E}variste Galois", "Évariste Galois"),
            (r"Erd{\H o}s", "Erdős"),
            (r#"Gar\c{c}on na{\"\i}f"#, "Garçon naïf"),
            (r#"na\"{\i}ve"#, "naïve"),
            (r"{\L}ukasiewicz, \O{}re \& Co", "Łukasiewicz, Øre & Co"),
            (r"\v{C}ech \emph{and} \textbf{others}", "Čech and others"),
            ("``Yes'' -- 10--20 --- no", "“Yes” – 10–20 — no"),
            (r"The {DNA} of $E = mc^2$", "The DNA of $E = mc^2$"),
            ("a~b\n  c", "a b c"),
        ] {
            assert_eq!(decode(given), wanted);
        }
    }

    #[test]
    fn encoded_text_is_decoded_again() {
        for text in [
            r"50% of $1 & {x_1} #2 \ ~ ^",
            "한국어 текст ‘x’",
            "a-b 'c' d",
        ] {
            assert_eq!(decode(&encode(text)), text);
        }
    }
}
