//! Language and colours: in cookies, so that nobody needs an account for them.

use axum::extract::State;
use axum::http::header;

use crate::error::PageResult;
use crate::feature::App;
use crate::form::Form;
use crate::i18n::known;
use crate::page::Page;
use crate::security::set_cookie;

/// Days that a preference lasts.
const DAYS: u32 = 400;

/// `POST /preferences`: `lang`, `theme`, `back`.
pub(super) async fn set(page: Page, State(app): State<App>, form: Form) -> PageResult {
    let mut response = Page::see_other(form.get("back"));
    if let Some(language) = known(form.get("lang")) {
        response.headers_mut().append(
            header::SET_COOKIE,
            set_cookie("lang", language, DAYS, true, page.secure),
        );
        if let Some(person) = &page.person {
            app.kernel.people.set_language(&person.id, language).await?;
        }
    }
    let theme = match form.get("theme") {
        "light" => "light",
        "dark" => "dark",
        _ => "",
    };
    response.headers_mut().append(
        header::SET_COOKIE,
        set_cookie("theme", theme, DAYS, true, page.secure),
    );
    Ok(response)
}
