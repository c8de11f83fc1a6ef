//! Statements that don't need each other's answers, in one way to the database and back: on SQLite that way costs as much as
//! a statement over a few rows.

use futures_util::TryStreamExt as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Either};

use crate::rows::{Statement, chunks, named, places};
use crate::{AssertSqlSafe, DbError, query};

/// Statements over more rows go alone: there, the way doesn't count.
const FEW: usize = 16;
/// Values that go to the database at once.
const VALUES: usize = 512;

/// A statement over some rows.
struct Part<'a> {
    /// Which call of [`Together::add`] it is of.
    call: usize,
    sql: String,
    values: usize,
    alone: bool,
    bind: Box<dyn FnOnce(Statement) -> Statement + Send + 'a>,
}

/// Statements to be run one after the other.
pub struct Together<'a> {
    named: bool,
    calls: usize,
    parts: Vec<Part<'a>>,
}

impl std::fmt::Debug for Together<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together")
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl<'a> Together<'a> {
    /// None yet, for a connection.
    #[must_use]
    pub fn on(conn: &AnyConnection) -> Self {
        Self {
            named: named(conn),
            calls: 0,
            parts: Vec::new(),
        }
    }

    /// Adds a statement over `rows` of `columns` values each, in which `{}` stands for their places: `(…), (…)`. `bind` binds
    /// a row's values in their order. It is run several times over a part of the rows if they are many, and not at all
    /// over none.
    pub fn add<T: Sync>(
        &mut self,
        sql: &str,
        columns: usize,
        rows: &'a [T],
        bind: fn(Statement, &T) -> Statement,
    ) {
        for chunk in chunks(rows) {
            self.parts.push(Part {
                call: self.calls,
                sql: sql.replace("{}", &places(self.named, 0, chunk.len(), columns)),
                values: chunk.len() * columns,
                alone: chunk.len() > FEW,
                bind: Box::new(move |statement| chunk.iter().fold(statement, bind)),
            });
        }
        self.calls += 1;
    }

    /// Runs them in order; gives for each call of [`Together::add`] the rows that came.
    ///
    /// # Errors
    /// The database. What was done before is done: drop the transaction.
    pub async fn run(self, conn: &mut AnyConnection) -> Result<Vec<Vec<AnyRow>>, DbError> {
        let mut found: Vec<Vec<AnyRow>> = Vec::new();
        found.resize_with(self.calls, Vec::new);
        let mut parts = self.parts.into_iter().peekable();
        while let Some(first) = parts.next() {
            let (mut values, alone) = (first.values, first.alone || self.named);
            let mut group = vec![first];
            while let Some(next) =
                parts.next_if(|next| !alone && !next.alone && values + next.values <= VALUES)
            {
                values += next.values;
                group.push(next);
            }
            let calls: Vec<usize> = group.iter().map(|part| part.call).collect();
            let sql: Vec<&str> = group.iter().map(|part| part.sql.as_str()).collect();
            let statement = query(AssertSqlSafe(sql.join(";\n")));
            let statement = group
                .into_iter()
                .fold(statement, |statement, part| (part.bind)(statement));
            #[expect(
                deprecated,
                reason = "it is the only way to tell the statements' rows apart"
            )]
            let mut answers = statement.fetch_many(&mut *conn);
            let mut place = 0;
            while let Some(answer) = answers.try_next().await? {
                match answer {
                    Either::Left(_) => place += 1,
                    Either::Right(row) => {
                        if let Some(rows) = calls.get(place).and_then(|call| found.get_mut(*call)) {
                            rows.push(row);
                        }
                    }
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use lampion_core::ids;
    use sqlx::Row as _;

    use super::*;
    use crate::testing;

    fn bound(statement: Statement, row: &(i64, String)) -> Statement {
        statement.bind(row.0).bind(row.1.clone())
    }

    #[tokio::test]
    async fn rows_come_to_the_call_that_asked_for_them() {
        for database in testing::databases("together").await {
            let db = database.db();
            query("create table word (n bigint primary key, word text not null)")
                .execute(db.write())
                .await
                .unwrap();
            for count in [0i64, 1, 5, 7, 16, 17, 300] {
                let rows: Vec<(i64, String)> = (0..count)
                    .map(|n| (n, format!("{};{}", n, ids::base32(&n.to_be_bytes()))))
                    .collect();
                let (odd, none) = ([1i64, 3, 5], Vec::<i64>::new());
                let mut tx = db.begin().await.unwrap();
                let mut all = Together::on(&tx);
                all.add(
                    "insert into word (n, word) values {} returning n",
                    2,
                    &rows,
                    bound,
                );
                all.add(
                    "select n from word where n in (values {})",
                    1,
                    &none,
                    |statement, n| statement.bind(*n),
                );
                all.add(
                    "select word from word where n in (values {}) order by n",
                    1,
                    &odd,
                    |statement, n| statement.bind(*n),
                );
                all.add(
                    "delete from word where n in (values {})",
                    1,
                    &odd,
                    |statement, n| statement.bind(*n),
                );
                let found = all.run(&mut tx).await.unwrap();
                let [put, nothing, words, gone] = found.as_slice() else {
                    panic!("{} answers", found.len());
                };
                let put: Vec<i64> = put.iter().map(|row| row.get(0)).collect();
                assert_eq!(put, (0..count).collect::<Vec<_>>(), "of {count}");
                assert!(nothing.is_empty() && gone.is_empty());
                let words: Vec<String> = words.iter().map(|row| row.get(0)).collect();
                let wanted: Vec<String> = rows
                    .iter()
                    .filter(|(n, _)| odd.contains(n))
                    .map(|(_, word)| word.clone())
                    .collect();
                assert_eq!(words, wanted, "of {count}");
                let left: i64 = crate::query_scalar("select count(*) from word")
                    .fetch_one(&mut *tx)
                    .await
                    .unwrap();
                assert_eq!(left, count - wanted.len() as i64);
                drop(tx);
            }
        }
    }

    #[tokio::test]
    async fn an_error_in_the_middle_undoes_all_with_the_transaction() {
        for database in testing::databases("undone").await {
            let db = database.db();
            query("create table word (n bigint primary key, word text not null)")
                .execute(db.write())
                .await
                .unwrap();
            let (one, same) = (
                [(1i64, "a".to_string())],
                [(2i64, "b".to_string()), (2, "c".to_string())],
            );
            let mut tx = db.begin().await.unwrap();
            let mut all = Together::on(&tx);
            all.add("insert into word (n, word) values {}", 2, &one, bound);
            all.add("insert into word (n, word) values {}", 2, &same, bound);
            assert!(matches!(all.run(&mut tx).await, Err(DbError::Exists(_))));
            drop(tx);
            let left: i64 = crate::query_scalar("select count(*) from word")
                .fetch_one(db.read())
                .await
                .unwrap();
            assert_eq!(left, 0);
        }
    }
}
