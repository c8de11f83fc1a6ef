//! Text into words, the same way for documents and for queries.

mod fold;

pub use fold::fold;
