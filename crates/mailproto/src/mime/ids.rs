//! Message ids (RFC 5322 §3.6.4).

/// How many ids of one field are read: the last ones, which are the nearest ancestors.
pub const MAX_IDS: usize = 100;
/// Longest id, in bytes.
pub const MAX_ID_BYTES: usize = 500;

/// The ids in a value of `Message-ID`, `In-Reply-To` or `References`, without angle brackets, in order, none twice.
///
/// Space inside an id is left out (programs fold them). Where there are no angle brackets, words with an `@` are ids.
#[must_use]
pub fn parse(value: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find('<') {
        let after = rest.get(start + 1..).unwrap_or("");
        let Some(end) = after.find('>') else { break };
        add(after.get(..end).unwrap_or(""), &mut found);
        rest = after.get(end + 1..).unwrap_or("");
    }
    if found.is_empty() {
        for word in value.split_whitespace().filter(|word| word.contains('@')) {
            add(word.trim_matches(['<', '>', '"', ',', ';']), &mut found);
        }
    }
    if found.len() > MAX_IDS {
        found.drain(1..found.len() - MAX_IDS + 1);
    }
    found
}

fn add(id: &str, found: &mut Vec<String>) {
    let id: String = id
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    // A field of 64 KiB holds some thousands at most.
    if !id.is_empty() && id.len() <= MAX_ID_BYTES && !found.contains(&id) {
        found.push(id);
    }
}
