//! The canonical form of a query: parentheses only where they are needed, quotes
//! only around what would be read otherwise.

use std::fmt::{Display, Formatter, Result};

use super::lex::ends_word;
use super::{Clause, Modifier, Node, Prefix, Query, SortKey, is_reserved};

/// A term as it must be written.
struct Word<'a>(&'a str);

impl Display for Word<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let text = self.0;
        if text.is_empty() || text.contains(ends_word) || is_reserved(text) {
            write!(out, "\"{}\"", text.replace('"', "\\\""))
        } else {
            out.write_str(text)
        }
    }
}

/// Signs stand for themselves; a relation with a name is a word.
fn relation(name: &str, out: &mut Formatter<'_>) -> Result {
    if matches!(name, "=" | "==" | "<" | "<=" | "<>" | ">" | ">=") {
        out.write_str(name)
    } else {
        write!(out, "{}", Word(name))
    }
}

impl Display for Modifier {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        write!(out, "/{}", Word(&self.name))?;
        match &self.value {
            Some((sign, value)) => write!(out, "{sign}{}", Word(value)),
            None => Ok(()),
        }
    }
}

impl Display for Prefix {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match &self.name {
            Some(name) => write!(out, "> {} = {} ", Word(name), Word(&self.uri)),
            None => write!(out, "> {} ", Word(&self.uri)),
        }
    }
}

impl Display for Clause {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        if let Some(field) = &self.field {
            write!(out, "{} ", Word(&field.index))?;
            relation(&field.relation, out)?;
            for modifier in &field.modifiers {
                write!(out, " {modifier}")?;
            }
            out.write_str(" ")?;
        }
        write!(out, "{}", Word(&self.term))
    }
}

impl Display for Node {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Clause(clause) => write!(out, "{clause}"),
            Self::Boolean {
                operator,
                modifiers,
                left,
                right,
            } => {
                write!(out, "{left} {}", operator.as_str())?;
                for modifier in modifiers {
                    write!(out, " {modifier}")?;
                }
                match **right {
                    Self::Boolean { .. } => write!(out, " ({right})"),
                    _ => write!(out, " {right}"),
                }
            }
            Self::Scoped { prefixes, node } => {
                out.write_str("(")?;
                for prefix in prefixes {
                    write!(out, "{prefix}")?;
                }
                write!(out, "{node})")
            }
        }
    }
}

impl Display for SortKey {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        write!(out, "{}", Word(&self.index))?;
        for modifier in &self.modifiers {
            write!(out, " {modifier}")?;
        }
        Ok(())
    }
}

impl Display for Query {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        for prefix in &self.prefixes {
            write!(out, "{prefix}")?;
        }
        write!(out, "{}", self.root)?;
        for (nth, key) in self.sort.iter().enumerate() {
            let joint = if nth == 0 { " sortBy " } else { " " };
            write!(out, "{joint}{key}")?;
        }
        Ok(())
    }
}
