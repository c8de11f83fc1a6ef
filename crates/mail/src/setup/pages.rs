//! `/mail/setup` and the addresses that mail programs ask by themselves.

use std::net::IpAddr;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use lampion_people::{APP_PASSWORDS_LIMIT, AppPassword, Person, Role};
use lampion_web::{App, AppError, Form, Page, PageResult, machine_addresses};

use super::apple::{MEDIA_TYPE, Profile};
use super::servers::{Server, Servers, host_in};
use super::{delta_chat, discovery};
use crate::Mail;
use crate::pages::Side;

/// The longest request of Outlook that is read, in bytes.
const REQUEST_LIMIT: usize = 16 * 1024;
/// Days for which deleted messages can be kept; 0 is not at all.
const KEEP_DAYS: [i64; 6] = [0, 7, 30, 90, 365, 3_650];
/// Spellings of the folder that Outlook's versions ask; the file's name is taken in any case.
const AUTODISCOVER: [&str; 4] = [
    "autodiscover",
    "Autodiscover",
    "AutoDiscover",
    "AUTODISCOVER",
];

/// Pages of set-up.
pub fn routes(mail: &Mail) -> Router<App> {
    let mut routes = Router::new()
        .route("/mail/setup", get(show).post(make))
        .route("/mail/setup/revoke", post(revoke))
        .route("/mail/setup/keep", post(keep))
        .route(
            "/mail/setup/lampion.mobileconfig",
            get(profile).post(profile_with_secret),
        )
        .route(
            "/.well-known/autoconfig/mail/config-v1.1.xml",
            get(autoconfig),
        )
        .route("/mail/config-v1.1.xml", get(autoconfig));
    for folder in AUTODISCOVER {
        let path = format!("/{folder}/{{file}}");
        routes = routes.route(&path, get(autodiscover).post(autodiscover));
    }
    routes
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
        .layer(Extension(mail.clone()))
}

/// What somebody's program needs.
struct Own {
    /// Address in full.
    address: String,
    /// An address in ASCII, if there is one.
    ascii: Option<String>,
    servers: Servers,
}

/// What is shown once, after a password was made.
struct Made {
    device: String,
    secret: String,
    /// Side and path of the QR code, and the address in it.
    code: Option<(usize, String, String)>,
}

#[derive(Template)]
#[template(path = "mail_setup.html")]
struct SetupPage<'a> {
    page: &'a Page,
    side: Side,
    error: String,
    made: Option<Made>,
    passwords: Vec<AppPassword>,
    address: String,
    ascii: bool,
    imap: Vec<Server>,
    smtp: Vec<Server>,
    mutt: String,
    fingerprint: String,
    keep: i64,
    keep_days: [i64; 6],
    /// For operators only.
    dns: String,
}

fn servers(mail: &Mail, page: &Page) -> Servers {
    let own = machine_addresses()
        .into_iter()
        .find(|address| address.is_ipv4() && !address.is_loopback());
    servers_at(mail, host_in(&page.origin), own)
}

fn servers_at(mail: &Mail, asked: &str, own: Option<IpAddr>) -> Servers {
    Servers::of(&mail.listens(), asked, own)
}

async fn own(mail: &Mail, page: &Page, person: &Person) -> Result<Own, AppError> {
    let account = mail
        .store()
        .account_of(person)
        .await
        .map_err(AppError::fault)?;
    let domain = mail.domain();
    let ascii = if account.name.is_ascii() {
        Some(account.name.clone())
    } else {
        let others = mail
            .store()
            .aliases(&account.id)
            .await
            .map_err(AppError::fault)?;
        others.into_iter().find(|name| name.is_ascii())
    };
    Ok(Own {
        address: format!("{}@{domain}", account.name),
        ascii: ascii.map(|name| format!("{name}@{domain}")),
        servers: servers(mail, page),
    })
}

/// Lines for `~/.muttrc`.
fn mutt(address: &str, servers: &Servers) -> String {
    use super::servers::Security;
    let (Some(imap), Some(smtp)) = (servers.imap.first(), servers.smtp.first()) else {
        return String::new();
    };
    let scheme = |server: &Server, name: &str| match server.security {
        Security::Tls => format!("{name}s"),
        Security::StartTls => name.into(),
    };
    let user = address.replace('@', "%40");
    format!(
        "set from = \"{address}\"\nset imap_user = \"{address}\"\nset folder = \"{}://{}:{}/\"\nset spoolfile = \"+INBOX\"\n\
         set postponed = \"+Drafts\"\nset record = \"\"\nset smtp_url = \"{}://{user}@{}:{}/\"\nset ssl_force_tls = yes\n\
         set certificate_file = \"~/lampion-ca.crt\"",
        scheme(imap, "imap"),
        imap.host,
        imap.port,
        scheme(smtp, "smtp"),
        smtp.host,
        smtp.port,
    )
}

async fn page_of<'a>(
    page: &'a Page,
    (app, mail): (&App, &Mail),
    made: Option<(String, String)>,
    error: String,
) -> Result<SetupPage<'a>, AppError> {
    let person = page.person()?;
    let own = own(mail, page, person).await?;
    let made = made.map(|(device, secret)| {
        let address = match (
            &own.ascii,
            own.servers.imap.first(),
            own.servers.smtp.first(),
        ) {
            (Some(ascii), Some(imap), Some(smtp)) => Some(delta_chat::dclogin(
                ascii,
                &own.address,
                &secret,
                imap,
                smtp,
            )),
            _ => None,
        };
        let code = address
            .and_then(|address| delta_chat::qr(&address).map(|(side, path)| (side, path, address)));
        Made {
            device,
            secret,
            code,
        }
    });
    let domain = mail.domain();
    let dns = if page.has(Role::Operator) {
        discovery::dns_records(&domain, &domain, &own.servers)
    } else {
        String::new()
    };
    Ok(SetupPage {
        page,
        side: Side::of(mail.local(), page).await?,
        error,
        made,
        passwords: app.kernel.people.app_passwords(&person.id).await?,
        mutt: mutt(&own.address, &own.servers),
        address: own.address,
        ascii: own.ascii.is_some(),
        imap: own.servers.imap,
        smtp: own.servers.smtp,
        fingerprint: app
            .authority
            .as_ref()
            .map(|authority| authority.fingerprint())
            .unwrap_or_default(),
        keep: mail
            .store()
            .keep_days(&person.id)
            .await
            .map_err(AppError::fault)?,
        keep_days: KEEP_DAYS,
        dns,
    })
}

/// `GET /mail/setup`.
async fn show(page: Page, State(app): State<App>, Extension(mail): Extension<Mail>) -> PageResult {
    page.html(&page_of(&page, (&app, &mail), None, String::new()).await?)
}

/// `POST /mail/setup`: `device`. The password is in this answer and can't be asked for again.
async fn make(
    page: Page,
    State(app): State<App>,
    Extension(mail): Extension<Mail>,
    form: Form,
) -> PageResult {
    let person = page.person()?;
    let device = form.trimmed("device");
    let refused = if device.is_empty() {
        Some(page.t("setup-device-empty"))
    } else {
        let count = app.kernel.people.app_passwords(&person.id).await?.len();
        let full = i64::try_from(count).unwrap_or(i64::MAX) >= APP_PASSWORDS_LIMIT;
        full.then(|| page.n("setup-too-many", APP_PASSWORDS_LIMIT))
    };
    if let Some(error) = refused {
        let shown = page_of(&page, (&app, &mail), None, error).await?;
        return page.html_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let (secret, made) = app
        .kernel
        .people
        .create_app_password(&person.id, device)
        .await?;
    let shown = page_of(
        &page,
        (&app, &mail),
        Some((made.label, secret)),
        String::new(),
    )
    .await?;
    let mut response = page.html(&shown)?;
    // Nobody who comes after on this device finds the password by going back.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /mail/setup/revoke`: `id`.
async fn revoke(page: Page, State(app): State<App>, form: Form) -> PageResult {
    let person = page.person()?;
    app.kernel
        .people
        .revoke_app_password(&person.id, form.get("id"))
        .await?;
    Ok(Page::see_other("/mail/setup?done=1#devices"))
}

/// `POST /mail/setup/keep`: `days`.
async fn keep(page: Page, Extension(mail): Extension<Mail>, form: Form) -> PageResult {
    let person = page.person()?;
    let days = form
        .get("days")
        .parse()
        .ok()
        .filter(|days| KEEP_DAYS.contains(days));
    let Some(days) = days else {
        return Err(AppError::bad_request("days: use one of those offered"));
    };
    let account = mail
        .store()
        .account_of(person)
        .await
        .map_err(AppError::fault)?;
    mail.store()
        .set_keep_days(&account.id, days)
        .await
        .map_err(AppError::fault)?;
    Ok(Page::see_other("/mail/setup?done=1#keep"))
}

/// `GET /mail/setup/lampion.mobileconfig`: without a password; the device asks for it.
async fn profile(
    page: Page,
    State(app): State<App>,
    Extension(mail): Extension<Mail>,
) -> PageResult {
    written(&page, &app, &mail, "").await
}

/// `POST /mail/setup/lampion.mobileconfig`: `secret`, as the page before showed it.
async fn profile_with_secret(
    page: Page,
    State(app): State<App>,
    Extension(mail): Extension<Mail>,
    form: Form,
) -> PageResult {
    written(&page, &app, &mail, form.trimmed("secret")).await
}

async fn written(page: &Page, app: &App, mail: &Mail, secret: &str) -> PageResult {
    let person = page.person()?;
    let own = own(mail, page, person).await?;
    let (Some(imap), Some(smtp)) = (own.servers.imap.first(), own.servers.smtp.first()) else {
        return Err(AppError::unavailable(
            "this node does not listen for mail programs",
        ));
    };
    let kept = mail.kernel().data.join("node/ca.pem");
    let pem = match &app.authority {
        Some(authority) => Some(authority.pem().to_string()),
        // Without HTTPS the services of mail opened the authority themselves.
        None => tokio::fs::read_to_string(kept).await.ok(),
    };
    let profile = Profile {
        title: &page.site,
        domain: &mail.domain(),
        person: &person.id,
        name: &person.display,
        address: &own.address,
        secret,
        authority: pem.as_deref(),
        imap,
        smtp,
    };
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"lampion.mobileconfig\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, profile.written()).into_response())
}

/// The host that a program asked, without the name that only finding is done by.
fn host_asked(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let host = host_in(host).to_ascii_lowercase();
    for prefix in ["autoconfig.", "autodiscover."] {
        if let Some(rest) = host.strip_prefix(prefix) {
            return rest.into();
        }
    }
    host
}

fn servers_asked(mail: &Mail, headers: &HeaderMap) -> Servers {
    let own = machine_addresses()
        .into_iter()
        .find(|address| address.is_ipv4() && !address.is_loopback());
    servers_at(mail, &host_asked(headers), own)
}

fn xml_answer(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

/// `GET /.well-known/autoconfig/mail/config-v1.1.xml` and, for `autoconfig.DOMAIN`, `/mail/config-v1.1.xml`.
async fn autoconfig(
    State(app): State<App>,
    Extension(mail): Extension<Mail>,
    headers: HeaderMap,
) -> PageResult {
    let servers = servers_asked(&mail, &headers);
    if servers.imap.is_empty() || servers.smtp.is_empty() {
        return Err(AppError::not_found());
    }
    let title = &app.kernel.config.title;
    Ok(xml_answer(discovery::autoconfig(
        &mail.domain(),
        title,
        &servers,
    )))
}

/// `POST /autodiscover/autodiscover.xml`, in whatever case.
async fn autodiscover(
    Extension(mail): Extension<Mail>,
    Path(file): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> PageResult {
    let servers = servers_asked(&mail, &headers);
    if !file.eq_ignore_ascii_case("autodiscover.xml") || servers.imap.is_empty() {
        return Err(AppError::not_found());
    }
    let request = String::from_utf8_lossy(&body);
    Ok(xml_answer(discovery::autodiscover(
        discovery::asked_address(&request),
        &servers,
    )))
}
