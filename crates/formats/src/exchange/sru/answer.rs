//! Answers to searches and scans.

use super::NAMESPACE;
use super::request::{Packing, Refusal, Scan, SearchRetrieve, Version};
use crate::exchange::cql;
use crate::exchange::diagnostic::{Code, Diagnostic};
use crate::exchange::xml::{Xml, without_declaration};
use crate::records::CatalogueRecord;

/// The schema of diagnostics that stand in for a record.
const DIAGNOSTICS: &str = "info:srw/schema/1/diagnostics-v1.1";

pub(super) fn begun(element: &'static str, version: Version) -> Xml {
    let mut xml = Xml::document();
    xml.open(element, &[("xmlns", NAMESPACE)]);
    xml.text("version", &[], version.as_str());
    xml
}

fn write_diagnostics(xml: &mut Xml, diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    xml.open("diagnostics", &[]);
    for diagnostic in diagnostics {
        diagnostic.write(xml);
    }
    xml.close();
}

/// The answer that says why there is none.
#[must_use]
pub fn refusal(refusal: &Refusal) -> String {
    let mut xml = begun(refusal.element, refusal.version);
    if refusal.element == "searchRetrieveResponse" {
        xml.text("numberOfRecords", &[], "0");
    }
    write_diagnostics(&mut xml, std::slice::from_ref(&refusal.diagnostic));
    xml.finish()
}

impl SearchRetrieve {
    /// A refusal that was found out later: a query that can't be compiled, a search
    /// that took too long.
    #[must_use]
    pub fn refuse(&self, diagnostic: Diagnostic) -> Refusal {
        Refusal {
            version: self.version,
            element: "searchRetrieveResponse",
            diagnostic,
        }
    }
}

impl Scan {
    /// A refusal that was found out later: an index that can't be scanned.
    #[must_use]
    pub fn refuse(&self, diagnostic: Diagnostic) -> Refusal {
        Refusal {
            version: self.version,
            element: "scanResponse",
            diagnostic,
        }
    }
}

/// A record in the answer, packed.
pub(super) fn write_data(xml: &mut Xml, schema: &str, packing: Packing, data: &str) {
    xml.text("recordSchema", &[], schema);
    xml.text("recordPacking", &[], packing.as_str());
    match packing {
        Packing::Xml => {
            xml.open("recordData", &[]);
            xml.raw(data);
            xml.close();
        }
        Packing::String => xml.text("recordData", &[], without_declaration(data)),
    }
}

/// The answer to a search, written record by record.
#[derive(Debug)]
pub struct SearchAnswer<'a> {
    request: &'a SearchRetrieve,
    total: u64,
    next: u64,
    xml: Xml,
}

impl<'a> SearchAnswer<'a> {
    /// Begins an answer; `total` is how many records there are in all.
    ///
    /// # Errors
    /// If the search asks for records after the last.
    pub fn new(request: &'a SearchRetrieve, total: u64) -> Result<Self, Refusal> {
        if request.start > total.max(1) {
            return Err(request.refuse(Diagnostic::new(
                Code::FirstRecordOutOfRange,
                request.start.to_string(),
            )));
        }
        let mut xml = begun("searchRetrieveResponse", request.version);
        xml.text("numberOfRecords", &[], &total.to_string());
        Ok(Self {
            request,
            total,
            next: request.start,
            xml,
        })
    }

    fn begin(&mut self) {
        if self.next == self.request.start {
            self.xml.open("records", &[]);
        }
        self.xml.open("record", &[]);
    }

    fn end(&mut self, id: Option<&str>) {
        // New in 1.2.
        if self.request.version == Version::V1_2 {
            self.xml.text_if("recordIdentifier", id);
        }
        self.xml.text("recordPosition", &[], &self.next.to_string());
        self.xml.close();
        self.next += 1;
    }

    /// The next record.
    pub fn push(&mut self, record: &CatalogueRecord) {
        let xml = self.request.schema.write(record);
        self.push_xml(&record.id, &xml);
    }

    /// The next record as an element in the schema that was asked for.
    pub fn push_xml(&mut self, id: &str, xml: &str) {
        self.begin();
        let (schema, packing) = (self.request.schema.uri(), self.request.packing);
        write_data(&mut self.xml, schema, packing, xml);
        self.end(Some(id));
    }

    /// What stands in for a record that can't be given.
    pub fn push_diagnostic(&mut self, diagnostic: &Diagnostic) {
        self.begin();
        let mut data = Xml::fragment();
        diagnostic.write(&mut data);
        let packing = self.request.packing;
        write_data(&mut self.xml, DIAGNOSTICS, packing, &data.finish());
        self.end(None);
    }

    /// What was written since the last call, for an answer that is sent as it is made.
    pub fn take(&mut self) -> String {
        self.xml.take()
    }

    /// Ends the answer. `warnings` say what of the search was not done.
    #[must_use]
    pub fn finish(mut self, warnings: &[Diagnostic]) -> String {
        if self.next > self.request.start {
            self.xml.close();
        }
        if self.next <= self.total && self.next > self.request.start {
            self.xml
                .text("nextRecordPosition", &[], &self.next.to_string());
        }
        self.echo();
        write_diagnostics(&mut self.xml, warnings);
        self.xml.finish()
    }

    fn echo(&mut self) {
        let (xml, request) = (&mut self.xml, self.request);
        xml.open("echoedSearchRetrieveRequest", &[]);
        xml.text("version", &[], request.version.as_str());
        xml.text("query", &[], &request.query_text);
        xml.text("startRecord", &[], &request.start.to_string());
        if let Some(maximum) = request.maximum {
            xml.text("maximumRecords", &[], &maximum.to_string());
        }
        xml.text("recordPacking", &[], request.packing.as_str());
        xml.text("recordSchema", &[], request.schema.uri());
        xml.open("xQuery", &[]);
        xml.raw(&cql::xcql(&request.query));
        xml.close();
        xml.close();
    }
}

/// A term of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanTerm {
    /// As it is searched for.
    pub value: String,
    /// How many records have it, where that is known.
    pub records: Option<u64>,
    /// As it is shown, if otherwise.
    pub display: Option<String>,
}

/// The answer to a scan, with terms in their order.
#[must_use]
pub fn scan(request: &Scan, terms: &[ScanTerm]) -> String {
    let mut xml = begun("scanResponse", request.version);
    if !terms.is_empty() {
        xml.open("terms", &[]);
        for term in terms {
            xml.open("term", &[]);
            xml.text("value", &[], &term.value);
            let records = term.records.map(|count| count.to_string());
            xml.text_if("numberOfRecords", records.as_deref());
            xml.text_if("displayTerm", term.display.as_deref());
            xml.close();
        }
        xml.close();
    }
    xml.open("echoedScanRequest", &[]);
    xml.text("version", &[], request.version.as_str());
    xml.text("scanClause", &[], &request.clause.to_string());
    xml.text("responsePosition", &[], &request.position.to_string());
    if let Some(maximum) = request.maximum {
        xml.text("maximumTerms", &[], &maximum.to_string());
    }
    xml.finish()
}
