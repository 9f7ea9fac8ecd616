//! What may be in a name: of a tool, a scope, a header.

/// The most characters a tool's name may have (MCP 2025-11-25, tools).
const LONGEST: usize = 128;

/// 1 to 128 of `A-Z a-z 0-9 _ . -`.
pub(super) fn is_tool_name(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Whether a name's folder in the lock would be one of the lock's own files or folders, or no folder at all.
pub(super) fn is_reserved(name: &str) -> bool {
    ["surfaces", "tombstones.json", "waivers.toml", ".", ".."].contains(&name)
}

/// A scope-token of RFC 6749, section 3.3.
pub(super) fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// A token of RFC 9110, section 5.6.2, as the name of a field is.
pub(super) fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// An icon that a client may load: `https:` or `data:` (SEP-973).
pub(super) fn is_icon(uri: &str) -> bool {
    let scheme = |scheme: &str| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let (https, data) = (scheme("https://"), scheme("data:"));
    (https && uri.len() > "https://".len() || data && uri.len() > "data:".len())
        && !uri.contains(|character: char| character.is_whitespace() || character.is_control())
}

#[cfg(test)]
mod tests {
    use super::{is_header, is_icon, is_reserved, is_scope, is_tool_name};

    #[test]
    fn each_kind_of_name_has_its_characters() {
        let longest = "a".repeat(128);
        check(is_tool_name, &["a", "A-b_c.9", &longest], &["", "a b", "a/b", "ä", "a:b", &format!("{longest}a")]);
        check(is_scope, &["issues:read", "!", "~", "[", "]"], &["", "a b", "\"", "\\", "é", "\u{7f}"]);
        check(is_header, &["Region", "x-1", "!#$%&'*+-.^_`|~"], &["", "a b", "a:b", "a/b", "é"]);
        check(
            is_icon,
            &["https://a/b.svg", "HTTPS://a", "data:,x"],
            &["", "https://", "data:", "http://a", "https://a b"],
        );
    }

    #[test]
    fn the_lock_keeps_some_names_for_itself() {
        check(
            is_reserved,
            &["surfaces", ".", "..", "tombstones.json", "waivers.toml"],
            &["surface", "...", "a.b", "tombstones"],
        );
    }

    fn check(legal: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for name in good {
            assert!(legal(name), "{name}");
        }
        for name in bad {
            assert!(!legal(name), "{name}");
        }
    }
}
