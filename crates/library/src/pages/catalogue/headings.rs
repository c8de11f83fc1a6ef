//! Headings that the catalogue uses already, offered for names and subjects.

use axum::extract::{Path, Query};
use axum::response::IntoResponse as _;
use axum::{Extension, Json};
use lampion_formats::records::desk::{heading_kind, line_heading, line_with_heading};
use lampion_web::{AppError, Page, PageResult};
use serde::{Deserialize, Serialize};

use super::Desk;
use super::form::Fields;
use crate::catalogue::Catalogue;
use crate::library::Library;

/// Headings that one row is offered.
const OFFERED: i64 = 10;
/// Rows and lines that one press of "look up" looks at.
const ROWS_LIMIT: usize = 100;

/// A heading as the script gets it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Offered {
    /// How it is written.
    pub text: String,
    /// How many records use it.
    pub uses: i64,
    /// What becomes of the value, or of the line.
    pub value: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    group: String,
    q: String,
    line: String,
}

/// `GET /catalogue/{collection}/headings?group=creator&q=Hun` or `?line==700 1\$aHun`: `[{text, uses, value}]`.
pub(super) async fn json(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let found = if asked.line.is_empty() {
        of_row(&desk.catalogue, &asked.group, &asked.q).await?
    } else {
        of_line(&desk.catalogue, &asked.line).await?
    };
    Ok(Json(found).into_response())
}

/// What begins like a row's value; nothing for a row that takes no headings.
async fn of_row(catalogue: &Catalogue, group: &str, typed: &str) -> Result<Vec<Offered>, AppError> {
    let typed = typed.trim();
    let (Some(kind), false) = (heading_kind(group), typed.is_empty()) else {
        return Ok(Vec::new());
    };
    let found = catalogue.suggest_headings(kind, typed, OFFERED).await?;
    Ok(found
        .into_iter()
        .map(|one| Offered {
            value: one.display.clone(),
            text: one.display,
            uses: one.uses,
        })
        .collect())
}

/// The same for a line of MARC; the values are lines.
async fn of_line(catalogue: &Catalogue, line: &str) -> Result<Vec<Offered>, AppError> {
    let Some((kind, typed)) = line_heading(line) else {
        return Ok(Vec::new());
    };
    let found = catalogue.suggest_headings(kind, &typed, OFFERED).await?;
    Ok(found
        .into_iter()
        .filter_map(|one| {
            Some(Offered {
                value: line_with_heading(line, &one.display)?,
                text: one.display,
                uses: one.uses,
            })
        })
        .collect())
}

/// Fills the choices of all rows and lines of a form. Gives how many headings are offered.
pub(super) async fn fill(catalogue: &Catalogue, fields: &mut Fields) -> Result<usize, AppError> {
    let mut count = 0;
    if fields.marc {
        let lines: Vec<String> = fields.lines.lines().map(ToString::to_string).collect();
        for line in lines.iter().take(ROWS_LIMIT) {
            let mut found = of_line(catalogue, line).await?;
            found.retain(|one| one.value != *line);
            count += found.len();
            if !found.is_empty() {
                fields.line_choices.push((line.clone(), found));
            }
        }
        return Ok(count);
    }
    for row in fields.rows.iter_mut().take(ROWS_LIMIT) {
        let mut found = of_row(catalogue, &row.group, &row.value).await?;
        found.retain(|one| one.value != row.value);
        count += found.len();
        row.choices = found;
    }
    Ok(count)
}
