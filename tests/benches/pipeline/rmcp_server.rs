//! The tools on bare rmcp, as its documentation shows it.

use std::sync::Arc;

use rmcp::{
    Json, ServerHandler, ServiceExt as _,
    handler::server::wrapper::Parameters,
    model::{ServerCapabilities, ServerConfig},
    tool, tool_handler, tool_router,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService, stdio_pipes,
        streamable_http_server::session::local::LocalSessionManager,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::work::{self, Order, Quote, Sum};

#[derive(Clone)]
struct Bare;

#[derive(Deserialize, JsonSchema)]
struct Terms {
    a: i64,
    b: i64,
}

#[tool_router]
impl Bare {
    #[tool(description = "Add two numbers.")]
    async fn add(&self, Parameters(terms): Parameters<Terms>) -> Json<Sum> {
        Json(work::add(terms.a, terms.b))
    }

    #[tool(description = "Quote an order.")]
    async fn lookup(&self, Parameters(order): Parameters<Order>) -> Json<Quote> {
        Json(work::lookup(order))
    }
}

#[tool_handler]
impl ServerHandler for Bare {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

pub(crate) async fn http(listener: TcpListener) -> std::io::Result<()> {
    let config = StreamableHttpServerConfig::default().with_json_response(true);
    let service = StreamableHttpService::new(|| Ok(Bare), Arc::<LocalSessionManager>::default(), config);
    axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await
}

pub(crate) async fn stdio() -> std::io::Result<()> {
    let running = Bare.serve(stdio_pipes()).await.map_err(std::io::Error::other)?;
    running.waiting().await.map(drop).map_err(std::io::Error::other)
}
