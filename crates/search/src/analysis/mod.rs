//! Text into words, the same way for documents and for queries.

mod analyzer;
mod fold;
mod language;
mod script;
mod stems;
mod tokenizer;

pub use analyzer::{Analyzer, MAX_WORD_BYTES, Word};
pub use fold::fold;
pub use language::{Language, detect};
pub use script::{Script, script_of};
pub(crate) use tokenizer::{Flow, IndexTokenizer, Role, marked};
