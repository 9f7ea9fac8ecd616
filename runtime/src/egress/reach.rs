//! What a URL would reach, without asking it: the checks before a connection, for `fuzzing`.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use reqwest::Url;

use super::{Client, Egress, EgressSettings, Origin, Outlet, address};
use crate::clock::Clock;

/// A client that reaches public addresses alone.
static CLIENT: LazyLock<Option<Arc<Client>>> = LazyLock::new(|| {
    let second = Duration::from_secs(1);
    let settings = EgressSettings {
        timeout: second,
        connect_timeout: second,
        max_response_bytes: 1,
        max_request_bytes: 1,
        allow_addresses: Vec::new(),
    };
    Client::new(settings).ok().map(Arc::new)
});

/// A URL that a tool would ask.
pub(crate) struct Reach(Url);

impl Reach {
    /// None of what is no URL.
    pub(crate) fn of(text: &str) -> Option<Self> {
        Url::parse(text).ok().map(Self)
    }

    /// The entry of a list that means just its server.
    pub(crate) fn listed_by_itself(&self) -> Option<Origin> {
        let (scheme, host, port) = self.parts();
        Origin::parse(&format!("{scheme}://{host}:{port}"))
    }

    /// None where a tool with this list can't ask it; else the address that is asked, or that a name is.
    pub(crate) fn asked(&self, listed: &Origin) -> Option<Option<IpAddr>> {
        let outlet = Outlet { client: Arc::clone(CLIENT.as_ref()?), allowed: Arc::new([listed.clone()]) };
        let egress = Egress::new(Some(outlet), "fuzzed".into(), Clock::system().now());
        egress.check(&self.0).ok()?;
        if self.0.domain().is_some() {
            return Some(None);
        }
        // Of an address nothing is resolved.
        let addresses = self.0.socket_addrs(|| None).ok()?;
        Some(addresses.first().map(|address| address.ip()))
    }

    /// Scheme, host and port.
    pub(crate) fn parts(&self) -> (String, String, u16) {
        let port = self.0.port_or_known_default().unwrap_or_default();
        (self.0.scheme().to_owned(), self.0.host_str().unwrap_or_default().to_owned(), port)
    }

    /// Whether a name may have this address.
    pub(crate) fn is_open(address: IpAddr) -> bool {
        address::may_reach(address, &[])
    }
}
