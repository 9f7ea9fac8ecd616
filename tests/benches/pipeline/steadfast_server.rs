//! The tools on Steadfast, with the whole pipeline.

use std::time::Duration;

use steadfast::prelude::*;

use crate::work::{self, Order, Quote, Sum};

/// Add two numbers.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s", retry = 1, upstream = "books", rate_limit = "1000000/s")]
async fn add(a: i64, b: i64) -> Sum {
    work::add(a, b)
}

/// Quote an order.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s", retry = 1, upstream = "books", rate_limit = "1000000/s")]
async fn lookup(Args(order): Args<Order>) -> Quote {
    work::lookup(order)
}

/// Hold a place for ten milliseconds.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s")]
async fn hold() -> Sum {
    tokio::time::sleep(Duration::from_millis(10)).await;
    work::add(0, 0)
}

pub(crate) fn server() -> Server<()> {
    Server::builder("bench", ()).tools(tools![add, lookup, hold]).build()
}
