//! `crate = path` says where `steadfast` is when its name is another one.

extern crate steadfast as mcp;

mod facade {
    pub mod deep {
        pub use mcp::{__private, prelude};
    }
}

use facade::deep::prelude::*;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = crate::facade::deep)]
async fn hello(#[arg(length(1..), default = "you")] name: String) -> String {
    name
}

/// Say goodbye.
#[mcp_tool(version = "1.0.0", effect = read_only, crate = mcp)]
async fn goodbye() {}

fn main() {
    let tools: Vec<Tool<()>> = mcp::tools![hello, goodbye];
    assert_eq!(tools.len(), 2);
}
