//! Every value that is known to be a secret.
//!
//! Process-wide, as the log and the panic hook are, and in two parts: the server's own secrets are masked everywhere, those
//! of callers only in the log and, by [`Secrets`], in what comes of their own calls, their lines of the log included.
//! Otherwise a caller could take words out of the answers to others by calling them a secret. For the same reason what is
//! short of callers' is not masked in other lines of the log, and one caller's and one tenant's take a part of the room.
//! Invariant: a value is masked from when it is made known until the last [`Known`] of it is dropped, and for some time
//! after. Searching costs a pass over the text for each automaton, of which there are few: new values get one of their own,
//! and are taken into the common one when enough came together. Automata are made outside the locks, and never as tables,
//! which take a kilobyte for each byte of a secret. Without any secret it costs one atomic load.

mod search;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    cell::Cell,
    collections::HashMap,
    fmt,
    sync::{
        Arc, LazyLock, Mutex, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use aho_corasick::AhoCorasick;
use sha2::{Digest as _, Sha256};
use tracing::Span;
use tracing_subscriber::{Registry as Spans, registry::LookupSpan as _};
use zeroize::Zeroizing;

use self::search::{automaton, masked_by};
use super::{MASK, encodings};

/// How many values are known at most, and how many bytes of them.
const MOST: usize = 10_000;
const BYTES: usize = 1024 * 1024;
/// The same of callers, who are not to decide how much memory is taken.
const BYTES_OF_CALLERS: usize = 256 * 1024;
/// Which part of both one caller may take, and which all of one tenant.
const SHARE_OF_CALLER: usize = 4;
const SHARE_OF_TENANT: usize = 2;

/// What is shorter of a caller's is masked in what comes of the call alone: it could be a word of anybody's.
const LEAST_OF_CALLERS: usize = 8;

/// How long a value may be in bytes.
const LONGEST: usize = 64 * 1024;

/// How many automata of single values there are before they become one.
const FRESH: usize = 16;

/// The server's own.
static OURS: LazyLock<Registry> = LazyLock::new(|| Registry::of(encodings::LEAST, BYTES));

/// Those of the callers whose calls run.
static THEIRS: LazyLock<Registry> = LazyLock::new(|| Registry::of(LEAST_OF_CALLERS, BYTES_OF_CALLERS));

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
pub(crate) struct Secrets(Vec<Arc<OfCall>>);

struct OfCall {
    _known: Vec<Known>,
    found_by: Arc<AhoCorasick>,
    /// They are known to the whole process, as far as they are long enough for that.
    fitted: bool,
}

/// What was made known.
struct Learned {
    found_by: Arc<AhoCorasick>,
    keys: Vec<Key>,
    /// There was room for all of them.
    fitted: bool,
}

/// What is masked in one line of the log.
pub(crate) struct OfLine {
    ours: Vec<Arc<AhoCorasick>>,
    all: Vec<Arc<AhoCorasick>>,
}

/// A secret, without it.
type Key = [u8; 32];

/// A tenant, and a caller of it.
type By<'a> = [&'a Arc<str>; 2];

/// Makes a value known; none where it is too short or too long to be searched for, or there are too many. It is the
/// server's own, unless arguments are read.
pub(crate) fn know(secret: &str) -> Option<Known> {
    let registry: &'static Registry = if READING.get() { &THEIRS } else { &OURS };
    let key = match registry.again(secret) {
        Some(key) => key,
        None if secret.trim().len() < registry.least => return None,
        None => *registry.know(&[secret], None)?.keys.first()?,
    };
    Some(Known { key, registry })
}

/// Reads arguments: what is secret in them is the caller's.
pub(crate) fn reading<T>(read: impl FnOnce() -> T) -> T {
    /// Also when reading panics: what this thread reads next is not the caller's.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            READING.set(self.0);
        }
    }
    let _before = Before(READING.replace(true));
    read()
}

/// The text without any secret of the server's own.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    masked_by(&OURS.automata(), text)
}

/// The text without any secret, for the log.
pub(crate) fn mask_all(text: &str) -> Cow<'_, str> {
    masked_by(&OfLine::of(&[]).all, text)
}

/// As [`mask`], of text that is no longer needed as it was.
pub(crate) fn masked(text: String) -> String {
    match mask(&text) {
        Cow::Owned(masked) => masked,
        Cow::Borrowed(_) => text,
    }
}

impl OfLine {
    /// Of one that was written in these calls.
    pub(crate) fn of(calls: &[Secrets]) -> Self {
        let ours = OURS.automata();
        let theirs = calls.iter().flat_map(Secrets::automata).chain(THEIRS.automata());
        Self { all: ours.iter().cloned().chain(theirs).collect(), ours }
    }

    /// What may be a word of anybody's, without any secret.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        masked_by(&self.all, text)
    }

    /// What no caller takes a word out of, without the server's own.
    pub(crate) fn mask_ours<'a>(&self, text: &'a str) -> Cow<'a, str> {
        masked_by(&self.ours, text)
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
    /// Those of a call of `caller` ([`Caller::key`](crate::caller::Caller::key)) of a tenant, by what they are.
    pub(crate) fn of(tenant: &Arc<str>, caller: &Arc<str>, texts: &[Cow<'_, str>]) -> Self {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let Some(Learned { found_by, keys, fitted }) = THEIRS.know(&texts, Some([tenant, caller])) else {
            return Self::default();
        };
        let known = keys.into_iter().map(|key| Known { key, registry: &THEIRS }).collect();
        Self(vec![Arc::new(OfCall { _known: known, found_by, fitted })])
    }

    /// Whether they are masked in all lines of the log, and not only in what comes of the call: there was room for them.
    pub(crate) fn are_masked_everywhere(&self) -> bool {
        self.0.iter().all(|of_call| of_call.fitted)
    }

    /// These and those.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Masks these, however short, in the log of what runs in a span.
    pub(crate) fn mask_in(&self, span: &Span) {
        if self.is_empty() {
            return;
        }
        span.with_subscriber(|(id, subscriber)| {
            // Another subscriber's log is not masked.
            if let Some(span) = subscriber.downcast_ref::<Spans>().and_then(|spans| spans.span(id)) {
                span.extensions_mut().replace(self.clone());
            }
        });
    }

    /// There are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is anything to look for: these, or secrets of the server's own.
    pub(crate) fn mask_anything(&self) -> bool {
        !self.is_empty() || OURS.searched.load(Ordering::Acquire) > 0
    }

    /// The text without these, and without any secret of the server's own.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut automata = OURS.automata();
        automata.extend(self.automata());
        masked_by(&automata, text)
    }

    fn automata(&self) -> impl Iterator<Item = Arc<AhoCorasick>> {
        self.0.iter().map(|of_call| Arc::clone(&of_call.found_by))
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

struct Registry {
    /// How many bytes a value has at least.
    least: usize,
    /// How many bytes of values it takes.
    bytes: usize,
    /// How many automata there are; what is zero needs no lock.
    searched: AtomicUsize,
    automata: RwLock<Vec<Arc<AhoCorasick>>>,
    values: RwLock<Values>,
    /// Held by whoever makes the common automaton.
    joining: Mutex<()>,
    overflowed: AtomicBool,
}

#[derive(Default)]
struct Values {
    by_key: HashMap<Key, Value>,
    /// How long they are together.
    bytes: usize,
    /// How many each tenant made known, and each caller, and how long they are together.
    shares: [HashMap<Arc<str>, (usize, usize)>; 2],
}

struct Value {
    /// How many hold it.
    held: usize,
    bytes: usize,
    forms: Forms,
    /// The tenant and the caller who made it known first.
    by: Option<[Arc<str>; 2]>,
}

type Forms = Arc<Vec<Zeroizing<String>>>;

impl Values {
    /// Only what somebody holds is left.
    fn sweep(&mut self) {
        self.by_key.retain(|_, value| value.held > 0);
        let left = std::mem::take(&mut self.by_key);
        (self.bytes, self.shares) = (0, Default::default());
        for (key, value) in left {
            self.put(key, value);
        }
    }

    fn put(&mut self, key: Key, value: Value) {
        self.bytes += value.bytes;
        for (shares, by) in self.shares.iter_mut().zip(value.by.iter().flatten()) {
            let (count, bytes) = shares.entry(Arc::clone(by)).or_default();
            (*count, *bytes) = (*count + 1, *bytes + value.bytes);
        }
        self.by_key.insert(key, value);
    }

    /// Whether there is room for so many values of so many bytes, among `most` and in the parts of a tenant and a caller.
    fn fits(&self, (count, bytes): (usize, usize), by: Option<By<'_>>, most: usize) -> bool {
        let shares = self.shares.iter().zip([SHARE_OF_TENANT, SHARE_OF_CALLER]);
        let in_parts = shares.zip(by.into_iter().flatten()).all(|((shares, part), by)| {
            let (counted, taken) = shares.get(by).copied().unwrap_or_default();
            counted + count <= MOST / part && taken + bytes <= most / part
        });
        in_parts && self.by_key.len() + count <= MOST && self.bytes + bytes <= most
    }
}

impl Registry {
    fn of(least: usize, bytes: usize) -> Self {
        Self {
            least,
            bytes,
            searched: AtomicUsize::new(0),
            automata: RwLock::default(),
            values: RwLock::default(),
            joining: Mutex::default(),
            overflowed: AtomicBool::new(false),
        }
    }

    fn values(&self) -> RwLockWriteGuard<'_, Values> {
        self.values.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a value once more that is known already.
    fn again(&self, secret: &str) -> Option<Key> {
        if !is_searched(secret) {
            return None;
        }
        let key = Key::from(Sha256::digest(secret));
        self.values().by_key.get_mut(&key)?.held += 1;
        Some(key)
    }

    /// Makes values known, and gives what finds all of them. Those that are too short for this registry, and those for which
    /// there is no room, have no key. None where no value can be searched for.
    fn know(&self, secrets: &[&str], by: Option<By<'_>>) -> Option<Learned> {
        let searched = secrets.iter().filter(|secret| is_searched(secret));
        let forms: Vec<(&str, Forms)> = searched.map(|secret| (*secret, Arc::new(encodings::all(secret)))).collect();
        if forms.is_empty() {
            return None;
        }
        let of = |forms: &[(&str, Forms)]| automaton(forms.iter().flat_map(|(_, forms)| forms.iter()));
        let found_by = of(&forms)?;
        let all = forms.len();
        let known: Vec<(&str, Forms)> =
            forms.into_iter().filter(|(secret, _)| secret.trim().len() >= self.least).collect();
        let known_by = if known.len() == all { Arc::clone(&found_by) } else { of(&known)? };
        let mut keys = Vec::with_capacity(known.len());
        let mut new = Vec::new();
        let mut values = self.values();
        for (secret, forms) in known {
            let key = Key::from(Sha256::digest(secret));
            if let Some(value) = values.by_key.get_mut(&key) {
                value.held += 1;
                keys.push(key);
            } else {
                new.push((key, Value { held: 1, bytes: secret.len(), forms, by: by.map(|by| by.map(Arc::clone)) }));
            }
        }
        // All of them or none: what finds them finds them together.
        let room = (new.len(), new.iter().map(|(_, value)| value.bytes).sum());
        if !values.fits(room, by, self.bytes) {
            values.sweep();
        }
        let is_full = !values.fits(room, by, self.bytes);
        let is_new = !new.is_empty() && !is_full;
        if is_new {
            for (key, value) in new {
                values.put(key, value);
                keys.push(key);
            }
            // Under the lock of the values, so that whoever takes them into the common automaton finds this one, too.
            let mut automata = self.automata.write().unwrap_or_else(PoisonError::into_inner);
            automata.push(known_by);
            self.searched.store(automata.len(), Ordering::Release);
        }
        drop(values);
        if is_new {
            self.join();
        }
        // The warning goes through the registry itself.
        if is_full && !self.overflowed.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{MOST} secrets or {} bytes of them are known, or a caller has a quarter of that: further ones of the \
                 server are not masked, and calls with further ones are refused",
                self.bytes
            );
        }
        Some(Learned { found_by, keys, fitted: !is_full })
    }

    /// Makes one automaton of those that there are, where they are many. Others search by those of before meanwhile.
    fn join(&self) {
        let _joining = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        let (forms, before) = {
            let mut values = self.values();
            let before = self.automata();
            if before.len() <= FRESH {
                return;
            }
            values.sweep();
            let forms: Vec<Forms> = values.by_key.values().map(|value| Arc::clone(&value.forms)).collect();
            (forms, before)
        };
        let together = if forms.is_empty() { None } else { automaton(forms.iter().flat_map(|forms| forms.iter())) };
        let mut automata = self.automata.write().unwrap_or_else(PoisonError::into_inner);
        let since = automata.iter().filter(|one| !before.iter().any(|other| Arc::ptr_eq(one, other)));
        *automata = together.into_iter().chain(since.cloned()).collect();
        self.searched.store(automata.len(), Ordering::Release);
    }

    /// It stays in its automaton until that is made anew, and is found there again.
    fn forget(&self, key: &Key) {
        if let Some(value) = self.values().by_key.get_mut(key) {
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
pub(super) fn is_searched(secret: &str) -> bool {
    secret.trim().len() >= encodings::LEAST && secret.len() <= LONGEST
}
