//! Whose a data directory is.
//!
//! Invariant: a server of one tenant never starts on the data of another, whatever the configuration says: who copies a
//! unit file and forgets one line is told, and does not serve one customer what is another's.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    config::{Profile, Settings},
    files,
};

/// Where a directory says whose it is.
const FILE: &str = "tenant";

/// Why the data directory is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RootError {
    #[error(
        "the data directory {} is of the tenant `{owner}`, and this server is of `{tenant}`\n  help: give each tenant a directory of its own with `data`, or set `tenant` to what it was",
        .directory.display()
    )]
    Other { directory: PathBuf, owner: String, tenant: String },
    #[error("{} can't be read or made: {source}\n  help: look at its permissions", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Makes sure that the data directory is the tenant's, and in the profile `tenant` says so in it.
pub(super) fn claim(settings: &Settings) -> Result<(), RootError> {
    if look(settings)? || settings.profile != Profile::Tenant {
        return Ok(());
    }
    mark(&settings.data, &settings.tenant).map_err(|source| RootError::Io { path: settings.data.join(FILE), source })
}

/// Makes sure that the data directory is nobody else's; whether it says whose it is.
pub(super) fn look(settings: &Settings) -> Result<bool, RootError> {
    let path = settings.data.join(FILE);
    match fs::read_to_string(&path) {
        Ok(owner) if owner.trim_end() == &*settings.tenant => Ok(true),
        Ok(owner) => Err(RootError::Other {
            directory: settings.data.clone(),
            owner: owner.trim_end().to_owned(),
            tenant: settings.tenant.to_string(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(RootError::Io { path, source }),
    }
}

/// Of two servers that start at once one makes the file; the other reads what it says at its next start.
fn mark(directory: &Path, tenant: &str) -> io::Result<()> {
    use io::Write as _;
    files::make_folder(directory)?;
    files::private().create_new(true).open(directory.join(FILE))?.write_all(format!("{tenant}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(data: &Path, text: &str) -> Settings {
        Settings { data: data.to_owned(), ..Settings::from_text(text).unwrap() }
    }

    #[test]
    fn a_data_directory_stays_with_its_tenant() {
        let folder = tempfile::tempdir().unwrap();
        let of = |text: &str| claim(&settings(folder.path(), text));
        assert!(of("").is_ok() && !folder.path().join(FILE).exists(), "only tenants' own servers mark it");
        let acme = "profile = 'tenant'\ntenant = 'acme'\ntransport = 'stdio'";
        assert!(!look(&settings(folder.path(), acme)).unwrap() && !folder.path().join(FILE).exists(), "looked at");
        assert!(of(acme).is_ok() && of(acme).is_ok() && look(&settings(folder.path(), acme)).unwrap());
        for other in ["profile = 'tenant'\ntenant = 'bolt'\ntransport = 'stdio'", "", "tenant = 'acme '"] {
            let refused = of(other).unwrap_err().to_string();
            assert!(refused.contains("`acme`") && refused.contains("help:"), "{refused}");
        }
    }
}
