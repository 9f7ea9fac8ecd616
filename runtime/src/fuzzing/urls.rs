//! Where tools want to connect: URLs, entries of lists, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{input, watch::without_panics};
use crate::egress::{Origin, Reach};

/// A URL and, behind a NUL, an entry of an allow-list. What is asked is what the entry says, by a parse of our own, and
/// an address that is no public one is never reached, however it is written and even where the list has it.
pub fn urls(data: &[u8]) {
    let (url, entry) = input::halves(data);
    let (url, entry) = (String::from_utf8_lossy(url), String::from_utf8_lossy(entry));
    without_panics(|| {
        address(data);
        let Some(reach) = Reach::of(&url) else { return };
        if let Some(listed) = reach.listed_by_itself()
            && let Some(asked) = reach.asked(&listed)
        {
            assert!(asked.is_none_or(is_public), "{url} leads to {asked:?}");
        }
        if let Some(listed) = Origin::parse(&entry)
            && reach.asked(&listed).is_some()
        {
            let (scheme, host, port) = reach.parts();
            assert!(is_listed(&entry, &scheme, &host, port), "{url} is not {entry}");
        }
    });
}

/// The bytes themselves as addresses.
fn address(data: &[u8]) {
    let v4 = data.first_chunk::<4>().map(|bytes| IpAddr::V4(Ipv4Addr::from(*bytes)));
    let v6 = data.first_chunk::<16>().map(|bytes| IpAddr::V6(Ipv6Addr::from(*bytes)));
    for address in v4.into_iter().chain(v6) {
        assert!(!Reach::is_open(address) || is_public(address), "{address} is reached");
    }
}

/// Whether an address is one of the public internet, by what the standard library knows of it and by RFC 6890.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(address) => {
            let segments = address.segments();
            let carried = match segments {
                // Mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056).
                [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some([high, low]),
                [0x2002, high, low, ..] => Some([high, low]),
                _ => None,
            };
            !(carried.is_some()
                || address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || segments[0] & 0xffc0 == 0xfec0
                || segments[..2] == [0x2001, 0]
                || segments[..2] == [0x2001, 0xdb8])
        }
    }
}

/// Whether an entry means a server.
fn is_listed(entry: &str, scheme: &str, host: &str, port: u16) -> bool {
    let Some(rest) = entry.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) else { return false };
    let standard = if scheme == "https" { 443 } else { 80 };
    let without = match rest.strip_suffix(&format!(":{port}")) {
        Some(without) => without,
        // A port may have zeros before it.
        None => match rest.rsplit_once(':').filter(|(_, text)| text.trim_start_matches('0').parse() == Ok(port)) {
            Some((without, _)) => without,
            None if port == standard => rest,
            None => return false,
        },
    };
    let without = without.to_ascii_lowercase();
    let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    match without.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && host.ends_with(suffix) && host.len() > suffix.len(),
        None => without == host || bare(&without).is_some_and(|address| bare(host) == Some(address)),
    }
}
