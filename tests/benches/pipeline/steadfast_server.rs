//! The tools on Steadfast, with the whole pipeline.

use steadfast::prelude::*;

use crate::work::{self, Order, Quote, Sum};

/// Add two numbers.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s")]
async fn add(a: i64, b: i64) -> Sum {
    work::add(a, b)
}

/// Quote an order.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "2s")]
async fn lookup(Args(order): Args<Order>) -> Quote {
    work::lookup(order)
}

pub(crate) fn server() -> Server<()> {
    Server::builder("bench", ()).tools(tools![add, lookup]).build()
}
