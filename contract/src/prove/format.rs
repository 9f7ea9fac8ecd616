//! The formats of JSON Schema Validation 2020-12 (section 7.3): languages around them, samples, what implies what.

/// The formats that the validator checks.
const CHECKED: [&str; 17] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// A format of the first implies the second.
const IMPLIED: [(&str, &str); 7] = [
    ("email", "idn-email"),
    ("hostname", "idn-hostname"),
    ("uri", "uri-reference"),
    ("uri", "iri"),
    ("uri", "iri-reference"),
    ("uri-reference", "iri-reference"),
    ("iri", "iri-reference"),
];

/// Formats with texts that have them; of many kinds, so that some fit whatever else is asked.
const SAMPLES: [(&str, &[&str]); 17] = [
    ("date", &["2024-02-29", "1999-12-31", "2026-01-01"]),
    ("date-time", &["2024-02-29T23:59:59Z", "1999-12-31T00:00:00.5+01:00", "2026-01-01T12:00:00Z"]),
    ("time", &["23:59:59Z", "12:00:00+01:00", "08:30:06.283185Z"]),
    ("duration", &["P1D", "PT36H", "P1Y2M3DT4H5M6S", "P4W"]),
    ("email", &["a@b.cd", "first.last@example.org"]),
    ("hostname", &["example.org", "a", "localhost"]),
    ("ipv4", &["127.0.0.1", "255.255.255.255", "1.1.1.1"]),
    ("ipv6", &["::1", "2001:db8::1", "fe80::1"]),
    ("uri", &["https://example.org/a?b#c", "urn:a:b", "http://a", "mailto:a@b.cd", "file:///a"]),
    ("uri-reference", &["a", "/a/b", "https://example.org/a", "#a", ""]),
    ("iri", &["https://example.org/a", "urn:a:b", "http://a"]),
    ("iri-reference", &["a", "/a/b", "https://example.org/a", ""]),
    ("uuid", &["01234567-89ab-cdef-0123-456789abcdef", "F47AC10B-58CC-4372-A567-0E02B2C3D479"]),
    ("uri-template", &["a", "/a/{b}", "https://example.org/{a}", ""]),
    ("json-pointer", &["", "/a", "/a/0/b"]),
    ("relative-json-pointer", &["0", "1/a", "2#"]),
    ("regex", &["a", "^[a-z]+$", "(a|b)*", ""]),
];

/// Texts that lack most formats.
const OTHERS: [&str; 12] = ["", "a", " ", "0", "a b", "[", "\\", "{", "%", "://", "a\u{e9}", "1999-99-99"];

/// Whether it can be told of a text that it has the format. Every other format is one of somebody's own: what it asks
/// for is not known, so it is only ever implied by itself.
pub(super) fn is_checked(format: &str) -> bool {
    CHECKED.contains(&format)
}

/// Whether every text of one format has the other.
pub(super) fn implies(one: &str, other: &str) -> bool {
    one == other || IMPLIED.contains(&(one, other))
}

/// What is sure about all texts of some formats.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) regexes: Vec<&'static str>,
}

impl Shape {
    pub(super) fn and(&mut self, (least, most, regex): (u64, Option<u64>, &'static str)) {
        self.least = self.least.max(least);
        self.most = self.most.into_iter().chain(most).min();
        if !regex.is_empty() {
            self.regexes.push(regex);
        }
    }
}

/// The least and greatest length of a format's texts, and a pattern that all of them match.
pub(super) fn shape(format: &str) -> (u64, Option<u64>, &'static str) {
    match format {
        "date" => (10, Some(10), "^[0-9]{4}-[01][0-9]-[0-3][0-9]$"),
        "date-time" => (20, None, "^[0-9]{4}-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-5][0-9]:[0-6][0-9]"),
        "time" => (9, None, "^[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"),
        "duration" => (3, None, "^P[0-9YMWDTHS.,]+$"),
        "email" | "idn-email" => (3, None, "@"),
        "hostname" => (1, Some(255), ""),
        "ipv4" => (7, Some(15), "^[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}$"),
        "ipv6" => (2, Some(45), "^[0-9A-Fa-f:.]+$"),
        "uri" => (2, None, "^[A-Za-z][A-Za-z0-9+.-]*:"),
        "iri" => (2, None, ":"),
        "uuid" => (36, Some(36), "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"),
        "json-pointer" => (0, None, "^(/|$)"),
        "relative-json-pointer" => (1, None, "^[0-9]"),
        _ => (0, None, ""),
    }
}

/// Texts worth trying where these formats are asked for and those are not.
pub(super) fn samples(required: &[&str], refused: &[&str]) -> Vec<String> {
    let of = |formats: &[&str]| {
        let formats = formats.iter().flat_map(|format| SAMPLES.iter().filter(move |(name, _)| name == format));
        formats.flat_map(|(_, samples)| samples.iter()).map(|sample| (*sample).to_owned()).collect::<Vec<_>>()
    };
    let mut samples = of(required);
    if !refused.is_empty() {
        samples.extend(OTHERS.iter().map(|sample| (*sample).to_owned()));
        let others: Vec<&str> = CHECKED.iter().copied().filter(|format| !refused.contains(format)).collect();
        samples.extend(of(&others));
    }
    samples
}
