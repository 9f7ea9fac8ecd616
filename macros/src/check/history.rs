//! `history(..)`: older majors, in any order, each below the current one and there once.

use super::{
    keys::{Field, Fields, MAJOR},
    lifecycle, operation, values,
};
use crate::{
    errors::Errors,
    locks::Locks,
    messages::history as messages,
    model::{History, Lifecycle, Shim},
    parse::{self, Entries, Value},
};

/// The tool that older majors are of, as far as it was right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Current<'a> {
    pub(super) name: Option<&'a str>,
    /// A lock file is kept under the name that the tool had then.
    pub(super) aliases: &'a [String],
    pub(super) major: Option<u64>,
    pub(super) locks: &'a Locks,
}

/// Checks all entries; they come back newest first.
pub(super) fn check(field: Field<'_>, current: Current<'_>, errors: &mut Errors) -> Vec<History> {
    let mut history: Vec<History> = Vec::new();
    let Value::History(majors) = field.value else {
        field.mistyped(errors);
        return history;
    };
    if majors.is_empty() {
        errors.push(field.ident.span(), messages::empty_history());
    }
    for written in majors {
        let major = major(&written.number, current.major, errors);
        let entry = match &written.shim {
            parse::Shim::Typed(path) => Some(of(Shim::Typed(path.clone()))),
            parse::Shim::Declared(entries) => declared(written, entries, errors),
        };
        let (Some(major), Some(entry)) = (major, entry) else {
            continue;
        };
        if history.iter().any(|known| known.major == major) {
            errors.push(written.number.span(), messages::doubled_major(major));
            continue;
        }
        let Some(name) = current.name else { continue };
        let names = std::iter::once(name).chain(current.aliases.iter().map(String::as_str));
        match names.filter_map(|name| current.locks.lock(name, major)).next() {
            Some(lock) => history.push(History { major, lock, ..entry }),
            None => errors.push(written.number.span(), messages::no_lock(name, major)),
        }
    }
    history.sort_by_key(|entry| std::cmp::Reverse(entry.major));
    history
}

fn of(shim: Shim) -> History {
    History { major: 0, shim, lock: String::new(), shape: true, lifecycle: Lifecycle::default(), lossy: None }
}

fn major(number: &syn::Lit, current: Option<u64>, errors: &mut Errors) -> Option<u64> {
    let syn::Lit::Str(literal) = number else {
        errors.push(number.span(), messages::major_without_quotes(number));
        return None;
    };
    let text = literal.value();
    // Neither `01` nor `+1`: the text is what callers name the major by.
    let Some(major) = text.parse::<u64>().ok().filter(|major| major.to_string() == text) else {
        errors.push(literal.span(), messages::bad_major(&text));
        return None;
    };
    if let Some(current) = current
        && major >= current
    {
        errors.push(literal.span(), messages::major_not_older(major, current));
        return None;
    }
    Some(major)
}

fn declared(written: &parse::Major, entries: &Entries, errors: &mut Errors) -> Option<History> {
    let fields = Fields::of(&MAJOR, [entries], errors);
    let mut operations = |key| fields.get(key).map(|field| operation::check(field, errors));
    let (input, output) = (operations("input"), operations("output"));
    let typed = fields.get("shim").map(|field| (field, values::path(field, errors)));
    let shim = match (typed, input, output) {
        (None, None, None) => {
            if ["input", "output", "shim"].into_iter().all(|key| fields.lacks(key)) {
                errors.push(written.number.span(), messages::no_shim());
            }
            None
        }
        (Some((field, _)), Some(_), _) | (Some((field, _)), _, Some(_)) => {
            errors.push(field.ident.span(), messages::two_shims());
            None
        }
        (Some((_, path)), None, None) => path.cloned().map(Shim::Typed),
        (None, input, output) => {
            Some(Shim::Declared { input: input.unwrap_or_default(), output: output.unwrap_or_default() })
        }
    };
    let lifecycle = lifecycle::check(&fields, errors);
    let lossy = fields.get("lossy").and_then(|field| values::text(field, errors)).map(|text| text.value);
    let shape = fields.get("shape").and_then(|field| values::flag(field, errors)).unwrap_or(true);
    Some(History { shape, lifecycle, lossy, ..of(shim?) })
}
