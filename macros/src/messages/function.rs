//! About the function and its parameters.

use quote::ToTokens as _;
use syn::Type;

use super::{Message, message};

pub(crate) fn not_a_function() -> Message {
    message("`#[mcp_tool(..)]` stands on a function", "put it on a free `fn` or `async fn`")
}

pub(crate) fn generic() -> Message {
    message(
        "a tool can't be generic: its schemas are published once",
        "write the types out, or call a generic function from here",
    )
}

pub(crate) fn unsafe_function() -> Message {
    message("a tool can't be `unsafe`: anybody may call it", "remove `unsafe`")
}

pub(crate) fn extern_function() -> Message {
    message("a tool can't have an ABI of its own", "remove `extern`")
}

pub(crate) fn variadic() -> Message {
    message("a tool can't be variadic", "take a `Vec<T>`")
}

pub(crate) fn impl_result() -> Message {
    message("a tool can't return an `impl Trait`: its schema is its type's", "name the type")
}

pub(crate) fn receiver() -> Message {
    message("a tool is not a method", "move the function out of the `impl`, and take what it needs as `State<T>`")
}

pub(crate) fn conditional_parameter() -> Message {
    message("a parameter can't depend on `cfg`: neither can a contract", "put `cfg` on two versions of the function")
}

pub(crate) fn impl_parameter() -> Message {
    message("an argument can't be an `impl Trait`: its schema is its type's", "name the type, such as `String`")
}

pub(crate) fn no_inner_type(kind: &str) -> Message {
    message(format!("`{kind}` does not say of what"), format!("write `{kind}<T>`"))
}

pub(crate) fn misplaced_arg(kind: &str) -> Message {
    let help = match kind {
        "Args" => "remove it, and put constraints on the fields of the struct, as in `#[schemars(range(min = 1))]`",
        _ => "remove it",
    };
    message(format!("`#[arg(..)]` is for arguments of the call, and `{kind}` is none"), help)
}

pub(crate) fn reference(ty: &Type, owned: &str) -> Message {
    let ty = ty.to_token_stream().to_string().replace("& ", "&").replace("< ", "<").replace(" >", ">");
    message(format!("an argument can't be borrowed: `{ty}`"), format!("take `{}`", owned.replace(" ", "")))
}

pub(crate) fn inner_reference() -> Message {
    message("an argument can't be borrowed", "take owned types: `String` for `&str`, `Vec<T>` for `&[T]`")
}

pub(crate) fn nameless() -> Message {
    message("an argument needs a name: it is the property's", "write a name in place of `_`")
}

pub(crate) fn destructured() -> Message {
    message(
        "an argument can't be taken apart in the signature: its name is the property's",
        "write a name here, and take it apart with `let` in the body",
    )
}

pub(crate) fn two_contexts() -> Message {
    message("there is one `CallContext` for each call", "remove this parameter")
}

pub(crate) fn two_args() -> Message {
    message("`Args<T>` takes all arguments, and there are two", "join the two structs into one")
}

pub(crate) fn args_and_argument(name: &str) -> Message {
    message(
        format!("`{name}` is an argument beside `Args<T>`, which takes all of them"),
        format!("make `{name}` a field of the struct, or remove `Args<T>`"),
    )
}

pub(crate) fn doubled_header(name: &str) -> Message {
    message(
        format!("two arguments have the header `{name}` (case does not matter)"),
        "give this one another name, or remove `header`",
    )
}
