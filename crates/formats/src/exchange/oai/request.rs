//! A request's arguments, and all that can be wrong with them (§3.6, §4).

use super::token::{Position, Token};
use super::{MetadataFormat, Repository};
use crate::exchange::datestamp::{self, Granularity};

/// The most arguments of a request that are looked at.
const MAX_ARGUMENTS: usize = 16;
/// The longest value of an argument other than a token.
const MAX_VALUE_BYTES: usize = 2 << 10;

/// The protocol's own codes of errors (§3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// Illegal, missing, repeated or malformed arguments.
    BadArgument,
    /// A token that is none, or is of no use any more.
    BadResumptionToken,
    /// No verb, two verbs, or none of the six.
    BadVerb,
    /// The format is not to be had, here or for this record.
    CannotDisseminateFormat,
    /// No record has the identifier.
    IdDoesNotExist,
    /// Nothing is in the range and set.
    NoRecordsMatch,
    /// The record has no metadata in any format.
    NoMetadataFormats,
    /// There are no sets.
    NoSetHierarchy,
}

impl ErrorCode {
    /// As the protocol writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadArgument => "badArgument",
            Self::BadResumptionToken => "badResumptionToken",
            Self::BadVerb => "badVerb",
            Self::CannotDisseminateFormat => "cannotDisseminateFormat",
            Self::IdDoesNotExist => "idDoesNotExist",
            Self::NoRecordsMatch => "noRecordsMatch",
            Self::NoMetadataFormats => "noMetadataFormats",
            Self::NoSetHierarchy => "noSetHierarchy",
        }
    }
}

/// An error of the protocol, with words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct OaiError {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong and what to do.
    pub message: String,
}

impl OaiError {
    /// An error with words for people.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The identifier is not known here.
    #[must_use]
    pub fn unknown_id(identifier: &str) -> Self {
        Self::new(
            ErrorCode::IdDoesNotExist,
            format!("no record here has the identifier `{identifier}`"),
        )
    }
}

/// The arguments as they came, which the answer repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo(pub(super) Vec<(&'static str, String)>);

/// A request that can't be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub error: OaiError,
    /// For [`super::error`].
    pub echo: Echo,
}

/// A part of the repository, and where in it to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The format's prefix, which the repository has.
    pub prefix: String,
    /// The first millisecond of datestamps that are asked for.
    pub from_ms: Option<i64>,
    /// The last millisecond of datestamps that are asked for.
    pub until_ms: Option<i64>,
    /// The set, which need not exist.
    pub set: Option<String>,
    /// Go on after this record.
    pub after: Option<Position>,
    /// How many were given before this page.
    pub given: u64,
    /// How many there were in all when the list began; None at its first page.
    pub total: Option<u64>,
}

/// The six verbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// About the repository.
    Identify,
    /// Formats of the repository, or of one record.
    ListMetadataFormats {
        /// The record.
        identifier: Option<String>,
    },
    /// The sets.
    ListSets {
        /// Go on after the set with this key.
        after: Option<String>,
        /// How many were given before this page.
        given: u64,
    },
    /// Headers only.
    ListIdentifiers(Selection),
    /// Whole records.
    ListRecords(Selection),
    /// One record.
    GetRecord {
        /// Its identifier, which need not exist.
        identifier: String,
        /// The format's prefix, which the repository has.
        prefix: String,
    },
}

/// A request whose arguments are as they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub verb: Verb,
    /// For answers.
    pub echo: Echo,
}

/// Verb, arguments it must have, arguments it may have.
const VERBS: [(&str, &[&str], &[&str]); 6] = [
    ("Identify", &[], &[]),
    ("ListMetadataFormats", &[], &["identifier"]),
    ("ListSets", &[], &["resumptionToken"]),
    (
        "ListIdentifiers",
        &["metadataPrefix"],
        &["from", "until", "set", "resumptionToken"],
    ),
    (
        "ListRecords",
        &["metadataPrefix"],
        &["from", "until", "set", "resumptionToken"],
    ),
    ("GetRecord", &["identifier", "metadataPrefix"], &[]),
];

fn bad_argument(message: impl Into<String>) -> OaiError {
    OaiError::new(ErrorCode::BadArgument, message)
}

impl Request {
    /// Reads the arguments of a request, decoded and in the order in which they came.
    ///
    /// # Errors
    /// With the code of the protocol; pass it to [`super::error`].
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
        repository: &Repository,
    ) -> Result<Self, Refusal> {
        let pairs: Vec<(K, V)> = pairs.into_iter().take(MAX_ARGUMENTS + 1).collect();
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
            .collect();
        // The answer repeats nothing of a request that is malformed (§3.2).
        let echo = arguments(&pairs).map_err(|error| Refusal {
            error,
            echo: Echo::default(),
        })?;
        match verb(&echo, repository) {
            Ok(verb) => Ok(Self { verb, echo }),
            Err(error) => Err(Refusal {
                echo: match error.code {
                    ErrorCode::BadArgument | ErrorCode::BadVerb => Echo::default(),
                    _ => echo,
                },
                error,
            }),
        }
    }
}

/// The verb first, then arguments that it knows, each once.
fn arguments(pairs: &[(&str, &str)]) -> Result<Echo, OaiError> {
    let bad_verb = |message: String| OaiError::new(ErrorCode::BadVerb, message);
    let mut verbs = pairs.iter().filter(|pair| pair.0 == "verb");
    let verb = match (verbs.next(), verbs.next()) {
        (Some(pair), None) => pair.1,
        (None, _) => return Err(bad_verb("the argument `verb` is missing".to_owned())),
        (Some(_), Some(_)) => {
            return Err(bad_verb("the argument `verb` is given twice".to_owned()));
        }
    };
    let Some((verb, must, may)) = VERBS.iter().find(|row| row.0 == verb) else {
        return Err(bad_verb(format!(
            "`{}` is none of the six verbs of OAI-PMH",
            shown(verb)
        )));
    };
    if pairs.len() > MAX_ARGUMENTS {
        return Err(bad_argument(format!(
            "a request has at most {MAX_ARGUMENTS} arguments"
        )));
    }
    let mut out = vec![("verb", (*verb).to_owned())];
    for (name, value) in pairs.iter().filter(|pair| pair.0 != "verb") {
        let Some(known) = must.iter().chain(*may).find(|known| *known == name) else {
            return Err(bad_argument(format!(
                "{verb} has no argument `{}`",
                shown(name)
            )));
        };
        if out.iter().any(|pair| pair.0 == *known) {
            return Err(bad_argument(format!(
                "the argument `{known}` is given twice"
            )));
        }
        if *known != "resumptionToken" && (value.is_empty() || value.len() > MAX_VALUE_BYTES) {
            return Err(bad_argument(format!(
                "the argument `{known}` must have 1 to {MAX_VALUE_BYTES} bytes"
            )));
        }
        out.push((*known, (*value).to_owned()));
    }
    let resumes = out.iter().any(|pair| pair.0 == "resumptionToken");
    if resumes && out.len() > 2 {
        return Err(bad_argument(
            "`resumptionToken` goes with no argument other than `verb`",
        ));
    }
    if !resumes
        && let Some(missing) = must
            .iter()
            .find(|name| out.iter().all(|pair| pair.0 != **name))
    {
        return Err(bad_argument(format!(
            "{verb} needs the argument `{missing}`"
        )));
    }
    Ok(Echo(out))
}

/// The beginning of what somebody sent, for a message.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

fn verb(echo: &Echo, repository: &Repository) -> Result<Verb, OaiError> {
    let get = |name: &str| {
        echo.0
            .iter()
            .find(|pair| pair.0 == name)
            .map(|pair| pair.1.as_str())
    };
    let name = get("verb").unwrap_or_default();
    let token = get("resumptionToken")
        .map(|text| resumed(name, text))
        .transpose()?;
    match name {
        "ListMetadataFormats" => Ok(Verb::ListMetadataFormats {
            identifier: get("identifier").map(str::to_owned),
        }),
        "ListSets" => {
            has_sets(repository)?;
            Ok(Verb::ListSets {
                given: token.as_ref().map_or(0, |token| token.given),
                after: token.map(|token| token.after.key),
            })
        }
        "ListIdentifiers" | "ListRecords" => {
            let selection = match token {
                Some(token) => from_token(token, repository)?,
                None => selection(
                    get("metadataPrefix").unwrap_or_default(),
                    get("from"),
                    get("until"),
                    get("set"),
                    repository,
                )?,
            };
            Ok(if name == "ListRecords" {
                Verb::ListRecords(selection)
            } else {
                Verb::ListIdentifiers(selection)
            })
        }
        "GetRecord" => Ok(Verb::GetRecord {
            identifier: get("identifier").unwrap_or_default().to_owned(),
            prefix: known_format(get("metadataPrefix").unwrap_or_default(), repository)?
                .prefix
                .clone(),
        }),
        _ => Ok(Verb::Identify),
    }
}

fn has_sets(repository: &Repository) -> Result<(), OaiError> {
    if repository.has_sets {
        return Ok(());
    }
    Err(OaiError::new(
        ErrorCode::NoSetHierarchy,
        "this repository has no sets",
    ))
}

fn known_format<'r>(
    prefix: &str,
    repository: &'r Repository,
) -> Result<&'r MetadataFormat, OaiError> {
    repository.format(prefix).ok_or_else(|| {
        let known: Vec<_> = repository
            .formats
            .iter()
            .map(|format| format.prefix.as_str())
            .collect();
        OaiError::new(
            ErrorCode::CannotDisseminateFormat,
            format!(
                "there is no format `{}` here, but: {}",
                shown(prefix),
                known.join(", ")
            ),
        )
    })
}

fn resumed(verb: &str, text: &str) -> Result<Token, OaiError> {
    Token::decode(text)
        .filter(|token| token.verb == verb)
        .ok_or_else(|| {
            OaiError::new(
                ErrorCode::BadResumptionToken,
                format!("this is no token of {verb} of this repository: begin the list anew"),
            )
        })
}

fn from_token(token: Token, repository: &Repository) -> Result<Selection, OaiError> {
    let gone = |_| {
        OaiError::new(
            ErrorCode::BadResumptionToken,
            "what the token goes on with is not given any more: begin the list anew",
        )
    };
    known_format(&token.prefix, repository).map_err(gone)?;
    if token.set.is_some() {
        has_sets(repository).map_err(gone)?;
    }
    Ok(Selection {
        prefix: token.prefix,
        from_ms: token.from_ms,
        until_ms: token.until_ms,
        set: token.set,
        after: Some(token.after),
        given: token.given,
        total: token.total,
    })
}

fn selection(
    prefix: &str,
    from: Option<&str>,
    until: Option<&str>,
    set: Option<&str>,
    repository: &Repository,
) -> Result<Selection, OaiError> {
    let from = from
        .map(|text| datestamp("from", text, repository))
        .transpose()?;
    let until = until
        .map(|text| datestamp("until", text, repository))
        .transpose()?;
    if let (Some(from), Some(until)) = (from, until) {
        // §2.7.1: the granularities of both are the same, and the first is not later.
        if from.1 != until.1 {
            return Err(bad_argument(
                "`from` and `until` must be of the same granularity",
            ));
        }
        if from.0 > until.0 {
            return Err(bad_argument("`from` is later than `until`"));
        }
    }
    let format = known_format(prefix, repository)?;
    if let Some(set) = set {
        has_sets(repository)?;
        if !is_set_spec(set) {
            return Err(bad_argument(format!(
                "`{}` is no setSpec: letters, digits and -_.!~*'(), parted by colons",
                shown(set)
            )));
        }
    }
    Ok(Selection {
        prefix: format.prefix.clone(),
        from_ms: from.map(|from| from.0),
        until_ms: until.map(|(ms, granularity)| ms + granularity.granule_ms() - 1),
        set: set.map(str::to_owned),
        after: None,
        given: 0,
        total: None,
    })
}

fn datestamp(
    name: &str,
    text: &str,
    repository: &Repository,
) -> Result<(i64, Granularity), OaiError> {
    datestamp::parse(text)
        .filter(|(_, granularity)| {
            *granularity == Granularity::Days || repository.granularity == Granularity::Seconds
        })
        .ok_or_else(|| {
            bad_argument(format!(
                "`{name}` must be a day as YYYY-MM-DD or a time as {}",
                repository.granularity.pattern()
            ))
        })
}

/// ([A-Za-z0-9\-_\.!~\*'\(\)])+(:[A-Za-z0-9\-_\.!~\*'\(\)]+)*
pub(super) fn is_set_spec(text: &str) -> bool {
    text.split(':').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|one| one.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&one))
    })
}
