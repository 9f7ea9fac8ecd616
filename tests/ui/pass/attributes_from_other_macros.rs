//! A tool that is written by a `macro_rules!`, and one that is not compiled at all.

use steadfast::prelude::*;

macro_rules! lookup {
    ($name:ident, $version:literal, $timeout:expr, $most:literal, $result:ty) => {
        /// Look something up.
        #[mcp_tool(version = $version, effect = read_only, timeout = $timeout)]
        async fn $name(#[arg(range(1..=$most), default = $most)] limit: u32) -> $result {
            Ok(limit)
        }
    };
}

lookup!(users, "1.0.0", "2s", 100, Result<u32, ToolError>);
lookup!(groups, "2.0.0", "3s", 10, std::result::Result<u32, std::fmt::Error>);

/// Not here.
#[mcp_tool(version = "1.0.0", effect = read_only)]
#[cfg(any())]
async fn absent(missing: Missing) -> Missing {
    missing
}

fn main() {
    let server = Server::builder("lookups", ()).tools(tools![users, groups]).build();
    assert!(server.problems().is_empty(), "{:?}", server.problems());
}
