//! What a record's form sends: fields, and files, which go into the store piece by piece while they come.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header;
use futures_util::StreamExt as _;
use lampion_formats::records::desk::{Attachment, MAX_FILES};
use lampion_web::{App, AppError, Form, Page, check_csrf};

use super::Desk;
use super::form::Problem;
use crate::library::Library;

/// The most that fields without files may hold, in bytes.
const FIELDS_LIMIT: usize = 2 << 20;
/// Bytes by which a picture is known.
const HEAD_BYTES: usize = 16;
/// Longest name of a file, in characters.
const NAME_CHARS: usize = 120;

/// What was sent.
pub(super) struct Sent {
    pub form: Form,
    /// New files, in the store and said to be this person's.
    pub files: Vec<Attachment>,
    pub cover: Option<Attachment>,
    pub problems: Vec<Problem>,
}

impl Sent {
    /// Reads a form with or without files; its token is checked before the first file is kept.
    ///
    /// # Errors
    /// The token, the limits, the store.
    pub(super) async fn read(
        page: &Page,
        library: &Library,
        desk: &Desk,
        request: Request,
        app: &App,
    ) -> Result<Self, AppError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let multipart = kind
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("multipart/form-data"));
        let mut sent = Self {
            form: Form::default(),
            files: Vec::new(),
            cover: None,
            problems: Vec::new(),
        };
        if !multipart {
            sent.form = Form::from_request(request, app).await?;
            return Ok(sent);
        }
        let mut form = Multipart::from_request(request, app)
            .await
            .map_err(|error| AppError::bad_request(error.body_text()))?;
        let read = sent.receive(page, library, desk, &mut form).await;
        if read.is_err() {
            crate::pages::import::drain(&mut form).await;
        }
        read?;
        check_csrf(page, sent.form.get("csrf"))?;
        Ok(sent)
    }

    async fn receive(
        &mut self,
        page: &Page,
        library: &Library,
        desk: &Desk,
        form: &mut Multipart,
    ) -> Result<(), AppError> {
        let mut fields = String::new();
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_string();
            if field.file_name().is_none() {
                let value = text(field, FIELDS_LIMIT.saturating_sub(fields.len())).await?;
                let (name, value) = (page.url(&name), page.url(&value));
                fields.push_str(&format!("{name}={value}&"));
                continue;
            }
            // The token stands before the files in our form: nothing is kept for who doesn't have it.
            check_csrf(page, Form::parse(fields.as_bytes()).get("csrf"))?;
            let Some(file_name) = field.file_name().and_then(safe_name) else {
                continue;
            };
            let cover = name == "new-cover";
            if !cover && self.files.len() >= MAX_FILES {
                return Err(AppError::bad_request(format!(
                    "more than {MAX_FILES} files: send them in parts"
                )));
            }
            if let Some(file) = self
                .keep(page, library, desk, field, file_name, cover)
                .await?
            {
                match cover {
                    true => self.cover = Some(file),
                    false => self.files.push(file),
                }
            }
        }
        self.form = Form::parse(fields.as_bytes());
        Ok(())
    }

    /// Keeps one file; none if it is none, too large, or no picture where one is wanted.
    async fn keep(
        &mut self,
        page: &Page,
        library: &Library,
        desk: &Desk,
        field: Field<'_>,
        name: String,
        cover: bool,
    ) -> Result<Option<Attachment>, AppError> {
        let limit_mb = library.kernel().config.attachment_limit_mb;
        let (mut size, mut head) = (0u64, Vec::new());
        let stream = field.map(|piece| {
            let piece = piece.map_err(|error| std::io::Error::other(error.body_text()))?;
            size += piece.len() as u64;
            let rest = HEAD_BYTES.saturating_sub(head.len());
            head.extend(piece.iter().take(rest));
            match size > limit_mb << 20 {
                true => Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge)),
                false => Ok(piece),
            }
        });
        let stored = library.kernel().blobs.put_stream(stream).await;
        let mut problem = |text| {
            self.problems.push(Problem { text, error: true });
            Ok(None)
        };
        if size > limit_mb << 20 {
            let limit = limit_mb.to_string();
            return problem(page.f("file-too-large", &[("name", name), ("limit", limit)]));
        }
        if size == 0 {
            return Ok(None);
        }
        let stored = stored.map_err(|error| match error {
            lampion_blobs::BlobError::Source(error) => AppError::bad_request(error.to_string()),
            error => crate::catalogue::CatalogueError::Blob(error).into(),
        })?;
        let picture = picture_type(&head);
        let media_type = picture.unwrap_or_else(|| crate::mime::by_name(&name));
        let file = Attachment {
            name,
            media_type: media_type.to_string(),
            size_bytes: stored.size_bytes,
            blake3: stored.hash.to_string(),
        };
        desk.catalogue.uploaded(&desk.person.id, &file).await?;
        if cover && picture.is_none() {
            return problem(page.s("file-no-picture", &file.name));
        }
        Ok(Some(file))
    }
}

fn broken(error: MultipartError) -> AppError {
    AppError::new(error.status(), "error-bad-request", error.body_text())
}

async fn text(mut field: Field<'_>, limit: usize) -> Result<String, AppError> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        if bytes.len() + piece.len() > limit {
            return Err(AppError::bad_request(format!(
                "the form's fields hold more than {FIELDS_LIMIT} bytes: split the record"
            )));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A file's name without any folder; none if nothing is left.
fn safe_name(given: &str) -> Option<String> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|one| !one.is_control())
        .take(NAME_CHARS)
        .collect();
    let name = name.trim().trim_start_matches('.').to_string();
    (!name.is_empty()).then_some(name)
}

/// The media type of a picture that browsers show, by its first bytes (WHATWG MIME Sniffing §6.1).
fn picture_type(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_bytes_and_names_have_no_folders() {
        assert_eq!(picture_type(b"\x89PNG\r\n\x1a\nmore"), Some("image/png"));
        assert_eq!(picture_type(b"RIFF....WEBPVP8 "), Some("image/webp"));
        assert_eq!(picture_type(b"<svg onload=alert(1)>"), None);
        assert_eq!(picture_type(b""), None);
        assert_eq!(safe_name("C:\\x\\책.pdf").as_deref(), Some("책.pdf"));
        assert_eq!(safe_name("../.."), None);
    }
}
