//! Transactions that any thread may await.

/// Does the body in a transaction and commits; done again if it lost a conflict. Gives `Result<_, PeopleError>`.
///
/// As `Db::transaction`, but the body is no closure: of a future that holds an async closure over references the
/// compiler can't see today that it may cross threads, and handlers must.
macro_rules! transaction {
    ($people:expr, $tx:ident => $body:expr) => {{
        let mut tries = 0;
        loop {
            tries += 1;
            // Read before the transaction: SQLite has one connection that writes, and the transaction holds it.
            if let Err(error) = $people.state().await {
                break Err(error);
            }
            let mut transaction = match $people.0.db.begin().await {
                Ok(transaction) => transaction,
                Err(error) => break Err($crate::PeopleError::from(error)),
            };
            let done: Result<_, $crate::PeopleError> = async {
                let $tx = &mut transaction;
                $body
            }
            .await;
            let done = match done {
                Ok(value) => match transaction.commit().await {
                    Ok(()) => Ok(value),
                    Err(error) => Err($crate::PeopleError::from(error)),
                },
                Err(error) => {
                    drop(transaction);
                    Err(error)
                }
            };
            match done {
                Err(error)
                    if lampion_db::Conflicting::is_conflict(&error)
                        && tries < $crate::CONFLICT_TRIES => {}
                done => break done,
            }
        }
    }};
}
