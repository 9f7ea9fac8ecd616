//! Finds the tool that a call means, by name or alias and by version.
//!
//! Refuses with -32602 and says what exists. Older majors are not served here yet; a call that asks for one is told.

use semver::VersionReq;

use super::bootstrap::Caller;
use crate::{
    call::Stop,
    catalogue::{Catalogue, Entry},
    nearest::nearest_name,
};

/// The tool of `name` in the version that the caller wants.
pub(super) fn tool<'a>(catalogue: &'a Catalogue, name: &str, caller: &Caller) -> Result<&'a Entry, Stop> {
    let entry = catalogue.find(name).ok_or_else(|| {
        let known = catalogue.entries().iter().map(|entry| &*entry.name);
        Stop::UnknownTool { name: name.to_owned(), nearest: nearest_name(name, known).map(str::to_owned) }
    })?;
    match &caller.version {
        Some(wanted) if !VersionReq::parse(wanted).is_ok_and(|wanted| wanted.matches(&entry.version)) => {
            Err(Stop::UnknownVersion {
                tool: entry.name.to_string(),
                wanted: wanted.clone(),
                available: vec![entry.declaration.version.to_owned()],
            })
        }
        _ => Ok(entry),
    }
}
