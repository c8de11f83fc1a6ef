//! How long a route is usually closed, learnt from its own past.
//!
//! A gap begins when a try doesn't reach the other side, and ends when one does; it is counted in seconds that this node
//! runs. Of the gaps that are over, mean and spread are kept as RFC 6298 §2 keeps those of round trips: one row a route,
//! written only where something changed. A link that is up for half an hour a day is thereby late after more than a day,
//! and a smarthost that is always there after some hours.

use lampion_db::{query, query_as};

use super::{Queue, SMARTHOST};
use crate::store::MailError;

/// The usual gap of the smarthost, as long as nothing is known, in seconds; never less.
const SMARTHOST_S: i64 = 4 * 3_600;
/// The usual gap of a link to another node, as long as nothing is known, in seconds.
const NODE_S: i64 = 3 * 86_400;
/// No gap is more usual than this, in seconds.
const LONGEST_S: i64 = 14 * 86_400;
/// No route is called late earlier than after this, in seconds.
const FLOOR_S: i64 = 4 * 3_600;

/// Mean and spread with one more gap.
fn learnt(gap_s: i64, known: Option<(i64, i64)>) -> (i64, i64) {
    match known {
        None => (gap_s, gap_s / 2),
        Some((usual, spread)) => (
            usual + (gap_s - usual) / 8,
            spread + ((gap_s - usual).abs() - spread) / 4,
        ),
    }
}

/// After how long a route is late.
fn late_after(route: &str, known: Option<(i64, i64)>) -> i64 {
    match known {
        None if route == SMARTHOST => SMARTHOST_S,
        None => NODE_S,
        Some((usual, spread)) => (usual + 4 * spread).clamp(FLOOR_S, LONGEST_S),
    }
}

impl Queue {
    /// Counts time of routes that are closed.
    pub(super) async fn count_gaps(&self, passed_s: i64) -> Result<(), MailError> {
        let any: Option<(i64,)> =
            query_as("select closed_s from mail_route where closed_s >= 0 limit 1")
                .fetch_optional(self.0.db.read())
                .await?;
        if any.is_some() && passed_s > 0 {
            query("update mail_route set closed_s = closed_s + $1 where closed_s >= 0")
                .bind(passed_s)
                .execute(self.0.db.write())
                .await?;
        }
        Ok(())
    }

    async fn gap(&self, route: &str) -> Result<Option<(i64, i64, i64)>, MailError> {
        Ok(
            query_as("select closed_s, usual_s, spread_s from mail_route where route = $1")
                .bind(route)
                .fetch_optional(self.0.db.read())
                .await?,
        )
    }

    /// A try reached the other side, or didn't.
    pub(super) async fn contact(&self, route: &str, reached: bool) -> Result<(), MailError> {
        let row = self.gap(route).await?;
        let (closed, usual, spread) = row.unwrap_or((-1, -1, -1));
        if (closed < 0) == reached {
            return Ok(());
        }
        let known = (usual >= 0).then_some((usual, spread));
        let (closed, (usual, spread)) = if reached {
            (-1, learnt(closed, known))
        } else {
            (0, (usual, spread))
        };
        query(
            "insert into mail_route (route, closed_s, usual_s, spread_s) values ($1, $2, $3, $4)
             on conflict (route) do update set closed_s = excluded.closed_s, usual_s = excluded.usual_s,
             spread_s = excluded.spread_s",
        )
        .bind(route)
        .bind(closed)
        .bind(usual)
        .bind(spread)
        .execute(self.0.db.write())
        .await?;
        Ok(())
    }

    /// How long a message waits for its route before its sender is told, in seconds.
    pub(super) async fn usual_gap_s(&self, route: &str) -> Result<i64, MailError> {
        let known = self
            .gap(route)
            .await?
            .filter(|(_, usual, _)| *usual >= 0)
            .map(|(_, usual, spread)| (usual, spread));
        Ok(late_after(route, known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    #[test]
    fn a_route_is_late_when_it_is_closed_for_longer_than_it_was() {
        assert_eq!(late_after(SMARTHOST, None), 4 * HOUR);
        assert_eq!(late_after("node sea", None), 72 * HOUR);
        // Up once a day.
        let mut known = None;
        for _ in 0..30 {
            known = Some(learnt(23 * HOUR, known));
            let late = late_after("node sea", known);
            assert!(late > 23 * HOUR, "{late}");
        }
        let late = late_after("node sea", known);
        assert!(late < 30 * HOUR, "{late}");
        // It becomes a line that is cut for minutes only.
        for _ in 0..60 {
            known = Some(learnt(600, known));
        }
        assert_eq!(late_after("node sea", known), 4 * HOUR);
        // One long cut doesn't make it the rule for good.
        known = Some(learnt(40 * 24 * HOUR, known));
        assert_eq!(late_after("node sea", known), LONGEST_S);
        for _ in 0..40 {
            known = Some(learnt(600, known));
        }
        assert!(late_after("node sea", known) < 2 * 24 * HOUR);
    }
}
