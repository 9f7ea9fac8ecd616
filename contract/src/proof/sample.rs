//! The instances that a proof goes through.

use serde_json::Value;

use crate::{Document, generate::Generator};

/// Failures in a row after which no more instances are asked for.
const PATIENCE: u32 = 3;

/// Which instances: independent streams for one seed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lane {
    Up = 1,
    Down = 2,
    DispatchOld = 3,
    DispatchNew = 4,
    Lossy = 5,
}

/// How many instances there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tried {
    made: u32,
    wanted: u32,
}

impl Tried {
    /// Too few to say anything: less than half of what was asked for.
    pub(super) fn too_few(self) -> bool {
        self.made < self.wanted.div_ceil(2)
    }

    pub(super) fn said(self) -> String {
        format!("only {} of {} instances could be made", self.made, self.wanted)
    }
}

/// Calls `look` with instances of the document until it returns something, or there were enough.
pub(super) fn each<T>(
    document: &Document,
    (seed, lane, major): (u64, Lane, u64),
    cases: u32,
    mut look: impl FnMut(Value) -> Option<T>,
) -> (Tried, Option<T>) {
    let seed = seed ^ major.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((lane as u64) << 56);
    let mut generator = Generator::new(document, seed).declared_only();
    let (mut made, mut misses) = (0, 0);
    while made < cases && misses < PATIENCE {
        match generator.instance() {
            Some(instance) => {
                (made, misses) = (made + 1, 0);
                if let Some(found) = look(instance) {
                    return (Tried { made, wanted: made }, Some(found));
                }
            }
            None => misses += 1,
        }
    }
    (Tried { made, wanted: cases }, None)
}
