//! lampion-formats
