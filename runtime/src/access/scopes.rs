//! The scopes of prompts, resources and requests of other methods, which the author's handler serves.
//!
//! Invariant: every rule whose pattern matches holds, and a caller needs the scopes of all of them. What no rule matches
//! needs none.

use std::collections::BTreeSet;

/// Scopes that callers need for prompts, resources and methods that are not MCP's, for
/// [`ServerBuilder::scopes`](crate::ServerBuilder::scopes).
///
/// In a pattern `*` stands for any text, also for none and for slashes; all else stands for itself. A URI is matched
/// with its scheme in lower case, and both as it is written and with its percent-encoding and that of the pattern taken
/// away, and also with its host in lower case and without a user and a default port (RFC 3986, section 6.2). Templates are
/// matched as they are written: `notes://*` is also for `notes://{id}`. Where there are rules for resources, URIs with
/// white space, control characters or backslashes are refused: handlers do not agree on what they mean.
///
/// ```
/// use steadfast::ScopeRules;
///
/// ScopeRules::new().prompt("daily", &["reports:read"]).resource("notes://*", &["notes:read"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ScopeRules {
    prompts: Vec<Rule>,
    resources: Vec<Rule>,
    customs: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    pattern: String,
    scopes: Vec<String>,
}

impl ScopeRules {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Callers need these scopes for prompts whose names match.
    #[must_use]
    pub fn prompt(mut self, pattern: &str, scopes: &[&str]) -> Self {
        self.prompts.push(Rule::new(pattern, scopes));
        self
    }

    /// Callers need these scopes for resources whose URIs match.
    #[must_use]
    pub fn resource(mut self, pattern: &str, scopes: &[&str]) -> Self {
        self.resources.push(Rule::new(pattern, scopes));
        self
    }

    /// Callers need these scopes for requests whose methods match and are none of MCP's: `acme/reindex`. Notifications
    /// have no answer, and are not held to it.
    #[must_use]
    pub fn custom(mut self, pattern: &str, scopes: &[&str]) -> Self {
        self.customs.push(Rule::new(pattern, scopes));
        self
    }

    /// Whether there is a rule for what is listed; methods that are not MCP's are in no list.
    pub(crate) fn concern_lists(&self) -> bool {
        !self.prompts.is_empty() || !self.resources.is_empty()
    }

    /// Every scope that is named, also more than once.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        let rules = self.prompts.iter().chain(&self.resources).chain(&self.customs);
        rules.flat_map(|rule| &rule.scopes).map(String::as_str)
    }

    /// What a prompt needs.
    pub(crate) fn of_prompt(&self, name: &str) -> BTreeSet<&str> {
        needed(&self.prompts, |pattern| matches(pattern, name))
    }

    /// What a request of a method that is not MCP's needs.
    pub(crate) fn of_custom(&self, method: &str) -> BTreeSet<&str> {
        needed(&self.customs, |pattern| matches(pattern, method))
    }

    /// What a resource or a template needs.
    pub(crate) fn of_resource(&self, uri: &str) -> BTreeSet<&str> {
        let written = lower_scheme(uri);
        let plain = decoded(&written);
        let (normal, plain_normal) = (normal_authority(&written), normal_authority(&plain));
        needed(&self.resources, |pattern| {
            let pattern = lower_scheme(pattern);
            let normal_pattern = normal_authority(&pattern);
            [(&pattern, &written), (&pattern, &plain), (&normal_pattern, &normal), (&normal_pattern, &plain_normal)]
                .into_iter()
                .any(|(pattern, uri)| matches(pattern, uri))
                || matches(&decoded(&pattern), &plain)
                || matches(&decoded(&normal_pattern), &plain_normal)
        })
    }

    /// Whether rules can't tell which resource a URI means: some parsers leave such letters out, or take a backslash for a
    /// slash (WHATWG URL, 4.4).
    pub(crate) fn is_unclear(&self, uri: &str) -> bool {
        let unclear = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\\';
        !self.resources.is_empty() && uri.chars().any(unclear)
    }
}

impl Rule {
    fn new(pattern: &str, scopes: &[&str]) -> Self {
        Self { pattern: pattern.to_owned(), scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect() }
    }
}

fn needed(rules: &[Rule], matches: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    rules.iter().filter(|rule| matches(&rule.pattern)).flat_map(|rule| &rule.scopes).map(String::as_str).collect()
}

/// Whether a text is what a pattern says. The parts between stars are looked for from left to right, the last at the end;
/// to take the first place of each is enough.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*').filter(|part| !part.is_empty()) {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

fn lower_scheme(uri: &str) -> String {
    match uri.split_once(':') {
        Some((scheme, rest)) => format!("{}:{rest}", scheme.to_ascii_lowercase()),
        None => uri.to_owned(),
    }
}

/// A URI, or a pattern, with its host in lower case, without a user and without the port that its scheme has anyway.
fn normal_authority(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    let port = match scheme {
        "http" | "ws" => ":80",
        "https" | "wss" => ":443",
        "ftp" => ":21",
        _ => ":",
    };
    let host = host.strip_suffix(port).or_else(|| host.strip_suffix(':')).unwrap_or(&host);
    format!("{scheme}://{host}{path}")
}

/// The text without percent-encoding; what is no encoding stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_rule_that_matches_holds() {
        let rules = ScopeRules::new()
            .prompt("daily", &["a", "b"])
            .prompt("d*", &["c"])
            .resource("notes://*", &["n"])
            .resource("notes://*/secret*", &["s"])
            .resource("*", &["all"]);
        for (name, scopes) in [("daily", &["a", "b", "c"][..]), ("d", &["c"]), ("Daily", &[]), ("", &[])] {
            assert_eq!(rules.of_prompt(name).into_iter().collect::<Vec<_>>(), scopes, "{name}");
        }
        for (uri, scopes) in [
            ("notes://1", &["all", "n"][..]),
            ("NOTES://1", &["all", "n"]),
            ("notes:/%2f1", &["all", "n"]),
            ("notes://{id}", &["all", "n"]),
            ("notes://a/b/secret.txt", &["all", "n", "s"]),
            ("notes://a%2Fs%65cret", &["all", "n", "s"]),
            ("file:///notes://1", &["all"]),
            ("%", &["all"]),
        ] {
            assert_eq!(rules.of_resource(uri).into_iter().collect::<Vec<_>>(), scopes, "{uri}");
        }
    }

    #[test]
    fn a_resource_is_the_same_however_it_and_its_rule_are_encoded() {
        for pattern in ["files:///Team%20Files/*", "files:///Team Files/*", "FILES:///Te%61m%20Files/*"] {
            let rules = ScopeRules::new().resource(pattern, &["team"]);
            for uri in ["files:///Team%20Files/x", "files:///Team%20File%73/x", "files:///%54eam%20Files%2Fx"] {
                assert_eq!(rules.of_resource(uri), ["team"].into(), "{pattern} {uri}");
            }
            assert!(rules.of_resource("files:///Team%20Fil/x").is_empty());
        }
    }

    #[test]
    fn a_resource_is_the_same_however_its_host_is_written() {
        for pattern in ["https://intranet.example/*", "https://Intranet.Example:443/*", "HTTPS://intranet.example:/*"] {
            let rules = ScopeRules::new().resource(pattern, &["intranet"]);
            for uri in [
                "https://intranet.example/x",
                "https://INTRANET.example/x",
                "https://intranet.example:443/x",
                "https://a:b@intranet.example/x",
                "https://a@b@intranet.example:443/x",
                "https://intranet%2Eexample/x",
                "https://u%40@intr%41net.example/x",
            ] {
                assert_eq!(rules.of_resource(uri), ["intranet"].into(), "{pattern} {uri}");
            }
            for uri in ["https://intranet.example:444/x", "https://other.example/@intranet.example/x"] {
                assert!(rules.of_resource(uri).is_empty(), "{pattern} {uri}");
            }
        }
    }

    #[test]
    fn a_uri_that_parsers_read_in_several_ways_is_unclear_where_there_are_rules() {
        let rules = ScopeRules::new().resource("notes://*", &["n"]);
        for (uri, unclear) in [
            ("notes://1", false),
            ("notes://a%20b", false),
            ("notes://{id}", false),
            ("notes://ä", false),
            (" notes://1", true),
            ("no\ttes://1", true),
            ("notes://a\nb", true),
            ("notes://a\u{a0}b", true),
            ("notes://\0", true),
            ("notes:\\\\1", true),
        ] {
            assert_eq!(rules.is_unclear(uri), unclear, "{uri:?}");
            assert!(!ScopeRules::new().prompt("*", &["p"]).is_unclear(uri), "{uri:?}");
        }
    }

    /// The obvious way.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                plainly(rest, text) || text.split_first().is_some_and(|(_, left)| plainly(pattern, left))
            }
            (Some((one, rest)), Some((other, left))) => one == other && plainly(rest, left),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_star_stands_for_any_text(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            prop_assert_eq!(matches(&pattern, &text), plainly(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
