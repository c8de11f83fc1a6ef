//! SRU 1.2 and 1.1 (<http://www.loc.gov/standards/sru/sru-1-2.html>): searching a
//! library's catalogue over HTTP.
//!
//! [`Request::parse`] reads the parameters of a request, by GET or POST; the query
//! comes parsed, and [`super::cql::compile()`] says it in our own language. Answers:
//! [`explain()`], [`SearchAnswer`], [`scan`], or [`refusal`], all of
//! [`CONTENT_TYPE`] and status 200.

mod answer;
mod explain;
mod request;

pub use answer::{ScanTerm, SearchAnswer, refusal, scan};
pub use explain::{Server, explain};
pub use request::{Packing, Refusal, Request, Scan, Schema, SearchRetrieve, Version};

/// The media type of every answer.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";
/// The namespace of answers.
pub const NAMESPACE: &str = "http://www.loc.gov/zing/srw/";
