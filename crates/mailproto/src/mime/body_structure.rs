//! IMAP's BODY and BODYSTRUCTURE (RFC 9051 §7.5.2, RFC 3501 §7.4.2).

use super::{
    envelope::{nstring, string},
    structure::{Body, Part, Structure},
};

/// The structure as IMAP sends it; `extended` is BODYSTRUCTURE, else BODY. Recursion goes as deep as the scanner lets
/// parts lie in each other.
#[must_use]
pub fn bodystructure(structure: &Structure, extended: bool) -> String {
    let mut out = String::with_capacity(256);
    part(&structure.root, extended, &mut out);
    out
}

fn part(one: &Part, extended: bool, out: &mut String) {
    out.push('(');
    match &one.content {
        Body::Multipart(children) => {
            children.iter().for_each(|child| part(child, extended, out));
            out.push(' ');
            string(&one.subtype, out);
            if extended {
                out.push(' ');
                parameters(&one.parameters, out);
                tail(one, out);
            }
        }
        content => {
            // What looks like a container but wasn't taken apart is bytes to a client.
            let opaque = one.kind == "multipart"
                || (one.kind == "message"
                    && matches!(one.subtype.as_str(), "rfc822" | "global")
                    && matches!(content, Body::Leaf));
            let (kind, subtype) = if opaque {
                ("application", "octet-stream")
            } else {
                (one.kind.as_str(), one.subtype.as_str())
            };
            basic(one, kind, subtype, out);
            match content {
                Body::Message { envelope, root } if !opaque => {
                    out.push(' ');
                    out.push_str(envelope);
                    out.push(' ');
                    part(root, extended, out);
                    out.push_str(&format!(" {}", one.lines));
                }
                _ if kind == "text" => out.push_str(&format!(" {}", one.lines)),
                _ => {}
            }
            if extended {
                out.push(' ');
                nstring(one.md5.as_deref(), out);
                tail(one, out);
            }
        }
    }
    out.push(')');
}

/// Type, subtype and body-fields.
fn basic(one: &Part, kind: &str, subtype: &str, out: &mut String) {
    // `message/news` is read like a message, and only `rfc822` and `global` may be shown as one.
    let subtype = if kind == "message"
        && matches!(one.content, Body::Message { .. })
        && subtype != "global"
    {
        "rfc822"
    } else {
        subtype
    };
    string(kind, out);
    out.push(' ');
    string(subtype, out);
    out.push(' ');
    if kind == "text" && one.parameters.is_empty() {
        out.push_str("(\"charset\" \"us-ascii\")");
    } else {
        parameters(&one.parameters, out);
    }
    out.push(' ');
    nstring(one.id.as_deref(), out);
    out.push(' ');
    nstring(one.description.as_deref(), out);
    out.push(' ');
    string(one.encoding.name(), out);
    out.push_str(&format!(" {}", one.octets()));
}

/// Disposition, language, location.
fn tail(one: &Part, out: &mut String) {
    out.push(' ');
    match &one.disposition {
        Some(disposition) => {
            out.push('(');
            string(&disposition.kind, out);
            out.push(' ');
            parameters(&disposition.parameters, out);
            out.push(')');
        }
        None => out.push_str("NIL"),
    }
    out.push(' ');
    match one.language.as_slice() {
        [] => out.push_str("NIL"),
        [only] => string(only, out),
        several => {
            out.push('(');
            for (at, tag) in several.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                string(tag, out);
            }
            out.push(')');
        }
    }
    out.push(' ');
    nstring(one.location.as_deref(), out);
}

fn parameters(parameters: &[(String, String)], out: &mut String) {
    if parameters.is_empty() {
        out.push_str("NIL");
        return;
    }
    out.push('(');
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        if value.is_ascii() {
            string(name, out);
            out.push(' ');
            string(value, out);
        } else {
            // Back in the form of RFC 2231, which clients of every version read.
            string(&format!("{name}*"), out);
            out.push(' ');
            string(&extended_value(value), out);
        }
    }
    out.push(')');
}

/// `utf-8''…` with what isn't plain in percents (RFC 2231 §4).
pub(super) fn extended_value(value: &str) -> String {
    let mut out = String::from("utf-8''");
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
