//! Everything that serves calls, put together once when a server starts.

use std::{sync::Arc, time::Duration};

use rmcp::model::{Implementation, ServerCapabilities, ToolsCapability};
use serde_json::Value;

use crate::{
    catalogue::Catalogue,
    clock::Clock,
    gate::Gate,
    pipeline::Limits,
    protocol::ErasedHandler,
    request_state::{RequestStates, StateError},
};

/// See the module. Shared by all transports of a server.
pub(crate) struct Engine {
    pub(crate) info: Implementation,
    /// `info` as every result carries it.
    pub(crate) server_info: Value,
    /// What the server can do: its tools, and what the author's handler says of itself.
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) instructions: Option<String>,
    pub(crate) catalogue: Arc<Catalogue>,
    /// Serves what is not a tool: prompts, resources, completions.
    pub(crate) handler: Option<Arc<dyn ErasedHandler>>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) gate: Gate,
    pub(crate) states: RequestStates,
}

/// How long a client may take to answer what it is asked.
const REQUEST_STATE_TTL: Duration = Duration::from_secs(15 * 60);

impl Engine {
    pub(crate) fn new(
        info: Implementation,
        instructions: Option<String>,
        catalogue: Arc<Catalogue>,
        handler: Option<Arc<dyn ErasedHandler>>,
        limits: Limits,
        clock: Clock,
    ) -> Result<Self, StateError> {
        let states = RequestStates::new(clock, REQUEST_STATE_TTL)?;
        let server_info = serde_json::json!({ "name": info.name, "version": info.version });
        let mut capabilities = handler.as_ref().map(|handler| handler.capabilities()).unwrap_or_default();
        capabilities.tools = (!catalogue.entries().is_empty()).then(ToolsCapability::default);
        capabilities.logging = Some(Default::default());
        Ok(Self {
            capabilities,
            info,
            server_info,
            instructions,
            catalogue,
            handler,
            limits,
            clock,
            gate: Gate::default(),
            states,
        })
    }
}
