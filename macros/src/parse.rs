//! Tokens into what was written.
//!
//! Invariant: nothing is rejected here. What can't be read is kept as [`Value::Malformed`] or as a [`Fault`], and the
//! reader goes on after the next comma, so that `check` sees all of the attribute.

mod entry;
mod function;
mod history;

use proc_macro2::TokenStream;
use syn::parse::Parser as _;

pub(crate) use self::{
    entry::{Entries, Entry, Fault, Value},
    function::{Function, is_ours},
    history::{Major, Operands, Operation, Property, Shim},
};

/// Reads the inside of `#[mcp_tool(..)]`, or of `#[arg(..)]`.
pub(crate) fn attribute(tokens: TokenStream) -> Entries {
    entry::entries.parse2(tokens).unwrap_or_default()
}

/// Reads a function; `None` when the item is something else.
pub(crate) fn function(tokens: TokenStream) -> Option<Function> {
    syn::parse2(tokens).ok()
}
