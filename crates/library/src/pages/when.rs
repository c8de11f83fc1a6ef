//! Times as people say them, in the reader's language.

use lampion_core::clock;
use lampion_web::Page;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment in milliseconds since 1970, for a page.
#[derive(Debug, Clone, Default)]
pub(super) struct When {
    /// For the attribute `datetime`: `2026-11-24T18:00:00Z`.
    pub machine: String,
    /// `3 minutes ago`; from a week on, `24 November 2026`. A day is that of UTC, for the reader's clock is not known.
    pub words: String,
}

impl When {
    pub(super) fn of(page: &Page, now_ms: i64, ms: i64) -> Self {
        let age = now_ms.saturating_sub(ms);
        let words = match age {
            // A clock that was set back puts what just happened a little ahead.
            ..MINUTE_MS if age > -HOUR_MS => page.t("ago-now"),
            MINUTE_MS..HOUR_MS => page.n("ago-minutes", age / MINUTE_MS),
            HOUR_MS..DAY_MS => page.n("ago-hours", age / HOUR_MS),
            _ if (DAY_MS..7 * DAY_MS).contains(&age) => page.n("ago-days", age / DAY_MS),
            _ => long(page, ms),
        };
        Self {
            machine: clock::timestamp(ms),
            words,
        }
    }
}

/// `24 November 2026`.
fn long(page: &Page, ms: i64) -> String {
    let date = clock::date(ms);
    let mut parts = date.splitn(3, '-').map(|part| part.trim_start_matches('0'));
    let mut next = || parts.next().unwrap_or_default().to_string();
    let (year, month, day) = (next(), next(), next());
    let name = format!("m{month}");
    page.f(
        "date-long",
        &[
            ("year", year),
            ("month", month),
            ("name", name),
            ("day", day),
        ],
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lampion_web::I18n;

    use super::*;

    #[test]
    fn moments_are_said_in_the_readers_language() {
        let i18n = Arc::new(I18n::new(crate::pages::MESSAGES.iter().copied()).unwrap());
        let now = 1_795_326_643_000; // 2026-11-22T05:50:43Z
        let said = |language, ago| {
            let page = Page::sample(Arc::clone(&i18n), Arc::default(), language, None);
            let text = When::of(&page, now, now - ago).words;
            text.replace(['\u{2068}', '\u{2069}'], "")
        };
        assert_eq!(said("en", 5_000), "just now");
        assert_eq!(said("en", -5_000), "just now");
        assert_eq!(said("en", 90_000), "a minute ago");
        assert_eq!(said("ru", 3 * HOUR_MS), "3 часа назад");
        assert_eq!(said("ar", 2 * DAY_MS), "قبل يومين");
        assert_eq!(said("en", 30 * DAY_MS), "23 October 2026");
        assert_eq!(said("ko", 30 * DAY_MS), "2026년 10월 23일");
        assert_eq!(said("fr", 300 * DAY_MS), "26 janvier 2026");
        let page = Page::sample(i18n, Arc::default(), "en", None);
        assert_eq!(When::of(&page, now, now).machine, "2026-11-22T05:50:43Z");
    }
}
