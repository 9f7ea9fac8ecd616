//! `tasks/get`, `tasks/update` and `tasks/cancel`, behind the same gate as other requests.
//!
//! That a client declared the extension is checked by the SDK. It makes the acknowledgements, too, so they are the only
//! results that do not name the server; and it has no way for `notifications/tasks`, which are optional.
//!
//! Invariant: none takes longer than its deadline, whatever the store does. A request that is given up in the middle
//! leaves a task that somebody takes over later, as after the end of a process.

use rmcp::{
    ErrorData, RoleServer,
    model::{CancelTaskParams, ClientRequest, GetTaskParams, GetTaskResult, Request, UpdateTaskParams},
    service::RequestContext,
};

use super::{
    handler::McpHandler,
    passing::{Passing, Unserved},
};
use crate::{
    answer,
    call::{self, Stop},
    pipeline,
    tasks::{self, TaskError},
};

impl McpHandler {
    pub(super) async fn show_task(
        &self,
        request: GetTaskParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let work = tasks::get(self.engine(), self.caller(context), &request.task_id);
        let whole = ClientRequest::GetTaskRequest(Request::new(request.clone()));
        let mut result = GetTaskResult::new(self.serve_task("tasks/get", &whole, context, work).await?);
        self.name_server(&mut result.meta);
        Ok(result)
    }

    pub(super) async fn answer_task(
        &self,
        request: UpdateTaskParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let answers = request.input_responses.clone();
        let work = tasks::update(self.engine(), self.caller(context), &request.task_id, answers);
        let whole = ClientRequest::UpdateTaskRequest(Request::new(request.clone()));
        self.serve_task("tasks/update", &whole, context, work).await
    }

    pub(super) async fn end_task(
        &self,
        request: CancelTaskParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let work = tasks::cancel(self.engine(), self.caller(context), &request.task_id);
        let whole = ClientRequest::CancelTaskRequest(Request::new(request.clone()));
        self.serve_task("tasks/cancel", &whole, context, work).await
    }

    async fn serve_task<T>(
        &self,
        method: &'static str,
        request: &ClientRequest,
        context: &RequestContext<RoleServer>,
        work: impl Future<Output = Result<T, TaskError>>,
    ) -> Result<T, ErrorData> {
        let (engine, id) = (self.engine(), call::request_id(&context.id));
        let mut record = Passing::of(method, &id, self.caller(context));
        let admitted = async {
            let until = engine.clock.now() + pipeline::bounds(&engine.limits, request, &context.meta.0.0)?;
            Ok((until, pipeline::enter(engine, self.caller(context), until, &context.ct).await?))
        };
        let (until, _admitted) = admitted.await.map_err(|stop| self.refused(&mut record, stop))?;
        let (outcome, answer) = match self.until(&mut record, until, &context.ct, work).await {
            Ok(Ok(done)) => ("ok", Ok(done)),
            Ok(Err(error)) => (error.name(), Err(answer::no_task(&error))),
            Err(Unserved::Cancelled) => return Err(answer::refusal(Stop::Cancelled, &id)),
            Err(Unserved::Panicked) => return Err(answer::internal(&id)),
            Err(Unserved::Late) => return Err(answer::no_task(&TaskError::Late)),
        };
        record.outcome = outcome;
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use serde_json::{Value, json};
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        caller::Caller,
        clock::Clock,
        config::Settings,
        context::BoxFuture,
        engine::{Engine, Seams},
        mcp_tool,
        protocol::serve_stdio,
        reliability::Quota,
        server::Server,
        store::{Expect, Key, Kind, Put, Store, StoreError, Stored, Taken},
        tools,
    };

    /// Take long.
    #[mcp_tool(version = "1.0.0", effect = read_only, task, crate = crate)]
    async fn dig() {}

    /// A store that never answers.
    struct Silent;

    impl Store for Silent {
        fn get<'a>(&'a self, _: &'a Key) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
            Box::pin(std::future::pending())
        }

        fn put<'a>(
            &'a self,
            _: &'a Key,
            _: Expect,
            _: &'a [u8],
            _: Option<Duration>,
        ) -> BoxFuture<'a, Result<Put, StoreError>> {
            Box::pin(std::future::pending())
        }

        fn remove<'a>(&'a self, _: &'a Key, _: Expect) -> BoxFuture<'a, Result<bool, StoreError>> {
            Box::pin(std::future::pending())
        }

        fn list<'a>(
            &'a self,
            _: &'a str,
            _: Kind,
            _: Option<&'a str>,
            _: usize,
        ) -> BoxFuture<'a, Result<Vec<(Key, Stored)>, StoreError>> {
            Box::pin(std::future::pending())
        }

        fn take<'a>(&'a self, _: &'a Key, _: Quota) -> BoxFuture<'a, Result<Taken, StoreError>> {
            Box::pin(std::future::pending())
        }
    }

    fn request(method: &str) -> Value {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}},
        });
        let params = json!({"taskId": "0123456789abcdef0123456789abcdef", "inputResponses": {}, "_meta": meta});
        json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_never_answers_does_not_hold_a_request_beyond_its_deadline() {
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            let server = Server::builder("test", ()).tools(tools![dig]).build();
            let settings = Settings::from_text("[limits]\ndeadline = '5s'").unwrap();
            let clock = Clock::system();
            let seams = Seams { store: Arc::new(Silent), ..Seams::of_test(clock) };
            let engine = Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap();
            let handler = McpHandler::new(Arc::new(engine), Caller::local("default".into()), None);
            let (client, server) = tokio::io::duplex(1 << 16);
            let (input, output) = tokio::io::split(server);
            let stop = CancellationToken::new();
            let serving = tokio::spawn(serve_stdio(handler, input, output, Duration::ZERO, stop));
            let (read, mut write) = tokio::io::split(client);
            let asked = clock.now();
            write.write_all(format!("{}\n", request(method)).as_bytes()).await.unwrap();
            let line = tokio::time::timeout(Duration::from_secs(8), BufReader::new(read).lines().next_line()).await;
            let answer: Value = serde_json::from_str(&line.expect(method).unwrap().unwrap()).unwrap();
            assert_eq!(
                (&answer["error"]["code"], &answer["error"]["data"]["reason"]),
                (&json!(-32050), &json!("late"))
            );
            assert!(clock.now() - asked < Duration::from_secs(6), "{method}");
            serving.abort();
        }
    }
}
