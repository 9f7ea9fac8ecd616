//! Keys in `state-keys.json`, for a server whose configuration names none: made when one is needed first, and exchanged
//! by age.
//!
//! Processes that share a data directory share the file. Invariants: nobody but the user whose process it is can read
//! it, or it is not used; a key stays for as long as anything that it sealed may live; two processes that find the
//! first key too old agree on one new one. A file that can't be understood is left as it is.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    seal::{KEY_BYTES, Keys},
    settings::decode,
};
use crate::{
    clock::{self, Clock},
    duration::millis,
    files,
    hash::hex,
};

const FORMAT: u32 = 1;

/// See the module.
#[derive(Debug)]
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    pub(super) clock: Clock,
    /// How long the first key seals.
    pub(super) rotate_after: Duration,
    /// How long what was sealed may live.
    pub(super) longest: Duration,
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyProblem {
    pub(crate) place: String,
    pub(crate) what: String,
    pub(crate) help: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Document {
    format: u32,
    /// Newest first.
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    made_ms: u64,
    key: String,
}

impl KeyFile {
    /// The keys, the first of which is young enough to seal. May wait for the disk and for another process.
    pub(super) fn keys(&self) -> Result<Arc<Keys>, KeyProblem> {
        let document = self.read()?;
        let document = if self.is_due(&document) { self.rotate()? } else { document };
        let keys = document.keys.iter().map(|entry| decode(&entry.key));
        let keys: Option<Vec<Box<[u8; KEY_BYTES]>>> = keys.collect();
        Ok(Arc::new(Keys::new(keys.ok_or_else(|| self.damaged())?.iter().map(|key| &**key))))
    }

    fn is_due(&self, document: &Document) -> bool {
        let now_ms = self.clock.unix_millis();
        let age = |entry: &Entry| now_ms.saturating_sub(entry.made_ms);
        document.keys.first().is_none_or(|first| age(first) >= millis(self.rotate_after))
    }

    fn rotate(&self) -> Result<Document, KeyProblem> {
        let _lock = files::lock(&self.path).map_err(|error| self.away(&error))?;
        let mut document = self.read()?;
        // Another process may have been faster.
        if !self.is_due(&document) {
            return Ok(document);
        }
        let now_ms = self.clock.unix_millis();
        let random = clock::random::<KEY_BYTES>().map_err(|error| self.away(&io::Error::other(error.to_string())))?;
        document.format = FORMAT;
        document.keys.insert(0, Entry { made_ms: now_ms, key: hex(&random) });
        // A key stopped sealing when the next one was made, a look of each process later.
        let mut next_ms = u64::MAX;
        document.keys.retain(|entry| {
            let stopped_ms = std::mem::replace(&mut next_ms, entry.made_ms);
            stopped_ms == u64::MAX || now_ms.saturating_sub(stopped_ms) < millis(self.longest)
        });
        let text = serde_json::to_vec_pretty(&document).map_err(|error| self.away(&error.into()))?;
        files::replace(&self.path, &text).map_err(|error| self.away(&error))?;
        Ok(document)
    }

    fn read(&self) -> Result<Document, KeyProblem> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Document::default()),
            Err(error) => return Err(self.away(&error)),
        };
        if is_open_to_others(&self.path).map_err(|error| self.away(&error))? {
            let what = "other users may read it, so its keys may be known";
            return Err(
                self.problem(what, "remove it, and new keys are made; states in flight are then asked for again")
            );
        }
        let document: Document = serde_json::from_slice(&text).map_err(|_| self.damaged())?;
        if document.format == FORMAT { Ok(document) } else { Err(self.damaged()) }
    }

    fn away(&self, error: &io::Error) -> KeyProblem {
        let help = "see that this process may read and write there, or name keys with `state.keys`";
        self.problem(format!("it can't be read or written: {error}"), help)
    }

    fn damaged(&self) -> KeyProblem {
        let help = "remove it, and new keys are made; states in flight are then asked for again";
        self.problem("it can't be understood, and was left as it is", help)
    }

    fn problem(&self, what: impl Into<String>, help: &str) -> KeyProblem {
        KeyProblem::new(format!("the keys in {}", self.path.display()), what, help)
    }
}

impl KeyProblem {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>, help: &str) -> Self {
        Self { place: place.into(), what: what.into(), help: help.into() }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.what, self.help)
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::keyring::seal::Nonce;

    const DAY: Duration = Duration::from_secs(86_400);

    fn file(folder: &Path) -> KeyFile {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH + 20_000 * DAY);
        KeyFile { path: folder.join("data").join("state-keys.json"), clock, rotate_after: 30 * DAY, longest: DAY }
    }

    fn seal(keys: &Keys) -> String {
        keys.seal(Nonce([0; 24]), b"text", b"").unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_seals_until_it_is_old_and_opens_as_long_as_what_it_sealed_may_live() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        let first = seal(&file.keys().unwrap());
        tokio::time::advance(30 * DAY - Duration::from_millis(1)).await;
        assert_eq!(seal(&file.keys().unwrap()), first, "the same key");

        tokio::time::advance(Duration::from_millis(1)).await;
        let second = seal(&file.keys().unwrap());
        assert_ne!(second, first);
        assert!(file.keys().unwrap().open(&first, b"").is_some());

        tokio::time::advance(30 * DAY).await;
        let keys = file.keys().unwrap();
        assert!(keys.open(&second, b"").is_some() && keys.open(&first, b"").is_none());
    }

    #[test]
    fn processes_that_share_a_folder_share_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let sealed: Vec<String> = std::thread::scope(|scope| {
            let each = [(); 8].map(|()| scope.spawn(|| seal(&file(folder.path()).keys().unwrap())));
            each.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(sealed.iter().all(|one| *one == sealed[0]));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_file_or_it_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        file.keys().unwrap();
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(file.keys().unwrap_err().what.contains("other users"));
    }

    #[test]
    fn a_file_that_can_not_be_understood_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        file.keys().unwrap();
        for text in
            ["", "{}", r#"{"format":2,"keys":[]}"#, r#"{"format":1,"keys":[{"made_ms":1728000000001,"key":"ab"}]}"#]
        {
            fs::write(&file.path, text).unwrap();
            assert!(file.keys().unwrap_err().what.contains("understood"), "{text}");
            assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
        }
    }
}
