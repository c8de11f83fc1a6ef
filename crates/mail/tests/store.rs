//! The store on both databases: what it says is what is there, whatever happens in whatever order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use lampion_blobs::Blobs;
use lampion_core::{ManualClock, Rng, SeededRng, SystemRng};
use lampion_db::sqlx::Connection as _;
use lampion_db::testing::{TestDb, databases};
use lampion_db::{KERNEL, Row, query, query_scalar};
use lampion_mail::store::{
    Delivery, FlagAction, FlagChange, Flags, Item, MailError, MailKey, MailboxId, Parts, Special,
    Store, Target, Uid, View,
};
use lampion_people::People;

struct Bed {
    db: TestDb,
    store: Store,
    people: People,
}

impl Bed {
    /// The store as another process would open it.
    fn another(&self) -> Store {
        store(&self.db, &self.people)
    }
}

fn store(db: &TestDb, people: &People) -> Store {
    Store::new(Parts {
        db: db.db().clone(),
        blobs: Blobs::folder(db.folder().join("blobs")).unwrap(),
        people: people.clone(),
        clock: Arc::new(ManualClock::new(1_700_000_000_000)),
        rng: Arc::new(SystemRng),
        key: MailKey::open(db.folder(), &SystemRng).unwrap(),
        message_limit_bytes: 1 << 20,
        quota_bytes: Some(3 << 20),
    })
}

async fn beds(name: &str) -> Vec<Bed> {
    let mut beds = Vec::new();
    for db in databases(name).await {
        db.db()
            .migrate(&[
                KERNEL,
                lampion_people::MIGRATIONS,
                lampion_mail::store::MIGRATIONS,
            ])
            .await
            .unwrap();
        let people = People::for_tests(
            db.db().clone(),
            Arc::new(ManualClock::new(1_700_000_000_000)),
            Arc::new(SystemRng),
            30,
        );
        for name in ["mira", "tomas"] {
            people
                .create(name, name, Some("a good password"), &[])
                .await
                .unwrap();
        }
        let store = store(&db, &people);
        beds.push(Bed { db, store, people });
    }
    beds
}

fn letter(subject: &str, body: &str) -> Vec<u8> {
    format!("From: a@hill.internal\r\nTo: mira@hill.internal\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\n{body}\r\n").into_bytes()
}

async fn put(store: &Store, mailbox: MailboxId, bytes: &[u8]) -> Result<Uid, MailError> {
    let message = store.message(bytes).await?;
    Ok(store.append(message, Target::new(mailbox)).await?.uid)
}

#[tokio::test]
async fn a_message_comes_back_byte_for_byte_short_or_long() {
    for bed in beds("mailbytes").await {
        let account = bed.store.account_at("Mira+lists").await.unwrap().unwrap();
        assert_eq!(account.name, "mira");
        assert!(bed.store.account_at("nobody").await.unwrap().is_none());
        let inbox = bed
            .store
            .mailbox(&account.id, "inbox")
            .await
            .unwrap()
            .unwrap();
        let rng = SeededRng::new(7);
        for size in [
            0, 1, 1000, 65_530, 65_536, 65_537, 131_072, 131_073, 300_001,
        ] {
            let mut noise = vec![0u8; size];
            rng.fill(&mut noise);
            let mut incoming = bed.store.incoming();
            for piece in noise.chunks(7_001) {
                incoming.write(piece).await.unwrap();
            }
            let message = incoming.finish().await.unwrap();
            let placed = bed
                .store
                .append(message, Target::new(inbox.id))
                .await
                .unwrap();
            let content = bed.store.content(placed.message).await.unwrap();
            assert_eq!(content.size_bytes, size as u64);
            assert!(
                content.bytes(1 << 20).await.unwrap() == noise,
                "{size} bytes"
            );
            let (from, to) = (size as u64 / 3, size as u64 * 2 / 3);
            let part = content.range(from..to, 1 << 20).await.unwrap();
            assert!(
                part == noise[size / 3..size * 2 / 3],
                "a part of {size} bytes"
            );
        }
        let too_large = vec![b'x'; (1 << 20) + 1];
        assert!(matches!(
            bed.store.message(&too_large).await,
            Err(MailError::TooLarge { .. })
        ));
        let mut full = 0;
        let big = vec![b'x'; 1 << 20];
        loop {
            match put(&bed.store, inbox.id, &big).await {
                Ok(_) => full += 1,
                Err(MailError::OverQuota(name)) => {
                    assert_eq!(name, "mira");
                    break;
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(full, 2, "3 MiB of room, nearly one of it used");
    }
}

#[tokio::test]
async fn many_deliveries_at_once_get_numbers_in_order_and_none_twice() {
    for bed in beds("mailmany").await {
        let mira = bed.store.account_at("mira").await.unwrap().unwrap();
        let tomas = bed.store.account_at("tomas").await.unwrap().unwrap();
        let inbox = |id: String| {
            let store = bed.store.clone();
            async move { store.mailbox(&id, "INBOX").await.unwrap().unwrap().id }
        };
        let (a, b) = (inbox(mira.id.clone()).await, inbox(tomas.id.clone()).await);
        let mut watch = bed.store.watch(a);
        let tasks: Vec<_> = (0..200)
            .map(|n| {
                let store = bed.store.clone();
                tokio::spawn(async move {
                    let message = store.message(&letter(&format!("n{n}"), "x")).await.unwrap();
                    let targets = vec![Target::new(a), Target::new(b)];
                    let delivery = Delivery {
                        message,
                        targets,
                        extra: Vec::new(),
                        holder: None,
                    };
                    let done = store.deliver(delivery).await.unwrap();
                    done.placed
                        .into_iter()
                        .map(|placed| placed.unwrap().uid)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let mut seen = [Vec::new(), Vec::new()];
        for task in tasks {
            let uids = task.await.unwrap();
            seen[0].push(uids[0]);
            seen[1].push(uids[1]);
        }
        for uids in &mut seen {
            uids.sort_unstable();
            assert_eq!(*uids, (1..=200).collect::<Vec<_>>());
        }
        watch.changed().await.unwrap();
        let modseq = *watch.borrow_and_update();
        let view = bed.store.view_at(a, modseq).await.unwrap();
        assert_eq!(view.len(), 200);
        let messages: i64 = query_scalar("select count(*) from mail_message")
            .fetch_one(bed.db.db().read())
            .await
            .unwrap();
        assert_eq!(messages, 200, "one message for both mailboxes");
        assert_eq!(
            bed.store.account(&mira.id).await.unwrap().unwrap().messages,
            200
        );
    }
}

#[tokio::test]
async fn answers_share_their_thread() {
    for bed in beds("mailthread").await {
        let mira = bed.store.account_at("mira").await.unwrap().unwrap();
        let inbox = bed.store.mailbox(&mira.id, "INBOX").await.unwrap().unwrap();
        let sent = bed.store.special(&mira.id, Special::Sent).await.unwrap();
        put(&bed.store, inbox.id, &letter("one", "x"))
            .await
            .unwrap();
        put(
            &bed.store,
            sent.id,
            b"Message-ID: <two@x>\r\nIn-Reply-To: <one@x>\r\n\r\nx",
        )
        .await
        .unwrap();
        put(
            &bed.store,
            inbox.id,
            b"Message-ID: <three@x>\r\nReferences: <one@x>\r\n <two@x>\r\n\r\nx",
        )
        .await
        .unwrap();
        put(&bed.store, inbox.id, &letter("other", "x"))
            .await
            .unwrap();
        let inbox = bed.store.view(inbox.id).await.unwrap();
        let sent = bed.store.view(sent.id).await.unwrap();
        let threads: Vec<i64> = inbox.iter().map(|item| item.thread).collect();
        assert_eq!(threads[0], threads[1]);
        assert_ne!(threads[0], threads[2]);
        assert_eq!(sent.get(0).unwrap().thread, threads[0]);
    }
}

#[tokio::test]
async fn mailboxes_are_made_renamed_and_deleted_with_what_is_in_them() {
    for bed in beds("mailboxes").await {
        let (store, id) = (
            &bed.store,
            bed.store.account_at("mira").await.unwrap().unwrap().id,
        );
        let names = || async {
            let all = store.mailboxes(&id).await.unwrap();
            all.into_iter().map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names().await,
            ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]
        );
        let made = store
            .create_mailbox(&id, "Work/학교/2026", None)
            .await
            .unwrap();
        assert_eq!(made.name, "Work/학교/2026");
        assert!(matches!(
            store.create_mailbox(&id, "Work", None).await,
            Err(MailError::MailboxExists(_))
        ));
        for bad in ["", "/x", "x/", "a//b", "a\u{1}", "a*", "inbox"] {
            assert!(store.create_mailbox(&id, bad, None).await.is_err(), "{bad}");
        }
        put(store, made.id, &letter("kept", "x")).await.unwrap();
        store.rename_mailbox(&id, "Work", "Desk/New").await.unwrap();
        assert_eq!(
            store
                .mailbox(&id, "Desk/New/학교/2026")
                .await
                .unwrap()
                .unwrap()
                .messages,
            1
        );
        assert!(store.mailbox(&id, "Desk").await.unwrap().is_some());
        let inbox = store.mailbox(&id, "INBOX").await.unwrap().unwrap();
        put(store, inbox.id, &letter("moved", "x")).await.unwrap();
        store.rename_mailbox(&id, "INBOX", "Old").await.unwrap();
        assert_eq!(store.view(inbox.id).await.unwrap().len(), 0);
        let old = store.mailbox(&id, "Old").await.unwrap().unwrap();
        assert_eq!(old.messages, 1);
        store.delete_mailbox(&id, "Old").await.unwrap();
        let again = store.create_mailbox(&id, "Old", None).await.unwrap();
        assert!(again.uid_validity > old.uid_validity);
        assert!(store.delete_mailbox(&id, "INBOX").await.is_err());
        assert_eq!(
            store.sweep().await.unwrap(),
            1,
            "the message of the deleted mailbox"
        );
        let account = store.account(&id).await.unwrap().unwrap();
        assert_eq!(account.messages, 1);
    }
}

/// What a mailbox should hold: UID to flags and keywords.
type Model = BTreeMap<Uid, (u16, String)>;

#[tokio::test]
async fn whatever_is_done_views_counts_and_changes_agree_with_the_rows() {
    for bed in beds("mailmodel").await {
        let id = bed.store.account_at("mira").await.unwrap().unwrap().id;
        let inbox = bed.store.mailbox(&id, "INBOX").await.unwrap().unwrap().id;
        let other = bed.store.special(&id, Special::Archive).await.unwrap().id;
        let rng = SeededRng::new(11);
        let chance = |n: u32| {
            let mut bytes = [0u8; 4];
            rng.fill(&mut bytes);
            u32::from_le_bytes(bytes) % n
        };
        let mut models: BTreeMap<MailboxId, Model> =
            [(inbox, Model::new()), (other, Model::new())].into();
        let mut next: BTreeMap<MailboxId, Uid> = [(inbox, 1), (other, 1)].into();
        let mut before = bed.store.view(inbox).await.unwrap();
        // Another process that looks only now and then.
        let remote = bed.another();
        let mut far = remote.view(inbox).await.unwrap();
        for step in 0..100 {
            let (from, to) = if chance(2) == 0 {
                (inbox, other)
            } else {
                (other, inbox)
            };
            let some: Vec<Uid> = models[&from]
                .keys()
                .copied()
                .filter(|_| chance(3) == 0)
                .collect();
            match chance(10) {
                0..=4 => {
                    let mut new = Vec::new();
                    for n in 0..=chance(40) {
                        new.push(Delivery {
                            message: bed
                                .store
                                .message(&letter(&format!("s{step}.{n}"), "x"))
                                .await
                                .unwrap(),
                            targets: vec![Target::new(from)],
                            extra: Vec::new(),
                            holder: None,
                        });
                    }
                    for done in bed.store.deliver_all(new).await.unwrap() {
                        let uid = done.placed[0].unwrap().uid;
                        assert_eq!(uid, next[&from]);
                        *next.get_mut(&from).unwrap() += 1;
                        models
                            .get_mut(&from)
                            .unwrap()
                            .insert(uid, (0, String::new()));
                    }
                }
                5 | 6 => {
                    let action = [FlagAction::Add, FlagAction::Remove, FlagAction::Replace]
                        [chance(3) as usize];
                    let flags = Flags(u16::try_from(chance(32)).unwrap());
                    let keywords = if chance(3) == 0 {
                        vec!["$Forwarded".to_string()]
                    } else {
                        Vec::new()
                    };
                    let change = FlagChange {
                        action,
                        flags,
                        keywords,
                    };
                    let stored = bed
                        .store
                        .store_flags(from, &some, &change, None)
                        .await
                        .unwrap();
                    assert_eq!(stored.items.len(), some.len());
                    for item in stored.items {
                        models
                            .get_mut(&from)
                            .unwrap()
                            .insert(item.uid, (item.flags.0, item.keywords.into()));
                    }
                }
                7 | 8 => {
                    let away = chance(2) == 0;
                    let (_, pairs) = if away {
                        bed.store.move_to(from, &some, to).await.unwrap()
                    } else {
                        bed.store.copy(from, &some, to).await.unwrap()
                    };
                    for (old, new) in pairs {
                        assert_eq!(new, next[&to]);
                        *next.get_mut(&to).unwrap() += 1;
                        let one = models[&from][&old].clone();
                        models.get_mut(&to).unwrap().insert(new, one);
                        if away {
                            models.get_mut(&from).unwrap().remove(&old);
                        }
                    }
                }
                _ => {
                    let (gone, _) = bed.store.expunge(from, None).await.unwrap();
                    let model = models.get_mut(&from).unwrap();
                    let expected: Vec<Uid> = model
                        .iter()
                        .filter(|(_, (flags, _))| flags & Flags::DELETED.0 != 0)
                        .map(|(uid, _)| *uid)
                        .collect();
                    assert_eq!(gone, expected);
                    model.retain(|_, (flags, _)| *flags & Flags::DELETED.0 == 0);
                }
            }
            let now = bed.store.view(inbox).await.unwrap();
            let seen: Model = now
                .iter()
                .map(|item| (item.uid, (item.flags.0, item.keywords.to_string())))
                .collect();
            assert_eq!(seen, models[&inbox], "step {step}");
            assert_eq!(i64::try_from(now.len()).unwrap(), now.mailbox.messages);
            for (at, item) in now.iter().enumerate() {
                assert_eq!(now.find(item.uid), Ok(at));
                assert_eq!(now.get(at).unwrap().uid, item.uid);
            }
            let unseen = now
                .iter()
                .filter(|item| !item.flags.has(Flags::SEEN))
                .count();
            assert_eq!(i64::try_from(unseen).unwrap(), now.mailbox.unseen);
            // What a session sees as changed is what the rows say has changed.
            let told = before.changes_to(&now);
            let mut read = bed.store.changes(inbox, before.modseq()).await.unwrap();
            read.vanished.retain(|uid| before.by_uid(*uid).is_some());
            assert_eq!(told, read, "step {step}");
            before = now;
            if chance(8) == 0 {
                let later = remote.view(inbox).await.unwrap();
                let changes = far.changes_to(&later);
                let mut uids: Vec<Uid> = far.iter().map(|item| item.uid).collect();
                uids.retain(|uid| !changes.vanished.contains(uid));
                uids.extend(changes.changed.iter().map(|item| item.uid));
                uids.sort_unstable();
                uids.dedup();
                assert_eq!(uids, later.iter().map(|item| item.uid).collect::<Vec<_>>());
                far = later;
            }
        }
        bed.store.sweep().await.unwrap();
        let row = query(
            "select (select count(*) from mail_message), (select count(*) from mail_content),
                 (select count(distinct message) from mail_item)",
        )
        .fetch_one(bed.db.db().read())
        .await
        .unwrap();
        let (messages, contents, held): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(
            (messages, contents),
            (held, held),
            "nothing is left that nobody holds"
        );
        let account = bed.store.account(&id).await.unwrap().unwrap();
        let total: usize = models.values().map(BTreeMap::len).sum();
        assert_eq!(account.messages, i64::try_from(total).unwrap());
    }
}

/// All of a view.
fn all_of(view: &View) -> Vec<Item> {
    view.iter().cloned().collect()
}

#[tokio::test]
async fn a_packed_mailbox_is_what_its_rows_are_whatever_changes_meanwhile() {
    for bed in beds("mailpacked").await {
        let id = bed.store.account_at("mira").await.unwrap().unwrap().id;
        let inbox = bed.store.mailbox(&id, "INBOX").await.unwrap().unwrap().id;
        let other = bed.store.special(&id, Special::Archive).await.unwrap().id;
        for n in 0..50 {
            put(&bed.store, inbox, &letter(&format!("n{n}"), "x"))
                .await
                .unwrap();
        }
        let uids = async |store: &Store| uids_of(store, inbox).await;
        while uids(&bed.store).await.len() < 2_500 {
            let all = uids(&bed.store).await;
            bed.store.copy(inbox, &all, inbox).await.unwrap();
        }
        let pieces = async || -> i64 {
            query_scalar("select count(*) from mail_snapshot_piece where mailbox = $1")
                .bind(inbox.0)
                .fetch_one(bed.db.db().read())
                .await
                .unwrap()
        };
        assert_eq!(pieces().await, 0, "nothing is packed within a change");
        bed.store.renew_snapshots_of(&id).await.unwrap();
        assert!(pieces().await >= 4);
        let rng = SeededRng::new(5);
        let chance = |n: u32| {
            let mut bytes = [0u8; 4];
            rng.fill(&mut bytes);
            u32::from_le_bytes(bytes) % n
        };
        for step in 0..40 {
            let some: Vec<Uid> = {
                let every = 1 + chance(40);
                let all = uids(&bed.store).await;
                all.into_iter().filter(|_| chance(every) == 0).collect()
            };
            match chance(6) {
                0 | 1 => {
                    let change = FlagChange {
                        action: [FlagAction::Add, FlagAction::Remove, FlagAction::Replace]
                            [chance(3) as usize],
                        flags: Flags(u16::try_from(chance(32)).unwrap()),
                        keywords: vec!["$Forwarded".into(); chance(2) as usize],
                    };
                    bed.store
                        .store_flags(inbox, &some, &change, None)
                        .await
                        .unwrap();
                }
                2 => {
                    bed.store.move_to(inbox, &some, other).await.unwrap();
                    bed.store
                        .copy(other, &uids_of(&bed.store, other).await, inbox)
                        .await
                        .unwrap();
                    let all = uids_of(&bed.store, other).await;
                    bed.store.delete(other, &all).await.unwrap();
                }
                3 => {
                    let few = &some[..some.len().min(30)];
                    bed.store.delete(inbox, few).await.unwrap();
                }
                4 => {
                    put(&bed.store, inbox, &letter(&format!("s{step}"), "x"))
                        .await
                        .unwrap();
                }
                _ => bed.store.renew_snapshot(inbox).await.unwrap(),
            }
            // One knows the mailbox from change to change, the other begins with what is packed.
            let (own, fresh) = (
                bed.store.view(inbox).await.unwrap(),
                bed.another().view(inbox).await.unwrap(),
            );
            assert_eq!(all_of(&own), all_of(&fresh), "step {step}");
            assert_eq!(own.mailbox, fresh.mailbox, "step {step}");
            assert!(own.len() > 1_024, "step {step}: so few are read by rows");
        }
        // What went is forgotten: all that isn't there is gone.
        bed.store.renew_snapshot(inbox).await.unwrap();
        let all = uids(&bed.store).await;
        bed.store.delete(inbox, &all[..700]).await.unwrap();
        query("update mail_mailbox set forgotten = modseq where id = $1")
            .bind(inbox.0)
            .execute(bed.db.db().write())
            .await
            .unwrap();
        query("delete from mail_expunged where mailbox = $1")
            .bind(inbox.0)
            .execute(bed.db.db().write())
            .await
            .unwrap();
        let fresh = bed.another().view(inbox).await.unwrap();
        assert_eq!(
            all_of(&bed.store.view(inbox).await.unwrap()),
            all_of(&fresh)
        );
        let before = pieces().await;
        bed.store.renew_snapshot(inbox).await.unwrap();
        assert!(pieces().await < before, "pieces without messages go");
        let fresh = bed.another().view(inbox).await.unwrap();
        assert_eq!(
            all_of(&bed.store.view(inbox).await.unwrap()),
            all_of(&fresh)
        );
        // One that is wrong is noticed, and made anew.
        for damage in [
            "delete from mail_snapshot_piece where mailbox = $1 and piece in
                 (select max(piece) from mail_snapshot_piece)",
            "update mail_snapshot_piece set content = (select content from mail_snapshot_piece
                 order by piece limit 1) where mailbox = $1",
        ] {
            query(damage)
                .bind(inbox.0)
                .execute(bed.db.db().write())
                .await
                .unwrap();
            let fresh = bed.another().view(inbox).await.unwrap();
            assert_eq!(
                all_of(&bed.store.view(inbox).await.unwrap()),
                all_of(&fresh)
            );
            bed.store.renew_snapshot(inbox).await.unwrap();
            assert!(pieces().await > 0);
        }
        bed.store.delete_mailbox(&id, "Archive").await.unwrap();
        bed.store.rename_mailbox(&id, "INBOX", "Old").await.unwrap();
        bed.store.renew_snapshot(inbox).await.unwrap();
        assert_eq!(pieces().await, 0);
    }
}

async fn uids_of(store: &Store, mailbox: MailboxId) -> Vec<Uid> {
    let view = store.view(mailbox).await.unwrap();
    view.iter().map(|item| item.uid).collect()
}

#[tokio::test]
async fn deliveries_and_changes_in_one_mailbox_do_not_wait_for_each_other_for_ever() {
    for bed in beds("locks").await {
        let account = bed.store.account_at("mira").await.unwrap().unwrap();
        let inbox = bed.store.mailbox(&account.id, "INBOX").await.unwrap();
        let inbox = inbox.unwrap().id;
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..4 {
            let store = bed.another();
            tasks.spawn(async move {
                for n in 0..25 {
                    put(&store, inbox, &letter(&format!("m{task}-{n}"), "x"))
                        .await
                        .unwrap();
                }
            });
            let store = bed.another();
            tasks.spawn(async move {
                for _ in 0..25 {
                    let view = store.view(inbox).await.unwrap();
                    let uids: Vec<Uid> = view.iter().take(2).map(|item| item.uid).collect();
                    store.delete(inbox, &uids).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        if bed.db.db().is_sqlite() {
            continue;
        }
        let name: String = query_scalar("select current_database()::text")
            .fetch_one(bed.db.db().read())
            .await
            .unwrap();
        // What a connection counted is told when it ends.
        bed.db.db().close().await;
        let url = std::env::var("LAMPION_TEST_POSTGRES").unwrap();
        let mut conn = lampion_db::sqlx::AnyConnection::connect(&url)
            .await
            .unwrap();
        let deadlocks: i64 =
            query_scalar("select deadlocks from pg_stat_database where datname = $1")
                .bind(name)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        assert_eq!(deadlocks, 0);
    }
}
