//! The client of a drill: one caller, who can't be asked and reads nothing but answers.

use std::sync::Arc;

use rmcp::model::{ClientCapabilities, InputRequests, InputResponses};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::report::Seen;
use crate::{
    call::ToolCall,
    context::{BoxFuture, Channel, Interaction, LogLevel},
    engine::Engine,
    error::ToolError,
    pipeline,
};

/// What every call of a drill says.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) engine: Arc<Engine>,
    pub(super) tool: Arc<str>,
    pub(super) arguments: Map<String, Value>,
}

impl Caller {
    /// Makes one call.
    pub(super) async fn call(self) -> Seen {
        let clock = self.engine.clock;
        let began = clock.now();
        let call = ToolCall {
            name: self.tool.to_string(),
            arguments: self.arguments,
            meta: Map::new(),
            request_id: "drill".into(),
            caller: crate::caller::Caller::local(Arc::clone(&self.engine.tenant)),
            surface: None,
            cancellation: CancellationToken::new(),
            channel: Arc::new(Nobody),
            responses: Default::default(),
            request_state: None,
        };
        let called = pipeline::call(&self.engine, call).await;
        Seen::of(called, clock.now().saturating_duration_since(began))
    }
}

struct Nobody;

impl Channel for Nobody {
    fn progress(&self, _progress: f64, _total: Option<f64>, _message: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn log(&self, _level: LogLevel, _data: Value) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::default()
    }

    fn interaction(&self) -> Interaction {
        Interaction::Rounds
    }

    fn request(&self, _attempt: u32, _requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(std::future::ready(Err(ToolError::internal("nobody can be asked in a drill"))))
    }
}
