//! An argument that clients mirror in an HTTP header (SEP-2243).

use steadfast::prelude::*;

/// Says back which region was asked for.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_header_argument(
    /// The region that a gateway may route by.
    #[arg(header = "Region")]
    region: String,
) -> String {
    format!("The region is {region}.")
}
