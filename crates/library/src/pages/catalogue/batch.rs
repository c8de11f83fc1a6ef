//! Many records at once: chosen, looked at before, done as a job, undone.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, RawQuery};
use axum::http::StatusCode;
use lampion_core::jobs::Job;
use lampion_feed::entry::Reason;
use lampion_formats::records::desk::{Change, part_name};
use lampion_web::{AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::super::jobs::JobShown;
use super::form::groups;
use super::{Desk, office};
use crate::catalogue::batch::{
    BatchKind, BatchRow, BatchState, FAILURES, KIND, NewBatch, Operation, PREVIEW_RECORDS, Preview,
    RecordResult, Selection, preview,
};
use crate::library::Library;
use crate::model::Collection;

/// Records of one page of what became of a batch.
const ROWS: i64 = 100;
/// Jobs among which a batch's own is looked for.
const JOBS: i64 = 200;
/// Longest note, in characters.
const NOTE_CHARS: usize = 500;

/// The operation as the form has it.
#[derive(Debug, Clone, Default)]
struct Wanted {
    op: String,
    field: String,
    value: String,
    with: String,
    reason: String,
    note: String,
}

impl Wanted {
    fn sent(form: &Form) -> Self {
        Self {
            op: form.get("op").into(),
            field: form.trimmed("field").into(),
            value: form.get("value").into(),
            with: form.get("with").into(),
            reason: form.get("reason").into(),
            note: form.trimmed("note").chars().take(NOTE_CHARS).collect(),
        }
    }

    fn operation(&self) -> Option<Operation> {
        let (field, value) = (self.field.clone(), self.value.clone());
        Some(match self.op.as_str() {
            "set" => Operation::Set { field, value },
            "add" => Operation::Add { field, value },
            "subject" => Operation::Add {
                field: "subject".into(),
                value,
            },
            "remove" => Operation::Remove { field, value },
            "replace" => Operation::Replace {
                field,
                find: value,
                with: self.with.clone(),
            },
            "withdraw" => Operation::Withdraw {
                reason: self.reason.clone(),
            },
            _ => return None,
        })
    }
}

/// A record of the preview as the page shows it.
struct SampleShown {
    id: String,
    title: String,
    changes: Vec<(String, Change)>,
    reason: String,
}

#[derive(Template)]
#[template(path = "catalogue_batch.html")]
struct BatchPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    /// Fields of the selection, sent along.
    chosen: Vec<(&'static str, String)>,
    /// The selection in words.
    about: String,
    wanted: Wanted,
    ops: [(&'static str, &'static str); 6],
    groups: Vec<String>,
    reasons: Vec<(&'static str, String)>,
    error: String,
    preview: Option<Preview>,
    samples: Vec<SampleShown>,
    limit: usize,
}

const OPS: [(&str, &str); 6] = [
    ("subject", "batch-subject"),
    ("set", "batch-set"),
    ("add", "batch-add"),
    ("remove", "batch-remove"),
    ("replace", "batch-replace"),
    ("withdraw", "withdraw"),
];

/// The selection that fields name, and as fields again. Nothing chosen is nothing, not all.
fn selection(form: &Form) -> (Option<Selection>, Vec<(&'static str, String)>) {
    let text = |name: &str| form.trimmed(name).to_string();
    let ids: Vec<String> = form
        .all("id")
        .filter(|id| !id.is_empty())
        .map(ToString::to_string)
        .collect();
    let mut fields: Vec<(&'static str, String)> = Vec::new();
    let chosen = match form.get("of") {
        "all" => {
            fields.push(("of", "all".into()));
            for name in ["q", "language", "kind", "by"] {
                if !text(name).is_empty() {
                    fields.push((name, text(name)));
                }
            }
            Some(Selection {
                title: text("q"),
                language: text("language"),
                kind: text("kind"),
                by: text("by"),
                ..Selection::default()
            })
        }
        "search" if !text("search").is_empty() => {
            fields.extend([("of", "search".to_string()), ("search", text("search"))]);
            Some(Selection {
                search: text("search"),
                ..Selection::default()
            })
        }
        "batch" if !text("batch").is_empty() => {
            fields.extend([("of", "batch".to_string()), ("batch", text("batch"))]);
            Some(Selection {
                batch: text("batch"),
                ..Selection::default()
            })
        }
        _ if ids.is_empty() => None,
        _ => {
            fields.extend(ids.iter().map(|id| ("id", id.clone())));
            Some(Selection {
                ids,
                ..Selection::default()
            })
        }
    };
    (chosen, fields)
}

async fn about(page: &Page, desk: &Desk, chosen: Option<&Selection>) -> Result<String, AppError> {
    let Some(chosen) = chosen else {
        return Ok(page.t("batch-nothing"));
    };
    if !chosen.ids.is_empty() {
        return Ok(page.n("batch-chosen", chosen.ids.len()));
    }
    if !chosen.search.is_empty() {
        return Ok(page.s("batch-search", &chosen.search));
    }
    if !chosen.batch.is_empty() {
        return Ok(page.s("batch-of", &chosen.batch));
    }
    let total = desk.catalogue.counted(&desk.collection.id).await?;
    if chosen.is_all() {
        return Ok(page.n("batch-all", total));
    }
    let words: Vec<&str> = [&chosen.title, &chosen.language, &chosen.kind, &chosen.by]
        .into_iter()
        .map(String::as_str)
        .filter(|word| !word.is_empty())
        .collect();
    Ok(page.s("batch-filter", &words.join(" · ")))
}

async fn draw(
    page: &Page,
    desk: &Desk,
    status: StatusCode,
    form: &Form,
    (wanted, error, preview): (Wanted, String, Option<Preview>),
) -> PageResult {
    let (chosen, fields) = selection(form);
    let samples = preview
        .iter()
        .flat_map(|preview| &preview.samples)
        .map(|sample| SampleShown {
            id: sample.row.id.clone(),
            title: if sample.row.title.is_empty() {
                sample.row.id.clone()
            } else {
                sample.row.title.clone()
            },
            changes: sample
                .changes
                .iter()
                .map(|change| (part_name(&change.group), change.clone()))
                .collect(),
            reason: sample.reason.clone(),
        })
        .collect();
    page.html_with(
        status,
        &BatchPage {
            page,
            one: &desk.collection,
            about: about(page, desk, chosen.as_ref()).await?,
            chosen: fields,
            wanted,
            ops: OPS,
            groups: groups(),
            reasons: reasons(page),
            error,
            preview,
            samples,
            limit: PREVIEW_RECORDS,
        },
    )
}

fn reasons(page: &Page) -> Vec<(&'static str, String)> {
    Reason::ALL
        .into_iter()
        .map(|reason| {
            (
                reason.as_str(),
                page.t(&format!("reason-{}", reason.as_str())),
            )
        })
        .collect()
}

/// `GET /catalogue/{collection}/batch`: `id` (several), or `of` = `all` with the fields of the list, `search` or `batch`.
pub(super) async fn begin(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let form = Form::parse(raw.unwrap_or_default().as_bytes());
    let nothing = (Wanted::default(), String::new(), None);
    draw(&page, &desk, StatusCode::OK, &form, nothing).await
}

/// `POST /catalogue/{collection}/batch`: the same fields and `op`, `field`, `value`, `with`, `reason`, `note`; `do` is
/// `preview` or `run`.
pub(super) async fn act(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let wanted = Wanted::sent(&form);
    let (chosen, _) = selection(&form);
    let refused = |error: String| (wanted.clone(), error, None);
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(chosen) = chosen else {
        let error = page.t("batch-nothing");
        return draw(&page, &desk, unprocessable, &form, refused(error)).await;
    };
    let Some(operation) = wanted.operation() else {
        let error = page.t("batch-what");
        return draw(&page, &desk, unprocessable, &form, refused(error)).await;
    };
    if let Err(error) = operation.verify() {
        let error = error.to_string();
        return draw(&page, &desk, unprocessable, &form, refused(error)).await;
    }
    let withdraws = matches!(operation, Operation::Withdraw { .. });
    let sure = !withdraws || !form.get("sure").is_empty();
    if form.get("do") == "run" && sure {
        let new = NewBatch {
            collection: collection.clone(),
            operation,
            selection: chosen,
            by: desk.person.display.clone(),
            office: office(&library),
            note: wanted.note,
        };
        let (batch, _) = library.begin_batch(&new).await?;
        return Ok(Page::see_other(&format!(
            "/catalogue/{collection}/batches/{batch}"
        )));
    }
    let looked = preview(&library, &desk.catalogue, &collection, &chosen, &operation).await?;
    let status = if sure || form.get("do") != "run" {
        StatusCode::OK
    } else {
        unprocessable
    };
    let shown = (wanted, String::new(), Some(looked));
    draw(&page, &desk, status, &form, shown).await
}

/// A batch in words.
struct BatchShown {
    row: BatchRow,
    title: String,
    state: &'static str,
}

impl BatchShown {
    fn new(page: &Page, row: BatchRow) -> Self {
        let quoted = |text: &str| text.chars().take(60).collect::<String>();
        let title = match &row.operation {
            None => page.t("job-batch"),
            Some(Operation::Set { field, value }) => {
                format!("{}: {field} = {}", page.t("batch-set"), quoted(value))
            }
            Some(Operation::Add { field, value }) => {
                format!("{}: {field} + {}", page.t("batch-add"), quoted(value))
            }
            Some(Operation::Remove { field, value }) => {
                format!("{}: {field} − {}", page.t("batch-remove"), quoted(value))
            }
            Some(Operation::Replace { field, find, with }) => format!(
                "{}: {field}: {} → {}",
                page.t("batch-replace"),
                quoted(find),
                quoted(with)
            ),
            Some(Operation::Withdraw { reason }) => format!(
                "{}: {}",
                page.t("withdraw"),
                page.t(&format!("reason-{reason}"))
            ),
            // What was undone, as whoever undid it read it.
            Some(Operation::Undo { .. }) if !row.note.is_empty() => row.note.clone(),
            Some(Operation::Undo { batch }) => page.s("batch-undo-of", batch),
            Some(Operation::Import(import)) => {
                let key = if import.trial {
                    "batch-trial"
                } else {
                    "batch-import"
                };
                page.s(key, &import.name)
            }
        };
        let state = match row.state {
            BatchState::Gathering => "batch-gathering",
            BatchState::Working => "batch-working",
            BatchState::Done => "job-done",
        };
        Self { row, title, state }
    }
}

#[derive(Template)]
#[template(path = "catalogue_batches.html")]
struct BatchesPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    all: Vec<BatchShown>,
}

/// `GET /catalogue/{collection}/batches`.
pub(super) async fn list(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let all = desk.catalogue.batches(&collection).await?;
    page.html(&BatchesPage {
        page: &page,
        one: &desk.collection,
        all: all
            .into_iter()
            .map(|row| BatchShown::new(&page, row))
            .collect(),
    })
}

#[derive(Template)]
#[template(path = "catalogue_batch_done.html")]
struct DonePage<'a> {
    page: &'a Page,
    one: &'a Collection,
    shown: BatchShown,
    jobs: Vec<JobShown>,
    failures: Vec<RecordResult>,
    more: Option<String>,
    /// Publishing again what was before is possible.
    undo: bool,
    undone: Option<String>,
    /// Of a trial: it can be done now.
    import: bool,
    rule: &'static str,
}

/// How far it is, for a page that is open.
#[derive(Template)]
#[template(path = "catalogue_batch_job.html")]
struct JobPart<'a> {
    page: &'a Page,
    one: &'a Collection,
    shown: BatchShown,
    jobs: Vec<JobShown>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct After {
    after: String,
    part: String,
}

async fn job_of(library: &Library, row: &BatchRow) -> Result<Option<Job>, AppError> {
    let jobs = library.kernel().jobs.list(&row.collection, JOBS).await?;
    let own = format!("\"batch\":\"{}\"", row.id);
    Ok(jobs
        .into_iter()
        .find(|job| job.kind == KIND && job.payload.contains(&own)))
}

async fn batch_of(desk: &Desk, id: &str) -> Result<BatchRow, AppError> {
    desk.catalogue
        .batch_row(id)
        .await?
        .filter(|row| row.collection == desk.collection.id)
        .ok_or_else(AppError::not_found)
}

/// `GET /catalogue/{collection}/batches/{id}?after=`: how far it is, and with what it could not be done.
pub(super) async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    Query(asked): Query<After>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let row = batch_of(&desk, &id).await?;
    let now_ms = library.kernel().clock.now_ms();
    let jobs: Vec<JobShown> = job_of(&library, &row)
        .await?
        .iter()
        .map(|job| JobShown::new(&page, job, now_ms))
        .collect();
    if asked.part == "job" {
        let live = jobs.iter().any(|job| job.live);
        let mut response = page.html(&JobPart {
            page: &page,
            one: &desk.collection,
            shown: BatchShown::new(&page, row),
            jobs,
        })?;
        if !live {
            let over = axum::http::HeaderValue::from_static("1");
            response.headers_mut().insert("x-over", over);
        }
        return Ok(response);
    }
    let failures = desk
        .catalogue
        .batch_records(&id, &FAILURES, &asked.after, ROWS)
        .await?;
    let more = (i64::try_from(failures.len()).unwrap_or(0) == ROWS)
        .then(|| failures.last().map(|one| one.item.clone()))
        .flatten();
    let undone = desk.catalogue.undone_by(&id).await?;
    let done = row.state == BatchState::Done;
    let withdrew = matches!(row.operation, Some(Operation::Withdraw { .. }));
    let (import, rule) = match &row.operation {
        Some(Operation::Import(import)) => (
            import.trial && done && import.path.is_file(),
            import.rule.as_str(),
        ),
        _ => (false, ""),
    };
    page.html(&DonePage {
        page: &page,
        one: &desk.collection,
        jobs,
        failures,
        more,
        undo: row.kind != BatchKind::Trial
            && done
            && row.changed > 0
            && undone.is_none()
            && !withdrew,
        undone,
        import,
        rule,
        shown: BatchShown::new(&page, row),
    })
}

/// `POST /catalogue/{collection}/batches/{id}`: `do` = `undo`, `import` (of a trial), `cancel`, `retry`.
pub(super) async fn change(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let row = batch_of(&desk, &id).await?;
    let here = format!("/catalogue/{collection}/batches/{id}");
    let operation = match (form.get("do"), &row.operation) {
        ("cancel", _) => {
            if let Some(job) = job_of(&library, &row).await? {
                library.kernel().cancel(&job.id).await?;
            }
            return Ok(Page::see_other(&here));
        }
        ("retry", _) => {
            if let Some(job) = job_of(&library, &row).await? {
                let now_ms = library.kernel().clock.now_ms();
                library.kernel().jobs.retry(&job.id, now_ms).await?;
                if let Some(runner) = library.kernel().runner.get() {
                    runner.wake();
                }
            }
            return Ok(Page::see_other(&here));
        }
        ("undo", _) if row.state == BatchState::Done => {
            if desk.catalogue.undone_by(&id).await?.is_some() {
                return Ok(Page::see_other(&here));
            }
            Operation::Undo { batch: id.clone() }
        }
        ("import", Some(Operation::Import(import))) if import.trial => {
            let mut import = import.clone();
            import.trial = false;
            Operation::Import(import)
        }
        _ => return Err(AppError::bad_request("choose what to do")),
    };
    let selection = Selection {
        batch: match &operation {
            Operation::Undo { batch } => batch.clone(),
            _ => String::new(),
        },
        ..Selection::default()
    };
    let note = match &operation {
        Operation::Undo { .. } => {
            let undone = BatchShown::new(&page, row).title;
            page.s("batch-undo-of", &format!("“{undone}”"))
        }
        _ => row.note,
    };
    let new = NewBatch {
        collection: collection.clone(),
        operation,
        selection,
        by: desk.person.display.clone(),
        office: office(&library),
        note,
    };
    let (batch, _) = library.begin_batch(&new).await?;
    Ok(Page::see_other(&format!(
        "/catalogue/{collection}/batches/{batch}"
    )))
}
