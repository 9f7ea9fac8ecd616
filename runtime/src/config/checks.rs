//! What settings must be together, whatever each of them may be alone.

use super::{Profile, Settings, Transport, confirmation, reader::Reader};
use crate::{principal::Principal, store::StoreUrl};

/// Reports everything that does not go together.
pub(super) fn all(reader: &mut Reader, settings: &Settings, allow_embedded: bool) {
    reader.check(
        "listen",
        settings.transport == Transport::Stdio || settings.listen.ip().is_loopback(),
        "a server without authentication listens on loopback only, and this release has no authentication",
        "listen on 127.0.0.1, and put a proxy that authenticates in front, in the same network namespace",
    );
    reader.check(
        "http.allowed_hosts",
        !settings.endpoint.allowed_hosts.is_empty(),
        "an empty list would answer every Host, and a page in a browser could reach the server by rebinding DNS",
        "name the hosts that clients use, or leave the key out",
    );
    reader.check(
        "store.url",
        settings.profile != Profile::Shared || settings.store.url.is_some() || allow_embedded,
        "the replicas of the profile `shared` share claims, tasks, switches and limits, and there is no store that \
         they could share",
        "name one, such as \"postgres://user:password@host/database\", or for a single process \
         `store.allow_embedded = true`",
    );
    reader.check(
        "store.limits_url",
        settings.store.limits_url.as_ref().is_none_or(StoreUrl::is_redis),
        "limits of their own are counted in Redis only",
        "write \"redis://host\", or leave the key out to count them where everything else is",
    );
    reader.check(
        "tenant",
        settings.profile != Profile::Tenant || &*settings.tenant != super::NO_TENANT,
        "a server of the profile `tenant` is of one tenant, and it is not said of which",
        "name it, such as `tenant = \"acme\"`; its data directory is marked with the name",
    );
    reader.check(
        "tenant",
        (1..=128).contains(&settings.tenant.len()) && !settings.tenant.chars().any(char::is_control),
        "a tenant's name is 1 to 128 bytes of text without control characters",
        "write it as the tokens of its callers have it",
    );
    reader.check(
        "listen",
        settings.profile != Profile::Sidecar
            || settings.transport == Transport::Stdio
            || settings.listen.ip().is_loopback(),
        "a sidecar serves one user or one application beside it, and is reached over loopback only",
        "listen on 127.0.0.1, or choose the profile `shared` or `tenant`",
    );
    reader.check(
        "store.url",
        settings.profile != Profile::Sidecar || settings.store.url.is_none(),
        "a sidecar is one process, and keeps what it must remember in a file of its own",
        "leave the key out, or choose the profile `shared` or `tenant`",
    );
    for (who, _) in &settings.pins {
        reader.check(
            &format!("pins.{who}"),
            Principal::NAMES.contains(&who.as_str()),
            "no caller has this name",
            &format!("callers are {}", Principal::NAMES.join(" and ")),
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
