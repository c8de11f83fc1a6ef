//! Tests over whole documents, some against programs of others.

mod cql;
mod harvest;
mod hostile;
mod oai;
mod python;
mod sru;
