//! Prompts, resources and a method of its own that say the server's secrets, in every part that has text.

use serde_json::{Value, json};
use steadfast::{
    Secret,
    rmcp::{
        ErrorData, RoleServer, ServerHandler,
        model::{
            CompleteRequestParams, CompleteResult, CompletionInfo, CustomRequest, CustomResult, GetPromptRequestParams,
            GetPromptResponse, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
            PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
        },
        service::RequestContext,
    },
};

type Context = RequestContext<RoleServer>;

/// See the module.
#[derive(Debug)]
pub(super) struct Handler {
    /// What the server has in confidence.
    pub(super) kept: Vec<Secret<String>>,
    /// The same as a number.
    pub(super) number: u64,
}

impl Handler {
    fn all(&self) -> String {
        self.kept.iter().map(|secret| secret.expose().clone()).collect::<Vec<_>>().join(" ")
    }

    /// What any part of an answer may have.
    fn around(&self, mut members: Value) -> Value {
        members["_meta"] = json!({ "said": self.all(), self.all(): self.number });
        members
    }

    fn item(&self, mut members: Value) -> Value {
        for name in ["name", "title", "description", "mimeType"] {
            members[name] = self.all().into();
        }
        members["icons"] = json!([{ "src": format!("https://a.example/{}", self.all()), "mimeType": self.all() }]);
        self.around(members)
    }

    fn list(&self, name: &str, item: Value) -> Value {
        self.around(json!({ "nextCursor": self.all(), name: [self.item(item)] }))
    }

    fn block(&self) -> Value {
        self.around(json!({ "type": "text", "text": self.all(), "annotations": { "lastModified": self.all() } }))
    }

    fn uri(&self) -> String {
        format!("notes://{}", self.all())
    }
}

fn read<T: serde::de::DeserializeOwned>(written: Value) -> Result<T, ErrorData> {
    serde_json::from_value(written).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_prompts().enable_resources().enable_completions();
        ServerConfig::new(capabilities.build())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        read(self.list("prompts", json!({ "arguments": [self.item(json!({}))] })))
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        _context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let messages = json!([{ "role": "user", "content": self.block() }]);
        read(self.around(json!({ "description": self.all(), "messages": messages }))).map(GetPromptResponse::Complete)
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        read(self.list("resources", json!({ "uri": self.uri(), "size": self.number })))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        read(self.list("resourceTemplates", json!({ "uriTemplate": self.uri() })))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri != "notes://all" {
            let data = json!({ self.all(): [self.all(), self.number] });
            return Err(ErrorData::resource_not_found(self.all(), Some(data)));
        }
        let contents = self.around(json!({ "uri": self.uri(), "text": self.all(), "mimeType": self.all() }));
        read(self.around(json!({ "contents": [contents] }))).map(ReadResourceResponse::Complete)
    }

    async fn complete(&self, _request: CompleteRequestParams, _context: Context) -> Result<CompleteResult, ErrorData> {
        let values = CompletionInfo::with_all_values(vec![self.all(), self.number.to_string()]);
        let result = json!({ "completion": values.map_err(|error| ErrorData::internal_error(error, None))? });
        read(self.around(result))
    }

    async fn on_custom_request(&self, request: CustomRequest, _context: Context) -> Result<CustomResult, ErrorData> {
        let deep = json!([{ self.all(): [self.number, { "deeper": self.all() }] }]);
        Ok(CustomResult::new(self.around(json!({ "method": request.method, "deep": deep }))))
    }
}
