//! Every value that is known to be a secret, and the search for them.
//!
//! Process-wide, as the log and the panic hook are, and in two parts: the server's own secrets are masked everywhere, those
//! of callers only in the log and, by [`Secrets`], in what comes of their own calls. Otherwise a caller could take words
//! out of the answers to others by calling them a secret. Invariant: a value is masked from when it is made known until the
//! last [`Known`] of it is dropped, and for some time after. Searching costs a pass over the text for each automaton,
//! of which there are few: new values get one of their own, and are taken into the common one when enough came together.
//! Without any secret it costs one atomic load.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::HashMap,
    fmt,
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

/// The server's own.
static OURS: LazyLock<Registry> = LazyLock::new(Registry::default);

/// Those of the callers whose calls run.
static THEIRS: LazyLock<Registry> = LazyLock::new(Registry::default);

thread_local! {
    /// Arguments are read on this thread.
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// A value is masked while this is there.
pub(crate) struct Known {
    key: Key,
    registry: &'static Registry,
}

/// What is secret in a call: masked in what comes of it, and in the log, while one of these is there.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Option<Arc<OfCall>>);

struct OfCall {
    _known: Vec<Known>,
    found_by: Option<Arc<AhoCorasick>>,
}

/// A secret, without it.
type Key = [u8; 32];

/// Makes a value known; none where it is too short or too long to be searched for, or there are too many. It is the
/// server's own, unless arguments are read.
pub(crate) fn know(secret: &str) -> Option<Known> {
    let registry: &'static Registry = if READING.get() { &THEIRS } else { &OURS };
    registry.know(secret).map(|key| Known { key, registry })
}

/// Reads arguments: what is secret in them is the caller's.
pub(crate) fn reading<T>(read: impl FnOnce() -> T) -> T {
    let before = READING.replace(true);
    let value = read();
    READING.set(before);
    value
}

/// The text without any secret of the server's own.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    masked_by(&OURS.automata(), text)
}

/// The text without any secret, for the log.
pub(crate) fn mask_all(text: &str) -> Cow<'_, str> {
    let mut automata = OURS.automata();
    automata.extend(THEIRS.automata());
    masked_by(&automata, text)
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
        self.registry.forget(&self.key);
    }
}

impl Secrets {
    /// Those of a call, by what they are.
    pub(crate) fn of(texts: &[Cow<'_, str>]) -> Self {
        if texts.is_empty() {
            return Self::default();
        }
        let known = reading(|| texts.iter().filter_map(|text| know(text)).collect());
        let forms: Vec<_> =
            texts.iter().filter(|text| is_searched(text)).flat_map(|text| encodings::all(text)).collect();
        Self(Some(Arc::new(OfCall { _known: known, found_by: automaton(forms.iter()) })))
    }

    /// The text without these, and without any secret of the server's own.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.0 {
            None => mask(text),
            Some(of_call) => {
                let mut automata = OURS.automata();
                automata.extend(of_call.found_by.clone());
                masked_by(&automata, text)
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[derive(Default)]
struct Registry {
    /// How many automata there are; what is zero needs no lock.
    searched: AtomicUsize,
    automata: RwLock<Vec<Arc<AhoCorasick>>>,
    values: RwLock<HashMap<Key, Value>>,
    overflowed: AtomicBool,
}

struct Value {
    /// How many hold it.
    held: usize,
    forms: Vec<Zeroizing<String>>,
}

impl Registry {
    fn know(&self, secret: &str) -> Option<Key> {
        if !is_searched(secret) {
            return None;
        }
        let key = Key::from(Sha256::digest(secret));
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get_mut(&key) {
            value.held += 1;
            return Some(key);
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
        automata.push(alone);
        if automata.len() > FRESH {
            values.retain(|_, value| value.held > 0);
            let together = automaton(values.values().flat_map(|value| &value.forms));
            *automata = together.into_iter().collect();
        }
        self.searched.store(automata.len(), Ordering::Release);
        Some(key)
    }

    /// It stays in its automaton until that is made anew, and is found there again.
    fn forget(&self, key: &Key) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get_mut(key) {
            value.held = value.held.saturating_sub(1);
        }
    }

    fn automata(&self) -> Vec<Arc<AhoCorasick>> {
        if self.searched.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        self.automata.read().unwrap_or_else(PoisonError::into_inner).to_vec()
    }
}

/// Whether a value is long enough to be searched for, and not too long.
fn is_searched(secret: &str) -> bool {
    secret.trim().len() >= encodings::LEAST && secret.len() <= LONGEST
}

fn masked_by<'a>(automata: &[Arc<AhoCorasick>], text: &'a str) -> Cow<'a, str> {
    // All that overlaps is masked as one: a rest of one secret would be left beside another.
    let mut found: Vec<(usize, usize)> = Vec::new();
    for automaton in automata {
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

/// None where the forms are too many for one, which `MOST` and `LONGEST` keep them from being.
fn automaton<'a>(forms: impl Iterator<Item = &'a Zeroizing<String>>) -> Option<Arc<AhoCorasick>> {
    AhoCorasick::new(forms.map(|form| form.as_bytes())).ok().map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask<'a>(registry: &Registry, text: &'a str) -> Cow<'a, str> {
        masked_by(&registry.automata(), text)
    }

    #[test]
    fn what_is_known_is_masked_in_every_form_and_the_rest_is_left() {
        let registry = Registry::default();
        assert!(matches!(mask(&registry, "nothing is known"), Cow::Borrowed(_)));
        registry.know("s3cr3t\"value");
        registry.know("value-of-another");
        for (text, expected) in [
            ("a s3cr3t\"value b", "a [secret] b"),
            (r#"{"a":"s3cr3t\"value"}"#, r#"{"a":"[secret]"}"#),
            ("x=s3cr3t%22value&y", "x=[secret]&y"),
            ("7333637233742276616c7565", "[secret]"),
            ("s3cr3t\"value-of-another", "[secret]"),
            ("s3cr3t\"values3cr3t\"value", "[secret][secret]"),
            ("s3cr3t value", "s3cr3t value"),
        ] {
            assert_eq!(mask(&registry, text), expected);
        }
        assert!(registry.know("short").is_none() && registry.know("  six  ").is_none());
        assert!(registry.know(&"x".repeat(LONGEST + 1)).is_none());
    }

    #[test]
    fn a_value_is_masked_while_somebody_holds_it_however_many_come_and_go() {
        let registry = Registry::default();
        let (one, two) = (registry.know("held-by-two").unwrap(), registry.know("held-by-two").unwrap());
        let forget = |key: Key| registry.forget(&key);
        forget(one);
        for number in 0..1000 {
            forget(registry.know(&format!("comes-and-goes-{number}")).unwrap());
        }
        assert_eq!(mask(&registry, "held-by-two"), MASK);
        assert!(registry.values.read().unwrap().len() <= FRESH + 1, "what nobody holds goes");
        forget(two);
        for number in 0..FRESH {
            forget(registry.know(&format!("comes-and-goes-{number}")).unwrap());
        }
        assert_eq!(mask(&registry, "held-by-two"), "held-by-two");
        assert!(registry.automata.read().unwrap().len() <= FRESH);
    }

    #[test]
    fn a_value_that_comes_back_is_masked_again() {
        let registry = Registry::default();
        for _ in 0..3 {
            let known = registry.know("there-and-back").unwrap();
            assert_eq!(mask(&registry, "there-and-back"), MASK);
            registry.forget(&known);
        }
        assert_eq!(registry.automata.read().unwrap().len(), 1, "it was never put in twice");
    }

    #[test]
    fn a_caller_takes_nothing_out_of_what_others_are_told() {
        let secrets = Secrets::of(&["a-word-of-the-caller".into(), "short".into()]);
        let text = "short a-word-of-the-caller";
        assert_eq!(secrets.mask(text), "short [secret]");
        assert_eq!(super::mask(text), text);
        assert_eq!(mask_all(text), "short [secret]", "the log is for neither");
        let known = reading(|| know("another-of-theirs"));
        assert_eq!(
            (super::mask("another-of-theirs"), mask_all("another-of-theirs")),
            ("another-of-theirs".into(), MASK.into())
        );
        drop(known);
    }
}
