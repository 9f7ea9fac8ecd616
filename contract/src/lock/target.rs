//! What the lock should be: a function of the source, of what was released, and of the day.

use semver::Version;

use super::{
    field::names,
    file,
    tombstones::{EndedMajor, RetiredField, RetiredValue},
};
use crate::{Date, Lock, LockSet, Part, Published, PublishedTool, Surface};

/// The lock as `bless` would leave it. `released` is [`LockSet::released`].
pub(crate) fn target(published: &Published, released: &LockSet, today: Date) -> LockSet {
    let mut target = released.clone();
    target.unreadable.clear();
    let mut surface = Surface::new(&published.release);
    for tool in &published.tools {
        for older in &tool.history {
            let name = released.filed(tool, older.major);
            let known = target.tools.get_mut(name).and_then(|majors| majors.get_mut(&older.major));
            if let Some(known) = known {
                known.lifecycle = older.lifecycle.clone();
            }
        }
        if let Some(version) = locked(tool, released) {
            target.tools.entry(tool.name.clone()).or_default().insert(version.major, Lock::of(tool));
            surface.tools.insert(tool.name.clone(), version.major);
        }
    }
    target.surfaces.insert(published.release.clone(), surface);
    for end in ends(published, released, today) {
        bury(&mut target, published, released, &end);
    }
    target
}

/// The version of a tool that is locked; none for a preview (SemVer 2.0.0, items 4 and 9). A pre-release of a major
/// that was released is no preview: it keeps what that major promised.
pub(crate) fn locked(tool: &PublishedTool, released: &LockSet) -> Option<Version> {
    let version = file::version(tool)?;
    let preview = version.major == 0 || !version.pre.is_empty();
    (!preview || released.lock(&tool.name, version.major).is_some()).then_some(version)
}

/// The tool that answers to a name.
pub(crate) fn answering<'a>(published: &'a Published, name: &str) -> Option<&'a PublishedTool> {
    let named = published.tools.iter().find(|tool| tool.name == name);
    named.or_else(|| published.tools.iter().find(|tool| tool.aliases.iter().any(|alias| alias == name)))
}

/// Whether a tool serves a major.
pub(crate) fn serves(tool: &PublishedTool, major: u64) -> bool {
    file::version(tool).is_some_and(|version| version.major == major) || file::older(tool, major).is_some()
}

/// The day on which a major went or goes: its own, or that of the newest major when the whole tool goes.
pub(crate) fn sunset(released: &LockSet, tool: &str, major: u64, whole: bool) -> Option<Date> {
    let majors = released.tools.get(tool)?;
    let own = majors.get(&major)?.lifecycle.sunset.as_ref();
    let newest = majors.last_key_value().and_then(|(_, lock)| lock.lifecycle.sunset.as_ref()).filter(|_| whole);
    own.or(newest)?.parse().ok()
}

/// Something that is no longer in the source and whose day has come.
pub(crate) enum End {
    Tool(String),
    Major(String, u64),
}

/// What ended by the rules and has no tombstone in what was released.
pub(crate) fn ends(published: &Published, released: &LockSet, today: Date) -> Vec<End> {
    let mut ends = Vec::new();
    for (name, majors) in &released.tools {
        let left = majors.keys().copied().filter(|major| !released.tombstones.ended(name, *major));
        let over = |major: u64, whole| sunset(released, name, major, whole).is_some_and(|day| day <= today);
        match answering(published, name) {
            Some(tool) => ends.extend(
                left.filter(|major| !serves(tool, *major) && over(*major, false))
                    .map(|major| End::Major(name.clone(), major)),
            ),
            None => {
                let left: Vec<_> = left.collect();
                if !left.is_empty() && left.iter().all(|major| over(*major, true)) {
                    ends.push(End::Tool(name.clone()));
                }
            }
        }
    }
    ends
}

fn bury(target: &mut LockSet, published: &Published, released: &LockSet, end: &End) {
    let (End::Tool(name) | End::Major(name, _)) = end;
    let Some(majors) = released.tools.get(name) else { return };
    match end {
        End::Tool(_) => {
            let last = majors.keys().filter_map(|major| sunset(released, name, *major, true)).max();
            let note = majors.values().rev().find_map(|lock| lock.lifecycle.note.clone());
            let stone = target.tombstones.tools.entry(name.clone()).or_default();
            stone.sunset = last.map(|day| day.to_string());
            stone.note = note;
        }
        End::Major(_, major) => {
            let Some(lock) = majors.get(major) else { return };
            let served: Vec<_> = answering(published, name)
                .into_iter()
                .flat_map(|tool| {
                    let older = tool.history.iter().filter_map(|older| majors.get(&older.major));
                    older.map(|lock| &lock.definition).chain([&tool.definition])
                })
                .collect();
            let stone = target.tombstones.tools.entry(name.clone()).or_default();
            let Some(sunset) = lock.lifecycle.sunset.clone() else { return };
            stone.majors.entry(*major).or_insert(EndedMajor { sunset, note: lock.lifecycle.note.clone() });
            for part in [Part::Input, Part::Output] {
                let mut lost = names(&lock.definition, part);
                for definition in &served {
                    let kept = names(definition, part);
                    lost.fields.retain(|name, _| !kept.fields.contains_key(name));
                    lost.values.retain(|value, _| !kept.values.contains_key(value));
                }
                let known = &stone.fields;
                let fresh: Vec<_> = (lost.fields.into_iter())
                    .filter(|(name, _)| !known.iter().any(|field| field.part == part && field.name == *name))
                    .map(|(name, meaning)| RetiredField { name, part, meaning: Some(meaning) })
                    .collect();
                stone.fields.extend(fresh);
                let known = &stone.values;
                let fresh: Vec<_> = (lost.values.into_iter())
                    .map(|((field, _), (name, meaning))| RetiredValue { field, name, part, meaning })
                    .filter(|value| {
                        !known.iter().any(|old| old.part == part && old.field == value.field && old.name == value.name)
                    })
                    .collect();
                stone.values.extend(fresh);
            }
        }
    }
}
