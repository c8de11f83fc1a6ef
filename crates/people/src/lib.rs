//! lampion-people
