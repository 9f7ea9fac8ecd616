//! Results of each kind of content, and a failure.

use steadfast::{prelude::*, rmcp::model::ResourceContents};

use super::{PNG, WAV};

/// Answers with text.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_simple_text() -> &'static str {
    "This is a simple text response for testing."
}

/// Answers with an image.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_image_content() -> Content {
    Content::default().image(PNG, "image/png")
}

/// Answers with audio.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_audio_content() -> Content {
    Content::default().audio(WAV, "audio/wav")
}

/// Answers with a resource's content.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_embedded_resource() -> Content {
    Content::default()
        .resource(ResourceContents::text("This is an embedded resource content.", "test://embedded-resource"))
}

/// Answers with text, an image and a resource's content.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_multiple_content_types() -> Content {
    let resource = ResourceContents::text(r#"{"test":"data","value":123}"#, "test://mixed-content-resource");
    Content::text("Multiple content types test:")
        .image(PNG, "image/png")
        .resource(resource.with_mime_type("application/json"))
}

/// Always fails.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn test_error_handling() -> Result<(), ToolError> {
    Err(ToolError::conflict("This tool intentionally returns an error for testing"))
}
