//! What a model may call: one file for each tool.
//!
//! Invariant: a tool is an async function that its unit tests call as it is; `#[mcp_tool]` adds a type of the same
//! name, which `tools![..]` in the crate root serves. Tools hold no state of their own.

mod add;
mod define;
mod delete;
mod search;

pub use self::{
    add::add_note,
    define::{Definition, builtin_definition, define_word},
    delete::{Deleted, delete_notes},
    search::{Page, search_notes},
};
