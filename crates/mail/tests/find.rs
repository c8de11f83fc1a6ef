//! People find their own mail, and nobody else's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;
use std::sync::{Arc, OnceLock};

use lampion_blobs::Blobs;
use lampion_core::metrics::Metrics;
use lampion_core::{Config, Events, ManualClock, SystemRng};
use lampion_db::testing::databases;
use lampion_db::{Db, KERNEL, SqlJobs};
use lampion_mail::Mail;
use lampion_mail::store::{MessageId, Special, Target};
use lampion_people::People;
use lampion_search::LocalEngine;
use lampion_web::Kernel;

async fn mail(db: &Db, data: &Path) -> Mail {
    let clock = Arc::new(ManualClock::new(1_700_000_000_000));
    let people = People::for_tests(
        db.clone(),
        Arc::clone(&clock) as Arc<_>,
        Arc::new(SystemRng),
        30,
    );
    std::fs::create_dir_all(data.join("node")).unwrap();
    Mail::new(Kernel {
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
    .unwrap()
}

#[tokio::test]
async fn mail_is_found_by_its_words_people_and_files_until_it_is_deleted() {
    for db in databases("mailfind").await {
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
        let letters = [
            "From: =?utf-8?B?7J207ISc7Jew?= <seoyeon@lake.internal>\r\nSubject: Bridge repairs\r\n\r\nThe carpenters come on Thursday.\r\n",
            "From: tomas@hill.internal\r\nSubject: =?utf-8?Q?=ED=95=99=EA=B5=90_=EB=8F=84=EC=84=9C=EA=B4=80?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n새 책이 들어왔습니다.\r\n",
            "Subject: plan\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>See the <b>harvest</b> figures</p>\r\n--b\r\nContent-Type: application/pdf; name=\"orchard-budget.pdf\"\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n",
        ];
        let inbox = node
            .store()
            .mailbox(&mira.id, "INBOX")
            .await
            .unwrap()
            .unwrap();
        let mut ids = Vec::new();
        for letter in letters {
            let message = node.store().message(letter.as_bytes()).await.unwrap();
            let placed = node
                .store()
                .append(message, Target::new(inbox.id))
                .await
                .unwrap();
            ids.push(placed.message);
        }
        let find = |node: &Mail, account, question: &'static str| {
            let node = node.clone();
            async move {
                let found = node.find(&account, question, None, 20).await.unwrap();
                found
                    .hits
                    .into_iter()
                    .map(|hit| hit.message)
                    .collect::<Vec<MessageId>>()
            }
        };
        for (question, expected) in [
            ("carpenters", 0),
            ("bridge thursday", 0),
            ("이서연", 0),
            ("도서관", 1),
            ("책", 1),
            ("harvest", 2),
            ("orchard", 2),
        ] {
            let hits = find(&node, mira.clone(), question).await;
            assert_eq!(hits, [ids[expected]], "{question}");
            assert!(find(&node, tomas.clone(), question).await.is_empty());
        }
        for (text, expected) in [
            ("carpent", vec![ids[0]]),
            ("come on Thursday", vec![ids[0]]),
            ("on come Thursday", vec![]),
            ("\"Bridge repairs\"", vec![ids[0]]),
            ("budget", vec![ids[2]]),
            ("도서관", vec![ids[1]]),
        ] {
            let found = node.containing(&mira, text).await.unwrap().unwrap();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{text}");
        }
        assert!(node.containing(&mira, "---").await.unwrap().is_none());
        // Moved, it is still found; deleted, it isn't; and another process goes on from what is there.
        let archive = node
            .store()
            .special(&mira.id, Special::Archive)
            .await
            .unwrap();
        node.store()
            .move_to(inbox.id, &[1], archive.id)
            .await
            .unwrap();
        assert_eq!(find(&node, mira.clone(), "carpenters").await, [ids[0]]);
        node.store().delete(archive.id, &[1]).await.unwrap();
        assert!(find(&node, mira.clone(), "carpenters").await.is_empty());
        drop(node);
        let node = mail(db.db(), db.folder()).await;
        let message = node
            .store()
            .message(b"Subject: lantern\r\n\r\nlight\r\n")
            .await
            .unwrap();
        let placed = node
            .store()
            .append(message, Target::new(inbox.id))
            .await
            .unwrap();
        assert_eq!(find(&node, mira.clone(), "lantern").await, [placed.message]);
        assert_eq!(find(&node, mira, "harvest").await, [ids[2]]);
    }
}
