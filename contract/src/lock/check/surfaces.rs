//! What releases served: frozen for all but the release that the source is.

use semver::Version;

use super::Context;
use crate::{Finding, Rule, Surface, lock::file::problem};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let current = &context.published.release;
    for (release, surface) in context.released.surfaces.iter().filter(|(release, _)| *release != current) {
        let path = Surface::path(release);
        if context.lock.unreadable.iter().any(|finding| finding.pointer.starts_with(&path)) {
            continue;
        }
        let why = match context.lock.surfaces.get(release) {
            Some(now) if now == surface => continue,
            Some(_) => format!("clients that use the surface of {release} would get other majors"),
            None => format!("clients use the surface of {release}, and its file is gone"),
        };
        let fix = format!("take the released file back: `git checkout <default branch> -- {path}`");
        findings.push(Finding { fix: Some(fix), ..problem(Rule::SurfaceChanged, None, path, why) });
    }
    for (release, surface) in context.lock.surfaces.iter().filter(|(release, _)| *release != current) {
        for (tool, major) in surface.tools.iter().filter(|(tool, major)| context.lock.lock(tool, **major).is_none()) {
            let place = format!("{}#/tools/{tool}", Surface::path(release));
            let why = format!("it names major {major} of `{tool}`, which the lock does not have");
            let fix = "take both files back from the default branch; delete this one if it was never released".into();
            findings.push(Finding { fix: Some(fix), ..problem(Rule::SurfaceChanged, None, place, why) });
        }
    }
    let versions = context.released.surfaces.keys().filter_map(|release| Version::parse(release).ok());
    if let (Some(newest), Ok(now)) = (versions.max(), Version::parse(current))
        && now < newest
    {
        let why = format!("the lock has the surface of {newest}, and the server's version is {now}");
        let fix = format!("write `version = \"{newest}\"` in Cargo.toml, or a higher one");
        findings.push(Finding {
            fix: Some(fix),
            ..problem(Rule::VersionDecreased, None, Surface::path(&newest.to_string()), why)
        });
    }
}
