//! Finds what a call means: the tool, and its major.
//!
//! In this order: the surface that the call came in on; the version that the caller asks for; the name, which may be
//! an alias; and where nothing was said, the shape of the arguments ([`Choice::by_shape`]). Never the client's name,
//! never a session's past. Refuses with -32602 and says what exists; what was retired is answered with its migration
//! note, so that a model can correct itself. What is hidden from the caller is answered as what never was.

use semver::{Version, VersionReq};
use serde_json::Value;

use super::bootstrap::Wishes;
use crate::{
    call::{self, Stop},
    caller::Caller,
    catalogue::{Catalogue, Contract, Entry, Major, Retired, Served, SurfaceId},
    clock::Clock,
    contracts::Ended,
    engine::Engine,
    nearest::{echoed, nearest_name},
};

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice<'a> {
    /// The surface or the caller says which major.
    Said(Served<'a>),
    /// The current major, unless the arguments are of an older one.
    Open(Served<'a>),
}

/// Whether the caller may learn of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Shown,
    /// It is answered as a tool that does not exist.
    Hidden,
}

/// The tool of a name, as far as the caller may learn of it.
pub(super) fn sight<'a>(engine: &'a Engine, caller: &Caller, name: &str) -> (Option<&'a Entry>, Sight) {
    match engine.catalogue.find(name) {
        Some(tool) if engine.access.hides(caller, tool) => (None, Sight::Hidden),
        tool => (tool, Sight::Shown),
    }
}

/// What a call means, by everything but its arguments.
pub(super) fn choose<'a>(
    engine: &'a Engine,
    caller: &Caller,
    surface: Option<SurfaceId>,
    name: &str,
    wishes: &Wishes,
    sight: Sight,
) -> Result<Choice<'a>, Stop> {
    let Engine { catalogue, clock, access, .. } = engine;
    let shown = |tool: &Entry| !access.hides(caller, tool);
    // Before anything else of it is looked at.
    if sight == Sight::Hidden {
        return Err(unknown(catalogue, surface, name, shown, true));
    }
    let wanted = wishes.version.as_deref();
    let choice = match surface {
        Some(surface) => Choice::Said(on_surface(catalogue, surface, name, wanted, shown)?),
        None => anywhere(catalogue, clock, name, wanted, shown)?,
    };
    let served = choice.assumed();
    match ended(served.contract(), clock) {
        // What is served elsewhere can't be called on a surface.
        Some(ended) if surface.is_some() => Err(retired(served, ended, Vec::new())),
        Some(ended) => Err(retired(served, ended, available(served.tool, clock))),
        None => Ok(choice),
    }
}

fn on_surface<'a>(
    catalogue: &'a Catalogue,
    surface: SurfaceId,
    name: &str,
    wanted: Option<&str>,
    shown: impl Fn(&Entry) -> bool,
) -> Result<Served<'a>, Stop> {
    let Some(served) = catalogue.find_on(surface, name) else {
        return Err(match catalogue.retired_on(surface, name) {
            Some(Retired { major, ended }) => gone(name, *major, ended, Vec::new()),
            None => unknown(catalogue, Some(surface), name, shown, false),
        });
    };
    let contract = served.contract();
    match wanted {
        Some(wanted) if !matches(wanted, &contract.version) => Err(Stop::UnknownVersion {
            tool: name.to_owned(),
            wanted: echoed(wanted).into_owned(),
            available: vec![contract.label.clone()],
        }),
        _ => Ok(served),
    }
}

fn anywhere<'a>(
    catalogue: &'a Catalogue,
    clock: &Clock,
    name: &str,
    wanted: Option<&str>,
    shown: impl Fn(&Entry) -> bool,
) -> Result<Choice<'a>, Stop> {
    let Some(current) = catalogue.call(name) else {
        // Of a tool that is gone as a whole no version is served, so the note is the answer whichever was asked for.
        let ended = catalogue.tombstones(name).find_map(|tombstone| tombstone.whole.as_ref());
        return Err(match ended {
            Some(ended) => gone(name, None, ended, Vec::new()),
            None => unknown(catalogue, None, name, shown, false),
        });
    };
    let Some(wanted) = wanted else { return Ok(Choice::Open(current)) };
    let tool = current.tool;
    let mut ended_match = None;
    for (major, contract) in tool.majors().filter(|(_, contract)| matches(wanted, &contract.version)) {
        let served = tool.called(current.name, major);
        if !contract.lifecycle.has_ended(clock) {
            return Ok(Choice::Said(served));
        }
        ended_match = ended_match.or(Some(served));
    }
    if let Some(served) = ended_match {
        return Ok(Choice::Said(served));
    }
    let retired = catalogue.tombstones(name).flat_map(|tombstone| &tombstone.majors);
    // The newest, as of those that are served.
    let meant = retired.filter(|(major, _)| may_match(wanted, **major)).max_by_key(|(major, _)| **major);
    Err(match meant {
        Some((major, ended)) => gone(name, Some(*major), ended, available(tool, clock)),
        None => Stop::UnknownVersion {
            tool: name.to_owned(),
            wanted: echoed(wanted).into_owned(),
            available: available(tool, clock),
        },
    })
}

impl<'a> Choice<'a> {
    /// The major before the arguments were looked at.
    pub(super) fn assumed(self) -> Served<'a> {
        match self {
            Self::Said(served) | Self::Open(served) => served,
        }
    }

    /// The newest older major that the arguments fit, once the assumed one has refused them. None when the caller or
    /// the surface said which major, and when they fit none.
    pub(super) fn by_shape(self, arguments: &Value, clock: &Clock) -> Result<Option<Served<'a>>, Stop> {
        let Self::Open(Served { tool, name, .. }) = self else { return Ok(None) };
        let mut over = None;
        for (at, older) in tool.older.iter().enumerate().filter(|(_, older)| older.shape) {
            if !older.contract.input.is_valid(arguments) {
                continue;
            }
            let served = tool.called(name, Major::Older(at));
            match ended(&older.contract, clock) {
                None => return Ok(Some(served)),
                Some(ended) => over = over.or(Some((served, ended))),
            }
        }
        match over {
            Some((served, ended)) => Err(retired(served, ended, available(tool, clock))),
            None => Ok(None),
        }
    }
}

/// Whether a version is what a caller asks for: a bare major, or a requirement as Cargo writes them.
fn matches(wanted: &str, version: &Version) -> bool {
    match wanted.parse::<u64>() {
        Ok(major) => version.major == major,
        Err(_) => VersionReq::parse(wanted).is_ok_and(|wanted| wanted.matches(version)),
    }
}

/// Whether some version of a major is what a caller asks for; which versions it had is no longer known.
///
/// Comparators are intervals. If what they have in common has a version of this major, its least one is the first of
/// the major or where one of them begins, so that only those need to be tried.
fn may_match(wanted: &str, major: u64) -> bool {
    if let Ok(only) = wanted.parse::<u64>() {
        return only == major;
    }
    let Ok(wanted) = VersionReq::parse(wanted) else { return false };
    let begins = wanted.comparators.iter().filter(|comparator| comparator.major == major).flat_map(|comparator| {
        let (minor, patch) = (comparator.minor.unwrap_or(0), comparator.patch.unwrap_or(0));
        [(minor, patch), (minor, patch.saturating_add(1)), (minor.saturating_add(1), 0)]
    });
    std::iter::once((0, 0)).chain(begins).any(|(minor, patch)| wanted.matches(&Version::new(major, minor, patch)))
}

/// The versions of a tool that are served.
fn available(tool: &Entry, clock: &Clock) -> Vec<String> {
    let served = tool.majors().filter(|(_, contract)| !contract.lifecycle.has_ended(clock));
    served.map(|(_, contract)| contract.label.clone()).collect()
}

fn ended(contract: &Contract, clock: &Clock) -> Option<Ended> {
    let lifecycle = &contract.lifecycle;
    let since = lifecycle.sunset.filter(|_| lifecycle.has_ended(clock))?;
    Some(Ended { since, note: lifecycle.note.map(str::to_owned) })
}

/// Only what is shown to the caller can have been meant. `hidden`: the tool itself is not.
fn unknown(
    catalogue: &Catalogue,
    surface: Option<SurfaceId>,
    name: &str,
    shown: impl Fn(&Entry) -> bool,
    hidden: bool,
) -> Stop {
    let meant = |known: &str| nearest_name(name, std::iter::once(known)).is_some();
    let shown = |known: &str| meant(known) && catalogue.listed(surface, known).is_some_and(&shown);
    let nearest = match surface {
        Some(surface) => nearest_name(name, catalogue.names_on(surface).filter(|known| shown(known))),
        None => nearest_name(name, catalogue.entries().iter().map(|entry| &*entry.name).filter(|known| shown(known))),
    };
    Stop::UnknownTool { name: echoed(name).into_owned(), nearest: nearest.map(str::to_owned), hidden }
}

fn retired(served: Served<'_>, ended: Ended, available: Vec<String>) -> Stop {
    Stop::Retired(Box::new(call::Retired {
        tool: served.name.to_owned(),
        version: Some(served.contract().label.clone()),
        ended,
        gone: false,
        available,
    }))
}

fn gone(tool: &str, major: Option<u64>, ended: &Ended, available: Vec<String>) -> Stop {
    Stop::Retired(Box::new(call::Retired {
        tool: tool.to_owned(),
        version: major.map(|major| major.to_string()),
        ended: ended.clone(),
        gone: true,
        available,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_means_a_retired_major_if_some_version_of_it_would_do() {
        for (wanted, majors) in [
            ("1", &[1_u64][..]),
            ("^1", &[1]),
            ("^1.2", &[1]),
            ("~1.2", &[1]),
            ("=1.2.3", &[1]),
            (">1.2.3, <1.2.5", &[1]),
            (">1.2, <2", &[1]),
            (">1", &[2, 3]),
            (">=1, <3", &[1, 2]),
            ("<2", &[0, 1]),
            ("<=2", &[0, 1, 2]),
            (">1.2.3, <1.2.4", &[]),
            ("^0.2", &[0]),
            ("*", &[0, 1, 2, 3]),
            ("", &[]),
            ("nonsense", &[]),
        ] {
            let met: Vec<u64> = (0..4).filter(|major| may_match(wanted, *major)).collect();
            assert_eq!(met, majors, "{wanted}");
        }
    }
}
