//! The queue's own time: when senders are told that something is late, and in which words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use lampion_blobs::Blobs;
use lampion_core::metrics::Metrics;
use lampion_core::{Config, Events, ManualClock, SystemRng};
use lampion_db::testing::databases;
use lampion_db::{Db, KERNEL, SqlJobs};
use lampion_mail::Mail;
use lampion_mail::queue::{Accept, Carrier, Outcome, Queued, Recipient};
use lampion_mailproto::smtp::Address;
use lampion_people::People;
use lampion_search::LocalEngine;
use lampion_web::Kernel;

const HOUR: i64 = 3_600;

async fn mail(db: &Db, data: &Path, language: &str) -> Mail {
    let clock = Arc::new(ManualClock::new(1_700_000_000_000));
    let people = People::for_tests(
        db.clone(),
        Arc::clone(&clock) as Arc<_>,
        Arc::new(SystemRng),
        30,
    );
    std::fs::create_dir_all(data.join("node")).unwrap();
    Mail::new(Kernel {
        config: Arc::new(Config {
            name: "hill".into(),
            net: "internal".into(),
            language: language.into(),
            ..Config::default()
        }),
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

/// A link that is up or down.
#[derive(Default)]
struct Link(AtomicBool);

#[async_trait]
impl Carrier for Link {
    async fn carry(&self, _node: &str, _queued: &Queued) -> Result<(), String> {
        if self.0.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err("the link is down".into())
        }
    }
}

async fn send(mail: &Mail, to: &str) {
    let text = format!("From: mira@hill.internal\r\nTo: {to}\r\nSubject: well\r\n\r\nhello\r\n");
    let to = Address::parse(to).unwrap();
    let route = mail.queue().route(&to).await.unwrap();
    let accept = Accept {
        message: mail.store().message(text.as_bytes()).await.unwrap(),
        head: Vec::new(),
        from: Address::parse("mira@hill.internal").ok(),
        recipients: vec![Recipient {
            to,
            route,
            look: None,
            notify: None,
            original: None,
        }],
        ret: None,
        envelope_id: None,
        eight_bit: false,
        utf8: false,
        sent_by: None,
        reports: true,
        extra: Vec::new(),
    };
    let outcomes = mail.queue().accept(accept).await.unwrap();
    assert_eq!(outcomes, [Outcome::Kept]);
}

/// Lets so many hours pass, in steps.
async fn pass(mail: &Mail, hours: i64) {
    for _ in 0..hours * 4 {
        mail.queue().work(HOUR / 4).await.unwrap();
    }
}

async fn inbox(mail: &Mail) -> Vec<String> {
    let account = mail.store().account_at("mira").await.unwrap().unwrap();
    let inbox = mail.store().mailbox(&account.id, "INBOX").await.unwrap();
    let view = mail.store().view(inbox.unwrap().id).await.unwrap();
    let mut all = Vec::new();
    for item in view.iter() {
        let content = mail.store().content(item.message).await.unwrap();
        all.push(String::from_utf8(content.bytes(1 << 20).await.unwrap()).unwrap());
    }
    all
}

#[tokio::test]
async fn a_sender_is_told_of_delay_once_after_the_routes_usual_gap() {
    for db in databases("queuegap").await {
        db.db()
            .migrate(&[
                KERNEL,
                lampion_people::MIGRATIONS,
                lampion_mail::store::MIGRATIONS,
            ])
            .await
            .unwrap();
        let mail = mail(db.db(), db.folder(), "ko").await;
        let people = &mail.kernel().people;
        people
            .create("mira", "mira", Some("a good password"), &[])
            .await
            .unwrap();
        let link = Arc::new(Link::default());
        mail.queue().set_carrier(Arc::clone(&link) as Arc<_>);
        // Nothing is known of the link: three days.
        send(&mail, "kim@valley.internal").await;
        pass(&mail, 71).await;
        assert!(inbox(&mail).await.is_empty());
        pass(&mail, 3).await;
        let told = inbox(&mail).await;
        assert_eq!(told.len(), 1);
        for part in [
            "메시지가 아직 가는 중입니다:",
            "Your message is still on its way:",
            "Action: delayed\r\n",
            "Final-Recipient: rfc822; kim@valley.internal\r\n",
        ] {
            assert!(told[0].contains(part), "{part} in {}", told[0]);
        }
        pass(&mail, 200).await;
        assert_eq!(inbox(&mail).await.len(), 1, "told once");
        link.0.store(true, Ordering::SeqCst);
        pass(&mail, 2).await;
        assert!(mail.queue().list().await.unwrap().is_empty());

        // A link of its own that is up for an hour a day.
        for _ in 0..12 {
            link.0.store(false, Ordering::SeqCst);
            send(&mail, "kim@lake.internal").await;
            pass(&mail, 23).await;
            link.0.store(true, Ordering::SeqCst);
            pass(&mail, 1).await;
        }
        assert!(mail.queue().list().await.unwrap().is_empty());
        assert_eq!(inbox(&mail).await.len(), 1, "that is how this link is");
        // Closed for longer than it ever was, it is late, long before three days.
        link.0.store(false, Ordering::SeqCst);
        send(&mail, "kim@lake.internal").await;
        pass(&mail, 24).await;
        assert_eq!(inbox(&mail).await.len(), 1);
        pass(&mail, 24).await;
        assert_eq!(inbox(&mail).await.len(), 2);
        // Another process knows it too.
        assert!(mail.queue().list().await.unwrap()[0].noticed);
    }
}

#[tokio::test]
async fn a_sender_is_told_of_failure_in_the_nodes_language_and_in_english() {
    for (language, words) in [
        ("fr", "n’a pas pu être remis"),
        ("en", "could not be delivered"),
    ] {
        for db in databases(&format!("queuewords{language}")).await {
            db.db()
                .migrate(&[
                    KERNEL,
                    lampion_people::MIGRATIONS,
                    lampion_mail::store::MIGRATIONS,
                ])
                .await
                .unwrap();
            let mail = mail(db.db(), db.folder(), language).await;
            let people = &mail.kernel().people;
            people
                .create("mira", "mira", Some("a good password"), &[])
                .await
                .unwrap();
            send(&mail, "kim@valley.internal").await;
            let id = mail.queue().list().await.unwrap()[0].id.clone();
            // Page after page, each once, also of one and the same moment.
            for n in 0..4 {
                send(&mail, &format!("kim{n}@valley.internal")).await;
            }
            let (mut paged, mut last) = (Vec::new(), None);
            loop {
                let page = mail.queue().after(last.as_ref(), 2).await.unwrap();
                let Some(newest) = page.last().cloned() else {
                    break;
                };
                assert!(page.len() <= 2);
                paged.extend(page.into_iter().map(|one| one.id));
                last = Some(newest);
            }
            let all = mail.queue().list().await.unwrap();
            let all: Vec<String> = all.into_iter().map(|one| one.id).collect();
            assert_eq!((paged.len(), &paged), (5, &all));
            mail.queue().give_up(&id).await.unwrap();
            let told = inbox(&mail).await;
            assert_eq!(told.len(), 1);
            let english = "An operator of the node took it out of the queue.";
            for part in [words, english, "Action: failed\r\nStatus: 5.7.1\r\n"] {
                assert!(told[0].contains(part), "{part} in {}", told[0]);
            }
            assert_eq!(told[0].matches(english).count(), 1);
        }
    }
}
