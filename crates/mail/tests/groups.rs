//! What becomes of a message for a local address: consent, distribution lists, shared mailboxes; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lampion_blobs::Blobs;
use lampion_core::{ManualClock, SystemRng};
use lampion_db::testing::{TestDb, databases};
use lampion_db::{KERNEL, query_scalar};
use lampion_mail::access::Rights;
use lampion_mail::consent::Choice;
use lampion_mail::lists::{HELD, Joins, Kind, List, Others, Post, Role, Settings};
use lampion_mail::local::{Local, LocalParts};
use lampion_mail::receive::{Arrival, Inside, Outgoing, Route, check, route};
use lampion_mail::shared::{DONE, Level, Task};
use lampion_mail::store::{
    Delivery, Extra, FlagAction, FlagChange, Flags, MailError, MailKey, NewMessage, Parts, Store,
};
use lampion_people::People;

struct Bed {
    /// Holds the database.
    _db: TestDb,
    local: Local,
    people: People,
    clock: Arc<ManualClock>,
    sent: Arc<Mutex<Vec<Sent>>>,
    fails: Arc<Mutex<usize>>,
}

#[derive(Debug, Clone)]
struct Sent {
    sender: String,
    recipients: Vec<String>,
    list_unsubscribe: String,
}

/// Notes what goes out, and gives what is for here to [`Inside`]; fails as often as it is told.
struct Out {
    inside: Inside,
    sent: Arc<Mutex<Vec<Sent>>>,
    fails: Arc<Mutex<usize>>,
    /// So many messages are taken before it fails.
    after: usize,
}

#[async_trait]
impl Outgoing for Out {
    async fn send(
        &self,
        message: NewMessage,
        sender: &str,
        recipients: &[String],
        extra: Vec<Extra>,
    ) -> Result<(), MailError> {
        {
            let mut fails = self.fails.lock().unwrap();
            if *fails > 0 && self.sent.lock().unwrap().len() >= self.after {
                *fails -= 1;
                return Err(MailError::Away("told to fail".into()));
            }
        }
        let about = Sent {
            sender: sender.into(),
            recipients: recipients.to_vec(),
            list_unsubscribe: message
                .scanned
                .summary
                .list_unsubscribe
                .clone()
                .unwrap_or_default(),
        };
        self.inside.send(message, sender, recipients, extra).await?;
        self.sent.lock().unwrap().push(about);
        Ok(())
    }
}

async fn beds(name: &str, requests: bool) -> Vec<Bed> {
    let mut beds = Vec::new();
    for db in databases(name).await {
        let all = [
            KERNEL,
            lampion_people::MIGRATIONS,
            lampion_mail::store::MIGRATIONS,
        ];
        db.db().migrate(&all).await.unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let people = People::for_tests(db.db().clone(), clock.clone(), Arc::new(SystemRng), 30);
        for name in ["mira", "tomas", "lea"] {
            let roles: &[lampion_people::Role] = if name == "lea" {
                &[lampion_people::Role::Operator]
            } else {
                &[]
            };
            people
                .create(name, name, Some("a good password"), roles)
                .await
                .unwrap();
        }
        let store = Store::new(Parts {
            db: db.db().clone(),
            blobs: Blobs::folder(db.folder().join("blobs")).unwrap(),
            people: people.clone(),
            clock: clock.clone(),
            rng: Arc::new(SystemRng),
            key: MailKey::open(db.folder(), &SystemRng).unwrap(),
            message_limit_bytes: 1 << 20,
            quota_bytes: Some(3 << 20),
        });
        let local = Local::new(LocalParts {
            store,
            db: db.db().clone(),
            people: people.clone(),
            clock: clock.clone(),
            rng: Arc::new(SystemRng),
            domain: "hill.internal".into(),
            net: "internal".into(),
            origin: "https://hill.internal:8443".into(),
            secret: [7; 32],
            requests,
            language: "en".into(),
        });
        let (sent, fails) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        local.plug_outgoing(Arc::new(Out {
            inside: Inside(local.clone()),
            sent: Arc::clone(&sent),
            fails: Arc::clone(&fails),
            after: 1,
        }));
        beds.push(Bed {
            _db: db,
            local,
            people,
            clock,
            sent,
            fails,
        });
    }
    beds
}

fn outside(sender: &str) -> Arrival {
    Arrival {
        sender: sender.into(),
        submitted_by: None,
        from_outside: true,
    }
}

impl Bed {
    async fn id(&self, name: &str) -> String {
        self.people.by_name(name).await.unwrap().unwrap().id
    }

    async fn account(&self, name: &str) -> String {
        self.local
            .store()
            .account_at(name)
            .await
            .unwrap()
            .unwrap()
            .id
    }

    async fn submitted(&self, name: &str) -> Arrival {
        Arrival {
            sender: format!("{name}@hill.internal"),
            submitted_by: Some(self.account(name).await),
            from_outside: false,
        }
    }

    /// Routes and delivers as a queue does.
    async fn come(&self, to: &str, arrival: &Arrival, text: &str) -> Route {
        let bytes = text.replace('\n', "\r\n");
        let message = self.local.store().message(bytes.as_bytes()).await.unwrap();
        let found = route(&self.local, to, arrival, &message.scanned)
            .await
            .unwrap();
        if found.refuse.is_none() {
            let delivery = Delivery {
                message,
                targets: found.targets.clone(),
                extra: found.extra.clone(),
                holder: None,
            };
            self.local.store().deliver(delivery).await.unwrap();
        }
        found
    }

    /// Subjects of a mailbox, and the whole of its last message.
    async fn look(&self, account: &str, mailbox: &str) -> (usize, String) {
        let store = self.local.store();
        let Some(found) = store.mailbox(account, mailbox).await.unwrap() else {
            return (0, String::new());
        };
        let view = store.view(found.id).await.unwrap();
        let Some(last) = view.iter().next_back() else {
            return (0, String::new());
        };
        let content = store.content(last.message).await.unwrap();
        (
            view.len(),
            String::from_utf8(content.bytes(1 << 20).await.unwrap()).unwrap(),
        )
    }

    async fn count(&self, person: &str, mailbox: &str) -> usize {
        self.look(&self.account(person).await, mailbox).await.0
    }

    async fn list(&self, settings: Settings) -> List {
        let list = self.local.create_list("wells", &settings).await.unwrap();
        let lea = self.id("lea").await;
        self.local
            .set_member(&list.account, (Kind::Person, &lea), Role::Owner)
            .await
            .unwrap();
        list
    }
}

fn status(route: &Route) -> &'static str {
    route.refuse.as_ref().map_or("", |refusal| refusal.status)
}

const STRANGER: &str = "From: Jo <jo@example.org>\nTo: mira@hill.internal\nSubject: hello\n\nhi\n";

#[tokio::test]
async fn strangers_wait_until_the_receiver_decides() {
    for bed in beds("consent", true).await {
        let mira = bed.account("mira").await;
        let jo = outside("jo@example.org");
        bed.come("mira@hill.internal", &jo, STRANGER).await;
        bed.come("mira", &jo, STRANGER).await;
        assert_eq!(
            (
                bed.count("mira", "INBOX").await,
                bed.count("mira", "Requests").await
            ),
            (0, 2)
        );
        let waiting = bed.local.waiting(&mira).await.unwrap().waiting;
        assert_eq!(waiting.len(), 1);
        let request = &waiting[0];
        assert_eq!(
            (
                request.sender.as_str(),
                request.name.as_str(),
                request.count
            ),
            ("jo@example.org", "Jo", 2)
        );
        assert_eq!(request.subjects, ["hello", "hello"]);
        let hidden = bed.local.hidden_mailbox(&mira).await.unwrap();
        assert_eq!(
            hidden,
            bed.local
                .store()
                .mailbox(&mira, "Requests")
                .await
                .unwrap()
                .map(|one| one.id)
        );
        // The address with a tag can't get at the mailbox of requests, nor round it.
        bed.come("mira+requests", &jo, STRANGER).await;
        bed.local.approve(&mira, "JO@example.org").await.unwrap();
        assert_eq!(
            (
                bed.count("mira", "INBOX").await,
                bed.count("mira", "Requests").await
            ),
            (3, 0)
        );
        assert!(bed.local.waiting(&mira).await.unwrap().waiting.is_empty());
        bed.come("mira", &jo, STRANGER).await;
        assert_eq!(bed.count("mira", "INBOX").await, 4);

        bed.local.block(&mira, "jo@example.org").await.unwrap();
        assert_eq!(status(&bed.come("mira", &jo, STRANGER).await), "5.7.1");
        assert_eq!(
            check(&bed.local, "mira@hill.internal", &jo)
                .await
                .unwrap()
                .unwrap()
                .status,
            "5.7.1"
        );
        assert_eq!(
            bed.count("mira", "INBOX").await,
            4,
            "what was approved stays"
        );
        bed.local.unblock(&mira, "jo@example.org").await.unwrap();
        bed.come("mira", &jo, STRANGER).await;
        bed.local.refuse(&mira, "jo@example.org").await.unwrap();
        assert_eq!(bed.count("mira", "Requests").await, 0);
        // Who was written to may answer; addresses of the net are not remembered.
        let to = [
            "Jo+tag@Example.org".to_string(),
            "tomas@sea.internal".into(),
        ];
        let extra = bed.local.wrote_to(&mira, &to);
        let store = bed.local.store();
        let written = Delivery {
            message: store.message(b"Subject: x\r\n\r\n").await.unwrap(),
            targets: Vec::new(),
            extra,
            holder: None,
        };
        store.deliver(written).await.unwrap();
        bed.come("mira", &jo, STRANGER).await;
        assert_eq!(bed.count("mira", "INBOX").await, 5);
        // Others of this node are not concerned by what mira decided.
        bed.come("tomas", &jo, STRANGER).await;
        assert_eq!(bed.count("tomas", "Requests").await, 1);
    }
}

#[tokio::test]
async fn strangers_who_come_at_once_wait_in_one_mailbox() {
    for bed in beds("strangers", true).await {
        let all = (0..20).map(|n| {
            let bed = &bed;
            async move {
                let stranger = outside(&format!("s{n}@example.org"));
                bed.come("mira", &stranger, STRANGER).await
            }
        });
        futures_util::future::join_all(all).await;
        assert_eq!(bed.count("mira", "Requests").await, 20);
        let mira = bed.account("mira").await;
        let mailboxes = bed.local.store().mailboxes(&mira).await.unwrap();
        assert_eq!(mailboxes.len(), 7, "{mailboxes:?}");
    }
}

#[tokio::test]
async fn the_net_reports_and_who_asks_for_all_are_not_asked_about() {
    for bed in beds("consent2", true).await {
        let near = Arrival {
            sender: "a@sea.internal".into(),
            ..Arrival::default()
        };
        bed.come("mira", &near, "From: a@sea.internal\nSubject: x\n\nx\n")
            .await;
        let report = "From: MAILER-DAEMON@example.org\nContent-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b--\n";
        bed.come("mira", &outside(""), report).await;
        assert_eq!(bed.count("mira", "INBOX").await, 2);
        let mira = bed.account("mira").await;
        bed.local
            .choose(
                &mira,
                Choice {
                    asked: false,
                    shown: true,
                },
            )
            .await
            .unwrap();
        bed.come("mira", &outside("jo@example.org"), STRANGER).await;
        assert_eq!(bed.count("mira", "INBOX").await, 3);
    }
    for bed in beds("consent3", false).await {
        bed.come("mira", &outside("jo@example.org"), STRANGER).await;
        assert_eq!(bed.count("mira", "INBOX").await, 1, "the node doesn't ask");
    }
}

#[tokio::test]
async fn spam_and_lies_do_not_reach_the_inbox() {
    for bed in beds("spam", false).await {
        let jo = outside("jo@example.org");
        for marked in ["X-Spam-Flag: YES", "X-Spam-Status: Yes, score=9"] {
            bed.come("mira", &jo, &format!("{marked}\n{STRANGER}"))
                .await;
        }
        assert_eq!(
            (
                bed.count("mira", "Junk").await,
                bed.count("mira", "INBOX").await
            ),
            (2, 0)
        );
        bed.come("mira", &jo, &format!("X-Spam-Flag: NO\n{STRANGER}"))
            .await;
        assert_eq!(bed.count("mira", "INBOX").await, 1);
        let lie = "From: Tomas <tomas@hill.internal>\nSubject: money\n\nx\n";
        bed.come("mira", &jo, lie).await;
        assert_eq!(bed.count("mira", "Junk").await, 3);
        assert_eq!(
            status(&bed.come("mira", &outside("tomas@hill.internal"), lie).await),
            "5.7.1"
        );
        // The same from who is signed in.
        let tomas = bed.submitted("tomas").await;
        bed.come("mira", &tomas, lie).await;
        assert_eq!(bed.count("mira", "INBOX").await, 2);
    }
}

#[tokio::test]
async fn addresses_are_people_folders_further_names_and_operators() {
    for bed in beds("addresses", true).await {
        let tomas = bed.submitted("tomas").await;
        let letter = "From: tomas@hill.internal\nSubject: x\n\nx\n";
        let mira = bed.account("mira").await;
        bed.local
            .store()
            .create_mailbox(&mira, "Bills", None)
            .await
            .unwrap();
        bed.come("mira+bills@hill.internal", &tomas, letter).await;
        bed.come("MIRA+nothing@hill.internal", &tomas, letter).await;
        bed.come("mira+trash@hill.internal", &tomas, letter).await;
        assert_eq!(
            (
                bed.count("mira", "Bills").await,
                bed.count("mira", "INBOX").await
            ),
            (1, 2)
        );
        bed.local.add_alias(&mira, "m.hill").await.unwrap();
        assert!(matches!(
            bed.local.add_alias(&mira, "tomas").await,
            Err(MailError::NameTaken(_))
        ));
        bed.come("m.hill", &tomas, letter).await;
        assert_eq!(bed.count("mira", "INBOX").await, 3);
        assert!(bed.local.remove_alias("m.hill").await.unwrap());
        assert_eq!(status(&bed.come("m.hill", &tomas, letter).await), "5.1.1");
        bed.come("postmaster", &outside("jo@example.org"), STRANGER)
            .await;
        assert_eq!(bed.count("lea", "INBOX").await, 1, "the operator gets it");
        assert_eq!(
            check(&bed.local, "nobody@hill.internal", &tomas)
                .await
                .unwrap()
                .unwrap()
                .status,
            "5.1.1"
        );
        assert_eq!(
            check(&bed.local, "mira@hill.internal", &tomas)
                .await
                .unwrap(),
            None
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_send_one_posting_send_it_once() {
    for bed in beds("listtwice", true).await {
        let list = bed
            .list(Settings {
                title: "Wells and pumps".into(),
                ..Settings::default()
            })
            .await;
        let wanted: Vec<String> = (0..12).map(|n| format!("m{n:02}@example.org")).collect();
        for address in &wanted {
            bed.local
                .set_member(&list.account, (Kind::Address, address), Role::Member)
                .await
                .unwrap();
        }
        let lea = bed.submitted("lea").await;
        bed.come("wells@hill.internal", &lea, POST).await;
        let other = Local::new(LocalParts {
            language: "en".into(),
            store: bed.local.store().clone(),
            db: bed._db.db().clone(),
            people: bed.people.clone(),
            clock: Arc::new(ManualClock::new(1_700_000_000_000)),
            rng: Arc::new(SystemRng),
            domain: "hill.internal".into(),
            net: "internal".into(),
            origin: "https://hill.internal:8443".into(),
            secret: [7; 32],
            requests: true,
        });
        other.plug_outgoing(Arc::new(Out {
            inside: Inside(other.clone()),
            sent: Arc::clone(&bed.sent),
            fails: Arc::default(),
            after: 0,
        }));
        let (one, two) = tokio::join!(bed.local.distribute(), other.distribute());
        assert!(one.unwrap() + two.unwrap() >= 1);
        let sent = bed.sent.lock().unwrap().clone();
        let mut outside: Vec<String> = sent
            .into_iter()
            .flat_map(|one| one.recipients)
            .filter(|one| one.ends_with("@example.org"))
            .collect();
        outside.sort();
        assert_eq!(outside, wanted);
        assert_eq!(bed.local.distribute().await.unwrap(), 0);
    }
}

const POST: &str = "From: Tomas <tomas@hill.internal>\nTo: wells@hill.internal\nSubject: pumps\nList-Id: old <old.example.org>\nList-Unsubscribe: <https://evil.example/>\nMessage-ID: <1@hill>\nDKIM-Signature: v=1;\n b=abc\n\nThe body stays.\n";

#[tokio::test]
async fn a_list_reaches_every_member_once_with_its_fields_on_top() {
    for bed in beds("list", true).await {
        let list = bed
            .list(Settings {
                title: "Wells and pumps".into(),
                ..Settings::default()
            })
            .await;
        let (tomas, mira) = (bed.id("tomas").await, bed.id("mira").await);
        let set = async |kind, member: &str| {
            bed.local
                .set_member(&list.account, (kind, member), Role::Member)
                .await
                .unwrap()
        };
        set(Kind::Person, &tomas).await;
        let group = bed.people.create_group("class").await.unwrap();
        bed.people.add_to_group(&group.id, &mira).await.unwrap();
        bed.people.add_to_group(&group.id, &tomas).await.unwrap();
        set(Kind::Group, &group.id).await;
        for address in ["jo@example.org", "an@example.net"] {
            assert_eq!(
                bed.local.member_of(address).await.unwrap(),
                (Kind::Address, address.into())
            );
            set(Kind::Address, address).await;
        }
        let tomas_in = bed.submitted("tomas").await;
        bed.come("wells@hill.internal", &tomas_in, POST).await;
        // It fails in the middle, and goes on where it was.
        *bed.fails.lock().unwrap() = 1;
        assert!(bed.local.distribute().await.is_err());
        assert_eq!(bed.local.distribute().await.unwrap(), 1);
        assert_eq!(bed.local.distribute().await.unwrap(), 0);

        let sent = bed.sent.lock().unwrap().clone();
        let to: Vec<String> = sent.iter().map(|one| one.recipients.join(" ")).collect();
        assert_eq!(
            to,
            [
                "lea@hill.internal mira@hill.internal",
                "an@example.net",
                "jo@example.org"
            ]
            .map(str::to_string)
            .map(
                |one| if one.starts_with("lea") && to[0].starts_with("mira") {
                    "mira@hill.internal lea@hill.internal".into()
                } else {
                    one
                }
            )
        );
        assert_eq!(sent[0].sender, "wells+bounces@hill.internal");
        assert!(
            sent[1].sender.starts_with("wells+b-")
                && sent[1].sender.ends_with("=an=example.net@hill.internal")
        );
        assert!(
            sent[1]
                .list_unsubscribe
                .starts_with("<https://hill.internal:8443/mail/leave/wells/")
        );

        let (count, whole) = bed.look(&bed.account("mira").await, "INBOX").await;
        assert_eq!(count, 1, "a member twice over gets one");
        let own = "From: Tomas <tomas@hill.internal>\r\nTo: wells@hill.internal\r\nSubject: pumps\r\nMessage-ID: <1@hill>\r\nDKIM-Signature: v=1;\r\n b=abc\r\n\r\nThe body stays.\r\n";
        assert!(whole.ends_with(own), "{whole}");
        assert!(whole.contains("List-Id: \"Wells and pumps\" <wells.hill.internal>\r\n"));
        assert!(whole.contains("List-Post: <mailto:wells@hill.internal>\r\n"));
        assert!(!whole.contains("evil") && !whole.contains("old.example"));
        assert_eq!(
            bed.count("tomas", "INBOX").await,
            0,
            "who wrote it has it in Sent"
        );
        let (kept, archived) = bed.look(&list.account, "INBOX").await;
        assert_eq!((kept, archived), (1, POST.replace('\n', "\r\n")));

        // It doesn't go round.
        let again = bed
            .come(
                "wells",
                &tomas_in,
                &format!("Delivered-To: wells@hill.internal\n{POST}"),
            )
            .await;
        assert_eq!(status(&again), "5.4.6");
        let vacation = bed
            .come(
                "wells",
                &tomas_in,
                &format!("Auto-Submitted: auto-replied\n{POST}"),
            )
            .await;
        assert_eq!(status(&vacation), "5.7.1");
        let held: i64 = query_scalar("select count(*) from mail_hold")
            .fetch_one(bed._db.db().read())
            .await
            .unwrap();
        assert_eq!(held, 0, "nothing is held for ever");
    }
}

#[tokio::test]
async fn others_wait_for_a_moderator() {
    for bed in beds("moderate", true).await {
        let list = bed
            .list(Settings {
                title: "Wells".into(),
                ..Settings::default()
            })
            .await;
        let lea = bed.id("lea").await;
        let tomas = bed.submitted("tomas").await;
        for _ in 0..3 {
            bed.come("wells", &tomas, POST).await;
        }
        bed.come("wells", &outside("jo@example.org"), STRANGER)
            .await;
        assert_eq!(
            bed.local.distribute().await.unwrap(),
            0,
            "nothing goes out by itself"
        );
        let held = bed.local.held(&list.account).await.unwrap();
        let about: Vec<_> = held
            .iter()
            .map(|one| (one.author.as_str(), one.known, one.subject.as_str()))
            .collect();
        let tomas_held = ("tomas@hill.internal", true, "pumps");
        assert_eq!(
            about,
            [
                tomas_held,
                tomas_held,
                tomas_held,
                ("jo@example.org", false, "hello")
            ]
        );
        bed.local.approve_post(&list, held[0].uid).await.unwrap();
        assert!(matches!(
            bed.local.approve_post(&list, held[0].uid).await,
            Err(MailError::NoSuchMessage)
        ));
        assert_eq!(bed.local.distribute().await.unwrap(), 1);
        assert_eq!(
            (
                bed.count("lea", "INBOX").await,
                bed.look(&list.account, "INBOX").await.0
            ),
            (1, 1)
        );
        assert!(
            bed.local
                .discard_post(&list, held[1].uid, Some("Not here, please."))
                .await
                .unwrap()
        );
        let (count, told) = bed.look(&bed.account("tomas").await, "INBOX").await;
        assert_eq!(count, 1);
        assert!(told.contains("Not here, please.") && told.contains("In-Reply-To: <1@hill>"));
        assert!(
            !bed.local
                .discard_post(&list, held[2].uid, None)
                .await
                .unwrap()
        );
        let notices = bed.sent.lock().unwrap().len();
        assert!(
            !bed.local
                .discard_post(&list, held[3].uid, Some("why"))
                .await
                .unwrap(),
            "From may be forged"
        );
        assert_eq!(bed.sent.lock().unwrap().len(), notices);
        assert_eq!(bed.look(&list.account, HELD).await.0, 0);

        let strict = Settings {
            title: "Wells".into(),
            others: Others::Refuse,
            post: Post::Moderators,
            ..Settings::default()
        };
        bed.local.set_list(&list.account, &strict).await.unwrap();
        assert_eq!(status(&bed.come("wells", &tomas, POST).await), "5.7.1");
        let from_lea = POST.replace("tomas", "lea");
        let lea_in = bed.submitted("lea").await;
        assert_eq!(status(&bed.come("wells", &lea_in, &from_lea).await), "");
        // Nobody who isn't signed in is a moderator, whatever From says.
        assert_eq!(
            status(
                &bed.come("wells", &outside("x@example.org"), &from_lea)
                    .await
            ),
            "5.7.1"
        );
        assert!(matches!(
            bed.local
                .remove_member(&list.account, Kind::Person, &lea)
                .await,
            Err(MailError::Refused(_))
        ));
    }
}

#[tokio::test]
async fn members_leave_and_addresses_that_bounce_are_paused() {
    for bed in beds("leave", true).await {
        let list = bed
            .list(Settings {
                title: "Wells".into(),
                joins: Joins::Open,
                ..Settings::default()
            })
            .await;
        let mira = bed.id("mira").await;
        let group = bed.people.create_group("class").await.unwrap();
        bed.people.add_to_group(&group.id, &mira).await.unwrap();
        bed.local
            .set_member(&list.account, (Kind::Group, &group.id), Role::Member)
            .await
            .unwrap();
        for address in ["jo@example.org", "an@example.net"] {
            bed.local
                .set_member(&list.account, (Kind::Address, address), Role::Member)
                .await
                .unwrap();
        }
        let link = bed.local.leave_link(&list, "jo@example.org");
        let parts: Vec<&str> = link.rsplit('/').collect();
        assert_eq!((parts[0], parts[2]), ("jo%40example.org", "wells"));
        assert!(
            bed.local
                .list_of_link("wells", parts[1], "an@example.net")
                .await
                .unwrap()
                .is_none()
        );
        let found = bed
            .local
            .list_of_link("wells", parts[1], "jo@example.org")
            .await
            .unwrap()
            .unwrap();
        bed.local.leave(&found, "jo@example.org").await.unwrap();
        bed.local.leave(&found, "jo@example.org").await.unwrap();
        // By mail: who is signed in, though a group makes them a member.
        assert_eq!(
            bed.local.list_role(&list.account, &mira).await.unwrap(),
            Some(Role::Member)
        );
        let mira_in = bed.submitted("mira").await;
        bed.come(
            "wells+unsubscribe",
            &mira_in,
            "From: mira@hill.internal\n\nx\n",
        )
        .await;
        assert_eq!(
            bed.local.list_role(&list.account, &mira).await.unwrap(),
            None
        );
        assert!(bed.local.lists_of(&mira).await.unwrap().is_empty());

        let lea_in = bed.submitted("lea").await;
        bed.come("wells", &lea_in, &POST.replace("tomas", "lea"))
            .await;
        bed.local.distribute().await.unwrap();
        let sender = bed
            .sent
            .lock()
            .unwrap()
            .iter()
            .find(|one| one.recipients == ["an@example.net"])
            .unwrap()
            .sender
            .clone();
        assert_eq!(
            bed.sent.lock().unwrap().len(),
            1,
            "only one is left, and who wrote it"
        );
        let forged = sender.replace("+b-", "+b-x");
        for _ in 0..5 {
            bed.come(&forged, &outside(""), "Subject: returned\n\nx\n")
                .await;
        }
        let paused = async || {
            let all = bed.local.list_members(&list.account).await.unwrap();
            all.iter()
                .find(|one| one.member == "an@example.net")
                .unwrap()
                .paused
        };
        assert!(!paused().await);
        for _ in 0..5 {
            bed.come(&sender, &outside(""), "Subject: returned\n\nx\n")
                .await;
        }
        assert!(paused().await);
        bed.local
            .set_member(
                &list.account,
                (Kind::Address, "an@example.net"),
                Role::Member,
            )
            .await
            .unwrap();
        assert!(!paused().await);
    }
}

#[tokio::test]
async fn a_list_can_be_a_member_of_a_list() {
    for bed in beds("nested", true).await {
        let inner = bed
            .list(Settings {
                title: "Inner".into(),
                ..Settings::default()
            })
            .await;
        let outer = bed
            .local
            .create_list(
                "all",
                &Settings {
                    title: "All".into(),
                    ..Settings::default()
                },
            )
            .await
            .unwrap();
        let (kind, member) = bed.local.member_of("wells@hill.internal").await.unwrap();
        assert_eq!(
            (kind, member.as_str()),
            (Kind::Address, "wells@hill.internal")
        );
        bed.local
            .set_member(&outer.account, (kind, &member), Role::Member)
            .await
            .unwrap();
        let tomas = bed.id("tomas").await;
        bed.local
            .set_member(&outer.account, (Kind::Person, &tomas), Role::Member)
            .await
            .unwrap();
        bed.local
            .set_member(
                &inner.account,
                (Kind::Address, "all@hill.internal"),
                Role::Member,
            )
            .await
            .unwrap();
        let arrival = bed.submitted("tomas").await;
        bed.come("all", &arrival, POST).await;
        for _ in 0..6 {
            bed.local.distribute().await.unwrap();
        }
        let (count, whole) = bed.look(&bed.account("lea").await, "INBOX").await;
        assert_eq!(count, 1, "it came through both, once");
        assert_eq!(whole.matches("List-Id:").count(), 1);
        assert!(whole.contains("<wells.hill.internal>"));
        let left: i64 = query_scalar("select count(*) from mail_posting")
            .fetch_one(bed._db.db().read())
            .await
            .unwrap();
        assert_eq!(left, 0, "it doesn't go round");
    }
}

#[tokio::test]
async fn several_people_answer_one_address() {
    for bed in beds("shared", true).await {
        let (mira, tomas, lea) = (
            bed.id("mira").await,
            bed.id("tomas").await,
            bed.id("lea").await,
        );
        let shared = bed
            .local
            .create_shared("office", "The office", &mira)
            .await
            .unwrap();
        assert!(matches!(
            bed.local.create_shared("tomas", "x", &mira).await,
            Err(MailError::NameTaken(_))
        ));
        bed.local
            .set_shared_member(&shared.account, ("person", &tomas), Some(Level::Read))
            .await
            .unwrap();
        let rights = async |person: &str| bed.local.access(person, &shared.account).await.unwrap();
        assert_eq!(rights(&mira).await, Rights::of(Rights::ALL));
        assert_eq!(rights(&tomas).await.to_string(), "lr");
        assert!(
            rights(&lea).await.is_empty(),
            "an operator reads nothing by office"
        );
        assert!(
            bed.local
                .access(&lea, &bed.account("mira").await)
                .await
                .unwrap()
                .is_empty()
        );
        // Strangers are what such a mailbox is for.
        bed.come("office@hill.internal", &outside("jo@example.org"), STRANGER)
            .await;
        let store = bed.local.store();
        let inbox = store
            .mailbox(&shared.account, "INBOX")
            .await
            .unwrap()
            .unwrap();
        let item = store.view(inbox.id).await.unwrap().get(0).cloned().unwrap();
        let place = (inbox.id, item.uid);
        let task = Task {
            assigned: tomas.clone(),
            done: false,
        };
        bed.local
            .set_task(&shared.account, place, &task, &mira)
            .await
            .unwrap();
        let keywords = async || {
            store
                .view(inbox.id)
                .await
                .unwrap()
                .get(0)
                .unwrap()
                .keywords
                .to_string()
        };
        assert_eq!(keywords().await, "$Assigned");
        assert_eq!(
            bed.local.task(&shared.account, item.message).await.unwrap(),
            task
        );

        // A mail program marks it as done, and takes that back.
        for (action, done) in [(FlagAction::Add, true), (FlagAction::Remove, false)] {
            let change = FlagChange {
                action,
                flags: Flags::default(),
                keywords: vec![DONE.into()],
            };
            store
                .store_flags(inbox.id, &[item.uid], &change, None)
                .await
                .unwrap();
            let item = store.view(inbox.id).await.unwrap().get(0).cloned().unwrap();
            let seen = bed.local.task_of(&shared.account, &item).await.unwrap();
            assert_eq!((seen.done, &seen.assigned), (done, &tomas));
        }

        let bytes = STRANGER
            .replace("jo@example.org", "lea@hill.internal")
            .replace('\n', "\r\n");
        let summary = store
            .message(bytes.as_bytes())
            .await
            .unwrap()
            .scanned
            .summary;
        bed.local
            .answer(
                &shared,
                place,
                &summary,
                "We are open on Monday.",
                (&mira, true),
            )
            .await
            .unwrap();
        let (count, got) = bed.look(&bed.account("lea").await, "INBOX").await;
        assert_eq!(count, 1);
        assert!(
            got.contains("From: The office <office@hill.internal>\r\n")
                && got.contains("We are open on Monday.")
        );
        assert_eq!(
            bed.look(&shared.account, "Sent").await.1,
            got,
            "the same message is filed"
        );
        assert_eq!(keywords().await, "$Assigned $Done");
        assert!(
            store
                .view(inbox.id)
                .await
                .unwrap()
                .get(0)
                .unwrap()
                .flags
                .has(Flags::ANSWERED)
        );
        assert!(matches!(
            bed.local
                .set_shared_member(&shared.account, ("person", &mira), None)
                .await,
            Err(MailError::Refused(_))
        ));
        let others = bed.local.others(&tomas).await.unwrap();
        assert_eq!(
            others
                .iter()
                .map(|one| (one.account.name.as_str(), one.list))
                .collect::<Vec<_>>(),
            [("office", false)]
        );
        bed.local.delete_shared(&shared.account).await.unwrap();
        assert_eq!(
            status(
                &bed.come("office", &outside("jo@example.org"), STRANGER)
                    .await
            ),
            "5.1.1"
        );
    }
}

#[tokio::test]
async fn only_moderators_see_what_waits() {
    for bed in beds("heldaccess", true).await {
        let list = bed
            .list(Settings {
                title: "Wells".into(),
                ..Settings::default()
            })
            .await;
        let (mira, lea) = (bed.id("mira").await, bed.id("lea").await);
        bed.local
            .set_member(&list.account, (Kind::Person, &mira), Role::Member)
            .await
            .unwrap();
        let store = bed.local.store();
        let held = store.mailbox(&list.account, HELD).await.unwrap().unwrap();
        let archive = store
            .mailbox(&list.account, "INBOX")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            bed.local
                .access_to(&mira, &archive)
                .await
                .unwrap()
                .to_string(),
            "lr"
        );
        assert!(bed.local.access_to(&mira, &held).await.unwrap().is_empty());
        assert_eq!(
            bed.local.access_to(&lea, &held).await.unwrap().to_string(),
            "lr"
        );
        let tomas = bed.id("tomas").await;
        assert!(
            bed.local
                .access_to(&tomas, &archive)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn who_may_look_into_what() {
    for bed in beds("others", false).await {
        let (mira, tomas) = (bed.id("mira").await, bed.id("tomas").await);
        for who in ["mira", "tomas"] {
            bed.account(who).await;
        }
        let local = &bed.local;
        let help = local.create_shared("help", "Help", &mira).await.unwrap();
        let list = bed.list(Settings::default()).await;
        assert!(local.others(&tomas).await.unwrap().is_empty());
        assert!(local.other_named(&tomas, "help").await.unwrap().is_none());
        assert!(local.other_named(&tomas, "mira").await.unwrap().is_none());

        // The highest of a person's own level and those of their groups counts.
        let group = bed.people.create_group("desk").await.unwrap();
        bed.people.add_to_group(&group.id, &tomas).await.unwrap();
        for (member, level) in [
            (("person", tomas.as_str()), Level::Read),
            (("group", group.id.as_str()), Level::Answer),
        ] {
            local
                .set_shared_member(&help.account, member, Some(level))
                .await
                .unwrap();
        }
        let names = |others: Vec<lampion_mail::access::Other>| {
            others
                .into_iter()
                .map(|one| (one.account.name, one.rights.to_string(), one.list))
                .collect::<Vec<_>>()
        };
        let answers = ("help".to_string(), "lrswipte".to_string(), false);
        assert_eq!(
            names(local.others(&tomas).await.unwrap()),
            std::slice::from_ref(&answers)
        );
        local
            .set_member(&list.account, (Kind::Person, &tomas), Role::Member)
            .await
            .unwrap();
        assert_eq!(
            names(local.others(&tomas).await.unwrap()),
            [answers, ("wells".into(), "lr".into(), true)]
        );
        let held = local.store().mailbox(&list.account, HELD).await.unwrap();
        let held = held.unwrap();
        assert!(local.access_to(&tomas, &held).await.unwrap().is_empty());
        let lea = bed.id("lea").await;
        assert_eq!(
            local.access_to(&lea, &held).await.unwrap(),
            Rights::of("lr")
        );

        let inbox = local.store().mailbox(&help.account, "INBOX").await.unwrap();
        let inbox = inbox.unwrap().id;
        for wanted in [false, true] {
            local.subscribe_other(&tomas, inbox, wanted).await.unwrap();
            let said = local.subscriptions(&tomas).await.unwrap();
            assert_eq!(said.into_iter().collect::<Vec<_>>(), [(inbox, wanted)]);
        }
    }
}

#[tokio::test]
async fn what_goes_to_another_account_belongs_to_its_conversations_and_its_room() {
    for bed in beds("between", false).await {
        let (mira, store) = (bed.account("mira").await, bed.local.store());
        let help = bed
            .local
            .create_shared("help", "Help", &mira)
            .await
            .unwrap();
        let jo = outside("jo@example.org");
        let question =
            "From: jo@example.org\nTo: mira@hill.internal\nSubject: q\nMessage-ID: <q@x>\n\nhow?\n";
        let answer =
            "From: jo@example.org\nSubject: Re: q\nMessage-ID: <a@x>\nIn-Reply-To: <q@x>\n\nwell\n";
        // The answer is in the shared mailbox before the question is put there.
        bed.come("help", &jo, answer).await;
        bed.come("mira", &jo, question).await;
        let own = store.mailbox(&mira, "INBOX").await.unwrap().unwrap().id;
        let shared = store.mailbox(&help.account, "INBOX").await.unwrap();
        let shared = shared.unwrap().id;
        store.copy(own, &[1], shared).await.unwrap();
        let threads = |view: Arc<lampion_mail::store::View>| {
            view.iter().map(|item| item.thread).collect::<Vec<_>>()
        };
        let in_own = threads(store.view(own).await.unwrap());
        let in_shared = threads(store.view(shared).await.unwrap());
        assert_eq!(in_shared.len(), 2);
        assert_eq!(in_shared[0], in_shared[1]);
        // What comes later is found by the copy.
        let later = "From: jo@example.org\nSubject: Re: q\nReferences: <q@x>\n\nand\n";
        bed.come("help", &jo, later).await;
        let in_shared = threads(store.view(shared).await.unwrap());
        assert_eq!(in_shared[2], in_shared[0]);
        assert_eq!(threads(store.view(own).await.unwrap()), in_own);

        let used = |id: String| async move {
            let account = store.account(&id).await.unwrap().unwrap();
            (account.messages, account.used_bytes)
        };
        let before = (used(mira.clone()).await, used(help.account.clone()).await);
        store.move_to(own, &[1], shared).await.unwrap();
        let after = (used(mira.clone()).await, used(help.account.clone()).await);
        assert_eq!(after.0, (0, 0));
        assert_eq!(after.1.0, before.1.0 + 1);
        assert_eq!(after.1.1 - before.1.1, before.0.1);
    }
}

#[tokio::test]
async fn moderators_are_told_once_a_day_and_authors_once() {
    for bed in beds("heldnotice", true).await {
        let list = bed
            .list(Settings {
                title: "우물 Wells".into(),
                post: Post::Moderators,
                ..Settings::default()
            })
            .await;
        let mira = bed.id("mira").await;
        for (name, role) in [("tomas", Role::Member), ("mira", Role::Moderator)] {
            let id = bed.id(name).await;
            bed.local
                .set_member(&list.account, (Kind::Person, &id), role)
                .await
                .unwrap();
        }
        bed.people.set_language(&mira, "ko").await.unwrap();
        let counts = async || {
            [
                bed.count("lea", "INBOX").await,
                bed.count("mira", "INBOX").await,
                bed.count("tomas", "INBOX").await,
            ]
        };
        bed.local.tell_of_held().await.unwrap();
        assert_eq!(counts().await, [0, 0, 0]);
        let tomas = bed.submitted("tomas").await;
        let post = &POST.replace("List-Id: old <old.example.org>\n", "");
        for _ in 0..12 {
            bed.come("wells", &tomas, post).await;
        }
        // Whose address may be forged is not told; nor is a program.
        bed.come("wells", &outside("jo@example.org"), STRANGER)
            .await;
        let lea = bed.submitted("lea").await;
        let by_program = post.replace("Subject", "Auto-Submitted: auto-generated\nSubject");
        bed.local
            .set_member(
                &list.account,
                (Kind::Address, "far@sea.internal"),
                Role::Member,
            )
            .await
            .unwrap();
        let far = Arrival {
            sender: "far@sea.internal".into(),
            ..Arrival::default()
        };
        let by_program = by_program.replace("tomas@hill.internal", "far@sea.internal");
        bed.come("wells", &far, &by_program).await;
        let before = bed.sent.lock().unwrap().len();
        for _ in 0..3 {
            bed.local.tell_of_held().await.unwrap();
        }
        assert_eq!(counts().await, [1, 1, 1]);
        let sent = bed.sent.lock().unwrap()[before..].to_vec();
        assert_eq!(sent.len(), 3, "{sent:?}");
        assert!(sent.iter().all(|one| one.sender.is_empty()), "{sent:?}");
        let told = bed.look(&bed.account("tomas").await, "INBOX").await.1;
        assert!(told.contains("In-Reply-To: <1@hill>") && told.contains("auto-replied"));
        let english = bed.look(&bed.account("lea").await, "INBOX").await.1;
        for part in [
            "https://hill.internal:8443/mail/lists/wells/held",
            "- tomas@hill.internal: pumps",
            "- …",
            "at most once a day",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(decoded(&english).contains(part), "{part} in {english}");
        }
        let korean = bed.look(&bed.account("mira").await, "INBOX").await.1;
        assert!(decoded(&korean).contains("하루에 한 번까지만"), "{korean}");

        // Within the day nothing more; after it only if something new waits.
        bed.come("wells", &tomas, post).await;
        bed.local.tell_of_held().await.unwrap();
        assert_eq!(counts().await, [1, 1, 1]);
        bed.clock.advance(86_400_001);
        bed.come("wells", &tomas, post).await;
        bed.local.tell_of_held().await.unwrap();
        assert_eq!(counts().await, [2, 2, 1]);
        bed.clock.advance(2 * 86_400_000);
        bed.local.tell_of_held().await.unwrap();
        assert_eq!(counts().await, [2, 2, 1]);
        // A clock that was years ahead doesn't silence it.
        bed.clock.advance(-400 * 86_400_000);
        bed.local.tell_of_held().await.unwrap();
        bed.local.tell_of_held().await.unwrap();
        assert_eq!(counts().await, [3, 3, 1]);
        // A post that moderators write doesn't wait.
        bed.come("wells", &lea, &post.replace("tomas", "lea")).await;
        assert_eq!(bed.local.held(&list.account).await.unwrap().len(), 16);
    }
}

/// A message with its text decoded.
fn decoded(message: &str) -> String {
    let mut scanner = lampion_mailproto::mime::Scanner::new();
    scanner.push(message.as_bytes());
    let scanned = scanner.finish();
    let mut out = message.to_string();
    for part in scanned.structure.texts() {
        let (start, end) = (part.body.start as usize, part.body.end as usize);
        let raw = &message.as_bytes()[start..end];
        out.push_str(&lampion_mailproto::mime::text::of_part(part, raw));
    }
    out
}
