//! Records in the tables of the database: reading, changing within a transaction, sweeping.
//!
//! Invariants: each record with an end has exactly one entry among the ends, so that what is over is found without
//! looking at what is not; a record that can't be read is an error of whoever asks for it, and of nobody else.

use std::{ops::Bound, sync::Arc};

use redb::{ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction};

use super::{
    codec::Record,
    file::{Fault, META, Opened, damaged_record, refused},
    writer::{Change, Changed},
};
use crate::store::{Key, Kind, Put, StoreError, Stored, key};

const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
/// When records end, in milliseconds, and their keys.
const ENDS: TableDefinition<'_, (u64, &[u8]), ()> = TableDefinition::new("ends");
/// The version that was given last.
const VERSION: &str = "version";
/// How many records that are over are removed at once.
const SWEPT: usize = 1_000;

/// Makes the tables.
pub(super) fn create(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.open_table(RECORDS)?;
    transaction.open_table(ENDS)?;
    Ok(())
}

impl Opened {
    pub(super) fn get(&self, place: &[u8]) -> Result<Option<Stored>, Fault> {
        let now = self.clock.unix_millis();
        let records = self.records()?;
        let Some(found) = records.get(place).map_err(|error| self.fault(error))? else { return Ok(None) };
        let record = Record::decode(found.value()).ok_or_else(|| damaged_record(&self.store))?;
        Ok((!record.is_over(now)).then(|| record.stored(now)))
    }

    pub(super) fn list(
        &self,
        tenant: &Arc<str>,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Key, Stored)>, Fault> {
        let now = self.clock.unix_millis();
        let beginning = key::beginning(tenant, kind);
        let first = [beginning.as_slice(), &key::after(after)].concat();
        let end = key::end(tenant, kind);
        let range = (Bound::Included(first.as_slice()), Bound::Excluded(end.as_slice()));
        let records = self.records()?;
        let found = records.range::<&[u8]>(range).map_err(|error| self.fault(error))?;
        let mut list = Vec::new();
        for entry in found {
            if list.len() >= limit {
                break;
            }
            let (place, bytes) = entry.map_err(|error| self.fault(error))?;
            let part = place.value()[beginning.len()..].to_vec();
            let record = Record::decode(bytes.value());
            let named = record.and_then(|record| {
                let name = key::name(part, record.long.map(str::to_owned)).ok()?;
                Some((record, name))
            });
            match named {
                Some((record, _)) if record.is_over(now) => {}
                Some((record, name)) => {
                    list.push((Key { tenant: Arc::clone(tenant), kind, name }, record.stored(now)));
                }
                // Whoever lists hears of the others.
                None => tracing::error!(store = &*self.store, kind = kind.as_str(), "a damaged record is left out"),
            }
        }
        Ok(list)
    }

    fn fault(&self, error: impl Into<redb::Error>) -> Fault {
        Fault::File(refused(&self.store, error))
    }

    fn records(&self) -> Result<redb::ReadOnlyTable<&'static [u8], &'static [u8]>, Fault> {
        let transaction = self.database.begin_read().map_err(|error| self.fault(error))?;
        transaction.open_table(RECORDS).map_err(|error| self.fault(error))
    }

    /// Makes changes one after another in one transaction, and waits until they are on the disk; none for a change of
    /// a record that can't be read. With `sweep`, tells also whether there is more to sweep.
    pub(super) fn commit<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change>,
        sweep: bool,
    ) -> Result<(Vec<Option<Changed>>, bool), StoreError> {
        let refused = |error: redb::Error| refused(&self.store, error);
        let transaction = self.database.begin_write().map_err(|error| refused(error.into()))?;
        let result = {
            let mut tables = Tables::open(&transaction).map_err(refused)?;
            tables.now = self.clock.unix_millis();
            let made = changes.map(|change| tables.make(change)).collect::<Result<_, _>>().map_err(refused)?;
            let more = if sweep { tables.sweep().map_err(refused)? } else { false };
            tables.close().map_err(refused)?;
            (made, more)
        };
        transaction.commit().map_err(|error| refused(error.into()))?;
        Ok(result)
    }
}

/// The tables of one write transaction.
struct Tables<'t> {
    records: Table<'t, &'static [u8], &'static [u8]>,
    ends: Table<'t, (u64, &'static [u8]), ()>,
    meta: Table<'t, &'static str, u64>,
    version: u64,
    now: u64,
}

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        let meta = transaction.open_table(META)?;
        let version = meta.get(VERSION)?.map_or(0, |version| version.value());
        let (records, ends) = (transaction.open_table(RECORDS)?, transaction.open_table(ENDS)?);
        Ok(Self { records, ends, meta, version, now: 0 })
    }

    fn close(mut self) -> Result<(), redb::Error> {
        self.meta.insert(VERSION, self.version)?;
        Ok(())
    }

    /// None when what is there is no record.
    fn make(&mut self, change: &Change) -> Result<Option<Changed>, redb::Error> {
        let (Change::Put { place, expect, .. } | Change::Remove { place, expect }) = change;
        let there = self.records.get(place.as_slice())?.map(|found| found.value().to_vec());
        let there = match there.as_deref().map(Record::decode) {
            Some(None) => return Ok(None),
            Some(Some(record)) => Some(record),
            None => None,
        };
        let live = there.as_ref().filter(|record| !record.is_over(self.now));
        let expected = expect.allows(live.map(|record| record.version));
        let stored = live.map(|record| record.stored(self.now));
        match change {
            Change::Put { .. } if !expected => return Ok(Some(Changed::Put(Put::Conflict(stored)))),
            Change::Remove { .. } if !expected || stored.is_none() => return Ok(Some(Changed::Removed(false))),
            Change::Put { .. } | Change::Remove { .. } => {}
        }
        if let Some(end) = there.and_then(|record| record.expires) {
            self.ends.remove((end, place.as_slice()))?;
        }
        let Change::Put { long, value, expires, .. } = change else {
            self.records.remove(place.as_slice())?;
            return Ok(Some(Changed::Removed(true)));
        };
        self.version += 1;
        let version = self.version;
        let record = Record { version, written: self.now, expires: *expires, long: long.as_deref(), value };
        self.records.insert(place.as_slice(), record.encode().as_slice())?;
        if let Some(end) = record.expires {
            self.ends.insert((end, place.as_slice()), ())?;
        }
        Ok(Some(Changed::Put(Put::Done { version })))
    }

    /// Removes what is over, so much at once; true when there is more.
    fn sweep(&mut self) -> Result<bool, redb::Error> {
        let mut over = Vec::new();
        for entry in self.ends.range::<(u64, &[u8])>(..(self.now, [].as_slice()))?.take(SWEPT) {
            let (entry, _) = entry?;
            let (end, place) = entry.value();
            over.push((end, place.to_vec()));
        }
        for (end, place) in &over {
            self.ends.remove((*end, place.as_slice()))?;
            self.records.remove(place.as_slice())?;
        }
        Ok(over.len() == SWEPT)
    }
}
