//! Transactions over people's tables.

/// [`lampion_db::transaction!`] on the people's database; gives `Result<_, PeopleError>`.
macro_rules! transaction {
    ($people:expr, $tx:ident => $body:expr) => {
        // Read before the transaction: SQLite has one connection that writes, and the transaction holds it.
        match $people.state().await {
            Err(error) => Err(error),
            Ok(_) => lampion_db::transaction!($people.0.db, $crate::PeopleError, $tx => $body),
        }
    };
}
