//! Which names a server can have.

use std::path::Path;

use crate::failure::Failure;

/// Names that cargo, Rust or the generated workspace already use.
const TAKEN: &[&str] = &[
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "proc-macro",
    "proc_macro",
    "std",
    "steadfast",
    "steadfast-xtask",
    "test",
    "xtask",
];

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Refuses a name that is not a package's, is taken, or whose folder exists.
pub(crate) fn check(name: &str, parent: &Path) -> Result<(), Failure> {
    let suggestion = suggest(name);
    if name.is_empty() || name != suggestion {
        let failure = Failure::new(format!("`{name}` can't be a server's name"));
        return Err(if suggestion.is_empty() {
            failure.help("use small letters, digits and `-`, beginning with a letter: `acme-notes`")
        } else {
            failure.help(format!("use small letters, digits and single `-` or `_`: `{suggestion}`"))
        });
    }
    if name.len() > 64 {
        return Err(Failure::new(format!("`{name}` is longer than the 64 characters that a registry takes"))
            .help("choose a shorter name"));
    }
    if TAKEN.contains(&name) || KEYWORDS.contains(&name) {
        return Err(Failure::new(format!("the name `{name}` is reserved")).help(format!("for example `{name}-server`")));
    }
    let folder = parent.join(name);
    if folder.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("{} already exists", folder.display()))
            .help("choose another name, another `--path`, or remove it first"));
    }
    Ok(())
}

/// The nearest name that is written as a package's; the same name when it already is one.
fn suggest(name: &str) -> String {
    let mut suggestion = String::new();
    for character in name.trim().chars() {
        match character {
            'a'..='z' | '0'..='9' => suggestion.push(character),
            'A'..='Z' => {
                if suggestion.ends_with(|last: char| last.is_ascii_lowercase()) {
                    suggestion.push('-');
                }
                suggestion.push(character.to_ascii_lowercase());
            }
            '_' if !suggestion.ends_with(['-', '_']) => suggestion.push('_'),
            _ if !suggestion.ends_with(['-', '_']) => suggestion.push('-'),
            _ => {}
        }
    }
    let begin = suggestion.trim_start_matches(|first: char| !first.is_ascii_lowercase());
    begin.trim_end_matches(['-', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages_pass() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["notes", "acme-notes", "acme_notes2", "a"] {
            check(name, parent.path()).unwrap();
        }
    }

    #[test]
    fn other_names_are_refused_with_one_that_passes() {
        let parent = tempfile::tempdir().unwrap();
        for (name, help) in [
            ("AcmeNotes", "`acme-notes`"),
            ("acme notes", "`acme-notes`"),
            ("../acme", "`acme`"),
            ("2fast", "`fast`"),
            ("acme--notes", "`acme-notes`"),
            ("-", "`acme-notes`"),
            ("", "`acme-notes`"),
            ("notes-", "`notes`"),
            ("test", "`test-server`"),
            ("match", "`match-server`"),
            ("steadfast", "`steadfast-server`"),
        ] {
            let text = check(name, parent.path()).unwrap_err().to_string();
            assert!(text.contains(help), "{name}: {text}");
        }
    }

    #[test]
    fn an_existing_folder_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::create_dir(parent.path().join("notes")).unwrap();
        let text = check("notes", parent.path()).unwrap_err().to_string();
        assert!(text.contains("already exists") && text.contains("--path"), "{text}");
    }
}
