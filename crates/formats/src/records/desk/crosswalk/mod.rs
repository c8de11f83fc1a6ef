//! Dublin Core and MARC 21, after the crosswalks of the Library of Congress
//! (*Dublin Core to MARC*, *MARC to Dublin Core*), as a lens: [`get()`] shows a
//! MARC record as Dublin Core, [`put()`] writes changed Dublin Core back into the
//! same MARC record. What holds (property tests):
//!
//! - `put(m, get(m)) == m`: what was not changed is not touched;
//! - `get(put(m, d))` is `d` in normal form: nothing said in Dublin Core is
//!   lost. Names keep their order; in other groups of a record that was MARC
//!   before, values may stand in another order;
//! - `get(to_marc(d)) == d.normal()`.
//!
//! | element | home in MARC | also read from |
//! |---|---|---|
//! | title | 245 | |
//! | title.alternative | 246 3_ | 130 240 242 247 730 740 |
//! | creator, contributor | 1XX for the first creator, 7XX; role in $4 or $e | 720 |
//! | subject | 653 | 600 610 611 630 648 650 651 |
//! | subject.lcsh, .mesh | 650 _0, 650 _2 | the same with that indicator |
//! | subject.ddc, .udc, .lcc | 082, 080, 050 | |
//! | description, .abstract, .tableOfContents | 520, 520 3_, 505 | |
//! | description.note | 500 | 502 504 508 511 518 521 536 545 546 561 586 |
//! | publisher, date | 264 _1 $b, $c | 260; 008/07-10 if no date is given |
//! | date.copyrighted, .created, .modified | 264 _4 $c, 046 $k, 046 $j | |
//! | type, .dcmi | 655 _7 | |
//! | format, .extent, .medium | 856 $q, 300, 340 | |
//! | identifier | 024 8_ | 024 |
//! | .isbn .issn .doi .uri .lccn .oclc | 020, 022, 024 7_, 856 $u, 010, 035 | |
//! | language | 041 $a, 008/35-37 | |
//! | source | 786 $n | 786 $t |
//! | relation | 787 | |
//! | .isPartOf .hasPart .isVersionOf .isFormatOf | 773, 774, 775, 776 | |
//! | .replaces .isReplacedBy .isReferencedBy .requires .series | 780, 785, 510, 538, 490 | 440 |
//! | coverage, .spatial, .temporal | 522 8_, 522, 513 $b | |
//! | rights, .accessRights, .license | 540 $a, 506, 540 $u | |
//!
//! Differences from the Library's tables, for the sake of losing nothing: names
//! go to 7XX rather than 720 and are told apart by their roles; 7XX without a
//! role is a creator; coverage has a field of its own rather than 500; a
//! language that has no MARC code goes to 041 with $2; the language of a value,
//! for which MARC has no place, goes to $9 as `lang:en`.

mod draft;
mod homes;
mod put;
mod read;
mod special;

use super::elements::{DublinCore, Element};
use super::template::skeleton;
use crate::records::dublin_core::kind_of;
use crate::records::marc::MarcRecord;
use crate::records::model::WorkKind;

pub use put::put;

/// A MARC 21 record as Dublin Core, in normal form. What the table above does
/// not name is not shown, and [`put()`] does not touch it.
pub fn get(record: &MarcRecord) -> DublinCore {
    let drafts = draft::open(record);
    let mut statements: Vec<_> = read::all(&drafts)
        .into_iter()
        .map(|found| found.statement)
        .collect();
    statements.extend(special::date_of_fixed_field(&drafts, &statements));
    statements.extend(special::languages(&drafts));
    DublinCore { statements }.normal()
}

/// Dublin Core as a new MARC 21 record; the first type that is known decides
/// its leader and 008.
pub fn to_marc(record: &DublinCore) -> MarcRecord {
    let kind = record
        .of(Element::Type)
        .map(|one| kind_of(&one.value))
        .find(|kind| *kind != WorkKind::Other)
        .unwrap_or_default();
    put(&skeleton(kind, "      "), record)
}
