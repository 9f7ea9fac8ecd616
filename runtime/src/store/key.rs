//! Keys as bytes.
//!
//! Invariant: different tenants, kinds and names are different bytes, and all keys of one tenant and kind lie together
//! in the order of their names. It holds for any text because UTF-8 never contains the bytes 0xFE and 0xFF: one
//! separates parts, the other marks a part that was too long and ends in its digest. Long names that begin alike are
//! in the order of their digests.

use std::{borrow::Cow, fmt::Write};

use sha2::{Digest, Sha256};

use super::{Key, Kind};

/// Longer parts are shortened: B-trees of databases take no key of any length.
const LONGEST: usize = 400;
/// How much of a long part stays as it is.
const BEGINNING: usize = 256;

const SEPARATOR: u8 = 0xFE;
const AFTER_SEPARATOR: u8 = 0xFF;
const SHORTENED: u8 = 0xFF;

/// A tenant or a name in so few bytes that every store takes them.
pub(super) fn part(text: &str) -> Cow<'_, [u8]> {
    if !is_long(text) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut part = text.as_bytes()[..BEGINNING].to_vec();
    part.push(SHORTENED);
    part.extend(hex(&Sha256::digest(text)).into_bytes());
    Cow::Owned(part)
}

/// Whether a text can't be read back from its part, and has to be kept beside it.
pub(super) fn is_long(text: &str) -> bool {
    text.len() > LONGEST
}

/// The name of a record, from what was kept of it.
pub(super) fn name(part: Vec<u8>, long: Option<String>) -> Result<String, std::string::FromUtf8Error> {
    long.map_or_else(|| String::from_utf8(part), Ok)
}

/// A whole key, for a store whose keys are single byte strings in their order.
pub(super) fn bytes(key: &Key) -> Vec<u8> {
    let mut bytes = beginning(&key.tenant, key.kind);
    bytes.extend_from_slice(&part(&key.name));
    bytes
}

/// How all keys of a tenant and kind begin.
pub(super) fn beginning(tenant: &str, kind: Kind) -> Vec<u8> {
    let mut bytes = part(tenant).into_owned();
    bytes.push(SEPARATOR);
    bytes.extend_from_slice(kind.as_str().as_bytes());
    bytes.push(SEPARATOR);
    bytes
}

/// What is behind all keys of a tenant and kind.
pub(super) fn end(tenant: &str, kind: Kind) -> Vec<u8> {
    let mut bytes = beginning(tenant, kind);
    if let Some(last) = bytes.last_mut() {
        *last = AFTER_SEPARATOR;
    }
    bytes
}

/// The first bytes behind a part: what a list begins with that goes on after it.
pub(super) fn after(name: Option<&str>) -> Vec<u8> {
    name.map_or_else(Vec::new, |name| [&*part(name), &[0]].concat())
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::tests::hostile;

    fn key(tenant: &str, name: &str) -> Key {
        Key { tenant: tenant.into(), kind: Kind::Claim, name: name.into() }
    }

    proptest! {
        #[test]
        fn different_keys_are_different_bytes(a in hostile(), b in hostile(), c in hostile(), d in hostile()) {
            let same = (&a, &b) == (&c, &d);
            prop_assert_eq!(bytes(&key(&a, &b)) == bytes(&key(&c, &d)), same);
        }

        #[test]
        fn the_place_where_tenant_ends_and_name_begins_can_not_be_forged(
            parts in prop::collection::vec("[ab]{0,2}", 3),
            separator in prop::sample::select(vec![":claim:", "\0claim\0", "þclaimþ", "ÿclaimÿ", "%claim%", "claim", ""]),
        ) {
            let [early, late] = [1, 2].map(|cut| {
                (parts[..cut].join(separator), parts[cut..].join(separator))
            });
            let same = early == late;
            prop_assert_eq!(bytes(&key(&early.0, &early.1)) == bytes(&key(&late.0, &late.1)), same);
        }

        #[test]
        fn a_key_lies_between_the_beginning_and_the_end_of_its_own_tenant_only(a in hostile(), b in hostile(), name in hostile()) {
            let bytes = bytes(&key(&a, &name));
            let inside = beginning(&b, Kind::Claim) <= bytes && bytes < end(&b, Kind::Claim);
            prop_assert_eq!(inside, a == b);
        }

        #[test]
        fn keys_are_in_the_order_of_short_names(a in ".{0,20}", b in ".{0,20}") {
            prop_assert_eq!(bytes(&key("t", &a)).cmp(&bytes(&key("t", &b))), a.cmp(&b));
        }

        #[test]
        fn a_list_goes_on_right_behind_a_name(a in hostile(), b in hostile()) {
            prop_assert_eq!(*part(&b) >= *after(Some(&a)), *part(&b) > *part(&a));
        }
    }

    #[test]
    fn a_long_name_is_short_and_no_name_of_its_own() {
        let long = "n".repeat(1_000_000);
        assert!(part(&long).len() < LONGEST);
        assert!(String::from_utf8(part(&long).into_owned()).is_err());
    }
}
