//! The text files of a project.

use std::{fs, path::Path};

use crate::failure::{Failure, While};

/// Folders whose content nobody wrote.
const SKIPPED: &[&str] = &[".git", ".venv", "node_modules", "target"];

/// A project's text files, by path.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: Vec<(String, String)>,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let mut tree = Self::default();
        tree.collect(root, "")?;
        tree.files.sort();
        Ok(tree)
    }

    fn collect(&mut self, folder: &Path, prefix: &str) -> Result<(), Failure> {
        let entries = fs::read_dir(folder).while_(|| format!("reading {}", folder.display()))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.path().is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    self.collect(&entry.path(), &format!("{path}/"))?;
                }
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                self.files.push((path, text));
            }
        }
        Ok(())
    }

    /// All files: path with `/`, and text.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files().find(|(known, _)| *known == path).map(|(_, text)| text)
    }

    /// A file, or a folder with a file in it.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty()
            || self
                .files()
                .any(|(known, _)| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Every line of every file for which `wanted` is true, as `(place, line)`.
    pub(super) fn lines(&self, wanted: fn(&str) -> bool) -> impl Iterator<Item = (String, &str)> {
        let files = self.files().filter(move |(path, _)| wanted(path));
        files.flat_map(|(path, text)| {
            text.lines().enumerate().map(move |(index, line)| (format!("{path}:{}", index + 1), line))
        })
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        Self { files: files.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_or_installed_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["src", "target/debug", "tests/peers/node_modules"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join("a.rs"), "").unwrap();
        }
        let tree = Tree::read(root.path()).unwrap();
        assert_eq!(tree.files().map(|(path, _)| path).collect::<Vec<_>>(), ["src/a.rs"]);
    }

    #[test]
    fn a_folder_exists_by_its_files_and_not_by_a_prefix() {
        let tree = Tree::from([("docs/a.md", "")]);
        assert!(tree.has("docs/") && tree.has("docs/a.md") && !tree.has("doc"));
    }
}
