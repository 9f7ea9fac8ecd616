//! Resources: text, bytes, a template, and one that can be subscribed to.

use serde_json::json;
use steadfast::rmcp::{
    ErrorData,
    model::{Resource, ResourceContents, ResourceTemplate},
};

use super::PNG;

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";

/// The resource that clients subscribe to. It never changes, so that accepting is all there is to do.
pub(super) const WATCHED: &str = "test://watched-resource";

pub(super) fn list() -> Vec<Resource> {
    vec![
        Resource::new(TEXT, "static-text").with_description("Text that never changes").with_mime_type("text/plain"),
        Resource::new(BINARY, "static-binary").with_description("An image").with_mime_type("image/png"),
        Resource::new(WATCHED, "watched-resource")
            .with_description("Text that can be subscribed to")
            .with_mime_type("text/plain"),
    ]
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("test://template/{id}/data", "template")
            .with_description("Data of an id")
            .with_mime_type("application/json"),
    ]
}

pub(super) fn read(uri: &str) -> Result<ResourceContents, ErrorData> {
    if let Some(id) = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data")) {
        let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
        return Ok(ResourceContents::text(data.to_string(), uri).with_mime_type("application/json"));
    }
    match uri {
        TEXT => Ok(ResourceContents::text("This is the content of the static text resource.", uri)),
        BINARY => Ok(ResourceContents::blob(PNG, uri).with_mime_type("image/png")),
        WATCHED => Ok(ResourceContents::text("Watched resource content", uri)),
        _ => Err(unknown(uri)),
    }
}

/// The refusal of what is no resource here.
pub(super) fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("there is no such resource", Some(json!({ "uri": uri })))
}
