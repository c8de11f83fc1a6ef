//! Messages: structure, header fields, text (RFC 5322, RFC 2045 to 2047, RFC 2231).
