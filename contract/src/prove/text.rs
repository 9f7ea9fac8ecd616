//! Texts: patterns as automata, formats, and the search for a text that has all of what is asked.
//!
//! Formats are predicates of the `jsonschema` crate. For proofs each has a regular language around it; for instances,
//! samples. That no text is there is only said by the automata.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    automaton::{Automaton, Languages, Outcome},
    format::{self, Shape},
    search::{Any, Found},
};
use crate::schema::{self, Dialect};

/// How many texts of the language are tried where only a predicate can tell.
const TRIES: usize = 48;

/// The longest text that is written down.
const LONGEST: u64 = 200_000;

/// How long a text is in the product of automata; beyond it the languages are not explored.
const COUNTED: u64 = 5_000;

/// How many places in products of automata are visited for one question.
const PLACES: usize = 150_000;

/// Compiled patterns and formats.
#[derive(Debug, Default)]
pub(super) struct Texts {
    left: usize,
    automata: HashMap<Arc<str>, Option<Arc<Automaton>>>,
    validators: HashMap<String, Option<Arc<jsonschema::Validator>>>,
}

/// What is asked of a text.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Characters.
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) patterns: BTreeMap<Arc<str>, bool>,
    pub(super) formats: BTreeMap<Arc<str>, bool>,
    /// None of these.
    pub(super) except: Vec<String>,
}

impl Texts {
    /// A new question begins.
    pub(super) fn refill(&mut self) {
        self.left = PLACES;
    }

    /// Whether a pattern matches somewhere in the text; none when it can't be told.
    pub(super) fn matches(&mut self, pattern: &Arc<str>, text: &str) -> Option<bool> {
        match self.automaton(pattern) {
            Some(automaton) => automaton.matches(text),
            None => {
                let validator = self.validator("pattern", pattern)?;
                // A match that was given up is neither.
                let (value, error) = (Value::String(text.to_owned()), "backtrack");
                match validator.validate(&value) {
                    Ok(()) => Some(true),
                    Err(found) if found.to_string().to_lowercase().contains(error) => None,
                    Err(_) => Some(false),
                }
            }
        }
    }

    /// Whether the text has the format; none where that can't be told.
    pub(super) fn has_format(&mut self, format: &str, text: &str) -> Option<bool> {
        if !format::is_checked(format) {
            return None;
        }
        let validator = self.validator("format", format)?;
        Some(validator.is_valid(&Value::String(text.to_owned())))
    }

    fn validator(&mut self, keyword: &str, argument: &str) -> Option<Arc<jsonschema::Validator>> {
        let build = || schema::build(&json!({ keyword: argument }), Dialect::Draft202012).map(Arc::new);
        self.validators.entry(format!("{keyword}:{argument}")).or_insert_with(build).clone()
    }

    fn automaton(&mut self, pattern: &Arc<str>) -> Option<Arc<Automaton>> {
        if let Some(known) = self.automata.get(pattern) {
            return known.clone();
        }
        let translated = jsonschema_regex::to_rust_regex(pattern).ok();
        let automaton = translated.and_then(|regex| Automaton::new(&regex)).map(Arc::new);
        self.automata.insert(Arc::clone(pattern), automaton.clone());
        automaton
    }

    /// A text with all of what is wanted that passes the check. The check says none when it can't tell.
    pub(super) fn find(&mut self, wanted: &Wanted, mut check: impl FnMut(&mut Self, &str) -> Option<bool>) -> Found {
        let mut shape = Shape::default();
        let (mut required, mut refused) = (Vec::new(), Vec::new());
        for (format, has) in &wanted.formats {
            if *has {
                shape.and(format::shape(format));
                required.push(&**format);
            } else {
                refused.push(&**format);
            }
        }
        if required.iter().any(|one| refused.iter().any(|other| format::implies(one, other))) {
            return Found::Nothing;
        }
        let least = wanted.least.max(shape.least);
        let most = wanted.most.into_iter().chain(shape.most).min();
        if most.is_some_and(|most| least > most) {
            return Found::Nothing;
        }
        let mut any = Any::default();
        let mut languages = Languages::new(least, most, &wanted.except);
        let mut patterns: Vec<(Arc<str>, bool)> =
            wanted.patterns.iter().map(|(p, wanted)| (p.clone(), *wanted)).collect();
        patterns.extend(shape.regexes.iter().map(|regex| (Arc::from(*regex), true)));
        for (pattern, wanted) in &patterns {
            match self.automaton(pattern) {
                Some(automaton) => languages.add(automaton, *wanted),
                None => any.unknown(format!("the pattern {pattern:?} can't be reasoned about")),
            }
        }
        for sample in format::samples(&required, &refused) {
            if check(self, &sample) == Some(true) {
                return Found::Value(Value::String(sample));
            }
        }
        if least > LONGEST {
            return Found::Unknown("the text is too long to be written down".into());
        }
        if languages.is_empty() {
            if let Some(value) = any.tried(self.of_length(least, most, wanted, &mut check)) {
                return Found::Value(value);
            }
            if required.is_empty() && refused.is_empty() {
                return any.none();
            }
        } else if least.max(most.unwrap_or(0)) > COUNTED {
            any.unknown("the text is too long to be reasoned about together with a pattern");
        }
        let mut tries = 0;
        let mut left = self.left;
        let outcome = languages.explore(COUNTED, &mut left, |text| {
            tries += 1;
            match check(self, text) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => any.unknown("it could not be told whether a text is valid"),
            }
            (tries >= TRIES).then_some(false)
        });
        self.left = left;
        match outcome {
            Outcome::Accepted(text) => return Found::Value(Value::String(text)),
            Outcome::Nothing if tries == 0 => return Found::Nothing,
            Outcome::Nothing | Outcome::GivenUp => any.unknown("no text was found that has all of what is asked"),
        }
        any.none()
    }

    /// Texts where only the length matters.
    fn of_length(
        &mut self,
        least: u64,
        most: Option<u64>,
        wanted: &Wanted,
        check: &mut impl FnMut(&mut Self, &str) -> Option<bool>,
    ) -> Found {
        let mut any = Any::default();
        let length = usize::try_from(least).unwrap_or(usize::MAX);
        let longer = usize::try_from(most.unwrap_or(least + 8).min(least + 8)).unwrap_or(usize::MAX);
        // One more text than are excluded, of as few lengths as will do.
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- .";
        for length in length..=longer {
            let fill = "a".repeat(length.saturating_sub(1));
            for letter in letters.chars() {
                let text = if length == 0 { String::new() } else { format!("{fill}{letter}") };
                if !wanted.except.contains(&text) {
                    match check(self, &text) {
                        Some(true) => return Found::Value(Value::String(text)),
                        Some(false) => {}
                        None => any.unknown("it could not be told whether a text is valid"),
                    }
                }
                if length == 0 {
                    break;
                }
            }
        }
        if least == 0 && most == Some(0) && wanted.except.iter().any(String::is_empty) {
            return Found::Nothing;
        }
        any.unknown("no text was found that has all of what is asked");
        any.none()
    }
}
