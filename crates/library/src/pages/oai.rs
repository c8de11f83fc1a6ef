//! OAI-PMH 2.0: the node's catalogues, to be harvested. Sets are the catalogues that everybody may see.

use axum::Extension;
use axum::extract::RawQuery;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use lampion_formats::exchange::Granularity;
use lampion_formats::exchange::oai::{
    self, CONTENT_TYPE, ErrorCode, Header, ListAnswer, MetadataFormat, OaiError, Position, Record,
    Repository, Request, Selection, Set, SetsAnswer, Verb,
};
use lampion_web::{AppError, Form, Page, PageResult};

use crate::catalogue::{Catalogue, Changed, KIND, RecordRow, RecordState};
use crate::library::Library;
use crate::model::{Collection, Visibility};

/// Records of one answer.
const PAGE: usize = 100;

/// What an answer is made of.
struct Provider {
    catalogue: Catalogue,
    collections: Vec<Collection>,
    repository: Repository,
    now_ms: i64,
}

/// `GET /oai`.
pub(super) async fn get(
    page: Page,
    Extension(library): Extension<Library>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    answer(&page, &library, raw.as_deref().unwrap_or_default()).await
}

/// `POST /oai` with the same arguments in its body.
pub(super) async fn post(
    page: Page,
    Extension(library): Extension<Library>,
    body: String,
) -> PageResult {
    answer(&page, &library, &body).await
}

async fn answer(page: &Page, library: &Library, raw: &str) -> PageResult {
    let kernel = library.kernel();
    let catalogue = Catalogue::of(kernel).map_err(AppError::fault)?;
    let mut collections = library.catalogues();
    collections.retain(|one| one.visibility == Visibility::All);
    collections.sort_by(|a, b| a.id.cmp(&b.id));
    let ids: Vec<String> = collections.iter().map(|one| one.id.clone()).collect();
    let domain = format!("{}.{}", kernel.config.name, kernel.config.net);
    let earliest_ms = catalogue.earliest_ms(&ids).await?;
    let sample = catalogue
        .changed(&ids, (0, i64::MAX), None, 1)
        .await?
        .first()
        .map_or_else(|| "catalogue/1".to_string(), local);
    // A harvester asks later for what changed since this time: it must not be past anything that is still to come.
    let told = catalogue.feeds().told_seconds(KIND).await;
    let now_ms = i64::try_from(told.map_err(AppError::fault)?)
        .unwrap_or(i64::MAX / 1000)
        .saturating_mul(1000);
    let provider = Provider {
        repository: Repository {
            name: page.site.clone(),
            base_url: format!("{}/oai", page.origin),
            admin_emails: vec![format!("operator@{domain}")],
            earliest_ms: earliest_ms.unwrap_or(now_ms),
            granularity: Granularity::Seconds,
            domain,
            sample,
            formats: vec![MetadataFormat::oai_dc(), MetadataFormat::marcxml()],
            has_sets: true,
        },
        catalogue,
        collections,
        now_ms,
    };
    let pairs = Form::parse(raw.as_bytes());
    let text = match Request::parse(pairs.pairs(), &provider.repository) {
        Err(refusal) => oai::error(&provider.repository, &refusal.echo, &refusal.error, now_ms),
        Ok(request) => provider.answer(&request).await?,
    };
    Ok(xml(text))
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

fn local(row: &RecordRow) -> String {
    format!("{}/{}", row.collection, row.id)
}

impl Provider {
    async fn answer(&self, request: &Request) -> Result<String, AppError> {
        let (repository, now_ms) = (&self.repository, self.now_ms);
        let refuse = |error: &OaiError| oai::error(repository, &request.echo, error, now_ms);
        match &request.verb {
            Verb::Identify => Ok(oai::identify(repository, request, now_ms)),
            Verb::ListMetadataFormats { identifier } => {
                if let Some(identifier) = identifier
                    && self.find(identifier).await?.is_none()
                {
                    return Ok(refuse(&OaiError::unknown_id(identifier)));
                }
                Ok(oai::formats(
                    repository,
                    request,
                    &repository.formats,
                    now_ms,
                ))
            }
            Verb::ListSets { .. } => {
                let mut answer = SetsAnswer::new(repository, request, now_ms);
                for one in &self.collections {
                    answer.push(&Set {
                        spec: one.id.clone(),
                        name: one.title.clone(),
                        description: (!one.description.is_empty()).then(|| one.description.clone()),
                    });
                }
                Ok(answer.finish(None))
            }
            Verb::GetRecord { identifier, prefix } => match self.find(identifier).await? {
                None => Ok(refuse(&OaiError::unknown_id(identifier))),
                Some(row) => {
                    let record = self.record(&row, prefix, true).await?;
                    Ok(oai::get_record(repository, request, &record, now_ms))
                }
            },
            Verb::ListIdentifiers(selection) => self.list(request, selection, false).await,
            Verb::ListRecords(selection) => self.list(request, selection, true).await,
        }
    }

    async fn find(&self, identifier: &str) -> Result<Option<RecordRow>, AppError> {
        let Some(local) = self.repository.local(identifier) else {
            return Ok(None);
        };
        let Some((collection, id)) = local.split_once('/') else {
            return Ok(None);
        };
        if !self.collections.iter().any(|one| one.id == collection) {
            return Ok(None);
        }
        Ok(self.catalogue.row(collection, id).await?)
    }

    async fn list(
        &self,
        request: &Request,
        selection: &Selection,
        whole: bool,
    ) -> Result<String, AppError> {
        let collections: Vec<String> = self
            .collections
            .iter()
            .map(|one| one.id.clone())
            .filter(|id| selection.set.as_ref().is_none_or(|set| set == id))
            .collect();
        let after = match &selection.after {
            None => None,
            Some(position) => {
                let Some((collection, id)) = position.key.split_once('/') else {
                    let error = OaiError::new(
                        ErrorCode::BadResumptionToken,
                        "the token is none of this repository",
                    );
                    let text = oai::error(&self.repository, &request.echo, &error, self.now_ms);
                    return Ok(text);
                };
                Some(Changed {
                    published_ms: position.datestamp_ms,
                    collection: collection.to_string(),
                    id: id.to_string(),
                })
            }
        };
        let range = (
            selection.from_ms.unwrap_or(0),
            selection.until_ms.unwrap_or(i64::MAX),
        );
        let limit = i64::try_from(PAGE + 1).unwrap_or(101);
        let rows = self
            .catalogue
            .changed(&collections, range, after.as_ref(), limit)
            .await?;
        let Some(mut answer) = ListAnswer::new(&self.repository, request, None, self.now_ms) else {
            return Err(AppError::fault("a list was asked for by no list's verb"));
        };
        let mut last = None;
        for row in rows.iter().take(PAGE) {
            answer.push(&self.record(row, &selection.prefix, whole).await?);
            last = Some(Position {
                datestamp_ms: row.published_ms,
                key: local(row),
            });
        }
        Ok(answer.finish(last.filter(|_| rows.len() > PAGE)))
    }

    /// A record; withdrawn ones, and those that can't be given, are deleted.
    async fn record(&self, row: &RecordRow, prefix: &str, whole: bool) -> Result<Record, AppError> {
        let live = row.state == RecordState::Live;
        let work = if live && whole {
            let found = self
                .catalogue
                .get(&row.collection, &row.id, Some(row.version))
                .await?;
            found.and_then(|(_, work)| work)
        } else {
            None
        };
        let deleted = !live || (whole && work.is_none());
        let format = self.repository.format(prefix);
        let metadata = match (work, format) {
            (Some(work), Some(format)) => {
                let xml = if prefix == "marcxml" {
                    work.to_marcxml()
                } else {
                    work.to_oai_dc()
                };
                oai::with_schema(format, &xml)
            }
            _ => String::new(),
        };
        Ok(Record {
            header: Header {
                identifier: self.repository.identifier(&local(row)),
                datestamp_ms: row.published_ms,
                sets: vec![row.collection.clone()],
                deleted,
            },
            metadata,
            about: Vec::new(),
        })
    }
}
