//! Names that nobody knows: the known one that was surely meant ("did you mean ..?"), and how much of one is repeated.
//!
//! Invariant: what an unknown name costs does not grow with its length; who sends one may send megabytes.

use std::borrow::Cow;

/// Longer ones are nobody's misspelling, in characters.
const LONGEST: usize = 128;
/// How much of an unknown name is repeated, in characters.
const ECHOED: usize = 100;

/// The name among `known` that `name` was surely meant to be.
pub(crate) fn nearest_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.char_indices().nth(LONGEST).is_some() {
        return None;
    }
    known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What a caller wrote and nobody knows, as an answer repeats it: its beginning.
pub(crate) fn echoed(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(ECHOED) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_costs_little() {
        assert_eq!(nearest_name("serch", ["search", "read"].into_iter()), Some("search"));
        let long = "ä".repeat(LONGEST + 1);
        assert_eq!(nearest_name(&long, [&*long].into_iter()), None, "it is not even looked at");
        assert_eq!(echoed("ä".repeat(ECHOED).as_str()), "ä".repeat(ECHOED));
        assert_eq!(echoed(&long), "ä".repeat(ECHOED) + "…");
    }
}
