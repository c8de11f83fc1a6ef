//! What is left after a crash, after a backup was put back, and after a long time; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use lampion_blobs::Blobs;
use lampion_core::{ManualClock, SystemRng};
use lampion_db::testing::{TestDb, databases};
use lampion_db::{KERNEL, query, query_as, query_scalar};
use lampion_mail::store::{
    Delivery, Extra, Flags, MailError, MailKey, MailboxId, Parts, Store, Target, Value, Whole,
};
use lampion_people::{People, PeopleError};

const NOW_MS: i64 = 1_700_000_000_000;

struct Bed {
    db: TestDb,
    clock: Arc<ManualClock>,
    people: People,
    store: Store,
    account: String,
    inbox: MailboxId,
}

impl Bed {
    /// The store as a process that starts now opens it.
    fn open(&self) -> Store {
        Store::new(Parts {
            db: self.db.db().clone(),
            blobs: Blobs::folder(self.db.folder().join("blobs")).unwrap(),
            people: self.people.clone(),
            clock: self.clock.clone(),
            rng: Arc::new(SystemRng),
            key: MailKey::open(self.db.folder(), &SystemRng).unwrap(),
            message_limit_bytes: 1 << 20,
            quota_bytes: Some(300_000),
        })
    }

    /// Where the mark lies.
    fn folder(&self) -> PathBuf {
        self.db.folder().to_path_buf()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        query_scalar(sql)
            .fetch_one(self.db.db().read())
            .await
            .unwrap()
    }

    /// UIDVALIDITY by mailbox.
    async fn validities(&self) -> BTreeMap<i64, i64> {
        let rows: Vec<(i64, i64)> = query_as("select id, uid_validity from mail_mailbox")
            .fetch_all(self.db.db().read())
            .await
            .unwrap();
        rows.into_iter().collect()
    }
}

async fn beds(name: &str) -> Vec<Bed> {
    let mut beds = Vec::new();
    for db in databases(name).await {
        let all = [
            KERNEL,
            lampion_people::MIGRATIONS,
            lampion_mail::store::MIGRATIONS,
        ];
        db.db().migrate(&all).await.unwrap();
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let people = People::for_tests(db.db().clone(), clock.clone(), Arc::new(SystemRng), 30);
        let mut bed = Bed {
            store: Store::new(Parts {
                db: db.db().clone(),
                blobs: Blobs::folder(db.folder().join("blobs")).unwrap(),
                people: people.clone(),
                clock: clock.clone(),
                rng: Arc::new(SystemRng),
                key: MailKey::open(db.folder(), &SystemRng).unwrap(),
                message_limit_bytes: 1 << 20,
                quota_bytes: Some(300_000),
            }),
            db,
            clock,
            people,
            account: String::new(),
            inbox: MailboxId(0),
        };
        for name in ["mira", "tomas"] {
            bed.people.create(name, name, None, &[]).await.unwrap();
            let account = bed.store.account_at(name).await.unwrap().unwrap();
            if name == "mira" {
                let inbox = bed.store.mailbox(&account.id, "INBOX").await.unwrap();
                (bed.account, bed.inbox) = (account.id, inbox.unwrap().id);
            }
        }
        beds.push(bed);
    }
    beds
}

fn letter(subject: &str, size: usize) -> Vec<u8> {
    let body = "a line of a long letter\r\n".repeat(size / 25 + 1);
    format!("Subject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\n{body}").into_bytes()
}

async fn delivery(store: &Store, subject: &str, size: usize, into: &[MailboxId]) -> Delivery {
    Delivery {
        message: store.message(&letter(subject, size)).await.unwrap(),
        targets: into.iter().map(|one| Target::new(*one)).collect(),
        extra: Vec::new(),
        holder: None,
    }
}

async fn put(store: &Store, subject: &str, size: usize, into: MailboxId) {
    let message = store.message(&letter(subject, size)).await.unwrap();
    store.append(message, Target::new(into)).await.unwrap();
}

#[tokio::test]
async fn a_database_from_a_backup_gets_new_validities_once() {
    for bed in beds("mark").await {
        let folder = bed.folder();
        // The first start, and usual ones: nothing is renewed.
        let first = bed.validities().await;
        assert!(!bed.store.compare_mark(&folder).await.unwrap());
        for _ in 0..3 {
            put(&bed.store, "before", 100, bed.inbox).await;
            bed.store.write_mark().await.unwrap();
            assert!(!bed.open().compare_mark(&folder).await.unwrap());
        }
        // Killed between the database and the file.
        query("update mail_state set mark = mark + 1, mark_chance = 'killed'")
            .execute(bed.db.db().write())
            .await
            .unwrap();
        assert!(!bed.open().compare_mark(&folder).await.unwrap());
        assert_eq!(bed.validities().await, first);

        // A backup; then mail and a mailbox come, and the backup is put back.
        let (mark, chance, next_id): (i64, String, i64) =
            query_as("select mark, mark_chance, next_id from mail_state")
                .fetch_one(bed.db.db().read())
                .await
                .unwrap();
        put(&bed.store, "after", 100, bed.inbox).await;
        let after = bed
            .store
            .create_mailbox(&bed.account, "After", None)
            .await
            .unwrap();
        bed.store.write_mark().await.unwrap();
        let given = bed.number("select next_id from mail_state").await;
        bed.store
            .delete_mailbox(&bed.account, "After")
            .await
            .unwrap();
        query("update mail_state set mark = $1, mark_chance = $2, next_id = $3")
            .bind(mark)
            .bind(&chance)
            .bind(next_id)
            .execute(bed.db.db().write())
            .await
            .unwrap();
        query("update mail_account set uid_validity = uid_validity - 1 where id = $1")
            .bind(&bed.account)
            .execute(bed.db.db().write())
            .await
            .unwrap();

        let restored = bed.open();
        assert!(restored.compare_mark(&folder).await.unwrap());
        let now = bed.validities().await;
        let highest = first
            .values()
            .max()
            .unwrap()
            .max(&i64::from(after.uid_validity))
            .to_owned();
        assert!(
            now.values().all(|one| *one > highest),
            "{now:?} after {highest}"
        );
        // Mailboxes of one account still differ.
        let own: Vec<i64> =
            query_scalar("select uid_validity from mail_mailbox where account = $1")
                .bind(&bed.account)
                .fetch_all(bed.db.db().read())
                .await
                .unwrap();
        assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), own.len());
        assert!(bed.number("select next_id from mail_state").await > given);
        assert_eq!(restored.restored_ms().await.unwrap(), Some(NOW_MS));
        let again = restored
            .create_mailbox(&bed.account, "After", None)
            .await
            .unwrap();
        assert!(again.uid_validity > after.uid_validity);
        assert!(!own.contains(&i64::from(again.uid_validity)));
        // Once is enough.
        assert!(!bed.open().compare_mark(&folder).await.unwrap());

        // The mark is gone, damaged, or of a database that went another way.
        for text in [None, Some("lampion mail mark 1\n1"), Some("x")] {
            let file = folder.join("mail.mark");
            match text {
                None => std::fs::remove_file(&file).unwrap(),
                Some(text) => std::fs::write(&file, text).unwrap(),
            }
            let before = bed.validities().await;
            assert!(bed.open().compare_mark(&folder).await.unwrap(), "{text:?}");
            let after = bed.validities().await;
            assert!(before.iter().all(|(id, one)| after[id] > *one), "{text:?}");
        }
        // By hand.
        let before = bed.validities().await;
        bed.open().renew_validities().await.unwrap();
        let after = bed.validities().await;
        assert!(before.iter().all(|(id, one)| after[id] > *one));
    }
}

#[tokio::test]
async fn blobs_that_a_crash_left_are_found_and_no_others() {
    for bed in beds("strays").await {
        put(&bed.store, "kept", 100_000, bed.inbox).await;
        let blobs = Blobs::folder(bed.db.folder().join("blobs")).unwrap();
        // Of others: a file of the library, one that begins as mail does, a short one.
        for other in [
            letter("a book", 70_000),
            [&[2u8][..], &[7; 70_000]].concat(),
            vec![2],
        ] {
            blobs.put_reader(&other[..]).await.unwrap();
        }
        // Of another node's mail.
        assert!(bed.store.strays().await.unwrap().is_empty());
        let coming = bed.store.message(&letter("coming", 100_000)).await.unwrap();
        assert!(
            bed.store.strays().await.unwrap().is_empty(),
            "it is being delivered"
        );
        // The process that brought it is gone; or it was never delivered.
        let other = bed.open();
        let seen = other.strays().await.unwrap();
        assert_eq!(seen.len(), 1);
        let left = *seen.first().unwrap();
        // It is delivered between the two looks.
        bed.store
            .append(coming, Target::new(bed.inbox))
            .await
            .unwrap();
        assert_eq!(other.delete_strays(seen).await.unwrap(), 0);
        assert!(blobs.exists(&left).await.unwrap());
        assert!(other.strays().await.unwrap().is_empty());

        drop(bed.store.message(&letter("lost", 100_000)).await.unwrap());
        let seen = other.strays().await.unwrap();
        assert_eq!(seen.len(), 1);
        let lost = *seen.first().unwrap();
        // A backup was put back a while ago: perhaps the newer database comes back, and it names them.
        bed.store.renew_validities().await.unwrap();
        assert_eq!(other.delete_strays(seen.clone()).await.unwrap(), 0);
        bed.clock.advance(31 * 86_400_000);
        assert_eq!(other.delete_strays(seen).await.unwrap(), 1);
        assert!(!blobs.exists(&lost).await.unwrap());
        let view = bed.store.view(bed.inbox).await.unwrap();
        for item in view.iter() {
            let content = bed.store.content(item.message).await.unwrap();
            assert!(content.bytes(1 << 20).await.unwrap().len() > 100_000);
        }
    }
}

#[tokio::test]
async fn old_rows_go_and_nobody_misses_them() {
    for bed in beds("prune").await {
        for n in 0..3 {
            put(&bed.store, &format!("m{n}"), 100, bed.inbox).await;
        }
        let (db, mailbox) = (bed.db.db(), bed.inbox.0);
        // So many came and went.
        let gone: Vec<(i64, i64, i64)> = (4..=25_000).map(|n| (mailbox, n, n)).collect();
        let mut tx = db.begin().await.unwrap();
        lampion_db::rows::insert(
            &mut tx,
            ("insert into mail_expunged (mailbox, modseq, uid)", ""),
            3,
            &gone,
            |statement, (mailbox, modseq, uid)| statement.bind(*mailbox).bind(*modseq).bind(*uid),
        )
        .await
        .unwrap();
        query("update mail_mailbox set uid_next = 25001, modseq = 25000 where id = $1")
            .bind(mailbox)
            .execute(&mut *tx)
            .await
            .unwrap();
        for (address, sent_ms) in [("old@x", NOW_MS - 8 * 86_400_000), ("new@x", NOW_MS)] {
            query("insert into mail_vacation (account, address, sent_ms) values ($1, $2, $3)")
                .bind(&bed.account)
                .bind(address)
                .bind(sent_ms)
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        let many: Vec<(String, i64)> = (0..5_010).map(|n| (bed.account.clone(), n)).collect();
        lampion_db::rows::insert(
            &mut tx,
            ("insert into mail_thread (account, reference, thread)", ""),
            3,
            &many,
            |statement, (account, n)| statement.bind(account.clone()).bind(*n).bind(77i64),
        )
        .await
        .unwrap();
        lampion_db::rows::insert(
            &mut tx,
            (
                "insert into mail_contact (account, address, name, used, last_ms)",
                "",
            ),
            5,
            &many,
            |statement, (account, n)| {
                let statement = statement.bind(account.clone()).bind(format!("c{n}@x"));
                statement.bind("").bind(1i64).bind(*n)
            },
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let before = bed.store.changes(bed.inbox, 20_000).await.unwrap();
        bed.store.prune().await.unwrap();

        assert_eq!(
            bed.number("select count(*) from mail_expunged").await,
            10_000
        );
        // Who was here lately hears the same; who wasn't, of all that is not there.
        let after = bed.store.changes(bed.inbox, 20_000).await.unwrap();
        assert_eq!(after.vanished, before.vanished);
        let after = bed.store.changes(bed.inbox, 3).await.unwrap();
        assert_eq!(after.vanished, (4..=25_000).collect::<Vec<u32>>());
        assert_eq!(bed.number("select count(*) from mail_vacation").await, 1);
        // Messages that are here keep their threads.
        assert_eq!(bed.number("select count(*) from mail_thread").await, 3);
        assert_eq!(bed.number("select count(*) from mail_contact").await, 5_000);
        assert_eq!(
            bed.number("select min(last_ms) from mail_contact").await,
            10
        );
    }
}

#[tokio::test]
async fn what_is_for_all_or_nobody_says_where_there_was_no_room() {
    for bed in beds("whole").await {
        let tomas = bed.store.account_at("tomas").await.unwrap().unwrap();
        let tomas = bed
            .store
            .mailbox(&tomas.id, "INBOX")
            .await
            .unwrap()
            .unwrap()
            .id;
        put(&bed.store, "big", 250_000, bed.inbox).await;
        let row = |name: &str| Extra {
            sql: "insert into mail_hold (message, holder) values ($1, $2)",
            values: vec![Value::Text(name.into())],
        };
        let mut main = delivery(&bed.store, "both", 100_000, &[tomas, bed.inbox]).await;
        main.extra.push(row("main"));
        let mut aside = delivery(&bed.store, "aside", 100, &[tomas]).await;
        aside.extra.push(row("aside"));
        let done = bed.store.deliver_whole(vec![main, aside]).await.unwrap();
        let Whole::Lacking {
            targets,
            mut deliveries,
        } = done
        else {
            panic!("{done:?}")
        };
        assert_eq!(targets, [1]);
        assert_eq!(bed.store.view(tomas).await.unwrap().iter().count(), 0);
        assert_eq!(bed.number("select count(*) from mail_hold").await, 0);
        assert_eq!(bed.number("select count(*) from mail_message").await, 1);
        // The same messages go where there is room.
        deliveries[0].targets.pop();
        let done = bed.store.deliver_whole(deliveries).await.unwrap();
        assert!(
            matches!(&done, Whole::Done(done) if done.len() == 2),
            "{done:?}"
        );
        assert_eq!(bed.store.view(tomas).await.unwrap().iter().count(), 2);
        assert_eq!(bed.number("select count(*) from mail_hold").await, 2);

        // A claim that another was quicker to make takes all with it, and nobody else's delivery.
        let mut claimed = delivery(&bed.store, "claimed", 100, &[tomas]).await;
        claimed.extra.push(Extra {
            sql: "update mail_hold set holder = 'mine' where message > $1 - 1000 and holder = $2",
            values: vec![Value::Text("nobody".into()), Value::Claim],
        });
        let other = delivery(&bed.store, "other", 100, &[tomas]).await;
        let (claimed, other) = tokio::join!(bed.store.deliver(claimed), bed.store.deliver(other));
        assert!(matches!(claimed, Err(MailError::Taken)), "{claimed:?}");
        other.unwrap();
        let view = bed.store.view(tomas).await.unwrap();
        assert_eq!(view.iter().count(), 3);
        assert!(view.iter().all(|item| !item.flags.has(Flags::SEEN)));
    }
}

#[tokio::test]
async fn a_name_belongs_to_one_a_person_or_a_list() {
    for bed in beds("names").await {
        bed.store.make_account("s-wells", "wells").await.unwrap();
        let person = bed.people.create("Wells", "W", None, &[]).await;
        assert!(
            matches!(person, Err(PeopleError::NameTaken(_))),
            "{person:?}"
        );
        let list = bed.store.make_account("s-mira", "mira").await;
        assert!(matches!(list, Err(MailError::NameTaken(_))), "{list:?}");
        // A person who has no mail yet, too.
        bed.people.create("lea", "Lea", None, &[]).await.unwrap();
        let list = bed.store.make_account("s-lea", "lea").await;
        assert!(matches!(list, Err(MailError::NameTaken(_))), "{list:?}");
    }
}
