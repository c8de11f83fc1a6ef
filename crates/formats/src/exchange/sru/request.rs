//! The parameters of a request.

use crate::exchange::cql;
use crate::exchange::diagnostic::{Code, Diagnostic};
use crate::exchange::oai::{MetadataFormat, with_schema};
use crate::records::{CatalogueRecord, cite};

/// The most parameters that are looked at.
const MAX_PARAMETERS: usize = 32;
/// The last record that can be asked for.
const MAX_POSITION: u64 = 1_000_000_000;

/// The version of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// 1.1.
    V1_1,
    /// 1.2, also for a request that names none.
    #[default]
    V1_2,
}

impl Version {
    /// As the protocol writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

/// How records stand in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// As elements.
    #[default]
    Xml,
    /// As text, escaped.
    String,
}

impl Packing {
    /// As the protocol writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::String => "string",
        }
    }
}

/// The schema of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schema {
    /// Dublin Core.
    #[default]
    DublinCore,
    /// MARC 21 in XML.
    MarcXml,
}

impl Schema {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::DublinCore, Self::MarcXml];

    /// The schema's identifier.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::DublinCore => "info:srw/schema/1/dc-v1.1",
            Self::MarcXml => "info:srw/schema/1/marcxml-v1.1",
        }
    }

    /// The schema's short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DublinCore => "dc",
            Self::MarcXml => "marcxml",
        }
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| text == one.uri() || text.eq_ignore_ascii_case(one.name()))
    }

    /// A record in this schema.
    #[must_use]
    pub fn write(self, record: &CatalogueRecord) -> String {
        match self {
            Self::DublinCore => srw_dc(&cite::dublin_core(record)),
            Self::MarcXml => with_schema(&MetadataFormat::marcxml(), &cite::marcxml(record)),
        }
    }
}

/// The elements of `oai_dc` in the envelope of SRU.
fn srw_dc(oai_dc: &str) -> String {
    let inside = oai_dc
        .split_once('>')
        .and_then(|(_, rest)| rest.rsplit_once("</"))
        .map_or("", |(inside, _)| inside);
    format!(
        "<srw_dc:dc xmlns:srw_dc=\"info:srw/schema/1/dc-schema\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">{inside}</srw_dc:dc>\n"
    )
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRetrieve {
    /// The version of the answer.
    pub version: Version,
    /// The query.
    pub query: cql::Query,
    /// The query as it came.
    pub query_text: String,
    /// The first record that is asked for; counted from 1.
    pub start: u64,
    /// How many at most; None leaves it to us. 0 asks for the number only.
    pub maximum: Option<u64>,
    /// The schema.
    pub schema: Schema,
    /// How records stand in the answer.
    pub packing: Packing,
}

/// A look into an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The version of the answer.
    pub version: Version,
    /// The index, the relation and the term about which to look.
    pub clause: cql::Clause,
    /// The place of the term in the list, counted from 1; 0 is just before the list.
    pub position: u64,
    /// How many terms at most; None leaves it to us.
    pub maximum: Option<u64>,
}

/// A request whose parameters are as they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// What is to be had here; also a request without parameters.
    Explain(Version, Packing),
    /// A search.
    SearchRetrieve(Box<SearchRetrieve>),
    /// A look into an index.
    Scan(Box<Scan>),
}

/// A request that can't be answered: pass it to [`super::refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The version of the answer.
    pub version: Version,
    /// The element of the answer.
    pub(super) element: &'static str,
    /// Why.
    pub diagnostic: Diagnostic,
}

struct Parameters<'a>(Vec<(&'a str, &'a str)>);

const COMMON: [&str; 4] = ["operation", "version", "stylesheet", "extraRequestData"];
const EXPLAIN: [&str; 1] = ["recordPacking"];
const SEARCH: [&str; 9] = [
    "query",
    "startRecord",
    "maximumRecords",
    "recordPacking",
    "recordSchema",
    "recordXPath",
    "resultSetTTL",
    "sortKeys",
    "queryType",
];
const SCAN: [&str; 3] = ["scanClause", "responsePosition", "maximumTerms"];

impl<'a> Parameters<'a> {
    /// A parameter that is there and not empty.
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|pair| pair.0 == name && !pair.1.is_empty())
            .map(|pair| pair.1)
    }

    fn number(&self, name: &str, least: u64) -> Result<Option<u64>, Diagnostic> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let digits = text.bytes().all(|one| one.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|number| digits && (least..=MAX_POSITION).contains(number))
            .map(Some)
            .ok_or_else(|| {
                Diagnostic::new(Code::UnsupportedParameterValue, format!("{name}={text}"))
            })
    }

    fn must(&self, name: &str) -> Result<&'a str, Diagnostic> {
        self.get(name)
            .ok_or_else(|| Diagnostic::new(Code::MandatoryParameterNotSupplied, name))
    }

    fn packing(&self) -> Result<Packing, Diagnostic> {
        match self.get("recordPacking") {
            None | Some("xml") => Ok(Packing::Xml),
            Some("string") => Ok(Packing::String),
            Some(other) => Err(Diagnostic::new(Code::UnsupportedPacking, other)),
        }
    }

    /// Parameters that begin with `x-` are anybody's (§"Extensions").
    fn known(&self, names: &[&str]) -> Result<(), Diagnostic> {
        for (nth, (name, _)) in self.0.iter().enumerate() {
            if name.starts_with("x-") {
                continue;
            }
            if !COMMON.iter().chain(names).any(|known| known == name) {
                return Err(Diagnostic::new(Code::UnsupportedParameter, name));
            }
            if self.0.iter().skip(nth + 1).any(|other| other.0 == *name) {
                let twice = format!("{name} is given twice");
                return Err(Diagnostic::new(Code::UnsupportedParameterValue, twice));
            }
        }
        Ok(())
    }
}

impl Request {
    /// Reads the parameters of a request, decoded.
    ///
    /// # Errors
    /// With the diagnostic of the protocol; pass it to [`super::refusal`].
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Refusal> {
        let pairs: Vec<(K, V)> = pairs.into_iter().take(MAX_PARAMETERS).collect();
        let parameters = Parameters(
            pairs
                .iter()
                .map(|(name, value)| (name.as_ref(), value.as_ref()))
                .collect(),
        );
        // A query without an operation is a search, as in SRU 2.0.
        let operation = parameters.get("operation").unwrap_or_else(|| {
            if parameters.get("query").is_some() {
                "searchRetrieve"
            } else if parameters.get("scanClause").is_some() {
                "scan"
            } else {
                "explain"
            }
        });
        let element = match operation {
            "searchRetrieve" => "searchRetrieveResponse",
            "scan" => "scanResponse",
            _ => "explainResponse",
        };
        let version = match parameters.get("version") {
            Some("1.1") => Version::V1_1,
            _ => Version::V1_2,
        };
        read(&parameters, operation, version).map_err(|diagnostic| Refusal {
            version,
            element,
            diagnostic,
        })
    }
}

fn read(
    parameters: &Parameters<'_>,
    operation: &str,
    version: Version,
) -> Result<Request, Diagnostic> {
    if let Some(other) = parameters.get("version")
        && !matches!(other, "1.1" | "1.2")
    {
        return Err(Diagnostic::new(Code::UnsupportedVersion, "1.2"));
    }
    if parameters.get("stylesheet").is_some() {
        return Err(Diagnostic::new(Code::StylesheetsNotSupported, "stylesheet"));
    }
    match operation {
        "explain" => {
            parameters.known(&EXPLAIN)?;
            Ok(Request::Explain(version, parameters.packing()?))
        }
        "searchRetrieve" => search(parameters, version),
        "scan" => {
            parameters.known(&SCAN)?;
            let text = parameters.must("scanClause")?;
            let clause = match cql::parse(text)?.root {
                cql::Node::Clause(clause) => clause,
                _ => return Err(Diagnostic::new(Code::QuerySyntaxError, "one clause only")),
            };
            Ok(Request::Scan(Box::new(Scan {
                version,
                clause,
                position: parameters.number("responsePosition", 0)?.unwrap_or(1),
                maximum: parameters.number("maximumTerms", 1)?,
            })))
        }
        other => Err(Diagnostic::new(Code::UnsupportedOperation, other)),
    }
}

fn search(parameters: &Parameters<'_>, version: Version) -> Result<Request, Diagnostic> {
    parameters.known(&SEARCH)?;
    if let Some(kind) = parameters.get("queryType")
        && kind != "cql"
    {
        return Err(Diagnostic::new(
            Code::UnsupportedParameterValue,
            format!("queryType={kind}"),
        ));
    }
    if parameters.get("recordXPath").is_some() {
        return Err(Diagnostic::new(Code::XPathUnsupported, "recordXPath"));
    }
    if let Some(keys) = parameters.get("sortKeys") {
        let advice = format!("sortKeys={keys}: write sortBy in the query");
        return Err(Diagnostic::new(Code::SortNotSupported, advice));
    }
    let text = parameters.must("query")?;
    let schema = match parameters.get("recordSchema") {
        None => Schema::default(),
        Some(name) => {
            Schema::named(name).ok_or_else(|| Diagnostic::new(Code::UnknownSchema, name))?
        }
    };
    Ok(Request::SearchRetrieve(Box::new(SearchRetrieve {
        version,
        query: cql::parse(text)?,
        query_text: text.to_owned(),
        start: parameters.number("startRecord", 1)?.unwrap_or(1),
        maximum: parameters.number("maximumRecords", 0)?,
        schema,
        packing: parameters.packing()?,
    })))
}
