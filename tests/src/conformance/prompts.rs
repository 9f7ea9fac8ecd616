//! Prompts: of each kind of content, one that asks first, and a list that a tool makes longer.

use std::sync::Arc;

use serde_json::Value;
use steadfast::{
    prelude::*,
    rmcp::{
        ErrorData,
        model::{
            ClientCapabilities, ContentBlock, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationSchema,
            GetPromptRequestParams, GetPromptResponse, GetPromptResult, InputRequest, InputRequests,
            InputRequiredResult, JsonObject, Prompt, PromptArgument, PromptMessage, ResourceContents, Role,
        },
    },
};
use tokio::sync::watch;

use super::PNG;

/// The values that `arg1` of `test_prompt_with_arguments` is completed to.
pub(super) const SUGGESTIONS: [&str; 3] = ["paris", "park", "party"];

/// How many prompts were added while the server runs. Clones share it.
#[derive(Debug, Clone)]
pub struct PromptList(Arc<watch::Sender<usize>>);

impl Default for PromptList {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

/// Adds a prompt to the list, so that listeners hear of it.
#[mcp_tool(version = "1.0.0", effect = additive)]
pub(super) async fn test_trigger_prompt_change(State(PromptList(added)): State<PromptList>) -> String {
    added.send_modify(|added| *added += 1);
    format!("There are {} more prompts than at the start.", *added.borrow())
}

impl PromptList {
    /// Resolves at each change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }

    pub(super) fn list(&self) -> Vec<Prompt> {
        let required = |name, description| PromptArgument::new(name).with_description(description).with_required(true);
        let mut prompts = vec![
            Prompt::new("test_simple_prompt", Some("Text"), None),
            Prompt::new(
                "test_prompt_with_arguments",
                Some("Text with both arguments in it"),
                Some(vec![required("arg1", "First argument"), required("arg2", "Second argument")]),
            ),
            Prompt::new(
                "test_prompt_with_embedded_resource",
                Some("A resource's content"),
                Some(vec![required("resourceUri", "URI of the resource")]),
            ),
            Prompt::new("test_prompt_with_image", Some("An image"), None),
            Prompt::new("test_input_required_result_prompt", Some("Text that the user is asked for first"), None),
        ];
        let added = 1..=*self.0.borrow();
        prompts.extend(added.map(|number| Prompt::new(format!("added_{number}"), Some("Was added later"), None)));
        prompts
    }

    pub(super) fn get(
        &self,
        request: GetPromptRequestParams,
        declared: ClientCapabilities,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let messages = match request.name.as_str() {
            "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
            "test_prompt_with_arguments" => {
                let (first, second) = (argument(&arguments, "arg1")?, argument(&arguments, "arg2")?);
                vec![text(format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
            }
            "test_prompt_with_embedded_resource" => {
                let uri = argument(&arguments, "resourceUri")?;
                let resource = ResourceContents::text("Embedded resource content for testing.", uri);
                vec![
                    PromptMessage::new(Role::User, ContentBlock::resource(resource)),
                    text("Please process the embedded resource above."),
                ]
            }
            "test_prompt_with_image" => vec![
                PromptMessage::new(Role::User, ContentBlock::image(PNG, "image/png")),
                text("Please analyze the image above."),
            ],
            "test_input_required_result_prompt" => {
                let answer = request.input_responses.unwrap_or_default().remove(CONTEXT);
                return match answer.and_then(|answer| serde_json::from_value::<ElicitResult>(answer).ok()) {
                    Some(answer) => Ok(answered(&answer).into()),
                    None => ask(declared),
                };
            }
            added if self.list().iter().any(|prompt| prompt.name == added) => vec![text("This prompt was added.")],
            unknown => return Err(ErrorData::invalid_params(format!("there is no prompt `{unknown}`"), None)),
        };
        Ok(GetPromptResult::new(messages).into())
    }
}

/// The key of the one question that a prompt asks.
const CONTEXT: &str = "user_context";

/// Asks the client's user for the prompt's context, if the client can be asked.
fn ask(declared: ClientCapabilities) -> Result<GetPromptResponse, ErrorData> {
    if declared.elicitation.is_none() {
        let needed = ClientCapabilities::builder().enable_elicitation().build();
        return Err(ErrorData::missing_required_client_capability(needed));
    }
    let form = ElicitationSchema::builder().required_string("context").build_unchecked();
    let request = ElicitRequest::new(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: "What context should the prompt use?".into(),
        requested_schema: form,
    });
    let requests = InputRequests::from([(CONTEXT.to_owned(), InputRequest::Elicitation(request))]);
    Ok(InputRequiredResult::new(Some(requests), None).into())
}

fn answered(answer: &ElicitResult) -> GetPromptResult {
    let context = answer.content.as_ref().and_then(|content| content["context"].as_str()).unwrap_or("none");
    GetPromptResult::new(vec![text(format!("Prompt with context: {context}"))])
}

fn text(text: impl Into<String>) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}

fn argument<'a>(arguments: &'a JsonObject, name: &str) -> Result<&'a str, ErrorData> {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| ErrorData::invalid_params(format!("the prompt needs the argument `{name}`"), None))
}
