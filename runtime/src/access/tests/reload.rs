//! What becomes of policies while somebody writes in their directory, or takes it away.

use std::{fs, path::Path};

use super::*;
use crate::{mcp_tool, metrics::Metrics, tools};

/// Look something up.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
async fn find() {}

const FORBID: &str = "forbid (principal, action == Action::\"find\", resource);\n";
const PERMIT: &str = "permit (principal, action, resource);\n";

fn started(dir: &Path) -> Result<Engine, Vec<crate::problem::Problem>> {
    let parts = Server::builder("test", ()).tools(tools![find]).build().into_parts().unwrap();
    let settings = Settings::from_text(&format!("[policy]\ndir = {dir:?}\nrefresh = '1s'")).unwrap();
    Engine::new(parts, &settings, Seams::of_test(Clock::system()))
}

/// Whether everybody may look something up.
fn is_open(engine: &Engine) -> bool {
    engine.access.may_use(&granted(&[]), engine.catalogue.find("find").unwrap())
}

#[test]
fn a_directory_that_loses_its_policies_does_not_open_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("policies");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("a.cedar"), FORBID).unwrap();
    let engine = started(&dir).unwrap_or_else(|problems| panic!("{problems:?}"));
    let policies = engine.access.policies.as_ref().unwrap();
    let metrics = Metrics::new();
    let look = |change: &dyn Fn()| {
        change();
        policies.refresh(&metrics);
        is_open(&engine)
    };
    assert!(!look(&|| {}));
    assert!(!look(&|| fs::write(dir.join("a.cedar"), "").unwrap()), "cut off");
    assert!(!look(&|| fs::write(dir.join("a.cedar"), "// soon").unwrap()), "a comment");
    assert!(!look(&|| fs::remove_file(dir.join("a.cedar")).unwrap()), "an empty volume");
    assert!(!look(&|| fs::write(dir.join("entities.json"), "[]").unwrap()), "no policy");
    assert!(!look(&|| fs::remove_dir_all(&dir).unwrap()), "no directory");
    fs::create_dir(&dir).unwrap();
    assert!(look(&|| fs::write(dir.join("a.cedar"), PERMIT).unwrap()), "other policies are taken");
}

#[test]
fn a_change_is_taken_when_two_looks_found_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.cedar");
    fs::write(&file, format!("{PERMIT}{FORBID}")).unwrap();
    let engine = started(folder.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let policies = engine.access.policies.as_ref().unwrap();
    let metrics = Metrics::new();
    let both = format!("{PERMIT}{FORBID}");
    for (text, open) in [
        // Half of a file that is being written.
        (PERMIT, false),
        (&both, false),
        (PERMIT, false),
        (FORBID, false),
        (PERMIT, false),
        (PERMIT, true),
        (&both, true),
        (&both, false),
    ] {
        fs::write(&file, text).unwrap();
        policies.look_once(&metrics);
        assert_eq!(is_open(&engine), open, "{text}");
    }
}

#[test]
fn a_directory_that_is_named_and_has_no_policy_is_told_when_the_server_starts() {
    let folder = tempfile::tempdir().unwrap();
    let problems = started(folder.path()).err().unwrap();
    assert!(problems[0].what.contains("there is no `*.cedar`"), "{problems:?}");
    fs::write(folder.path().join("a.cedar"), "\n").unwrap();
    let problems = started(folder.path()).err().unwrap();
    assert!(problems[0].place.ends_with("a.cedar") && problems[0].what.contains("no policy"), "{problems:?}");
}
