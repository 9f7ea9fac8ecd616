//! An entry of an allow-list: a scheme, a host or all names below one, and a port.
//!
//! Invariant: what is allowed is compared with what a URL parser made of the address, never with text. An entry has
//! neither user, path nor query: what is allowed is a server, not a part of it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use reqwest::Url;

/// `https://api.example.com`, `https://*.example.org:8443`, `http://10.0.0.7:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    https: bool,
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
    /// Any name that ends so, with the dot before it: `.example.org`.
    Below(String),
}

impl Origin {
    /// Reads an entry; the macro checks those of attributes by the same rules.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (https, rest) = match text.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        let (host, port) = match rest.rsplit_once(':') {
            // The colons of an IPv6 address are in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(number(port)?)),
            _ => (rest, None),
        };
        Some(Self { https, host: Host::parse(host)?, port: port.unwrap_or(if https { 443 } else { 80 }) })
    }

    /// Whether the server of a URL is this one.
    pub(super) fn allows(&self, url: &Url) -> bool {
        let scheme = if self.https { "https" } else { "http" };
        url.scheme() == scheme
            && url.port_or_known_default() == Some(self.port)
            && url.host_str().is_some_and(|host| match &self.host {
                Host::Address(address) => super::literal(host) == Some(*address),
                Host::Name(name) => host == name,
                Host::Below(suffix) => {
                    host.len() > suffix.len() && host.ends_with(suffix.as_str()) && super::literal(host).is_none()
                }
            })
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return Some(Self::Address(IpAddr::V6(inner.strip_suffix(']')?.parse().ok()?)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let name = text.to_ascii_lowercase();
        match name.strip_prefix("*.") {
            // All names of a top-level domain are not meant.
            Some(below) => (is_name(below) && below.contains('.')).then(|| Self::Below(format!(".{below}"))),
            None => is_name(&name).then_some(Self::Name(name)),
        }
    }
}

/// Labels of letters, digits, `-` and `_` with dots between them. A last label of digits would be an address.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
        && !last.starts_with("0x")
}

fn number(port: &str) -> Option<u16> {
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port > 0)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.https { "https://" } else { "http://" })?;
        match &self.host {
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            Host::Address(address) => write!(f, "{address}")?,
            Host::Name(name) => f.write_str(name)?,
            Host::Below(suffix) => write!(f, "*{suffix}")?,
        }
        match (self.https, self.port) {
            (true, 443) | (false, 80) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}
