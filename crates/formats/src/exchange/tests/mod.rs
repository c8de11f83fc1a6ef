//! Tests over whole documents, some against programs of others.

mod cql;
mod export;
mod harvest;
mod hostile;
mod oai;
mod opds;
mod page;
mod python;
mod sru;
