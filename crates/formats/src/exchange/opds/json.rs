//! OPDS 2.0.

use serde_json::{Map, Value, json};

use super::atom::natural;
use super::{Catalogue, FacetGroup, Group, JSON_TYPE, Navigation, Publication, schema_type};
use crate::exchange::datestamp;
use crate::records::{CatalogueRecord, Name};

/// Writes a page as JSON, of the media type [`JSON_TYPE`].
#[must_use]
pub fn json(catalogue: &Catalogue) -> Value {
    let mut out = Map::new();
    out.insert("metadata".into(), metadata(catalogue));
    out.insert("links".into(), links(catalogue));
    let navigation = list(&catalogue.navigation, navigation);
    let publications = list(&catalogue.publications, publication);
    let groups = list(&catalogue.groups, group);
    // A feed has at least one of the three: a search may find nothing.
    let nothing = navigation.is_empty() && groups.is_empty();
    if !navigation.is_empty() {
        out.insert("navigation".into(), navigation.into());
    }
    if !publications.is_empty() || nothing {
        out.insert("publications".into(), publications.into());
    }
    if !groups.is_empty() {
        out.insert("groups".into(), groups.into());
    }
    if !catalogue.facets.is_empty() {
        out.insert("facets".into(), list(&catalogue.facets, facets).into());
    }
    Value::Object(out)
}

fn list<T>(items: &[T], write: fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(write).collect()
}

/// An object without the members that are null.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    members
        .into_iter()
        .filter(|member| !member.1.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect::<Map<_, _>>()
        .into()
}

fn metadata(catalogue: &Catalogue) -> Value {
    let paging = &catalogue.paging;
    object([
        ("title", json!(catalogue.title)),
        ("identifier", json!(catalogue.id)),
        ("subtitle", json!(catalogue.subtitle)),
        ("modified", json!(datestamp::seconds(catalogue.updated_ms))),
        ("numberOfItems", json!(paging.total)),
        ("itemsPerPage", json!(paging.per_page)),
        ("currentPage", json!(paging.page)),
    ])
}

fn links(catalogue: &Catalogue) -> Value {
    let link = |rel: &str, href: &str| json!({ "rel": rel, "href": href, "type": JSON_TYPE });
    let mut out = vec![
        link("self", &catalogue.self_href),
        link("start", &catalogue.start_href),
    ];
    let paging = &catalogue.paging;
    for (rel, href) in [
        ("up", &catalogue.up_href),
        ("first", &paging.first),
        ("previous", &paging.previous),
        ("next", &paging.next),
        ("last", &paging.last),
    ] {
        out.extend(href.as_ref().map(|href| link(rel, href)));
    }
    if let Some(search) = &catalogue.search {
        out.push(json!({
            "rel": "search",
            "href": search.template,
            "type": JSON_TYPE,
            "templated": true,
        }));
    }
    out.into()
}

fn navigation(navigation: &Navigation) -> Value {
    let count = navigation
        .count
        .map_or(Value::Null, |count| json!({ "numberOfItems": count }));
    object([
        ("href", json!(navigation.href)),
        ("title", json!(navigation.title)),
        ("type", json!(JSON_TYPE)),
        (
            "rel",
            json!(navigation.rel.as_deref().unwrap_or("subsection")),
        ),
        ("properties", count),
    ])
}

fn facets(group: &FacetGroup) -> Value {
    let links: Vec<Value> = group
        .facets
        .iter()
        .map(|facet| {
            let count = facet
                .count
                .map_or(Value::Null, |count| json!({ "numberOfItems": count }));
            object([
                ("href", json!(facet.href)),
                ("title", json!(facet.title)),
                ("type", json!(JSON_TYPE)),
                // The facet that is in force leads to the list that is shown.
                (
                    "rel",
                    if facet.active {
                        json!("self")
                    } else {
                        Value::Null
                    },
                ),
                ("properties", count),
            ])
        })
        .collect();
    json!({ "metadata": { "title": group.title }, "links": links })
}

fn group(group: &Group) -> Value {
    let mut out = json!({
        "metadata": { "title": group.title },
        "links": [{ "rel": "self", "href": group.href, "type": JSON_TYPE }],
    });
    if let Value::Object(out) = &mut out {
        if !group.navigation.is_empty() {
            out.insert(
                "navigation".into(),
                list(&group.navigation, navigation).into(),
            );
        }
        if !group.publications.is_empty() {
            let publications = list(&group.publications, publication);
            out.insert("publications".into(), publications.into());
        }
    }
    out
}

fn publication(publication: &Publication) -> Value {
    let mut links = Vec::new();
    if let Some(page) = &publication.page_href {
        links.push(json!({ "rel": "alternate", "href": page, "type": "text/html" }));
    }
    for acquisition in &publication.acquisitions {
        links.push(object([
            ("rel", json!("http://opds-spec.org/acquisition/open-access")),
            ("href", json!(acquisition.href)),
            ("type", json!(acquisition.media_type)),
            ("title", json!(acquisition.title)),
            ("size", json!(acquisition.size_bytes)),
        ]));
    }
    let images: Vec<Value> = publication
        .cover
        .iter()
        .chain(&publication.thumbnail)
        .map(|picture| {
            object([
                ("href", json!(picture.href)),
                ("type", json!(picture.media_type)),
                ("width", json!(picture.size.map(|size| size.0))),
                ("height", json!(picture.size.map(|size| size.1))),
            ])
        })
        .collect();
    object([
        ("metadata", about(publication)),
        ("links", links.into()),
        (
            "images",
            if images.is_empty() {
                Value::Null
            } else {
                images.into()
            },
        ),
    ])
}

fn people(record: &CatalogueRecord, wanted: impl Fn(&Name) -> bool) -> Value {
    let names: Vec<Value> = record
        .authors
        .iter()
        .filter(|name| wanted(name))
        .map(|name| {
            let sort = name.parts().map(|_| name.display.as_str());
            object([("name", json!(natural(name))), ("sortAs", json!(sort))])
        })
        .collect();
    some(names)
}

fn some(list: Vec<Value>) -> Value {
    if list.is_empty() {
        Value::Null
    } else {
        list.into()
    }
}

fn about(publication: &Publication) -> Value {
    let record = &publication.record;
    let languages: Vec<Value> = record
        .language
        .iter()
        .chain(&record.other_languages)
        .map(|tag| json!(tag))
        .collect();
    let series: Vec<Value> = record
        .series
        .iter()
        .map(|name| json!({ "name": name }))
        .collect();
    let published = record
        .year
        .filter(|year| (1..=9999).contains(year))
        .map(|year| format!("{year:04}"));
    // The schema wants a whole date.
    let published = published.map(|year| format!("{year}-01-01"));
    object([
        (
            "@type",
            json!(format!("http://schema.org/{}", schema_type(record))),
        ),
        ("title", json!(record.title)),
        ("subtitle", json!(record.subtitle)),
        ("identifier", json!(publication.id)),
        (
            "modified",
            json!(datestamp::seconds(publication.updated_ms)),
        ),
        ("published", json!(published)),
        ("language", some(languages)),
        ("author", people(record, Name::is_author)),
        ("editor", people(record, Name::is_editor)),
        ("translator", people(record, Name::is_translator)),
        (
            "contributor",
            people(record, |name| {
                !name.is_author() && !name.is_editor() && !name.is_translator()
            }),
        ),
        ("publisher", json!(record.publisher)),
        (
            "subject",
            some(record.subjects.iter().map(|one| json!(one)).collect()),
        ),
        ("description", json!(record.description)),
        (
            "belongsTo",
            if series.is_empty() {
                Value::Null
            } else {
                json!({ "series": series })
            },
        ),
    ])
}
