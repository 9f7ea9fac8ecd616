//! A server with everything that the official conformance suite looks for, by the names it looks for.
//!
//! Its tools are written as any author would write them: what a scenario checks of the protocol is the runtime's
//! doing. Where the suite allows a server not to have something (tools that change while it runs), this one has it
//! not, because Steadfast has it not.

#![allow(
    deprecated,
    reason = "SEP-2577 deprecates sampling, roots and logging; clients that use them are still served"
)]

mod content;
mod handler;
mod headers;
mod input_required;
mod interaction;
mod progress_and_logging;
mod prompts;
mod resources;
mod schema;
mod tasks;

use steadfast::{ScopeRules, Server, tools};

use self::{handler::Handler, prompts::PromptList};

/// The smallest PNG: one pixel, base64.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// A WAV file of no length, base64.
const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

/// The server.
pub fn server() -> Server<PromptList> {
    let prompts = PromptList::default();
    Server::builder("steadfast-conformance", prompts.clone())
        .version(env!("CARGO_PKG_VERSION"))
        .tools(tools![
            content::test_simple_text,
            content::test_image_content,
            content::test_audio_content,
            content::test_embedded_resource,
            content::test_multiple_content_types,
            content::test_error_handling,
            progress_and_logging::test_tool_with_progress,
            progress_and_logging::test_tool_with_logging,
            progress_and_logging::test_logging_tool,
            interaction::test_sampling,
            interaction::test_elicitation,
            interaction::test_elicitation_sep1034_defaults,
            interaction::test_elicitation_sep1330_enums,
            interaction::test_streaming_elicitation,
            interaction::test_missing_capability,
            input_required::test_input_required_result_elicitation,
            input_required::test_input_required_result_sampling,
            input_required::test_input_required_result_list_roots,
            input_required::test_input_required_result_request_state,
            input_required::test_input_required_result_multiple_inputs,
            input_required::test_input_required_result_multi_round,
            input_required::test_input_required_result_tampered_state,
            input_required::test_input_required_result_capabilities,
            schema::json_schema_2020_12_tool,
            headers::test_header_argument,
            prompts::test_trigger_prompt_change,
            tasks::greet,
            tasks::slow_compute,
            tasks::failing_job,
            tasks::protocol_error_job,
            tasks::confirm_delete,
            tasks::multi_input,
            tasks::test_tool_with_task,
        ])
        .handler(Handler::new(prompts))
        // For callers with tokens; where there are none, everybody has every scope.
        .scopes(ScopeRules::new().prompt("*", &["prompts:use"]).resource("*", &["resources:use"]))
        .build()
}
