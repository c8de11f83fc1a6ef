//! Cutting elements out of a stream of XML.

use std::io::{self, BufRead};

use super::MAX_XML_RECORD_BYTES;
use crate::records::reader::{Framed, Problem};
use crate::records::window::{Found, Window};

/// The most bytes of one tag, comment or instruction outside of records.
const MAX_TOKEN_BYTES: usize = 1024 * 1024;
const ADVICE: &str = "mend this record in the file or export it again; the others are not affected";

/// What a record inside a record means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nesting {
    /// Local names of elements that can be records.
    pub(crate) record: fn(&str) -> bool,
    /// Names (with prefix, local) of elements that only a record has: an outer
    /// element without them is a mere envelope of the inner one.
    pub(crate) content: fn(&str, &str) -> bool,
}

/// Finds records in XML.
#[derive(Debug)]
pub(crate) struct XmlFrames {
    nesting: Nesting,
}

enum Token {
    Start {
        name: String,
        closed: bool,
    },
    End {
        name: String,
    },
    Other,
    Doctype {
        declares: bool,
    },
    /// No token ends within the limit.
    TooFar,
    /// The source ends.
    Ended,
}

impl XmlFrames {
    pub(crate) fn new(nesting: Nesting) -> Self {
        Self { nesting }
    }

    /// Drops what is no record, then measures the next one.
    pub(crate) fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        loop {
            if !skip_text(window)? {
                return Ok(Framed::End);
            }
            let (token, length) = token(window, 0, MAX_TOKEN_BYTES)?;
            match token {
                Token::Start { name, closed } if (self.nesting.record)(local(&name)) => {
                    if !closed && let Some(framed) = self.measure(window, &name, length)? {
                        return Ok(framed);
                    }
                    if closed {
                        window.consume(length);
                    }
                }
                Token::Doctype { declares: true } => {
                    return Ok(Framed::Fatal(Problem::new(
                        "the file declares entities or a document type of its own",
                        "such declarations are refused, for they can make a small file fill all memory: remove the DOCTYPE",
                    )));
                }
                Token::TooFar => {
                    return Ok(Framed::Fatal(Problem::new(
                        format!("a tag or comment has more than {MAX_TOKEN_BYTES} bytes"),
                        "check that the file is XML",
                    )));
                }
                Token::Ended => {
                    let left = window.bytes().len();
                    return Ok(Framed::Broken(
                        left,
                        Problem::new("the file ends inside a tag", ADVICE),
                    ));
                }
                _ => window.consume(length),
            }
        }
    }

    /// From the start tag of a record (`at` bytes long) to its end. None if it
    /// was the envelope of another; the window then stands before that one.
    fn measure<R: BufRead>(
        &self,
        window: &mut Window<R>,
        name: &str,
        start: usize,
    ) -> io::Result<Option<Framed>> {
        let mut at = start;
        let mut depth = 1usize;
        let mut has_content = false;
        loop {
            at = match window.find(b'<', at, MAX_XML_RECORD_BYTES)? {
                Found::At(at) => at,
                Found::End => {
                    let left = window.bytes().len();
                    let problem = Problem::new("the file ends inside of it", ADVICE);
                    return Ok(has_content
                        .then_some(Framed::Broken(left, problem))
                        .or_else(|| {
                            // An envelope without an end around nothing: the end of the file.
                            window.consume(left);
                            Some(Framed::End)
                        }));
                }
                Found::TooFar => return Ok(Some(too_long(at))),
            };
            let (token, length) = token(window, at, MAX_XML_RECORD_BYTES)?;
            match token {
                Token::Start {
                    name: inner,
                    closed,
                } => {
                    let same = inner == name;
                    if (self.nesting.record)(local(&inner)) && !closed && !(same && has_content) {
                        if has_content && !same {
                            let problem =
                                Problem::new("another record begins inside of it", ADVICE);
                            return Ok(Some(Framed::Broken(at, problem)));
                        }
                        window.consume(at);
                        return Ok(None);
                    }
                    if same && !closed {
                        // The same element again: a record whose end is missing.
                        let problem = Problem::new("its end tag is missing", ADVICE);
                        if depth == 1 && (self.nesting.record)(local(&inner)) && !nests(&inner) {
                            return Ok(Some(Framed::Broken(at, problem)));
                        }
                        depth += 1;
                    }
                    has_content |= (self.nesting.content)(&inner, local(&inner));
                }
                Token::End { name: inner } if inner == name => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(Some(Framed::Record(at + length)));
                    }
                }
                Token::Doctype { .. } => {
                    return Ok(Some(Framed::Broken(
                        at + length,
                        Problem::new("it holds a document type declaration", ADVICE),
                    )));
                }
                Token::TooFar => return Ok(Some(too_long(at))),
                Token::Ended => {
                    let left = window.bytes().len();
                    return Ok(Some(Framed::Broken(
                        left,
                        Problem::new("the file ends inside of it", ADVICE),
                    )));
                }
                Token::End { .. } | Token::Other => {}
            }
            at += length.max(1);
        }
    }
}

/// RDF allows a description inside a description.
fn nests(name: &str) -> bool {
    local(name) == "Description"
}

fn too_long(at: usize) -> Framed {
    let reason = format!("it has more than {MAX_XML_RECORD_BYTES} bytes");
    Framed::Broken(at.max(1), Problem::new(reason, ADVICE))
}

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Drops text up to the next tag; false at the end of the source.
fn skip_text<R: BufRead>(window: &mut Window<R>) -> io::Result<bool> {
    loop {
        let bytes = window.bytes();
        if let Some(at) = memchr::memchr(b'<', bytes) {
            window.consume(at);
            return Ok(true);
        }
        let all = bytes.len();
        window.consume(all);
        if !window.more()? {
            return Ok(false);
        }
    }
}

/// The token that begins with `<` at `at`, and its length.
fn token<R: BufRead>(
    window: &mut Window<R>,
    at: usize,
    limit: usize,
) -> io::Result<(Token, usize)> {
    window.ensure(at + 10)?;
    let limit = limit.max(at + 10);
    let rest = window.bytes().get(at..).unwrap_or_default();
    if rest.starts_with(b"<!--") {
        return closing(window, at, 4, b"-->", limit);
    }
    if rest.starts_with(b"<![CDATA[") {
        return closing(window, at, 9, b"]]>", limit);
    }
    if rest.starts_with(b"<?") {
        return closing(window, at, 2, b"?>", limit);
    }
    if rest.starts_with(b"<!") {
        // Up to the first `>` or `[`: a bracket opens declarations.
        let end = match window.find(b'>', at, limit)? {
            Found::At(end) => end,
            Found::End => return Ok((Token::Doctype { declares: true }, 0)),
            Found::TooFar => return Ok((Token::TooFar, 0)),
        };
        let inside = window.bytes().get(at..end).unwrap_or_default();
        let declares = inside.contains(&b'[') || !inside.starts_with(b"<!DOCTYPE");
        return Ok((Token::Doctype { declares }, end + 1 - at));
    }
    tag(window, at, limit)
}

/// A token that ends in the given bytes.
fn closing<R: BufRead>(
    window: &mut Window<R>,
    at: usize,
    opening: usize,
    end: &[u8],
    limit: usize,
) -> io::Result<(Token, usize)> {
    let mut from = at + opening;
    loop {
        match window.find(b'>', from, limit)? {
            Found::At(found) => {
                let inside = window.bytes().get(at + opening..=found).unwrap_or_default();
                if inside.ends_with(end) {
                    return Ok((Token::Other, found + 1 - at));
                }
                from = found + 1;
            }
            Found::End => return Ok((Token::Ended, 0)),
            Found::TooFar => return Ok((Token::TooFar, 0)),
        }
    }
}

/// A start or end tag; `>` inside of quotes does not end it.
fn tag<R: BufRead>(window: &mut Window<R>, at: usize, limit: usize) -> io::Result<(Token, usize)> {
    let mut from = at + 1;
    let mut quote = None;
    let end = loop {
        let rest = window.bytes().get(from..).unwrap_or_default();
        let mut found = None;
        for (step, byte) in rest.iter().enumerate() {
            match (quote, *byte) {
                (None, b'>') => found = Some(from + step),
                (None, b'"' | b'\'') => quote = Some(*byte),
                (Some(open), byte) if open == byte => quote = None,
                // A tag inside a tag: a quote or bracket is missing before it.
                (_, b'<') => return Ok((Token::Other, from + step - at)),
                _ => {}
            }
            if found.is_some() {
                break;
            }
        }
        if let Some(end) = found {
            break end;
        }
        from += rest.len();
        if from >= limit {
            return Ok((Token::TooFar, 0));
        }
        if !window.more()? {
            return Ok((Token::Ended, 0));
        }
    };
    let inside = window.bytes().get(at + 1..end).unwrap_or_default();
    let (ending, inside) = match inside.strip_prefix(b"/") {
        Some(rest) => (true, rest),
        None => (false, inside),
    };
    let closed = inside.ends_with(b"/");
    let name = inside
        .split(|byte| byte.is_ascii_whitespace() || *byte == b'/')
        .next()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .unwrap_or_default();
    let token = if ending {
        Token::End { name }
    } else {
        Token::Start { name, closed }
    };
    Ok((token, end + 1 - at))
}
