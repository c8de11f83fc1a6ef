//! The frame of every page, and the one extractor that builds it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use fluent_bundle::FluentValue;
use lampion_people::{Person, Role};

use crate::error::AppError;
use crate::feature::{App, NavItem};
use crate::i18n::{I18n, LANGUAGES, Language, known};
use crate::security::{self, SESSION_COOKIE};

/// Who asks for a page, in which language, and what the frame around it shows.
#[derive(Clone)]
pub struct Page {
    /// The language's tag.
    pub language: &'static str,
    /// `light`, `dark`, or empty for what the device prefers.
    pub theme: &'static str,
    /// Who is signed in.
    pub person: Option<Person>,
    /// Token for forms; empty when nobody is signed in.
    pub csrf: String,
    /// The session's secret, if any.
    pub session: Option<String>,
    /// Path and query that were asked for.
    pub path: String,
    /// Scheme and host as the reader's browser sees them: `http://hill:8080`.
    pub origin: String,
    /// Scheme and host of imported content.
    pub content_origin: String,
    /// The reader's address; used for limits only and never kept.
    pub client: IpAddr,
    /// Whether the request came over HTTPS.
    pub secure: bool,
    /// The site's title.
    pub site: String,
    /// What to search for, in the frame's search field.
    pub query: String,
    navigation: Arc<Vec<NavItem>>,
    /// Numbers beside entries of the navigation, by where those lead.
    badges: Vec<(&'static str, i64)>,
    /// Names of the person's groups, if an entry of the navigation asks for them.
    groups: Vec<String>,
    i18n: Arc<I18n>,
}

/// A count of any width, also behind a reference, as templates hand it over.
pub trait Number {
    /// The count; what doesn't fit is the largest that does.
    fn number(&self) -> i64;
}

macro_rules! numbers {
    ($($kind:ty),+) => { $( impl Number for $kind {
        fn number(&self) -> i64 { i64::try_from(*self).unwrap_or(i64::MAX) }
    } )+ };
}

numbers!(i32, i64, u32, u64, usize);

impl<T: Number> Number for &T {
    fn number(&self) -> i64 {
        (*self).number()
    }
}

/// One entry of the navigation as shown.
pub struct NavShown<'a> {
    /// Text.
    pub text: String,
    /// Address.
    pub href: &'a str,
    /// It is where the reader is.
    pub here: bool,
    /// The number beside it, if it has one; empty for 0, so that a script can fill it.
    pub badge: Option<String>,
}

impl Page {
    /// A message in the page's language.
    pub fn t(&self, key: &str) -> String {
        self.i18n.get(self.language, key)
    }

    /// A message with one number.
    pub fn n(&self, key: &str, number: impl Number) -> String {
        let number = number.number();
        self.i18n.format(
            self.language,
            key,
            &[
                ("n", FluentValue::from(number)),
                ("shown", FluentValue::from(filters::grouped(number))),
            ],
        )
    }

    /// A message with one text.
    pub fn s(&self, key: &str, text: &str) -> String {
        let text = self.isolated(text);
        self.i18n
            .format(self.language, key, &[("s", FluentValue::from(text))])
    }

    /// A message with several texts.
    pub fn f(&self, key: &str, variables: &[(&str, String)]) -> String {
        let variables: Vec<(&str, FluentValue<'_>)> = variables
            .iter()
            .map(|(name, value)| (*name, FluentValue::from(value.as_str())))
            .collect();
        self.i18n.format(self.language, key, &variables)
    }

    /// `ltr` or `rtl`.
    pub fn direction(&self) -> &'static str {
        if LANGUAGES
            .iter()
            .any(|language| language.tag == self.language && language.rtl)
        {
            "rtl"
        } else {
            "ltr"
        }
    }

    /// All languages of the pages.
    pub fn languages(&self) -> &'static [Language] {
        &LANGUAGES
    }

    /// The navigation that this person sees.
    pub fn navigation(&self) -> Vec<NavShown<'_>> {
        self.navigation
            .iter()
            .filter(|item| item.role.is_none_or(|role| self.has(role)) || self.is_member(item))
            .map(|item| NavShown {
                text: self.t(item.key),
                href: item.href,
                here: if item.href == "/" {
                    self.path == "/"
                } else {
                    self.path.starts_with(item.href)
                },
                badge: self
                    .badges
                    .iter()
                    .find(|(href, _)| *href == item.href)
                    .map(|(_, count)| shown_badge(*count)),
            })
            .collect()
    }

    /// Says that the number beside an entry of the navigation changed since the page was asked for.
    pub fn set_badge(&mut self, href: &str, count: i64) {
        if let Some(badge) = self.badges.iter_mut().find(|(known, _)| *known == href) {
            badge.1 = count;
        }
    }

    /// Whether an entry of the navigation is for a group of the person's.
    fn is_member(&self, item: &NavItem) -> bool {
        let named = |group: &str| {
            self.groups
                .iter()
                .any(|own| own.eq_ignore_ascii_case(group))
        };
        item.group.is_some_and(named)
    }

    /// Whether the person who asks has a role.
    pub fn has(&self, role: Role) -> bool {
        self.person.as_ref().is_some_and(|person| person.has(role))
    }

    /// A size as people read it.
    pub fn bytes(&self, size: impl Number) -> String {
        self.isolated(&filters::bytes(u64::try_from(size.number()).unwrap_or(0)))
    }

    /// A text that keeps its own direction among words that run from right to left (UAX #9 §2.4): without that, the
    /// unit of a size would stand before its number.
    fn isolated(&self, text: &str) -> String {
        match self.direction() {
            "rtl" => format!("\u{2068}{text}\u{2069}"),
            _ => text.into(),
        }
    }

    /// A number as people read it.
    pub fn grouped(&self, number: impl Number) -> String {
        filters::grouped(number.number())
    }

    /// A day as people read it, of milliseconds since 1970.
    pub fn day(&self, ms: &i64) -> String {
        lampion_core::clock::date(*ms)
    }

    /// A language's name in itself.
    pub fn language_name<'a>(&self, tag: &'a str) -> &'a str {
        crate::i18n::language_name(tag)
    }

    /// A text as part of an address.
    pub fn url(&self, text: &str) -> String {
        filters::url(text)
    }

    /// A path as part of an address; its slashes stay.
    pub fn url_path(&self, text: &str) -> String {
        filters::url_path(text)
    }

    /// The address of an asset of the frame.
    pub fn asset(&self, name: &str) -> String {
        crate::assets::asset_url(name)
    }

    /// The person, who must be signed in.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub fn person(&self) -> Result<&Person, AppError> {
        self.person.as_ref().ok_or_else(AppError::sign_in_first)
    }

    /// The person, who must have a role.
    ///
    /// # Errors
    /// Nobody is signed in, or without the role.
    pub fn require(&self, role: Role) -> Result<&Person, AppError> {
        let person = self.person()?;
        if person.has(role) {
            Ok(person)
        } else {
            Err(AppError::forbidden())
        }
    }

    /// The page's response.
    ///
    /// # Errors
    /// The template failed.
    pub fn html(&self, template: &impl Template) -> Result<Response, AppError> {
        self.html_with(StatusCode::OK, template)
    }

    /// The page's response with another status (422 for a form with errors).
    ///
    /// # Errors
    /// The template failed.
    pub fn html_with(
        &self,
        status: StatusCode,
        template: &impl Template,
    ) -> Result<Response, AppError> {
        let mut response = (status, Html(template.render()?)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_LANGUAGE,
            header::HeaderValue::from_static(self.language),
        );
        headers.insert(
            header::VARY,
            header::HeaderValue::from_static("accept-encoding, accept-language, cookie"),
        );
        // Pages may be kept, but each time the node is asked whether they still hold (by ETag).
        headers.insert(
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("private, no-cache"),
        );
        security::frame_sources(headers, &self.content_origin);
        Ok(response)
    }

    /// Sends the reader on after a form (303). Only to this site: anything else leads home.
    pub fn see_other(path: &str) -> Response {
        let local = path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.chars().any(char::is_control);
        Redirect::to(if local { path } else { "/" }).into_response()
    }

    /// The page that shows an error.
    pub(crate) fn error(&self, status: StatusCode, key: &str, detail: &str) -> Response {
        let template = ErrorPage {
            page: self,
            status: status.as_u16(),
            text: self.t(key),
            detail,
        };
        self.html_with(status, &template)
            .unwrap_or_else(IntoResponse::into_response)
    }

    pub(crate) async fn of(app: &App, parts: &Parts) -> Result<Self, AppError> {
        let headers = &parts.headers;
        let session = security::cookie(headers, SESSION_COOKIE).map(ToString::to_string);
        let mut signed_in = None;
        if let Some(token) = &session {
            signed_in = app.kernel.people.session(token).await?;
        }
        let (person, csrf) = match signed_in {
            Some(session) => (Some(session.person), session.csrf),
            None => (None, String::new()),
        };
        let mut badges = Vec::new();
        if let Some(person) = person.as_ref().filter(|_| parts.method == Method::GET) {
            for badge in app.badges.iter() {
                match badge.count(person).await {
                    Ok(count) => badges.push((badge.href(), count)),
                    Err(error) => tracing::debug!(%error, "a number of the navigation is left out"),
                }
            }
        }
        let groups = groups(app, person.as_ref()).await?;
        let secure = parts.extensions.get::<Secure>().is_some();
        let (origin, content_origin) = security::origins(&app.kernel.config, headers, secure);
        Ok(Self {
            language: language(app, headers, person.as_ref()),
            theme: match security::cookie(headers, "theme") {
                Some("dark") => "dark",
                Some("light") => "light",
                _ => "",
            },
            session: session.filter(|_| person.is_some()),
            person,
            csrf,
            path: parts
                .uri
                .path_and_query()
                .map_or_else(|| "/".into(), ToString::to_string),
            origin,
            content_origin,
            client: parts
                .extensions
                .get::<ConnectInfo<SocketAddr>>()
                .map_or(IpAddr::from([127, 0, 0, 1]), |info| {
                    info.0.ip().to_canonical()
                }),
            secure,
            site: app.kernel.config.title.clone(),
            query: String::new(),
            navigation: Arc::clone(&app.navigation),
            badges,
            groups,
            i18n: Arc::clone(&app.i18n),
        })
    }

    /// A page for tests of templates: nobody signed in, or a person with every role.
    pub fn sample(
        i18n: Arc<I18n>,
        navigation: Arc<Vec<NavItem>>,
        language: &'static str,
        person: Option<Person>,
    ) -> Self {
        Self {
            language,
            theme: "",
            csrf: if person.is_some() {
                "csrf-token".into()
            } else {
                String::new()
            },
            person,
            session: None,
            path: "/".into(),
            origin: "http://localhost:8080".into(),
            content_origin: "http://localhost:8081".into(),
            client: IpAddr::from([127, 0, 0, 1]),
            secure: false,
            site: "Lampion".into(),
            query: String::new(),
            navigation,
            badges: Vec::new(),
            groups: Vec::new(),
            i18n,
        }
    }
}

/// The number of a badge as it is shown; empty for none.
#[must_use]
pub fn shown_badge(count: i64) -> String {
    match count {
        ..=0 => String::new(),
        1..=999 => count.to_string(),
        _ => "999+".into(),
    }
}

/// Marks a request that came over HTTPS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secure;

/// Names of the groups of somebody who sees more of the navigation by them than by roles.
async fn groups(app: &App, person: Option<&Person>) -> Result<Vec<String>, AppError> {
    let Some(person) = person.filter(|person| !person.groups.is_empty()) else {
        return Ok(Vec::new());
    };
    let more =
        |item: &NavItem| item.group.is_some() && item.role.is_some_and(|role| !person.has(role));
    if !app.navigation.iter().any(more) {
        return Ok(Vec::new());
    }
    Ok(app.kernel.people.group_names(&person.id).await?)
}

fn language(app: &App, headers: &HeaderMap, person: Option<&Person>) -> &'static str {
    let accepted = || {
        headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .and_then(I18n::negotiate)
    };
    security::cookie(headers, "lang")
        .and_then(known)
        .or_else(|| person.and_then(|person| known(&person.language)))
        .or_else(accepted)
        .or_else(|| known(&app.kernel.config.language))
        .unwrap_or("en")
}

impl FromRequestParts<App> for Page {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        Self::of(app, parts).await
    }
}

/// What the content origin knows of a request: never who asks.
#[derive(Clone)]
pub struct ContentSite {
    /// Scheme and host of the pages.
    pub origin: String,
    /// Scheme and host of the content itself.
    pub own: String,
    /// The reader's language, by their browser.
    pub language: &'static str,
    i18n: Arc<I18n>,
}

impl ContentSite {
    /// A message in the reader's language.
    pub fn t(&self, key: &str) -> String {
        self.i18n.get(self.language, key)
    }
}

impl FromRequestParts<App> for ContentSite {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let secure = parts.extensions.get::<Secure>().is_some();
        let (origin, own) = security::content_origins(&app.kernel.config, &parts.headers, secure);
        let accepted = parts
            .headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .and_then(I18n::negotiate);
        let language = accepted
            .or_else(|| known(&app.kernel.config.language))
            .unwrap_or("en");
        Ok(Self {
            origin,
            own,
            language,
            i18n: Arc::clone(&app.i18n),
        })
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: &'a Page,
    status: u16,
    text: String,
    detail: &'a str,
}

/// Small helps for templates.
pub mod filters {
    /// `1 234 567` with thin spaces that don't break.
    pub fn grouped(number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut out = String::from(if number < 0 { "-" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push('\u{202f}');
            }
            out.push(digit);
        }
        out
    }

    /// `1.5 MB` (powers of 1000, as disks are sold).
    pub fn bytes(size: u64) -> String {
        let mut value = size as f64;
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 999.5 {
                return if unit == "B" || value >= 99.5 {
                    format!("{value:.0} {unit}")
                } else {
                    format!("{value:.1} {unit}")
                };
            }
            value /= 1000.0;
        }
        format!("{value:.1} TB")
    }

    /// A piece of an address's path or query.
    pub fn url(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }

    /// A path whose slashes stay.
    pub fn url_path(text: &str) -> String {
        text.split('/').map(url).collect::<Vec<_>>().join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_read_well() {
        assert_eq!(filters::grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(filters::grouped(-42), "-42");
        assert_eq!(filters::bytes(1_500_000), "1.5 MB");
        assert_eq!(filters::bytes(999), "999 B");
        assert_eq!(filters::url_path("A/b c/한"), "A/b%20c/%ED%95%9C");
    }

    #[test]
    fn a_form_never_leads_to_another_site() {
        for path in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "/a\nb",
        ] {
            assert_eq!(Page::see_other(path).headers()["location"], "/");
        }
        assert_eq!(
            Page::see_other("/desk?x=1").headers()["location"],
            "/desk?x=1"
        );
    }
}
