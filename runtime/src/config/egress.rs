//! The settings `egress.*`; without the feature `egress` each of them is a problem.

use super::reader::Reader;

#[cfg(feature = "egress")]
pub(super) fn settings(reader: &mut Reader) -> crate::egress::EgressSettings {
    use std::time::Duration;

    let networks = reader.list("egress.allow_addresses", &[]);
    let parsed = networks.iter().filter_map(|text| text.parse().ok()).collect::<Vec<crate::egress::Network>>();
    for text in networks.iter().filter(|text| text.parse::<crate::egress::Network>().is_err()) {
        reader.check(
            "egress.allow_addresses",
            false,
            &format!("{text:?} is no network, or its address has bits beyond its prefix"),
            "write \"10.1.0.0/16\", \"fd00:1::/32\", or a single address",
        );
    }
    crate::egress::EgressSettings {
        timeout: reader.duration("egress.timeout", Duration::from_secs(10)),
        connect_timeout: reader.duration("egress.connect_timeout", Duration::from_secs(3)),
        max_response_bytes: reader.size("egress.max_response_bytes", 1024 * 1024),
        max_request_bytes: reader.size("egress.max_request_bytes", 1024 * 1024),
        allow_addresses: parsed,
    }
}

#[cfg(not(feature = "egress"))]
pub(super) fn none(reader: &mut Reader) {
    for key in [
        "egress.timeout",
        "egress.connect_timeout",
        "egress.max_response_bytes",
        "egress.max_request_bytes",
        "egress.allow_addresses",
    ] {
        reader.needs_feature(key, "egress");
    }
}
