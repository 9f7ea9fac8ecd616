//! Tool contracts as values: canonical form and digests, comparison with witnesses, shims, the lock.
//!
//! Invariant: everything here is a pure function of its arguments; no clock, no network, no async, no SDK.
//! It does not serve tools and does not read files.

mod canonical;
mod compare;
mod digests;
mod finding;
pub mod generate;
mod lock;
#[cfg(test)]
mod pages;
pub mod proof;
mod prove;
mod published;
mod rule;
mod schema;
pub mod shim;
mod tool;

pub use self::{
    canonical::{canonical, digest, sorted},
    compare::{Comparison, Mode, Verdict, compare},
    digests::Digests,
    finding::{Direction, Finding, Impact, Part, Witness},
    lock::{
        Change, Date, EndedMajor, Lock, LockSet, NoDate, Policy, RetiredField, RetiredValue, Surface, Tombstones,
        ToolTombstone, Waived, Waiver, Waivers, bless, check, fingerprint, notes, previews,
    },
    prove::{Inclusion, Prover, Side},
    published::{Lifecycle, Older, Promises, Published, PublishedTool},
    rule::{Rule, UnknownRule},
    schema::{Document, SchemaError},
    tool::{ToolContract, compare_tools, needed},
};
