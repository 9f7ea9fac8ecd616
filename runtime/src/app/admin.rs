//! The admin port: is the process alive, does it take calls, and what was not as it should be?

use std::sync::Arc;

use axum::{Router, routing::get};
use http::{StatusCode, header::CONTENT_TYPE};

use crate::engine::Engine;

/// What `/metrics` is (OpenMetrics 1.0).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/healthz` and `/readyz`, as Kubernetes' probes want them: 200 for yes, 503 for no, a word for people; `/metrics`.
pub(super) fn router(engine: Arc<Engine>) -> Router {
    let ready = Arc::clone(&engine);
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route(
            "/readyz",
            get(async move || {
                if ready.gate.is_open() {
                    (StatusCode::OK, "ready\n")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
                }
            }),
        )
        .route("/metrics", get(async move || ([(CONTENT_TYPE, OPEN_METRICS)], engine.metrics_text())))
}
