//! The search for secrets in a text: what finds them, and what is put in their place.

use std::{borrow::Cow, sync::Arc};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use zeroize::Zeroizing;

use crate::secrets::MASK;

/// The text without what any of these find.
pub(super) fn masked_by<'a>(automata: &[Arc<AhoCorasick>], text: &'a str) -> Cow<'a, str> {
    // All that overlaps is masked as one: a rest of one secret would be left beside another.
    let mut found: Vec<(usize, usize)> = Vec::new();
    for automaton in automata {
        let first = found.len();
        for next in automaton.find_overlapping_iter(text) {
            merge(&mut found, first, next.start(), next.end());
        }
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable();
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (start, stop) in found {
        if start >= end {
            masked.push_str(&text[end..start]);
            masked.push_str(MASK);
        }
        end = end.max(stop);
    }
    masked.push_str(&text[end..]);
    Cow::Owned(masked)
}

/// Takes a place into those from `first` on, none of which overlap: kept one by one, overlapping places would be as many
/// as the text has bytes, times the secrets. They come in the order of their ends.
pub(super) fn merge(found: &mut Vec<(usize, usize)>, first: usize, mut start: usize, end: usize) {
    while let Some((before, _)) = found[first..].last().filter(|(_, before)| start < *before) {
        start = start.min(*before);
        found.pop();
    }
    found.push((start, end));
}

/// None where the forms are too many for one, which the bounds keep them from being.
pub(super) fn automaton<'a>(forms: impl Iterator<Item = &'a Zeroizing<String>>) -> Option<Arc<AhoCorasick>> {
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    AhoCorasick::builder().kind(kind).build(forms.map(|form| form.as_bytes())).ok().map(Arc::new)
}
