//! Diagnostics of SRU and CQL, `info:srw/diagnostic/1/N`
//! (<http://www.loc.gov/standards/sru/diagnostics/diagnosticsList.html>).

use super::xml::Xml;

/// The namespace of diagnostics in answers.
pub const NAMESPACE: &str = "http://www.loc.gov/zing/srw/diagnostic/";

macro_rules! diagnostics {
    ($($name:ident = $number:literal, $message:literal;)*) => {
        /// The numbers that are in use here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $message] $name,)*
        }

        impl Code {
            /// N of `info:srw/diagnostic/1/N`.
            #[must_use]
            pub fn number(self) -> u16 {
                match self { $(Self::$name => $number,)* }
            }

            /// The list's own words.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }
        }
    };
}

diagnostics! {
    GeneralSystemError = 1, "General system error";
    SystemTemporarilyUnavailable = 2, "System temporarily unavailable";
    UnsupportedOperation = 4, "Unsupported operation";
    UnsupportedVersion = 5, "Unsupported version";
    UnsupportedParameterValue = 6, "Unsupported parameter value";
    MandatoryParameterNotSupplied = 7, "Mandatory parameter not supplied";
    UnsupportedParameter = 8, "Unsupported Parameter";
    QuerySyntaxError = 10, "Query syntax error";
    TooManyCharactersInQuery = 12, "Too many characters in query";
    UnsupportedParentheses = 13, "Invalid or unsupported use of parentheses";
    InvalidQuotes = 14, "Invalid or unsupported use of quotes";
    UnsupportedContextSet = 15, "Unsupported context set";
    UnsupportedIndex = 16, "Unsupported index";
    UnsupportedRelation = 19, "Unsupported relation";
    UnsupportedRelationModifier = 20, "Unsupported relation modifier";
    UnsupportedRelationForIndex = 22, "Unsupported combination of relation and index";
    TooManyCharactersInTerm = 23, "Too many characters in term";
    EmptyTerm = 27, "Empty term unsupported";
    MaskingNotSupported = 28, "Masking character not supported";
    MaskedWordsTooShort = 29, "Masked words too short";
    AnchoringNotSupported = 31, "Anchoring character not supported";
    AdjacencyWithMasking = 33, "Combination of proximity/adjacency and masking characters not supported";
    TermInInvalidFormat = 36, "Term in invalid format for index or relation";
    TooManyBooleans = 38, "Too many boolean operators in query";
    ProximityNotSupported = 39, "Proximity not supported";
    UnsupportedBooleanModifier = 46, "Unsupported boolean modifier";
    QueryFeatureUnsupported = 48, "Query feature unsupported";
    MaskingInUnsupportedPosition = 49, "Masking character in unsupported position";
    ResultSetsNotSupported = 50, "Result sets not supported";
    FirstRecordOutOfRange = 61, "First record position out of range";
    RecordTemporarilyUnavailable = 64, "Record temporarily unavailable";
    UnknownSchema = 66, "Unknown schema for retrieval";
    UnsupportedPacking = 71, "Unsupported record packing";
    XPathUnsupported = 72, "XPath retrieval unsupported";
    SortNotSupported = 80, "Sort not supported";
    StylesheetsNotSupported = 110, "Stylesheets not supported";
}

/// What can't be done, and with what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {details}", code.message())]
pub struct Diagnostic {
    /// What.
    pub code: Code,
    /// With what: the index, the value, the place in the query.
    pub details: String,
}

impl Diagnostic {
    /// A diagnostic with details, which are cut at 200 characters.
    pub fn new(code: Code, details: impl AsRef<str>) -> Self {
        Self {
            code,
            details: details.as_ref().chars().take(200).collect(),
        }
    }

    /// `info:srw/diagnostic/1/N`.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("info:srw/diagnostic/1/{}", self.code.number())
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.open("diagnostic", &[("xmlns", NAMESPACE)]);
        xml.text("uri", &[], &self.uri());
        xml.text_if("details", Some(&self.details));
        xml.text("message", &[], self.code.message());
        xml.close();
    }
}
