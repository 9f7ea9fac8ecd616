//! Small files of a server's own in its data directory: nobody else may read them, and a change of one is whole.
//!
//! Invariant: who reads a file that is [`replace`]d sees it before the change or after it, and what was replaced is on
//! the disk. Two processes that change one file agree on it by a [`lock`].

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// How files are opened that nobody else may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that nobody else may look into; one that is there stays as it is.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Waits until the names of a folder's files are on the disk; other systems than Unix don't open folders.
pub(crate) fn keep_names(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Keeps others that ask for the same from changing `file`, until what is returned is dropped. The lock is a file
/// beside it, since the file itself is replaced.
pub(crate) fn lock(file: &Path) -> io::Result<File> {
    make_folder(folder(file))?;
    let lock = private().open(file.with_extension("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Puts a new file in the place of the old one. Under the [`lock`] only.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let new = file.with_extension("json.new");
    let mut writing = private().truncate(true).open(&new)?;
    writing.write_all(content)?;
    writing.sync_all()?;
    fs::rename(&new, file)?;
    keep_names(folder(file))
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}
