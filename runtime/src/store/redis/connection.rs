//! One connection for all operations, made when it is needed and again when it is lost.
//!
//! The driver's own manager keeps a connection that does not answer; here a connection that owes an answer is asked
//! whether it is still there, and given up if it does not say so: a server that vanished without a word would otherwise
//! be missed for as long as TCP tries. An operation whose caller went away costs the others nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, ScriptInvocation, ServerErrorKind, Value,
    aio::MultiplexedConnection,
};
use tokio::runtime::Handle;

use super::reply::Reply;
use crate::{
    clock::Clock,
    store::{StoreError, attempt::Attempt, url::StoreUrl, within},
};

/// How long a failed attempt to connect holds off the next one.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a connection that owes an answer may take to say that it is there.
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Connection {
    store: Arc<str>,
    client: Client,
    made: Arc<Attempt<MultiplexedConnection>>,
    /// Whether a connection is being asked whether it is there.
    asking: Arc<AtomicBool>,
    timeout: Duration,
}

impl Connection {
    /// Reads the URL and nothing more.
    pub(super) fn new(url: &StoreUrl, timeout: Duration, clock: Clock) -> Result<Self, StoreError> {
        let store: Arc<str> = url.to_string().into();
        let client = Client::open(url.secret()).map_err(|_| {
            // The driver's own words may repeat the URL.
            let help = "write \"redis://user:password@host:6379/0\", with special characters percent-encoded";
            StoreError::broken(&store, "its URL can't be read", help)
        })?;
        let made = Arc::new(Attempt::new(&store, clock, PAUSE));
        Ok(Self { store, client, made, asking: Arc::default(), timeout })
    }

    /// Gives an operation up after its time-out.
    pub(super) async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        within(self.timeout, &self.store, operation).await
    }

    /// Runs a script.
    pub(super) async fn run(&self, script: &ScriptInvocation<'_>) -> Result<Reply, StoreError> {
        let made = self
            .made
            .get(|| {
                let (store, client, timeout) = (Arc::clone(&self.store), self.client.clone(), self.timeout);
                async move { connect(&store, &client, timeout).await }
            })
            .await?;
        let unanswered = Unanswered { connection: self, made: Some(&made) };
        let result = script.invoke_async::<Value>(&mut (*made).clone()).await;
        unanswered.answered();
        if result.as_ref().is_err_and(|error| error.is_unrecoverable_error() || error.is_timeout()) {
            self.made.forget(&made);
        }
        match result {
            Ok(value) => Ok(Reply::new(&self.store, value)),
            Err(error) => Err(refused(&self.store, error)),
        }
    }
}

/// An operation that waits for its answer. Dropped without one, it has its connection looked at.
struct Unanswered<'a> {
    connection: &'a Connection,
    /// None once there is an answer.
    made: Option<&'a Arc<MultiplexedConnection>>,
}

impl Unanswered<'_> {
    fn answered(mut self) {
        self.made = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Connection { made: attempt, asking, timeout, .. } = self.connection;
        let (Some(made), Ok(runtime)) = (self.made, Handle::try_current()) else { return };
        if asking.swap(true, Ordering::SeqCst) {
            return;
        }
        let (attempt, made, asking) = (Arc::clone(attempt), Arc::clone(made), Arc::clone(asking));
        let within = SAID_WITHIN.min(*timeout);
        runtime.spawn(async move {
            let there = tokio::time::timeout(within, ping(&made)).await.unwrap_or(false);
            asking.store(false, Ordering::SeqCst);
            if !there {
                attempt.forget(&made);
            }
        });
    }
}

async fn ping(made: &MultiplexedConnection) -> bool {
    ::redis::cmd("PING").query_async::<Value>(&mut made.clone()).await.is_ok_and(|answer| answer != Value::Nil)
}

async fn connect(store: &Arc<str>, client: &Client, timeout: Duration) -> Result<MultiplexedConnection, StoreError> {
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(timeout)).set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await.map_err(|error| refused(store, error))
}

/// What an error of the driver means: away, or broken.
fn refused(store: &Arc<str>, error: RedisError) -> StoreError {
    let away = match error.kind() {
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::TryAgain
        ),
        // Of scripts that are too slow, and of a server without memory or disk.
        _ => error.code().is_some_and(|code| ["BUSY", "OOM", "MISCONF"].contains(&code)),
    };
    if away {
        let help = "see that the server runs, is reached from here and has memory and disk left";
        StoreError::away(store, error.to_string(), help).because(error)
    } else {
        let help = "see that user, password, database and TLS of its URL are right, and that the user may run scripts";
        StoreError::broken(store, error.to_string(), help).because(error)
    }
}
