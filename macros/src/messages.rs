//! The wording of every diagnostic: what is wrong, then `help:` with what to write instead.
//!
//! Invariant: a message can't be made without its help. This module decides nothing; where a message names a
//! replacement, that replacement compiles.

pub(crate) mod argument;
pub(crate) mod attribute;
pub(crate) mod function;
pub(crate) mod history;
pub(crate) mod reliability;

use std::fmt;

use crate::check::{Key, Place};

/// What is wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Message {
    what: String,
    help: String,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhelp: {}", self.what, self.help)
    }
}

fn message(what: impl Into<String>, help: impl Into<String>) -> Message {
    Message { what: what.into(), help: help.into() }
}

pub(crate) fn no_key(place: &Place) -> Message {
    message(format!("expected a key of {}", place.name), format!("the keys are {}", list(names(place))))
}

pub(crate) fn no_comma() -> Message {
    message("expected a comma", "write `,` between the two")
}

pub(crate) fn unknown_key(name: &str, place: &Place) -> Message {
    let help = suggestion(name, names(place)).unwrap_or_else(|| format!("the keys are {}", list(names(place))));
    message(format!("unknown key `{name}` in {}", place.name), help)
}

pub(crate) fn doubled_key(name: &str) -> Message {
    message(format!("`{name}` is given twice"), format!("the first `{name}` counts: remove this one"))
}

pub(crate) fn wrong_type(key: &Key) -> Message {
    message(format!("`{}` takes {}", key.name, key.takes), format!("write `{}`", key.example))
}

pub(crate) fn malformed(key: &Key) -> Message {
    message(
        format!("the value of `{}` can't be read: it takes {}", key.name, key.takes),
        format!("write `{}`", key.example),
    )
}

pub(crate) fn blank(key: &Key) -> Message {
    message(format!("`{}` is blank", key.name), format!("say something, as in `{}`, or leave it out", key.example))
}

pub(crate) fn doubled_element(element: &str, key: &Key) -> Message {
    message(format!("`{element}` is in `{}` twice", key.name), format!("remove this `\"{element}\"`"))
}

pub(crate) fn duration_without_unit(key: &Key, number: &str) -> Message {
    message(
        "a duration needs a unit: `ms`, `s`, `m` or `h`",
        format!("write `{key} = \"{number}s\"` or `{key} = \"{number}ms\"`", key = key.name),
    )
}

pub(crate) fn bad_duration(text: &str, key: &Key) -> Message {
    message(
        format!("`{text}` is not a duration"),
        format!("write a whole number and `ms`, `s`, `m` or `h`, as in `{}`", key.example),
    )
}

pub(crate) fn no_duration(key: &Key) -> Message {
    message(format!("`{}` is zero", key.name), format!("write a longer one, as in `{}`, or leave it out", key.example))
}

pub(crate) fn long_duration(key: &Key) -> Message {
    message(
        format!("`{}` is longer than 24 hours", key.name),
        format!("write `{} = \"24h\"`, or leave it out", key.name),
    )
}

fn names(place: &Place) -> impl Iterator<Item = &'static str> {
    place.keys.iter().map(|key| key.name)
}

/// "did you mean `x`?", where something is near enough to be meant.
fn suggestion<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(|known| format!("did you mean `{known}`?"))
}

/// What is near enough to be meant.
pub(crate) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = (written.chars().count() / 3).max(1);
    known
        .map(|known| (strsim::damerau_levenshtein(&written.to_lowercase(), known), known))
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// "`a`, `b` and `c`"
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
