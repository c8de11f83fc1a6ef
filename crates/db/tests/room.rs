//! Statements and transactions that change very much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the database doesn't say when its log is short again"
)]

use std::time::Duration;

use lampion_db::{Db, DbError, Room, query, query_scalar, rows, testing};

/// Rows of a page each.
const ROWS: i64 = 3000;

async fn filled(db: &Db) {
    query("create table wide (n bigint primary key, body text not null)")
        .execute(db.write())
        .await
        .unwrap();
    let all: Vec<i64> = (0..ROWS).collect();
    let mut tx = db.begin().await.unwrap();
    rows::insert(
        &mut tx,
        ("insert into wide (n, body)", ""),
        2,
        &all,
        |statement, n| statement.bind(*n).bind("x".repeat(3000)),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_statement_may_change_a_whole_table_and_then_fail() {
    for database in testing::databases("wide").await {
        let db = database.db();
        filled(db).await;
        for room in [Room::Usual, Room::Pages, Room::Statements] {
            db.room(room).await.unwrap();
            // Inside a transaction what a statement changes is kept until it is done: 12 MB of pages.
            let mut tx = db.begin().await.unwrap();
            query("update wide set body = 'z' || body")
                .execute(&mut *tx)
                .await
                .unwrap_or_else(|error| panic!("{room:?}: {error}"));
            tx.commit().await.unwrap();
            let mut tx = db.begin().await.unwrap();
            let failed = query("update wide set body = case when n < $1 then 'y' || body end")
                .bind(ROWS - 1)
                .execute(&mut *tx)
                .await
                .map_err(DbError::from);
            assert!(
                matches!(failed, Err(DbError::Fault(_))),
                "a row has no body, {room:?}: {failed:?}"
            );
        }
        db.room(Room::Usual).await.unwrap();
        let right: i64 = query_scalar("select count(*) from wide where body like 'zzzx%'")
            .fetch_one(db.read())
            .await
            .unwrap();
        assert_eq!(right, ROWS);
    }
}

#[tokio::test]
async fn the_log_is_short_again_after_many_rows() {
    for database in testing::databases("room").await {
        let db = database.db();
        let Ok(usual) = log_pages(db).await else {
            continue; // PostgreSQL has no such setting.
        };
        for room in [Room::Pages, Room::Statements] {
            db.room(room).await.unwrap();
            assert!(log_pages(db).await.unwrap() > usual);
            filled(db).await;
            query("drop table wide").execute(db.write()).await.unwrap();
            db.room(Room::Usual).await.unwrap();
            while log_pages(db).await.unwrap() != usual {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Pages of the log after which it is written back.
async fn log_pages(db: &Db) -> Result<i64, lampion_db::sqlx::Error> {
    query_scalar("select wal_autocheckpoint from pragma_wal_autocheckpoint")
        .fetch_one(db.write())
        .await
}
