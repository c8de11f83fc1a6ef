//! lampion-library
