//! Requests over HTTP, from the bytes to the last of their answers.

use std::{cell::RefCell, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    server::{Made, engine},
    watch::without_panics,
};
use crate::{
    caller::Caller,
    config::Settings,
    engine::Engine,
    protocol::{Endpoint, McpHandler, router},
};

/// How many headers hyper reads.
const HEADERS: usize = 100;

/// How long an answer is listened to that does not end, and how many parts of it are read.
const PATIENCE: (Duration, usize) = (Duration::from_secs(40), 32);

struct World {
    engine: Arc<Engine>,
    endpoint: Endpoint,
}

thread_local! {
    static WORLD: RefCell<Option<Made<World>>> = const { RefCell::new(None) };
}

/// A request as HTTP/1.1 writes it: it is answered, by no error of the server's but that it is full, and every message
/// of the answer is to the request or to nothing.
pub fn http_edge(data: &[u8]) {
    let Some((request, asked)) = request(data) else { return };
    let make = |clock| World {
        engine: engine(clock),
        endpoint: Settings::from_text("http.sessions = true").unwrap().endpoint,
    };
    without_panics(|| Made::with(&WORLD, make, async |world| serve(world, request, &asked).await));
}

async fn serve(World { engine, endpoint }: &World, request: Request<Body>, asked: &Value) {
    let caller = Caller::local(Arc::clone(&engine.tenant));
    let stop = CancellationToken::new();
    let router = router(&McpHandler::new(Arc::clone(engine), caller, None), endpoint, &stop);
    let Ok(mut response) = TowerToHyperService::new(router).call(request).await;
    let status = response.status();
    assert!(!status.is_server_error() || status == 503, "{status}: {}", text(&read(&mut response).await));
    let body = read(&mut response).await;
    for message in messages(&response, &body) {
        let id = message.get("id").filter(|_| message.get("method").is_none()).unwrap_or(&Value::Null);
        // To JSON `0` and `0.0` are one number.
        let same = *id == asked["id"] || id.is_number() && id.as_f64() == asked["id"].as_f64();
        assert!(id.is_null() || same, "{} has the id of no request: {asked}", text(&body));
    }
    stop.cancel();
    drop(response);
    // What was begun for the request hears of its end.
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

/// The request and its body as JSON; none of what hyper does not let through.
fn request(data: &[u8]) -> Option<(Request<Body>, Value)> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.split(|byte| *byte == b' ');
    let method = Method::from_bytes(first.next()?).ok()?;
    let mut request = Request::builder().method(method).uri(Uri::try_from(first.next()?).ok()?);
    for line in lines.take(HEADERS) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        request = request.header(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
    }
    let asked = serde_json::from_slice(body).unwrap_or_default();
    Some((request.body(Body::from(body.to_vec())).ok()?, asked))
}

/// The body, or what of it comes while it is listened to.
async fn read(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    let (time, parts) = PATIENCE;
    let all = async {
        for _ in 0..parts {
            let Some(Ok(frame)) = response.body_mut().frame().await else { break };
            body.extend(frame.into_data().unwrap_or_default());
        }
    };
    let _is_patient_enough = tokio::time::timeout(time, all).await;
    body
}

/// The messages of an answer.
fn messages(response: &Response, body: &[u8]) -> Vec<Value> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    match kind {
        "application/json" => vec![read(&text(body))],
        "text/event-stream" => {
            let text = text(body);
            let events = text.lines().filter_map(|line| line.strip_prefix("data:").map(str::trim));
            events.filter(|event| !event.is_empty()).map(read).collect()
        }
        _ => Vec::new(),
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}
