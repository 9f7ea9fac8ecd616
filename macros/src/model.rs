//! A tool whose attribute and signature are right.
//!
//! Invariant: every value here was checked; `expand` prints it without looking at it again. Types and expressions of
//! the author's are carried as written, since only rustc knows what they are.

use proc_macro2::Span;
use syn::{Expr, Path, Type};

/// What `expand` needs to know of a tool.
#[derive(Debug)]
pub(crate) struct Tool {
    /// `crate = path`, or `::steadfast`.
    pub(crate) runtime: Path,
    /// What the attribute says.
    pub(crate) declaration: Declaration,
    /// In the order of the signature.
    pub(crate) parameters: Vec<Parameter>,
    /// What the function returns.
    pub(crate) output: Output,
}

/// What the attribute says about a tool; the fields are those of the runtime's `Declaration`.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) effect: Effect,
    pub(crate) title: Option<String>,
    /// `None` leaves the effect's own answer.
    pub(crate) idempotent: Option<bool>,
    pub(crate) open_world: bool,
    pub(crate) owner: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// Of a `destructive` tool.
    pub(crate) plan: Option<Path>,
    pub(crate) egress: Vec<String>,
    pub(crate) reliability: Reliability,
    pub(crate) icons: Vec<String>,
    pub(crate) aliases: Vec<String>,
    /// Of the tool as a whole.
    pub(crate) lifecycle: Lifecycle,
    /// Newest first.
    pub(crate) history: Vec<History>,
}

/// How a tool is kept working.
#[derive(Debug)]
pub(crate) struct Reliability {
    pub(crate) timeout: Option<Milliseconds>,
    /// Not above `timeout`.
    pub(crate) attempt_timeout: Option<Milliseconds>,
    pub(crate) retry: u32,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) rate_limit: Option<Rate>,
    pub(crate) fallback: Option<Path>,
    /// Of a `read_only` tool.
    pub(crate) stale: Option<Milliseconds>,
    pub(crate) task: Option<Task>,
    pub(crate) slo: Option<Slo>,
}

/// A duration of an attribute: above zero, at most 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Milliseconds(pub(crate) u64);

/// What a call may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    ReadOnly,
    Additive,
    Destructive,
}

/// What a tool leans on.
#[derive(Debug, Default)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    /// Above 0, as every count here but `queue` and `retry_floor`.
    pub(crate) concurrency: Option<u32>,
    pub(crate) slow_call: Option<Milliseconds>,
    /// Percent, above 0 and up to 100.
    pub(crate) failure_ratio: Option<f64>,
    pub(crate) minimum_calls: Option<u32>,
    pub(crate) window: Option<Milliseconds>,
    pub(crate) open_for: Option<Milliseconds>,
    pub(crate) half_open: Option<u32>,
    pub(crate) queue: Option<u32>,
    pub(crate) failures_in_a_row: Option<u32>,
    /// Percent, as `failure_ratio`.
    pub(crate) slow_ratio: Option<f64>,
    /// Percent, as `failure_ratio`.
    pub(crate) retry_ratio: Option<f64>,
    pub(crate) retry_floor: Option<u32>,
}

/// So many calls, above 0, in a second, a minute or an hour.
#[derive(Debug)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) per: Milliseconds,
}

/// How a long call is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) required: bool,
    pub(crate) manual: bool,
}

/// Service level objectives; at least one is there.
#[derive(Debug)]
pub(crate) struct Slo {
    /// Percent, above 0 and below 100.
    pub(crate) success: Option<f64>,
    pub(crate) p95: Option<Milliseconds>,
    pub(crate) p99: Option<Milliseconds>,
}

/// When something goes away; dates are ISO 8601.
#[derive(Debug, Default)]
pub(crate) struct Lifecycle {
    pub(crate) deprecated: Option<String>,
    pub(crate) sunset: Option<String>,
    pub(crate) note: Option<String>,
}

/// An older major.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) major: u64,
    pub(crate) shim: Shim,
    /// The absolute path of its lock file.
    pub(crate) lock: String,
    /// A call that names no version may be taken for this major by the shape of its arguments.
    pub(crate) shape: bool,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) lossy: Option<String>,
}

/// How an older major's calls are translated.
#[derive(Debug)]
pub(crate) enum Shim {
    Declared { input: Vec<Operation>, output: Vec<Operation> },
    Typed(Path),
}

/// One step of a declared shim; values are JSON text.
#[derive(Debug)]
pub(crate) enum Operation {
    Rename { from: String, to: String },
    Default { path: String, value: String },
    Drop { path: String },
    Set { path: String, value: String },
    Move { from: String, to: String },
    Wrap { path: String },
    Unwrap { path: String },
    MapEnum { path: String, values: Vec<(String, String)> },
}

/// A parameter of the function, by what it is filled with.
#[derive(Debug)]
pub(crate) enum Parameter {
    /// `CallContext`
    Context,
    /// `State<T>`
    State(Type),
    /// `Args<T>`
    Args(Type),
    /// One argument of the call.
    Argument(Box<Argument>),
}

/// One argument of the call.
#[derive(Debug)]
pub(crate) struct Argument {
    /// The property's name: the parameter's, without `r#`.
    pub(crate) name: String,
    /// The type as written.
    pub(crate) ty: Type,
    /// The `T` of `Option<T>`.
    pub(crate) optional: Option<Type>,
    pub(crate) description: Option<String>,
    pub(crate) default: Option<Default>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) examples: Vec<Expr>,
}

/// The value of an argument that is absent.
#[derive(Debug)]
pub(crate) enum Default {
    /// `default`: the type's own.
    OfType(Span),
    /// `default = expression`
    Expression(Expr),
}

/// A constraint and the token that asked for it, where a type that can't have it is reported.
#[derive(Debug)]
pub(crate) struct Constraint {
    pub(crate) span: Span,
    pub(crate) kind: ConstraintKind,
}

/// What is constrained. Bounds are inclusive unless said otherwise.
#[derive(Debug)]
pub(crate) enum ConstraintKind {
    Length { min: Option<u64>, max: Option<u64> },
    Range { min: Option<Number>, max: Option<Bound> },
    Pattern(String),
    Format(&'static str),
    Items(Vec<Constraint>),
    Unique,
    Secret,
    Header(String),
}

/// The upper end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    Inclusive(Number),
    Exclusive(Number),
}

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

/// What the function returns.
#[derive(Debug)]
pub(crate) enum Output {
    /// No return type.
    Unit,
    /// A value.
    Value(Type),
    /// A type whose name ends in `Result`.
    Result(Type),
}
