//! `contract diff TOOL@A TOOL@B`.

use std::process::ExitCode;

use steadfast_contract::{Lock, LockSet, Published, compare_tools};

use super::{
    BREAKS, CLEAN,
    files::Files,
    options::{Diff, Printed},
    place::Places,
    report::{Report, json, text},
    show, source,
};
use crate::{failure::Failure, project::Project};

pub(super) fn main(project: &Project, options: &Diff) -> Result<ExitCode, Failure> {
    let published = source::published(project)?;
    let files = Files::read(&project.root)?;
    let report = diff(&published, &files, &options.old, &options.new)?;
    match options.format {
        Printed::Text => show(&text::print(&report))?,
        Printed::Json => show(&format!("{:#}\n", json::document(&report)))?,
    }
    Ok(if report.gates() { BREAKS } else { CLEAN }.into())
}

fn diff(published: &Published, files: &Files, old: &str, new: &str) -> Result<Report, Failure> {
    let lock = LockSet::read(&files.lock);
    let (before, after) = (pick(published, &lock, old)?, pick(published, &lock, new)?);
    let places = Places { published, lock: &lock, files };
    let found = compare_tools(&before.contract(), &after.contract());
    let notes = vec![format!("{} {} against {} {}", before.tool, before.version, after.tool, after.version)];
    Ok(Report { items: found.into_iter().map(|finding| places.of(finding)).collect(), notes, ..Report::default() })
}

/// The contract that `TOOL@VERSION` names.
fn pick(published: &Published, lock: &LockSet, named: &str) -> Result<Lock, Failure> {
    let Some((name, version)) = named.rsplit_once('@') else {
        return Err(Failure::new(format!("`{named}` names no version"))
            .help(format!("write `{named}@1`, `{named}@1.2.0`, `{named}@lock` or `{named}@current`")));
    };
    let source = published.tools.iter().find(|tool| tool.name == name).map(Lock::of);
    let majors = lock.tools.get(name);
    if source.is_none() && majors.is_none() {
        let mut known: Vec<_> = published.tools.iter().map(|tool| &tool.name).chain(lock.tools.keys()).collect();
        known.sort();
        known.dedup();
        let known: Vec<_> = known.into_iter().map(String::as_str).collect();
        return Err(Failure::new(format!("there is no tool `{name}`")).help(format!("one of {}", known.join(", "))));
    }
    let locked = majors.into_iter().flatten();
    let found = match version {
        "current" => source.clone(),
        "lock" => locked.clone().last().map(|(_, lock)| lock.clone()),
        _ => {
            let fits = |lock: &Lock| lock.version == version || lock.version.split('.').next() == Some(version);
            let blessed = locked.clone().map(|(_, lock)| lock.clone()).find(fits);
            blessed.or_else(|| source.clone().filter(fits))
        }
    };
    found.ok_or_else(|| {
        let mut there: Vec<_> = locked.map(|(_, lock)| lock.version.clone()).collect();
        there.extend(source.map(|source| format!("current ({})", source.version)));
        Failure::new(format!("there is no `{named}`"))
            .help(format!("there is {}; the lock keeps the newest version of each major", there.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::report::tests::server, *};

    #[test]
    fn a_version_is_named_in_four_ways() {
        let (published, files) = server("2.0.0", &["1.4.0"]);
        let lock = LockSet::read(&files.lock);
        for (named, version) in [
            ("search@1", "1.4.0"),
            ("search@1.4.0", "1.4.0"),
            ("search@lock", "1.4.0"),
            ("search@current", "2.0.0"),
            ("search@2", "2.0.0"),
        ] {
            assert_eq!(pick(&published, &lock, named).unwrap().version, version, "{named}");
        }
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let (published, files) = server("2.0.0", &["1.4.0"]);
        for (old, says) in [
            ("search", "`search@current`"),
            ("serch@1", "one of search"),
            ("search@3", "there is 1.4.0, current (2.0.0)"),
            ("search@1.3.0", "there is 1.4.0"),
        ] {
            let text = diff(&published, &files, old, "search@current").unwrap_err().to_string();
            assert!(text.contains(says), "{text}");
        }
    }
}
