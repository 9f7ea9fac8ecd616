//! Text and values that break naive code.

use fastrand::Rng;
use serde_json::{Value, json};

/// Each of them has broken something once.
pub(super) const TEXTS: [&str; 34] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "\r\n",
    "\t\u{b}\u{1b}[31m",
    "\u{7f}\u{85}\u{9f}",
    "\u{202e}drawkcab",
    "a\u{200b}b\u{feff}",
    "\u{2028}\u{2029}",
    "e\u{301}\u{327}",
    "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
    "\u{1F1E6}",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "ıİßſK",
    "0",
    "-0",
    "NaN",
    "null",
    "true",
    "__proto__",
    "constructor",
    "$ref",
    "~0~1/",
    "' OR 1=1; --",
    "<script>alert(1)</script>",
    "../../etc/passwd%00",
    "{{7*7}}${7*7}",
];

pub(super) fn text(rng: &mut Rng) -> &'static str {
    TEXTS[rng.usize(..TEXTS.len())]
}

/// Any character, the awkward ones more often than their share.
pub(super) fn character(rng: &mut Rng) -> char {
    match rng.u8(..4) {
        0 => rng.char('\0'..='\u{1f}'),
        1 => rng.char(' '..='~'),
        2 => rng.char('\u{80}'..='\u{2fff}'),
        _ => rng.char(..),
    }
}

/// A value for a schema that takes anything.
pub(super) fn value(rng: &mut Rng) -> Value {
    match rng.u8(..9) {
        0 => Value::Null,
        1 => Value::Bool(rng.bool()),
        2 => json!(rng.i64(..)),
        3 => json!(rng.f64()),
        4 => json!([]),
        5 => json!({}),
        6 => json!([rng.u8(..), text(rng)]),
        7 => json!({ text(rng): [text(rng)] }),
        _ => json!(text(rng)),
    }
}
