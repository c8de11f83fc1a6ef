//! Pages of the kernel itself: signing in, accounts, people, trust, preferences, health.

mod account;
mod node;
mod people;
mod preferences;
mod sign_in;
mod status;
mod trust;

use axum::Router;
use axum::routing::{get, post};
use lampion_people::{PeopleError, Role};

use crate::feature::{App, NavItem};
use crate::page::Page;

/// The kernel's messages in all languages.
pub(crate) const MESSAGES: &[(&str, &str)] = &[
    ("en", include_str!("../i18n/en.ftl")),
    ("ko", include_str!("../i18n/ko.ftl")),
    ("ar", include_str!("../i18n/ar.ftl")),
    ("zh", include_str!("../i18n/zh.ftl")),
    ("ru", include_str!("../i18n/ru.ftl")),
    ("es", include_str!("../i18n/es.ftl")),
    ("fr", include_str!("../i18n/fr.ftl")),
];

pub(crate) fn navigation() -> Vec<NavItem> {
    vec![NavItem {
        key: "nav-people",
        href: "/people",
        role: Some(Role::Operator),
        group: None,
    }]
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route(
            "/start/{secret}",
            get(sign_in::link_form).post(sign_in::use_link),
        )
        .route("/account", get(account::show))
        .route("/account/password", post(account::password))
        .route("/account/app-passwords", post(account::new_app_password))
        .route(
            "/account/app-passwords/revoke",
            post(account::revoke_app_password),
        )
        .route("/people", get(people::list).post(people::add))
        .route("/people/groups", post(people::add_group))
        .route("/people/groups/remove", post(people::remove_group))
        .route("/people/{id}", post(people::change))
        .route("/preferences", post(preferences::set))
        .route("/node", get(node::show))
        .route("/trust", get(trust::show))
        .route("/trust/lampion-ca.crt", get(trust::certificate))
        .route("/health", get(status::health))
        .route("/metrics", get(status::metrics))
        .route("/robots.txt", get(status::robots))
}

/// What a person should know about a refusal, in their language.
fn explain(page: &Page, error: &PeopleError) -> String {
    match error {
        PeopleError::WrongNameOrPassword => page.t("wrong-name-or-password"),
        PeopleError::TooManyTries { wait_seconds } => page.n(
            "too-many-tries",
            i64::try_from(*wait_seconds).unwrap_or(i64::MAX),
        ),
        PeopleError::LinkExpired => page.t("link-expired"),
        other => other.to_string(),
    }
}

/// The message key of a role.
fn role_key(role: Role) -> &'static str {
    match role {
        Role::Member => "role-member",
        Role::Librarian => "role-librarian",
        Role::Editor => "role-editor",
        Role::Teacher => "role-teacher",
        Role::Seller => "role-seller",
        Role::Operator => "role-operator",
    }
}
