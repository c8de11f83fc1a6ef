//! A record's form, both ways: what it shows, and the work that comes back.

use lampion_formats::records::desk::{
    DublinCore, Element, Finding, Scheme, Severity, Statement, Work, check, mnemonic,
};
use lampion_web::{Form, Page};

/// Empty rows at the end of the form for Dublin Core.
const EMPTY_ROWS: usize = 3;
/// Rows that "more rows" adds.
const MORE_ROWS: usize = 10;
/// Rows that a form may have.
const ROWS_LIMIT: usize = 500;

/// One row of the form for Dublin Core.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub group: String,
    pub value: String,
    pub language: String,
    pub role: String,
}

/// What is wrong, as the page says it.
pub(super) struct Problem {
    pub text: String,
    pub error: bool,
}

/// What the form holds.
pub(super) struct Fields {
    /// Shown as lines of MARC.
    pub marc: bool,
    pub rows: Vec<Row>,
    pub lines: String,
    /// A UNIMARC record has no other form.
    pub only_lines: bool,
}

/// Every element with each of its qualifiers, as a choice: `title.alternative`.
pub(super) fn groups() -> Vec<String> {
    let mut out = Vec::new();
    for element in Element::ALL {
        out.push(element.name().to_string());
        for qualifier in element.qualifiers() {
            out.push(format!("{}.{}", element.name(), qualifier.name()));
        }
    }
    out
}

impl Fields {
    /// Of a work; `as_marc` none for the scheme that it is kept in.
    pub(super) fn of(work: &Work, as_marc: Option<bool>) -> Self {
        let own = work.scheme() == Scheme::Marc21;
        let unimarc = own && work.marc().is_unimarc();
        let marc = unimarc || as_marc.unwrap_or(own);
        let mut rows: Vec<Row> = if marc {
            Vec::new()
        } else {
            work.dublin_core().statements.iter().map(Row::of).collect()
        };
        if !marc {
            rows.extend(std::iter::repeat_n(Row::default(), EMPTY_ROWS));
        }
        Self {
            marc,
            rows,
            lines: if marc {
                mnemonic::print(work.marc().record())
            } else {
                String::new()
            },
            only_lines: unimarc,
        }
    }

    /// As it was sent.
    pub(super) fn sent(form: &Form) -> Self {
        let all = |name| form.all(name).map(ToString::to_string);
        let rows = all("e")
            .zip(all("v"))
            .zip(all("l").zip(all("r")))
            .take(ROWS_LIMIT)
            .map(|((group, value), (language, role))| Row {
                group,
                value,
                language,
                role,
            })
            .collect();
        Self {
            marc: form.get("as") == "marc",
            rows,
            lines: form.get("lines").replace("\r\n", "\n"),
            only_lines: false,
        }
    }

    pub(super) fn more_rows(&mut self) {
        let room = ROWS_LIMIT.saturating_sub(self.rows.len());
        let more = std::iter::repeat_n(Row::default(), MORE_ROWS.min(room));
        self.rows.extend(more);
    }

    /// The work that `base` becomes by what was sent, without what was left empty.
    ///
    /// # Errors
    /// Lines that are none, or a scheme that can't be.
    pub(super) fn work(&self, base: &Work, note: &str) -> Result<Work, Vec<Finding>> {
        let mut work = if self.marc {
            base.with_marc(mnemonic::parse(&self.lines)?)
        } else {
            let statements = self.rows.iter().filter_map(Row::statement).collect();
            base.with_dublin_core(DublinCore { statements })
                .map_err(|_| Vec::new())?
        };
        work.note = note.trim().to_string();
        Ok(work.without_empty())
    }
}

impl Row {
    fn of(statement: &Statement) -> Self {
        Self {
            group: statement.group_name(),
            value: statement.value.clone(),
            language: statement.language.clone().unwrap_or_default(),
            role: statement.role.clone().unwrap_or_default(),
        }
    }

    fn statement(&self) -> Option<Statement> {
        let value = self.value.trim();
        if value.is_empty() {
            return None;
        }
        let (element, qualifier) = match self.group.split_once('.') {
            None => (self.group.as_str(), None),
            Some((element, qualifier)) => (element, Some(qualifier)),
        };
        let element = Element::parse(element)?;
        let text = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
        Some(Statement {
            qualifier: qualifier.and_then(lampion_formats::records::desk::Qualifier::parse),
            language: text(&self.language),
            role: text(&self.role),
            ..Statement::new(element, value)
        })
    }
}

/// A new work with a title; one in UNIMARC stays as it is.
pub(super) fn titled(work: &Work, title: &str) -> Work {
    let mut record = work.dublin_core();
    let own = |one: &Statement| one.element == Element::Title && one.qualifier.is_none();
    match record.statements.iter_mut().find(|one| own(one)) {
        Some(first) => first.value = title.to_string(),
        None => record
            .statements
            .insert(0, Statement::new(Element::Title, title)),
    }
    work.with_dublin_core(record)
        .unwrap_or_else(|_| work.clone())
}

/// Findings in the reader's language.
pub(super) fn problems(page: &Page, findings: &[Finding]) -> Vec<Problem> {
    findings
        .iter()
        .map(|finding| {
            let arguments: Vec<(&str, String)> = finding
                .arguments
                .iter()
                .map(|(name, value)| (*name, value.clone()))
                .collect();
            Problem {
                text: page.f(finding.key, &arguments),
                error: finding.severity == Severity::Error,
            }
        })
        .collect()
}

/// What is wrong with a work, and whether it is more than doubts.
pub(super) fn checked(page: &Page, work: &Work) -> (Vec<Problem>, bool) {
    let findings = check(work);
    let errors = findings.iter().any(|one| one.severity == Severity::Error);
    (problems(page, &findings), errors)
}
