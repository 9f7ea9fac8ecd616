//! Where keys come from, as the configuration says it.
//!
//! Invariant: no message and no debug output repeats a key.

use std::{fmt, path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose};

use super::{file::KeyProblem, seal::KEY_BYTES};
use crate::hash::unhex;

/// What keys are.
const WANTED: &str = "it is not 32 bytes in hexadecimal or base64";
const HELP: &str = "make one with `openssl rand -hex 32`";

/// The settings of `[state]`.
#[derive(Debug, Clone)]
pub(crate) struct KeySettings {
    /// The first seals; without any there is a file in the data directory.
    pub(crate) keys: Vec<KeySource>,
    /// How long the first key of the file seals.
    pub(crate) rotate_after: Duration,
}

/// A key, or where it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    Written(Box<[u8; KEY_BYTES]>),
    Variable(String),
    File(PathBuf),
}

impl KeySource {
    /// Reads `env:NAME`, `file:PATH`, or a key.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyProblem> {
        match text.split_once(':') {
            Some(("env", name)) => Ok(Self::Variable(name.to_owned())),
            Some(("file", path)) => Ok(Self::File(path.into())),
            _ => decode(text).map(Self::Written).ok_or_else(|| KeyProblem::new("a key of `state.keys`", WANTED, HELP)),
        }
    }

    /// The key itself.
    pub(super) fn read(&self) -> Result<Box<[u8; KEY_BYTES]>, KeyProblem> {
        let (place, text) = match self {
            Self::Written(key) => return Ok(key.clone()),
            Self::Variable(name) => (format!("the variable {name}"), std::env::var(name).map_err(|e| e.to_string())),
            Self::File(path) => {
                (format!("the file {}", path.display()), std::fs::read_to_string(path).map_err(|e| e.to_string()))
            }
        };
        let text = text.map_err(|error| {
            KeyProblem::new(&place, format!("it can't be read: {error}"), "see `state.keys` in the configuration")
        })?;
        decode(text.trim()).ok_or_else(|| KeyProblem::new(&place, WANTED, HELP))
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(_) => f.write_str("…"),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// 32 bytes, written in hexadecimal or in base64 of either alphabet.
pub(super) fn decode(text: &str) -> Option<Box<[u8; KEY_BYTES]>> {
    let bytes = match text.len() {
        64 => unhex(text),
        _ => {
            let bare = text.trim_end_matches('=');
            let decoded = general_purpose::STANDARD_NO_PAD.decode(bare);
            decoded.or_else(|_| general_purpose::URL_SAFE_NO_PAD.decode(bare)).ok()
        }
    };
    Some(Box::new(<[u8; KEY_BYTES]>::try_from(bytes?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_hexadecimal_or_base64() {
        let key = Some(Box::new([0xFB; 32]));
        assert_eq!(decode(&"fb".repeat(32)), key);
        assert_eq!(decode("+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s="), key);
        assert_eq!(decode("-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s"), key);
        for wrong in ["", "fb", "correct horse battery staple", &"zz".repeat(32), &"fb".repeat(31), &"fb".repeat(33)] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn neither_a_problem_nor_debug_output_repeats_a_key() {
        let (key, wrong) = ("ab".repeat(32), "hunter2");
        assert!(!format!("{:?}", KeySource::parse(&key).unwrap()).contains("ab"));
        let problem = KeySource::parse(wrong).unwrap_err();
        assert!(!format!("{problem:?} {problem}").contains(wrong));
    }
}
