//! Where the files of the lock are: what the source promises about older majors was written there when they were
//! current, and generated code embeds it.
//!
//! Invariant: this module and `policies` alone look beyond the tokens, and all they take from there is paths. What is in
//! the files is read by rustc (`include_str!`) and judged by the runtime.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The folder of a package's lock files.
#[derive(Debug)]
pub(crate) struct Locks {
    /// None where there is no such folder.
    folder: Option<PathBuf>,
    exists: fn(&Path) -> bool,
}

impl Locks {
    /// Those of the package that is compiled: `STEADFAST_CONTRACTS`, or else the nearest folder `contracts` from the
    /// package's own up to the one that has `Cargo.lock`.
    pub(crate) fn of_package() -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let folder = match env::var_os("STEADFAST_CONTRACTS") {
            Some(folder) => Some(package.join(folder)),
            None => nearest(&package),
        };
        Self { folder, exists: Path::is_file }
    }

    /// Every lock file there could be, in a place that is the same on every machine.
    #[cfg(test)]
    pub(crate) fn assumed() -> Self {
        Self { folder: Some("/contracts".into()), exists: |_| true }
    }

    /// The absolute path of a major's lock file, where there is one.
    pub(crate) fn lock(&self, tool: &str, major: u64) -> Option<String> {
        self.file(&Path::new(tool).join(format!("{major}.json")))
    }

    /// The absolute path of the list of what was retired, where there is one.
    pub(crate) fn tombstones(&self) -> Option<String> {
        self.file(Path::new("tombstones.json"))
    }

    /// The releases whose sets of majors were kept, by name, with the absolute paths of their files.
    pub(crate) fn surfaces(&self) -> Vec<(String, String)> {
        let folder = self.folder.as_ref().map(|folder| folder.join("surfaces"));
        let files = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let mut surfaces: Vec<_> = files
            .filter_map(|file| {
                let path = file.path();
                let release = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
                Some((release, path.to_str()?.to_owned()))
            })
            .collect();
        surfaces.sort();
        surfaces
    }

    fn file(&self, name: &Path) -> Option<String> {
        let path = self.folder.as_ref()?.join(name);
        (self.exists)(&path).then(|| path.to_str().map(str::to_owned))?
    }
}

fn nearest(package: &Path) -> Option<PathBuf> {
    for folder in package.ancestors() {
        let contracts = folder.join("contracts");
        if contracts.is_dir() {
            return Some(contracts);
        }
        if folder.join("Cargo.lock").is_file() {
            break;
        }
    }
    None
}
