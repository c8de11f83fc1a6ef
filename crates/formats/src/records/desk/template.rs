//! Records to begin with.

use super::elements::{DublinCore, Element, Qualifier, Statement};
use super::marc::Marc;
use super::mnemonic;
use super::work::{Scheme, Work};
use crate::records::languages;
use crate::records::marc::{Field, MarcRecord};
use crate::records::model::WorkKind;

/// What a new record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Template {
    /// A book or pamphlet.
    Book,
    /// A journal, newspaper or series.
    Serial,
    /// An article in a journal or book.
    Article,
    /// A thesis.
    Thesis,
    /// A map.
    Map,
    /// A recording of music.
    Music,
    /// Printed or written music.
    Score,
    /// A film or video.
    Video,
    /// A web site.
    Website,
    /// An item of an archive.
    ArchiveItem,
}

impl Template {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 10] = [
        Self::Book,
        Self::Serial,
        Self::Article,
        Self::Thesis,
        Self::Map,
        Self::Music,
        Self::Score,
        Self::Video,
        Self::Website,
        Self::ArchiveItem,
    ];

    /// A word for addresses and message keys: `archive-item`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Serial => "serial",
            Self::Article => "article",
            Self::Thesis => "thesis",
            Self::Map => "map",
            Self::Music => "music",
            Self::Score => "score",
            Self::Video => "video",
            Self::Website => "website",
            Self::ArchiveItem => "archive-item",
        }
    }

    /// The template of a word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    fn kind(self) -> WorkKind {
        match self {
            Self::Book => WorkKind::Book,
            Self::Serial => WorkKind::Periodical,
            Self::Article => WorkKind::Article,
            Self::Thesis => WorkKind::Thesis,
            Self::Map => WorkKind::Map,
            Self::Music => WorkKind::Music,
            Self::Score => WorkKind::Score,
            Self::Video => WorkKind::Video,
            Self::Website => WorkKind::Website,
            Self::ArchiveItem => WorkKind::Manuscript,
        }
    }
}

/// A record to fill in: rows with empty values in Dublin Core, fields with empty
/// subfields in MARC. What is left empty goes when the record is saved
/// ([`Work::without_empty`]).
///
/// `entered` is the date of today as six digits `yymmdd` (008/00-05), `language`
/// a BCP 47 tag for the language of the material.
pub fn template(template: Template, scheme: Scheme, entered: &str, language: Option<&str>) -> Work {
    match scheme {
        Scheme::DublinCore => rows(template, language).into(),
        Scheme::Marc21 => Marc::new(fields(template, entered, language)).into(),
    }
}

fn rows(template: Template, language: Option<&str>) -> DublinCore {
    use Element as E;
    use Qualifier as Q;
    let row = |element, qualifier| Statement {
        qualifier,
        ..Statement::new(element, "")
    };
    let mut out = vec![row(E::Title, None), row(E::Creator, None)];
    out.extend(match template {
        Template::Book => vec![
            row(E::Publisher, None),
            row(E::Date, None),
            row(E::Identifier, Some(Q::Isbn)),
            row(E::Format, Some(Q::Extent)),
        ],
        Template::Serial => vec![
            row(E::Publisher, None),
            row(E::Date, None),
            row(E::Identifier, Some(Q::Issn)),
            row(E::Relation, Some(Q::Replaces)),
        ],
        Template::Article => vec![
            row(E::Relation, Some(Q::IsPartOf)),
            row(E::Date, None),
            row(E::Identifier, Some(Q::Doi)),
        ],
        Template::Thesis => vec![
            row(E::Publisher, None),
            row(E::Date, None),
            row(E::Description, Some(Q::Note)),
            row(E::Format, Some(Q::Extent)),
        ],
        Template::Map => vec![
            row(E::Publisher, None),
            row(E::Date, None),
            row(E::Coverage, Some(Q::Spatial)),
            row(E::Format, Some(Q::Extent)),
        ],
        Template::Music | Template::Score | Template::Video => vec![
            row(E::Contributor, None),
            row(E::Publisher, None),
            row(E::Date, None),
            row(E::Format, Some(Q::Extent)),
        ],
        Template::Website => vec![
            row(E::Publisher, None),
            row(E::Date, None),
            row(E::Identifier, Some(Q::Uri)),
        ],
        Template::ArchiveItem => vec![
            row(E::Date, Some(Q::Created)),
            row(E::Identifier, None),
            row(E::Relation, Some(Q::IsPartOf)),
            row(E::Format, Some(Q::Extent)),
            row(E::Rights, Some(Q::AccessRights)),
        ],
    });
    out.extend([
        row(E::Subject, None),
        row(E::Description, Some(Q::Abstract)),
    ]);
    let word = crate::records::dublin_core::kind_word(template.kind()).unwrap_or_default();
    out.push(Statement::new(E::Type, word));
    out.push(Statement::new(E::Language, language.unwrap_or_default()));
    out.sort_by_key(|one| one.element);
    DublinCore { statements: out }
}

/// A leader and 008 for a kind of work, with the date of entry as `yymmdd`.
pub(crate) fn skeleton(kind: WorkKind, entered: &str) -> MarcRecord {
    let (type_of_record, level, form) = fixed(kind);
    let mut leader = *b"00000nam a2200000 i 4500";
    if let Some(slots) = leader.get_mut(6..8) {
        slots.copy_from_slice(&[type_of_record, level]);
    }
    let entered = Some(entered)
        .filter(|text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or("||||||");
    // Nothing is known of dates, place and language yet.
    let date = if level == b's' {
        "cuuuu9999"
    } else {
        "nuuuuuuuu"
    };
    let data = format!("{entered}{date}xx {form}und d");
    MarcRecord {
        leader,
        fields: vec![Field::parse(*b"008", data.as_bytes())],
    }
}

/// Leader/06, leader/07 and 008/18-34.
#[rustfmt::skip]
fn fixed(kind: WorkKind) -> (u8, u8, &'static str) {
    match kind {
        WorkKind::Article | WorkKind::ConferencePaper
            => (b'a', b'a', "           000 0 "),
        WorkKind::Periodical => (b'a', b's', "|| p       0    0"),
        WorkKind::Thesis     => (b'a', b'm', "      m    000 0 "),
        WorkKind::Manuscript => (b't', b'm', "           000 0 "),
        WorkKind::Map        => (b'e', b'm', "       a     0   "),
        WorkKind::Score      => (b'c', b'm', "|||            n "),
        WorkKind::Music      => (b'j', b'm', "||n            n "),
        WorkKind::Sound      => (b'i', b'm', "nnn            n "),
        WorkKind::Video      => (b'g', b'm', "|||            v|"),
        WorkKind::Image      => (b'k', b'm', "nnn            i|"),
        WorkKind::Software   => (b'm', b'm', "        |        "),
        WorkKind::Website    => (b'm', b'i', "     o  j        "),
        WorkKind::Object     => (b'r', b'm', "nnn            rn"),
        WorkKind::Book | WorkKind::Report | WorkKind::Other
            => (b'a', b'm', "           000 0 "),
    }
}

fn fields(template: Template, entered: &str, language: Option<&str>) -> MarcRecord {
    let mut record = skeleton(template.kind(), entered);
    if let Some(code) = language.and_then(languages::to_marc)
        && let Some(Field::Control { data, .. }) = record.fields.first_mut()
        && let Some(slots) = data.get_mut(35..38)
        && code.len() == 3
    {
        slots.copy_from_slice(code.as_bytes());
    }
    // A template that does not parse would be a fault of ours; a test reads each.
    if let Ok(lines) = mnemonic::parse(lines(template)) {
        record.fields.extend(lines.fields);
    }
    record.fields.sort_by_key(Field::tag);
    record
}

#[rustfmt::skip]
fn lines(template: Template) -> &'static str {
    match template {
        Template::Book => concat!(
            "=007 ta\n=020 \\\\$a\n=040 \\\\$a$beng$erda\n=100 1\\$a$d\n=245 10$a$b$c\n=250 \\\\$a\n",
            "=264 \\1$a$b$c\n=300 \\\\$a$b$c\n=336 \\\\$atext$btxt$2rdacontent\n=337 \\\\$aunmediated$bn$2rdamedia\n",
            "=338 \\\\$avolume$bnc$2rdacarrier\n=490 0\\$a$v\n=504 \\\\$a\n=520 \\\\$a\n=650 \\0$a"),
        Template::Serial => concat!(
            "=007 ta\n=022 \\\\$a\n=040 \\\\$a$beng$erda\n=245 00$a$b$c\n=264 \\1$a$b$c\n=300 \\\\$a$c\n=310 \\\\$a\n",
            "=336 \\\\$atext$btxt$2rdacontent\n=337 \\\\$aunmediated$bn$2rdamedia\n=338 \\\\$avolume$bnc$2rdacarrier\n",
            "=362 0\\$a\n=650 \\0$a\n=780 00$t$x\n=785 00$t$x"),
        Template::Article => concat!(
            "=024 7\\$a$2doi\n=040 \\\\$a$beng$erda\n=100 1\\$a\n=245 10$a$b$c\n=264 \\1$c\n",
            "=336 \\\\$atext$btxt$2rdacontent\n=520 \\\\$a\n=650 \\0$a\n=773 0\\$t$g$x\n=856 40$u"),
        Template::Thesis => concat!(
            "=007 ta\n=040 \\\\$a$beng$erda\n=100 1\\$a\n=245 10$a$b$c\n=264 \\1$a$b$c\n=300 \\\\$a$b$c\n",
            "=336 \\\\$atext$btxt$2rdacontent\n=337 \\\\$aunmediated$bn$2rdamedia\n=338 \\\\$avolume$bnc$2rdacarrier\n",
            "=502 \\\\$b$c$d\n=504 \\\\$a\n=520 3\\$a\n=650 \\0$a\n=856 40$u"),
        Template::Map => concat!(
            "=007 aj\\|||||\n=034 1\\$aa$b$d$e$f$g\n=040 \\\\$a$beng$erda\n=110 2\\$a\n=245 10$a$b$c\n=255 \\\\$a$b$c\n",
            "=264 \\1$a$b$c\n=300 \\\\$a$b$c\n=336 \\\\$acartographic image$bcri$2rdacontent\n",
            "=337 \\\\$aunmediated$bn$2rdamedia\n=338 \\\\$asheet$bnb$2rdacarrier\n=500 \\\\$a\n=651 \\0$a$vMaps."),
        Template::Music => concat!(
            "=007 sd\\|||||||||||\n=024 1\\$a\n=028 02$a$b\n=040 \\\\$a$beng$erda\n=100 1\\$a$ecomposer.\n=245 10$a$b$c\n",
            "=264 \\1$a$b$c\n=300 \\\\$a$b$c\n=336 \\\\$aperformed music$bprm$2rdacontent\n=337 \\\\$aaudio$bs$2rdamedia\n",
            "=338 \\\\$aaudio disc$bsd$2rdacarrier\n=505 0\\$a\n=511 0\\$a\n=650 \\0$a\n=700 1\\$a$eperformer."),
        Template::Score => concat!(
            "=007 qu\n=024 2\\$a\n=028 32$a$b\n=040 \\\\$a$beng$erda\n=100 1\\$a$ecomposer.\n=245 10$a$b$c\n",
            "=264 \\1$a$b$c\n=300 \\\\$a$b$c\n=336 \\\\$anotated music$bntm$2rdacontent\n=337 \\\\$aunmediated$bn$2rdamedia\n",
            "=338 \\\\$avolume$bnc$2rdacarrier\n=500 \\\\$a\n=650 \\0$a"),
        Template::Video => concat!(
            "=007 vd\\||||||\n=024 1\\$a\n=040 \\\\$a$beng$erda\n=245 00$a$b$c\n=264 \\1$a$b$c\n=300 \\\\$a$b$c\n",
            "=336 \\\\$atwo-dimensional moving image$btdi$2rdacontent\n=337 \\\\$avideo$bv$2rdamedia\n",
            "=338 \\\\$avideodisc$bvd$2rdacarrier\n=508 \\\\$a\n=511 1\\$a\n=520 \\\\$a\n=546 \\\\$a\n=650 \\0$a\n=700 1\\$a$efilm director."),
        Template::Website => concat!(
            "=007 cr\\|||||||||||\n=040 \\\\$a$beng$erda\n=110 2\\$a\n=245 10$a$b$c\n=264 \\1$a$b$c\n",
            "=300 \\\\$a1 online resource\n=336 \\\\$atext$btxt$2rdacontent\n=337 \\\\$acomputer$bc$2rdamedia\n",
            "=338 \\\\$aonline resource$bcr$2rdacarrier\n=500 \\\\$a\n=520 \\\\$a\n=650 \\0$a\n=856 40$u"),
        Template::ArchiveItem => concat!(
            "=007 tu\n=040 \\\\$a$beng$edacs\n=100 1\\$a\n=245 10$a$f\n=264 \\0$c\n=300 \\\\$a\n=506 \\\\$a\n=520 \\\\$a\n",
            "=540 \\\\$a\n=541 \\\\$a$c\n=545 \\\\$a\n=650 \\0$a\n=655 \\7$a$2local\n=773 0\\$t$g\n=852 \\\\$a$b$j"),
    }
}
