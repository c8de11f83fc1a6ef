//! lampion-core
