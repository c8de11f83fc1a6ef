//! lampion-web
