//! Approvals: a destructive call that waits until somebody else than its caller says yes (the two-person rule).
//!
//! A request is a record in the store, under a name that follows from the call and its plan: the same call asked for
//! again is the same request. Invariants: nobody approves a request of their own name, and about a request that came with
//! a token only a name as tokens have it decides, since another could be the caller's own; an approval is used by the very
//! call that it is for, before it ends, once in all replicas (it is removed, by compare and set); while the store is away
//! nothing is approved. Who an approver is, is what the command line says: whoever can run it with the server's data is
//! trusted to say it rightly.

#[cfg(test)]
mod tests;

use std::{os::unix::fs::MetadataExt as _, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Shown;
use crate::{
    caller::Caller,
    clock::Clock,
    duration::millis,
    hash::Digest,
    principal::Principal,
    request_state::Binding,
    store::{Expect, Key, Kind, Put, Store, StoreError, Stored},
};

/// How many requests of one caller may wait.
const MOST: usize = 20;
/// How much of a digest is in a name, in hexadecimal digits.
const OF_CALLER: usize = 8;
const OF_CALL: usize = 24;
/// How many records one page of the store's list has.
const PAGE: usize = 100;
/// How often a record is looked at anew that others change.
const ATTEMPTS: usize = 4;

/// What the server keeps of a call that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// Who called.
    pub(crate) principal: String,
    /// The name that the caller has on the server's machine, if it is the user who started the server.
    pub(crate) user: Option<String>,
    pub(crate) tool: String,
    pub(crate) version: String,
    /// Of everything that it is for.
    call: Digest,
    /// As JSON, without secrets, as much as is shown.
    pub(crate) arguments: String,
    pub(crate) plan: Value,
    /// Milliseconds since 1970-01-01T00:00:00Z, as the other times.
    pub(crate) asked_ms: u64,
    pub(crate) expires_ms: u64,
    pub(crate) state: Standing,
}

/// What came of a request so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Pending,
    Granted { by: String },
    Denied { by: String },
}

/// What an approver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Grant,
    Deny,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there is no request `{id}`, or not any more\n  help: `approve` lists those that there are")]
    Unknown { id: String },
    #[error("`{by}` asked for it, and somebody else has to decide\n  help: let another person run the command")]
    Own { by: String },
    #[error(
        "the call came with a token, and `{by}` is no name that a token could have: it may be the caller's own\n  \
         help: say who decides as tokens name them, `--as ISSUER:SUBJECT`, where ISSUER is a name in `auth.issuers`"
    )]
    NoToken { by: String },
    #[error("it was decided meanwhile\n  help: `approve show {id}` says how")]
    Decided { id: String },
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The requests of a server.
pub(crate) struct Approvals {
    store: Arc<dyn Store>,
    clock: Clock,
    ttl: Duration,
    /// The user who started the server.
    user: Option<String>,
}

/// The request of a call.
pub(crate) struct Request {
    key: Key,
    call: Digest,
}

/// An approval that was used by a call.
#[derive(Debug)]
pub(crate) struct Taken {
    key: Key,
    approval: Approval,
}

impl Approvals {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock, ttl: Duration) -> Self {
        Self { store, clock, ttl, user: os_user() }
    }

    /// The request of a call with a plan.
    pub(crate) fn of(&self, binding: &Binding<'_>, plan: Digest) -> Request {
        let Binding { tenant, principal, tool, version, arguments } = binding;
        let call = Digest::of(json!([&***tenant, principal, tool, version, arguments, plan]));
        let caller = Digest::of(json!([&***tenant, principal])).to_string();
        let name = format!("{}-{}", &caller[..OF_CALLER], &call.to_string()[..OF_CALL]);
        Request { key: Key { tenant: Arc::clone(tenant), kind: Kind::Approval, name }, call }
    }

    /// How the request of a call stands, which is made if there is none. Where too many of its caller wait: when the
    /// next of them ends.
    pub(crate) async fn ask(
        &self,
        request: &Request,
        caller: &Caller,
        shown: &Shown,
        (tool, version): (&str, &str),
    ) -> Result<Result<Approval, Duration>, StoreError> {
        for _ in 0..ATTEMPTS {
            if let Some((approval, _)) = self.found(request).await? {
                return Ok(Ok(approval));
            }
            let asked_ms = self.clock.unix_millis();
            let waiting = self.waiting(&request.key, asked_ms).await?;
            if waiting.len() >= MOST {
                let next = waiting.into_iter().min().unwrap_or(asked_ms);
                return Ok(Err(Duration::from_millis(next - asked_ms)));
            }
            let nameless = !matches!(caller.principal(), Principal::Named(_));
            let approval = Approval {
                principal: caller.principal().as_str().to_owned(),
                user: self.user.clone().filter(|_| nameless),
                tool: tool.to_owned(),
                version: version.to_owned(),
                call: request.call,
                arguments: shown.arguments().to_owned(),
                plan: shown.json(),
                asked_ms,
                expires_ms: asked_ms.saturating_add(millis(self.ttl)),
                state: Standing::Pending,
            };
            // What is there and not of this call was written by another release, or is over by this process's clock.
            let expect =
                self.store.get(&request.key).await?.map_or(Expect::Absent, |found| Expect::Version(found.version));
            if let Put::Done { .. } = self.store.put(&request.key, expect, &approval.written(), Some(self.ttl)).await? {
                tracing::info!(id = request.key.name, tool, "a call waits for an approval");
                return Ok(Ok(approval));
            }
        }
        // Others change it all the time.
        Ok(Err(Duration::ZERO))
    }

    /// Uses the approval of a call, if it has one; of all calls that try, one does.
    pub(crate) async fn take(&self, request: &Request) -> Result<Option<Taken>, StoreError> {
        let Some((approval, version)) = self.found(request).await? else { return Ok(None) };
        if !matches!(approval.state, Standing::Granted { .. }) {
            return Ok(None);
        }
        let removed = self.store.remove(&request.key, Expect::Version(version)).await?;
        Ok(removed.then(|| Taken { key: request.key.clone(), approval }))
    }

    /// Lets an approval be used once more: nothing was done for the call that used it.
    pub(crate) async fn give_back(&self, Taken { key, approval }: Taken) -> Result<(), StoreError> {
        let left = Duration::from_millis(approval.expires_ms.saturating_sub(self.clock.unix_millis()));
        self.store.put(&key, Expect::Absent, &approval.written(), Some(left)).await.map(drop)
    }

    /// The record of a request, if it is of this very call and not over.
    async fn found(&self, request: &Request) -> Result<Option<(Approval, u64)>, StoreError> {
        let Some(stored) = self.store.get(&request.key).await? else { return Ok(None) };
        let approval = Approval::read(&stored)
            .filter(|approval| approval.call == request.call && approval.expires_ms > self.clock.unix_millis());
        Ok(approval.map(|approval| (approval, stored.version)))
    }

    /// When the requests end that the caller of a request has and that nobody decided about.
    async fn waiting(&self, key: &Key, now_ms: u64) -> Result<Vec<u64>, StoreError> {
        let own = &key.name[..=OF_CALLER];
        let mut ends = Vec::new();
        let mut after = own.to_owned();
        loop {
            let mut page = self.store.list(&key.tenant, Kind::Approval, Some(&after), PAGE).await?;
            page.retain(|(key, _)| key.name.starts_with(own));
            let waits = |found: &Approval| found.state == Standing::Pending && found.expires_ms > now_ms;
            let waiting = page.iter().filter_map(|(_, stored)| Approval::read(stored)).filter(waits);
            ends.extend(waiting.map(|found| found.expires_ms));
            match page.last() {
                Some((key, _)) if page.len() == PAGE && ends.len() < MOST => after = key.name.clone(),
                _ => return Ok(ends),
            }
        }
    }
}

impl Request {
    /// What an approver calls it.
    pub(crate) fn id(&self) -> &str {
        &self.key.name
    }
}

impl Approval {
    /// One that can't be read was written by another release.
    fn read(stored: &Stored) -> Option<Self> {
        serde_json::from_slice(&stored.value).ok()
    }

    fn written(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// All requests of a tenant, oldest first.
pub(crate) async fn list(store: &dyn Store, tenant: &str, now_ms: u64) -> Result<Vec<(String, Approval)>, StoreError> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.list(tenant, Kind::Approval, after.as_deref(), PAGE).await?;
        let full = page.len() == PAGE;
        after = page.last().map(|(key, _)| key.name.clone());
        let read = page.into_iter().filter_map(|(key, stored)| Some((key.name, Approval::read(&stored)?)));
        all.extend(read.filter(|(_, approval)| approval.expires_ms > now_ms));
        if !full {
            all.sort_by_key(|(_, approval)| approval.asked_ms);
            return Ok(all);
        }
    }
}

/// The request of an id, or of the only one that begins so.
pub(crate) async fn find(
    store: &dyn Store,
    tenant: &str,
    id: &str,
    now_ms: u64,
) -> Result<(String, Approval), Refused> {
    let mut all = list(store, tenant, now_ms).await?;
    all.retain(|(known, _)| !id.is_empty() && known.starts_with(id));
    match all.pop() {
        Some(only) if all.is_empty() => Ok(only),
        _ => Err(Refused::Unknown { id: id.to_owned() }),
    }
}

/// Decides a request that waits, by its whole id.
pub(crate) async fn decide(
    store: &dyn Store,
    tenant: &Arc<str>,
    id: &str,
    decision: Decision,
    by: &str,
    now_ms: u64,
) -> Result<Approval, Refused> {
    let unknown = || Refused::Unknown { id: id.to_owned() };
    let key = Key { tenant: Arc::clone(tenant), kind: Kind::Approval, name: id.to_owned() };
    let stored = store.get(&key).await?.ok_or_else(unknown)?;
    let mut approval = Approval::read(&stored).filter(|found| found.expires_ms > now_ms).ok_or_else(unknown)?;
    if approval.principal == by || approval.user.as_deref() == Some(by) {
        return Err(Refused::Own { by: by.to_owned() });
    }
    if is_of_token(&approval.principal) && !is_of_token(by) {
        return Err(Refused::NoToken { by: by.to_owned() });
    }
    let open = match approval.state {
        Standing::Pending => true,
        // Nothing was done with it yet: a call that uses it takes its record away.
        Standing::Granted { .. } => decision == Decision::Deny,
        Standing::Denied { .. } => false,
    };
    if !open {
        return Err(Refused::Decided { id: id.to_owned() });
    }
    let by = by.to_owned();
    approval.state = match decision {
        Decision::Grant => Standing::Granted { by },
        Decision::Deny => Standing::Denied { by },
    };
    let left = Duration::from_millis(approval.expires_ms - now_ms);
    match store.put(&key, Expect::Version(stored.version), &approval.written(), Some(left)).await? {
        Put::Done { .. } => Ok(approval),
        Put::Conflict(_) => Err(Refused::Decided { id: id.to_owned() }),
    }
}

/// Whether a principal is `<issuer>:<subject>`, as callers with a token are.
fn is_of_token(principal: &str) -> bool {
    principal.split_once(':').is_some_and(|(issuer, subject)| !issuer.is_empty() && !subject.is_empty())
}

/// The name of the user who runs this process, as its environment says it, or else its number.
pub(crate) fn os_user() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|user| !user.is_empty());
    let number = || std::fs::metadata("/proc/self").ok().map(|process| format!("uid {}", process.uid()));
    set("USER").or_else(|| set("LOGNAME")).or_else(|| set("USERNAME")).or_else(number)
}
