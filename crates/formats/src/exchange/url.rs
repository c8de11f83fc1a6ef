//! As much of addresses as the protocols need.

/// Appends text as a name or value of a query or form: everything but RFC 3986's
/// unreserved characters becomes `%XX`.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// `name=value&name=value`.
pub(crate) fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_into(&mut out, name);
        out.push('=');
        encode_into(&mut out, value);
    }
    out
}

/// An address with a query added to the one that it may have; a fragment goes.
pub(crate) fn with_query(base: &str, query: &str) -> String {
    let base = base.split('#').next().unwrap_or_default();
    let joint = match base.split_once('?') {
        None => "?",
        Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{base}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_own_query() {
        for (base, whole) in [
            ("http://hill/oai", "http://hill/oai?a=b"),
            ("http://hill/oai?", "http://hill/oai?a=b"),
            ("http://hill/oai?x=1", "http://hill/oai?x=1&a=b"),
            ("http://hill/oai?x=1&#top", "http://hill/oai?x=1&a=b"),
        ] {
            assert_eq!(with_query(base, "a=b"), whole);
        }
        assert_eq!(form([("a", "x y&/ü")]), "a=x%20y%26%2F%C3%BC");
    }
}
