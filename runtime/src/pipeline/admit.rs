//! Lets a call in: not while the server drains, not above the rates of its caller and tenant, not beyond what the
//! server can run and queue.
//!
//! Invariant: where there is no room to wait, a refusal is immediate. It says when trying again makes sense, and is
//! counted; no call is dropped silently. Who waits, waits in turn between callers, and is refused later only when its
//! time is over or its place is given to a caller who has fewer.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::limits::Admission;
use crate::{
    call::{RateOf, Stop},
    caller::Caller,
    engine::Engine,
    gate::Ticket,
    policy::ToolPolicy,
    reliability::{Full, Quota, Share, Slot},
    store::{self, Key, Kind, Taken},
};

/// When a caller whose call waited in vain should try again.
const AGAIN: Duration = Duration::from_secs(1);

/// Held while a request is in flight.
pub(crate) struct Admitted<'a> {
    _ticket: Ticket<'a>,
    /// None where it takes no place.
    _place: Option<Slot<'a>>,
    _share: Option<Share>,
}

/// Lets a request in, after a wait where the server is at its limit and there is room to wait.
///
/// Places come before rates: who is shed has used up nothing, and only so many wait for the store at once.
pub(crate) async fn enter<'a>(
    engine: &'a Engine,
    caller: &Caller,
    until: Instant,
    cancellation: &CancellationToken,
) -> Result<Admitted<'a>, Stop> {
    // The ticket comes first: a drain waits for calls that wait here.
    let ticket = engine.gate.enter().ok_or(Stop::Draining)?;
    // Whoever a tenant has call for it, all of them get no more than its part.
    let share = engine.tenants.as_ref().map(|tenants| tenants.take(caller.tenant(), caller.key()));
    let share = share.transpose().map_err(|_| Stop::Overloaded { retry_after: AGAIN })?;
    // Refused at once where there is no room to wait.
    let entering = engine.places.enter(caller.key()).map_err(overloaded)?;
    let admitted = async {
        rates(engine, caller).await?;
        entering.await.map_err(overloaded)
    };
    // There may be room to wait, and no time left to run.
    let place = within(until, cancellation, admitted).await?;
    Ok(Admitted { _ticket: ticket, _place: Some(place), _share: share })
}

/// What a call waits for the store with before its function runs: no longer than the call may take, and no longer than
/// its caller waits.
pub(super) async fn within<T>(
    until: Instant,
    cancellation: &CancellationToken,
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        () = cancellation.cancelled() => Err(Stop::Cancelled),
        done = work => done,
        () = tokio::time::sleep_until(until) => Err(Stop::Overloaded { retry_after: AGAIN }),
    }
}

/// What [`enter`] would refuse a call with at once, because there is neither a place nor room to wait.
pub(crate) fn full(engine: &Engine, caller: &Caller) -> Option<Stop> {
    // A server that drains says so.
    engine.places.full(caller.key()).filter(|_| engine.gate.is_open()).map(overloaded)
}

/// Lets a request in that the server answers from memory: it takes no place, and counts as a call of its caller.
pub(crate) async fn pass<'a>(
    engine: &'a Engine,
    caller: &Caller,
    until: Instant,
    cancellation: &CancellationToken,
) -> Result<Admitted<'a>, Stop> {
    let ticket = engine.gate.enter().ok_or(Stop::Draining)?;
    within(until, cancellation, rates(engine, caller)).await?;
    Ok(Admitted { _ticket: ticket, _place: None, _share: None })
}

async fn rates(engine: &Engine, caller: &Caller) -> Result<(), Stop> {
    let Admission { rate_per_caller, rate_per_tenant, .. } = &engine.limits.admission;
    if let Some(quota) = rate_per_caller {
        rate(engine, caller, RateOf::Caller, format!("caller:{}", caller.principal().as_str()), *quota).await?;
    }
    match rate_per_tenant {
        Some(quota) => rate(engine, caller, RateOf::Tenant, "tenant".into(), *quota).await,
        None => Ok(()),
    }
}

fn overloaded(full: Full) -> Stop {
    Stop::Overloaded { retry_after: full.retry_after }
}

/// Holds a caller to the rate of what is kept of its calls: each stays in the store that all share.
pub(super) async fn kept(engine: &Engine, caller: &Caller) -> Result<(), Stop> {
    match engine.limits.admission.kept_per_caller {
        Some(quota) => {
            rate(engine, caller, RateOf::Caller, format!("kept:{}", caller.principal().as_str()), quota).await
        }
        None => Ok(()),
    }
}

/// Holds a tool to its own rate.
pub(super) async fn tool(engine: &Engine, policy: &ToolPolicy, tool: &str, caller: &Caller) -> Result<(), Stop> {
    match policy.rate {
        Some(quota) => {
            rate(engine, caller, RateOf::Tool, format!("tool:{tool}:{}", caller.principal().as_str()), quota).await
        }
        None => Ok(()),
    }
}

/// Takes one from a quota that all replicas share, or while their store is away, from this one's own.
async fn rate(engine: &Engine, caller: &Caller, of: RateOf, name: String, quota: Quota) -> Result<(), Stop> {
    let key = Key { tenant: Arc::clone(caller.tenant()), kind: Kind::Limit, name };
    let taken = match engine.store.take(&key, quota).await {
        Ok(taken) => taken,
        Err(error) => {
            engine.without(Kind::Limit, error)?;
            store::take_here(&engine.local_rates, &key, quota)
        }
    };
    match taken {
        Taken::Granted => Ok(()),
        Taken::Limited { retry_after } => Err(Stop::RateLimited { of, retry_after }),
    }
}
