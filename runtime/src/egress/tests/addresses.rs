use std::net::IpAddr;

use crate::egress::{Network, address::may_reach};

/// Addresses that nobody may reach by default, and why.
const REFUSED: &[(&str, &[&str])] = &[
    ("unspecified, this network", &["0.0.0.0", "0.0.0.1", "0.255.255.255", "::"]),
    ("loopback", &["127.0.0.1", "127.0.0.2", "127.255.255.255", "::1"]),
    ("private", &["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"]),
    ("carrier-grade NAT", &["100.64.0.0", "100.127.255.255"]),
    ("link-local", &["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1", "fec0::1"]),
    ("unique local", &["fc00::1", "fd00::1", "fdff:ffff::1"]),
    (
        "metadata",
        &["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"],
    ),
    ("multicast", &["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"]),
    ("reserved, broadcast", &["240.0.0.1", "255.255.255.254", "255.255.255.255", "4000::1", "5f00::1", "8000::1"]),
    ("protocol assignments", &["192.0.0.1", "192.0.0.170", "2001:1::1", "2001:1ff:ffff::1"]),
    ("documentation", &["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"]),
    ("benchmarks", &["198.18.0.1", "198.19.255.255", "2001:2::1"]),
    ("relays", &["192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1", "2620:4f:8000::1"]),
    ("IPv4-mapped", &["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:a9fe:a9fe"]),
    ("IPv4-compatible", &["::127.0.0.1", "::10.0.0.1", "::8.8.8.8"]),
    ("IPv4-translated", &["::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8"]),
    ("NAT64", &["64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1"]),
    ("6to4", &["2002::1", "2002:7f00:1::1", "2002:a00:1::1", "2002:808:808::1"]),
    ("Teredo", &["2001::1", "2001:0:53aa:64c:0:7f4b:80ff:fffe"]),
    ("ORCHID", &["2001:10::1", "2001:20::1", "2001:2f:ffff::1"]),
    ("discard", &["100::1", "100:0:0:1::1"]),
];

/// Addresses on either side of those.
const REACHED: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700::1111",
    "2a00:1450::1",
    "3ffe::1",
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn only_what_is_routed_on_the_public_internet_is_reached() {
    for (why, addresses) in REFUSED {
        for text in *addresses {
            assert!(!may_reach(address(text), &[]), "{why}: {text}");
        }
    }
    for text in REACHED {
        assert!(may_reach(address(text), &[]), "{text}");
    }
    let cases = REFUSED.iter().map(|(_, addresses)| addresses.len()).sum::<usize>();
    assert!(cases >= 60, "{cases}");
}

#[test]
fn an_operator_adds_networks_and_no_more_than_those() {
    let allowed: Vec<Network> =
        ["10.1.0.0/16", "127.0.0.1", "fd12::/16", "::ffff:10.0.0.0/104"].map(|text| text.parse().unwrap()).into();
    for (text, reached) in [
        ("10.1.0.0", true),
        ("10.1.255.255", true),
        ("10.2.0.0", false),
        ("127.0.0.1", true),
        ("127.0.0.2", false),
        ("fd12::1", true),
        ("fd13::1", false),
        // What carries an address that is allowed is another address.
        ("::ffff:10.1.0.1", true),
        ("::ffff:127.0.0.1", false),
        ("64:ff9b::10.1.0.1", false),
        ("2002:a01:1::1", false),
        ("8.8.8.8", true),
    ] {
        assert_eq!(may_reach(address(text), &allowed), reached, "{text}");
    }
}

#[test]
fn metadata_is_reached_only_where_its_very_address_is_allowed() {
    let wide: Vec<Network> = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap()).into();
    for text in [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fe80::a9fe:a9fe",
    ] {
        assert!(!may_reach(address(text), &wide), "{text}");
        assert!(may_reach(address(text), &[text.parse().unwrap()]), "{text}");
    }
    assert!(may_reach(address("169.254.169.253"), &wide));
}

#[test]
fn a_network_of_addresses_that_carry_others_reaches_only_what_those_may() {
    let networks = ["::/0", "10.1.0.0/16"].map(|text| text.parse().unwrap());
    for (text, reached) in [
        ("64:ff9b::8.8.8.8", true),
        ("64:ff9b::10.1.0.1", true),
        ("64:ff9b::10.2.0.1", false),
        ("64:ff9b::169.254.169.254", false),
        ("64:ff9b:1::8.8.8.8", true),
        ("64:ff9b:1::127.0.0.1", false),
        // 169.254.170.2 behind 64 bits.
        ("64:ff9b:1:0:a9:feaa:200:0", false),
        ("::ffff:8.8.8.8", true),
        ("::ffff:169.254.170.23", false),
        ("::ffff:0:192.168.0.1", false),
        ("::10.2.0.1", false),
        ("2002:808:808::1", true),
        ("2002:a9fe:a9fe::1", false),
        // 127.0.0.1 and 8.8.8.8 with their bits turned around.
        ("2001:0:808:808:0:0:80ff:fffe", false),
        ("2001:0:808:808:0:0:f7f7:f7f7", true),
        ("fd12::1", true),
        ("::1", true),
    ] {
        assert_eq!(may_reach(address(text), &networks), reached, "{text}");
    }
    let very: Network = "64:ff9b::10.2.0.1".parse().unwrap();
    assert!(may_reach(address("64:ff9b::10.2.0.1"), &[very]), "an entry for the address itself");
}

#[test]
fn a_network_has_no_bits_beyond_its_prefix() {
    for text in ["10.0.0.0/8", "0.0.0.0/0", "10.0.0.1", "10.0.0.1/32", "fd00::/8", "::/0", "::1/128", "128.0.0.0/1"] {
        assert!(text.parse::<Network>().is_ok(), "{text}");
    }
    for text in [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "fd00::1/8",
        "::/129",
        "10.0.0.0/+8",
        "10.0.0/8",
        "host/8",
        "10.0.0.0/8/8",
        "10.0.0.0/0008",
        " 10.0.0.0/8",
        "[::1]/128",
        "0x0a.0.0.0/8",
    ] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
}
