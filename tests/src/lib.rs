//! What the tests of this workspace share with programs outside it.

pub mod conformance;
