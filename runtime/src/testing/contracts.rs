//! Holds a server to its lock: `assert_contracts!`.
//!
//! Two questions: does the source still publish what the lock has, and do the shims keep older majors working? What a
//! difference means (a bump, a new major) is told by `cargo xtask contract check`.

use std::path::{Path, PathBuf};

use steadfast_contract::{Finding, Lock, Published, PublishedTool, canonical};

use crate::{catalogue::Catalogue, prove, server::Server};

/// Holds all tools of a server to the lock of the test's own package, and proves their shims.
///
/// ```text
/// #[test]
/// fn contracts_hold() {
///     steadfast::assert_contracts!(server());
/// }
/// ```
#[macro_export]
macro_rules! assert_contracts {
    ($server:expr $(,)?) => {
        $crate::testing::assert_contracts($server, ::core::env!("CARGO_MANIFEST_DIR"))
    };
}

/// What [`assert_contracts!`](crate::assert_contracts) does; `package` is the folder of the package.
///
/// # Panics
/// When a current definition is not the one in its lock file, or a shim fails for some instance. The message says
/// which, and what to do.
pub fn assert_contracts<S>(server: Server<S>, package: impl AsRef<Path>) {
    let failures = failures(server, package.as_ref());
    assert!(
        failures.is_empty(),
        "{} of this server's contracts do not hold\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

fn failures<S>(server: Server<S>, package: &Path) -> Vec<String> {
    let published = match server.published() {
        Ok(published) => published,
        Err(problems) => return problems.iter().map(ToString::to_string).collect(),
    };
    let mut failures = locked(&published, &folder(package));
    match server.catalogue {
        Ok(catalogue) => failures.extend(proved(&catalogue)),
        Err(problems) => failures.extend(problems.iter().map(ToString::to_string)),
    }
    failures
}

/// The folder that the macro embeds from.
fn folder(package: &Path) -> PathBuf {
    if let Some(folder) = std::env::var_os("STEADFAST_CONTRACTS") {
        return package.join(folder);
    }
    for folder in package.ancestors() {
        let contracts = folder.join("contracts");
        if contracts.is_dir() {
            return contracts;
        }
        if folder.join("Cargo.lock").is_file() {
            break;
        }
    }
    package.join("contracts")
}

fn locked(published: &Published, folder: &Path) -> Vec<String> {
    let promised = published.tools.iter().filter(|tool| {
        let version = semver::Version::parse(&tool.version);
        version.is_ok_and(|version| version.major > 0 && version.pre.is_empty())
    });
    promised.filter_map(|tool| differs(tool, folder)).collect()
}

fn differs(tool: &PublishedTool, folder: &Path) -> Option<String> {
    let major = tool.version.split('.').next().unwrap_or_default();
    let name = format!("contracts/{}/{major}.json", tool.name);
    let bless = "help: `cargo xtask contract check` says what that means for callers, `cargo xtask contract bless` writes it down";
    let text = match std::fs::read_to_string(folder.join(&tool.name).join(format!("{major}.json"))) {
        Ok(text) => text,
        Err(error) => {
            return Some(format!("`{}` {} is not in the lock: {name}: {error}\n  {bless}", tool.name, tool.version));
        }
    };
    let locked: Lock = match serde_json::from_str(&text) {
        Ok(locked) => locked,
        Err(error) => {
            return Some(format!("{name} can't be read: {error}\n  help: get it back with `git checkout -- {name}`"));
        }
    };
    let source = Lock::of(tool);
    let mut parts = Vec::new();
    if source.version != locked.version {
        parts.push(format!("the version: {} in the source, {} in the lock", source.version, locked.version));
    }
    for (part, value) in source.definition.as_object().into_iter().flatten() {
        if locked.definition.get(part).map(canonical) != Some(canonical(value)) {
            parts.push(part.clone());
        }
    }
    for part in locked.definition.as_object().into_iter().flatten().map(|(part, _)| part) {
        if source.definition.get(part).is_none() {
            parts.push(format!("{part} (no longer there)"));
        }
    }
    if source.promises != locked.promises {
        parts.push("the promises: effect, idempotent, open_world, scopes or timeout".into());
    }
    if source.lifecycle != locked.lifecycle {
        parts.push("deprecated, sunset or note".into());
    }
    let parts = parts.into_iter().map(|part| format!("\n  - {part}")).collect::<String>();
    let head = format!("`{}` {} is not what {name} has. These differ:", tool.name, tool.version);
    (!parts.is_empty()).then(|| format!("{head}{parts}\n  {bless}"))
}

fn proved(catalogue: &Catalogue) -> Vec<String> {
    prove::all(catalogue, prove::OPTIONS).iter().map(told).collect()
}

fn told(finding: &Finding) -> String {
    let tool = finding.tool.as_deref().unwrap_or_default();
    let mut text = format!("{}: `{tool}`: {}", finding.rule, finding.why);
    if let Some(witness) = &finding.witness {
        text.push_str(&format!("\n  witness: {}\n           {}", witness.instance, witness.shows));
    }
    if let Some(fix) = &finding.fix {
        text.push_str(&format!("\n  fix: {fix}"));
    }
    text
}
