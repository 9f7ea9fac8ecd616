//! A change as the walker saw it, before anybody judged it.
//!
//! Invariant: places form a tree whose root is the pair of whole schemas; a place's parent comes before it.

use serde_json::Value;

use crate::{Impact, Rule};

/// The index of a [`Place`].
pub(super) type PlaceId = usize;

/// From the instance of the parent place to the instance of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the same instance, seen by a variant.
    Same,
    /// It is the same instance, seen by a member of an `allOf`.
    Conjunct,
    /// A member.
    Member(String),
    /// An element.
    Element(usize),
    /// A member that is not declared.
    Extra,
    /// Somewhere that an instance can't be put, such as the name of a member.
    Unreachable,
}

/// A pair of schemas for the same part of an instance.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) parent: Option<(PlaceId, Step)>,
    pub(super) depth: usize,
    pub(super) old: String,
    pub(super) new: String,
    /// Other schemas that hold for the same instance: what encloses a variant.
    pub(super) around_old: Vec<String>,
    pub(super) around_new: Vec<String>,
}

/// What a rule is about, which says how it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Which instances are valid.
    Set,
    /// Which undeclared members are valid: judged with them also where other rules leave them out.
    Sealing,
    /// What valid instances mean.
    Meaning,
    /// What people and models read.
    Note,
}

/// How to make an instance of the place that shows the change.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trial {
    /// Ask the prover for one.
    Ask,
    /// Without this member.
    Without(String),
    /// With this member, of the subset side's schema at this pointer.
    With(String, String),
    /// One of these values.
    Is(Vec<Value>),
    /// With a member that nobody declared.
    Undeclared,
    /// An instance of the subset side's schema at this pointer.
    Of(String),
    /// An instance of two of the newer side's variants at once: each of the first, with any of the second.
    Twice(Vec<String>, Vec<String>),
}

/// One change.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) rule: Rule,
    pub(super) kind: Kind,
    /// By the table; what was found out about it may lower it.
    pub(super) impact: Impact,
    pub(super) shifts_model: bool,
    pub(super) place: PlaceId,
    pub(super) pointer: String,
    pub(super) old: Option<Value>,
    pub(super) new: Option<Value>,
    pub(super) trial: Trial,
    /// The member, value or keyword that sentences are about.
    pub(super) subject: String,
}
