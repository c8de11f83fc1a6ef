//! A record's form: new, an older record's, a draft's.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use lampion_formats::records::desk::{Scheme, Template as Blank, Work, heading_kind, template};
use lampion_web::{App, AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::form::{Fields, Problem, checked, groups, problems};
use super::sent::Sent;
use super::{Desk, headings, merging, own};
use crate::catalogue::{CatalogueError, Draft, DraftState, Outcome};
use crate::library::Library;
use crate::model::Collection;

#[derive(Template)]
#[template(path = "catalogue_edit.html")]
struct EditPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    /// The record; empty for a new one.
    id: String,
    base: String,
    action: String,
    template: String,
    fields: Fields,
    groups: Vec<String>,
    problems: Vec<Problem>,
    note: String,
    why: String,
    publishes: bool,
    draft: Option<&'a Draft>,
    /// The one who looks may change it.
    own: bool,
    notice: String,
    /// Groups that take headings, for the script.
    heading_groups: String,
    template_name: String,
}

/// What stands in a form besides the record.
#[derive(Default)]
struct Beside {
    note: String,
    why: String,
    notice: String,
    template_name: String,
}

impl Beside {
    fn sent(form: &Form) -> Self {
        Self {
            note: form.get("note").to_string(),
            why: form.get("why").to_string(),
            template_name: form.get("template-name").to_string(),
            notice: String::new(),
        }
    }

    fn note(note: &str) -> Self {
        Self {
            note: note.to_string(),
            ..Self::default()
        }
    }
}

/// What a form is about.
struct Editing<'a> {
    desk: &'a Desk,
    id: String,
    base: Option<u64>,
    action: String,
    template: String,
    draft: Option<&'a Draft>,
}

impl Editing<'_> {
    fn show(
        &self,
        page: &Page,
        status: StatusCode,
        fields: Fields,
        problems: Vec<Problem>,
        beside: Beside,
    ) -> PageResult {
        let groups = groups();
        let takes = |group: &&String| heading_kind(group).is_some();
        let heading_groups: Vec<&str> = groups.iter().filter(takes).map(String::as_str).collect();
        page.html_with(
            status,
            &EditPage {
                page,
                one: &self.desk.collection,
                id: self.id.clone(),
                base: self.base.map(|base| base.to_string()).unwrap_or_default(),
                action: self.action.clone(),
                template: self.template.clone(),
                fields,
                heading_groups: heading_groups.join(" "),
                groups,
                problems,
                note: beside.note,
                why: beside.why,
                template_name: beside.template_name,
                notice: beside.notice,
                publishes: self.desk.rights.publishes,
                draft: self.draft,
                own: self.draft.is_none_or(|draft| {
                    draft.person == self.desk.person.id && draft.state != DraftState::Submitted
                }),
            },
        )
    }

    /// What was sent: shown again with what is wrong or asked for, kept as a draft or template, or published.
    async fn save(&self, page: &Page, sent: Sent, before: &Work) -> PageResult {
        let mut fields = Fields::sent(&sent.form);
        fields.take_files(self.desk, before, &sent).await?;
        let form = &sent.form;
        let beside = Beside::sent(form);
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        if !sent.problems.is_empty() {
            return self.show(page, unprocessable, fields, sent.problems, beside);
        }
        match form.get("do") {
            "rows" => {
                fields.more_rows();
                return self.show(page, StatusCode::OK, fields, Vec::new(), beside);
            }
            "headings" => return self.look_up(page, fields, beside).await,
            _ => {}
        }
        let work = match fields.work(before, &beside.note) {
            Ok(work) => work,
            Err(findings) => {
                let problems = problems(page, &findings);
                return self.show(page, unprocessable, fields, problems, beside);
            }
        };
        if let Err(error) = work.to_json() {
            let problem = Problem {
                text: error.to_string(),
                error: true,
            };
            return self.show(page, unprocessable, fields, vec![problem], beside);
        }
        match form.get("do") {
            "draft" => return self.keep(false, work).await,
            "submit" => return self.keep(true, work).await,
            "template" => {
                // The lines were read before, so that they can be read.
                let whole = fields.whole(before).unwrap_or(work);
                return self.keep_template(page, form, fields, &whole, beside).await;
            }
            _ => {}
        }
        self.desk.publishes()?;
        let (problems, errors) = checked(page, &work);
        if form.get("do") == "check" || (errors && form.get("anyway").is_empty()) {
            let status = if errors {
                unprocessable
            } else {
                StatusCode::OK
            };
            return self.show(page, status, fields, problems, beside);
        }
        self.publish(page, work, &beside.why).await
    }

    /// The form with headings to choose from.
    async fn look_up(&self, page: &Page, mut fields: Fields, mut beside: Beside) -> PageResult {
        let count = headings::fill(&self.desk.catalogue, &mut fields).await?;
        beside.notice = match count {
            0 => page.t("headings-none"),
            _ => page.n("headings-offered", count),
        };
        self.show(page, StatusCode::OK, fields, Vec::new(), beside)
    }

    async fn keep_template(
        &self,
        page: &Page,
        form: &Form,
        fields: Fields,
        work: &Work,
        mut beside: Beside,
    ) -> PageResult {
        let name = form.trimmed("template-name");
        if name.is_empty() {
            let problem = Problem {
                text: page.t("template-needs-name"),
                error: true,
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return self.show(page, status, fields, vec![problem], beside);
        }
        let desk = self.desk;
        let shared = desk.rights.publishes && !form.get("template-shared").is_empty();
        let person = (!shared).then_some(desk.person.id.as_str());
        desk.catalogue
            .save_template(&desk.collection.id, person, name, work)
            .await?;
        beside.notice = page.s("template-saved", name);
        beside.template_name.clear();
        self.show(page, StatusCode::OK, fields, Vec::new(), beside)
    }

    async fn keep(&self, submit: bool, work: Work) -> PageResult {
        let desk = self.desk;
        let draft = Draft {
            id: self.draft.map(|draft| draft.id.clone()).unwrap_or_default(),
            collection: desk.collection.id.clone(),
            record: (!self.id.is_empty()).then(|| self.id.clone()),
            base_version: self.base,
            work,
            person: desk.person.id.clone(),
            state: DraftState::Writing,
            comment: String::new(),
            updated_ms: 0,
        };
        let id = desk.catalogue.save_draft(&draft).await?;
        if submit {
            desk.catalogue.submit(&id, &desk.person.id).await?;
            return Ok(Page::see_other("/catalogue"));
        }
        Ok(Page::see_other(&format!("/catalogue-draft/{id}")))
    }

    async fn publish(&self, page: &Page, work: Work, why: &str) -> PageResult {
        let desk = self.desk;
        let id = (!self.id.is_empty()).then_some(self.id.as_str());
        let outcome = desk
            .catalogue
            .publish(
                &desk.collection.id,
                id,
                self.base,
                &work,
                &desk.person.display,
                why,
            )
            .await?;
        match outcome {
            Outcome::Published { id, .. } => {
                desk.catalogue.held(&desk.person.id, &work).await?;
                if let Some(draft) = self.draft {
                    desk.catalogue
                        .discard_draft(&draft.id, &draft.person)
                        .await?;
                }
                let collection = &desk.collection.id;
                Ok(Page::see_other(&format!(
                    "/catalogue/{collection}/history/{id}"
                )))
            }
            Outcome::Conflict { id, current } => {
                merging::conflict(page, desk, &id, (self.base, current), &work, why).await
            }
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    template: String,
    #[serde(rename = "as")]
    form: String,
    /// Of a new record: its title.
    title: String,
}

fn as_marc(word: &str) -> Option<bool> {
    match word {
        "marc" => Some(true),
        "dc" => Some(false),
        _ => None,
    }
}

/// A new record of a template, in a scheme (`marc`, or Dublin Core).
async fn blank(
    page: &Page,
    library: &Library,
    desk: &Desk,
    name: &str,
    scheme: &str,
) -> Result<Work, AppError> {
    let wanted = scheme;
    let scheme = match wanted {
        "marc" => Scheme::Marc21,
        _ => Scheme::DublinCore,
    };
    if let Some(id) = name.strip_prefix(own::PREFIX) {
        let collection = &desk.collection.id;
        let own = desk
            .catalogue
            .own_template(collection, &desk.person.id, id)
            .await?;
        if wanted.is_empty() {
            return Ok(own.work);
        }
        // One in UNIMARC has no other scheme.
        return Ok(own.work.converted(scheme).unwrap_or(own.work));
    }
    let date = lampion_core::clock::date(library.kernel().clock.now_ms());
    let entered: String = date.chars().filter(char::is_ascii_digit).skip(2).collect();
    let kind = Blank::parse(name).unwrap_or(Blank::Book);
    Ok(template(kind, scheme, &entered, Some(page.language)))
}

/// `GET /catalogue/{collection}/new?template=book&as=dc`.
pub(super) async fn begin(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let mut work = blank(&page, &library, &desk, &asked.template, &asked.form).await?;
    let title = asked.title.trim();
    if !title.is_empty() {
        work = super::form::titled(&work, title);
    }
    let editing = new(&desk, &asked.template);
    editing.show(
        &page,
        StatusCode::OK,
        Fields::of(&work, as_marc(&asked.form)),
        Vec::new(),
        Beside::default(),
    )
}

fn new<'a>(desk: &'a Desk, template: &str) -> Editing<'a> {
    Editing {
        id: String::new(),
        base: None,
        action: format!("/catalogue/{}/new", desk.collection.id),
        template: template.to_string(),
        draft: None,
        desk,
    }
}

/// `POST /catalogue/{collection}/new`.
pub(super) async fn save_new(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    State(app): State<App>,
    request: Request,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let sent = Sent::read(&page, &library, &desk, request, &app).await?;
    let template = sent.form.get("template").to_string();
    let before = blank(&page, &library, &desk, &template, sent.form.get("as")).await?;
    new(&desk, &template).save(&page, sent, &before).await
}

/// `GET /catalogue/{collection}/edit/{id}?as=marc`.
pub(super) async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let (row, work) = desk.catalogue.work(&collection, &id, None).await?;
    let fields = Fields::of(&work, as_marc(&asked.form));
    let editing = existing(&desk, &id, row.version);
    let note = work.note.clone();
    editing.show(
        &page,
        StatusCode::OK,
        fields,
        checked(&page, &work).0,
        Beside::note(&note),
    )
}

fn existing<'a>(desk: &'a Desk, id: &str, base: u64) -> Editing<'a> {
    Editing {
        id: id.to_string(),
        base: Some(base),
        action: format!("/catalogue/{}/edit/{id}", desk.collection.id),
        template: String::new(),
        draft: None,
        desk,
    }
}

/// `POST /catalogue/{collection}/edit/{id}`, with the version `base` that the form was made from.
pub(super) async fn save(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    State(app): State<App>,
    request: Request,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let sent = Sent::read(&page, &library, &desk, request, &app).await?;
    let base: u64 = sent
        .form
        .get("base")
        .parse()
        .map_err(|_| AppError::bad_request("`base` must be a version"))?;
    let (_, before) = desk.catalogue.work(&collection, &id, Some(base)).await?;
    existing(&desk, &id, base).save(&page, sent, &before).await
}

async fn draft_of(page: &Page, library: &Library, id: &str) -> Result<(Desk, Draft), AppError> {
    let (catalogue, person, rights) = super::who(page, library).await?;
    let gone = || CatalogueError::NoSuchDraft(id.to_string());
    let draft = catalogue.draft(id).await?.ok_or_else(gone)?;
    // Another person's draft is looked at when it was handed in, by whoever decides.
    let looks = rights.publishes && draft.state == DraftState::Submitted;
    if draft.person != person.id && !looks {
        return Err(AppError::not_found());
    }
    let desk = Desk::open(page, library, &draft.collection).await?;
    Ok((desk, draft))
}

fn drafted<'a>(desk: &'a Desk, draft: &'a Draft) -> Editing<'a> {
    Editing {
        id: draft.record.clone().unwrap_or_default(),
        base: draft.base_version,
        action: format!("/catalogue-draft/{}", draft.id),
        template: String::new(),
        draft: Some(draft),
        desk,
    }
}

/// `GET /catalogue-draft/{id}`.
pub(super) async fn draft(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let (desk, draft) = draft_of(&page, &library, &id).await?;
    let fields = Fields::of(&draft.work, as_marc(&asked.form));
    let problems = checked(&page, &draft.work).0;
    let beside = Beside::note(&draft.work.note);
    drafted(&desk, &draft).show(&page, StatusCode::OK, fields, problems, beside)
}

/// `POST /catalogue-draft/{id}`: as a record's form; `do` = `discard` throws it away.
pub(super) async fn save_draft(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    State(app): State<App>,
    request: Request,
) -> PageResult {
    let (desk, draft) = draft_of(&page, &library, &id).await?;
    if draft.person != desk.person.id {
        return Err(AppError::forbidden());
    }
    let sent = Sent::read(&page, &library, &desk, request, &app).await?;
    if sent.form.get("do") == "discard" {
        desk.catalogue.discard_draft(&id, &desk.person.id).await?;
        return Ok(Page::see_other("/catalogue"));
    }
    drafted(&desk, &draft).save(&page, sent, &draft.work).await
}

/// `POST /catalogue-draft/{id}/decide`: `do` = `approve`, or `return` with `comment`.
pub(super) async fn decide(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    form: Form,
) -> PageResult {
    let (desk, draft) = draft_of(&page, &library, &id).await?;
    desk.publishes()?;
    match form.get("do") {
        "return" => {
            desk.catalogue
                .return_with_comment(&id, form.get("comment"))
                .await?;
            Ok(Page::see_other("/catalogue"))
        }
        "approve" => {
            let author = library.kernel().people.by_id(&draft.person).await?;
            let by = author.map_or_else(|| desk.person.display.clone(), |author| author.display);
            match desk.catalogue.approve(&id, &by, form.get("why")).await? {
                Outcome::Published { id, .. } => Ok(Page::see_other(&format!(
                    "/catalogue/{}/history/{id}",
                    draft.collection
                ))),
                Outcome::Conflict { id, current } => {
                    let versions = (draft.base_version, current);
                    merging::conflict(&page, &desk, &id, versions, &draft.work, "").await
                }
            }
        }
        _ => Err(AppError::bad_request("choose what to do")),
    }
}
