//! A tool is named by its path, has the visibility of its function, and leaves the function as it is.

use steadfast::prelude::*;

mod issues {
    use steadfast::prelude::*;

    /// Close an issue.
    #[mcp_tool(version = "1.0.0", effect = destructive)]
    pub async fn close(number: u64) -> Result<String, ToolError> {
        Ok(format!("closed {number}"))
    }

    pub mod labels {
        use steadfast::prelude::*;

        /// List the labels.
        #[mcp_tool(version = "1.0.0", effect = read_only)]
        #[inline]
        #[allow(clippy::unused_async)]
        pub(crate) async fn list() -> Vec<String> {
            Vec::new()
        }
    }
}

use issues::labels;

fn main() {
    let tools: Vec<Tool<()>> = tools![issues::close, labels::list];
    assert_eq!(tools[0].declaration().name, "close");
    drop((issues::close(1), labels::list()));
}
