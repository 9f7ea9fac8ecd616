//! The lock: what a server promised, written down, and the rules by which that may change.
//!
//! Files are `(path, text)` pairs with paths relative to the root of a server's package; reading and writing them is
//! the caller's. Invariants: the same source gives the same bytes; what was released (it is in the baseline, or, where
//! there is none, in the lock itself) changes by the rules or not at all; a file that can't be read is a finding,
//! never a gap. It does not compare schemas (`tool` does) and does not prove shims (`proof` does).

mod bless;
mod check;
mod date;
mod field;
mod file;
mod notes;
mod policy;
mod set;
mod surface;
mod target;
mod tombstones;
mod waiver;

pub use self::{
    bless::{Change, bless},
    check::{check, previews},
    date::{Date, NoDate},
    file::Lock,
    notes::notes,
    policy::Policy,
    set::LockSet,
    surface::Surface,
    tombstones::{EndedMajor, RetiredField, RetiredValue, Tombstones, ToolTombstone},
    waiver::{Waived, Waiver, Waivers, fingerprint},
};

#[cfg(test)]
mod tests;
