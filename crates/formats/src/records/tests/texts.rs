use std::io::Cursor;

use super::{clean, read_with};
use crate::records::RecordKind::{BibTex, Csv, JsonLines, Ris};
use crate::records::*;

const BIB: &str = r#"This is a comment with mail@example.org in it.
@string{aw = "Addison-Wesley"}
@comment{ @book{ignored, title={x}} }
@Book{hunt99,
  author    = {Andrew Hunt and Thomas, David and {Pragmatic Group, The}},
  title     = "The {Pragmatic} Programmer",
  publisher = aw # " Longman",
  year      = 1999, month = oct,
  isbn      = {0-201-61622-X},
  keywords  = {programming, craft},
  pages     = {xxiv, 321 p.},
}
@article(goedel,
  author = {Kurt G{\"o}del and Ludwig van Beethoven},
  title = {{\"U}ber formal unentscheidbare S{\"a}tze},
  journal = {Monatshefte}, volume = 38, pages = {173--198}, year = {1931},
  url = {https://example.org/a_b~c}
)
@misc{broken, title = {never closed
@misc{after, title = {Still here}, note = {ok}}
"#;

#[test]
fn bibtex_is_read_tolerantly() {
    let items = read_with(BibTex, BIB, "");
    assert_eq!(items.len(), 4, "{items:#?}");
    let hunt = &items[0].as_ref().unwrap().record;
    assert_eq!(
        (hunt.id.as_str(), hunt.title.as_str()),
        ("hunt99", "The Pragmatic Programmer")
    );
    assert_eq!(hunt.publisher.as_deref(), Some("Addison-Wesley Longman"));
    assert_eq!(
        hunt.authors,
        [
            Name::new("Hunt, Andrew"),
            Name::new("Thomas, David"),
            Name::corporate("Pragmatic Group, The")
        ]
    );
    assert_eq!(hunt.identifier("isbn"), Some("9780201616224"));
    assert_eq!(hunt.subjects, ["programming", "craft"]);
    let goedel = &items[1].as_ref().unwrap().record;
    assert_eq!(goedel.title, "Über formal unentscheidbare Sätze");
    assert_eq!(goedel.authors[0].display, "Gödel, Kurt");
    assert_eq!(goedel.authors[1].display, "van Beethoven, Ludwig");
    assert_eq!(goedel.pages.as_deref(), Some("173-198"));
    assert_eq!(goedel.identifier("url"), Some("https://example.org/a_b~c"));
    assert!(
        items[2]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("closing brace")
    );
    assert_eq!(items[3].as_ref().unwrap().record.title, "Still here");
}

#[test]
fn ris_is_read() {
    let text = "\u{feff}TY  - JOUR\r\nAU  - Ode, Mira\r\nTI  - Wells\r\nJO  - Water\r\nPY  - 1998/05//\r\n\
        SP  - 1\r\nEP  - 9\r\nSN  - 0378-5955\r\nKW  - water\r\nKW  - wells\r\nAB  - First line\r\nsecond line\r\nER  - \r\n\r\n\
        TY  - BOOK\r\nTI  - No end\r\nTY  - BOOK\r\nTI  - Last\r\nER  -\r\n";
    let items = read_with(Ris, text, "");
    assert_eq!(items.len(), 3);
    let one = &items[0].as_ref().unwrap().record;
    assert_eq!((one.kind, one.year), (WorkKind::Article, Some(1998)));
    assert_eq!(one.pages.as_deref(), Some("1-9"));
    assert_eq!(one.container.as_deref(), Some("Water"));
    assert_eq!(one.description.as_deref(), Some("First line\nsecond line"));
    assert_eq!(one.identifier("issn"), Some("0378-5955"));
    assert_eq!(items[1].as_ref().unwrap().warnings.len(), 1);
    assert_eq!(items[2].as_ref().unwrap().record.title, "Last");
}

#[test]
fn tables_in_eight_languages_are_understood() {
    for (header, delimiter) in [
        (
            ["id", "title", "author", "year", "language", "subject"],
            ",",
        ),
        (["번호", "제목", "저자", "출판년도", "언어", "주제"], ","),
        (
            ["Номер", "Название", "Автор", "Год издания", "Язык", "Тема"],
            ";",
        ),
        (
            ["Número", "Título", "Autor", "Año", "Idioma", "Materia"],
            ";",
        ),
        (
            ["Identifiant", "Titre", "Auteur", "Année", "Langue", "Sujet"],
            "\t",
        ),
        (
            [
                "Nummer",
                "Titel",
                "Verfasser",
                "Jahr",
                "Sprache",
                "Schlagwort",
            ],
            ";",
        ),
        (["编号", "书名", "作者", "出版年", "语言", "主题"], ","),
        (
            ["الرقم", "العنوان", "المؤلف", "السنة", "اللغة", "الموضوع"],
            ",",
        ),
    ] {
        let row = [
            "7",
            "\"The \"\"old\"\"\nwell\"",
            "\"Ode, Mira; Kim\"",
            "1998",
            "ko",
            "\"Water; Villages\"",
        ];
        let text = format!(
            "\u{feff}{}\r\n{}\r\n",
            header.join(delimiter),
            row.join(delimiter)
        );
        let records = clean(Csv, text);
        assert_eq!(records.len(), 1, "{header:?}");
        let one = &records[0];
        assert_eq!(
            (one.id.as_str(), one.title.as_str()),
            ("7", "The \"old\"\nwell"),
            "{header:?}"
        );
        assert_eq!(one.authors, [Name::new("Ode, Mira"), Name::new("Kim")]);
        assert_eq!(
            (one.year, one.language.as_deref()),
            (Some(1998), Some("ko"))
        );
        assert_eq!(one.subjects, ["Water", "Villages"]);
    }
}

#[test]
fn tables_as_told() {
    let text = "a|b|Jahr\nOne|Two|1999\n";
    let items = read_with(Csv, text, "title=b, author=a");
    let one = &items[0].as_ref().unwrap().record;
    assert_eq!(
        (
            one.title.as_str(),
            one.authors[0].display.as_str(),
            one.year
        ),
        ("Two", "One", Some(1999))
    );
    let error = read_with(Csv, text, "title=zz")[0]
        .as_ref()
        .unwrap_err()
        .clone();
    assert!(error.fatal && error.reason.contains("no column `zz`"));
    let error = read_with(Csv, "x,y\n1,2\n", "")[0]
        .as_ref()
        .unwrap_err()
        .clone();
    assert!(error.reason.contains("x, y"), "{error}");
    assert!(Mapping::parse("titel=x").is_err());
    // Windows-1251, found by its letters.
    let (bytes, _, _) =
        encoding_rs::WINDOWS_1251.encode("Название;Автор\nВойна и мир;Толстой Лев\n");
    assert_eq!(clean(Csv, &bytes)[0].title, "Война и мир");
}

#[test]
fn open_quotes_cost_one_line_and_wide_tables_are_read() {
    let items = read_with(Csv, "title,year\nGood,1\n\"bad,2\nNext,3\n", "");
    assert_eq!(items.len(), 3, "{items:?}");
    assert!(
        items[1]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("never closed")
    );
    assert_eq!(items[2].as_ref().unwrap().record.title, "Next");

    let names: Vec<_> = (0..10_000).map(|at| format!("column{at}")).collect();
    let cells: Vec<_> = (0..10_000).map(|at| at.to_string()).collect();
    let text = format!("{},title\n{},Wide\n", names.join(","), cells.join(","));
    assert_eq!(clean(Csv, text)[0].title, "Wide");
    let names = vec!["c"; 30_000].join(",");
    assert!(
        read_with(Csv, names, "")[0]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("columns")
    );
}

#[test]
fn json_lines_with_keys_of_many_shapes() {
    let text = concat!(
        "{\"id\": \"1\", \"title\": \"The Well\", \"authors\": [\"Mira Ode\", {\"family\": \"Kim\", \"given\": \"Hana\"}], \"year\": 1998}\n",
        "\n",
        "{\"id\":\"a/1\",\"title\":\"A title\",\"body\":\"All text\"}\r\n",
        "{\"id\": oops}\n",
        "[1,2]\n",
        "{\"meta\":{\"name\":[{\"value\":\"Inner\"}]},\"isbn\":\"0-201-61622-X\"}",
    );
    let items = read_with(JsonLines, text, "title=meta.name");
    let titles: Vec<_> = items
        .iter()
        .map(|item| {
            item.as_ref()
                .map(|one| one.record.title.clone())
                .map_err(|error| error.offset)
        })
        .collect();
    assert_eq!(items.len(), 5, "{titles:?}");
    assert!(
        titles[0].is_err(),
        "the mapping says where the title is: {titles:?}"
    );
    assert_eq!(titles[4], Ok("Inner".to_owned()));

    let items = read_with(JsonLines, text, "");
    let one = &items[0].as_ref().unwrap().record;
    assert_eq!(one.authors, [Name::new("Mira Ode"), Name::new("Kim, Hana")]);
    assert_eq!(one.year, Some(1998));
    let two = &items[1].as_ref().unwrap().record;
    assert_eq!(
        (two.id.as_str(), two.body.as_deref()),
        ("a/1", Some("All text"))
    );
    assert!(items[2].as_ref().unwrap_err().reason.contains("not JSON"));
    assert_eq!(items[2].as_ref().unwrap_err().ordinal, 3);
    assert!(items[3].is_err());
}

#[test]
fn every_format_goes_on_at_every_position() {
    let csv = "title,year\nOne,1\n\"Two\n2\",2\nThree,3\n";
    let jsonl = "{\"title\":\"One\"}\n{\"title\":\"Two\"}\n{\"title\":\"Three\"}\n";
    let ris = "TY  - BOOK\nTI  - One\nER  - \n\nTY  - BOOK\nTI  - Two\nER  - \n";
    let dc = "<r><dc><title>One</title></dc> <dc><title>Two</title></dc></r>";
    let bib = "@book{a,title={One}}\n@book{b,title={Two}}";
    for (kind, text) in [
        (Csv, csv),
        (JsonLines, jsonl),
        (Ris, ris),
        (RecordKind::DublinCore, dc),
        (BibTex, bib),
    ] {
        let mapping = Mapping::default();
        let all: Vec<_> = read_with(kind, text, "")
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert!(all.len() >= 2, "{kind:?}");
        for skip in 0..=all.len() {
            let mut reader = open(kind, Cursor::new(text), &mapping).unwrap();
            assert_eq!(reader.by_ref().take(skip).count(), skip);
            let (offset, ordinal) = (reader.offset(), reader.ordinal());
            let rest: Vec<_> = open_at(kind, Cursor::new(text), &mapping, offset, ordinal)
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(rest, all[skip..], "{kind:?} after {skip}");
        }
    }
}

#[test]
fn formats_are_told_by_their_first_bytes() {
    for (head, name, kind) in [
        ("00755cam  22002414a 4500001", "x", Some(RecordKind::Marc)),
        (
            "<collection xmlns=\"http://www.loc.gov/MARC21/slim\">",
            "x.xml",
            Some(RecordKind::MarcXml),
        ),
        (
            "<oai_dc:dc xmlns:dc=\"http://purl.org/dc/elements/1.1/\">",
            "x.xml",
            Some(RecordKind::DublinCore),
        ),
        (
            "<html xmlns:dc=\"http://purl.org/dc/elements/1.1/\">",
            "x.html",
            None,
        ),
        (BIB, "x.bib", Some(BibTex)),
        ("@book{a, title={b}}", "x", Some(BibTex)),
        ("TY  - BOOK\n", "x.txt", Some(Ris)),
        ("{\"id\":1}\n", "x.jsonl", Some(JsonLines)),
        ("title,author\n", "x.csv", Some(Csv)),
        ("Titel;Verfasser\n", "x.txt", Some(Csv)),
        ("Dear reader, hello\n", "x.txt", None),
    ] {
        assert_eq!(
            detect_records(head.as_bytes(), name),
            kind,
            "{name}: {head}"
        );
    }
}
