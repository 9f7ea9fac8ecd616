//! Opening `store.redb`: the directory, the file, its lock and its format.
//!
//! Invariants: a file that is damaged or of a newer format is not touched; a file that was made is still there after
//! the machine lost its power.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Database, ReadableDatabase, TableDefinition, TableError, WriteTransaction, backends::FileBackend};

use super::{records, writer::Queue};
use crate::{
    clock::Clock,
    files::{keep_names, make_folder, private},
    store::StoreError,
};

/// What an operation failed at.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The file, which is opened anew.
    File(StoreError),
    /// One record. The others are as good as before.
    Record(StoreError),
}

/// Numbers about the file itself: the format, and the version that was given last.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: &str = "format";

type Migration = fn(&WriteTransaction) -> Result<(), redb::Error>;

/// What brings a file from each format to the next; a new file is of format 0.
const MIGRATIONS: [Migration; 1] = [records::create];

/// Where the file is.
pub(super) struct File {
    path: PathBuf,
    store: Arc<str>,
    clock: Clock,
}

/// The file, while this process has it.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) queue: Queue,
    pub(super) store: Arc<str>,
    pub(super) clock: Clock,
}

impl File {
    pub(super) fn new(data: &Path, clock: Clock) -> Self {
        let path = data.join("store.redb");
        Self { store: path.display().to_string().into(), path, clock }
    }

    /// The name in errors.
    pub(super) fn store(&self) -> &Arc<str> {
        &self.store
    }

    /// Opens the file and brings it to the format of this release.
    pub(super) fn open(&self) -> Result<Opened, StoreError> {
        let file = self.path.parent().map_or(Ok(()), make_folder).and_then(|()| private().open(&self.path));
        let file = file.map_err(|error| {
            let help = "see that this process may write there and that there is room, or set `data`";
            StoreError::away(&self.store, "it can't be opened", help).because(error)
        })?;
        let backend = FileBackend::new(file).map_err(|error| self.refused(error.into()))?;
        let database = Database::builder().create_with_backend(backend).map_err(|error| self.refused(error.into()))?;
        let found = format(&database).map_err(|error| self.refused(error))?;
        let known = MIGRATIONS.len() as u64;
        if found > known {
            let what = format!("it is of format {found}, and this release reads up to {known}");
            let help = "start the newer release that wrote it, or give this one a `data` directory of its own";
            return Err(StoreError::broken(&self.store, what, help));
        }
        if found < known {
            migrate(&database, found).map_err(|error| self.refused(error))?;
        }
        // The file may have been made just now, or by a process that came no further.
        self.path.parent().map_or(Ok(()), keep_names).map_err(|error| self.refused(error.into()))?;
        Ok(Opened { database, queue: Queue::default(), store: Arc::clone(&self.store), clock: self.clock })
    }

    fn refused(&self, error: redb::Error) -> StoreError {
        refused(&self.store, error)
    }
}

/// What an error of the database means.
pub(super) fn refused(store: &Arc<str>, error: impl Into<redb::Error>) -> StoreError {
    let error = error.into();
    match &error {
        redb::Error::DatabaseAlreadyOpen => {
            let folder = Path::new(&**store).parent().unwrap_or(Path::new("."));
            let what = format!("the data directory {} is in use by another process", folder.display());
            StoreError::away(store, what, "end that process, or give this one a directory of its own with `data`")
        }
        redb::Error::Io(cause)
            if !matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            StoreError::away(store, "it can't be read or written", "see that the disk has room and works")
                .because(error)
        }
        redb::Error::PreviousIo | redb::Error::DatabaseClosed => {
            StoreError::away(store, "it failed before and is opened anew", "see the log for the first error")
                .because(error)
        }
        _ => damaged(store).because(error),
    }
}

/// A record is something else than was written.
pub(super) fn damaged_record(store: &Arc<str>) -> Fault {
    let help = "nothing else is touched by it; it goes with its time to live, or restore the file from a backup";
    Fault::Record(StoreError::broken(store, "a record in it is damaged, and was left as it is", help))
}

/// The file holds something else than was written.
fn damaged(store: &Arc<str>) -> StoreError {
    let help = "restore it from a backup, or move it away and start with an empty one: what it holds, such as claims \
                of idempotency keys, is then forgotten";
    StoreError::broken(store, "it is damaged, and was left as it is", help)
}

fn format(database: &Database) -> Result<u64, redb::Error> {
    match database.begin_read()?.open_table(META) {
        Ok(meta) => Ok(meta.get(FORMAT)?.map_or(0, |format| format.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn migrate(database: &Database, found: u64) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        migration(&transaction)?;
    }
    transaction.open_table(META)?.insert(FORMAT, MIGRATIONS.len() as u64)?;
    Ok(transaction.commit()?)
}
