//! Secrets: values that are used and never shown.
//!
//! [`Secret`] keeps a value out of debug output, serialised output and memory that was given back. [`read`] gets one
//! from where it is kept. And what is known to be a secret, from either or as an argument of a running call, is masked
//! wherever text leaves the process: results, errors, notifications, log, metrics, command line.
//!
//! Masking is the net below, not the rope: it finds a value as it is, and as JSON, URLs, base64, hexadecimal and debug
//! output write it. It does not find one that is cut, reversed or encrypted, and nothing shorter than six bytes, which
//! would be found everywhere.

mod encodings;
mod older;
mod places;
mod registry;
mod source;
mod value;

use std::collections::BTreeMap;

pub(crate) use self::{
    older::{hides_more, masked_as},
    places::{Places, TooMuch, of_call},
    registry::{OfLine, Secrets, mask_all, masked, reading},
    source::{is_source, kept, know_url},
};
pub use self::{
    source::{SecretError, read},
    value::{Secret, Sensitive},
};

#[cfg(test)]
use self::registry::mask;

/// The secrets of the configuration, by their names.
pub(crate) type NamedSecrets = BTreeMap<String, Secret<String>>;

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "[secret]";
