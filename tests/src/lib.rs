//! What the tests of this workspace share with programs outside it.

pub mod conformance;

/// The README's example, so that it compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
