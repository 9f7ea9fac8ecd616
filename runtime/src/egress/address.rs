//! Which addresses may be connected to: what is routed on the public internet, and what the operator adds.
//!
//! Invariant: an IPv6 address is refused unless it is in `2000::/3` and in none of the networks below, so that every
//! form that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is refused whatever it carries. In an
//! allowed network it is reached if what it carries may be reached, too. An address that hands out credentials of the
//! machine is refused in a wider allowed network; only an entry for that very address allows it. Networks are those of
//! the IANA special-purpose registries (RFC 6890).
//!
//! What it does not know: the prefixes that a network has of its own for NAT64 (RFC 6052). Who adds one adds all of IPv4.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A network as CIDR writes it: `10.0.0.0/8`, `fd00::/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Whether an address may be connected to, where the operator allows these networks beside the public ones.
pub(super) fn may_reach(address: IpAddr, allowed: &[Network]) -> bool {
    let most = longest(address);
    if allowed.iter().any(|network| network.prefix == most && network.contains(address)) {
        return true;
    }
    let added = || allowed.iter().any(|network| network.contains(address));
    !METADATA.contains(&address)
        && (is_public(address) || added())
        && carried(address).is_none_or(|inner| may_reach(inner.into(), allowed))
}

/// The IPv4 address that an IPv6 address leads to.
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let [.., a, b, c, d] = address.octets();
    let last = Ipv4Addr::new(a, b, c, d);
    match address.segments() {
        // Unspecified and loopback are addresses of IPv6.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // Compatible, mapped, translated (RFC 4291, RFC 7915), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last),
        // NAT64 of a network (RFC 8215). Where it stands further in front, zeros are at the end.
        [0x64, 0xff9b, 1, ..] if [b, c, d] == [0, 0, 0] => Some(Ipv4Addr::UNSPECIFIED),
        [0x64, 0xff9b, 1, ..] => Some(last),
        // 6to4 (RFC 3056); Teredo (RFC 4380), which turns the bits of its client's address around.
        [0x2002, high, low, ..] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!last.to_bits())),
        _ => None,
    }
}

/// Where clouds hand out credentials: AWS, GCP, Azure and others; AWS and GCP over IPv6; Alibaba; Azure's WireServer;
/// Oracle; AWS's containers and pods, these over IPv6, too; OpenStack over IPv6.
const METADATA: [IpAddr; 10] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
];

/// What is not routed on the public internet, or not to one host.
const NOT_PUBLIC_V4: [([u8; 4], u8); 17] = [
    ([0, 0, 0, 0], 8),       // this network
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // carrier-grade NAT
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 31, 196, 0], 24), // AS112
    ([192, 52, 193, 0], 24), // AMT
    ([192, 88, 99, 0], 24),  // 6to4 relays
    ([192, 168, 0, 0], 16),  // private
    ([192, 175, 48, 0], 24), // AS112
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 3),     // multicast, reserved, broadcast
];

/// What of `2000::/3` is no host of the public internet.
const NOT_PUBLIC_V6: [([u16; 3], u8); 5] = [
    ([0x2001, 0, 0], 23),         // protocol assignments: Teredo, benchmarks, ORCHID
    ([0x2001, 0xdb8, 0], 32),     // documentation
    ([0x2002, 0, 0], 16),         // 6to4
    ([0x2620, 0x4f, 0x8000], 48), // AS112
    ([0x3fff, 0, 0], 20),         // documentation
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => {
            let mut refused = NOT_PUBLIC_V4.iter().map(|(start, prefix)| Network::new(Ipv4Addr::from(*start), *prefix));
            !refused.any(|network| network.contains(address))
        }
        IpAddr::V6(_) => {
            let start = |[a, b, c]: [u16; 3]| Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
            let mut refused = NOT_PUBLIC_V6.iter().map(|(parts, prefix)| Network::new(start(*parts), *prefix));
            Network::new(start([0x2000, 0, 0]), 3).contains(address)
                && !refused.any(|network| network.contains(address))
        }
    }
}

impl Network {
    fn new(address: impl Into<IpAddr>, prefix: u8) -> Self {
        Self { address: address.into(), prefix }
    }

    /// Whether an address of the same family is in it.
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(start), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                start.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(start), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                start.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// It is no network, or its address has bits beyond its prefix, where one of the two is a mistake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let most = longest(address);
        let prefix = match prefix {
            // `u8` would read a sign and leading zeros, too.
            Some(text) if text.len() > 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) => return Err(NoNetwork),
            Some(text) => text.parse().map_err(|_| NoNetwork)?,
            None => most,
        };
        let network = Self { address, prefix };
        let beyond = match address {
            IpAddr::V4(address) => address.to_bits().checked_shl(prefix.into()).unwrap_or(0) != 0,
            IpAddr::V6(address) => address.to_bits().checked_shl(prefix.into()).unwrap_or(0) != 0,
        };
        if prefix > most || beyond { Err(NoNetwork) } else { Ok(network) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
