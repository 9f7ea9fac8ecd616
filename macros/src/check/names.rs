//! What may be in a name: of a tool, a scope, a header, a server.

use std::net::{Ipv4Addr, Ipv6Addr};

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

/// A server that a tool may reach, as the runtime reads it: a scheme, a host and a port.
pub(crate) fn is_server(server: &str) -> bool {
    let Some(rest) = server.strip_prefix("https://").or_else(|| server.strip_prefix("http://")) else { return false };
    let (host, port) = match rest.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    port.is_none_or(is_port) && is_host(host)
}

/// An address, a name, or all names below one: `*.example.org`, but not those of a top-level domain.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let (name, labels) = host.strip_prefix("*.").map_or((host, 1), |below| (below, 2));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x");
    name.len() <= 253 && name.split('.').count() >= labels && name.split('.').all(is_label) && !number
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
    use super::{is_header, is_icon, is_reserved, is_scope, is_server, is_tool_name};

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

    /// The same table as of the runtime, which reads them.
    #[test]
    fn a_server_is_a_scheme_a_host_and_a_port() {
        let label = "a".repeat(63);
        check(
            is_server,
            &[
                "https://api.example.com",
                "http://localhost:8080",
                "https://API.Example.com",
                "https://*.example.org:8443",
                "https://10.0.0.7",
                "https://[2001:db8::1]:444",
                "https://a_b.c-d.e",
                &format!("https://{label}.example.com"),
            ],
            &[
                "",
                "api.example.com",
                "https://",
                "https://api.example.com/",
                "https://api.example.com/v1",
                "https://api.example.com?x",
                "https://api.example.com#x",
                "https://user@api.example.com",
                "https://api.example.com:",
                "https://api.example.com:0",
                "https://api.example.com:65536",
                "https://api.example.com:+80",
                "https://*",
                "https://*.com",
                "https://*.*.example.com",
                "https://api.*.com",
                "https://a..b",
                "https://.example.com",
                "https://example.com.",
                "https://exämple.com",
                "https://2130706433",
                "https://127.1",
                "https://0x7f000001",
                "https://256.1.1.1",
                "https://[::1",
                "https://[::1]x",
                "ftp://api.example.com",
                "HTTPS://api.example.com",
                "*://api.example.com",
                "https://a b.com",
                &format!("https://{label}a.example.com"),
            ],
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
