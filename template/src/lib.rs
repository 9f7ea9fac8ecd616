//! An MCP server that keeps short notes.
//!
//! [`mod@tools`] is what a model may call, [`notes`] and [`dictionary`] are what the tools work on, [`state`] hands
//! those parts to the tools. Invariant: what was promised to callers is in `contracts/`, and changes only by the rules
//! of `cargo xtask contract check`. Who may call what is in the tools' scopes, and in `policies/` where there is one.
//! Transport, validation and configuration belong to `steadfast`, not to this crate.

pub mod dictionary;
pub mod notes;
pub mod state;
pub mod tools;

use steadfast::prelude::*;

use crate::{
    state::AppState,
    tools::{add_note, define_word, delete_notes, search_notes},
};

/// The server over the notes in the data directory.
pub fn server() -> Server<AppState> {
    server_with(AppState::default())
}

/// The server over any state; tests pass one in a folder of their own.
pub fn server_with(state: AppState) -> Server<AppState> {
    Server::builder(env!("CARGO_PKG_NAME"), state)
        .version(env!("CARGO_PKG_VERSION"))
        .instructions("Keeps short notes. Search before you add, so that nothing is noted twice.")
        .tools(tools![add_note, define_word, delete_notes, search_notes])
        .contracts(contracts!())
        .policies(policies!())
        .build()
}
