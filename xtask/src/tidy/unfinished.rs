//! Nothing unfinished, nothing of one machine, nothing that hides.

use super::{Finding, tree::Tree};

/// More than this many lines in a module tell of one that is missing.
const LINES: usize = 400;

fn is_source(path: &str) -> bool {
    let path = path.strip_suffix(".liquid").unwrap_or(path);
    [".rs", ".toml", ".yml", ".md", ".sh", ".py", ".mjs", ".json", "Dockerfile", ".service", "/run"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn is_code(path: &str) -> bool {
    [".rs", ".py", ".mjs", ".sh"].iter().any(|end| path.ends_with(end))
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn is_test(path: &str) -> bool {
    let path = format!("/{path}");
    path.contains("/tests/") && !path.contains("/src/") && !path.contains("/benches/")
}

/// Notes to oneself are issues, not comments.
pub(super) fn no_markers(tree: &Tree) -> Vec<Finding> {
    // Put together here, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    found(tree, is_code, &words, "is unfinished", "finish it, or open an issue and say here what holds now")
}

/// A test that does not run is not a test.
pub(super) fn no_ignored_tests(tree: &Tree) -> Vec<Finding> {
    found(tree, is_rust, &[concat!("#[ign", "ore")], "does not run", "make it run, or remove it")
}

/// Paths that exist on one machine only.
pub(super) fn no_machine_paths(tree: &Tree) -> Vec<Finding> {
    let words = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/"), concat!("/ho", "me/")];
    found(tree, is_source, &words, "is a path of one machine", "write it relative to the project")
}

/// Where packages come from is the machine's configuration. Cargo.lock names its registry by the format's own rule.
pub(super) fn no_registry_hosts(tree: &Tree) -> Vec<Finding> {
    let words = [
        concat!("registry.np", "mjs.org"),
        concat!("files.python", "hosted.org"),
        concat!("pypi", ".org"),
        concat!("static.cra", "tes.io"),
        concat!("index.cra", "tes.io"),
        concat!("\"res", "olved\":"),
    ];
    let help = "leave the address out; a lock file is written with `npm install --omit-lockfile-registry-resolved`";
    found(tree, is_source, &words, "is the address of a registry", help)
}

/// Waiting for time to pass makes tests slow and flaky. On a paused clock tokio's sleep takes no time; where another
/// process can't be asked, `// sleep:` says why. Programs and benchmarks among the tests are no tests.
pub(super) fn no_sleep_in_tests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| is_code(path)) {
        let mut test = is_test(path);
        let paused = text.contains("start_paused = true");
        let mut excused = false;
        for (index, line) in text.lines().enumerate() {
            test |= line.trim() == "#[cfg(test)]";
            let excuse = line.contains(concat!("// sle", "ep: "));
            let harmless = paused && line.contains(concat!("tokio::time::sle", "ep("));
            if test && line.contains(concat!("sle", "ep(")) && !harmless && !excused && !excuse {
                findings.push(Finding::error(
                    format!("{path}:{}", index + 1),
                    "a test waits for time to pass",
                    "wait for the condition itself, or pause the clock",
                ));
            }
            excused = excuse;
        }
    }
    findings
}

/// A snapshot that waits for a decision is a test that does not say what holds.
pub(super) fn no_pending_snapshots(tree: &Tree) -> Vec<Finding> {
    let pending = tree.files().filter(|(path, _)| path.ends_with(".snap.new"));
    pending
        .map(|(path, _)| Finding::error(path, "waits for a decision", "accept it or remove it: `cargo insta review`"))
        .collect()
}

/// Each program that must not compile has the message that it must not compile with.
pub(super) fn ui_tests_have_output(tree: &Tree) -> Vec<Finding> {
    let programs = tree.files().filter(|(path, _)| path.contains("ui/fail/") && path.ends_with(".rs"));
    programs
        .map(|(path, _)| (path, path.trim_end_matches(".rs").to_owned() + ".stderr"))
        .filter(|(_, stderr)| !tree.has(stderr))
        .map(|(path, stderr)| {
            Finding::error(path, format!("has no {stderr}"), "TRYBUILD=overwrite cargo test writes it")
        })
        .collect()
}

/// Long files are a hint, not an error.
pub(super) fn files_fit_in_the_head(tree: &Tree) -> Vec<Finding> {
    let files = tree.files().filter(|(path, _)| is_rust(path)).map(|(path, text)| (path, text.lines().count()));
    files
        .filter(|(_, lines)| *lines > LINES)
        .map(|(path, lines)| Finding::warning(path, format!("has {lines} lines"), "a module is missing"))
        .collect()
}

fn found(tree: &Tree, wanted: fn(&str) -> bool, words: &[&str], what: &str, help: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, line) in tree.lines(wanted) {
        for word in words.iter().filter(|word| line.contains(**word)) {
            findings.push(Finding::error(&place, format!("`{word}` {what}"), help));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the rule finds something in a file of this name and text.
    fn fires(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> bool {
        !rule(&Tree::from([(path, text)])).is_empty()
    }

    #[test]
    fn unfinished_code_is_found() {
        assert!(fires(no_markers, "src/a.rs", concat!("// TO", "DO: later")));
        assert!(fires(no_markers, "src/a.rs", concat!("todo", "!()")));
        assert!(!fires(no_markers, "Cargo.toml", "todo = \"warn\""));
    }

    #[test]
    fn a_test_that_is_turned_off_is_found() {
        assert!(fires(no_ignored_tests, "src/a.rs", concat!("#[ign", "ore = \"slow\"]")));
        assert!(!fires(no_ignored_tests, "src/a.rs", "// we ignore case"));
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        assert!(fires(no_machine_paths, "a.md", concat!("cd /ho", "me/ada/x")));
        assert!(!fires(no_machine_paths, "a.service", "ProtectHome=yes\n/usr/local/bin"));
    }

    #[test]
    fn registry_addresses_are_found() {
        assert!(fires(no_registry_hosts, "package-lock.json", concat!("\"res", "olved\": \"x\"")));
        assert!(!fires(no_registry_hosts, "package-lock.json", "\"integrity\": \"sha512-x\""));
    }

    #[test]
    fn sleeping_is_found_in_tests_only_and_can_be_excused() {
        let sleep = concat!("thread::sle", "ep(second);");
        assert!(fires(no_sleep_in_tests, "tests/a.rs", sleep));
        assert!(fires(no_sleep_in_tests, "src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{sleep}")));
        assert!(!fires(no_sleep_in_tests, "src/a.rs", sleep));
        assert!(!fires(no_sleep_in_tests, "tests/benches/a.rs", sleep));
        let paused = concat!("#[tokio::test(start_paused = true)]\ntokio::time::sle", "ep(second).await;");
        assert!(!fires(no_sleep_in_tests, "tests/a.rs", paused));
        assert!(fires(no_sleep_in_tests, "tests/a.rs", &format!("{paused}\n{sleep}")));
        let excuse = concat!("// sle", "ep: the client can't be asked");
        assert!(!fires(no_sleep_in_tests, "tests/a.rs", &format!("{excuse}\n{sleep}")));
    }

    #[test]
    fn snapshots_without_a_decision_are_found() {
        assert!(fires(no_pending_snapshots, "tests/snapshots/a.snap.new", ""));
        assert!(!fires(no_pending_snapshots, "tests/snapshots/a.snap", ""));
    }

    #[test]
    fn programs_that_must_fail_need_their_message() {
        assert!(fires(ui_tests_have_output, "tests/ui/fail/a.rs", ""));
        let both = Tree::from([("tests/ui/fail/a.rs", ""), ("tests/ui/fail/a.stderr", "")]);
        assert_eq!(ui_tests_have_output(&both), []);
    }

    #[test]
    fn a_long_file_is_a_warning() {
        let long = Tree::from([("src/a.rs", "\n".repeat(LINES + 1).as_str())]);
        let findings = files_fit_in_the_head(&long);
        assert_eq!(findings[0].level, crate::tidy::Level::Warning);
        assert!(!fires(files_fit_in_the_head, "src/a.rs", &"\n".repeat(LINES)));
    }
}
