//! About `#[arg(..)]`.

use quote::ToTokens as _;
use syn::Expr;

use super::{Message, list, message, suggestion};
use crate::check::{FORMATS, Key};

pub(crate) fn empty_arg() -> Message {
    message("`#[arg]` says nothing", "write constraints in parentheses, as in `#[arg(length(1..=200))]`, or remove it")
}

pub(crate) fn empty_items() -> Message {
    message("`items` has no constraint", "write `items(length(1..=20))`, or remove it")
}

pub(crate) fn empty_range(key: &Key) -> Message {
    message(
        format!("no value is in this `{}`", key.name),
        format!("put the smaller bound first, as in `{}`", key.example),
    )
}

pub(crate) fn endless_range(key: &Key) -> Message {
    message(format!("`{}` has no bound", key.name), format!("write one, as in `{}`, or remove it", key.example))
}

pub(crate) fn range_of_one(written: &Expr) -> Message {
    let number = written.to_token_stream();
    message("`range` takes a range", format!("write `range({number}..={number})`"))
}

pub(crate) fn bad_length(key: &Key) -> Message {
    message("a length is a whole number, written as a literal", format!("write `{}`", key.example))
}

pub(crate) fn bad_bound(key: &Key) -> Message {
    message("a bound is a number, written as a literal", format!("write `{}`", key.example))
}

pub(crate) fn large_bound() -> Message {
    message("the bound does not fit in 64 bits, and JSON carries no more", "write a nearer bound, or leave it out")
}

pub(crate) fn refused(key: &str, constraint: &str) -> Message {
    message(format!("the {key} is outside its own `{constraint}`"), format!("write a value that `{constraint}` allows"))
}

pub(crate) fn look_around() -> Message {
    message(
        "a pattern can't look around (`(?=`, `(?!`, `(?<=`, `(?<!`): it is matched in linear time",
        "write what the text is, and check the rest in the function",
    )
}

pub(crate) fn unknown_format(format: &str) -> Message {
    let known = || FORMATS.iter().copied();
    let help = suggestion(format, known()).unwrap_or_else(|| format!("the formats are {}", list(known())));
    message(format!("`{format}` is not a format of JSON Schema 2020-12"), help)
}

pub(crate) fn bad_header(name: &str) -> Message {
    message(
        format!("`{name}` can't be in the name of a header (RFC 9110, section 5.6.2)"),
        "write letters, digits and `-`, as in `header = \"Region\"`",
    )
}

pub(crate) fn default_on_option() -> Message {
    message(
        "an `Option` is `None` when the argument is absent, so its default would never be used",
        "remove `default`, or take the type without `Option`",
    )
}

pub(crate) fn public_secret(key: &str) -> Message {
    match key {
        "header" => message(
            "a `secret` can't have a `header`: headers are logged on the way",
            "remove `header`, or remove `secret`",
        ),
        _ => message(
            format!("the schema would publish the `{key}` of a `secret`"),
            format!("remove `{key}`, or remove `secret`"),
        ),
    }
}
