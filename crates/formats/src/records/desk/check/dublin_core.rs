//! Rules for Dublin Core.

use super::values::{is_address, is_edtf, is_known_language};
use super::{Finding, Place};
use crate::records::desk::elements::{DublinCore, Element, Qualifier, Statement};
use crate::records::identifiers;
use crate::records::languages;

pub(super) fn check(record: &DublinCore) -> Vec<Finding> {
    let mut out = Vec::new();
    let filled = |element| record.of(element).any(|one| !one.value.trim().is_empty());
    let title_proper = record
        .group(Element::Title, None)
        .any(|one| !one.value.trim().is_empty());
    if !title_proper {
        let place = Place {
            field: "title".to_owned(),
            ..Place::default()
        };
        out.push(Finding::error("dc-no-title", place, []));
    }
    if !filled(Element::Creator) && !filled(Element::Contributor) {
        let place = Place {
            field: "creator".to_owned(),
            ..Place::default()
        };
        out.push(Finding::warning("dc-no-creator", place, []));
    }
    let mut titles = 0;
    for (at, statement) in record.statements.iter().enumerate() {
        let place = Place {
            field: statement.group_name(),
            occurrence: at + 1,
            ..Place::default()
        };
        if statement.value.trim().is_empty() {
            out.push(Finding::warning("dc-empty", place, []));
            continue;
        }
        if statement.group() == (Element::Title, None) {
            titles += 1;
            if titles == 2 {
                out.push(Finding::warning("dc-second-title", place.clone(), []));
            }
        }
        one(statement, &place, &mut out);
        let earlier = record.statements.get(..at).unwrap_or_default();
        if earlier.contains(statement) {
            let arguments = [("value", statement.value.clone())];
            out.push(Finding::warning("dc-twice", place, arguments));
        }
    }
    out
}

fn one(statement: &Statement, place: &Place, out: &mut Vec<Finding>) {
    use Qualifier as Q;
    let value = statement.value.trim();
    let with = |value: &str| [("value", value.to_owned())];
    if let Some(qualifier) = statement.qualifier
        && !statement.element.qualifiers().contains(&qualifier)
    {
        out.push(Finding::error(
            "dc-qualifier",
            place.clone(),
            with(qualifier.name()),
        ));
        return;
    }
    let wrong = |scheme: &str| {
        let arguments = [("value", value.to_owned()), ("scheme", scheme.to_owned())];
        Some(Finding::error("dc-identifier", place.clone(), arguments))
    };
    let finding = match (statement.element, statement.qualifier) {
        (Element::Date, _) if !is_edtf(value) => {
            Some(Finding::warning("dc-date", place.clone(), with(value)))
        }
        (Element::Language, _)
            if !languages::normalize(value).is_some_and(|tag| is_known_language(&tag)) =>
        {
            Some(Finding::warning("dc-language", place.clone(), with(value)))
        }
        (Element::Identifier, Some(Q::Isbn)) if identifiers::isbn13(value).is_none() => {
            wrong("ISBN")
        }
        (Element::Identifier, Some(Q::Issn)) if identifiers::issn(value).is_none() => wrong("ISSN"),
        (Element::Identifier, Some(Q::Doi)) if identifiers::doi(value).is_none() => wrong("DOI"),
        (Element::Identifier, Some(Q::Uri)) | (Element::Rights, Some(Q::License))
            if !is_address(value) =>
        {
            Some(Finding::error("dc-url", place.clone(), with(value)))
        }
        _ => None,
    };
    out.extend(finding);
    if let Some(language) = &statement.language
        && !languages::normalize(language).is_some_and(|tag| is_known_language(&tag))
    {
        out.push(Finding::warning(
            "dc-language",
            place.clone(),
            with(language),
        ));
    }
    if let Some(role) = &statement.role
        && (!statement.element.takes_role() || role.trim().is_empty())
    {
        out.push(Finding::warning("dc-role", place.clone(), with(role)));
    }
}
