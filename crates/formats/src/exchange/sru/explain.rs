//! The explain record: what a client can ask for here (ZeeRex 2.0,
//! <http://zeerex.z3950.org/dtd/>).

use super::answer::{begun, write_data};
use super::request::{Packing, Schema, Version};
use crate::exchange::cql::{INDEXES, context_sets};
use crate::exchange::xml::Xml;

const NAMESPACE: &str = "http://explain.z3950.org/dtd/2.0/";

/// The server about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The host's name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path, without the slash at its beginning.
    pub database: String,
    /// The catalogue's name.
    pub title: String,
    /// A sentence about it.
    pub description: String,
    /// Records in an answer to a search that names no number.
    pub default_records: u64,
    /// The most records in an answer.
    pub max_records: u64,
}

/// The answer to `explain`.
#[must_use]
pub fn explain(server: &Server, version: Version, packing: Packing) -> String {
    let mut xml = begun("explainResponse", version);
    xml.open("record", &[]);
    write_data(&mut xml, NAMESPACE, packing, &zeerex(server, version));
    xml.finish()
}

fn zeerex(server: &Server, version: Version) -> String {
    let mut xml = Xml::fragment();
    xml.open("explain", &[("xmlns", NAMESPACE)]);
    xml.open(
        "serverInfo",
        &[
            ("protocol", "SRU"),
            ("version", version.as_str()),
            ("transport", "http"),
            ("method", "GET POST"),
        ],
    );
    xml.text("host", &[], &server.host);
    xml.text("port", &[], &server.port.to_string());
    xml.text("database", &[], &server.database);
    xml.close();
    xml.open("databaseInfo", &[]);
    xml.text("title", &[("primary", "true")], &server.title);
    if !server.description.is_empty() {
        xml.text("description", &[("primary", "true")], &server.description);
    }
    xml.close();
    indexes(&mut xml);
    xml.open("schemaInfo", &[]);
    for schema in Schema::ALL {
        xml.open(
            "schema",
            &[
                ("identifier", schema.uri()),
                ("name", schema.name()),
                ("sort", "false"),
                ("retrieve", "true"),
            ],
        );
        let title = match schema {
            Schema::DublinCore => "Dublin Core",
            Schema::MarcXml => "MARC 21",
        };
        xml.text("title", &[], title);
        xml.close();
    }
    xml.close();
    xml.open("configInfo", &[]);
    let default = server.default_records.to_string();
    xml.text("default", &[("type", "numberOfRecords")], &default);
    let most = server.max_records.to_string();
    xml.text("setting", &[("type", "maximumRecords")], &most);
    for relation in [
        "=", "==", "any", "all", "adj", "<", "<=", ">", ">=", "<>", "within",
    ] {
        xml.text("supports", &[("type", "relation")], relation);
    }
    for boolean in ["and", "or", "not"] {
        xml.text("supports", &[("type", "booleanOperator")], boolean);
    }
    xml.text("supports", &[("type", "maskingCharacter")], "*");
    xml.finish()
}

fn indexes(xml: &mut Xml) {
    xml.open("indexInfo", &[]);
    for (name, identifier) in context_sets() {
        xml.empty("set", &[("name", name), ("identifier", identifier)]);
    }
    for index in INDEXES.iter().filter(|index| index.name != "resultSetId") {
        let sorts = matches!((index.set, index.name), ("dc", "title" | "date"));
        let sorts = if sorts { "true" } else { "false" };
        xml.open(
            "index",
            &[("search", "true"), ("scan", "false"), ("sort", sorts)],
        );
        xml.text("title", &[], index.title);
        xml.open("map", &[]);
        xml.text("name", &[("set", index.set)], index.name);
        xml.close();
        xml.close();
    }
    xml.close();
}
