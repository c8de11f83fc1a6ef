//! The text of files in mail is found by their owner, until the message is deleted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use lampion_blobs::Blobs;
use lampion_confined::Worker;
use lampion_confined::text::Texts;
use lampion_core::metrics::Metrics;
use lampion_core::{Config, Events, ManualClock, SystemRng};
use lampion_db::testing::databases;
use lampion_db::{Db, KERNEL, SqlJobs};
use lampion_mail::Mail;
use lampion_mail::store::{Account, MessageId, Special, Target};
use lampion_people::People;
use lampion_search::LocalEngine;
use lampion_web::Kernel;
use zip::write::SimpleFileOptions;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

fn worker() -> Worker {
    Worker::new(&Config::default(), PathBuf::from(PROGRAM))
}

/// A node's mail without its ports; files are read by the real program.
async fn mail(db: &Db, data: &Path) -> Mail {
    let clock = Arc::new(ManualClock::new(1_700_000_000_000));
    let people = People::for_tests(
        db.clone(),
        Arc::clone(&clock) as Arc<_>,
        Arc::new(SystemRng),
        30,
    );
    std::fs::create_dir_all(data.join("node")).unwrap();
    let mail = Mail::new(Kernel {
        config: Arc::new(Config::default()),
        data: data.to_path_buf(),
        db: db.clone(),
        clock,
        rng: Arc::new(SystemRng),
        events: Events::default(),
        metrics: Metrics::new().unwrap(),
        people,
        search: Arc::new(LocalEngine::new()),
        blobs: Blobs::folder(data.join("blobs")).unwrap(),
        jobs: Arc::new(SqlJobs(db.clone())),
        feeds: Arc::new(OnceLock::new()),
        runner: Arc::new(OnceLock::new()),
        secret: [7; 32],
    })
    .unwrap();
    mail.read_files_with(worker());
    mail
}

fn docx(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("[Content_Types].xml", deflated).unwrap();
    zip.write_all(b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>").unwrap();
    zip.start_file("word/document.xml", deflated).unwrap();
    write!(
        zip,
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )
    .unwrap();
    zip.finish().unwrap().into_inner()
}

/// A PDF of one page with one line (ISO 32000-1 §7.5).
fn pdf(text: &str) -> Vec<u8> {
    let stream = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_string(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".into(),
        format!("<</Length {}>>\nstream\n{stream}\nendstream", stream.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".into(),
    ];
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (nth, object) in objects.iter().enumerate() {
        places.push(out.len());
        write!(out, "{} 0 obj\n{object}\nendobj\n", nth + 1).unwrap();
    }
    let start = out.len();
    write!(out, "xref\n0 6\n0000000000 65535 f \n").unwrap();
    for place in places {
        writeln!(out, "{place:010} 00000 n ").unwrap();
    }
    write!(
        out,
        "trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    out
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (nth, three) in bytes.chunks(3).enumerate() {
        let bits = three.iter().enumerate().fold(0u32, |bits, (at, byte)| {
            bits | u32::from(*byte) << (16 - 8 * at)
        });
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63] as char;
            out.push(if at > three.len() { '=' } else { letter });
        }
        if nth % 19 == 18 {
            out.push_str("\r\n");
        }
    }
    out
}

fn letter(subject: &str, files: &[(&str, &str, Vec<u8>)]) -> Vec<u8> {
    let mut out = format!(
        "Subject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the files.\r\n"
    );
    for (name, kind, bytes) in files {
        out.push_str(&format!(
            "--b\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            base64(bytes)
        ));
    }
    out.push_str("--b--\r\n");
    out.into_bytes()
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

async fn found(mail: &Mail, account: &Account, words: &str) -> Vec<(MessageId, Option<String>)> {
    let found = mail.find(account, words, None, 20).await.unwrap();
    found
        .hits
        .into_iter()
        .map(|hit| (hit.message, hit.file))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_mail_are_found_by_their_text_until_they_are_deleted() {
    for db in databases("mailfiles").await {
        db.db()
            .migrate(&[
                KERNEL,
                lampion_people::MIGRATIONS,
                lampion_mail::store::MIGRATIONS,
            ])
            .await
            .unwrap();
        let node = mail(db.db(), db.folder()).await;
        for name in ["mira", "tomas"] {
            let people = &node.kernel().people;
            people
                .create(name, name, Some("a good password"), &[])
                .await
                .unwrap();
        }
        let mira = node.store().account_at("mira").await.unwrap().unwrap();
        let tomas = node.store().account_at("tomas").await.unwrap().unwrap();
        let mut mailboxes = Vec::new();
        for account in [&mira, &tomas] {
            let inbox = node.store().mailbox(&account.id, "INBOX").await.unwrap();
            mailboxes.push(inbox.unwrap().id);
        }
        let put = |bytes: Vec<u8>| {
            let (node, inbox) = (node.clone(), mailboxes[0]);
            async move {
                let message = node.store().message(&bytes).await.unwrap();
                let placed = node.store().append(message, Target::new(inbox)).await;
                placed.unwrap()
            }
        };
        let plans = put(letter(
            "plans",
            &[
                ("roof.docx", WORD, docx("The rafters are of quaggawood.")),
                (
                    "well.pdf",
                    "application/pdf",
                    pdf("The well is forty fathoms deep"),
                ),
                // Damaged, closed, and a picture: none of them keeps the others from being read.
                (
                    "broken.pdf",
                    "application/pdf",
                    b"%PDF-1.7 no more".to_vec(),
                ),
                (
                    "secret.pdf.gpg",
                    "application/octet-stream",
                    b"closedword".to_vec(),
                ),
                (
                    "note.txt.asc",
                    "text/plain",
                    b"-----BEGIN PGP MESSAGE-----\nclosedword\n".to_vec(),
                ),
                (
                    "photo.png",
                    "image/png",
                    b"\x89PNG\r\n\x1a\n closedword".to_vec(),
                ),
            ],
        ))
        .await;
        let other = put(letter(
            "fathoms",
            &[("list.csv", "text/csv", b"tree,height\nbaobab,12\n".to_vec())],
        ))
        .await;
        // The messages are there at once; their files soon after.
        assert_eq!(found(&node, &mira, "plans").await, [(plans.message, None)]);
        node.tidy_index(&mira.id).await.unwrap();
        let roof = Some("roof.docx".to_string());
        assert_eq!(
            found(&node, &mira, "quaggawood").await,
            [(plans.message, roof.clone())]
        );
        let well = Some("well.pdf".to_string());
        assert_eq!(
            found(&node, &mira, "\"forty fathoms\"").await,
            [(plans.message, well)]
        );
        assert_eq!(
            found(&node, &mira, "baobab").await,
            [(other.message, Some("list.csv".into()))]
        );
        let both = found(&node, &mira, "fathoms").await;
        assert_eq!(both.len(), 2);
        assert!(both.contains(&(other.message, None)), "{both:?}");
        assert!(found(&node, &mira, "closedword").await.is_empty());
        assert!(found(&node, &tomas, "quaggawood").await.is_empty());
        // What mail programs ask for over many messages is found too.
        let ids = node.containing(&mira, "quaggawood").await.unwrap().unwrap();
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), [plans.message]);

        // Moved, it is still found, and not read again; another process goes on from what is there.
        let store = node.store();
        let archive = store.special(&mira.id, Special::Archive).await.unwrap();
        store
            .move_to(mailboxes[0], &[plans.uid], archive.id)
            .await
            .unwrap();
        assert_eq!(
            found(&node, &mira, "quaggawood").await,
            [(plans.message, roof.clone())]
        );
        node.tidy_index(&mira.id).await.unwrap();
        assert_eq!(
            found(&node, &mira, "quaggawood").await,
            [(plans.message, roof.clone())]
        );
        drop(node);
        let node = mail(db.db(), db.folder()).await;
        assert_eq!(
            found(&node, &mira, "quaggawood").await,
            [(plans.message, roof)]
        );

        // Deleted, it is out of the answers at once and soon out of the index, searched or not.
        node.tidy_all_indexes().await.unwrap();
        let name = format!("mail-{}", mira.id);
        let engine = Arc::clone(&node.kernel().search);
        assert_eq!(engine.hashes(&name).unwrap().len(), 5);
        let view = node.store().view(archive.id).await.unwrap();
        let uid = view.iter().next().unwrap().uid;
        node.store().delete(archive.id, &[uid]).await.unwrap();
        assert!(found(&node, &mira, "quaggawood").await.is_empty());
        node.tidy_all_indexes().await.unwrap();
        let left = engine.hashes(&name).unwrap();
        assert_eq!(left, vec![other.message.0.unsigned_abs(); 2]);
        for word in ["quaggawood", "plans"] {
            let (ids, _) = engine.matching(&name, word, None).unwrap().unwrap();
            assert!(ids.is_empty(), "{word}");
        }
        assert!(
            engine
                .get(&name, &format!("{}.1", plans.message.0))
                .unwrap()
                .is_none()
        );
        assert_eq!(found(&node, &mira, "baobab").await.len(), 1);
    }
}

#[tokio::test]
async fn a_reader_that_dies_or_gets_too_much_costs_one_document() {
    let mut texts = Texts::new(worker(), 1 << 20, 1_000);
    texts.begin("a.txt").await.unwrap();
    texts.piece(b"first").await;
    assert_eq!(texts.text().await.unwrap(), "first");
    texts.begin("large.txt").await.unwrap();
    texts.piece(&vec![b'a'; 2 << 20]).await;
    let refused = texts.text().await.unwrap_err();
    assert!(refused.contains("larger than"), "{refused}");
    // Given up in the middle: the next one is read by another child.
    texts.begin("b.txt").await.unwrap();
    texts.piece(b"half").await;
    texts.give_up();
    texts.begin("c.txt").await.unwrap();
    texts.piece(b"se").await;
    texts.piece(b"cond").await;
    assert_eq!(texts.text().await.unwrap(), "second");
    // A bomb that unpacks to more than may be read.
    texts.begin("bomb.docx").await.unwrap();
    texts.piece(&docx(&"a ".repeat(4 << 20))).await;
    match texts.text().await {
        Ok(text) => assert!(text.len() <= 1_000),
        Err(reason) => assert!(!reason.is_empty()),
    }
    let mut away = Texts::new(
        Worker {
            program: "/nowhere/lampion".into(),
            ..worker()
        },
        1,
        1,
    );
    let error = away.begin("a").await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/lampion"), "{error}");
}
