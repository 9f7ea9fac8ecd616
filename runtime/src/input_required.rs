//! Asking the client for input during a call (elicitation, sampling, roots).
//!
//! Two ways, chosen by the client's protocol: requests while the call waits (before 2026-07-28), or an
//! `input_required` result and a repeated call (SEP-2322). The function sees one `ask` in both.
//!
//! Invariant: nothing is ever asked that the client did not declare it can answer, and an answer of the wrong shape
//! counts as none. Whether an answer is *true* is not known here: it is the client's word.

pub use rmcp::model::InputRequest;
use rmcp::model::{
    ClientCapabilities, CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult, ElicitRequest,
    ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema, ListRootsRequest, ListRootsResult,
};
pub(crate) use rmcp::model::{InputRequests, InputResponses};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    context::{Channel, Interaction},
    error::ToolError,
    hygiene::Hygiene,
};

/// What the client is to be asked, each under a key of the tool's choosing.
///
/// ```
/// use steadfast::Inputs;
/// let inputs = Inputs::new().roots("workspace").sample("summary", "Summarise the open issues.", 200);
/// ```
#[derive(Debug, Default)]
pub struct Inputs(InputRequests);

impl Inputs {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the client's user for a `T`; [`Answers::filled`] reads it back.
    ///
    /// # Errors
    /// When a form can't ask for a `T`: MCP's forms have text, numbers, booleans and choices, and nothing nested.
    pub fn form<T: JsonSchema>(self, key: impl Into<String>, message: impl Into<String>) -> Result<Self, ToolError> {
        Ok(self.elicit(key, message, ElicitationSchema::from_type::<T>()?))
    }

    /// Asks the client's user to fill a form that no type describes.
    #[must_use]
    pub fn elicit(self, key: impl Into<String>, message: impl Into<String>, form: ElicitationSchema) -> Self {
        self.request(
            key,
            InputRequest::Elicitation(ElicitRequest::new(ElicitRequestParams::FormElicitationParams {
                meta: None,
                message: message.into(),
                requested_schema: form,
            })),
        )
    }

    /// Asks the client's model to answer a prompt with at most `max_tokens` tokens.
    #[must_use]
    pub fn sample(self, key: impl Into<String>, prompt: impl Into<String>, max_tokens: u32) -> Self {
        let message = rmcp::model::SamplingMessage::user_text(prompt);
        let parameters = CreateMessageRequestParams::new(vec![message], max_tokens);
        self.request(key, InputRequest::CreateMessage(CreateMessageRequest::new(parameters)))
    }

    /// Asks for the client's roots.
    #[must_use]
    pub fn roots(self, key: impl Into<String>) -> Self {
        self.request(key, InputRequest::ListRoots(ListRootsRequest::default()))
    }

    /// As the protocol carries them.
    pub(crate) fn into_requests(self) -> InputRequests {
        self.0
    }

    /// Asks anything the protocol knows.
    #[must_use]
    pub fn request(mut self, key: impl Into<String>, request: InputRequest) -> Self {
        self.0.insert(key.into(), request);
        self
    }
}

impl Inputs {
    /// The same, with everything that leaves the server cleaned.
    pub(crate) fn clean(mut self, hygiene: &Hygiene) -> Self {
        hygiene.requests(&mut self.0);
        self
    }
}

/// The client's answers, by the keys they were asked under.
#[derive(Debug)]
pub struct Answers(InputResponses);

impl Answers {
    /// What the user filled in.
    ///
    /// # Errors
    /// `denied` when the user declined, `invalid` when it is no `T`; and as [`elicited`](Self::elicited).
    pub fn filled<T: DeserializeOwned>(&self, key: &str) -> Result<T, ToolError> {
        let answer = self.elicited(key)?;
        match (answer.action, answer.content) {
            (ElicitationAction::Accept, Some(content)) => serde_json::from_value(content)
                .map_err(|error| ToolError::invalid("the form was filled in wrongly").with_source(error)),
            _ => Err(ToolError::denied("the user did not fill in the form")),
        }
    }

    /// What the user did with a form.
    ///
    /// # Errors
    /// When nothing was asked under the key, or something other than a form.
    pub fn elicited(&self, key: &str) -> Result<ElicitResult, ToolError> {
        self.read(key)
    }

    /// What the client's model said.
    ///
    /// # Errors
    /// When nothing was asked under the key, or something other than a sample.
    pub fn sampled(&self, key: &str) -> Result<CreateMessageResult, ToolError> {
        self.read(key)
    }

    /// The client's roots.
    ///
    /// # Errors
    /// When nothing was asked under the key, or something other than roots.
    pub fn roots(&self, key: &str) -> Result<ListRootsResult, ToolError> {
        self.read(key)
    }

    fn read<T: DeserializeOwned>(&self, key: &str) -> Result<T, ToolError> {
        let value =
            self.0.get(key).ok_or_else(|| ToolError::internal(format!("nothing was asked under the key `{key}`")))?;
        Ok(T::deserialize(value)?)
    }
}

/// Gets answers to all of `inputs`, or ends the call with what is still to be asked.
pub(crate) async fn ask(
    channel: &dyn Channel,
    attempt: u32,
    given: &InputResponses,
    inputs: Inputs,
) -> Result<Answers, ToolError> {
    let mut answers = InputResponses::new();
    let mut open = InputRequests::new();
    for (key, request) in inputs.0 {
        match given.get(&key).filter(|answer| answers_to(&request, answer)) {
            Some(answer) => {
                answers.insert(key, answer.clone());
            }
            None => {
                open.insert(key, request);
            }
        }
    }
    let needed = needed(open.values());
    if !covers(&channel.capabilities(), &needed) {
        return Err(ToolError::missing_capability(needed));
    }
    if open.is_empty() {
        return Ok(Answers(answers));
    }
    match channel.interaction() {
        Interaction::Rounds => Err(ToolError::input_required(open)),
        Interaction::Live => {
            answers.extend(channel.request(attempt, open).await?);
            Ok(Answers(answers))
        }
    }
}

/// Whether `answer` has the shape that `request` asks for.
pub(crate) fn answers_to(request: &InputRequest, answer: &Value) -> bool {
    match request {
        InputRequest::Elicitation(_) => fits::<ElicitResult>(answer),
        InputRequest::CreateMessage(_) => fits::<CreateMessageResult>(answer),
        InputRequest::ListRoots(_) => fits::<ListRootsResult>(answer),
        _ => answer.is_object(),
    }
}

fn fits<T: DeserializeOwned>(answer: &Value) -> bool {
    T::deserialize(answer).is_ok()
}

/// The capabilities that a client needs to answer `requests`.
pub(crate) fn needed<'a>(requests: impl Iterator<Item = &'a InputRequest>) -> ClientCapabilities {
    let mut needed = ClientCapabilities::default();
    for request in requests {
        match request {
            InputRequest::Elicitation(request) => {
                let elicitation = needed.elicitation.get_or_insert_default();
                match &request.params {
                    ElicitRequestParams::UrlElicitationParams { .. } => elicitation.url = Some(Default::default()),
                    _ => elicitation.form = Some(Default::default()),
                }
            }
            InputRequest::CreateMessage(request) => {
                let sampling = needed.sampling.get_or_insert_default();
                if request.params.tools.is_some() {
                    sampling.tools = Some(Default::default());
                }
            }
            InputRequest::ListRoots(_) => needed.roots = Some(Default::default()),
            _ => {}
        }
    }
    needed
}

/// Whether a client that declared `declared` can be asked for everything in `needed`. Elicitation without a mode is
/// elicitation by forms (MCP 2025-11-25, client/elicitation).
pub(crate) fn covers(declared: &ClientCapabilities, needed: &ClientCapabilities) -> bool {
    let elicitation = needed.elicitation.as_ref().is_none_or(|needed| {
        declared.elicitation.as_ref().is_some_and(|declared| {
            let forms = declared.form.is_some() || declared.url.is_none();
            (needed.form.is_none() || forms) && (needed.url.is_none() || declared.url.is_some())
        })
    });
    let sampling = needed.sampling.as_ref().is_none_or(|needed| {
        declared.sampling.as_ref().is_some_and(|declared| needed.tools.is_none() || declared.tools.is_some())
    });
    elicitation && sampling && (needed.roots.is_none() || declared.roots.is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_client_is_asked_only_in_modes_that_it_declared() {
        for (declared, needed, covered) in [
            (json!({}), json!({}), true),
            (json!({}), json!({"elicitation": {"form": {}}}), false),
            (json!({"elicitation": {}}), json!({"elicitation": {"form": {}}}), true),
            (json!({"elicitation": {}}), json!({"elicitation": {"url": {}}}), false),
            (json!({"elicitation": {"url": {}}}), json!({"elicitation": {"form": {}}}), false),
            (json!({"elicitation": {"url": {}, "form": {}}}), json!({"elicitation": {"form": {}}}), true),
            (json!({"sampling": {}}), json!({"sampling": {}}), true),
            (json!({"sampling": {}}), json!({"sampling": {"tools": {}}}), false),
            (json!({"sampling": {"tools": {}}}), json!({"sampling": {"tools": {}}}), true),
            (json!({"sampling": {}}), json!({"roots": {}}), false),
        ] {
            let read = |value| serde_json::from_value::<ClientCapabilities>(value).unwrap();
            assert_eq!(covers(&read(declared.clone()), &read(needed.clone())), covered, "{declared} {needed}");
        }
    }
}
