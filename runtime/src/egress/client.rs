//! The connections: TLS by rustls, names resolved and their addresses checked in one step, and nothing followed.
//!
//! Invariant: the addresses that were checked are the ones that are connected to. A name is resolved once for each
//! connection, so that an answer that changes in between is of no use to anybody. No proxy is asked: it would resolve
//! names itself.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use super::{
    address::{self, Network},
    lookup::{Lookup, NoLookup, System},
};

/// What is configured below `egress.`, for all tools.
#[derive(Debug, Clone)]
pub(crate) struct EgressSettings {
    /// For a request with its answer; a call's own deadline may be nearer.
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) max_request_bytes: usize,
    /// Networks that are reachable beside the public internet.
    pub(crate) allow_addresses: Vec<Network>,
}

/// The client that all tools of a server share; what each may reach is decided before it is asked.
#[derive(Debug)]
pub(crate) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) settings: EgressSettings,
}

/// Connections that are kept for the next request to the same server, and how long.
const IDLE: (usize, Duration) = (16, Duration::from_secs(30));

impl Client {
    /// The client of a server, which resolves names as the machine does.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub(crate) fn new(settings: EgressSettings) -> Result<Self, NoClient> {
        Self::with(settings, System::new())
    }

    pub(super) fn with(settings: EgressSettings, lookup: impl Lookup) -> Result<Self, NoClient> {
        Self::trusting(roots(), settings, lookup)
    }

    pub(super) fn trusting(
        roots: rustls::RootCertStore,
        settings: EgressSettings,
        lookup: impl Lookup,
    ) -> Result<Self, NoClient> {
        let resolver = Checked { lookup: Arc::new(lookup), allowed: settings.allow_addresses.clone().into() };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(roots)?)
            .dns_resolver(resolver)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_max_idle_per_host(IDLE.0)
            .pool_idle_timeout(IDLE.1)
            .build()
            .map_err(|error| NoClient(error.to_string()))?;
        Ok(Self { http, settings })
    }

    /// Whether an address may be connected to.
    pub(super) fn may_reach(&self, address: IpAddr) -> bool {
        address::may_reach(address, &self.settings.allow_addresses)
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoClient(String);

/// Certificates are checked by the roots of the machine. Without any the client is there and reaches nothing by TLS.
fn roots() -> rustls::RootCertStore {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn tls(roots: rustls::RootCertStore) -> Result<rustls::ClientConfig, NoClient> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NoClient(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A name has no address that may be connected to.
#[derive(Debug)]
pub(super) struct NotReachable {
    name: String,
    found: Vec<IpAddr>,
}

impl fmt::Display for NotReachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has the addresses {:?}, and none is in a network that may be reached", self.name, self.found)
    }
}

impl std::error::Error for NotReachable {}

/// Resolves, and leaves out what may not be connected to.
struct Checked {
    lookup: Arc<dyn Lookup>,
    allowed: Arc<[Network]>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allowed) = (Arc::clone(&self.lookup), Arc::clone(&self.allowed));
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = match lookup.lookup(name.clone()).await {
                Ok(found) => found,
                // Bare, so that it is found among the causes of what comes of it.
                Err(error) => return Err(error.downcast::<NoLookup>().map_or_else(Into::into, Into::into)),
            };
            let reachable: Vec<SocketAddr> = found
                .iter()
                .filter(|address| address::may_reach(**address, &allowed))
                // The port is that of the URL.
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            if reachable.is_empty() && !found.is_empty() {
                return Err(NotReachable { name, found }.into());
            }
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}
