//! What is thrown at the server's boundaries, as functions of bytes: an entry for each, which panics when what it says of
//! itself does not hold. `fuzz/` runs them without end, the tests below for a few thousand cases.
//!
//! Invariant: an entry is a function of its bytes. It has no network, no file and no process, and time stands still, so
//! that what was found once is found again. What a server keeps is thrown away every now and then.
//!
//! Not for use by hand; it may change with any release.

#![allow(clippy::unwrap_used, reason = "a panic is how an entry says what it found")]

mod arguments;
mod configuration;
mod http_edge;
mod input;
mod meta;
mod request_state;
mod server;
mod shims;
#[cfg(test)]
mod tests;
mod text;
mod tokens;
mod urls;
mod watch;

pub use self::{
    arguments::arguments, configuration::configuration, http_edge::http_edge, meta::meta, request_state::request_state,
    shims::shims, text::text, tokens::tokens, urls::urls,
};
