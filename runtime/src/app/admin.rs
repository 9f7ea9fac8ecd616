//! The admin port: is the process alive, does it take calls, and what was not as it should be?
//!
//! Invariant: no page in a browser reads it, also not one whose name was made to lead here (DNS rebinding).

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, HOST, ORIGIN},
};

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
        .layer(from_fn(known_host))
}

/// Lets only requests through that name this machine, and come from no page.
async fn known_host(request: Request, next: Next) -> Response {
    if names_this_machine(request.headers()) && !request.headers().contains_key(ORIGIN) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "ask for localhost or for an address, and not from a page in a browser\n")
            .into_response()
    }
}

/// A name in the DNS can be anybody's; an address can't be made to lead elsewhere.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    let Ok(host) = host.parse::<http::uri::Authority>() else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_this_machine() {
        for (host, known) in [
            ("localhost:9090", true),
            ("LOCALHOST", true),
            ("127.0.0.1:9090", true),
            ("[::1]:9090", true),
            ("10.0.0.7", true),
            ("rebind.example:9090", false),
            ("localhost.rebind.example", false),
            ("127.0.0.1.rebind.example", false),
            ("2130706433", false),
            ("", false),
            ("localhost@rebind.example", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            assert_eq!(names_this_machine(&headers), known, "{host}");
        }
        let mut twice = HeaderMap::new();
        twice.append(HOST, "localhost".parse().unwrap());
        twice.append(HOST, "rebind.example".parse().unwrap());
        assert!(!names_this_machine(&twice));
        assert!(!names_this_machine(&HeaderMap::new()));
    }
}
