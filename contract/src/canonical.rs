//! The canonical form of JSON values (RFC 8785, JSON Canonicalization Scheme) and digests over it.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The value with the members of every object in the order of their names, at every depth.
///
/// `serde_json` keeps members sorted or in insertion order depending on a feature that any crate of a build can
/// switch on; published schemas must not depend on that.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(Map::from_iter(members))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The canonical text of a value (RFC 8785, JSON Canonicalization Scheme).
///
/// # Panics
/// Never for a `Value`: its numbers are finite and its member names are text, which is all the scheme asks for.
pub fn canonical(value: &Value) -> String {
    serde_json_canonicalizer::to_string(value).expect("a JSON value always has a canonical form")
}

/// `sha256:` and the hexadecimal SHA-256 of the value's [canonical text](canonical).
pub fn digest(value: &Value) -> String {
    let hash = Sha256::digest(canonical(value).as_bytes());
    let mut text = String::from("sha256:");
    for byte in hash {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_members() {
        let one: Value = serde_json::from_str(r#"{"b":[{"y":1,"x":2}],"a":null}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"a":null,"b":[{"x":2,"y":1}]}"#).unwrap();
        assert_eq!(digest(&one), digest(&other));
    }

    #[test]
    fn the_digest_depends_on_the_order_of_elements() {
        assert_ne!(digest(&json!([1, 2])), digest(&json!([2, 1])));
    }

    #[test]
    fn numbers_are_written_as_rfc_8785_says() {
        assert_eq!(canonical(&json!([1.0, 1e30, 0.000001, -0.0])), "[1,1e+30,0.000001,0]");
    }

    #[test]
    fn the_digest_is_the_sha_256_of_the_canonical_text() {
        assert_eq!(digest(&json!({})), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
