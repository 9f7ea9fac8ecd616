//! The admin port: is the process alive, and does it take calls?

use std::sync::Arc;

use axum::{Router, routing::get};
use http::StatusCode;

use crate::engine::Engine;

/// `/healthz` and `/readyz`, as Kubernetes' probes want them: 200 for yes, 503 for no, a word for people.
pub(super) fn router(engine: Arc<Engine>) -> Router {
    Router::new().route("/healthz", get(async || "alive\n")).route(
        "/readyz",
        get(async move || {
            if engine.gate.is_open() {
                (StatusCode::OK, "ready\n")
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
            }
        }),
    )
}
