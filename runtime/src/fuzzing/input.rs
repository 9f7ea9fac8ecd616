//! How bytes become what an entry needs. Simple on purpose: a small change of the bytes is a small change of that.

use serde_json::{Map, Value};

/// How many alterations are made at most.
const STEPS: usize = 64;

/// The first byte, to choose by, and the rest.
pub(super) fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}

/// Everything before the first NUL and everything behind it.
pub(super) fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    (&data[..at], data.get(at + 1..).unwrap_or_default())
}

/// The bytes as a JSON object; none where they are something else.
pub(super) fn object(data: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(data).ok()
}

/// The bytes as JSON, or else as the text that they are.
pub(super) fn value(data: &[u8]) -> Value {
    serde_json::from_slice(data).unwrap_or_else(|_| String::from_utf8_lossy(data).into())
}

/// What is good, altered step by step. A step takes four bytes: what is done, where (two), and with which byte.
pub(super) fn altered(good: &str, steps: &[u8]) -> String {
    let mut bytes = good.as_bytes().to_vec();
    for step in steps.chunks_exact(4).take(STEPS) {
        let [what, high, low, byte] = [step[0], step[1], step[2], step[3]];
        let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        match what % 4 {
            0 if at < bytes.len() => bytes[at] = byte,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            _ => bytes.insert(at, byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
