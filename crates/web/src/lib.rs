//! Pages, forms, sessions, languages, assets, and the server that carries them.
//!
//! A feature hands over one [`Feature`] value; nothing here knows any feature. Every page works without JavaScript and
//! in a text browser; with all it needs it is at most 14 KB compressed on a first visit.
//!
//! Two origins: pages with sessions (`http`, `https`), and imported content (`content`, `content_https`). The second never
//! reads a cookie, and all it serves is sandboxed, so no imported script can reach a session.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

mod assets;
pub mod directory;
mod error;
mod etag;
mod feature;
mod form;
mod i18n;
mod page;
mod pages;
mod security;
mod server;
mod tls;

pub use assets::{Asset, asset_url};
pub use error::{AppError, PageResult};
pub use feature::{App, Badge, Feature, Kernel, NavItem, Service, Started};
pub use fluent_bundle::FluentValue;
pub use form::{Form, check_csrf};
pub use i18n::{I18n, LANGUAGES, Language, language_name};
pub use page::{ContentSite, Page, filters, shown_badge};
pub use security::content_headers;
pub use server::{Addresses, Server};
pub use tls::{NodeAuthority, addresses as machine_addresses};
