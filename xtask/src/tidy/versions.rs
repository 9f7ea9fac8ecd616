//! One version, written in several places, is the same in all of them.

use super::{Finding, tree::Tree};

const WORKSPACE: &str = "Cargo.toml";
const TEMPLATE: &str = "template/Cargo.toml.liquid";
const ANSWERS: &str = "template/.steadfast-template.toml.liquid";
const CHANGELOG: &str = "CHANGELOG.md";

/// The workspace's version, in its dependencies, in the template and in the change log.
pub(super) fn equal(tree: &Tree) -> Vec<Finding> {
    let manifest: Option<toml::Table> = tree.text(WORKSPACE).and_then(|text| text.parse().ok());
    let workspace = manifest.as_ref().and_then(|manifest| manifest.get("workspace"));
    let version = workspace.and_then(|workspace| workspace.get("package")?.get("version")?.as_str());
    let Some(version) = version else {
        return vec![Finding::error(WORKSPACE, "has no `workspace.package.version`", "it is the source of all others")];
    };
    let mut findings = Vec::new();
    let mut expect = |place: String, found: &str| {
        if found != version {
            findings.push(Finding::error(place, format!("says {found}"), format!("the workspace is {version}")));
        }
    };
    let dependencies = workspace.and_then(|workspace| workspace.get("dependencies")?.as_table());
    for (name, dependency) in dependencies.into_iter().flatten().filter(|(name, _)| name.starts_with("steadfast")) {
        let found = dependency.get("version").and_then(toml::Value::as_str).unwrap_or("no version");
        expect(format!("{WORKSPACE} ({name})"), found);
    }
    // Not TOML before it is rendered, so by line.
    for (place, line) in tree.lines(|path| path == TEMPLATE || path == ANSWERS) {
        let Some((key, value)) = line.split_once(" = ") else { continue };
        if !matches!(key, "steadfast" | "steadfast-xtask" | "template") || value.contains("workspace = true") {
            continue;
        }
        let found = value.split_once("version = \"").map_or(value, |(_, rest)| rest);
        expect(place, found.trim_start_matches('"').split('"').next().unwrap_or(""));
    }
    let headings = tree.lines(|path| path == CHANGELOG).filter_map(|(place, line)| {
        let heading = line.strip_prefix("## ")?.trim_start_matches(['[', 'v']);
        let version = heading.split([']', ' ']).next()?;
        version.starts_with(|first: char| first.is_ascii_digit()).then(|| (place, version.to_owned()))
    });
    if let Some((place, found)) = headings.into_iter().next() {
        expect(place, &found);
    }
    findings
}

/// The template's servers are built with the toolchain that Steadfast is built with.
pub(super) fn toolchains_equal(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (ours, theirs) = (tree.text("rust-toolchain.toml"), tree.text("template/rust-toolchain.toml"));
    if ours != theirs {
        findings.push(Finding::error(
            "template/rust-toolchain.toml",
            "differs from rust-toolchain.toml",
            "copy that one over it",
        ));
    }
    let channel = ours.and_then(|text| text.parse::<toml::Table>().ok());
    let channel = channel.as_ref().and_then(|file| file.get("toolchain")?.get("channel")?.as_str()).unwrap_or("");
    let dockerfile = "template/deploy/Dockerfile.liquid";
    for (place, line) in tree.lines(|path| path == "template/deploy/Dockerfile.liquid") {
        let image = line.strip_prefix("FROM rust:").filter(|image| !image.starts_with(&format!("{channel}-")));
        findings.extend(image.map(|image| {
            Finding::error(
                place,
                format!("{dockerfile} builds with rust:{image}"),
                format!("the toolchain is {channel}"),
            )
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.package]\nversion = \"0.2.0\"\n[workspace.dependencies]\n\
        steadfast = { path = \"runtime\", version = \"0.2.0\" }\nserde = \"1\"\n";

    #[test]
    fn each_place_that_says_another_version_is_found() {
        let manifest = MANIFEST.replace("\"runtime\", version = \"0.2.0\"", "\"runtime\", version = \"0.1.0\"");
        let tree = Tree::from([
            (WORKSPACE, manifest.as_str()),
            (TEMPLATE, "steadfast = \"0.1.0\"\nsteadfast-xtask = { path = \"x\", version = \"0.1.9\" }"),
            (ANSWERS, "template = \"0.0.1\""),
            (CHANGELOG, "# Changes\n## Unreleased\n## [0.1.0] - 2026-01-01\n## 0.0.9"),
        ]);
        let places: Vec<_> = equal(&tree).into_iter().map(|finding| finding.place).collect();
        let template = format!("{TEMPLATE}:1");
        let second = format!("{TEMPLATE}:2");
        let answers = format!("{ANSWERS}:1");
        assert_eq!(places, ["Cargo.toml (steadfast)", &template, &second, &answers, "CHANGELOG.md:3"]);
    }

    #[test]
    fn equal_versions_pass_and_other_dependencies_are_not_looked_at() {
        let tree = Tree::from([
            (WORKSPACE, MANIFEST),
            (TEMPLATE, "version = \"0.1.0\"\nserde = \"1\"\nsteadfast = { workspace = true }\nsteadfast = \"0.2.0\""),
            (CHANGELOG, "## Unreleased\n## 0.2.0\n## 0.1.0"),
        ]);
        assert_eq!(equal(&tree), []);
    }

    #[test]
    fn another_toolchain_in_the_template_or_its_image_is_found() {
        let ours = "[toolchain]\nchannel = \"1.95.0\"\n";
        let theirs = "[toolchain]\nchannel = \"1.94.0\"\n";
        let image = "template/deploy/Dockerfile.liquid";
        let tree = |toolchain, from| {
            Tree::from([("rust-toolchain.toml", ours), ("template/rust-toolchain.toml", toolchain), (image, from)])
        };
        assert_eq!(toolchains_equal(&tree(theirs, "FROM rust:1.94.0-slim AS build")).len(), 2);
        assert_eq!(toolchains_equal(&tree(ours, "FROM rust:1.95.0-slim AS build\nFROM debian:12.12-slim")), []);
    }
}
