//! What is done with a message when it comes: the rules of who receives it, and an answer while they are away.
//!
//! [`apply`] and [`answer`] are pure. [`targets`] says where a message goes, [`was_told`] whether an answer isn't due.

mod place;

use lampion_mailproto::mime::{Date, Mailbox, Summary, address, compose::Letter};

pub use place::{BeingTold, Telling, targets, told, was_told};

/// Rules of one account at most.
pub const RULES_LIMIT: usize = 100;
/// Longest words of a rule, in characters.
pub const WORDS_LIMIT: usize = 200;
/// How long nobody is told again that somebody is away, in milliseconds (RFC 3834 §2; RFC 5230 says seven days).
pub const VACATION_AGAIN_MS: i64 = 7 * 86_400_000;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Names and addresses of `From`, `Sender` and `Reply-To`.
    From,
    /// Names and addresses of `To` and `Cc`.
    To,
    /// The subject.
    Subject,
    /// `List-Id`; with no words, whether there is one.
    List,
    /// Any of these.
    Any,
}

impl Field {
    /// All of them, in the order of the editor.
    pub const ALL: [Self; 5] = [Self::From, Self::To, Self::Subject, Self::List, Self::Any];

    /// The word in the database and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
            Self::Subject => "subject",
            Self::List => "list",
            Self::Any => "any",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Into the mailbox of this name instead of INBOX.
    Move(String),
    /// `\Flagged`.
    Flag,
    /// `\Seen`.
    Read,
    /// A copy to somebody on this node.
    Forward(String),
    /// Into the bin.
    Delete,
}

impl Action {
    /// All words, in the order of the editor.
    pub const WORDS: [&'static str; 5] = ["move", "flag", "read", "forward", "delete"];

    /// The word in the database and in forms.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Move(_) => "move",
            Self::Flag => "flag",
            Self::Read => "read",
            Self::Forward(_) => "forward",
            Self::Delete => "delete",
        }
    }

    /// A mailbox or an address, or nothing.
    pub fn target(&self) -> &str {
        match self {
            Self::Move(target) | Self::Forward(target) => target,
            _ => "",
        }
    }

    /// By word and target.
    pub fn from_words(word: &str, target: &str) -> Option<Self> {
        Some(match word {
            "move" if !target.is_empty() => Self::Move(target.into()),
            "flag" => Self::Flag,
            "read" => Self::Read,
            "forward" if !target.is_empty() => Self::Forward(target.into()),
            "delete" => Self::Delete,
            _ => return None,
        })
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// Where it looks.
    pub field: Field,
    /// What it looks for: any case, anywhere in the field.
    pub words: String,
    /// What it does then.
    pub action: Action,
}

impl Rule {
    fn matches(&self, seen: &Seen) -> bool {
        let words = fold(&self.words);
        let has = |text: &str| !words.is_empty() && text.contains(&words);
        match self.field {
            Field::From => has(&seen.from),
            Field::To => has(&seen.to),
            Field::Subject => has(&seen.subject),
            Field::List => has(&seen.list) || words.is_empty() && !seen.list.is_empty(),
            Field::Any => has(&seen.from) || has(&seen.to) || has(&seen.subject) || has(&seen.list),
        }
    }
}

/// A message as rules see it.
struct Seen {
    from: String,
    to: String,
    subject: String,
    list: String,
}

fn fold(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

fn people(fields: &[&Option<String>]) -> String {
    let mut out = String::new();
    for mailbox in fields
        .iter()
        .flat_map(|field| address::mailboxes(field.as_deref().unwrap_or("")))
    {
        out.push_str(&mailbox.display_name().unwrap_or_default());
        out.push(' ');
        out.push_str(&mailbox.address());
        out.push('\n');
    }
    fold(&out)
}

/// What all rules together do with a message, in their order. Of several that move it (or delete it), the first counts.
#[must_use]
pub fn apply(summary: &Summary, rules: &[Rule]) -> Vec<Action> {
    let fields = &summary.fields;
    let seen = Seen {
        from: people(&[&fields.from, &fields.sender, &fields.reply_to]),
        to: people(&[&fields.to, &fields.cc]),
        subject: fold(&summary.subject()),
        list: fold(summary.list_id.as_deref().unwrap_or("")),
    };
    let places = |action: &Action| matches!(action, Action::Move(_) | Action::Delete);
    let mut done: Vec<Action> = Vec::new();
    for rule in rules
        .iter()
        .take(RULES_LIMIT)
        .filter(|rule| rule.matches(&seen))
    {
        let again = done.contains(&rule.action) || places(&rule.action) && done.iter().any(places);
        // A copy never goes on from a message that a program sent: two that forward to each other would not end.
        let circles = matches!(rule.action, Action::Forward(_)) && summary.is_automatic();
        if !again && !circles {
            done.push(rule.action.clone());
        }
    }
    done
}

/// What somebody likes about their mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    /// Put under what they write.
    pub signature: String,
    /// How long a sent message can be taken back, in seconds.
    pub undo_s: i64,
    /// Whether those who write are told that they are away.
    pub vacation: bool,
    /// The answer's subject; empty for the subject of what came.
    pub vacation_subject: String,
    /// The answer.
    pub vacation_text: String,
}

impl Default for Preference {
    fn default() -> Self {
        Self {
            signature: String::new(),
            undo_s: 10,
            vacation: false,
            vacation_subject: String::new(),
            vacation_text: String::new(),
        }
    }
}

/// The answer of somebody who is away to a message that came for `own`; `None` if none is due (RFC 3834 §2): to
/// programs, lists, oneself, and where the message isn't addressed to the one who is away. The caller sees to it that
/// nobody is told twice within [`VACATION_AGAIN_MS`].
#[must_use]
pub fn answer(
    preference: &Preference,
    summary: &Summary,
    own: &Mailbox,
    now: Date,
    message_id: String,
) -> Option<Letter> {
    let fields = &summary.fields;
    let bounced = summary
        .return_path
        .as_deref()
        .is_some_and(|path| path.trim() == "<>");
    if !preference.vacation || summary.is_automatic() || bounced {
        return None;
    }
    let to = summary.from().into_iter().next()?;
    let same = |a: &Mailbox, b: &Mailbox| a.address().eq_ignore_ascii_case(&b.address());
    let automatic = [
        "mailer-daemon",
        "postmaster",
        "noreply",
        "no-reply",
        "owner-",
    ];
    let local = to.local.to_lowercase();
    if to.domain.is_empty()
        || same(&to, own)
        || automatic.iter().any(|word| local.starts_with(word))
    {
        return None;
    }
    let addressed = [&fields.to, &fields.cc]
        .into_iter()
        .flat_map(|field| address::mailboxes(field.as_deref().unwrap_or("")))
        .any(|mailbox| same(&mailbox, own));
    if !addressed {
        return None;
    }
    let subject = if preference.vacation_subject.trim().is_empty() {
        format!("Re: {}", summary.base_subject())
    } else {
        preference.vacation_subject.clone()
    };
    let mut references = summary.ancestors();
    references.extend(summary.message_id());
    Some(Letter {
        from: own.clone(),
        to: vec![to],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject,
        date: now,
        message_id,
        in_reply_to: summary.message_id(),
        references,
        headers: vec![
            ("Auto-Submitted".into(), "auto-replied".into()),
            ("Precedence".into(), "bulk".into()),
        ],
        text: preference.vacation_text.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lampion_mailproto::mime::fuzz::scan;

    fn rule(field: Field, words: &str, action: Action) -> Rule {
        Rule {
            id: String::new(),
            field,
            words: words.into(),
            action,
        }
    }

    fn summary(header: &str) -> Summary {
        scan(header.as_bytes(), 100).summary
    }

    #[test]
    fn rules_find_what_they_look_for() {
        let came = summary(
            "From: =?utf-8?Q?J=C3=B6rg?= <jo@sea.internal>\nTo: mira@hill.internal\nSubject: Wells\n and pumps\nList-Id: <wells.hill.internal>\n\n",
        );
        let done = |rules: &[Rule]| apply(&came, rules);
        let to = |name: &str| Action::Move(name.into());
        assert_eq!(
            done(&[rule(Field::From, "JÖRG", Action::Flag)]),
            [Action::Flag]
        );
        assert_eq!(
            done(&[rule(Field::From, "sea.internal", Action::Read)]),
            [Action::Read]
        );
        assert_eq!(
            done(&[rule(Field::Subject, "wells and", to("Wells"))]),
            [to("Wells")]
        );
        assert_eq!(done(&[rule(Field::Subject, "rivers", to("Wells"))]), []);
        assert_eq!(done(&[rule(Field::Subject, "", to("Wells"))]), []);
        assert_eq!(done(&[rule(Field::List, "", to("Lists"))]), [to("Lists")]);
        assert_eq!(
            done(&[
                rule(Field::Any, "mira@", Action::Delete),
                rule(Field::Any, "jo@", to("x"))
            ]),
            [Action::Delete]
        );
        // Mail of a list is not sent on.
        assert_eq!(
            done(&[rule(
                Field::Any,
                "jo@",
                Action::Forward("x@hill.internal".into())
            )]),
            []
        );
    }

    #[test]
    fn who_is_away_answers_people_once() {
        let own = address::mailboxes("Mira <mira@hill.internal>").remove(0);
        let away = Preference {
            vacation: true,
            vacation_text: "Back in June.".into(),
            ..Preference::default()
        };
        let now = Date {
            unix_ms: 0,
            offset_minutes: 0,
        };
        let answers =
            |header: &str| answer(&away, &summary(header), &own, now, "x@hill.internal".into());
        let usual = "From: jo@sea.internal\nTo: mira@hill.internal\nSubject: Re: wells\nMessage-ID: <1@sea>\n";
        let letter = answers(&format!("{usual}\n")).unwrap();
        assert_eq!(
            (letter.subject.as_str(), letter.in_reply_to.as_deref()),
            ("Re: wells", Some("1@sea"))
        );
        assert!(
            letter
                .headers
                .iter()
                .any(|(name, value)| name == "Auto-Submitted" && value == "auto-replied")
        );
        for never in [
            "Auto-Submitted: auto-generated\n",
            "List-Id: <x>\n",
            "Precedence: bulk\n",
            "Return-Path: <>\n",
        ] {
            assert!(answers(&format!("{usual}{never}\n")).is_none(), "{never}");
        }
        assert!(answers("From: jo@sea.internal\nTo: others@hill.internal\n\n").is_none());
        assert!(answers("From: mira@hill.internal\nTo: mira@hill.internal\n\n").is_none());
        assert!(answers("From: MAILER-DAEMON@sea.internal\nTo: mira@hill.internal\n\n").is_none());
    }
}
