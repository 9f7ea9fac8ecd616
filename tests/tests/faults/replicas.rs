//! Three processes that share one PostgreSQL and one Redis.
//!
//! Where these servers are is told by `STEADFAST_TEST_POSTGRES` and `STEADFAST_TEST_REDIS`; without them the tests say
//! `SKIPPED` and do nothing. Each test is a tenant of its own, so that none meets another's records.

mod away;
mod effects;
mod proxy;
mod rates;
mod switches;
mod tasks;

use std::io::Write as _;

use super::fleet::Fleet;
use crate::support::HttpServer;

/// How many processes share the stores.
const REPLICAS: usize = 3;

/// The URLs of what the replicas share.
struct Shared {
    postgres: String,
    redis: String,
}

impl Shared {
    /// What the environment names; says so when it does not.
    fn found() -> Option<Self> {
        let found = |variable: &str| {
            let url = std::env::var(variable).ok();
            if url.is_none() {
                // Not by `println!`, which is captured while a test passes.
                let _ = writeln!(std::io::stdout(), "\nSKIPPED faults::replicas: {variable} is not set");
            }
            url
        };
        Some(Self { postgres: found("STEADFAST_TEST_POSTGRES")?, redis: found("STEADFAST_TEST_REDIS")? })
    }

    fn fleet(&self, settings: &str) -> Fleet {
        let fleet = Fleet::new(settings);
        let tenant = fleet.name();
        fleet
            .with("STEADFAST_TENANT", tenant)
            .with("STEADFAST_STORE_URL", self.postgres.as_str())
            .with("STEADFAST_STORE_LIMITS_URL", self.redis.as_str())
    }
}

fn replicas(fleet: &Fleet) -> Vec<HttpServer> {
    (0..REPLICAS).map(|_| fleet.start()).collect()
}
