//! lampion-db
