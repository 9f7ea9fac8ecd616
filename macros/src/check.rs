//! What was written into a model, or into every mistake that is in it.
//!
//! Invariant: every diagnostic of this crate is raised here, at the token it is about, and checking goes on after it.
//! A value that is wrong reads as absent, and nothing that depends on it is reported in turn.
//!
//! What is not checked: anything that takes a type. Those mistakes are bounds in the generated code.

mod argument;
mod bounds;
mod date;
mod declaration;
mod function;
mod history;
mod keys;
mod lifecycle;
mod literal;
mod names;
mod number;
mod operation;
mod parameter;
mod reliability;
mod slo;
mod upstream;
mod values;

use proc_macro2::Span;
use syn::Path;

pub(crate) use self::{
    argument::FORMATS,
    keys::{Key, Place},
    names::is_server,
    number::Hundred,
    operation::OPERATIONS,
};

use crate::{
    errors::Errors,
    locks::Locks,
    messages,
    model::Tool,
    parse::{Entries, Function},
};

/// An attribute with mistakes.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// All of them.
    pub(crate) errors: Errors,
    /// Where the runtime is, as far as the attribute says.
    pub(crate) runtime: Path,
}

/// Checks an attribute and the function under it.
pub(crate) fn tool(attribute: &Entries, function: &Function, locks: &Locks) -> Result<Tool, Rejected> {
    let mut errors = Errors::default();
    let (declaration, runtime) = declaration::check(attribute, function, locks, &mut errors);
    let output = function::check(function, &mut errors);
    let parameters = parameter::check(&function.signature, &mut errors);
    match declaration {
        Some(declaration) if errors.is_empty() => Ok(Tool { runtime, declaration, parameters, output }),
        _ => Err(Rejected { errors, runtime }),
    }
}

/// The attribute stands on something else than a function.
pub(crate) fn not_a_function() -> Errors {
    let mut errors = Errors::default();
    errors.push(Span::call_site(), messages::function::not_a_function());
    errors
}
