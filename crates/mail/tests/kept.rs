//! What programs delete is kept as long as a person wants, where no program sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::sync::Arc;

use lampion_blobs::Blobs;
use lampion_core::{Clock, ManualClock, SystemRng};
use lampion_db::testing::{TestDb, databases};
use lampion_db::{KERNEL, query_scalar};
use lampion_mail::store::{
    FlagAction, FlagChange, Flags, MailKey, Mailbox, Parts, Store, Target, Uid,
};
use lampion_people::People;

const HOUR_MS: i64 = 3_600_000;

struct Bed {
    db: TestDb,
    store: Store,
    clock: Arc<ManualClock>,
    inbox: Mailbox,
    account: String,
}

async fn beds(name: &str) -> Vec<Bed> {
    let mut beds = Vec::new();
    for db in databases(name).await {
        let migrations = [
            KERNEL,
            lampion_people::MIGRATIONS,
            lampion_mail::store::MIGRATIONS,
        ];
        db.db().migrate(&migrations).await.unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let people = People::for_tests(
            db.db().clone(),
            Arc::clone(&shared),
            Arc::new(SystemRng),
            30,
        );
        let mira = people
            .create("mira", "mira", Some("a good password"), &[])
            .await
            .unwrap();
        let store = Store::new(Parts {
            db: db.db().clone(),
            blobs: Blobs::folder(db.folder().join("blobs")).unwrap(),
            people,
            clock: shared,
            rng: Arc::new(SystemRng),
            key: MailKey::open(db.folder(), &SystemRng).unwrap(),
            message_limit_bytes: 1 << 20,
            quota_bytes: Some(64 * 1024),
        });
        let account = store.account_of(&mira).await.unwrap();
        let inbox = store.mailbox(&account.id, "INBOX").await.unwrap().unwrap();
        beds.push(Bed {
            db,
            store,
            clock,
            inbox,
            account: account.id,
        });
    }
    beds
}

impl Bed {
    async fn put(&self, subject: &str) -> Uid {
        let text = format!("Subject: {subject}\r\n\r\n{subject}\r\n");
        let message = self.store.message(text.as_bytes()).await.unwrap();
        self.store
            .append(message, Target::new(self.inbox.id))
            .await
            .unwrap()
            .uid
    }

    async fn expunge(&self, uids: &[Uid]) -> Vec<Uid> {
        let change = FlagChange {
            action: FlagAction::Add,
            flags: Flags::DELETED.with(Flags::SEEN),
            keywords: Vec::new(),
        };
        self.store
            .store_flags(self.inbox.id, uids, &change, None)
            .await
            .unwrap();
        self.store
            .expunge(self.inbox.id, Some(uids))
            .await
            .unwrap()
            .0
    }

    async fn kept(&self) -> i64 {
        self.store
            .kept(&self.account)
            .await
            .unwrap()
            .map_or(0, |kept| kept.messages)
    }

    /// The node's own time goes on only as long as it is looked at.
    async fn hours(&self, hours: i64) {
        for _ in 0..hours {
            self.clock.advance(HOUR_MS);
            self.store.sweep_kept().await.unwrap();
        }
    }

    async fn counts_are_right(&self) {
        for id in [
            Some(self.inbox.id),
            self.store
                .kept(&self.account)
                .await
                .unwrap()
                .map(|kept| kept.id),
        ] {
            let Some(id) = id else { continue };
            let mailbox = self.store.mailbox_by_id(id).await.unwrap().unwrap();
            let view = self.store.view(id).await.unwrap();
            assert_eq!(view.len() as i64, mailbox.messages);
            assert_eq!(
                view.iter()
                    .map(|item| i64::from(item.size_bytes))
                    .sum::<i64>(),
                mailbox.size_bytes
            );
            assert_eq!(
                view.iter()
                    .filter(|item| item.flags.has(Flags::DELETED))
                    .count() as i64,
                mailbox.deleted
            );
            assert_eq!(
                view.iter()
                    .filter(|item| !item.flags.has(Flags::SEEN))
                    .count() as i64,
                mailbox.unseen
            );
        }
        let used: i64 = query_scalar("select used_bytes from mail_account where name = $1")
            .bind("mira")
            .fetch_one(self.db.db().read())
            .await
            .unwrap();
        let sum: i64 =
            query_scalar("select cast(coalesce(sum(size_bytes), 0) as bigint) from mail_item")
                .fetch_one(self.db.db().read())
                .await
                .unwrap();
        assert_eq!(used, sum);
    }
}

#[tokio::test]
async fn nothing_is_kept_unless_a_person_wants_so() {
    for bed in beds("keptnot").await {
        let uid = bed.put("a").await;
        assert_eq!(bed.expunge(&[uid]).await, [uid]);
        assert_eq!(bed.kept().await, 0);
        bed.counts_are_right().await;
    }
}

#[tokio::test]
async fn what_programs_delete_is_kept_and_goes_after_its_days() {
    for bed in beds("keptdays").await {
        bed.store.set_keep_days(&bed.account, 7).await.unwrap();
        assert_eq!(bed.store.keep_days(&bed.account).await.unwrap(), 7);
        let (a, b) = (bed.put("a").await, bed.put("b").await);
        assert_eq!(bed.expunge(&[a]).await, [a]);
        bed.hours(48).await;
        assert_eq!(bed.expunge(&[b]).await, [b]);
        assert_eq!(bed.kept().await, 2);
        // It looks like any expunge to who is signed in.
        let changes = bed
            .store
            .changes(bed.inbox.id, bed.inbox.modseq)
            .await
            .unwrap();
        assert_eq!(changes.vanished, [a, b]);
        // No list and no name shows it.
        let all = bed.store.mailboxes(&bed.account).await.unwrap();
        assert_eq!(all.len(), 6);
        let kept = bed.store.kept(&bed.account).await.unwrap().unwrap();
        assert!(
            bed.store
                .mailbox(&bed.account, &kept.name)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!((kept.deleted, kept.unseen), (0, 0));
        bed.counts_are_right().await;
        // A wall clock that jumps by a year changes nothing.
        bed.clock.advance(-365 * 24 * HOUR_MS);
        bed.store.sweep_kept().await.unwrap();
        assert_eq!(bed.kept().await, 2);
        bed.hours(24 * 5 + 1).await;
        assert_eq!(bed.kept().await, 1);
        let view = bed.store.view(kept.id).await.unwrap();
        let left = view.iter().next().unwrap();
        let text = bed
            .store
            .content(left.message)
            .await
            .unwrap()
            .bytes(1_000)
            .await
            .unwrap();
        assert_eq!(text, b"Subject: b\r\n\r\nb\r\n");
        // Whoever wants nothing kept any more has nothing.
        bed.store.set_keep_days(&bed.account, 0).await.unwrap();
        bed.store.sweep_kept().await.unwrap();
        assert_eq!(bed.kept().await, 0);
        bed.counts_are_right().await;
    }
}

#[tokio::test]
async fn what_is_elsewhere_or_thrown_away_is_not_kept() {
    for bed in beds("keptelse").await {
        bed.store.set_keep_days(&bed.account, 30).await.unwrap();
        let archive = bed
            .store
            .mailbox(&bed.account, "Archive")
            .await
            .unwrap()
            .unwrap();
        let trash = bed
            .store
            .mailbox(&bed.account, "Trash")
            .await
            .unwrap()
            .unwrap();
        let (a, b) = (bed.put("a").await, bed.put("b").await);
        bed.store
            .copy(bed.inbox.id, &[a], archive.id)
            .await
            .unwrap();
        assert_eq!(bed.expunge(&[a, b]).await, [a, b]);
        assert_eq!(bed.kept().await, 1);
        let c = bed.put("c").await;
        bed.store
            .move_to(bed.inbox.id, &[c], trash.id)
            .await
            .unwrap();
        let change = FlagChange {
            action: FlagAction::Add,
            flags: Flags::DELETED,
            keywords: Vec::new(),
        };
        bed.store
            .store_flags(trash.id, &[1], &change, None)
            .await
            .unwrap();
        assert_eq!(bed.store.expunge(trash.id, None).await.unwrap().0, [1]);
        // What a person deletes in the browser is gone.
        let d = bed.put("d").await;
        assert_eq!(bed.store.delete(bed.inbox.id, &[d]).await.unwrap().0, [d]);
        assert_eq!(bed.kept().await, 1);
        bed.counts_are_right().await;
        // A full account keeps nothing: there must be room for what comes.
        let message = bed.store.message(&[b'x'; 62_000]).await.unwrap();
        let big = bed
            .store
            .append(message, Target::new(bed.inbox.id))
            .await
            .unwrap()
            .uid;
        assert_eq!(bed.expunge(&[big]).await, [big]);
        assert_eq!(bed.kept().await, 1);
    }
}
