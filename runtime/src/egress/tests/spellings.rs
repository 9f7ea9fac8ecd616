//! Every way to write a server, of a tool that lists it and whose operator adds no network, with its answer.

use std::{net::IpAddr, sync::Arc};

use super::servers::{Answers, egress, settings};
use crate::{egress::Client, error::ErrorKind};

/// What becomes of a URL before anything is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It is no URL that is asked.
    Invalid,
    /// It is not the server that is listed.
    Unlisted,
    /// It has a user or a password.
    Credentials,
    /// Its address is not public.
    Address,
    /// It is connected to.
    Asked,
}

use Answer::{Address, Asked, Credentials, Invalid, Unlisted};

/// What is listed, the URL, and its answer.
const SPELLINGS: &[(&str, &str, Answer)] = &[
    ("http://8.8.8.8", "http://8.8.8.8/", Asked),
    ("http://[2606:4700::1111]", "http://[2606:4700::1111]/", Asked),
    // this network, unspecified
    ("http://0.0.0.0", "http://0.0.0.0/", Address),
    ("http://0.0.0.0", "http://0/", Address),
    ("http://0.1.2.3", "http://0.1.2.3/", Address),
    ("http://[::]", "http://[::]/", Address),
    ("http://[::]", "http://[0:0:0:0:0:0:0:0]/", Address),
    // loopback
    ("http://127.0.0.1", "http://127.0.0.1/", Address),
    ("http://127.0.0.1", "http://2130706433/", Address),
    ("http://127.0.0.1", "http://0x7f000001/", Address),
    ("http://127.0.0.1", "http://0x7f.1/", Address),
    ("http://127.0.0.1", "http://017700000001/", Address),
    ("http://127.0.0.1", "http://0177.0.0.1/", Address),
    ("http://127.0.0.1", "http://127.1/", Address),
    ("http://127.0.0.1", "http://127.0.0.1./", Address),
    ("http://127.0.0.1", "http://%31%32%37.0.0.1/", Address),
    ("http://127.0.0.1", "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", Address),
    ("http://127.0.0.1", "http://\u{2460}27.0.0.1/", Address),
    ("http://127.0.0.1", "http://127.0.0.256/", Invalid),
    ("http://127.0.0.1", "http://127.0.0.1.1/", Invalid),
    ("http://127.0.0.1", "http://0x100000000/", Invalid),
    ("http://[::1]", "http://[::1]/", Address),
    ("http://[::1]", "http://[0:0::0001]/", Address),
    // private, carrier-grade NAT, link-local, site-local, unique local
    ("http://10.0.0.1", "http://10.0.0.1/", Address),
    ("http://10.0.0.1", "http://012.1/", Address),
    ("http://172.16.0.1", "http://172.16.0.1/", Address),
    ("http://192.168.0.1", "http://192.168.1/", Address),
    ("http://100.64.0.1", "http://100.64.0.1/", Address),
    ("http://100.127.255.255", "http://1686110207/", Address),
    ("http://169.254.169.254", "http://169.254.169.254/", Address),
    ("http://169.254.169.254", "http://169.16689662/", Address),
    ("http://169.254.169.254", "http://0xa9fea9fe/", Address),
    ("http://[fe80::1]", "http://[fe80::1]/", Address),
    ("http://[fec0::1]", "http://[fec0::1]/", Address),
    ("http://[fd00:ec2::254]", "http://[fd00:ec2::254]/", Address),
    // zones
    ("http://[fe80::1]", "http://[fe80::1%25eth0]/", Invalid),
    ("http://[fe80::1]", "http://[fe80::1%eth0]/", Invalid),
    ("http://[fe80::1]", "http://fe80::1%25eth0/", Invalid),
    // benchmarks, protocol assignments, documentation, reserved, multicast
    ("http://198.18.0.1", "http://198.18.0.1/", Address),
    ("http://198.19.255.255", "http://198.19.255.255/", Address),
    ("http://192.0.0.192", "http://192.0.0.192/", Address),
    ("http://192.0.2.1", "http://192.0.2.1/", Address),
    ("http://240.0.0.1", "http://240.0.0.1/", Address),
    ("http://255.255.255.255", "http://4294967295/", Address),
    ("http://224.0.0.1", "http://224.0.0.1/", Address),
    ("http://[ff02::1]", "http://[ff02::1]/", Address),
    ("http://[2001:db8::1]", "http://[2001:db8::1]/", Address),
    // IPv6 that carries IPv4: mapped, compatible, translated, NAT64, 6to4, Teredo
    ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]/", Address),
    ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]/", Address),
    ("http://[::ffff:8.8.8.8]", "http://[::ffff:8.8.8.8]/", Address),
    ("http://[::127.0.0.1]", "http://[::7f00:1]/", Address),
    ("http://[::ffff:0:8.8.8.8]", "http://[::ffff:0:808:808]/", Address),
    ("http://[64:ff9b::8.8.8.8]", "http://[64:ff9b::8.8.8.8]/", Address),
    ("http://[64:ff9b::169.254.169.254]", "http://[64:ff9b::a9fe:a9fe]/", Address),
    ("http://[64:ff9b:1::10.0.0.1]", "http://[64:ff9b:1::a00:1]/", Address),
    ("http://[2002:7f00:1::1]", "http://[2002:7f00:1::1]/", Address),
    ("http://[2002:808:808::1]", "http://[2002:808:808::1]/", Address),
    ("http://[2001:0:808:808::f7f7:f7f7]", "http://[2001:0:808:808::f7f7:f7f7]/", Address),
    // An address is not the one that it carries.
    ("http://127.0.0.1", "http://[::ffff:127.0.0.1]/", Unlisted),
    // names
    ("https://api.test", "https://api.test/", Asked),
    ("https://api.test", "https://API.TEST:443/v1", Asked),
    ("https://api.test", "https://api.test./", Unlisted),
    ("https://api.test", "https://api.test../", Unlisted),
    ("https://api.test", "https://api.test.evil.test/", Unlisted),
    ("https://api.test", "https://evil.test\\@api.test/", Unlisted),
    ("https://api.test", "https://evil.test#@api.test/", Unlisted),
    ("https://*.api.test", "https://127.0.0.1/", Unlisted),
    ("https://private.test", "https://private.test/", Address),
    ("https://mapped.test", "https://mapped.test/", Address),
    // users
    ("https://api.test", "https://user@api.test/", Credentials),
    ("https://api.test", "https://:word@api.test/", Credentials),
    ("https://api.test", "https://api.test@evil.test/", Credentials),
    ("https://api.test", "https://api.test:443@evil.test/", Credentials),
    ("https://api.test", "https://@api.test/", Asked),
    // ports and schemes
    ("https://api.test", "https://api.test:8443/", Unlisted),
    ("https://api.test", "https://api.test:0/", Unlisted),
    ("https://api.test", "https://api.test:65536/", Invalid),
    ("https://api.test", "https://api.test:+443/", Invalid),
    ("https://api.test", "http://api.test/", Unlisted),
    ("https://api.test", "http://api.test:443/", Unlisted),
    ("https://api.test", "ftp://api.test/", Invalid),
    ("https://api.test", "file:///api.test", Invalid),
    ("https://api.test", "//api.test/", Invalid),
];

#[tokio::test]
async fn every_way_to_write_a_server_has_its_answer() {
    for (listed, url, expected) in SPELLINGS {
        // Nobody is connected to: what passes is looked up, and the answer is no address, or one that is refused.
        let found: Vec<IpAddr> = match () {
            () if url.contains("private.test") => vec!["10.0.0.1".parse().unwrap(), "100.64.0.1".parse().unwrap()],
            () if url.contains("mapped.test") => vec!["::ffff:127.0.0.1".parse().unwrap(), "fe80::1".parse().unwrap()],
            () => Vec::new(),
        };
        let client = Client::with(settings(&[]), Answers(vec![found], Arc::default())).unwrap();
        let egress = egress(client, &[listed]);
        let error = match reqwest::Url::parse(url).map(|url| (egress.check(&url).err(), url.domain().is_some())) {
            Ok((None, is_name)) if is_name => egress.get(url).send().await.err(),
            Ok((None, _)) => None,
            Ok((Some(error), _)) => Some(error),
            Err(_) => egress.get(url).send().await.err(),
        };
        let answer = match error.as_ref().map(|error| (error.kind(), error.message())) {
            // A name without addresses was looked up.
            None | Some((ErrorKind::Unavailable, _)) => Asked,
            Some((ErrorKind::Invalid, _)) => Invalid,
            Some((ErrorKind::Denied, message)) if message.contains("a user or a password") => Credentials,
            Some((ErrorKind::Denied, message)) if message.contains("is not a server") => Unlisted,
            Some((ErrorKind::Denied, message)) if message.contains("no address that may be reached") => Address,
            Some(other) => panic!("{listed} {url}: {other:?}"),
        };
        assert_eq!(answer, *expected, "{listed} {url}");
    }
}
