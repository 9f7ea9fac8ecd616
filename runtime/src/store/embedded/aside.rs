//! Switches in `switches.json` and approvals in `approvals.json`, so that they can be changed while another process has
//! the database.
//!
//! A command throws a switch or grants an approval while a server runs, and several servers may share a data directory;
//! the lock of the database is held by one of them. So each of these kinds is a small file of JSON that anybody of the
//! same user reads without a lock: a change writes a new file and renames it over the old one, under the lock of a file
//! beside it. It is also what an operator can read without a tool.
//!
//! Invariant: who reads sees the file before a change or after it; a change that was answered is on the disk; two
//! processes never write at once. It is for few records that change seldom: each change writes all of them.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    ops::Bound,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    files,
    store::{Expect, Key, Kind, Put, StoreError, Stored, key::hex},
};

const FORMAT: u32 = 1;

/// See the module.
pub(super) struct Aside {
    of: Of,
    file: PathBuf,
    store: Arc<str>,
    clock: Clock,
}

/// What is kept in a file.
pub(super) struct Of {
    kind: Kind,
    /// Its name in the file, and the file's own.
    name: &'static str,
    /// What a file that is gone means.
    without: &'static str,
}

pub(super) const SWITCHES: Of =
    Of { kind: Kind::Switch, name: "switches", without: "every switch is then as if never thrown" };
pub(super) const APPROVALS: Of =
    Of { kind: Kind::Approval, name: "approvals", without: "every approval has then to be asked for again" };

#[derive(Debug)]
struct Document {
    /// The version that was given last.
    version: u64,
    records: Records,
}

/// By tenant and name.
type Records = BTreeMap<String, BTreeMap<String, Entry>>;

/// A document as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    version: u64,
    /// The records, under their name.
    #[serde(flatten)]
    records: BTreeMap<String, Records>,
}

/// Times are milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    version: u64,
    written: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(flatten)]
    value: Value,
}

/// Text stays readable.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Value {
    Text(String),
    Hex(String),
}

impl Aside {
    pub(super) fn new(of: Of, data: &Path, clock: Clock) -> Self {
        let file = data.join(of.name).with_extension("json");
        Self { of, store: file.display().to_string().into(), file, clock }
    }

    /// The name in errors.
    pub(super) fn store(&self) -> &Arc<str> {
        &self.store
    }

    pub(super) fn get(&self, key: &Key) -> Result<Option<Stored>, StoreError> {
        let (document, now) = (self.read()?, self.clock.unix_millis());
        let entry = document.records.get(&*key.tenant).and_then(|tenant| tenant.get(&key.name));
        entry.filter(|entry| !entry.is_over(now)).map(|entry| self.stored(entry, now)).transpose()
    }

    pub(super) fn list(
        &self,
        tenant: &Arc<str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Key, Stored)>, StoreError> {
        let (document, now) = (self.read()?, self.clock.unix_millis());
        let Some(entries) = document.records.get(&**tenant) else { return Ok(Vec::new()) };
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let live = entries.range::<str, _>((behind, Bound::Unbounded)).filter(|(_, entry)| !entry.is_over(now));
        let key = |name: &String| Key { tenant: Arc::clone(tenant), kind: self.of.kind, name: name.clone() };
        live.take(limit).map(|(name, entry)| Ok((key(name), self.stored(entry, now)?))).collect()
    }

    pub(super) fn put(&self, key: &Key, expect: Expect, value: &[u8], expires: Option<u64>) -> Result<Put, StoreError> {
        let (_lock, mut document, now) = self.begin()?;
        let tenant = document.records.entry(key.tenant.to_string()).or_default();
        let there = tenant.get(&key.name);
        if !expect.allows(there.map(|entry| entry.version)) {
            return Ok(Put::Conflict(there.map(|entry| self.stored(entry, now)).transpose()?));
        }
        document.version += 1;
        let version = document.version;
        tenant.insert(key.name.clone(), Entry { version, written: now, expires, value: Value::new(value) });
        self.write(document)?;
        Ok(Put::Done { version })
    }

    pub(super) fn remove(&self, key: &Key, expect: Expect) -> Result<bool, StoreError> {
        let (_lock, mut document, _) = self.begin()?;
        let Some(tenant) = document.records.get_mut(&*key.tenant) else { return Ok(false) };
        let there = tenant.get(&key.name).map(|entry| entry.version);
        if there.is_none() || !expect.allows(there) {
            return Ok(false);
        }
        tenant.remove(&key.name);
        self.write(document)?;
        Ok(true)
    }

    /// Locks out other writers until the file is dropped, and reads what is still valid.
    fn begin(&self) -> Result<(File, Document, u64), StoreError> {
        let lock = files::lock(&self.file).map_err(|error| self.away(error))?;
        let (mut document, now) = (self.read()?, self.clock.unix_millis());
        for tenant in document.records.values_mut() {
            tenant.retain(|_, entry| !entry.is_over(now));
        }
        document.records.retain(|_, tenant| !tenant.is_empty());
        Ok((lock, document, now))
    }

    fn read(&self) -> Result<Document, StoreError> {
        let text = match fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Document { version: 0, records: Records::new() });
            }
            Err(error) => return Err(self.away(error)),
        };
        let written: Written = serde_json::from_slice(&text).map_err(|error| self.damaged().because(error))?;
        let Written { format, version, mut records } = written;
        if format != FORMAT {
            let what = format!("it is of format {format}, and this release reads {FORMAT}");
            return Err(StoreError::broken(&self.store, what, "use the release that wrote it"));
        }
        let records = records.remove(self.of.name).ok_or_else(|| self.damaged())?;
        Ok(Document { version, records })
    }

    fn write(&self, Document { version, records }: Document) -> Result<(), StoreError> {
        let written =
            Written { format: FORMAT, version, records: BTreeMap::from([(self.of.name.to_owned(), records)]) };
        let text = serde_json::to_string_pretty(&written).map_err(|error| self.damaged().because(error))?;
        files::replace(&self.file, text.as_bytes()).map_err(|error| self.away(error))
    }

    fn stored(&self, entry: &Entry, now: u64) -> Result<Stored, StoreError> {
        let value = entry.value.bytes().ok_or_else(|| self.damaged())?;
        let age = Duration::from_millis(now.saturating_sub(entry.written));
        Ok(Stored { value, version: entry.version, age })
    }

    fn away(&self, error: io::Error) -> StoreError {
        let help = "see that this process may read and write there and that the disk has room";
        StoreError::away(&self.store, "it can't be read or written", help).because(error)
    }

    fn damaged(&self) -> StoreError {
        let help = format!("mend it, restore it from a backup, or move it away: {}", self.of.without);
        StoreError::broken(&self.store, "it can't be understood, and was left as it is", help)
    }
}

impl Entry {
    fn is_over(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Value {
    fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Hex(hex(bytes)),
        }
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Hex(digits) => digits.as_bytes().chunks(2).map(byte).collect(),
        }
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
