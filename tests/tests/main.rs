//! All integration tests in one binary, a module for each part of the product.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test binary has no users")]

mod access;
mod cli;
mod confirm;
mod faults;
mod models;
mod pipeline;
mod protocol;
mod reliability;
mod schema;
mod security;
mod support;
mod tasks;
mod ui;
mod versions;
