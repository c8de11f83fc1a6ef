//! Other nodes: the desk's page of those that are followed, and the page of those that are known.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use lampion_people::Role;
use lampion_web::{AppError, Form, Page, PageResult, directory};

use super::import::{allowed, offered};
use super::jobs::JobShown;
use super::when::When;
use crate::following::{self, Files, Follow, NewFollow};
use crate::library::{Library, LibraryError};
use crate::model::Visibility;

/// What is followed, as the page shows it.
struct Shown {
    one: Follow,
    entries: i64,
    reached: Option<When>,
    every: Vec<(i64, String, bool)>,
    job: Option<JobShown>,
    /// Ids and titles of its collections.
    collections: Vec<(String, String)>,
}

/// What lies at an address, for a person to compare.
struct Seen {
    node: String,
    address: String,
    key: String,
    entries: i64,
    known: bool,
}

#[derive(Template)]
#[template(path = "following.html")]
struct FollowingPage<'a> {
    page: &'a Page,
    all: Vec<Shown>,
    error: String,
    address: String,
    seen: Option<Seen>,
    /// Folders that are offered: path and name.
    folders: Vec<(String, String)>,
    default_mb: u64,
}

fn every(page: &Page, set: i64) -> Vec<(i64, String, bool)> {
    let known = [
        (0, page.t("harvest-never")),
        (1, page.n("harvest-hours", 1)),
        (24, page.t("harvest-daily")),
        (168, page.t("harvest-weekly")),
    ];
    let mut all: Vec<_> = known
        .into_iter()
        .map(|(hours, text)| (hours, text, hours == set))
        .collect();
    if !all.iter().any(|one| one.2) {
        all.push((set, page.n("harvest-hours", set), true));
    }
    all
}

async fn page_of(
    page: &Page,
    library: &Library,
    (status, error): (StatusCode, String),
    address: &str,
    seen: Option<Seen>,
) -> PageResult {
    library.refresh().await?;
    let kernel = library.kernel();
    let feeds = kernel.feeds().map_err(AppError::fault)?;
    let now_ms = kernel.clock.now_ms();
    let mut all = Vec::new();
    for one in library.store().follows().await? {
        let origin = format!("{}/feed/{}", one.node, crate::catalogue::KIND);
        let feed = feeds.find(&origin).await.map_err(AppError::fault)?;
        let jobs = kernel.jobs.list(&one.node, 5).await?;
        all.push(Shown {
            entries: feed.map_or(0, |feed| i64::try_from(feed.size).unwrap_or(0)),
            reached: (one.reached_ms > 0).then(|| When::of(page, now_ms, one.reached_ms)),
            every: every(page, one.every_h),
            job: jobs
                .iter()
                .find(|job| !job.state.is_over())
                .map(|job| JobShown::new(page, job, now_ms)),
            collections: library
                .followed()
                .into_iter()
                .filter(|collection| collection.source.feed == origin)
                .map(|collection| (collection.id, collection.title))
                .collect(),
            one,
        });
    }
    let folders = offered(page, library)
        .into_iter()
        .filter(|(_, _, size)| size.is_empty())
        .map(|(path, name, _)| (path, name))
        .collect();
    page.html_with(
        status,
        &FollowingPage {
            page,
            all,
            error,
            address: address.to_string(),
            seen,
            folders,
            default_mb: following::files::DEFAULT_MB,
        },
    )
}

/// `GET /desk/following`.
pub(super) async fn show(page: Page, Extension(library): Extension<Library>) -> PageResult {
    page.require(Role::Librarian)?;
    page_of(&page, &library, (StatusCode::OK, String::new()), "", None).await
}

/// `POST /desk/following`: `do` = `look` (`address`), `follow` (with `key`, `every`, `files`, `mb`, `visibility`), `now`,
/// `every`, `unfollow` (with `sure`; `node`).
pub(super) async fn act(
    page: Page,
    Extension(library): Extension<Library>,
    form: Form,
) -> PageResult {
    page.require(Role::Librarian)?;
    let address = match form.trimmed("address") {
        "" => form.get("folder"),
        address => address,
    };
    let web = address.starts_with("http://") || address.starts_with("https://");
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let done = match form.get("do") {
        "look" | "follow" if !web && !allowed(&library, std::path::Path::new(address)) => {
            let error = page.t("follow-bad-address");
            return page_of(&page, &library, (refused, error), address, None).await;
        }
        "look" => match library.look(address).await {
            Ok(found) => {
                let known = library.known_key(&found.node).await?;
                let key = known.as_ref().or(found.key.as_ref());
                let seen = Seen {
                    address: found.place.address().to_string(),
                    key: key.map_or_else(String::new, ToString::to_string),
                    entries: i64::try_from(found.entries).unwrap_or(0),
                    known: known.is_some(),
                    node: found.node,
                };
                let fine = (StatusCode::OK, String::new());
                return page_of(&page, &library, fine, address, Some(seen)).await;
            }
            Err(error) => Err(error),
        },
        "follow" => follow(&library, address, &form).await,
        "now" => library
            .follow_now(form.get("address"), false)
            .await
            .map(drop),
        "again" => library
            .follow_now(form.get("address"), true)
            .await
            .map(drop),
        "every" => {
            let hours = form.trimmed("every").parse().unwrap_or(0);
            let set = library.store().set_follow_every(form.get("address"), hours);
            set.await.map_err(LibraryError::from)
        }
        "unfollow" if !form.get("sure").is_empty() => {
            library.unfollow(form.get("address")).await.map(drop)
        }
        _ => return Err(AppError::bad_request("choose what to do")),
    };
    match done {
        Ok(()) => Ok(Page::see_other("/desk/following")),
        Err(LibraryError::BadSource { reason, .. }) => {
            page_of(&page, &library, (refused, reason), address, None).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn follow(library: &Library, address: &str, form: &Form) -> Result<(), LibraryError> {
    let told = form.trimmed("key");
    let key = match told {
        "" => None,
        told => Some(told.parse().map_err(|error| LibraryError::BadSource {
            path: address.into(),
            reason: format!("the key can't be read: {error}"),
        })?),
    };
    let new = NewFollow {
        address: address.to_string(),
        key,
        every_h: form.trimmed("every").parse().unwrap_or(0),
        files: Files::from_words(form.get("files"), form.trimmed("mb").parse().unwrap_or(0)),
        visibility: match form.get("visibility") {
            "all" => Visibility::All,
            _ => Visibility::SignedIn,
        },
    };
    library.follow(new).await.map(drop)
}

/// A node that is known.
struct NodeShown {
    name: String,
    title: String,
    address: String,
    key: String,
    reached: Option<When>,
    collections: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "nodes.html")]
struct NodesPage<'a> {
    page: &'a Page,
    nodes: Vec<NodeShown>,
}

/// `GET /nodes`: the nodes whose feeds are here, what they say of themselves, and when they were last heard of.
pub(super) async fn nodes(page: Page, Extension(library): Extension<Library>) -> PageResult {
    let kernel = library.kernel();
    let said = directory::list(&kernel.db).await.map_err(AppError::fault)?;
    let now_ms = kernel.clock.now_ms();
    let seen = library.visible(page.person.as_ref());
    let nodes = library
        .store()
        .known_nodes()
        .await?
        .into_iter()
        .map(|known| {
            let feed = format!("{}/feed/{}", known.node, directory::KIND);
            let record = said.iter().find(|one| one.0 == feed).map(|one| &one.1);
            let web =
                |address: &&str| address.starts_with("http://") || address.starts_with("https://");
            let address = record.map(|record| record.address.as_str()).filter(web);
            NodeShown {
                title: record.map_or_else(String::new, |record| record.title.clone()),
                address: address.unwrap_or_default().to_string(),
                reached: (known.reached_ms > 0).then(|| When::of(&page, now_ms, known.reached_ms)),
                collections: seen
                    .iter()
                    .filter(|one| one.node() == known.node)
                    .map(|one| (one.id.clone(), one.title.clone()))
                    .collect(),
                key: known.vkey,
                name: known.node,
            }
        })
        .collect();
    page.html(&NodesPage { page: &page, nodes })
}
