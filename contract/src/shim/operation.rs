//! The declared operations, as data, and what is wrong with one whatever the value is.

use std::fmt;

/// One declared step of a shim. Paths are dotted property names; values are JSON text.
///
/// Operations of `input` run in order on arguments, going up. Operations of `output` are written old => new as well
/// and run on results, going down: inverted, the last one first.
///
/// Where a path goes through a list, the rest of it is applied to each element. Where something on the path is absent,
/// or is neither an object nor a list, nothing changes. A property whose name has a dot in it can't be named: write a
/// typed shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `rename(a => b)`, also `rename(a.b => a.c)`: the same object, another name. Refused when both names are there.
    /// Going down: `b` becomes `a`.
    Rename {
        /// The older name.
        from: &'static str,
        /// The newer name.
        to: &'static str,
    },
    /// `default(a = 1)`: set where it is absent; `null` is not absent. The object that the property belongs to is not
    /// made: `default(a.b = 1)` changes nothing where `a` is absent. In `output` it completes the older form.
    Default {
        /// The property.
        path: &'static str,
        /// JSON text.
        value: &'static str,
    },
    /// `drop(a)`: removed. In `output` it is removed from the older form.
    Drop {
        /// The property.
        path: &'static str,
    },
    /// `set(a = 1)`: set whatever was there; where the object is absent, as for `default`.
    Set {
        /// The property.
        path: &'static str,
        /// JSON text.
        value: &'static str,
    },
    /// `move(a.b => c)`: taken from one place and put at another. Objects that the target needs are made; the object
    /// that it was taken from stays, also when it is empty now. Refused when the target is there already, except when
    /// the target is an object around the source, which then gives way with all that it has. Only the part that both
    /// paths share may go through lists. Going down: `c` is moved to `a.b`.
    Move {
        /// Where it was.
        from: &'static str,
        /// Where it is.
        to: &'static str,
    },
    /// `wrap(a)`: a value becomes a list of one; `null` stays `null`. Going down it is an `unwrap`.
    Wrap {
        /// The property.
        path: &'static str,
    },
    /// `unwrap(a)`: a list of one becomes its element; what is no list stays as it is. Arguments with another number
    /// of elements are refused, since what a caller says must not get lost. A result (as the inverse of `wrap`) is not
    /// refused: of several the first one is kept, which is a loss; an empty list is removed.
    /// Going down it is a `wrap`.
    Unwrap {
        /// The property.
        path: &'static str,
    },
    /// `map_enum(a: old => new, ..)`: text that is listed becomes its counterpart, anything else is kept. Of a list,
    /// each element is mapped. Going down: newer values become older ones; where two older values have one newer
    /// value, the first one that is listed wins.
    MapEnum {
        /// The property.
        path: &'static str,
        /// Pairs of older and newer value.
        values: &'static [(&'static str, &'static str)],
    },
}

/// As it is written in the attribute.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { from, to } => write!(f, "rename({from} => {to})"),
            Self::Default { path, value } => write!(f, "default({path} = {value})"),
            Self::Drop { path } => write!(f, "drop({path})"),
            Self::Set { path, value } => write!(f, "set({path} = {value})"),
            Self::Move { from, to } => write!(f, "move({from} => {to})"),
            Self::Wrap { path } => write!(f, "wrap({path})"),
            Self::Unwrap { path } => write!(f, "unwrap({path})"),
            Self::MapEnum { path, values } => {
                write!(f, "map_enum({path}: ")?;
                for (index, (from, to)) in values.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{from:?} => {to:?}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// An operation that can't be right, whatever the value is: an empty name in a path, a value that is no JSON, a
/// `rename` into another object, a source that is its own target, an empty `map_enum` or one with a value on its left
/// twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{operation}`: {what}")]
pub struct OperationError {
    operation: String,
    what: String,
}

impl OperationError {
    pub(super) fn new(operation: &Operation, what: impl Into<String>) -> Self {
        Self { operation: operation.to_string(), what: what.into() }
    }
}
