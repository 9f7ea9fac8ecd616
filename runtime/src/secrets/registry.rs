//! Every value that is known to be a secret, of this process, and the search for them.
//!
//! Process-wide, as the log and the panic hook are. Invariant: a value is masked from when it is made known until the
//! last [`Known`] of it is dropped, and for some time after. Searching costs a pass over the text for each automaton,
//! of which there are few: new values get one of their own, and are taken into the common one when enough came together.
//! Without any secret it costs one atomic load.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, LazyLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use aho_corasick::AhoCorasick;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{MASK, encodings};

/// How many values are known at most, and how long one may be in bytes.
const MOST: usize = 10_000;
const LONGEST: usize = 64 * 1024;

/// How many automata of single values there are before they become one.
const FRESH: usize = 16;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// A value is masked while this is there.
#[derive(Debug)]
pub(crate) struct Known(Key);

/// A secret, without it.
type Key = [u8; 32];

/// Makes a value known; none where it is too short or too long to be searched for, or there are too many.
pub(crate) fn know(secret: &str) -> Option<Known> {
    REGISTRY.know(secret)
}

/// The text without any secret that is known.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    REGISTRY.mask(text)
}

/// As [`mask`], of text that is no longer needed as it was.
pub(crate) fn masked(text: String) -> String {
    match mask(&text) {
        Cow::Owned(masked) => masked,
        Cow::Borrowed(_) => text,
    }
}

impl Known {
    /// Keeps the value masked for as long as the process lives.
    pub(crate) fn forever(self) {
        std::mem::forget(self);
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        REGISTRY.forget(&self.0);
    }
}

#[derive(Default)]
struct Registry {
    /// How many automata there are; what is zero needs no lock.
    searched: AtomicUsize,
    automata: RwLock<Arc<Vec<Arc<AhoCorasick>>>>,
    values: RwLock<HashMap<Key, Value>>,
    overflowed: AtomicBool,
}

struct Value {
    /// How many hold it.
    held: usize,
    forms: Vec<Zeroizing<String>>,
}

impl Registry {
    fn know(&self, secret: &str) -> Option<Known> {
        if secret.trim().len() < encodings::LEAST || secret.len() > LONGEST {
            return None;
        }
        let key = Key::from(Sha256::digest(secret));
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get_mut(&key) {
            value.held += 1;
            return Some(Known(key));
        }
        if values.len() >= MOST {
            values.retain(|_, value| value.held > 0);
        }
        if values.len() >= MOST {
            if !self.overflowed.swap(true, Ordering::Relaxed) {
                tracing::warn!("more than {MOST} secrets are known; further ones are not masked");
            }
            return None;
        }
        let forms = encodings::all(secret);
        let alone = automaton(forms.iter())?;
        values.insert(key, Value { held: 1, forms });
        let mut automata = self.automata.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = automata.to_vec();
        next.push(alone);
        if next.len() > FRESH {
            values.retain(|_, value| value.held > 0);
            let together = automaton(values.values().flat_map(|value| &value.forms));
            next = together.into_iter().collect();
        }
        self.searched.store(next.len(), Ordering::Release);
        *automata = Arc::new(next);
        Some(Known(key))
    }

    /// It stays in its automaton until that is made anew, and is found there again.
    fn forget(&self, key: &Key) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get_mut(key) {
            value.held = value.held.saturating_sub(1);
        }
    }

    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.searched.load(Ordering::Acquire) == 0 {
            return Cow::Borrowed(text);
        }
        let automata = Arc::clone(&self.automata.read().unwrap_or_else(PoisonError::into_inner));
        // All that overlaps is masked as one: a rest of one secret would be left beside another.
        let mut found: Vec<(usize, usize)> = Vec::new();
        for automaton in automata.iter() {
            found.extend(automaton.find_overlapping_iter(text).map(|found| (found.start(), found.end())));
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
}

/// None where the forms are too many for one, which `MOST` and `LONGEST` keep them from being.
fn automaton<'a>(forms: impl Iterator<Item = &'a Zeroizing<String>>) -> Option<Arc<AhoCorasick>> {
    AhoCorasick::new(forms.map(|form| form.as_bytes())).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_masked_in_every_form_and_the_rest_is_left() {
        let registry = Registry::default();
        assert!(matches!(registry.mask("nothing is known"), Cow::Borrowed(_)));
        std::mem::forget(registry.know("s3cr3t\"value"));
        std::mem::forget(registry.know("value-of-another"));
        for (text, expected) in [
            ("a s3cr3t\"value b", "a [secret] b"),
            (r#"{"a":"s3cr3t\"value"}"#, r#"{"a":"[secret]"}"#),
            ("x=s3cr3t%22value&y", "x=[secret]&y"),
            ("7333637233742276616c7565", "[secret]"),
            ("s3cr3t\"value-of-another", "[secret]"),
            ("s3cr3t\"values3cr3t\"value", "[secret][secret]"),
            ("s3cr3t value", "s3cr3t value"),
        ] {
            assert_eq!(registry.mask(text), expected);
        }
        assert!(registry.know("short").is_none() && registry.know("  six  ").is_none());
        assert!(registry.know(&"x".repeat(LONGEST + 1)).is_none());
    }

    #[test]
    fn a_value_is_masked_while_somebody_holds_it_however_many_come_and_go() {
        let registry = Registry::default();
        let (one, two) = (registry.know("held-by-two").unwrap(), registry.know("held-by-two").unwrap());
        let forget = |known: Known| {
            registry.forget(&known.0);
            std::mem::forget(known);
        };
        forget(one);
        for number in 0..1000 {
            forget(registry.know(&format!("comes-and-goes-{number}")).unwrap());
        }
        assert_eq!(registry.mask("held-by-two"), MASK);
        assert!(registry.values.read().unwrap().len() <= FRESH + 1, "what nobody holds goes");
        forget(two);
        for number in 0..FRESH {
            forget(registry.know(&format!("comes-and-goes-{number}")).unwrap());
        }
        assert_eq!(registry.mask("held-by-two"), "held-by-two");
        assert!(registry.automata.read().unwrap().len() <= FRESH);
    }

    #[test]
    fn a_value_that_comes_back_is_masked_again() {
        let registry = Registry::default();
        for _ in 0..3 {
            let known = registry.know("there-and-back").unwrap();
            assert_eq!(registry.mask("there-and-back"), MASK);
            registry.forget(&known.0);
            std::mem::forget(known);
        }
        assert_eq!(registry.automata.read().unwrap().len(), 1, "it was never put in twice");
    }
}
