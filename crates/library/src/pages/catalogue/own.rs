//! Templates of one's own: removed on a page of their own; kept and chosen in the form.

use axum::Extension;
use axum::extract::Path;
use lampion_web::{Form, Page, PageResult};

use super::Desk;
use crate::library::Library;

/// What stands before the id of an own template where the word of a built-in one could stand.
pub(super) const PREFIX: &str = "own:";

/// `POST /catalogue/{collection}/templates`: `remove` (an id).
pub(super) async fn remove(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.catalogue
        .remove_template(
            &collection,
            &desk.person.id,
            desk.rights.publishes,
            form.get("remove"),
        )
        .await?;
    Ok(Page::see_other(&format!("/catalogue/{collection}")))
}
