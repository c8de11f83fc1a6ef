//! lampion-zim
