//! Shims: how a call of an older major is served by the current one.
//!
//! A shim is written from the older major to the next newer one. Arguments go *up* through it, results come *down*.
//! It is either a list of declared [operations](Operation) or a type that implements [`Shim`]; a [`Translator`] is
//! what both become, once, before the first call.
//!
//! Invariant: a translator is a pure function of the value it is given, and changes that value in place.
//! It does not validate: whether what comes out is valid is proved ahead of time, by `proof`.

mod operation;
mod path;
mod run;
mod step;

use std::fmt;

use serde_json::{Map, Value};

pub use self::operation::{Operation, OperationError};
use self::step::Step;

/// A shim written by hand, for what the [operations](Operation) can't say.
///
/// Both functions are pure: no clock, no randomness, no input or output. A difference in side effects is another tool.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no shim",
    label = "`steadfast::Shim` is not implemented for this type",
    note = "implement `up`, which translates the older major's arguments, and `down`, which translates results"
)]
pub trait Shim {
    /// The arguments of the older major as arguments of the next newer one.
    ///
    /// # Errors
    /// When they have no meaning there. Valid arguments must have one: the proofs refuse a shim that fails on them.
    fn up(arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError>;

    /// The structured result of the newer major as a result of the older one.
    ///
    /// # Errors
    /// When it can't be told in the older form, which the proofs refuse for a valid result.
    fn down(result: Value) -> Result<Value, ShimError>;
}

/// Why a value can't be translated: what is in the way, where, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ShimError {
    what: String,
}

impl ShimError {
    /// In one sentence for the caller, without secrets: it becomes part of the answer.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// A shim, ready to run: values are parsed, paths split.
#[derive(Clone)]
pub struct Translator {
    form: Form,
    losses: Vec<String>,
}

#[derive(Clone)]
enum Form {
    Declared { up: Vec<Step>, down: Vec<Step> },
    Typed { up: Up, down: Down },
}

type Up = fn(Map<String, Value>) -> Result<Map<String, Value>, ShimError>;
type Down = fn(Value) -> Result<Value, ShimError>;

impl Translator {
    /// Compiles declared operations. Both lists are written old => new; those of the output are inverted here, and
    /// run in reverse order.
    ///
    /// # Errors
    /// When an operation can't be right, whatever the value is: see [`OperationError`].
    pub fn declared(input: &[Operation], output: &[Operation]) -> Result<Self, OperationError> {
        let up = input.iter().map(Step::up).collect::<Result<_, _>>()?;
        let mut losses = Vec::new();
        let mut down = output.iter().map(|one| Step::down(one, &mut losses)).collect::<Result<Vec<_>, _>>()?;
        down.reverse();
        Ok(Self { form: Form::Declared { up, down }, losses })
    }

    /// The translator that a type is.
    pub fn typed<T: Shim>() -> Self {
        Self { form: Form::Typed { up: T::up, down: T::down }, losses: Vec::new() }
    }

    /// Arguments of the older major as arguments of the next newer one.
    ///
    /// # Errors
    /// See [`Operation`] for what each operation refuses, and the type's own.
    pub fn up(&self, mut arguments: Map<String, Value>) -> Result<Map<String, Value>, ShimError> {
        match &self.form {
            Form::Typed { up, .. } => up(arguments),
            Form::Declared { up, .. } => {
                for step in up {
                    step.on_object(&mut arguments)?;
                }
                Ok(arguments)
            }
        }
    }

    /// A structured result of the newer major as a result of the older one. Of a list, each element is translated.
    ///
    /// # Errors
    /// See [`Operation`] for what each operation refuses, and the type's own.
    pub fn down(&self, mut result: Value) -> Result<Value, ShimError> {
        match &self.form {
            Form::Typed { down, .. } => down(result),
            Form::Declared { down, .. } => {
                for step in down {
                    step.on_value(&mut result)?;
                }
                Ok(result)
            }
        }
    }

    /// Results lose something on their way down whatever they are: two older values of a `map_enum` have become one
    /// newer value, so the second never comes down again. What depends on the result (an `unwrap` of several, a
    /// dropped member) and what a type does is not known here; the proofs look for it.
    pub fn is_lossy(&self) -> bool {
        !self.losses.is_empty()
    }

    /// What [`is_lossy`](Self::is_lossy) is about, a sentence for each.
    pub fn losses(&self) -> &[String] {
        &self.losses
    }
}

impl fmt::Debug for Translator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Declared { up, down } => {
                f.debug_struct("Translator").field("up", up).field("down", down).finish_non_exhaustive()
            }
            Form::Typed { .. } => f.write_str("Translator(typed)"),
        }
    }
}

#[cfg(test)]
mod tests;
