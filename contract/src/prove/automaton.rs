//! Regular languages: whether a text is in all of some and in none of others.
//!
//! Patterns are compiled to deterministic automata over UTF-8 and walked side by side, so nothing depends on how a
//! pattern is written. Sizes are bounded; a pattern that would take more is not compiled.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use regex_automata::{
    Anchored, Input,
    dfa::{Automaton as _, dense},
    util::{primitives::StateID, start, syntax},
};

/// Memory of one automaton, in bytes.
const SIZE: usize = 4 << 20;

/// States of a product that are visited before it is given up.
const STATES: usize = 60_000;

/// A pattern, compiled.
#[derive(Debug)]
pub(super) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Automaton {
    /// Compiles a pattern in the syntax of the `regex` crate.
    pub(super) fn new(regex: &str) -> Option<Self> {
        let config = dense::Config::new()
            .start_kind(regex_automata::dfa::StartKind::Unanchored)
            .match_kind(regex_automata::MatchKind::All)
            .dfa_size_limit(Some(SIZE))
            .determinize_size_limit(Some(SIZE));
        let thompson = regex_automata::nfa::thompson::Config::new().nfa_size_limit(Some(SIZE));
        let dfa = dense::Builder::new()
            .configure(config)
            .thompson(thompson)
            .syntax(syntax::Config::new().nest_limit(100))
            .build(regex)
            .ok()?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
        Some(Self { dfa, start })
    }

    /// Whether the pattern matches somewhere in the text.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        self.dfa.try_search_fwd(&Input::new(text)).ok().map(|found| found.is_some())
    }
}

/// Languages to be in and languages not to be in, with bounds on length and texts that are excluded.
pub(super) struct Languages {
    automata: Vec<(Arc<Automaton>, bool)>,
    least: u64,
    most: Option<u64>,
    except: Trie,
}

/// What came of walking a product.
pub(super) enum Outcome {
    /// This text was taken.
    Accepted(String),
    /// Every text of the product was offered, or one for each state where there are infinitely many.
    Nothing,
    /// The walk was ended early.
    GivenUp,
}

/// A place in the product.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    /// None once the pattern has matched: what follows does not matter.
    states: Vec<Option<StateID>>,
    utf8: u8,
    length: u64,
    /// None once the text differs from every excluded one.
    except: Option<usize>,
}

impl Languages {
    pub(super) fn new(least: u64, most: Option<u64>, except: &[String]) -> Self {
        Self { automata: Vec::new(), least, most, except: Trie::new(except) }
    }

    pub(super) fn add(&mut self, automaton: Arc<Automaton>, wanted: bool) {
        self.automata.push((automaton, wanted));
    }

    /// No pattern is asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.automata.is_empty()
    }

    /// Offers texts of the product, the shortest first: at least one whenever there is one. `take` answers `Some(true)`
    /// to end with a text and `Some(false)` to end without one.
    /// Each place that is visited is taken from `left`.
    pub(super) fn explore(
        &self,
        counted: u64,
        left: &mut usize,
        mut take: impl FnMut(&str) -> Option<bool>,
    ) -> Outcome {
        let bytes = self.bytes();
        // Lengths count up to where they stop to matter.
        let cap = self.most.map_or(self.least, |most| most + 1);
        if cap > counted {
            return Outcome::GivenUp;
        }
        let start = Place {
            states: self.automata.iter().map(|(automaton, _)| Some(automaton.start)).collect(),
            utf8: 0,
            length: 0,
            except: Some(0),
        };
        // Each place with the byte that led there and the place before it.
        let mut places: Vec<(Place, u8, usize)> = vec![(start.clone(), 0, usize::MAX)];
        let mut seen: HashMap<Place, u8> = HashMap::from([(start, 1)]);
        let mut waiting = VecDeque::from([0]);
        while let Some(at) = waiting.pop_front() {
            let Some(here) = places.get(at).map(|(place, ..)| place.clone()) else { continue };
            match self.accepts(&here) {
                Some(true) => match take(&text(&places, at)) {
                    Some(true) => return Outcome::Accepted(text(&places, at)),
                    Some(false) => return Outcome::GivenUp,
                    None => {}
                },
                Some(false) => {}
                None => return Outcome::GivenUp,
            }
            for byte in &bytes {
                match self.step(&here, *byte, cap) {
                    Ok(Some(next)) => {
                        // Two ways to each place, so that there is more than one text to try.
                        let ways = seen.entry(next.clone()).or_default();
                        if *ways < 2 {
                            *ways += 1;
                            places.push((next, *byte, at));
                            waiting.push_back(places.len() - 1);
                        }
                    }
                    Ok(None) => {}
                    Err(()) => return Outcome::GivenUp,
                }
            }
            // A place of many automata costs more than one of few.
            *left = left.saturating_sub(1 + self.automata.len() / 4);
            if places.len() > STATES || *left == 0 {
                return Outcome::GivenUp;
            }
        }
        Outcome::Nothing
    }

    /// Whether a text may end here; none when an automaton gives up.
    fn accepts(&self, place: &Place) -> Option<bool> {
        if place.utf8 != 0 || place.length < self.least || self.most.is_some_and(|most| place.length > most) {
            return Some(false);
        }
        if place.except.is_some_and(|node| self.except.nodes[node].ends) {
            return Some(false);
        }
        for ((automaton, wanted), state) in self.automata.iter().zip(&place.states) {
            let matched = match state {
                None => true,
                Some(state) => {
                    let end = automaton.dfa.next_eoi_state(*state);
                    if automaton.dfa.is_quit_state(end) {
                        return None;
                    }
                    automaton.dfa.is_match_state(end)
                }
            };
            if matched != *wanted {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Where a byte leads; nowhere when no text that goes on from there is in the product.
    fn step(&self, from: &Place, byte: u8, cap: u64) -> Result<Option<Place>, ()> {
        let Some(utf8) = utf8_step(from.utf8, byte) else { return Ok(None) };
        let length = if from.utf8 == 0 { (from.length + 1).min(cap) } else { from.length };
        if self.most.is_some_and(|most| length > most) {
            return Ok(None);
        }
        let mut states = Vec::with_capacity(from.states.len());
        for ((automaton, wanted), state) in self.automata.iter().zip(&from.states) {
            let Some(state) = state else {
                states.push(None);
                continue;
            };
            let next = automaton.dfa.next_state(*state, byte);
            if automaton.dfa.is_quit_state(next) {
                return Err(());
            }
            let matched = automaton.dfa.is_match_state(next);
            if (matched && !wanted) || (automaton.dfa.is_dead_state(next) && *wanted) {
                return Ok(None);
            }
            states.push((!matched).then_some(next));
        }
        let except = from.except.and_then(|node| self.except.nodes[node].next.get(&byte).copied());
        Ok(Some(Place { states, utf8, length, except }))
    }

    /// One byte of each class that all automata agree on, pleasant ones first.
    fn bytes(&self) -> Vec<u8> {
        let mut order: Vec<u8> = (0..=255).collect();
        order.sort_by_key(|byte| match byte {
            b'a'..=b'z' => 0,
            b'0'..=b'9' => 1,
            b'A'..=b'Z' => 2,
            b'-' | b'_' | b'.' | b' ' => 3,
            0x21..=0x7e => 4,
            _ => 5,
        });
        let mut seen = HashSet::new();
        order.retain(|byte| {
            let classes = self.automata.iter().map(|(automaton, _)| automaton.dfa.byte_classes().get(*byte));
            let mut key: Vec<u8> = classes.collect();
            key.extend((0..8).map(|state| utf8_step(state, *byte).unwrap_or(u8::MAX)));
            let excluded = self.except.bytes.contains(byte).then_some(*byte);
            seen.insert((key, excluded))
        });
        order
    }
}

/// The text that leads to a place.
fn text(places: &[(Place, u8, usize)], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while let Some((_, byte, before)) = places.get(at).filter(|(.., before)| *before != usize::MAX) {
        bytes.push(*byte);
        at = *before;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// UTF-8 (RFC 3629, section 4): 0 is between characters, others are inside of one.
fn utf8_step(state: u8, byte: u8) -> Option<u8> {
    match (state, byte) {
        (0, 0x00..=0x7f) | (1, 0x80..=0xbf) => Some(0),
        (0, 0xc2..=0xdf) | (2, 0x80..=0xbf) | (4, 0xa0..=0xbf) | (5, 0x80..=0x9f) => Some(1),
        (0, 0xe1..=0xec | 0xee..=0xef) | (3, 0x80..=0xbf) | (6, 0x90..=0xbf) | (7, 0x80..=0x8f) => Some(2),
        (0, 0xe0) => Some(4),
        (0, 0xed) => Some(5),
        (0, 0xf0) => Some(6),
        (0, 0xf1..=0xf3) => Some(3),
        (0, 0xf4) => Some(7),
        _ => None,
    }
}

/// Excluded texts, by their bytes.
struct Trie {
    nodes: Vec<TrieNode>,
    bytes: HashSet<u8>,
}

#[derive(Default)]
struct TrieNode {
    ends: bool,
    next: HashMap<u8, usize>,
}

impl Trie {
    fn new(texts: &[String]) -> Self {
        let mut trie = Self { nodes: vec![TrieNode::default()], bytes: HashSet::new() };
        for text in texts {
            let mut at = 0;
            for byte in text.bytes() {
                let fresh = trie.nodes.len();
                let next = *trie.nodes[at].next.entry(byte).or_insert(fresh);
                if next == fresh {
                    trie.nodes.push(TrieNode::default());
                }
                trie.bytes.insert(byte);
                at = next;
            }
            trie.nodes[at].ends = true;
        }
        trie
    }
}
