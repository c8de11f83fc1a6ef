//! Finds the parts of a message while its bytes pass.
//!
//! The scanner works line by line. Of each line it keeps only what it needs: a header field up to
//! [`MAX_FIELD_BYTES`], of a body line the beginning, if that may be a boundary. The parts that are open form a stack;
//! a boundary line closes all that are above its multipart.

use super::{
    envelope::envelope,
    fields::{self, Block},
    structure::{Body, Encoding, Part, Span, Structure, Summary},
    text,
};

/// How deep parts may lie in each other; what is deeper is left in one piece.
pub const MAX_DEPTH: usize = 50;
/// How many parts a message may have; the rest is left in one piece.
pub const MAX_PARTS: usize = 2_000;
/// Longest header field that is kept, in bytes.
pub const MAX_FIELD_BYTES: usize = 64 << 10;
/// Header fields that are kept of one message, in bytes, over all parts.
pub const MAX_KEPT_BYTES: usize = 512 << 10;
/// Longest boundary that is known again, in bytes (RFC 2046 §5.1.1 allows 70).
pub const MAX_BOUNDARY_BYTES: usize = 250;
/// What is kept of a body line that may be a boundary, in bytes.
pub const MAX_LINE_KEPT_BYTES: usize = 1_000;
/// How many `Delivered-To` fields are kept.
pub const MAX_DELIVERED_TO: usize = 50;
/// What is kept of the first text to make a preview of, in bytes as sent.
const MAX_PREVIEW_PLAIN_BYTES: usize = 8 << 10;
/// The same of HTML, which begins with much that isn't text.
const MAX_PREVIEW_HTML_BYTES: usize = 64 << 10;

/// All that is learnt of a message in one pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The tree of parts.
    pub structure: Structure,
    /// Fields of the message's own header block.
    pub summary: Summary,
    /// The text's first 200 characters in one line (RFC 8970); empty if there is no text.
    pub preview: String,
}

impl Scanned {
    /// IMAP's ENVELOPE of the message.
    #[must_use]
    pub fn envelope(&self) -> String {
        envelope(&self.summary.fields)
    }
}

/// A part whose end is not yet known.
struct Open {
    part: Part,
    /// Line ends before the body.
    lines_before: u64,
    role: Role,
}

enum Role {
    /// Its header block is being read.
    Header {
        block: Block,
        /// Inside a `multipart/digest` (RFC 2046 §5.1.5).
        digest: bool,
    },
    Leaf,
    Multipart {
        /// `--` and the boundary.
        delimiter: Vec<u8>,
        digest: bool,
        children: Vec<Part>,
        closed: bool,
    },
    /// The next in the stack is the message inside; it comes here when it ends.
    Message {
        envelope: String,
        inner: Option<Box<Part>>,
    },
}

/// What is kept of the first text part of a type.
struct Capture {
    start: u64,
    bytes: Vec<u8>,
    limit: usize,
    done: Option<Part>,
}

impl Capture {
    fn new(limit: usize) -> Self {
        Self {
            start: u64::MAX,
            bytes: Vec::new(),
            limit,
            done: None,
        }
    }

    fn begin(&mut self, at: u64) {
        self.start = at;
    }

    fn is_free(&self) -> bool {
        self.start == u64::MAX
    }

    fn is_open(&self) -> bool {
        !self.is_free() && self.done.is_none() && self.bytes.len() < self.limit
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.is_open() {
            let room = self.limit - self.bytes.len();
            self.bytes
                .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    fn end(&mut self, part: &Part) {
        if self.done.is_none() && self.start == part.body.start {
            self.bytes
                .truncate(usize::try_from(part.body.len()).unwrap_or(usize::MAX));
            self.done = Some(part.clone());
        }
    }
}

/// Takes a message in pieces; see the module.
pub struct Scanner {
    stack: Vec<Open>,
    /// The message itself once it is closed.
    root: Option<Part>,
    summary: Summary,
    /// Bytes taken.
    at: u64,
    /// Where the line began that is being read.
    line_start: u64,
    /// The line's beginning; for header lines all of it, up to a limit.
    line: Vec<u8>,
    /// Nothing more of this line is wanted.
    skip: bool,
    /// The line's last byte so far.
    last: u8,
    /// Line ends seen, and how long the last was: 0 (none yet), 1 (LF) or 2 (CRLF).
    lines: u64,
    eol: u64,
    parts: usize,
    kept: usize,
    cut: bool,
    plain: Capture,
    html: Capture,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner that waits for the message's first byte.
    #[must_use]
    pub fn new() -> Self {
        let mut scanner = Self {
            stack: Vec::new(),
            root: None,
            summary: Summary::default(),
            at: 0,
            line_start: 0,
            line: Vec::new(),
            skip: false,
            last: 0,
            lines: 0,
            eol: 0,
            parts: 0,
            kept: 0,
            cut: false,
            plain: Capture::new(MAX_PREVIEW_PLAIN_BYTES),
            html: Capture::new(MAX_PREVIEW_HTML_BYTES),
        };
        scanner.open(0, false);
        scanner
    }

    /// Takes the message's next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let piece = bytes
                .get(..end.map_or(bytes.len(), |at| at + 1))
                .unwrap_or(bytes);
            self.piece(piece, end.is_some());
            bytes = bytes.get(piece.len()..).unwrap_or(&[]);
        }
    }

    /// Bytes that the scanner holds of the message now, but for the tree itself.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.line.len() + self.kept + self.plain.bytes.len() + self.html.bytes.len()
    }

    /// One line, or a piece of it.
    fn piece(&mut self, piece: &[u8], ends: bool) {
        let in_header = self.in_header();
        if !in_header {
            self.plain.take(piece);
            self.html.take(piece);
            // A line that doesn't begin with `-` is no boundary: nothing of it is kept.
            if self.line.is_empty() && piece.first() != Some(&b'-') {
                self.skip = true;
            }
        }
        let content = if ends {
            piece.get(..piece.len() - 1).unwrap_or(piece)
        } else {
            piece
        };
        if !self.skip {
            let limit = if in_header {
                MAX_FIELD_BYTES
            } else {
                MAX_LINE_KEPT_BYTES
            };
            let room = limit.saturating_sub(self.line.len());
            self.line
                .extend_from_slice(content.get(..room).unwrap_or(content));
            self.cut |= in_header && content.len() > room;
        }
        if let Some(last) = content.last() {
            self.last = *last;
        }
        self.at += piece.len() as u64;
        if ends {
            let eol = if self.last == b'\r' { 2 } else { 1 };
            self.end_of_line(eol);
        }
    }

    fn in_header(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Open {
                role: Role::Header { .. },
                ..
            })
        )
    }

    fn end_of_line(&mut self, eol: u64) {
        let mut line = std::mem::take(&mut self.line);
        if eol == 2 && line.last() == Some(&b'\r') {
            line.pop();
        }
        let skipped = std::mem::replace(&mut self.skip, false);
        if !skipped {
            self.whole_line(&line);
        }
        if eol > 0 {
            self.lines += 1;
        }
        // The body begins after the line that ended the header block.
        if let Some(open) = self.stack.last_mut()
            && open.part.body.start == u64::MAX
        {
            open.part.body.start = self.at;
            open.lines_before = self.lines;
            self.enter();
        }
        line.clear();
        self.line = line;
        self.line_start = self.at;
        self.eol = eol;
        self.last = 0;
    }

    fn whole_line(&mut self, line: &[u8]) {
        if line.starts_with(b"--") && self.boundary(line) {
            return;
        }
        let Some(Open {
            role: Role::Header { block, .. },
            part,
            ..
        }) = self.stack.last_mut()
        else {
            return;
        };
        if line.is_empty() {
            part.header.end = self.at;
            part.body.start = u64::MAX;
            return;
        }
        let first = part.header.start == self.line_start;
        if block.line(line, first, &mut self.kept, &mut self.cut) {
            return;
        }
        // The block ends without an empty line: this line is the body's first already.
        part.header.end = self.line_start;
        part.body.start = self.line_start;
        let lines = self.lines;
        if let Some(open) = self.stack.last_mut() {
            open.lines_before = lines;
        }
        self.enter();
        if self.in_header() {
            // A message inside begins with this line; whatever it is, nothing further opens here.
            self.whole_line(line);
            return;
        }
        for capture in [&mut self.plain, &mut self.html] {
            if capture.start == self.line_start {
                capture.take(line);
                capture.take(b"\r\n");
            }
        }
    }

    /// Handles a line that is a boundary of an open multipart, innermost first.
    fn boundary(&mut self, line: &[u8]) -> bool {
        let trimmed = line.trim_ascii_end();
        let found = self
            .stack
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, open)| match &open.role {
                Role::Multipart {
                    delimiter,
                    closed: false,
                    ..
                } => {
                    let rest = trimmed.strip_prefix(delimiter.as_slice())?;
                    (rest.is_empty() || rest == b"--").then_some((at, !rest.is_empty()))
                }
                _ => None,
            });
        let Some((at, last)) = found else {
            return false;
        };
        // The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        let end = self.line_start.saturating_sub(self.eol);
        while self.stack.len() > at + 1 {
            self.close(end);
        }
        let start = self.at;
        let Some(Open {
            role: Role::Multipart { digest, closed, .. },
            ..
        }) = self.stack.last_mut()
        else {
            return true;
        };
        let digest = *digest;
        // Past the limit of parts what follows is counted to nothing.
        *closed = last || self.parts >= MAX_PARTS;
        if last {
            return true;
        }
        if self.parts >= MAX_PARTS {
            self.cut = true;
            return true;
        }
        self.open(start, digest);
        true
    }

    fn open(&mut self, start: u64, digest: bool) {
        self.parts += 1;
        let message = self.stack.is_empty()
            || matches!(
                self.stack.last(),
                Some(Open {
                    role: Role::Message { .. },
                    ..
                })
            );
        self.stack.push(Open {
            part: Part {
                header: Span { start, end: start },
                body: Span { start, end: start },
                ..Part::default()
            },
            lines_before: self.lines,
            role: Role::Header {
                block: Block::new(message),
                digest,
            },
        });
    }

    /// The header block of the uppermost part is complete: says what its body is.
    fn enter(&mut self) {
        let depth = self.stack.len();
        let top = depth == 1;
        let Some(open) = self.stack.last_mut() else {
            return;
        };
        let Role::Header { block, digest } = std::mem::replace(&mut open.role, Role::Leaf) else {
            return;
        };
        let start = open.part.body.start;
        let taken = block.finish(&mut self.kept, &mut self.cut);
        fields::describe(&mut open.part, &taken, digest);
        if top {
            self.summary = fields::summary(&taken);
        } else if depth >= 2
            && let Some(Open {
                role: Role::Message { envelope: text, .. },
                ..
            }) = self.stack.get_mut(depth - 2)
        {
            *text = envelope(&fields::envelope_fields(&taken));
        }
        let Some(open) = self.stack.last_mut() else {
            return;
        };
        let part = &open.part;
        let room = depth < MAX_DEPTH && self.parts < MAX_PARTS;
        let boundary = part
            .parameter("boundary")
            .map(|b| b.trim_end().as_bytes())
            .unwrap_or_default();
        if part.kind == "multipart" && !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY_BYTES
        {
            if room {
                open.role = Role::Multipart {
                    delimiter: [b"--", boundary].concat(),
                    digest: part.subtype == "digest",
                    children: Vec::new(),
                    closed: false,
                };
            }
            self.cut |= !room;
        } else if fields::is_message(part) && part.encoding.is_identity() {
            if room {
                open.role = Role::Message {
                    envelope: String::new(),
                    inner: None,
                };
                self.open(start, false);
            }
            self.cut |= !room;
        } else if part.kind == "text" && !part.is_attachment() {
            let capture = if part.subtype == "html" {
                &mut self.html
            } else {
                &mut self.plain
            };
            if capture.is_free() {
                capture.begin(start);
            }
        }
    }

    /// Closes the uppermost part, whose body ends at `end`.
    fn close(&mut self, end: u64) {
        // A header block that never ended: all of it is header, and there is no body.
        if self.in_header() {
            let (at, lines) = (self.line_start, self.lines);
            if let Some(open) = self.stack.last_mut() {
                open.part.header.end = at.max(open.part.header.start);
                open.part.body = Span {
                    start: open.part.header.end,
                    end: open.part.header.end,
                };
                open.lines_before = lines;
            }
            let depth = self.stack.len();
            self.enter();
            // A message inside that has no byte at all is opened by `enter`, and closed at once.
            while self.stack.len() > depth {
                self.close(end);
            }
        }
        let Some(mut open) = self.stack.pop() else {
            return;
        };
        let part = &mut open.part;
        part.body.end = end.max(part.body.start);
        // Of the line ends since the body began, the one before the boundary isn't the body's.
        let cut_off = u64::from(end < self.line_start && end >= part.body.start);
        part.lines = self
            .lines
            .saturating_sub(open.lines_before)
            .saturating_sub(cut_off);
        match open.role {
            Role::Multipart { mut children, .. } => {
                if children.is_empty() {
                    children.push(undivided(part));
                }
                part.content = Body::Multipart(children);
            }
            Role::Message {
                envelope,
                inner: Some(inner),
            } => {
                part.content = Body::Message {
                    envelope,
                    root: inner,
                };
            }
            _ => {
                self.plain.end(part);
                self.html.end(part);
            }
        }
        if matches!(part.content, Body::Leaf) && fields::is_file(part) {
            self.summary.has_attachment = true;
        }
        let part = open.part;
        match self.stack.last_mut().map(|open| &mut open.role) {
            Some(Role::Multipart { children, .. }) => children.push(part),
            Some(Role::Message { inner, .. }) => *inner = Some(Box::new(part)),
            _ => self.root = Some(part),
        }
    }

    /// The message is complete.
    #[must_use]
    pub fn finish(mut self) -> Scanned {
        if self.at > self.line_start {
            self.end_of_line(0);
        } else {
            self.eol = 0;
        }
        let end = self.at;
        while !self.stack.is_empty() {
            self.close(end);
        }
        let preview = self.preview();
        Scanned {
            structure: Structure {
                root: self.root.unwrap_or_default(),
                octets: end,
                cut: self.cut,
            },
            summary: self.summary,
            preview,
        }
    }

    fn preview(&self) -> String {
        for capture in [&self.plain, &self.html] {
            if let Some(part) = &capture.done {
                let preview = text::preview(&text::of_part(part, &capture.bytes));
                if !preview.is_empty() {
                    return preview;
                }
            }
        }
        String::new()
    }
}

/// What stands for the parts of a multipart whose boundary never came: all of it as text.
fn undivided(part: &Part) -> Part {
    Part {
        header: Span {
            start: part.body.start,
            end: part.body.start,
        },
        body: part.body,
        lines: part.lines,
        kind: "text".to_owned(),
        subtype: "plain".to_owned(),
        encoding: Encoding::SevenBit,
        ..Part::default()
    }
}
