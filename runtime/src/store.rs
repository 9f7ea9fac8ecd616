//! What a server must find again after a restart, or in another replica: claims, tasks, switches, limits.
//!
//! One trait, several stores: a file of this process's own, PostgreSQL, Redis, or both for a fleet. Every record has a
//! tenant, a kind and a name, and carries a version, so that each change is a compare and set.
//!
//! Invariants: no key of one tenant reaches a record of another, whatever is in the names; a version is never used
//! twice for one key, also not after the record was removed; what is past its time to live is absent, by the clock of
//! the store and not by that of whoever asks; no operation takes longer than its time-out.
//!
//! What happens while the store is away is decided by the kind, and done by whoever uses it: see [`Kind::when_away`].
//! A store does not try again, does not cache and knows nothing of what it keeps.

mod attempt;
mod embedded;
mod fleet;
mod key;
mod memory;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod quota;
#[cfg(feature = "redis")]
mod redis;
#[cfg(test)]
mod tests;
mod url;
mod warnings;

use std::{error::Error, fmt, sync::Arc, time::Duration};

pub(crate) use self::{
    memory::Memory,
    open::{StoreSettings, open},
    quota::take_here,
    url::StoreUrl,
    warnings::Warnings,
};
use crate::{context::BoxFuture, duration, reliability::Quota};

/// Keeps records, and counts against limits.
pub(crate) trait Store: Send + Sync + 'static {
    /// The record of a key, unless it is absent or past its time to live.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>>;

    /// Compares and sets. Without `ttl` the record is kept until it is removed.
    fn put<'a>(
        &'a self,
        key: &'a Key,
        expect: Expect,
        value: &'a [u8],
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<Put, StoreError>>;

    /// Compares and removes; true when a record was removed.
    fn remove<'a>(&'a self, key: &'a Key, expect: Expect) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// The records of one tenant and kind in the order of their names' bytes, after `after`, `limit` at most.
    fn list<'a>(
        &'a self,
        tenant: &'a str,
        kind: Kind,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>>;

    /// Takes one from a quota, by the generic cell rate algorithm (ITU-T I.371).
    fn take<'a>(&'a self, key: &'a Key, quota: Quota) -> BoxFuture<'a, Result<Taken, StoreError>>;
}

/// What a record is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) tenant: Arc<str>,
    pub(crate) kind: Kind,
    /// Any text.
    pub(crate) name: String,
}

/// What a record is for. A new kind is a line in each function of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// That a call with an idempotency key runs or ran, and its answer.
    Claim,
    /// A call that goes on after its first answer.
    Task,
    /// That a task has not ended: what is looked through for those that lost their process.
    Unfinished,
    /// That something sealed came back and was used.
    Nonce,
    /// A call that waits for somebody else's approval, or has it.
    Approval,
    /// What an operator switched off or on.
    Switch,
    /// How much of a quota is used up; only for [`Store::take`].
    Limit,
}

/// What to do with a call when the store is away and a record of some kind is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// Refuse it, saying that trying later may help: without the record it could do harm.
    Refuse,
    /// Go on with what was read last.
    LastKnown,
    /// Go on, each process deciding by itself.
    Local,
}

/// A record as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) value: Vec<u8>,
    pub(crate) version: u64,
    /// Since it was written, by the store's own clock.
    pub(crate) age: Duration,
}

/// What must be there for a change to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// No record.
    Absent,
    /// A record of this version.
    Version(u64),
    /// Whatever there is, or nothing.
    Anything,
}

/// How a compare and set ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is written, durable.
    Done {
        /// Of the new record.
        version: u64,
    },
    /// Something else is there, and was left as it is.
    Conflict(Option<Stored>),
}

/// Whether there was something left of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// There was.
    Granted,
    /// There was not.
    Limited {
        /// When there will be, if nobody else takes it.
        retry_after: Duration,
    },
}

/// Why a store did not do what it was asked. Whether a change was made is then unknown.
#[derive(Debug, Clone)]
pub(crate) enum StoreError {
    /// It can't be reached, did not answer in time, or belongs to another process. It may be back later.
    Away(Trouble),
    /// What it holds can't be read, or it refuses what it should do. A person has to look.
    Broken(Trouble),
}

/// What a store says about an error. Holds no password: a store is named without the user's part of its URL.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// The file or the server.
    pub(crate) store: Arc<str>,
    pub(crate) what: String,
    /// The way out.
    pub(crate) help: String,
    pub(crate) source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Kind {
    /// The name in keys. It must not change: records are found by it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Task => "task",
            Self::Unfinished => "unfinished",
            Self::Nonce => "nonce",
            Self::Approval => "approval",
            Self::Switch => "switch",
            Self::Limit => "limit",
        }
    }

    /// What to do while the store is away.
    pub(crate) const fn when_away(self) -> Away {
        match self {
            // Without its claim a call could have its effect twice, and a task nobody could ask for is lost.
            Self::Claim | Self::Task | Self::Unfinished => Away::Refuse,
            // A confirmation could be used twice, and an approval made up.
            Self::Nonce | Self::Approval => Away::Refuse,
            // A switched-off tool stays off, and a store that is away switches nothing off.
            Self::Switch => Away::LastKnown,
            // A limit protects what is behind the server; each replica can do so for its share.
            Self::Limit => Away::Local,
        }
    }
}

impl Expect {
    /// Whether a change may be made where there is a record of this version, or none.
    fn allows(self, found: Option<u64>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
            Self::Anything => true,
        }
    }
}

impl StoreError {
    /// Whether trying later may help.
    pub(crate) const fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    fn away(store: &Arc<str>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Away(Trouble { store: Arc::clone(store), what: what.into(), help: help.into(), source: None })
    }

    fn broken(store: &Arc<str>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Broken(Trouble { store: Arc::clone(store), what: what.into(), help: help.into(), source: None })
    }

    /// Attaches the cause.
    fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        let (Self::Away(trouble) | Self::Broken(trouble)) = &mut self;
        trouble.source = Some(Arc::new(source));
        self
    }

    const fn trouble(&self) -> &Trouble {
        match self {
            Self::Away(trouble) | Self::Broken(trouble) => trouble,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trouble { store, what, help, .. } = self.trouble();
        let state = if self.is_away() { "away" } else { "broken" };
        write!(f, "the store {store} is {state}: {what}\n  help: {help}")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.trouble().source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

/// Gives an operation up after its time-out. What was asked for may be done all the same.
async fn within<T>(
    timeout: Duration,
    store: &Arc<str>,
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(timeout, operation).await.unwrap_or_else(|_| {
        let what = format!("no answer within {}", duration::text(timeout));
        Err(StoreError::away(store, what, "see whether it is overloaded, or give it more time with `store.timeout`"))
    })
}
