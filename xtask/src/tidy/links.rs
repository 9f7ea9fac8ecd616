//! Relative links in Markdown lead to something.

use super::{Finding, tree::Tree};

/// Files and folders that relative links name exist. Addresses on the network are not visited.
pub(super) fn resolve(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let Some(document) = path.strip_suffix(".liquid").unwrap_or(path).strip_suffix(".md") else { continue };
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut code = false;
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                code = !code;
            }
            for target in targets(line).filter(|_| !code) {
                let Some(file) = join(folder, target) else {
                    findings.push(broken(path, index, target));
                    continue;
                };
                let rendered = [file.clone(), format!("{file}.liquid")];
                if !rendered.iter().any(|file| tree.has(file)) {
                    findings.push(broken(path, index, target));
                }
            }
        }
    }
    findings
}

fn broken(path: &str, index: usize, target: &str) -> Finding {
    Finding::error(
        format!("{path}:{}", index + 1),
        format!("the link to `{target}` leads nowhere"),
        "write the path relative to this file, or remove the link",
    )
}

/// The relative targets of `[text](target)` in a line, without their fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    // Code spans show links instead of being ones.
    let outside = line.split('`').step_by(2);
    outside
        .flat_map(|text| text.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter_map(|target| target.split(['#', ' ']).next())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}

/// The path from the project's root, or `None` when it leaves the project.
fn join(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_nothing_or_out_of_the_project_is_found() {
        let tree = Tree::from([("docs/a.md", "see [b](b.md)\nand [c](../../c.md)")]);
        let places: Vec<_> = resolve(&tree).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["docs/a.md:1", "docs/a.md:2"]);
    }

    #[test]
    fn links_that_resolve_or_are_not_ours_pass() {
        let tree = Tree::from([
            (
                "docs/a.md",
                "[b](b.md#part), [up](../README.md), [docs](../docs/), [net](https://example.org/x), [here](#x)",
            ),
            ("docs/b.md", "`[code](nowhere)`\n```\n[code](nowhere)\n```"),
            ("README.md.liquid", "[unit](deploy/{{name}}.service)"),
            ("deploy/{{name}}.service.liquid", ""),
        ]);
        // The README is a template: its own name ends in `.liquid`, and so do the names it links to.
        let tree_with_readme = Tree::from([("README.md", ""), ("a.md", "[r](README.md)")]);
        let found: Vec<_> = resolve(&tree).into_iter().filter(|finding| !finding.what.contains("README.md")).collect();
        assert_eq!(found, []);
        assert_eq!(resolve(&tree_with_readme), []);
    }
}
