//! What a column of a table, or a key of an object, means.

use super::dublin_core::kind_of;
use super::identifiers;
use super::languages;
use super::model::{CatalogueRecord, Identifier, Name, WorkKind, append_line, push_new};

/// A place in a [`CatalogueRecord`] that a column can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The record's own number.
    Id,
    /// The title.
    Title,
    /// Other title information.
    Subtitle,
    /// A further title.
    AlternativeTitle,
    /// Authors, parted by semicolons.
    Author,
    /// Editors.
    Editor,
    /// Translators.
    Translator,
    /// The publisher.
    Publisher,
    /// The place of publication.
    Place,
    /// The year, or a date that holds one.
    Year,
    /// The language: a code or a name.
    Language,
    /// Subjects, parted by semicolons.
    Subject,
    /// An abstract.
    Description,
    /// The table of contents.
    Contents,
    /// The series.
    Series,
    /// The edition.
    Edition,
    /// Pages, size.
    Extent,
    /// The journal or book that holds it.
    Container,
    /// The volume.
    Volume,
    /// The issue.
    Issue,
    /// Pages within the container.
    Pages,
    /// An ISBN.
    Isbn,
    /// An ISSN.
    Issn,
    /// A DOI.
    Doi,
    /// An address.
    Url,
    /// A number of the Library of Congress.
    Lccn,
    /// A number of OCLC.
    Oclc,
    /// The place on the shelf.
    Shelfmark,
    /// What sort of thing it is.
    Kind,
    /// The full text.
    Body,
    /// A note.
    Note,
}

/// Names of columns, each in lower case without blanks and marks. The first of
/// each row is the name used in mappings.
#[rustfmt::skip]
static NAMES: &[(Target, &[&str])] = &[
    (Target::Id, &["id", "identifier", "recordid", "key", "number", "no", "nr", "inventorynumber", "번호", "등록번호", "номер", "инвентарныйномер", "número", "identificador", "identifiant", "numéro", "nummer", "inventarnummer", "编号", "登录号", "رقم", "المعرف", "الرقم"]),
    (Target::Title, &["title", "name", "booktitle", "titel", "titre", "título", "titulo", "название", "заглавие", "제목", "표제", "서명", "책이름", "도서명", "标题", "题名", "书名", "العنوان", "عنوان", "اسمالكتاب"]),
    (Target::Subtitle, &["subtitle", "untertitel", "soustitre", "subtítulo", "subtitulo", "подзаголовок", "부제", "부제목", "副标题", "副题名", "العنوانالفرعي"]),
    (Target::AlternativeTitle, &["alternativetitle", "originaltitle", "uniformtitle", "originaltitel", "titreoriginal", "títulooriginal", "원제", "원서명", "оригинальноеназвание", "原题名", "العنوانالأصلي"]),
    (Target::Author, &["author", "authors", "creator", "creators", "writer", "by", "verfasser", "autor", "autoren", "auteur", "auteurs", "autores", "autora", "автор", "авторы", "저자", "지은이", "저작자", "글쓴이", "집필자", "作者", "著者", "المؤلف", "مؤلف", "الكاتب", "المؤلفون"]),
    (Target::Editor, &["editor", "editors", "herausgeber", "éditeurscientifique", "editorliterario", "редактор", "편집자", "편자", "主编", "编者", "المحرر"]),
    (Target::Translator, &["translator", "translators", "übersetzer", "traducteur", "traductor", "переводчик", "번역자", "옮긴이", "역자", "译者", "المترجم"]),
    (Target::Publisher, &["publisher", "verlag", "éditeur", "editeur", "editorial", "издательство", "издатель", "출판사", "발행처", "펴낸곳", "出版社", "出版者", "الناشر", "دارالنشر"]),
    (Target::Place, &["place", "placeofpublication", "city", "ort", "erscheinungsort", "lieu", "lieudepublication", "lugar", "lugardepublicación", "место", "местоиздания", "город", "출판지", "발행지", "出版地", "مكانالنشر"]),
    (Target::Year, &["year", "date", "published", "publicationyear", "publicationdate", "pubdate", "updatedate", "jahr", "erscheinungsjahr", "datum", "année", "annee", "año", "ano", "fecha", "год", "годиздания", "дата", "년도", "연도", "출판년도", "출판연도", "발행년도", "발행일", "年", "年份", "出版年", "出版日期", "日期", "السنة", "سنة", "سنةالنشر", "التاريخ"]),
    (Target::Language, &["language", "languages", "lang", "sprache", "langue", "idioma", "lengua", "язык", "언어", "语言", "语种", "اللغة", "لغة"]),
    (Target::Subject, &["subject", "subjects", "keyword", "keywords", "topic", "topics", "tags", "category", "categories", "schlagwort", "schlagwörter", "schlagworte", "thema", "sujet", "sujets", "motsclés", "motscles", "materia", "materias", "tema", "palabrasclave", "тема", "темы", "рубрика", "ключевыеслова", "предмет", "주제", "주제어", "분류", "핵심어", "主题", "主题词", "关键词", "关键字", "الموضوع", "موضوع", "المواضيع", "الكلماتالمفتاحية"]),
    (Target::Description, &["description", "abstract", "summary", "beschreibung", "zusammenfassung", "inhaltsangabe", "résumé", "resume", "descripción", "descripcion", "resumen", "описание", "аннотация", "реферат", "설명", "요약", "초록", "摘要", "简介", "描述", "الوصف", "ملخص", "الملخص"]),
    (Target::Contents, &["contents", "tableofcontents", "toc", "inhalt", "inhaltsverzeichnis", "sommaire", "tabledesmatières", "contenido", "índice", "содержание", "оглавление", "목차", "차례", "目录", "المحتويات"]),
    (Target::Series, &["series", "reihe", "serie", "collection", "colección", "серия", "총서", "총서명", "丛书", "السلسلة"]),
    (Target::Edition, &["edition", "auflage", "ausgabe", "édition", "edición", "издание", "판", "판차", "版本", "版次", "الطبعة"]),
    (Target::Extent, &["extent", "pagecount", "numpages", "size", "umfang", "seitenzahl", "étendue", "extensión", "объем", "объём", "количествостраниц", "형태사항", "쪽수", "페이지수", "页数", "عددالصفحات"]),
    (Target::Container, &["container", "journal", "journaltitle", "containertitle", "journalref", "zeitschrift", "revue", "revista", "журнал", "학술지", "잡지", "期刊", "刊名", "المجلة"]),
    (Target::Volume, &["volume", "vol", "band", "tome", "volumen", "tomo", "том", "권", "卷", "المجلد"]),
    (Target::Issue, &["issue", "heft", "numérodefascicule", "fascículo", "выпуск", "호", "期", "العدد"]),
    (Target::Pages, &["pages", "pagerange", "seiten", "páginas", "paginas", "страницы", "페이지", "页码", "الصفحات"]),
    (Target::Isbn, &["isbn", "isbn13", "isbn10"]),
    (Target::Issn, &["issn", "eissn"]),
    (Target::Doi, &["doi"]),
    (Target::Url, &["url", "link", "uri", "weblink", "lien", "enlace", "ссылка", "링크", "주소", "链接", "网址", "الرابط"]),
    (Target::Lccn, &["lccn"]),
    (Target::Oclc, &["oclc", "oclcnumber"]),
    (Target::Shelfmark, &["shelfmark", "shelf", "callnumber", "location", "signatur", "standort", "cote", "signatura", "шифр", "청구기호", "서가", "索书号", "رقمالرف"]),
    (Target::Kind, &["kind", "type", "genre", "materialtype", "typ", "medienart", "tipo", "тип", "종류", "자료유형", "类型", "النوع"]),
    (Target::Body, &["body", "text", "fulltext", "content", "volltext", "texteintégral", "textocompleto", "текст", "полныйтекст", "본문", "전문", "正文", "全文", "النص"]),
    (Target::Note, &["note", "notes", "comment", "remarks", "anmerkung", "bemerkung", "remarque", "nota", "notas", "примечание", "примечания", "비고", "주기", "备注", "附注", "ملاحظات", "ملاحظة"]),
];

impl Target {
    /// The target that a column's name means, in any of eight languages.
    pub fn guess(name: &str) -> Option<Self> {
        let folded: String = name
            .chars()
            .filter(|one| one.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        let without_prefix = folded
            .strip_prefix("dc")
            .filter(|_| name.contains(['.', ':']));
        NAMES
            .iter()
            .find(|row| {
                row.1
                    .iter()
                    .any(|known| *known == folded || Some(*known) == without_prefix)
            })
            .map(|row| row.0)
    }

    /// The name of the target in mappings: `title`, `author`, …
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|row| row.0 == self)
            .and_then(|row| row.1.first())
            .copied()
            .unwrap_or("")
    }

    /// All targets, in the order of the model.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|row| row.0)
    }
}

/// Puts a cell's text where its column belongs.
pub(crate) fn put(record: &mut CatalogueRecord, target: Target, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let set = |slot: &mut Option<String>| {
        if slot.is_none() {
            *slot = Some(text.to_owned());
        }
    };
    match target {
        Target::Id if record.id.is_empty() => text.clone_into(&mut record.id),
        Target::Id => {}
        Target::Title if record.title.is_empty() => text.clone_into(&mut record.title),
        Target::Title | Target::AlternativeTitle => {
            push_new(&mut record.alternative_titles, text.to_owned());
        }
        Target::Subtitle => set(&mut record.subtitle),
        Target::Author => names(record, text, None),
        Target::Editor => names(record, text, Some("edt")),
        Target::Translator => names(record, text, Some("trl")),
        Target::Publisher => set(&mut record.publisher),
        Target::Place => set(&mut record.place),
        Target::Year => {
            if record.year.is_none() {
                record.year = identifiers::year(text);
            }
            set(&mut record.date);
        }
        Target::Language => {
            for part in text.split([';', ',', '/', '|']) {
                if let Some(tag) = languages::normalize(part) {
                    record.add_language(tag);
                }
            }
        }
        Target::Subject => {
            for part in text.split([';', '|']) {
                push_new(&mut record.subjects, part.trim().to_owned());
            }
        }
        Target::Description => append_line(&mut record.description, text.to_owned()),
        Target::Contents => append_line(&mut record.contents, text.to_owned()),
        Target::Series => push_new(&mut record.series, text.to_owned()),
        Target::Edition => set(&mut record.edition),
        Target::Extent => set(&mut record.extent),
        Target::Container => set(&mut record.container),
        Target::Volume => set(&mut record.volume),
        Target::Issue => set(&mut record.issue),
        Target::Pages => set(&mut record.pages),
        Target::Isbn => many(record, text, "isbn", identifiers::isbn13),
        Target::Issn => many(record, text, "issn", identifiers::issn),
        Target::Doi => {
            let doi = identifiers::doi(text).unwrap_or_else(|| text.to_owned());
            record.add_identifier(Identifier::new("doi", doi));
        }
        Target::Url => record.add_identifier(Identifier::new("url", text)),
        Target::Lccn => record.add_identifier(Identifier::new("lccn", text)),
        Target::Oclc => record.add_identifier(Identifier::new("oclc", text)),
        Target::Shelfmark => record.add_identifier(Identifier::new("shelfmark", text)),
        Target::Kind => {
            if record.kind == WorkKind::Other {
                record.kind = kind_of(text);
            }
        }
        Target::Body => append_line(&mut record.body, text.to_owned()),
        Target::Note => push_new(&mut record.notes, text.to_owned()),
    }
}

fn many(
    record: &mut CatalogueRecord,
    text: &str,
    scheme: &str,
    normal: fn(&str) -> Option<String>,
) {
    for part in text.split([';', ',', '|']) {
        if let Some(value) = normal(part) {
            record.add_identifier(Identifier::new(scheme, value));
        }
    }
}

/// Names parted by semicolons, or by commas where each part is a whole name.
fn names(record: &mut CatalogueRecord, text: &str, role: Option<&str>) {
    let parts: Vec<&str> = if text.contains([';', '|']) {
        text.split([';', '|']).collect()
    } else {
        let parts: Vec<&str> = text
            .split(',')
            .flat_map(|part| part.split(" and "))
            .map(str::trim)
            .collect();
        let whole = parts
            .iter()
            .all(|part| part.contains(' ') || part.is_empty());
        if whole {
            parts
        } else {
            text.split(" and ").collect()
        }
    };
    for part in parts {
        let display = part.trim();
        if display.is_empty() {
            continue;
        }
        let name = Name {
            display: display.to_owned(),
            role: role.map(str::to_owned),
            ..Name::default()
        };
        if !record.authors.contains(&name) {
            record.authors.push(name);
        }
    }
}
