//! Text of the formats that JSON Schema defines (2020-12, Validation, section 7.3).

use fastrand::Rng;

/// None for a format that is not known, which then restricts nothing.
pub(super) fn sample(format: &str, rng: &mut Rng) -> Option<String> {
    Some(match format {
        "date" => date(rng),
        "time" => time(rng),
        "date-time" => format!("{}T{}", date(rng), time(rng)),
        "uuid" => uuid(rng),
        "ipv4" => format!("{}.{}.{}.{}", rng.u8(..), rng.u8(..), rng.u8(..), rng.u8(..)),
        _ => {
            let samples = samples(format);
            let index = rng.usize(..samples.len().max(1));
            (*samples.get(index)?).to_owned()
        }
    })
}

fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "duration" => &["P1D", "PT0S", "P1Y2M3DT4H5M6S", "P2W", "PT36H"],
        "email" => {
            &["a@b.c", "a@b.example", "first.last+tag@sub.example.com", "x@[127.0.0.1]", "\"joe bloggs\"@example.com"]
        }
        "idn-email" => &["a@b.example", "실례@실례.테스트"],
        "hostname" => &["example.com", "localhost", "a.b-c.example", "xn--nxasmq6b.example"],
        "idn-hostname" => &["example.com", "실례.테스트"],
        "ipv6" => &["::", "::1", "2001:db8::ff00:42:8329", "::ffff:192.0.2.1"],
        "uri" => &["https://example.com/", "urn:isbn:0451450523", "file:///a/b", "https://u:p@h.example:8/a%20b?q=1#f"],
        "iri" => &["https://example.com/", "https://ƒøø.example/?∂éœ=πîx#πîüx"],
        "uri-reference" => &["https://example.com/", "", "/a/b", "?q", "#f", "../x"],
        "iri-reference" => &["https://example.com/", "", "/a/ß", "#ƒ"],
        "uri-template" => &["https://example.com/{id}", "/a{?q,n}", "plain"],
        "json-pointer" => &["", "/", "/a/0/b~0c~1d"],
        "relative-json-pointer" => &["0", "1/a", "2#"],
        "regex" => &["", "^[a-z]+$", "(a|b)*"],
        _ => &[],
    }
}

fn date(rng: &mut Rng) -> String {
    const EDGES: [&str; 6] = ["0001-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2038-01-19", "9999-12-31"];
    if rng.u8(..4) == 0 {
        return EDGES[rng.usize(..EDGES.len())].to_owned();
    }
    format!("{:04}-{:02}-{:02}", rng.u16(1900..2100), rng.u8(1..=12), rng.u8(1..=28))
}

fn time(rng: &mut Rng) -> String {
    let fraction = ["", ".5", ".123456789"][rng.usize(..3)];
    let zone = ["Z", "z", "+00:00", "-11:30"][rng.usize(..4)];
    format!("{:02}:{:02}:{:02}{fraction}{zone}", rng.u8(..24), rng.u8(..60), rng.u8(..60))
}

fn uuid(rng: &mut Rng) -> String {
    let bits = match rng.u8(..6) {
        0 => 0,
        1 => u128::MAX,
        _ => rng.u128(..),
    };
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
