//! XCQL, the query as XML (`http://www.loc.gov/zing/cql/xcql/`).

use super::{Clause, Modifier, Node, Prefix, Query, SortKey};
use crate::exchange::xml::Xml;

/// The namespace.
const NAMESPACE: &str = "http://www.loc.gov/zing/cql/xcql/";

/// Writes a query as an element `triple` or `searchClause`. An index that is not
/// named is `cql.serverChoice`, its relation `=`.
#[must_use]
pub fn xcql(query: &Query) -> String {
    let mut xml = Xml::fragment();
    let prefixes: Vec<&Prefix> = query.prefixes.iter().collect();
    node(
        &mut xml,
        &query.root,
        prefixes,
        &[("xmlns", NAMESPACE)],
        &query.sort,
    );
    xml.finish()
}

fn node<'q>(
    xml: &mut Xml,
    part: &'q Node,
    mut prefixes: Vec<&'q Prefix>,
    attributes: &[(&str, &str)],
    sort: &[SortKey],
) {
    match part {
        Node::Scoped {
            prefixes: own,
            node: inner,
        } => {
            prefixes.extend(own);
            return node(xml, inner, prefixes, attributes, sort);
        }
        Node::Clause(clause) => {
            xml.open("searchClause", attributes);
            write_prefixes(xml, &prefixes);
            write_clause(xml, clause);
        }
        Node::Boolean {
            operator,
            modifiers,
            left,
            right,
        } => {
            xml.open("triple", attributes);
            write_prefixes(xml, &prefixes);
            xml.open("boolean", &[]);
            xml.text("value", &[], operator.as_str());
            write_modifiers(xml, modifiers);
            xml.close();
            for (name, operand) in [("leftOperand", left), ("rightOperand", right)] {
                xml.open(name, &[]);
                node(xml, operand, Vec::new(), &[], &[]);
                xml.close();
            }
        }
    }
    if !sort.is_empty() {
        xml.open("sortKeys", &[]);
        for key in sort {
            xml.open("key", &[]);
            xml.text("index", &[], &key.index);
            write_modifiers(xml, &key.modifiers);
            xml.close();
        }
        xml.close();
    }
    xml.close();
}

fn write_prefixes(xml: &mut Xml, prefixes: &[&Prefix]) {
    if prefixes.is_empty() {
        return;
    }
    xml.open("prefixes", &[]);
    for prefix in prefixes {
        xml.open("prefix", &[]);
        xml.text_if("name", prefix.name.as_deref());
        xml.text("identifier", &[], &prefix.uri);
        xml.close();
    }
    xml.close();
}

fn write_clause(xml: &mut Xml, clause: &Clause) {
    let (index, relation, modifiers) = match &clause.field {
        Some(field) => (
            field.index.as_str(),
            field.relation.as_str(),
            field.modifiers.as_slice(),
        ),
        None => ("cql.serverChoice", "=", [].as_slice()),
    };
    xml.text("index", &[], index);
    xml.open("relation", &[]);
    xml.text("value", &[], relation);
    write_modifiers(xml, modifiers);
    xml.close();
    xml.text("term", &[], &clause.term);
}

fn write_modifiers(xml: &mut Xml, modifiers: &[Modifier]) {
    if modifiers.is_empty() {
        return;
    }
    xml.open("modifiers", &[]);
    for modifier in modifiers {
        xml.open("modifier", &[]);
        xml.text("type", &[], &modifier.name);
        if let Some((sign, value)) = &modifier.value {
            xml.text("comparison", &[], sign);
            xml.text("value", &[], value);
        }
        xml.close();
    }
    xml.close();
}
