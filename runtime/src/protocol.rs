//! Speaks MCP through the official SDK: rmcp's handler, stdio and Streamable HTTP.
//!
//! Everything here is a caller of the [pipeline](crate::pipeline), and mends what rmcp leaves open: a request whose
//! handler panics is answered, a request id that is in use is refused, malformed JSON gets a JSON-RPC error.
//! What costs much in rmcp is done before it where it can be: `plain` reads a plain call over stdio at once, and `edge`
//! has a server that is full say so before a request is taken apart.

#[cfg(feature = "oauth")]
mod bearer;
mod body;
mod changes;
mod channel;
mod edge;
mod erased;
mod handler;
mod http;
mod in_flight;
mod lines;
mod passing;
mod plain;
mod sessions;
mod stdio;
#[cfg(feature = "oauth")]
mod step_up;
mod subscription;
mod tasks;

#[cfg(feature = "oauth")]
pub(crate) use self::bearer::{Bearers, with_tokens};
pub(crate) use self::{
    erased::ErasedHandler,
    handler::McpHandler,
    http::{Endpoint, router},
    stdio::serve as serve_stdio,
};
