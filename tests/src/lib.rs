//! What the tests of this workspace share with programs outside it.

pub mod conformance;
pub mod library;
pub mod origin;

/// The README's example, so that it compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
