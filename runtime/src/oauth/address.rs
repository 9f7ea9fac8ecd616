//! Addresses of issuers and resources: absolute `https` URLs.
//!
//! Invariant: `http` is only for loopback, so a key never comes over a line on which somebody could change it. The text
//! stays as it was written, since issuers and audiences are compared character by character (RFC 8414, section 3.3).

use std::fmt;

use http::Uri;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    uri: Uri,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with the address.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "is no URL")?;
        let authority = uri.authority().ok_or("is no absolute URL")?;
        if text.contains('#') {
            return Err("has a fragment");
        }
        if authority.as_str().contains('@') {
            return Err("has a user in it");
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err("has no host");
        }
        let address = Self { text: text.to_owned(), uri };
        match address.uri.scheme_str() {
            Some("https") => Ok(address),
            Some("http") if address.is_loopback() => Ok(address),
            Some("http") => Err("is http, which is only for loopback"),
            _ => Err("is not https"),
        }
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host, without a port; an IPv6 address without brackets, as `Host` values are compared.
    pub(crate) fn host(&self) -> Option<&str> {
        self.uri.host().map(|host| host.trim_start_matches('[').trim_end_matches(']'))
    }

    /// Its path, `/` where it has none.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Whether it has a query.
    pub(crate) fn has_query(&self) -> bool {
        self.uri.query().is_some()
    }

    /// Scheme, host and port, with another path.
    pub(super) fn with_path(&self, path: &str) -> String {
        let (scheme, authority) = (self.uri.scheme_str().unwrap_or_default(), self.uri.authority());
        format!("{scheme}://{}{path}", authority.map_or("", |authority| authority.as_str()))
    }

    /// Whether it is on the machine that asks.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_on_loopback() {
        for (text, problem) in [
            ("https://issuer.example", None),
            ("https://issuer.example:8443/realms/main", None),
            ("http://localhost:9000/", None),
            ("http://127.0.0.2:9000", None),
            ("http://[::1]:9000/mcp", None),
            ("http://issuer.example", Some("is http, which is only for loopback")),
            ("http://localhost.issuer.example", Some("is http, which is only for loopback")),
            ("http://127.0.0.1.issuer.example", Some("is http, which is only for loopback")),
            ("https://user:secret@issuer.example", Some("has a user in it")),
            ("https://issuer.example/#part", Some("has a fragment")),
            ("ftp://issuer.example", Some("is not https")),
            ("issuer.example", Some("is not https")),
            ("/mcp", Some("is no absolute URL")),
            ("https://", Some("is no URL")),
            ("", Some("is no URL")),
            ("https://issuer.example/a b", Some("is no URL")),
        ] {
            assert_eq!(Address::parse(text).err(), problem, "{text}");
        }
    }
}
