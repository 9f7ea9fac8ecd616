//! What an error of the driver means: away, or broken.

use std::sync::Arc;

use crate::store::StoreError;

/// Classes of SQLSTATE that pass: connection, resources, intervention of an operator, serialization, a server that has
/// become a standby, a lock that was not had in time (PostgreSQL's manual, appendix A).
const PASSING: [&str; 6] = ["08", "53", "57", "40", "25", "55"];

/// Of a statement that was ended by its time-out, or by an operator.
const CANCELLED: &str = "57014";

/// Whether the server ended a statement because it took too long.
pub(super) fn is_late(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some(CANCELLED))
}

/// See the module.
pub(super) fn refused(store: &Arc<str>, error: sqlx::Error) -> StoreError {
    let away = match &error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| PASSING.iter().any(|class| code.starts_with(class)))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    };
    if away {
        let help = "see that the server runs and is reached from here, and that `store.pool` is large enough";
        StoreError::away(store, error.to_string(), help).because(error)
    } else {
        let help = "see that user, password, database and TLS of `store.url` are right, and that the user may create \
                    and change tables";
        StoreError::broken(store, error.to_string(), help).because(error)
    }
}
