//! Statements over many rows at once: a statement for each row costs several times what the row does.

use futures_util::future::join;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use crate::{AssertSqlSafe, DbError, query};

/// A statement that values are bound to.
pub type Statement = Query<'static, Any, AnyArguments>;

/// Rows in one statement. Few sizes, so that few statements are prepared; but of the small ones nearly all, since a statement
/// costs as much as several rows.
const CHUNKS: [usize; 9] = [256, 64, 16, 8, 6, 4, 3, 2, 1];

/// Splits rows into chunks of the sizes above.
pub(crate) fn chunks<T>(rows: &[T]) -> Vec<&[T]> {
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

pub(crate) fn named(conn: &AnyConnection) -> bool {
    conn.backend_name() == "PostgreSQL"
}

/// Places for `count` rows: `($1, $2), ($3, $4)`, or `(?, ?), (?, ?)` on SQLite, which would look for each name among
/// all before it: more than a third of the time at 64 rows.
/// Names begin after `before`.
pub(crate) fn places(named: bool, before: usize, count: usize, columns: usize) -> String {
    let mut out = String::with_capacity(count * columns * if named { 8 } else { 3 });
    for n in 0..count * columns {
        out.push_str(match n % columns {
            0 if n == 0 => "(",
            0 => "), (",
            _ => ", ",
        });
        if named {
            out.push('$');
            out.push_str(&(before + n + 1).to_string());
        } else {
            out.push('?');
        }
    }
    out.push(')');
    out
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
    insert_with(
        conn,
        (head, tail),
        (0, |statement| statement),
        (columns, rows),
        bind,
    )
    .await
}

/// The same for rows whose first `same` values are the same in all: those are bound once in a statement, by `first`. A value
/// costs on its way to the database as much as it does there.
///
/// # Errors
/// As [`insert`].
pub async fn insert_with<T: Sync>(
    conn: &mut AnyConnection,
    (head, tail): (&str, &str),
    (same, first): (usize, impl Fn(Statement) -> Statement + Send + Sync),
    (columns, rows): (usize, &[T]),
    bind: fn(Statement, &T) -> Statement,
) -> Result<(), DbError> {
    let named = named(conn);
    let statement = |chunk: &[T]| {
        let values = places(named, same, chunk.len(), columns);
        let sql = if same == 0 {
            format!("{head} values {values} {tail}")
        } else {
            // `where true`: else SQLite takes what follows `on` for the condition of a join.
            let firsts = places(named, 0, 1, same);
            let firsts = firsts.trim_matches(['(', ')']);
            format!("{head} select {firsts}, v.* from (values {values}) as v where true {tail}")
        };
        chunk.iter().fold(first(query(AssertSqlSafe(sql))), bind)
    };
    let mut chunks = chunks(rows).into_iter();
    let mut next = chunks.next().map(statement);
    // While the database has one statement, the next is made.
    while let Some(now) = next {
        let (done, after) = join(now.execute(&mut *conn), async {
            chunks.next().map(statement)
        })
        .await;
        done?;
        next = after;
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
    let named = named(conn);
    let mut rows = Vec::new();
    for chunk in chunks(keys) {
        // Places without a name are counted from the first value on, so the one with a name comes last.
        let last = format!("${}", chunk.len() * columns + 1);
        let sql = format!(
            "{} (values {}) {}",
            head.replace("$1", &last),
            places(named, 0, chunk.len(), columns),
            tail.replace("$1", &last)
        );
        let statement = chunk
            .iter()
            .fold(query(AssertSqlSafe(sql)), |statement, key| {
                bind(statement, key)
            });
        rows.extend(statement.bind(first).fetch_all(&mut *conn).await?);
    }
    Ok(rows)
}
