//! The text of documents whose bytes the parent has: nothing is written to disk on the way.
//!
//! After its request the child is sent documents: a name, pieces, and an empty piece that ends one. It answers each with a
//! frame. One child reads many, as long as none ends it.

use std::io::{self, Read};

use lampion_formats::{DETECT_BYTES, Kind, Limits, detect};
use serde::{Deserialize, Serialize};

use crate::child::{Child, Silence, Worker};
use crate::inside::{self, Frames, Gone};

/// The command of the program that runs [`main`].
pub const COMMAND: &str = "extract-text";
/// Longest name, in bytes.
const NAME_LIMIT: usize = 4 << 10;
/// Longest piece, in bytes.
const PIECE_LIMIT: usize = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    memory_bytes: u64,
    input_bytes: u64,
    text_bytes: usize,
}

/// What came of a document: its text, or why it has none.
type Answer = Result<String, String>;

/// Reads documents, one after the other, in as many children as it takes.
#[derive(Debug)]
pub struct Texts {
    worker: Worker,
    input_bytes: u64,
    text_bytes: usize,
    child: Option<Child>,
    /// Why the document that is being sent will have no text.
    failed: Option<Silence>,
    sent: u64,
}

impl Texts {
    /// Documents of at most `input_bytes`, of each at most `text_bytes` of text. No child is started yet.
    #[must_use]
    pub fn new(worker: Worker, input_bytes: u64, text_bytes: usize) -> Self {
        Self {
            worker,
            input_bytes,
            text_bytes,
            child: None,
            failed: None,
            sent: 0,
        }
    }

    /// Begins a document. Its name helps to tell its kind.
    ///
    /// # Errors
    /// No child can be started.
    pub async fn begin(&mut self, name: &str) -> io::Result<()> {
        (self.failed, self.sent) = (None, 0);
        let name = name.get(..name.floor_char_boundary(NAME_LIMIT));
        let name = name.unwrap_or_default().as_bytes();
        if let Some(child) = &mut self.child
            && child.piece(name).await.is_ok()
        {
            return Ok(());
        }
        let request = Request {
            memory_bytes: self.worker.memory_bytes,
            input_bytes: self.input_bytes,
            text_bytes: self.text_bytes,
        };
        let mut child = self.worker.start(COMMAND, &request).await?;
        child.piece(name).await?;
        self.child = Some(child);
        Ok(())
    }

    /// Goes on with a document.
    pub async fn piece(&mut self, bytes: &[u8]) {
        let Some(child) = &mut self.child else { return };
        for piece in bytes.chunks(PIECE_LIMIT) {
            self.sent += piece.len() as u64;
            if self.failed.is_some() || self.sent > self.input_bytes {
                return;
            }
            if child.piece(piece).await.is_err() {
                self.failed = Some(Silence::Died);
            }
        }
    }

    /// Ends a document: its text.
    ///
    /// # Errors
    /// Why it has none.
    pub async fn text(&mut self) -> Answer {
        let Some(mut child) = self.child.take() else {
            return Err("no document was begun".into());
        };
        if self.sent > self.input_bytes {
            return Err(format!("it is larger than {} bytes", self.input_bytes));
        }
        let answer = match self.failed.take() {
            Some(silence) => Err(silence),
            None if child.piece(&[]).await.is_err() => Err(Silence::Died),
            None => child.frame::<Answer>().await,
        };
        match answer {
            Ok(answer) => {
                self.child = Some(child);
                answer
            }
            Err(silence) => Err(self.worker.reason(silence, &child.end().await)),
        }
    }

    /// Gives a document up that was begun.
    pub fn give_up(&mut self) {
        self.child = None;
    }
}

/// The child: reads documents until the parent has no more. The process should end after it.
///
/// # Errors
/// The request can't be read.
pub fn main() -> io::Result<()> {
    let mut input = io::BufReader::new(io::stdin().lock());
    let request: Request = inside::request(&mut input)?;
    inside::confine(request.memory_bytes);
    let mut frames = Frames::new(io::stdout().lock());
    while let Ok((name, bytes)) = document(&mut input, request.input_bytes) {
        let answer = text_of(&name, &bytes, request.text_bytes);
        if frames.send(&answer).and_then(|()| frames.flush()).is_err() {
            break;
        }
    }
    Ok(())
}

fn document(input: &mut impl Read, limit: u64) -> Result<(String, Vec<u8>), Gone> {
    let name = inside::piece(input, NAME_LIMIT).map_err(|_| Gone)?;
    let mut bytes = Vec::new();
    loop {
        let piece = inside::piece(input, PIECE_LIMIT).map_err(|_| Gone)?;
        if piece.is_empty() {
            return Ok((String::from_utf8_lossy(&name).into_owned(), bytes));
        }
        if (bytes.len() + piece.len()) as u64 > limit {
            return Err(Gone);
        }
        bytes.extend_from_slice(&piece);
    }
}

/// The text of a document. Pictures, sound and archives have none; lists of records are read as the text that they are.
fn text_of(name: &str, bytes: &[u8], text_bytes: usize) -> Answer {
    let kind = match detect(name, bytes.get(..DETECT_BYTES).unwrap_or(bytes)) {
        Kind::Csv | Kind::Bibtex | Kind::Ris | Kind::JsonLines => Kind::Text,
        Kind::Image | Kind::Audio | Kind::Video => return Err("it holds no text".into()),
        kind => kind,
    };
    let limits = Limits {
        max_text_bytes: text_bytes,
        ..Limits::default()
    };
    let extracted = lampion_formats::extract_bytes(kind, bytes, &limits)
        .map_err(|error| error.for_file(name))?;
    let mut text = extracted.title.unwrap_or_default();
    if extracted.text.starts_with(&text) {
        text.clear();
    } else {
        text.push('\n');
    }
    text.push_str(&extracted.text);
    text.truncate(text.floor_char_boundary(text_bytes));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_text_and_pictures_have_none() {
        let text = text_of("a.html", b"<title>Wells</title><p>deep water", 100).unwrap();
        assert!(
            text.contains("Wells") && text.contains("deep water"),
            "{text}"
        );
        assert_eq!(
            text_of("a.txt", "물은 깊다".as_bytes(), 7).unwrap().trim(),
            "물은"
        );
        assert!(
            text_of("a.csv", b"name,depth\nwell,12\n", 100)
                .unwrap()
                .contains("well")
        );
        assert!(text_of("a.png", b"\x89PNG\r\n\x1a\n", 100).is_err());
        assert!(text_of("a.zip", b"PK\x03\x04\0\0", 100).is_err());
        assert!(text_of("a.bin", b"\0\x01\x02", 100).is_err());
    }

    #[test]
    fn documents_come_in_pieces_and_not_larger_than_the_limit() {
        let mut sent = Vec::new();
        for piece in [
            b"a.txt".as_slice(),
            b"one ",
            b"two",
            b"",
            b"b.txt",
            b"1234567890",
            b"",
        ] {
            sent.extend_from_slice(&u32::try_from(piece.len()).unwrap().to_le_bytes());
            sent.extend_from_slice(piece);
        }
        let mut input = sent.as_slice();
        let first = document(&mut input, 8).unwrap();
        assert_eq!(first, ("a.txt".into(), b"one two".to_vec()));
        assert!(document(&mut input, 8).is_err());
    }
}
