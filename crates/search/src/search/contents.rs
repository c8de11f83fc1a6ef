//! A collection's documents in the order of their titles.

use tantivy::columnar::StrColumn;
use tantivy::{DocAddress, TantivyError};

use super::cursor::{hex, unhex};
use crate::api::Contents;
use crate::local::live::Snapshot;

/// Entries on one page, at most.
const MAX_LIMIT: usize = 1_000;

/// `limit` entries after `after`.
pub(crate) fn contents(
    snapshot: &Snapshot,
    after: Option<&str>,
    limit: usize,
) -> Result<Contents, TantivyError> {
    let limit = limit.clamp(1, MAX_LIMIT);
    let (order, skip) = after.and_then(decode).unwrap_or_default();
    let wanted = skip + limit + 1;
    let mut found: Vec<(String, DocAddress)> = Vec::new();
    for (ord, segment) in snapshot.searcher.segment_readers().iter().enumerate() {
        let Some(column) = segment.fast_fields().str("order")? else {
            continue;
        };
        let first = first_ord(&column, &order)?;
        let ord = u32::try_from(ord).unwrap_or(u32::MAX);
        // A range that is surely wide enough, unless documents were removed or share their titles.
        let mut width = wanted as u64;
        let terms = column.num_terms() as u64;
        loop {
            let last = first.saturating_add(width).min(terms);
            let mut docs = Vec::new();
            if first < last {
                column.ords().get_docids_for_value_range(
                    first..=last - 1,
                    0..segment.max_doc(),
                    &mut docs,
                );
            }
            docs.retain(|doc| !segment.is_deleted(*doc));
            if docs.len() < wanted && last < terms {
                width = width.saturating_mul(4);
                continue;
            }
            let mut entries: Vec<(u64, u32)> = docs
                .into_iter()
                .filter_map(|doc| column.ords().first(doc).map(|ord| (ord, doc)))
                .collect();
            entries.sort_unstable();
            entries.truncate(wanted);
            for (title, doc) in entries {
                let mut name = String::new();
                column.ord_to_str(title, &mut name)?;
                found.push((name, DocAddress::new(ord, doc)));
            }
            break;
        }
    }
    found.sort();
    let page: Vec<(String, DocAddress)> = found.into_iter().skip(skip).collect();
    let mut out = Contents::default();
    for (_, address) in page.iter().take(limit) {
        out.entries.push(snapshot.stored(*address, |stored| {
            (stored.key.to_owned(), stored.title.to_owned())
        })?);
    }
    if page.len() > limit
        && let Some((last, _)) = page.get(limit - 1)
    {
        let same = page
            .iter()
            .take(limit)
            .filter(|(name, _)| name == last)
            .count();
        let before = if *last == order { skip } else { 0 };
        out.next = Some(encode(last, before + same));
    }
    Ok(out)
}

/// The first title at or after `order`.
fn first_ord(column: &StrColumn, order: &str) -> Result<u64, TantivyError> {
    if order.is_empty() {
        return Ok(0);
    }
    let (mut low, mut high) = (0, column.num_terms() as u64);
    let mut name = String::new();
    while low < high {
        let middle = low + (high - low) / 2;
        name.clear();
        column.ord_to_str(middle, &mut name)?;
        if name.as_str() < order {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn encode(order: &str, skip: usize) -> String {
    let mut out = format!("{skip}.");
    hex(order, &mut out);
    out
}

fn decode(cursor: &str) -> Option<(String, usize)> {
    let (skip, order) = cursor.split_once('.')?;
    Some((
        unhex(order)?,
        skip.parse::<usize>().ok()?.min(MAX_LIMIT * 100),
    ))
}
