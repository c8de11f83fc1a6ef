//! Statements over many rows at once: a statement for each row costs several times what the row does.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use crate::{AssertSqlSafe, DbError, query};

/// A statement that values are bound to.
pub type Statement = Query<'static, Any, AnyArguments>;

/// Rows in one statement. Few sizes, so that few statements are prepared. No more than 64: SQLite looks for the name of
/// each place among all before it, which was a quarter of the time at 256.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];

/// Splits rows into chunks of the sizes above.
fn chunks<T>(rows: &[T]) -> Vec<&[T]> {
    let mut out = Vec::new();
    let mut rest = rows;
    for size in CHUNKS {
        while rest.len() >= size {
            let (chunk, after) = rest.split_at(size);
            out.push(chunk);
            rest = after;
        }
    }
    out
}

/// `($1, $2), ($3, $4)` for `count` rows, after `before` places.
fn places(count: usize, columns: usize, before: usize) -> String {
    let row = |n: usize| {
        let row: Vec<String> = (0..columns)
            .map(|column| format!("${}", before + n * columns + column + 1))
            .collect();
        format!("({})", row.join(", "))
    };
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

/// `HEAD values (…), (…) TAIL` for all rows of `columns` values each, in few statements. `bind` binds a row's values in
/// their order.
///
/// # Errors
/// The database. PostgreSQL wants no key twice where `TAIL` says `on conflict … do update`.
pub async fn insert<T: Sync>(
    conn: &mut AnyConnection,
    (head, tail): (&str, &str),
    columns: usize,
    rows: &[T],
    bind: fn(Statement, &T) -> Statement,
) -> Result<(), DbError> {
    for chunk in chunks(rows) {
        let sql = format!("{head} values {} {tail}", places(chunk.len(), columns, 0));
        let statement = chunk
            .iter()
            .fold(query(AssertSqlSafe(sql)), |statement, row| {
                bind(statement, row)
            });
        statement.execute(&mut *conn).await?;
    }
    Ok(())
}

/// `HEAD (values (…), (…)) TAIL` for all keys, in few statements, with `first` as `$1`; gives all rows that came.
///
/// # Errors
/// The database.
pub async fn select<T: Sync>(
    conn: &mut AnyConnection,
    (head, tail): (&str, &str),
    first: i64,
    columns: usize,
    keys: &[T],
    bind: fn(Statement, &T) -> Statement,
) -> Result<Vec<AnyRow>, DbError> {
    let mut rows = Vec::new();
    for chunk in chunks(keys) {
        let sql = format!("{head} (values {}) {tail}", places(chunk.len(), columns, 1));
        let statement = chunk
            .iter()
            .fold(query(AssertSqlSafe(sql)).bind(first), |statement, key| {
                bind(statement, key)
            });
        rows.extend(statement.fetch_all(&mut *conn).await?);
    }
    Ok(rows)
}
