//! What a tool's function can take as parameters: state, a whole struct of arguments, single arguments.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{error::ToolError, secrets};

/// A part of the server's state, as in axum: `State(tracker): State<Tracker>` where `Tracker: FromRef<AppState>`.
#[derive(Debug, Clone, Copy, Default)]
pub struct State<T>(pub T);

/// All arguments as one struct: `Args(input): Args<SearchInput>` where `SearchInput: Deserialize + JsonSchema`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Args<T>(pub T);

/// How a part of the state is taken from the whole. Every state is a part of itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a part of the server state `{S}`",
    note = "implement `steadfast::FromRef<{S}> for {Self}`, or pass a state that has it"
)]
pub trait FromRef<S> {
    /// Takes the part, usually by cloning a handle.
    fn from_ref(state: &S) -> Self;
}

impl<S: Clone> FromRef<S> for S {
    fn from_ref(state: &S) -> Self {
        state.clone()
    }
}

/// No state at all. Where every part could also be one of these, rustc does not conclude from the reflexive
/// implementation that a part is the whole; it waits for the server's state, and says which part that has not got.
/// It takes two: of one, rustc would conclude the same.
#[doc(hidden)]
#[derive(Debug)]
pub enum NoState<const N: u8> {}

impl<T> FromRef<NoState<0>> for T {
    fn from_ref(state: &NoState<0>) -> Self {
        match *state {}
    }
}

impl<T> FromRef<NoState<1>> for T {
    fn from_ref(state: &NoState<1>) -> Self {
        match *state {}
    }
}

/// The arguments of one call, already validated by the published schema. All attempts at the call share them, so that
/// a further attempt costs no copy.
#[derive(Debug, Clone, Default)]
pub struct Arguments(Arc<Value>);

impl Arguments {
    /// Wraps arguments that were validated.
    pub fn new(arguments: Map<String, Value>) -> Self {
        Self(Arc::new(Value::Object(arguments)))
    }

    /// Reads the argument `name`; one that is absent reads as `null`, so that an `Option` is `None`.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, ToolError> {
        read(name, self.0.get(name).unwrap_or(&Value::Null))
    }

    /// Reads the argument `name`, or its default where it is absent.
    pub fn read_or<T: DeserializeOwned>(&self, name: &str, default: impl FnOnce() -> T) -> Result<T, ToolError> {
        self.0.get(name).map_or_else(|| Ok(default()), |value| read(name, value))
    }

    /// Reads all arguments as one value.
    pub fn read_all<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        read("", &self.0)
    }
}

/// The schema let the value through and the type does not take it: the caller is told, since only the caller
/// can change the value.
fn read<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, ToolError> {
    secrets::reading(|| T::deserialize(value)).map_err(|error| {
        let place = if name.is_empty() { String::from("the arguments") } else { format!("`/{name}`") };
        ToolError::invalid(format!("{place}: the value does not fit the type of the parameter")).with_source(error)
    })
}
