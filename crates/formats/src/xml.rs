//! XML as a run of nodes: no tree, no entities but the predefined, bounded depth.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{FormatError, model::Limits};

/// One node; names come without their prefix.
pub(crate) enum Node<'n> {
    Start(&'n str, Attributes<'n>),
    End(&'n str),
    Text(&'n str),
}

/// The attributes of one element.
pub(crate) struct Attributes<'n>(&'n BytesStart<'n>);

impl Attributes<'_> {
    /// The value of the attribute with this name, whatever its prefix.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.find(|key| local(key) == name)
    }

    /// The value of the attribute with this name and prefix: `r:id`.
    pub(crate) fn get_full(&self, name: &str) -> Option<String> {
        self.find(|key| key == name)
    }

    fn find(&self, is: impl Fn(&str) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        let found = attributes
            .with_checks(false)
            .flatten()
            .find(|attribute| is(attribute.key.as_ref()))?;
        Some(crate::html::decode_entities(found.value.as_ref()))
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Calls `visit` for every node. An error comes after all nodes before it were
/// seen, so that callers may keep what they have.
pub(crate) fn walk(
    xml: &str,
    limits: &Limits,
    mut visit: impl FnMut(Node<'_>),
) -> Result<(), FormatError> {
    let mut reader = Reader::from_str(xml);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                if depth > limits.max_xml_depth {
                    return Err(FormatError::TooLarge(format!(
                        "elements nested deeper than {}",
                        limits.max_xml_depth
                    )));
                }
                let name = start.local_name();
                visit(Node::Start(name.as_ref(), Attributes(&start)));
            }
            Ok(Event::Empty(start)) => {
                let name = start.local_name();
                visit(Node::Start(name.as_ref(), Attributes(&start)));
                visit(Node::End(name.as_ref()));
            }
            Ok(Event::End(end)) => {
                depth = depth.saturating_sub(1);
                visit(Node::End(end.local_name().as_ref()));
            }
            Ok(Event::Text(text)) => visit(Node::Text(&text)),
            Ok(Event::CData(text)) => visit(Node::Text(&text)),
            Ok(Event::GeneralRef(name)) => {
                // The document's own entities are never expanded.
                let reference = format!("&{};", &*name);
                let decoded = crate::html::decode_entities(&reference);
                if decoded != reference {
                    visit(Node::Text(&decoded));
                }
            }
            Ok(Event::Eof) => return Ok(()),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Err(error) => return Err(FormatError::damaged(error)),
        }
    }
}

/// Calls `each` with the name and text of every element that holds nothing but
/// text: metadata files are made of these.
pub(crate) fn leaves(
    xml: &str,
    limits: &Limits,
    mut each: impl FnMut(&str, &str),
) -> Result<(), FormatError> {
    let mut text = String::new();
    walk(xml, limits, |node| match node {
        Node::Start(..) => text.clear(),
        Node::Text(more) => {
            if text.len() < crate::model::MAX_VALUE_BYTES {
                text.push_str(more);
            }
        }
        Node::End(name) => {
            if !text.trim().is_empty() {
                each(name, text.trim());
            }
            text.clear();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_entities_are_never_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY x \"boom\"><!ENTITY y \"&x;&x;\">]><a>1&y;2&amp;&#65;&eacute;</a>";
        let mut seen = String::new();
        walk(bomb, &Limits::default(), |node| {
            if let Node::Text(text) = node {
                seen.push_str(text);
            }
        })
        .unwrap();
        assert_eq!(seen, "12&Aé");
    }

    #[test]
    fn depth_has_a_limit() {
        let deep = "<a>".repeat(1000);
        let error = walk(&deep, &Limits::default(), |_| {}).unwrap_err();
        assert!(matches!(error, FormatError::TooLarge(_)));
    }
}
