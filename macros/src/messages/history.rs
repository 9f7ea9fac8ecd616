//! About `history(..)`.

use quote::ToTokens as _;
use syn::Lit;

use super::{Message, list, message, suggestion};
use crate::check::{Key, OPERATIONS};

pub(crate) fn empty_history() -> Message {
    message("`history` has no major", "write `history(\"1\" => { input = [rename(q => query)] })`, or remove it")
}

pub(crate) fn major_without_quotes(number: &Lit) -> Message {
    let text = number.to_token_stream().to_string();
    let major = text.split('.').next().unwrap_or(&text);
    message("a major of `history` is a string", format!("write `\"{major}\" =>`"))
}

pub(crate) fn bad_major(text: &str) -> Message {
    let digits: String =
        text.trim_start_matches(['v', 'V', '0', '+']).chars().take_while(char::is_ascii_digit).collect();
    let major = if digits.is_empty() { "1" } else { &digits };
    message(format!("`{text}` is not a major version"), format!("write the whole number alone: `\"{major}\"`"))
}

pub(crate) fn major_not_older(major: u64, current: u64) -> Message {
    message(
        format!("major {major} is not older than the tool's own, {current}"),
        "remove the entry, or raise `version`",
    )
}

pub(crate) fn doubled_major(major: u64) -> Message {
    message(format!("major {major} is in `history` twice"), "remove this entry, or join the two")
}

pub(crate) fn no_shim() -> Message {
    message(
        "the entry does not say how its calls are translated",
        "add `input = [..]`, `output = [..]` or `shim = path`",
    )
}

pub(crate) fn no_lock(tool: &str, major: u64) -> Message {
    let file = format!("contracts/{tool}/{major}.json");
    message(
        format!("there is no `{file}`, the contract that callers of major {major} were promised"),
        format!(
            "`cargo xtask contract bless` wrote it when {major} was current; get it back: `git checkout <revision> -- {file}`. \
             If major {major} was never released, delete this entry"
        ),
    )
}

pub(crate) fn two_shims() -> Message {
    message("`shim` can't stand beside `input` and `output`", "remove `shim`, or do all of it in the type")
}

pub(crate) fn bad_date(text: &str, key: &Key) -> Message {
    let wrong = match text.get(..4).and_then(|year| year.parse::<u16>().ok()) {
        Some(..1970) if text.len() == "1970-01-01".len() => "is before 1970, where the dates of a contract begin",
        _ => "is not a date of the calendar",
    };
    message(format!("`{text}` {wrong}"), format!("write `YYYY-MM-DD`, as in `{}`", key.example))
}

pub(crate) fn sunset_before_deprecated(deprecated: &str) -> Message {
    message("`sunset` is not after `deprecated`", format!("write a date after {deprecated}"))
}

pub(crate) fn unknown_operation(name: &str) -> Message {
    let known = || OPERATIONS.iter().map(|(name, _)| *name);
    let help = suggestion(name, known()).unwrap_or_else(|| format!("the operations are {}", list(known())));
    message(format!("unknown operation `{name}`"), help)
}

pub(crate) fn bad_operands(name: &str, example: &str) -> Message {
    message(format!("`{name}` is written another way"), format!("write `{example}`"))
}

pub(crate) fn not_a_json_literal(example: &str) -> Message {
    message(
        "the value is not a literal: text, a number, `true`, `false`, `null` or a list of these",
        format!("write it as in `{example}`"),
    )
}

pub(crate) fn bad_property(text: &str) -> Message {
    message(format!("`{text}` is not a property"), "write its name, or a path of names: `filter.state`")
}
