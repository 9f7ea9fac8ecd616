//! The files that policies are written in: a directory with `*.cedar` and, optionally, `entities.json`; read when the
//! server starts and while it runs, or embedded when it is compiled.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What a server takes from the directory at most: more is a mistake.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// The file that says who is in which group.
pub(crate) const ENTITIES: &str = "entities.json";

/// The files of a directory of policies, as they were when the program was compiled;
/// [`policies!`](crate::policies) makes one.
#[derive(Debug, Clone, Copy)]
pub struct PolicyFiles {
    dir: &'static str,
    files: &'static [(&'static str, &'static str)],
}

impl PolicyFiles {
    /// From the name of the directory, and the names and texts of its files. [`policies!`](crate::policies) writes this.
    pub const fn new(dir: &'static str, files: &'static [(&'static str, &'static str)]) -> Self {
        Self { dir, files }
    }

    /// Of a package that has none.
    pub const fn none() -> Self {
        Self { dir: "", files: &[] }
    }

    pub(crate) const fn are_there(&self) -> bool {
        !self.dir.is_empty()
    }
}

/// Embeds the policies of a package, for [`ServerBuilder::policies`]: every `*.cedar` in its directory `policies`, and
/// `entities.json` if there is one. A package without that directory has none.
///
/// ```text
/// Server::builder("acme-tools", ()).tools(tools![..]).policies(policies!()).build()
/// ```
///
/// `policies!("rules")` names another directory, relative to the package's `Cargo.toml`, which has to be there.
///
/// The compiler looks only at files that it embedded before: where policies come and go, let the build script say
/// `cargo::rerun-if-changed=policies`.
///
/// [`ServerBuilder::policies`]: crate::ServerBuilder::policies
#[macro_export]
macro_rules! policies {
    () => {
        $crate::__private::embedded_policies!($crate)
    };
    ($dir:literal) => {
        $crate::__private::embedded_policies!($crate, $dir)
    };
}

/// The texts of a directory, by the names of its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files {
    /// As it is written before the name of a file.
    pub(crate) dir: String,
    pub(crate) policies: Vec<(String, String)>,
    pub(crate) entities: Option<String>,
}

/// Why a directory can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", .path.display())]
pub(crate) struct Unreadable {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

impl Files {
    pub(crate) fn embedded(files: &PolicyFiles) -> Self {
        let mut all = Self { dir: files.dir.to_owned(), ..Self::default() };
        for (name, text) in files.files {
            all.take(name, (*text).to_owned());
        }
        all
    }

    /// The files of a directory, not of those below it.
    pub(crate) fn read(dir: &Path) -> Result<Self, Unreadable> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| Unreadable { path, source }
        };
        let mut all = Self { dir: dir.display().to_string(), ..Self::default() };
        let mut left = MOST_BYTES;
        for found in fs::read_dir(dir).map_err(failed(dir))? {
            let path = found.map_err(failed(dir))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| is_ours(name)) else {
                continue;
            };
            let size = fs::metadata(&path).map_err(failed(&path))?.len();
            left = left.checked_sub(size).ok_or_else(|| {
                let source = io::Error::other(format!("the directory takes more than {MOST_BYTES} bytes"));
                Unreadable { path: dir.to_owned(), source }
            })?;
            let text = fs::read_to_string(&path).map_err(failed(&path))?;
            all.take(name, text);
        }
        all.policies.sort();
        Ok(all)
    }

    fn take(&mut self, name: &str, text: String) {
        match name {
            ENTITIES => self.entities = Some(text),
            _ => self.policies.push((name.to_owned(), text)),
        }
    }

    /// The names of all files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let entities = self.entities.as_ref().map(|_| ENTITIES);
        self.policies.iter().map(|(name, _)| name.as_str()).chain(entities)
    }

    /// Where a file is, for messages.
    #[cfg(feature = "cedar")]
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.dir.trim_end_matches('/'))
    }
}

fn is_ours(name: &str) -> bool {
    name == ENTITIES || (name.ends_with(".cedar") && !name.starts_with('.'))
}
