//! The analyser as a Tantivy tokenizer.
//!
//! Tantivy's tokenizers do not know a document's language, so text to be indexed begins with a mark
//! of two bytes that names it ([`marked`]).

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::analyzer::{Analyzer, Word};
use super::language::Language;
use crate::local::neighbours::{Common, UNKNOWN, term};
use crate::words::WordCounter;

/// First byte of marked text.
const MARK: char = '\u{1}';
/// Language codes begin at this character, so that they are never control characters.
const FIRST_CODE: u8 = b' ';
/// Bytes of text that may wait for the indexing thread; Tantivy's own queue counts documents only.
const MAX_WAITING_BYTES: usize = 4 << 20;
/// How long to wait for the indexing thread before looking whether it still lives.
const PATIENCE: Duration = Duration::from_millis(200);

/// Text with the mark of its language in front, for a field analysed by [`IndexTokenizer`].
pub(crate) fn marked(text: &str, language: Language) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(MARK);
    out.push(char::from(FIRST_CODE.saturating_add(language.code())));
    out.push_str(text);
    out
}

fn unmark(text: &str) -> (&str, Language) {
    let mut chars = text.chars();
    if chars.next() != Some(MARK) {
        return (text, Language::UNKNOWN);
    }
    let code = chars
        .next()
        .and_then(|c| u8::try_from(u32::from(c)).ok())
        .unwrap_or(FIRST_CODE);
    (
        chars.as_str(),
        Language::from_code(code.saturating_sub(FIRST_CODE)),
    )
}

/// Holds back whoever adds documents while too much text waits to be indexed.
#[derive(Default)]
pub(crate) struct Flow {
    waiting: Mutex<usize>,
    less: Condvar,
}

impl Flow {
    /// Waits until `bytes` more may wait; gives up (and lets them) if nothing moves.
    pub(crate) fn enter(&self, bytes: usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if *waiting > 0 && *waiting + bytes > MAX_WAITING_BYTES {
            // Not for each document that goes: two threads that wake each other get little done.
            while *waiting > MAX_WAITING_BYTES / 2 {
                let before = *waiting;
                let (guard, timeout) = self
                    .less
                    .wait_timeout(waiting, PATIENCE)
                    .unwrap_or_else(PoisonError::into_inner);
                waiting = guard;
                if timeout.timed_out() && *waiting == before {
                    break;
                }
            }
        }
        *waiting += bytes;
    }

    fn leave(&self, bytes: usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *waiting;
        *waiting = waiting.saturating_sub(bytes);
        let half = MAX_WAITING_BYTES / 2;
        let notify = before > half && *waiting <= half;
        drop(waiting);
        if notify {
            self.less.notify_one();
        }
    }
}

/// The analyser and word counts that all fields of one index writer share.
struct Shared {
    analyzer: Analyzer,
    counter: Option<WordCounter>,
    /// The words whose neighbours are noted, once they are known.
    common: Option<Common>,
    /// Groups of the neighbours in the text of the document that is being indexed.
    noted: Vec<u16>,
}

/// What a field's tokenizer does besides cutting its text into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    Plain,
    /// Notes common words that follow each other.
    Text,
    /// Gives what was noted, and has no text of its own.
    Neighbours,
}

/// The tokenizer of every text field.
#[derive(Clone)]
pub(crate) struct IndexTokenizer {
    shared: Arc<Mutex<Shared>>,
    flow: Arc<Flow>,
    role: Role,
}

impl IndexTokenizer {
    /// A tokenizer that counts surface words into `counter`.
    pub(crate) fn new(counter: Option<WordCounter>, flow: Arc<Flow>) -> IndexTokenizer {
        IndexTokenizer {
            shared: Arc::new(Mutex::new(Shared {
                analyzer: Analyzer::new(),
                counter,
                common: None,
                noted: Vec::new(),
            })),
            flow,
            role: Role::Plain,
        }
    }

    /// The same tokenizer for another kind of field.
    pub(crate) fn with_role(&self, role: Role) -> IndexTokenizer {
        IndexTokenizer {
            role,
            ..self.clone()
        }
    }

    /// From now on notes the neighbours of these words.
    pub(crate) fn note(&self, common: Option<Common>) {
        self.lock().common = common;
    }

    /// Runs `with` on the word counts as they are up to now.
    pub(crate) fn with_counts<T>(&self, with: impl FnOnce(&mut Option<WordCounter>) -> T) -> T {
        let mut shared = self.lock();
        shared.drain();
        with(&mut shared.counter)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn drain(&mut self) {
        match &mut self.counter {
            Some(counter) => self
                .analyzer
                .drain_counts(&mut |word, n| counter.count_n(word, n)),
            None => self.analyzer.drain_counts(&mut |_, _| {}),
        }
    }

    /// Notes the common words that follow each other in the text that was just analysed.
    fn note(&mut self) {
        let Some(common) = &self.common else { return };
        let mut before: Option<(usize, (u64, f32))> = None;
        for word in self.analyzer.words() {
            let known = common.word(self.analyzer.form(word));
            if let Some(second) = known
                && let Some((position, first)) = before
                && position + 1 == word.position
                && let Some(group) = Common::group(first, second)
            {
                self.noted.push(group);
            }
            before = known.map(|known| (word.position, known));
        }
    }
}

impl Tokenizer for IndexTokenizer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        let mut shared = self.lock();
        if self.role == Role::Neighbours {
            shared.noted.sort_unstable();
            shared.noted.dedup();
            return Stream {
                shared,
                role: self.role,
                next: 0,
                token: Token {
                    position: 0,
                    ..Token::default()
                },
            };
        }
        let (plain, language) = unmark(text);
        shared.analyzer.analyze(plain, language);
        if shared.analyzer.counts_are_many() {
            shared.drain();
        }
        if self.role == Role::Text {
            shared.note();
        }
        self.flow.leave(text.len());
        Stream {
            shared,
            role: self.role,
            next: 0,
            token: Token::default(),
        }
    }
}

/// The words of one text.
pub(crate) struct Stream<'a> {
    shared: MutexGuard<'a, Shared>,
    role: Role,
    next: usize,
    token: Token,
}

impl Stream<'_> {
    /// The next group of neighbours; of a document from before they were noted, that this is so.
    fn group(&mut self) -> bool {
        self.token.text.clear();
        if self.shared.common.is_none() {
            self.token.text.push_str(UNKNOWN);
            self.next += 1;
            return self.next == 1;
        }
        let Some(group) = self.shared.noted.get(self.next) else {
            return false;
        };
        self.token.text.push(term(*group));
        self.next += 1;
        true
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if self.role == Role::Neighbours {
            self.shared.noted.clear();
        }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        if self.role == Role::Neighbours {
            return self.group();
        }
        let Some(word): Option<&Word> = self.shared.analyzer.words().get(self.next) else {
            return false;
        };
        self.next += 1;
        self.token.text.clear();
        self.token.text.push_str(self.shared.analyzer.form(word));
        self.token.position = word.position;
        self.token.offset_from = word.start;
        self.token.offset_to = word.end;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
