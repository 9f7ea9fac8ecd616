//! Requests of tools to other servers: what a tool lists is reachable, and nothing else.
//!
//! A tool lists servers (`egress = ["https://api.example.com"]`, or `tools.<name>.egress` in the configuration), and
//! asks them with [`CallContext::egress`](crate::CallContext::egress). Two checks are independent: *which server* is
//! looked up in the tool's list before anything is done, and *which address* is checked when the connection is made, by
//! the resolver that gives the connection its addresses ([`client`]). Redirects are not followed, and nothing of the
//! caller's is sent by itself.
//!
//! What it does not do: keep a tool from opening sockets of its own. That is for the network of the deployment.

mod address;
mod certificate;
mod client;
mod lookup;
mod origin;
#[cfg(feature = "fuzzing")]
mod reach;
mod request;
mod response;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc};

use http::Method;
use reqwest::Url;
use tokio::time::Instant;

#[cfg(feature = "fuzzing")]
pub(crate) use self::reach::Reach;
pub(crate) use self::{
    address::Network,
    client::{Client, EgressSettings},
    origin::Origin,
};
pub use self::{request::EgressRequest, response::EgressResponse};
use crate::{error::ToolError, policy::ToolPolicy, problem::Problem};

/// The HTTP client of a tool during a call ([`CallContext::egress`](crate::CallContext::egress)). Cheap to clone.
///
/// ```
/// # use steadfast::prelude::*;
/// #[derive(Deserialize, Serialize, JsonSchema)]
/// struct Rate {
///     rate: f64,
/// }
///
/// /// The price of a currency in euros.
/// #[mcp_tool(version = "1.0.0", effect = read_only, open_world, egress = ["https://rates.example.com"])]
/// async fn price(cx: CallContext, currency: String) -> Result<Rate, ToolError> {
///     let answer = cx.egress().get("https://rates.example.com/v1").segment(&currency).send().await?;
///     answer.success()?.json()
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Egress {
    /// None of a tool that lists nothing.
    outlet: Option<Outlet>,
    tool: Arc<str>,
    /// When the call ends.
    until: Instant,
}

/// What the calls of a tool may reach, and by what.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    pub(crate) client: Arc<Client>,
    pub(crate) allowed: Arc<[Origin]>,
}

/// The client of a server, where any of its tools may reach anything.
pub(crate) fn client(settings: &EgressSettings, tools: &[ToolPolicy]) -> Result<Option<Arc<Client>>, Vec<Problem>> {
    if tools.iter().all(|policy| policy.egress.is_empty()) {
        return Ok(None);
    }
    let client = Client::new(settings.clone());
    client.map(|client| Some(Arc::new(client))).map_err(|error| {
        let what = format!("the client that tools reach others by can't be made: {error}");
        vec![Problem::new("the server", what, "look at the certificates of this machine")]
    })
}

impl Egress {
    pub(crate) fn new(outlet: Option<Outlet>, tool: Arc<str>, until: Instant) -> Self {
        Self { outlet, tool, until }
    }

    /// A request that reads.
    pub fn get(&self, url: &str) -> EgressRequest {
        self.request(Method::GET, url)
    }

    /// A request that sends something.
    pub fn post(&self, url: &str) -> EgressRequest {
        self.request(Method::POST, url)
    }

    /// A request with any method.
    pub fn request(&self, method: Method, url: &str) -> EgressRequest {
        EgressRequest::new(self.clone(), method, url)
    }

    /// The client, where a URL is of a server that the tool may reach, and what to call that server. Addresses behind a
    /// name are checked later.
    fn check(&self, url: &Url) -> Result<(&Client, String), ToolError> {
        let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
            return Err(ToolError::invalid("only URLs of `https` and `http` can be asked"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ToolError::denied("a URL with a user or a password is not asked"));
        }
        let listed = self.outlet.as_ref().filter(|outlet| outlet.allowed.iter().any(|origin| origin.allows(url)));
        let Some(Outlet { client, .. }) = listed else {
            return Err(ToolError::denied(format!(
                "`{}` is not a server that `{}` may reach",
                url.origin().ascii_serialization(),
                self.tool
            )));
        };
        match literal(host) {
            Some(address) if !client.may_reach(address) => Err(not_reachable(host)),
            _ => Ok((client, host.to_owned())),
        }
    }
}

/// The address that a URL's host is, if it is one; a URL parser has made one of every spelling.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The server is on the list, and where it is may not be reached.
fn not_reachable(host: &str) -> ToolError {
    ToolError::denied(format!("`{host}` has no address that may be reached"))
}
