//! Entry points of the fuzz target `mime`, which the tests use too.

use super::{
    Body, Envelope, Part, Scanned, Scanner, address, bodystructure, charset, date::Date, ids,
    scan::MAX_DEPTH, subject, text, words,
};

/// Scans a message whole and in pieces, and checks what must hold of any.
pub fn fuzz_mime(bytes: &[u8]) {
    let (split, message) = bytes
        .split_first()
        .map_or((7, bytes), |(first, rest)| (usize::from(*first) + 1, rest));
    let whole = scan(message, message.len().max(1));
    let pieces = scan(message, split);
    assert_eq!(
        whole, pieces,
        "pieces of {split} bytes give another structure"
    );
    check(&whole.structure.root, 0, message.len() as u64);
    assert!(bodystructure(&whole.structure, true).starts_with('('));
    let fields = &whole.summary.fields;
    let envelope = Envelope::parse(&whole.envelope());
    assert!(
        envelope
            .as_ref()
            .is_some_and(|e| e.subject == fields.subject && e.message_id == fields.message_id)
    );
    assert!(envelope.is_some_and(|e| e.from == whole.summary.from()));
    for (path, part) in whole.structure.parts() {
        assert!(
            whole
                .structure
                .part(&path)
                .is_some_and(|found| std::ptr::eq(found, part)),
            "section {path:?}"
        );
        let _ = part.file_name();
    }
    for part in whole.structure.texts() {
        let from = usize::try_from(part.body.start).unwrap_or(usize::MAX);
        let to = usize::try_from(part.body.end).unwrap_or(usize::MAX);
        let _ = text::preview(&text::of_part(part, message.get(from..to).unwrap_or(&[])));
    }
    let value = charset::raw(message);
    let _ = words::decode(&value);
    let _ = subject::base(&value);
    let _ = ids::parse(&value);
    let _ = Date::parse(&value).map(|date| date.to_header());
    for mailbox in address::mailboxes(&value) {
        let _ = mailbox.to_header();
    }
}

/// Scans a message that comes in pieces of `size` bytes.
#[must_use]
pub fn scan(message: &[u8], size: usize) -> Scanned {
    let mut scanner = Scanner::new();
    message
        .chunks(size.max(1))
        .for_each(|piece| scanner.push(piece));
    scanner.finish()
}

/// Ranges lie in their part's body, in order, and depth is bounded.
fn check(part: &Part, depth: usize, end: u64) {
    assert!(depth <= MAX_DEPTH + 1);
    assert!(part.header.start <= part.header.end && part.header.end <= part.body.start);
    assert!(part.body.start <= part.body.end && part.body.end <= end);
    if let Body::Multipart(children) = &part.content {
        assert!(!children.is_empty());
    }
    let mut from = part.body.start;
    for child in part.children() {
        assert!(child.header.start >= from);
        check(child, depth + 1, part.body.end.max(child.body.end).min(end));
        from = child.body.end;
    }
}
