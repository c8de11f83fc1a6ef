//! lampion-blobs
