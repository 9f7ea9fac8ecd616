//! The files under `contracts/` in the work tree.

use std::{collections::BTreeMap, fs, io, path::Path};

use steadfast_contract::Change;

use crate::failure::{Failure, While};

/// The folder, relative to the root of a server's package.
pub(super) const FOLDER: &str = "contracts";
/// The file of waivers.
pub(super) const WAIVERS: &str = "contracts/waivers.toml";

/// Texts by their paths, which are relative to the root of the package and have `/` between folders.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    pub(super) lock: BTreeMap<String, String>,
    pub(super) waivers: Option<String>,
}

impl Files {
    /// Reads all of them; a folder that is not there has none.
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        gather(root, FOLDER, &mut files)?;
        let waivers = files.remove(WAIVERS);
        Ok(Self { lock: files, waivers })
    }
}

fn gather(root: &Path, folder: &str, files: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let entries = match fs::read_dir(root.join(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.while_(|| format!("reading the folder {folder}"))?,
    };
    for entry in entries {
        let entry = entry.while_(|| format!("reading the folder {folder}"))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            gather(root, &path, files)?;
        } else if name.ends_with(".json") || path == WAIVERS {
            // Bytes that are no UTF-8 become characters that no file of the lock holds: the reader names the place.
            let bytes = fs::read(entry.path()).while_(|| format!("reading {path}"))?;
            files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(())
}

/// Carries out what `bless` decided.
pub(super) fn write(root: &Path, change: &Change) -> Result<(), Failure> {
    let path = root.join(&change.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).while_(|| format!("making the folder of {}", change.path))?;
    }
    fs::write(&path, &change.text).while_(|| format!("writing {}", change.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_with_relative_paths() {
        let root = tempfile::tempdir().unwrap();
        assert!(Files::read(root.path()).unwrap().lock.is_empty());
        for path in ["contracts/a/1.json", WAIVERS, "contracts/README.md"] {
            write(root.path(), &Change { path: path.into(), text: "x".into(), what: String::new() }).unwrap();
        }
        let files = Files::read(root.path()).unwrap();
        assert_eq!(files.lock.keys().collect::<Vec<_>>(), ["contracts/a/1.json"]);
        assert_eq!(files.waivers.as_deref(), Some("x"));
    }
}
