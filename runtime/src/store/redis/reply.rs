//! What scripts answer, as values.
//!
//! Numbers come as text: those of Lua are doubles, and the protocol's are cut from them.

use std::{sync::Arc, time::Duration};

use ::redis::{FromRedisValue, Value};

use crate::store::{Put, StoreError, Stored, key};

/// See the module.
pub(super) struct Reply {
    store: Arc<str>,
    value: Value,
}

/// Value, version, age in milliseconds.
type Record = (Vec<u8>, u64, u64);

/// Records of a list with their names; and the last name that was looked at, unless it was the last of all.
pub(super) type Page = (Option<Vec<u8>>, Vec<(String, Stored)>);

impl Reply {
    pub(super) fn new(store: &Arc<str>, value: Value) -> Self {
        Self { store: Arc::clone(store), value }
    }

    /// A record, or nothing.
    pub(super) fn stored(self) -> Result<Option<Stored>, StoreError> {
        Ok(self.read::<Option<Record>>()?.map(stored))
    }

    /// The version that was written; or nothing in its place, and what is there.
    pub(super) fn put(self) -> Result<Put, StoreError> {
        let (version, there): (Option<u64>, Option<Record>) = self.read()?;
        Ok(version.map_or_else(|| Put::Conflict(there.map(stored)), |version| Put::Done { version }))
    }

    pub(super) fn page(self) -> Result<Page, StoreError> {
        type Named = (Vec<u8>, Option<String>, Record);
        let store = Arc::clone(&self.store);
        let (last, records): (Option<Vec<u8>>, Vec<Named>) = self.read()?;
        let named = |(part, long, record): Named| {
            let name = key::name(part, long).map_err(|error| strange(&store).because(error))?;
            Ok((name, stored(record)))
        };
        Ok((last, records.into_iter().map(named).collect::<Result<_, StoreError>>()?))
    }

    pub(super) fn number(self) -> Result<u64, StoreError> {
        self.read()
    }

    fn read<T: FromRedisValue>(self) -> Result<T, StoreError> {
        T::from_redis_value(self.value).map_err(|error| strange(&self.store).because(error))
    }
}

fn stored((value, version, age): Record) -> Stored {
    Stored { value, version, age: Duration::from_millis(age) }
}

fn strange(store: &Arc<str>) -> StoreError {
    let help = "see that nothing else writes keys that begin with `steadfast:`";
    StoreError::broken(store, "it answers what no record is", help)
}
