//! Tests over whole documents, some against programs of others.

mod harvest;
mod hostile;
mod oai;
mod python;
