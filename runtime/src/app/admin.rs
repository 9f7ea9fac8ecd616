//! The admin port: is the process alive, does it take calls, and what was not as it should be?

use std::sync::Arc;

use axum::{Router, routing::get};
use http::{StatusCode, header::CONTENT_TYPE};

use crate::{engine::Engine, store::StoreSettings};

/// What `/metrics` is (OpenMetrics 1.0).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/healthz` and `/readyz`, as Kubernetes' probes want them: 200 for yes, 503 for no, and words for people, among them
/// which store it is; `/metrics`.
pub(super) fn router(engine: Arc<Engine>, store: &StoreSettings) -> Router {
    let ready = Arc::clone(&engine);
    let words: Arc<str> = format!("ready\nstore: {store}\n").into();
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route(
            "/readyz",
            get(async move || {
                if ready.gate.is_open() {
                    (StatusCode::OK, words.to_string())
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned())
                }
            }),
        )
        .route("/metrics", get(async move || ([(CONTENT_TYPE, OPEN_METRICS)], engine.metrics_text())))
}
