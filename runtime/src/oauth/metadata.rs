//! What clients are told of this server before they have a token (RFC 9728).

use serde::Serialize;

use super::{Address, AuthSettings};

/// Where the document is, before the path of the resource.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProtectedResource {
    resource: String,
    resource_name: String,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
}

impl ProtectedResource {
    /// Of a server with this name, of which everybody may know these scopes.
    pub(crate) fn new(settings: &AuthSettings, name: &str, scopes: Vec<String>) -> Self {
        Self {
            resource: settings.resource.to_string(),
            resource_name: name.to_owned(),
            authorization_servers: settings.issuers.iter().map(|issuer| issuer.url.to_string()).collect(),
            scopes_supported: scopes,
            bearer_methods_supported: ["header"],
            resource_documentation: settings.documentation.as_ref().map(Address::to_string),
        }
    }

    /// Where the document is served: at the place for the resource's path, and at the root for clients that know only the
    /// host.
    pub(crate) fn paths(settings: &AuthSettings) -> Vec<String> {
        let (own, root) = (path(&settings.resource), WELL_KNOWN.to_owned());
        if own == root { vec![root] } else { vec![own, root] }
    }

    /// The address that a challenge names.
    pub(crate) fn address(settings: &AuthSettings) -> String {
        settings.resource.with_path(&path(&settings.resource))
    }
}

/// RFC 9728, section 3.1: between the host and the path, without a `/` at the end of the host.
fn path(resource: &Address) -> String {
    format!("{WELL_KNOWN}{}", if resource.path() == "/" { "" } else { resource.path() })
}
