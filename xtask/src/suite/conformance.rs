//! The official MCP conformance suite against the fixture server of `tests/`.
//!
//! Invariant: a revision passes only when every scenario that the suite's own requirement file names was run, made at
//! least one check, and failed none; and so for those of extensions that Steadfast has, which the suite runs without
//! scoring them. There is no list of expected failures. What else the suite runs unscored is reported and not counted.
//!
//! The server has every layer on ([`layers`]): tokens, a tenant, scopes, policies, rates, bounds. The suite has no tokens, so
//! a proxy (`tests/peers/bearer.mjs`) puts them in.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use super::clients;
use crate::{
    failure::{Failure, While},
    http, peers,
    process::{Cmd, MINUTE},
    project::Project,
    report::{Outcome, Report},
    running::{Running, free_ports},
};

const SERVER: &str = "conformance-server";
const PROXY: &str = "bearer.mjs";
const SUITE: &str = "node_modules/@modelcontextprotocol/conformance";

/// A revision, and how many server scenarios it requires: a suite that requires fewer is not the suite.
struct Revision {
    date: &'static str,
    required: usize,
    /// Of extensions, which the suite does not score.
    extensions: &'static [&'static str],
}

const CURRENT: Revision = Revision { date: "2026-07-28", required: 37, extensions: &TASKS };
const PREVIOUS: Revision = Revision { date: "2025-11-25", required: 30, extensions: &[] };

/// The extension `io.modelcontextprotocol/tasks`. The suite has one more, `tasks-status-notifications`, which skips
/// itself: it waits to be rewritten for `subscriptions/listen`.
const TASKS: [&str; 9] = [
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
];

pub(crate) fn main(project: &Project) -> Result<ExitCode, Failure> {
    project.checkout_only("conformance")?;
    let mut report = Report::default();
    for (revision, step) in [(&CURRENT, "2026-07-28"), (&PREVIOUS, "2025-11-25")] {
        let started = crate::clock::now();
        report.add(step, run(project, revision)?, started.elapsed());
    }
    print!("{}", report.text());
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn current(project: &Project) -> Result<Outcome, Failure> {
    run(project, &CURRENT)
}

pub(crate) fn previous(project: &Project) -> Result<Outcome, Failure> {
    run(project, &PREVIOUS)
}

fn run(project: &Project, revision: &Revision) -> Result<Outcome, Failure> {
    let node = match peers::node(project) {
        Ok(node) => node,
        Err(reason) => return Ok(Outcome::skipped(reason)),
    };
    let suite = node.folder.join(SUITE);
    let file = suite.join("requirements").join(format!("{}.yaml", revision.date));
    let required = fs::read_to_string(&file).while_(|| format!("reading {}", file.display()))?;
    let mut required = required_scenarios(&required);
    if required.len() != revision.required {
        return Err(Failure::new(format!(
            "the suite requires {} server scenarios of {} and not {}",
            required.len(),
            revision.date,
            revision.required,
        )));
    }
    required.extend(revision.extensions);

    let build = ["build", "--package", "steadfast-tests", "--bin", SERVER];
    Cmd::new("cargo").args(build).dir(&project.root).quiet(30 * MINUTE)?.checked()?;
    let proxy = match clients::typescript_program(project, PROXY) {
        Ok(proxy) => proxy,
        Err(reason) => return Ok(Outcome::skipped(reason)),
    };
    let [address, public, issuer] = free_ports([0, 0, 0])?;
    let folder = project.target.join("conformance");
    let url = format!("http://{public}/mcp");
    let addresses = [public, address, issuer].map(|address| format!("http://{address}"));
    let mut proxy = Running::start(proxy.args(addresses).args([&url]), &folder.join("proxy.log"))?;
    proxy.ready(public, None, Duration::from_secs(30))?;
    let settings = layers(&folder, &url, issuer)?;
    let command = Cmd::new(project.binary(SERVER)).args(["--port", &address.port().to_string()]);
    let command = command.args(["--config"]).args([settings]);
    let command = command.env("STEADFAST_DATA", folder.join("data")).dir(&project.root);
    let mut server = Running::start(command, &folder.join("server.log"))?;
    server.ready(address, None, Duration::from_secs(30))?;
    asks_for_tokens(address)?;

    let ran = Cmd::new(&node.program)
        .args([suite.join("dist/index.js")])
        .args(["server", "--url", &url, "--requirements", revision.date])
        .env("NO_COLOR", "1")
        .dir(&node.folder)
        .quiet(10 * MINUTE)?;
    let said = format!("{}\n{}", ran.stdout, ran.stderr);
    let mut outcome = judge(&required, &said);
    if !ran.ok && outcome.failed == 0 {
        eprintln!("the suite itself reports a failure");
        outcome.failed = 1;
    }
    if outcome.failed > 0 {
        eprintln!("{said}");
    }
    Ok(outcome)
}

/// Settings with every layer on, none of which may be seen by a caller who is let in: without the token's tenant, scopes
/// or groups nothing is permitted.
fn layers(folder: &Path, url: &str, issuer: SocketAddr) -> Result<PathBuf, Failure> {
    let policies = folder.join("policies");
    fs::create_dir_all(&policies).while_(|| format!("making {}", policies.display()))?;
    let write = |path: PathBuf, text: String| {
        fs::write(&path, text).while_(|| format!("writing {}", path.display())).map(|()| path)
    };
    let policy = "@id(\"testers\")\npermit (principal in Tenant::\"acme\", action, resource)\nwhen {\n  \
                  principal.scopes.contains(\"tools:use\") && principal.claims has groups &&\n  \
                  principal.claims.groups.contains(\"testers\")\n};\n";
    write(policies.join("suite.cedar"), policy.into())?;
    let settings = format!(
        "profile = 'shared'\n\
         [store]\nallow_embedded = true\n\
         [http]\nallowed_hosts = ['127.0.0.1', 'localhost']\n\
         [limits]\nconcurrency = 64\nconcurrency_per_caller = 32\nconcurrency_per_tenant = 48\nqueue = 64\n\
         queue_per_caller = 32\nrate_per_caller = '50000/m'\nrate_per_tenant = '60000/m'\n\
         [output]\ntext_bytes = 65536\nlink_schemes = ['https']\n\
         [policy]\ndir = '{}'\nmode = 'enforce'\nreads = 'deny'\n\
         [auth]\nresource = '{url}'\n\
         [auth.issuers.main]\nurl = 'http://{issuer}'\njwks_url = 'http://{issuer}/keys'\ntenant_claim = 'org'\n\
         claims = ['groups']\n",
        policies.display()
    );
    write(folder.join("steadfast.toml"), settings)
}

/// Without the proxy nobody is let in: else the layers were not on.
fn asks_for_tokens(address: SocketAddr) -> Result<(), Failure> {
    let headers = [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    match http::post(address, "/mcp", &headers, ping, Duration::from_secs(10))?.status {
        401 => Ok(()),
        status => Err(Failure::new(format!("a request without a token was answered with {status} and not with 401"))),
    }
}

/// The names under `server:` in the suite's requirement file.
fn required_scenarios(yaml: &str) -> Vec<&str> {
    let lines = yaml.lines().skip_while(|line| line.trim_end() != "server:").skip(1);
    let listed = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#', '-']));
    listed.filter_map(|line| Some(line.trim().strip_prefix("- ")?.trim())).collect()
}

/// Reads the summary: `✓ name: 3 passed, 0 failed`.
fn judge(required: &[&str], said: &str) -> Outcome {
    let summary = said.split("=== SUMMARY ===").nth(1).unwrap_or("");
    let lines: Vec<_> = summary.lines().filter_map(scenario).collect();
    let mut outcome = Outcome::default();
    for name in required {
        match lines.iter().find(|line| line.name == *name) {
            Some(Scenario { ok: true, passed: 1.., failed: 0, .. }) => outcome.passed += 1,
            Some(line) => {
                outcome.failed += 1;
                eprintln!("{name}: {} checks passed, {} failed", line.passed, line.failed);
            }
            None => {
                outcome.failed += 1;
                eprintln!("{name}: was not run");
            }
        }
    }
    let others: Vec<_> = lines.iter().filter(|line| !required.contains(&line.name)).collect();
    if others.is_empty() {
        return outcome;
    }
    let passed = others.iter().filter(|line| line.ok && line.passed > 0).count();
    outcome.note(format!("{} more scenarios were run that are not scored; {passed} of them passed", others.len()))
}

struct Scenario<'a> {
    name: &'a str,
    ok: bool,
    passed: u32,
    failed: u32,
}

fn scenario(line: &str) -> Option<Scenario<'_>> {
    let line = line.trim();
    let (ok, rest) = match (line.strip_prefix('✓'), line.strip_prefix('✗')) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return None,
    };
    let (name, counts) = rest.trim().split_once(": ")?;
    let (passed, failed) = counts.split_once(", ")?;
    let number = |text: &str| text.split_whitespace().next()?.parse().ok();
    Some(Scenario { name, ok, passed: number(passed)?, failed: number(failed)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "# about\nserver:\n  - tools-list\n  # why\n  - caching\n\nclient:\n  - other\n";

    #[test]
    fn only_server_scenarios_are_required() {
        assert_eq!(required_scenarios(YAML), ["tools-list", "caching"]);
    }

    #[test]
    fn a_scenario_that_checked_nothing_or_was_not_run_fails() {
        let said = "=== SUMMARY ===\n✓ tools-list: 2 passed, 0 failed\n✓ caching: 0 passed, 0 failed\n";
        let outcome = judge(&["tools-list", "caching", "ping"], said);
        assert_eq!((outcome.passed, outcome.failed), (1, 2));
    }

    #[test]
    fn scenarios_that_are_not_scored_are_reported_and_only_those_of_our_extensions_counted() {
        let said = "=== SUMMARY ===\n✓ tools-list: 2 passed, 0 failed\n✗ tasks: 0 passed, 4 failed\n\
                    ✗ skills: 0 passed, 4 failed\n\n\
                    Not scored for 2026-07-28: 2 scenario(s) run, 2 failing.\n  ✗ tasks (extension)\n";
        let outcome = judge(&["tools-list"], said);
        assert_eq!((outcome.passed, outcome.failed, outcome.notes.len()), (1, 0, 1));
        let outcome = judge(&["tools-list", "tasks"], said);
        assert_eq!((outcome.passed, outcome.failed, outcome.notes.len()), (1, 1, 1));
    }
}
