//! Forms of signed-in people carry their session's token; [`Form`] reads one and checks it.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;

use crate::error::AppError;
use crate::feature::App;
use crate::page::Page;

/// The largest form that isn't an upload, in bytes.
const FORM_LIMIT: usize = 256 * 1024;

/// A form's fields in order. Reading it checks the token of a signed-in sender.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The first value of a field; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }

    /// A field's value without white space around it.
    pub fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// All values of a field (check boxes).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// All fields in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Parses `application/x-www-form-urlencoded`.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }
}

/// Checks a form's token against the sender's session.
///
/// # Errors
/// A signed-in person's form without the right token.
pub fn check_csrf(page: &Page, token: &str) -> Result<(), AppError> {
    let same = page.csrf.len() == token.len()
        && page
            .csrf
            .bytes()
            .zip(token.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0;
    if page.person.is_some() && !same {
        return Err(AppError::new(
            StatusCode::FORBIDDEN,
            "error-form-expired",
            "",
        ));
    }
    Ok(())
}

impl FromRequest<App> for Form {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &App) -> Result<Self, AppError> {
        let (parts, body) = request.into_parts();
        let page = Page::of(app, &parts).await?;
        let bytes: Bytes = axum::body::to_bytes(body, FORM_LIMIT)
            .await
            .map_err(|error| AppError::bad_request(error.to_string()))?;
        let form = Self::parse(&bytes);
        check_csrf(&page, form.get("csrf"))?;
        Ok(form)
    }
}
