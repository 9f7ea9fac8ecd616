//! JSON objects of which nobody can read two different things.
//!
//! Invariant: an object in which a member stands twice, at any depth, is refused. Readers differ in which of them they
//! believe, and a token must mean to this server what it meant to its issuer (RFC 8725, section 2.4).

use std::{collections::HashSet, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why bytes are not an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAnObject {
    /// They are something else, or not JSON.
    Other,
    /// A member stands twice.
    Twice,
}

/// Reads an object.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    // Read as a value first: how numbers are read is then serde_json's business, whatever features it was built with.
    let object: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| NotAnObject::Other)?;
    serde_json::from_slice::<Once>(bytes).map_err(|_| NotAnObject::Twice)?;
    Ok(object)
}

/// Any value in which every member stands once.
struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in which every member stands once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, Once)) = map.next_entry::<String, Once>()? {
            if !names.insert(name) {
                return Err(serde::de::Error::custom("a member stands twice"));
            }
        }
        Ok(Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        while let Some(Once) = items.next_element()? {}
        Ok(Once)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_found_at_any_depth() {
        for (text, expected) in [
            (r#"{"a":1,"b":[true,null,1.5,-1,"x"],"c":{"a":1}}"#, None),
            (r#"{"a":1,"a":1}"#, Some(NotAnObject::Twice)),
            (r#"{"a":1,"\u0061":2}"#, Some(NotAnObject::Twice)),
            (r#"{"b":[{"a":1,"a":2}]}"#, Some(NotAnObject::Twice)),
            (r#"{"b":{"c":{"a":1,"a":2}}}"#, Some(NotAnObject::Twice)),
            ("[]", Some(NotAnObject::Other)),
            ("\"a\"", Some(NotAnObject::Other)),
            ("{} {}", Some(NotAnObject::Other)),
            ("", Some(NotAnObject::Other)),
        ] {
            assert_eq!(object(text.as_bytes()).err(), expected, "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}").err(), Some(NotAnObject::Other));
    }
}
