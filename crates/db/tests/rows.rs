//! Many rows in few statements.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use lampion_db::{query, query_as, rows, testing};

/// Rows enough for a whole statement and some that are left.
const ROWS: i64 = 300;

#[tokio::test]
async fn what_all_rows_have_in_common_is_bound_once() {
    for database in testing::databases("common").await {
        let db = database.db();
        query("create table entry (feed bigint not null, place text not null, n bigint not null, bytes bytea not null, uses bigint not null, primary key (feed, place, n))")
            .execute(db.write())
            .await
            .unwrap();
        let all: Vec<i64> = (0..ROWS).collect();
        for round in 1..=2 {
            let mut tx = db.begin().await.unwrap();
            rows::insert_with(
                &mut tx,
                (
                    "insert into entry (feed, place, n, bytes, uses)",
                    "on conflict (feed, place, n) do update set uses = entry.uses + excluded.uses",
                ),
                (2, |statement| statement.bind(7_i64).bind("hill")),
                (3, &all),
                |statement, n| statement.bind(*n).bind(n.to_be_bytes().to_vec()).bind(*n),
            )
            .await
            .unwrap();
            tx.commit().await.unwrap();
            let found: Vec<(i64, String, i64, Vec<u8>, i64)> =
                query_as("select feed, place, n, bytes, uses from entry order by n")
                    .fetch_all(db.read())
                    .await
                    .unwrap();
            let expected: Vec<(i64, String, i64, Vec<u8>, i64)> = all
                .iter()
                .map(|n| (7, "hill".into(), *n, n.to_be_bytes().to_vec(), n * round))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
