//! The notes: one JSON Lines file in the data directory.
//!
//! Invariant: the file is replaced as a whole (a new file is written, synced and renamed over the old one), so it
//! holds either all of a change or nothing of it, also after a crash or a cancelled call.
//! It does not share the file with another process, and it reads the file for each call: right for thousands of
//! notes, not for millions.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const FILE: &str = "notes.jsonl";

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Names the note among those that exist now.
    pub id: u32,
    /// What was noted.
    pub text: String,
}

/// A handle on the notes; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Notes(Arc<Store>);

#[derive(Debug, Default)]
struct Store {
    /// `None`: the server's data directory, which is known once the configuration is read.
    folder: Option<PathBuf>,
    /// Held while the file is read and replaced.
    file: Mutex<()>,
}

impl Notes {
    /// Notes in a folder, which is made when the first note is added.
    pub fn in_folder(folder: &Path) -> Self {
        Self(Arc::new(Store {
            folder: Some(folder.to_owned()),
            file: Mutex::default(),
        }))
    }

    /// All notes that contain `query`, oldest first; upper and lower case are equal.
    pub async fn search(&self, query: String) -> io::Result<Vec<Note>> {
        self.run(move |path| {
            let mut notes = read(path)?;
            notes.retain(|note| matches(note, &query));
            Ok(notes)
        })
        .await
    }

    /// Adds a note.
    pub async fn add(&self, text: String) -> io::Result<Note> {
        self.run(move |path| {
            let mut notes = read(path)?;
            let id = notes.iter().map(|note| note.id).max().unwrap_or(0) + 1;
            let note = Note { id, text };
            notes.push(note.clone());
            replace(path, &notes)?;
            Ok(note)
        })
        .await
    }

    /// Deletes all notes that contain `query`, and returns them.
    pub async fn delete(&self, query: String) -> io::Result<Vec<Note>> {
        self.run(move |path| {
            let (deleted, kept): (Vec<_>, Vec<_>) = read(path)?
                .into_iter()
                .partition(|note| matches(note, &query));
            if !deleted.is_empty() {
                replace(path, &kept)?;
            }
            Ok(deleted)
        })
        .await
    }

    /// Runs `change` on a thread that may block; once begun it runs to its end, even if the call is cancelled.
    async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let store = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let folder = store.folder.clone().unwrap_or_else(steadfast::data_dir);
            let _held = store.file.lock().unwrap_or_else(PoisonError::into_inner);
            change(&folder.join(FILE))
        })
        .await?
    }
}

fn matches(note: &Note, query: &str) -> bool {
    note.text.to_lowercase().contains(&query.to_lowercase())
}

fn read(path: &Path) -> io::Result<Vec<Note>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

fn replace(path: &Path, notes: &[Note]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&new)?);
    for note in notes {
        serde_json::to_writer(&mut file, note)?;
        file.write_all(b"\n")?;
    }
    file.into_inner()?.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_note_outlives_the_handle_that_added_it() {
        let folder = tempfile::tempdir().unwrap();
        let added = Notes::in_folder(folder.path())
            .add("Buy milk".into())
            .await
            .unwrap();
        let found = Notes::in_folder(folder.path())
            .search("MILK".into())
            .await
            .unwrap();
        assert_eq!(found, [added]);
    }

    #[tokio::test]
    async fn notes_that_do_not_match_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::in_folder(folder.path());
        notes.add("buy milk".into()).await.unwrap();
        let kept = notes.add("call Ada".into()).await.unwrap();
        assert_eq!(notes.delete("milk".into()).await.unwrap().len(), 1);
        assert_eq!(notes.search(String::new()).await.unwrap(), [kept]);
    }

    #[tokio::test]
    async fn concurrent_calls_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::in_folder(folder.path());
        let calls: Vec<_> = (0..20)
            .map(|number| {
                let notes = notes.clone();
                tokio::spawn(async move { notes.add(format!("note {number}")).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        let mut ids: Vec<_> = notes
            .search(String::new())
            .await
            .unwrap()
            .iter()
            .map(|note| note.id)
            .collect();
        ids.dedup();
        assert_eq!(ids, (1..=20).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_damaged_file_is_an_error_and_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "{\"id\":1,\"te").unwrap();
        let notes = Notes::in_folder(folder.path());
        assert!(notes.add("buy milk".into()).await.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"id\":1,\"te");
    }
}
