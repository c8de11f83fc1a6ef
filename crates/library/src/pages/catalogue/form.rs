//! A record's form, both ways: what it shows, and the work that comes back.

use lampion_formats::records::desk::{
    Attachment, DublinCore, Element, Finding, Scheme, Severity, Statement, Work, check, mnemonic,
};
use lampion_web::{AppError, Form, Page};

use super::Desk;
use super::headings::Offered;
use super::sent::Sent;

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
    /// Headings in use that begin like the value.
    pub choices: Vec<Offered>,
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
    /// Lines with headings in use that begin like them.
    pub line_choices: Vec<(String, Vec<Offered>)>,
    pub files: Vec<Attachment>,
    pub cover: Option<Attachment>,
}

/// What the empty rows at the end are for, so far as the record doesn't say it yet.
const SENSIBLE: [&str; 9] = [
    "title",
    "creator",
    "date",
    "language",
    "publisher",
    "description",
    "identifier.isbn",
    "format.extent",
    "contributor",
];
/// What they are for when it says all that: what a record has several of.
const SEVERAL: &str = "subject";

/// Rows to fill in, after others.
fn empty_rows(before: &[Row], count: usize) -> Vec<Row> {
    let missing = SENSIBLE.iter().filter(|group| {
        let element = group.split('.').next().unwrap_or_default();
        !before
            .iter()
            .any(|row| row.group.split('.').next() == Some(element))
    });
    missing
        .copied()
        // The first of them are worth more than another subject.
        .chain(std::iter::repeat(SEVERAL))
        .take(count)
        .map(|group| Row {
            group: group.to_string(),
            ..Row::default()
        })
        .collect()
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
            let more = empty_rows(&rows, EMPTY_ROWS);
            rows.extend(more);
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
            line_choices: Vec::new(),
            files: work.files.clone(),
            cover: work.cover.clone(),
        }
    }

    /// As it was sent.
    pub(super) fn sent(form: &Form) -> Self {
        let all = |name| form.all(name).map(ToString::to_string);
        let rows = all("e")
            .zip(all("v"))
            .zip(all("l").zip(all("r")))
            .take(ROWS_LIMIT)
            .enumerate()
            .map(|(at, ((group, value), (language, role)))| {
                // A heading that was chosen for the row takes the place of what was typed.
                let chosen = form.get(&format!("h{at}"));
                Row {
                    group,
                    value: match chosen {
                        "" => value,
                        _ => chosen.to_string(),
                    },
                    language,
                    role,
                    choices: Vec::new(),
                }
            })
            .collect();
        let mut lines = form.get("lines").replace("\r\n", "\n");
        for (line, chosen) in form.all("line").zip(form.all("heading")) {
            if !chosen.is_empty() {
                let all = lines.split('\n');
                let all: Vec<&str> = all
                    .map(|one| if one == line { chosen } else { one })
                    .collect();
                lines = all.join("\n");
            }
        }
        Self {
            marc: form.get("as") == "marc",
            rows,
            lines,
            only_lines: false,
            line_choices: Vec::new(),
            files: Vec::new(),
            cover: None,
        }
    }

    pub(super) fn more_rows(&mut self) {
        let room = ROWS_LIMIT.saturating_sub(self.rows.len());
        let more = empty_rows(&self.rows, MORE_ROWS.min(room));
        self.rows.extend(more);
    }

    /// The files after what was sent: those of `before` that were not taken away, those sent earlier that nothing
    /// holds yet, and the new ones. What nobody here has sent is passed over.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn take_files(
        &mut self,
        desk: &Desk,
        before: &Work,
        sent: &Sent,
    ) -> Result<(), AppError> {
        let form = &sent.form;
        // A form that knows nothing of files leaves them as they are.
        if form.get("with-files").is_empty() {
            self.files.clone_from(&before.files);
            self.cover.clone_from(&before.cover);
        }
        let known: Vec<&Attachment> = before.files.iter().chain(&before.cover).collect();
        for hash in form.all("file") {
            if form.all("drop-file").any(|dropped| dropped == hash) {
                continue;
            }
            self.files.extend(find(desk, &known, hash).await?);
        }
        let cover = form.get("cover");
        if form.get("drop-cover").is_empty() && !cover.is_empty() {
            self.cover = find(desk, &known, cover).await?;
        }
        self.files.extend(sent.files.iter().cloned());
        if sent.cover.is_some() {
            self.cover.clone_from(&sent.cover);
        }
        let mut seen = std::collections::HashSet::new();
        self.files.retain(|file| seen.insert(file.blake3.clone()));
        Ok(())
    }

    /// The work that `base` becomes by what was sent, without what was left empty.
    ///
    /// # Errors
    /// Lines that are none, or a scheme that can't be.
    pub(super) fn work(&self, base: &Work, note: &str) -> Result<Work, Vec<Finding>> {
        let mut work = self.whole(base)?.without_empty();
        work.note = note.trim().to_string();
        work.files.clone_from(&self.files);
        work.cover.clone_from(&self.cover);
        Ok(work)
    }

    /// The same with rows and subfields that are empty: what a template asks to be filled in.
    ///
    /// # Errors
    /// As [`Self::work`].
    pub(super) fn whole(&self, base: &Work) -> Result<Work, Vec<Finding>> {
        if self.marc {
            return Ok(base.with_marc(mnemonic::parse(&self.lines)?));
        }
        let statements = self.rows.iter().filter_map(Row::statement).collect();
        base.with_dublin_core(DublinCore { statements })
            .map_err(|_| Vec::new())
    }
}

async fn find(
    desk: &Desk,
    known: &[&Attachment],
    hash: &str,
) -> Result<Option<Attachment>, AppError> {
    if let Some(file) = known.iter().find(|file| file.blake3 == hash) {
        return Ok(Some((*file).clone()));
    }
    Ok(desk.catalogue.upload(&desk.person.id, hash).await?)
}

impl Row {
    fn of(statement: &Statement) -> Self {
        Self {
            group: statement.group_name(),
            value: statement.value.clone(),
            language: statement.language.clone().unwrap_or_default(),
            role: statement.role.clone().unwrap_or_default(),
            choices: Vec::new(),
        }
    }

    fn statement(&self) -> Option<Statement> {
        let value = self.value.trim();
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
