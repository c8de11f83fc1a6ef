//! SMTP and LMTP (RFC 5321, RFC 2033): the machine of a session on either side, and delivery reports (RFC 3464).
