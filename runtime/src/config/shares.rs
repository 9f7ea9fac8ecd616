//! What of a server one caller and one tenant get, so that nobody keeps all others out.
//!
//! By default it is half, for callers where they prove who they are, and for tenants where there is more than one:
//! without authentication all that share a server are one caller, and a part kept for others would be kept for nobody.

use std::{collections::BTreeSet, time::Duration};

use super::{MIB, reader::Reader};
use crate::{
    oauth::AuthSettings,
    pipeline::Admission,
    reliability::{BulkheadPolicy, Part, Quota},
    tasks::TaskSettings,
};

/// Who shares a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sharing {
    /// Callers prove who they are.
    callers: bool,
    /// And may be of several tenants.
    tenants: bool,
}

impl Sharing {
    /// `own`: the tenant of callers whose issuer names none.
    pub(super) fn of(auth: Option<&AuthSettings>, own: &str) -> Self {
        Self { callers: auth.is_some(), tenants: auth.is_some_and(|auth| has_tenants(auth, own)) }
    }

    /// What one caller gets of `all`.
    fn of_one(self, all: usize) -> usize {
        if self.callers { all.div_ceil(2) } else { all }
    }

    /// What one tenant gets of `all`.
    fn of_tenant(self, all: usize) -> usize {
        if self.tenants { all.div_ceil(2) } else { all }
    }

    /// Of what stays open: `keys` are those of all, of one tenant and of one caller.
    pub(super) fn part(self, reader: &mut Reader, keys: [&'static str; 3]) -> Part {
        let [all, of_tenant, of_one] = keys;
        let all = reader.size(all, 1024);
        let of_tenant = reader.size(of_tenant, self.of_tenant(all));
        Part { all, of_tenant, of_one: reader.size(of_one, self.of_one(all)) }
    }

    /// Of the bytes of bodies: by default there is room for some of the largest.
    pub(super) fn in_flight(self, reader: &mut Reader, max_body_bytes: usize) -> Part {
        let all = reader.size("http.max_bytes_in_flight", (64 * MIB).max(max_body_bytes.saturating_mul(4)));
        let [of_tenant, of_one] = [self.of_tenant(all), self.of_one(all)].map(|part| part.max(max_body_bytes));
        Part {
            all,
            of_tenant: reader.size("http.max_bytes_in_flight_per_tenant", of_tenant),
            of_one: reader.size("http.max_bytes_in_flight_per_caller", of_one),
        }
    }

    /// What the server as a whole lets in.
    pub(super) fn admission(self, reader: &mut Reader) -> Admission {
        let concurrency = reader.size("limits.concurrency", 256);
        let queue = reader.number("limits.queue", 0..=usize::MAX, concurrency);
        let per_tenant = match ("limits.concurrency_per_tenant", 1..=usize::MAX) {
            (key, range) if self.tenants => Some(reader.number(key, range, self.of_tenant(concurrency))),
            (key, range) => reader.number_of(key, range, "such as 128"),
        };
        Admission {
            places: BulkheadPolicy {
                concurrency,
                per_caller: reader.size("limits.concurrency_per_caller", self.of_one(concurrency)),
                queue,
                queue_per_caller: reader.number("limits.queue_per_caller", 0..=usize::MAX, self.of_one(queue)),
            },
            per_tenant,
            rate_per_caller: reader.rate("limits.rate_per_caller", None),
            rate_per_tenant: reader.rate("limits.rate_per_tenant", None),
            kept_per_caller: reader.rate("limits.kept_per_caller", self.kept()),
        }
    }

    /// One call a second, an hour's at once: who shares a store with others does not fill it.
    fn kept(self) -> Option<Quota> {
        self.callers.then(|| Quota::parse("3600/h")).flatten()
    }

    /// What tasks are held to.
    pub(super) fn tasks(self, reader: &mut Reader, store_timeout: Duration) -> TaskSettings {
        let hour = Duration::from_secs(3600);
        let concurrency = reader.size("tasks.concurrency", 64);
        TaskSettings {
            concurrency,
            per_tenant: reader.size("tasks.concurrency_per_tenant", self.of_tenant(concurrency)),
            per_caller: reader.size("tasks.concurrency_per_caller", self.of_one(concurrency)),
            deadline: reader.duration("tasks.deadline", hour),
            ttl: reader.duration("tasks.ttl", hour),
            poll: reader.duration("tasks.poll", Duration::from_millis(500)),
            poll_interval: reader.duration("tasks.poll_interval", Duration::from_secs(1)),
            // Long enough for a store that takes all its time.
            lease: reader.duration("tasks.lease", Duration::from_secs(15).max(4 * store_timeout)),
        }
    }
}

/// Whether callers may be of more than one tenant.
fn has_tenants(auth: &AuthSettings, own: &str) -> bool {
    let claimed = auth.issuers.iter().any(|issuer| issuer.tenant_claim.is_some());
    let named: BTreeSet<_> = auth.issuers.iter().map(|issuer| issuer.tenant.as_deref().unwrap_or(own)).collect();
    !auth.one_tenant && (claimed || named.len() > 1)
}
