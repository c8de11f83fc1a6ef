//! The base subject (RFC 5256 §2.1): what the messages of one thread have in common.

/// A subject without its `Re:` and their like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// What is left; empty if nothing was.
    pub text: String,
    /// Whether something was taken off that a reply or a forward puts there.
    pub is_reply_or_forward: bool,
}

/// Takes a decoded subject apart. The text keeps its case: compare it without.
#[must_use]
pub fn base(subject: &str) -> Base {
    let squeezed = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = squeezed.as_str();
    let mut taken = false;
    // Each round makes the text shorter, or is the last.
    loop {
        let before = text;
        // (2) subj-trailer
        loop {
            text = text.trim_end();
            match ends_with_fwd(text) {
                Some(rest) => (text, taken) = (rest, true),
                None => break,
            }
        }
        loop {
            let round = text;
            // (3) subj-leader
            text = text.trim_start();
            if let Some(rest) = leader(text) {
                (text, taken) = (rest, true);
            }
            // (4) subj-blob, if something is left without it
            if let Some(rest) = blob(text)
                && !rest.is_empty()
            {
                text = rest;
            }
            if text.len() == round.len() {
                break;
            }
        }
        // (6) "[fwd: … ]"
        if let Some(inner) = unwrap_fwd(text) {
            (text, taken) = (inner, true);
        }
        if text.len() == before.len() {
            break;
        }
    }
    Base {
        text: text.trim().to_owned(),
        is_reply_or_forward: taken,
    }
}

fn starts_with<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.get(..word.len())
        .filter(|head| head.eq_ignore_ascii_case(word))?;
    text.get(word.len()..)
}

fn ends_with_fwd(text: &str) -> Option<&str> {
    let at = text.len().checked_sub("(fwd)".len())?;
    text.get(at..)
        .filter(|tail| tail.eq_ignore_ascii_case("(fwd)"))?;
    text.get(..at)
}

/// `*subj-blob subj-refwd`: blobs and then `re:`, `fw:` or `fwd:`, perhaps with a blob before the colon.
fn leader(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(after) = blob(rest) {
        rest = after;
    }
    let rest = starts_with(rest, "re")
        .or_else(|| starts_with(rest, "fwd"))
        .or_else(|| starts_with(rest, "fw"))?;
    let rest = rest.trim_start();
    let rest = blob(rest).unwrap_or(rest);
    rest.trim_start().strip_prefix(':').map(str::trim_start)
}

/// `"[" *BLOBCHAR "]" *WSP`; no brackets inside.
fn blob(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('[')?;
    let end = rest.find(['[', ']'])?;
    let after = rest.get(end..)?.strip_prefix(']')?;
    Some(after.trim_start())
}

fn unwrap_fwd(text: &str) -> Option<&str> {
    starts_with(text, "[fwd:")?.strip_suffix(']')
}
