//! What settings must be together, whatever each of them may be alone.

use super::{Settings, confirmation, profile, reader::Reader};
use crate::{principal::Principal, store::StoreUrl};

/// Reports everything that does not go together.
pub(super) fn all(reader: &mut Reader, settings: &Settings, allow_embedded: bool) {
    profile::check(reader, settings, allow_embedded);
    reader.check(
        "http.allowed_hosts",
        !settings.endpoint.allowed_hosts.is_empty(),
        "an empty list would answer every Host, and a page in a browser could reach the server by rebinding DNS",
        "name the hosts that clients use, or leave the key out",
    );
    for (key, most) in [
        ("http.max_bytes_in_flight", settings.endpoint.max_bytes_in_flight.all),
        ("http.max_bytes_in_flight_per_tenant", settings.endpoint.max_bytes_in_flight.of_tenant),
        ("http.max_bytes_in_flight_per_caller", settings.endpoint.max_bytes_in_flight.of_one),
    ] {
        reader.check(
            key,
            most >= settings.endpoint.max_body_bytes,
            "a body as large as `http.max_body_bytes` lets it be would never be taken",
            "give it room for several such bodies, or lower `http.max_body_bytes`",
        );
    }
    reader.check(
        "store.limits_url",
        settings.store.limits_url.as_ref().is_none_or(StoreUrl::is_redis),
        "limits of their own are counted in Redis only",
        "write \"redis://host\", or leave the key out to count them where everything else is",
    );
    reader.check(
        "tenant",
        (1..=128).contains(&settings.tenant.len()) && !settings.tenant.chars().any(char::is_control),
        "a tenant's name is 1 to 128 bytes of text without control characters",
        "write it as the tokens of its callers have it",
    );
    for (who, _) in &settings.pins {
        reader.check(
            &format!("pins.{who}"),
            Principal::NAMES.contains(&who.as_str()) || (settings.auth.is_some() && who.contains(':')),
            "no caller has this name",
            &format!("callers are {}, and with tokens `<issuer>:<subject>`", Principal::NAMES.join(" and ")),
        );
    }
    confirmation::check(reader, settings);
    reader.check(
        "idempotency.lease",
        settings.idempotency.lease >= 4 * settings.store.timeout,
        "a lease could end while it is renewed",
        "give it four times the time of `store.timeout`, or more",
    );
    reader.check(
        "tasks.lease",
        settings.tasks.lease >= 4 * settings.store.timeout,
        "a lease could end while it is renewed",
        "give it four times the time of `store.timeout`, or more",
    );
    reader.check(
        "admin",
        settings.admin.is_none_or(|admin| admin.ip().is_loopback()),
        "the admin port has no authentication and listens on loopback only",
        "listen on 127.0.0.1, or `admin = \"off\"`",
    );
}
