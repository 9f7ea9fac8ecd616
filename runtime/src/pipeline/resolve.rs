//! Finds what a call means: the tool, and its major.
//!
//! In this order: the surface that the call came in on; the version that the caller asks for; the name, which may be
//! an alias; and where nothing was said, the shape of the arguments ([`Choice::by_shape`]). Never the client's name,
//! never a session's past. Refuses with -32602 and says what exists; what was retired is answered with its migration
//! note, so that a model can correct itself.

use semver::{Version, VersionReq};
use serde_json::Value;

use super::bootstrap::Caller;
use crate::{
    call::{Retired, Stop},
    catalogue::{Catalogue, Contract, Entry, Major, Served, SurfaceId},
    clock::Clock,
    contracts::Ended,
    nearest::nearest_name,
};

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice<'a> {
    /// The surface or the caller says which major.
    Said(Served<'a>),
    /// The current major, unless the arguments are of an older one.
    Open(&'a Entry),
}

/// What a call means, by everything but its arguments.
pub(super) fn choose<'a>(
    catalogue: &'a Catalogue,
    clock: &Clock,
    surface: Option<SurfaceId>,
    name: &str,
    caller: &Caller,
) -> Result<Choice<'a>, Stop> {
    let wanted = caller.version.as_deref();
    let choice = match surface {
        Some(surface) => Choice::Said(on_surface(catalogue, surface, name, wanted)?),
        None => anywhere(catalogue, clock, name, wanted)?,
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
) -> Result<Served<'a>, Stop> {
    let Some(served) = catalogue.find_on(surface, name) else {
        return Err(match catalogue.retired_on(surface, name) {
            Some(ended) => gone(name, None, ended, Vec::new()),
            None => unknown(name, catalogue.names_on(surface)),
        });
    };
    let contract = served.contract();
    match wanted {
        Some(wanted) if !matches(wanted, &contract.version) => Err(Stop::UnknownVersion {
            tool: name.to_owned(),
            wanted: wanted.to_owned(),
            available: vec![contract.label.clone()],
        }),
        _ => Ok(served),
    }
}

fn anywhere<'a>(catalogue: &'a Catalogue, clock: &Clock, name: &str, wanted: Option<&str>) -> Result<Choice<'a>, Stop> {
    let Some(tool) = catalogue.find(name) else {
        let ended = catalogue.tombstone(name).and_then(|tombstone| tombstone.whole.as_ref());
        return Err(match ended {
            Some(ended) => gone(name, None, ended, Vec::new()),
            None => unknown(name, catalogue.entries().iter().map(|entry| &*entry.name)),
        });
    };
    let Some(wanted) = wanted else { return Ok(Choice::Open(tool)) };
    let mut ended_match = None;
    for (major, contract) in tool.majors().filter(|(_, contract)| matches(wanted, &contract.version)) {
        let served = Served { tool, major };
        if !contract.lifecycle.has_ended(clock) {
            return Ok(Choice::Said(served));
        }
        ended_match = ended_match.or(Some(served));
    }
    if let Some(served) = ended_match {
        return Ok(Choice::Said(served));
    }
    let tombstone = catalogue.tombstone(&tool.name);
    let buried = tombstone.zip(major_of(wanted)).and_then(|(tombstone, major)| tombstone.majors.get_key_value(&major));
    Err(match buried {
        Some((major, ended)) => gone(&tool.name, Some(major.to_string()), ended, available(tool, clock)),
        None => Stop::UnknownVersion {
            tool: tool.name.to_string(),
            wanted: wanted.to_owned(),
            available: available(tool, clock),
        },
    })
}

impl<'a> Choice<'a> {
    /// The major before the arguments were looked at.
    pub(super) fn assumed(self) -> Served<'a> {
        match self {
            Self::Said(served) => served,
            Self::Open(tool) => Served { tool, major: Major::Current },
        }
    }

    /// The newest older major that the arguments fit, once the assumed one has refused them. None when the caller or
    /// the surface said which major, and when they fit none.
    pub(super) fn by_shape(self, arguments: &Value, clock: &Clock) -> Result<Option<Served<'a>>, Stop> {
        let Self::Open(tool) = self else { return Ok(None) };
        let mut over = None;
        for (at, older) in tool.older.iter().enumerate().filter(|(_, older)| older.shape) {
            if !older.contract.input.is_valid(arguments) {
                continue;
            }
            let served = Served { tool, major: Major::Older(at) };
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

/// The major that a caller asks for, where it is only one.
fn major_of(wanted: &str) -> Option<u64> {
    wanted.parse().ok().or_else(|| match VersionReq::parse(wanted).ok()?.comparators.as_slice() {
        [only] => Some(only.major),
        _ => None,
    })
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

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Stop {
    Stop::UnknownTool { name: name.to_owned(), nearest: nearest_name(name, known).map(str::to_owned) }
}

fn retired(served: Served<'_>, ended: Ended, available: Vec<String>) -> Stop {
    Stop::Retired(Box::new(Retired {
        tool: served.tool.name.to_string(),
        version: Some(served.contract().label.clone()),
        ended,
        gone: false,
        available,
    }))
}

fn gone(tool: &str, version: Option<String>, ended: &Ended, available: Vec<String>) -> Stop {
    Stop::Retired(Box::new(Retired { tool: tool.to_owned(), version, ended: ended.clone(), gone: true, available }))
}
