//! The way back to an MCP client during a call: progress, messages, questions.
//!
//! Invariant: nothing is sent that the client did not ask for (a progress token, a log level) or declare.

use rmcp::{
    RoleServer,
    model::{
        ClientCapabilities, ClientResult, InputRequest, InputRequests, InputResponses, LoggingLevel,
        LoggingMessageNotificationParam, ProgressNotificationParam, ProgressToken, ProtocolVersion, ServerRequest,
    },
    service::{Peer, RequestContext},
};
use serde_json::Value;

use crate::{
    context::{BoxFuture, Channel, Interaction, LogLevel},
    error::ToolError,
};

/// See the module.
pub(super) struct McpChannel {
    peer: Peer<RoleServer>,
    progress_token: Option<ProgressToken>,
    capabilities: ClientCapabilities,
    interaction: Interaction,
    /// The least severe level that the client wants to hear; none means nothing.
    level: Option<LogLevel>,
}

impl McpChannel {
    /// `level` is what a client of an older protocol set for its session.
    pub(super) fn new(context: &RequestContext<RoleServer>, level: LogLevel) -> Self {
        let modern = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        Self {
            peer: context.peer.clone(),
            progress_token: context.meta.get_progress_token(),
            capabilities: context.client_capabilities().unwrap_or_default(),
            interaction: if modern { Interaction::Rounds } else { Interaction::Live },
            level: if modern { context.meta.log_level().map(from_wire) } else { Some(level) },
        }
    }

    async fn ask(&self, request: InputRequest) -> Result<Value, ToolError> {
        let request = match request {
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => return Err(ToolError::internal("the client can't be asked for this")),
        };
        let answer = self.peer.send_request(request).await.map_err(|error| {
            ToolError::unavailable("the client did not answer what it was asked").with_source(error)
        })?;
        let answer = match answer {
            ClientResult::ElicitResult(answer) => serde_json::to_value(answer),
            ClientResult::CreateMessageResult(answer) => serde_json::to_value(answer),
            ClientResult::ListRootsResult(answer) => serde_json::to_value(answer),
            _ => return Err(ToolError::unavailable("the client answered something else than it was asked")),
        };
        Ok(answer?)
    }
}

impl Channel for McpChannel {
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(token) = &self.progress_token else { return };
            let mut notification = ProgressNotificationParam::new(token.clone(), progress);
            notification.total = total;
            notification.message = message;
            // A client that has gone away is noticed by the transport; the call itself goes on.
            let _ = self.peer.notify_progress(notification).await;
        })
    }

    fn log(&self, level: LogLevel, data: Value) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.level.is_some_and(|least| level >= least) {
                let _ =
                    self.peer.notify_logging_message(LoggingMessageNotificationParam::new(to_wire(level), data)).await;
            }
        })
    }

    fn capabilities(&self) -> ClientCapabilities {
        self.capabilities.clone()
    }

    fn interaction(&self) -> Interaction {
        self.interaction
    }

    fn request(&self, _attempt: u32, requests: InputRequests) -> BoxFuture<'_, Result<InputResponses, ToolError>> {
        Box::pin(async move {
            let mut answers = InputResponses::new();
            for (key, request) in requests {
                answers.insert(key, self.ask(request).await?);
            }
            Ok(answers)
        })
    }
}

/// Both spellings of the levels, least severe first.
const LEVELS: [(LoggingLevel, LogLevel); 8] = [
    (LoggingLevel::Debug, LogLevel::Debug),
    (LoggingLevel::Info, LogLevel::Info),
    (LoggingLevel::Notice, LogLevel::Notice),
    (LoggingLevel::Warning, LogLevel::Warning),
    (LoggingLevel::Error, LogLevel::Error),
    (LoggingLevel::Critical, LogLevel::Critical),
    (LoggingLevel::Alert, LogLevel::Alert),
    (LoggingLevel::Emergency, LogLevel::Emergency),
];

/// The level as the protocol names it; one that is not known yet counts as the least severe.
pub(super) fn from_wire(level: LoggingLevel) -> LogLevel {
    LEVELS.iter().find(|(wire, _)| *wire == level).map_or(LogLevel::Debug, |(_, level)| *level)
}

fn to_wire(level: LogLevel) -> LoggingLevel {
    LEVELS.iter().find(|(_, ours)| *ours == level).map_or(LoggingLevel::Debug, |(wire, _)| *wire)
}
