//! What becomes of policies while somebody writes in their directory, or takes it away.

use std::{fs, path::Path};

use super::*;
use crate::{mcp_tool, metrics::Metrics, telemetry::Captured, tools};

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
fn a_directory_that_loses_a_file_does_not_open_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("forbid.cedar", FORBID);
    write("permit.cedar", PERMIT);
    write("entities.json", "[]");
    let engine = started(folder.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let policies = engine.access.policies.as_ref().unwrap();
    let metrics = Metrics::new();
    let look = || {
        policies.refresh(&metrics);
        is_open(&engine)
    };
    for lost in ["forbid.cedar", "entities.json"] {
        let log = Captured::start();
        fs::remove_file(folder.path().join(lost)).unwrap();
        write("permit.cedar", &format!("{PERMIT}// without {lost}"));
        assert!(!look(), "{lost}");
        assert!(log.text().contains(&format!("`{lost}` is gone")), "{}", log.text());
        assert!(!look());
        assert_eq!(log.text().matches("is gone").count(), 1, "it is told once");
        write(lost, if lost == "entities.json" { "[]" } else { FORBID });
        assert!(!look());
    }
    write("another.cedar", "@id(\"another\") permit (principal, action, resource);");
    write("forbid.cedar", "@id(\"changed\") permit (principal, action, resource);");
    assert!(look(), "with every file there it is taken");
    fs::remove_file(folder.path().join("another.cedar")).unwrap();
    write("permit.cedar", FORBID);
    assert!(look(), "what came later may not go either");
}

#[tokio::test(start_paused = true)]
async fn what_is_suspicious_is_told_when_the_server_starts_and_when_policies_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.cedar");
    let never = "forbid (principal, action, resource) when { principal.claims has shift };\n";
    fs::write(&file, never).unwrap();
    let engine = started(folder.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (policies, metrics) = (engine.access.policies.as_ref().unwrap(), Metrics::new());
    let log = Captured::start();
    let watched = tokio::time::timeout(std::time::Duration::from_millis(1), policies.watch(&metrics)).await;
    assert!(watched.is_err() && log.text().contains("a.cedar:1:1"), "{}", log.text());
    fs::write(&file, format!("{PERMIT}{never}")).unwrap();
    policies.refresh(&metrics);
    assert!(log.text().contains("a.cedar:2:1"), "{}", log.text());
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
