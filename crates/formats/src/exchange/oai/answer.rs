//! Answers to the six verbs (§4), valid against `OAI-PMH.xsd`.

use super::request::{Echo, ErrorCode, OaiError, Request, Selection, Verb};
use super::token::{Position, Token};
use super::{MetadataFormat, NAMESPACE, Repository};
use crate::exchange::datestamp;
use crate::exchange::xml::{XSI, Xml};

/// A record's header (§2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// From [`Repository::identifier`].
    pub identifier: String,
    /// When the record last changed or was deleted, in milliseconds since 1970.
    pub datestamp_ms: i64,
    /// The sets that it is in.
    pub sets: Vec<String>,
    /// Whether it was withdrawn: its header stays for ever.
    pub deleted: bool,
}

/// A record as an answer gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its header.
    pub header: Header,
    /// One element of XML, from [`super::metadata()`]; not given for a record that
    /// was deleted.
    pub metadata: String,
    /// Elements of XML about the metadata: provenance, rights.
    pub about: Vec<String>,
}

/// A set (§2.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Letters, digits and `-_.!~*'()`, parts of a hierarchy parted by colons.
    pub spec: String,
    /// The name for people.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
}

/// An answer up to the verb's own element.
fn begun(repository: &Repository, echo: &Echo, now_ms: i64) -> Xml {
    let mut xml = Xml::document();
    let schema = format!("{NAMESPACE} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd");
    xml.open(
        "OAI-PMH",
        &[
            ("xmlns", NAMESPACE),
            ("xmlns:xsi", XSI),
            ("xsi:schemaLocation", &schema),
        ],
    );
    xml.text("responseDate", &[], &datestamp::seconds(now_ms));
    let attributes: Vec<(&str, &str)> = echo
        .0
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    xml.text("request", &attributes, &repository.base_url);
    xml
}

/// The answer that says why there is none.
#[must_use]
pub fn error(repository: &Repository, echo: &Echo, error: &OaiError, now_ms: i64) -> String {
    let mut xml = begun(repository, echo, now_ms);
    xml.text("error", &[("code", error.code.as_str())], &error.message);
    xml.finish()
}

/// The answer to `Identify`.
#[must_use]
pub fn identify(repository: &Repository, request: &Request, now_ms: i64) -> String {
    let mut xml = begun(repository, &request.echo, now_ms);
    xml.open("Identify", &[]);
    xml.text("repositoryName", &[], &repository.name);
    xml.text("baseURL", &[], &repository.base_url);
    xml.text("protocolVersion", &[], "2.0");
    for address in &repository.admin_emails {
        xml.text("adminEmail", &[], address);
    }
    let earliest = repository.granularity.write(repository.earliest_ms);
    xml.text("earliestDatestamp", &[], &earliest);
    xml.text("deletedRecord", &[], "persistent");
    xml.text("granularity", &[], repository.granularity.pattern());
    if repository.has_domain() {
        const OAI_IDENTIFIER: &str = "http://www.openarchives.org/OAI/2.0/oai-identifier";
        let schema = format!("{OAI_IDENTIFIER} {OAI_IDENTIFIER}.xsd");
        xml.open("description", &[]);
        xml.open(
            "oai-identifier",
            &[("xmlns", OAI_IDENTIFIER), ("xsi:schemaLocation", &schema)],
        );
        xml.text("scheme", &[], "oai");
        xml.text("repositoryIdentifier", &[], &repository.domain);
        xml.text("delimiter", &[], ":");
        let sample = repository.identifier(&repository.sample);
        xml.text("sampleIdentifier", &[], &sample);
    }
    xml.finish()
}

/// The answer to `ListMetadataFormats`.
#[must_use]
pub fn formats(
    repository: &Repository,
    request: &Request,
    formats: &[MetadataFormat],
    now_ms: i64,
) -> String {
    if formats.is_empty() {
        let none = OaiError::new(
            ErrorCode::NoMetadataFormats,
            "this record is given in no format",
        );
        return error(repository, &request.echo, &none, now_ms);
    }
    let mut xml = begun(repository, &request.echo, now_ms);
    xml.open("ListMetadataFormats", &[]);
    for format in formats {
        xml.open("metadataFormat", &[]);
        xml.text("metadataPrefix", &[], &format.prefix);
        xml.text("schema", &[], &format.schema);
        xml.text("metadataNamespace", &[], &format.namespace);
        xml.close();
    }
    xml.finish()
}

/// The answer to `GetRecord`.
#[must_use]
pub fn get_record(
    repository: &Repository,
    request: &Request,
    record: &Record,
    now_ms: i64,
) -> String {
    let mut xml = begun(repository, &request.echo, now_ms);
    xml.open("GetRecord", &[]);
    write_record(&mut xml, repository, record);
    xml.finish()
}

fn write_header(xml: &mut Xml, repository: &Repository, header: &Header) {
    let status: &[(&str, &str)] = if header.deleted {
        &[("status", "deleted")]
    } else {
        &[]
    };
    xml.open("header", status);
    xml.text("identifier", &[], &header.identifier);
    let datestamp = repository.granularity.write(header.datestamp_ms);
    xml.text("datestamp", &[], &datestamp);
    for set in &header.sets {
        xml.text("setSpec", &[], set);
    }
    xml.close();
}

fn write_record(xml: &mut Xml, repository: &Repository, record: &Record) {
    xml.open("record", &[]);
    write_header(xml, repository, &record.header);
    if !record.header.deleted {
        xml.open("metadata", &[]);
        xml.raw(&record.metadata);
        xml.close();
        for about in &record.about {
            xml.open("about", &[]);
            xml.raw(about);
            xml.close();
        }
    }
    xml.close();
}

/// The answer to `ListRecords` or `ListIdentifiers`, written record by record.
#[derive(Debug)]
pub struct ListAnswer<'a> {
    repository: &'a Repository,
    request: &'a Request,
    selection: &'a Selection,
    name: &'static str,
    now_ms: i64,
    total: Option<u64>,
    count: u64,
    xml: Xml,
}

impl<'a> ListAnswer<'a> {
    /// Begins an answer; None if the request asks for no list of records.
    ///
    /// `total` is the size of the whole list where it is known; a list that is
    /// resumed keeps the one that it began with.
    #[must_use]
    pub fn new(
        repository: &'a Repository,
        request: &'a Request,
        total: Option<u64>,
        now_ms: i64,
    ) -> Option<Self> {
        let (name, selection) = match &request.verb {
            Verb::ListRecords(selection) => ("ListRecords", selection),
            Verb::ListIdentifiers(selection) => ("ListIdentifiers", selection),
            _ => return None,
        };
        let mut xml = begun(repository, &request.echo, now_ms);
        xml.open(name, &[]);
        Some(Self {
            repository,
            request,
            selection,
            name,
            now_ms,
            total: selection.total.or(total),
            count: 0,
            xml,
        })
    }

    /// The next record; of its parts, `ListIdentifiers` gives the header.
    pub fn push(&mut self, record: &Record) {
        if self.name == "ListRecords" {
            write_record(&mut self.xml, self.repository, record);
        } else {
            write_header(&mut self.xml, self.repository, &record.header);
        }
        self.count += 1;
    }

    /// What was written since the last call, for an answer that is sent as it is
    /// made; nothing before the first record, since it may become an error.
    pub fn take(&mut self) -> String {
        if self.count == 0 {
            return String::new();
        }
        self.xml.take()
    }

    /// Ends the answer. `more` is the position of the last record given if others
    /// follow. A list without records is the error `noRecordsMatch`.
    #[must_use]
    pub fn finish(mut self, more: Option<Position>) -> String {
        if self.count == 0 {
            let none = OaiError::new(
                ErrorCode::NoRecordsMatch,
                "no record has a datestamp in this range and is in this set",
            );
            return error(self.repository, &self.request.echo, &none, self.now_ms);
        }
        let token = more.map(|after| Token {
            verb: self.name.to_owned(),
            prefix: self.selection.prefix.clone(),
            from_ms: self.selection.from_ms,
            until_ms: self.selection.until_ms,
            set: self.selection.set.clone(),
            after,
            given: self.selection.given + self.count,
            total: self.total,
        });
        write_token(
            &mut self.xml,
            token,
            self.selection.after.is_some(),
            self.selection.given,
            self.total,
        );
        self.xml.finish()
    }
}

/// §3.5: the last page of a list in parts has an empty token, a list of one page none.
fn write_token(
    xml: &mut Xml,
    token: Option<Token>,
    resumed: bool,
    cursor: u64,
    total: Option<u64>,
) {
    if token.is_none() && !resumed {
        return;
    }
    let cursor = cursor.to_string();
    let total = total.map(|total| total.to_string());
    let mut attributes = Vec::new();
    if let Some(total) = &total {
        attributes.push(("completeListSize", total.as_str()));
    }
    attributes.push(("cursor", cursor.as_str()));
    let text = token.map(|token| token.encode()).unwrap_or_default();
    xml.text("resumptionToken", &attributes, &text);
}

/// The answer to `ListSets`, written set by set.
#[derive(Debug)]
pub struct SetsAnswer<'a> {
    repository: &'a Repository,
    request: &'a Request,
    now_ms: i64,
    count: u64,
    xml: Xml,
}

impl<'a> SetsAnswer<'a> {
    /// Begins an answer.
    #[must_use]
    pub fn new(repository: &'a Repository, request: &'a Request, now_ms: i64) -> Self {
        let mut xml = begun(repository, &request.echo, now_ms);
        xml.open("ListSets", &[]);
        Self {
            repository,
            request,
            now_ms,
            count: 0,
            xml,
        }
    }

    /// The next set.
    pub fn push(&mut self, set: &Set) {
        self.xml.open("set", &[]);
        self.xml.text("setSpec", &[], &set.spec);
        self.xml.text("setName", &[], &set.name);
        if let Some(description) = &set.description {
            let dc = MetadataFormat::oai_dc();
            let schema = format!("{} {}", dc.namespace, dc.schema);
            self.xml.open("setDescription", &[]);
            self.xml.open(
                "oai_dc:dc",
                &[
                    ("xmlns:oai_dc", &dc.namespace),
                    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
                    ("xsi:schemaLocation", &schema),
                ],
            );
            self.xml.text("dc:description", &[], description);
            self.xml.close();
            self.xml.close();
        }
        self.xml.close();
        self.count += 1;
    }

    /// Ends the answer. `more` is the key of the last set given if others follow. A
    /// list without sets is the error `noSetHierarchy`.
    #[must_use]
    pub fn finish(mut self, more: Option<String>) -> String {
        let given = match &self.request.verb {
            Verb::ListSets { given, .. } => *given,
            _ => 0,
        };
        if self.count == 0 {
            let none = OaiError::new(ErrorCode::NoSetHierarchy, "there are no sets here");
            return error(self.repository, &self.request.echo, &none, self.now_ms);
        }
        let token = more.map(|key| Token {
            verb: "ListSets".to_owned(),
            prefix: String::new(),
            from_ms: None,
            until_ms: None,
            set: None,
            after: Position {
                datestamp_ms: 0,
                key,
            },
            given: given + self.count,
            total: None,
        });
        write_token(&mut self.xml, token, given > 0, given, None);
        self.xml.finish()
    }
}
