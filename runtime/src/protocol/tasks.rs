//! `tasks/get`, `tasks/update` and `tasks/cancel`, behind the same gate as other requests.
//!
//! That a client declared the extension is checked by the SDK. It makes the acknowledgements, too, so they are the only
//! results that do not name the server; and it has no way for `notifications/tasks`, which are optional.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use rmcp::{
    ErrorData, RoleServer,
    model::{CancelTaskParams, ClientRequest, GetTaskParams, GetTaskResult, Request, UpdateTaskParams},
    service::RequestContext,
};

use super::handler::{McpHandler, Passing};
use crate::{
    answer, call, pipeline,
    tasks::{self, TaskError},
};

impl McpHandler {
    pub(super) async fn show_task(
        &self,
        request: GetTaskParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let work = tasks::get(self.engine(), self.principal(), &request.task_id);
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
        let work = tasks::update(self.engine(), self.principal(), &request.task_id, answers);
        let whole = ClientRequest::UpdateTaskRequest(Request::new(request.clone()));
        self.serve_task("tasks/update", &whole, context, work).await
    }

    pub(super) async fn end_task(
        &self,
        request: CancelTaskParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let work = tasks::cancel(self.engine(), self.principal(), &request.task_id);
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
        let mut record = Passing { method, id: &id, outcome: "abandoned" };
        let admitted = async {
            let time = pipeline::bounds(&engine.limits, request, &context.meta.0.0)?;
            pipeline::enter(engine, self.principal(), engine.clock.now() + time, &context.ct).await
        };
        let _admitted = admitted.await.map_err(|stop| self.refused(&mut record, stop))?;
        let (outcome, answer) = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(done)) => ("ok", Ok(done)),
            Ok(Err(error)) => (error.name(), Err(answer::no_task(&error))),
            Err(_panic) => ("panicked", Err(answer::internal(&id))),
        };
        record.outcome = outcome;
        answer
    }
}
