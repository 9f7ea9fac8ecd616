//! What a tool's function can take as parameters: state, a whole struct of arguments, single arguments.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::{error::ToolError, schemas, secrets};

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

    /// What was read.
    pub(crate) fn value(&self) -> &Value {
        &self.0
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

/// The schema let the value through and the type does not take it, such as text that is no address for an `IpAddr`: the
/// caller is told, since only the caller can change the value.
fn read<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, ToolError> {
    secrets::reading(|| T::deserialize(value)).map_err(|_| {
        // It is read once more, so that only what fails pays for its place. serde's own words repeat what was found.
        let failed = secrets::reading(|| serde_path_to_error::deserialize::<_, T>(value)).err();
        let mut path = String::new();
        if !name.is_empty() {
            schemas::descend(&mut path, name);
        }
        for segment in failed.iter().flat_map(|error| error.path().iter()) {
            match segment {
                Segment::Seq { index } => path.push_str(&format!("/{index}")),
                Segment::Map { key } | Segment::Enum { variant: key } => schemas::descend(&mut path, key),
                Segment::Unknown => break,
            }
        }
        ToolError::unread(path)
    })
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::net::IpAddr;

    use serde_json::json;

    use crate::{mcp_tool, prelude::*, server::Server, testing::Client, tools};

    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    struct Host {
        address: Option<IpAddr>,
    }

    /// Look hosts up.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn look_up(
        address: IpAddr,
        #[arg(secret)] gateway: Option<IpAddr>,
        hosts: Option<Vec<Host>>,
    ) -> Result<String, ToolError> {
        let hosts: Vec<_> = hosts.into_iter().flatten().map(|host| host.address).collect();
        Ok(format!("{address} {gateway:?} {hosts:?}"))
    }

    #[tokio::test]
    async fn what_the_schema_takes_and_the_type_does_not_is_a_violation_with_its_place() {
        let client = Client::new(Server::builder("test", ()).tools(tools![look_up]).build()).unwrap();
        let good = "192.0.2.1";
        for (arguments, violations) in [
            (json!({ "address": good, "gateway": good, "hosts": [{ "address": good }] }), json!(null)),
            (
                json!({ "address": "nowhere" }),
                json!([{ "path": "/address", "expected": "text in the format `ip`", "found": "\"nowhere\"" }]),
            ),
            (
                json!({ "address": good, "gateway": "hunter2-secret" }),
                json!([{ "path": "/gateway", "expected": "text in the format `ip`", "found": "a secret value" }]),
            ),
            (
                json!({ "address": good, "hosts": [{ "address": good }, { "address": "x" }] }),
                json!([{ "path": "/hosts/1/address", "expected": "text in the format `ip`", "found": "\"x\"" }]),
            ),
        ] {
            let answer = client.call("look_up", arguments).await;
            let about = &answer.message()["_meta"];
            assert_eq!(about["dev.steadfast/violations"], violations, "{answer:?}");
            assert_eq!(answer.is_error(), !violations.is_null());
            assert!(!answer.message().to_string().contains("hunter2"), "{answer:?}");
            assert!(violations.is_null() || about["dev.steadfast/error"]["kind"] == "invalid", "{answer:?}");
            assert!(!answer.text().contains("invalid IP address"), "serde's words are not the caller's: {answer:?}");
        }
    }
}
