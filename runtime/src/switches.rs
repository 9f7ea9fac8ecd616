//! What an operator switched off: one tool, all tools of an effect, everything; or whatever changes something.
//!
//! Switches are records of the store, so that they hold in every replica and after a restart. Each process reads them
//! every few seconds and keeps what it read last: a store that is away switches nothing on or off. Looking a switch up
//! takes no lock that a writer holds for longer than it takes to change a pointer.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    call::Stop,
    catalogue::Entry,
    metrics::Metrics,
    store::{Expect, Key, Kind, Store, StoreError},
    tool::Effect,
};

/// How many switches one page of the store's list has.
const PAGE: usize = 100;

/// What a switch is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Target {
    /// Every tool.
    All,
    /// Every tool of an effect.
    Class(Class),
    /// One tool, by its published name.
    Tool(String),
    /// Every tool that changes something: read-only mode.
    Mutations,
}

/// An effect, as a class of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Class(&'static str);

/// A switch that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Switch {
    /// For whoever is refused, and for whoever is on call next.
    pub(crate) reason: Option<String>,
    /// When it was set, in milliseconds since 1970-01-01T00:00:00Z.
    pub(crate) since_ms: u64,
}

/// What is switched off, as it was read last.
#[derive(Default)]
pub(crate) struct Switches {
    set: RwLock<Arc<[(Target, Switch)]>>,
    /// The configuration says `read_only = true`.
    read_only: bool,
}

impl Target {
    /// What a person or a key says: `all`, `read-only`, `class:destructive`, `tool:search_notes`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "all" => Some(Self::All),
            None if text == "read-only" => Some(Self::Mutations),
            Some(("class", class)) => Class::parse(class).map(Self::Class),
            Some(("tool", tool)) if !tool.is_empty() => Some(Self::Tool(tool.to_owned())),
            _ => None,
        }
    }

    fn covers(&self, tool: &Entry) -> bool {
        let effect = tool.declaration.effect;
        match self {
            Self::All => true,
            Self::Class(class) => class.0 == effect.as_str(),
            Self::Tool(name) => name == &*tool.name,
            Self::Mutations => effect != Effect::ReadOnly,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Class(Class(class)) => write!(f, "class:{class}"),
            Self::Tool(tool) => write!(f, "tool:{tool}"),
            Self::Mutations => f.write_str("read-only"),
        }
    }
}

impl Class {
    fn parse(text: &str) -> Option<Self> {
        let classes = [Effect::ReadOnly, Effect::Additive, Effect::Destructive].map(Effect::as_str);
        classes.into_iter().find(|class| *class == text).map(Self)
    }
}

impl Switches {
    /// No switch is set yet; `read_only` is the configuration's.
    pub(crate) fn new(read_only: bool) -> Self {
        Self { set: RwLock::default(), read_only }
    }

    /// Lets a call of a tool pass, unless something is switched off.
    pub(crate) fn check(&self, tool: &Entry) -> Result<(), Stop> {
        let mutation = tool.declaration.effect != Effect::ReadOnly;
        if self.read_only && mutation {
            return Err(Stop::ReadOnly { reason: None });
        }
        let set = self.set();
        let Some((target, switch)) = set.iter().find(|(target, _)| target.covers(tool)) else { return Ok(()) };
        let reason = switch.reason.clone();
        Err(match target {
            Target::Mutations => Stop::ReadOnly { reason },
            Target::All => Stop::SwitchedOff { what: "every tool".into(), reason },
            Target::Class(Class(class)) => {
                Stop::SwitchedOff { what: format!("every {} tool", class.replace('_', " ")), reason }
            }
            Target::Tool(tool) => Stop::SwitchedOff { what: format!("`{tool}`"), reason },
        })
    }

    /// The switches that are set, as they were read last.
    pub(crate) fn set(&self) -> Arc<[(Target, Switch)]> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the switches; those that changed are told to the log.
    pub(crate) async fn refresh(&self, store: &dyn Store, tenant: &str) -> Result<(), StoreError> {
        let read: Arc<[_]> = list(store, tenant).await?.into();
        let before =
            std::mem::replace(&mut *self.set.write().unwrap_or_else(PoisonError::into_inner), Arc::clone(&read));
        let missing =
            |(target, _): &&(Target, Switch), from: &[(Target, Switch)]| from.iter().all(|(known, _)| known != target);
        for (target, switch) in read.iter().filter(|switch| missing(switch, &before)) {
            tracing::warn!(%target, reason = switch.reason, "switched off");
        }
        for (target, _) in before.iter().filter(|switch| missing(switch, &read)) {
            tracing::warn!(%target, "switched on");
        }
        Ok(())
    }

    /// Reads them again and again. A store that is away is told once, and again when it is back, and
    /// counted each time.
    pub(crate) async fn watch(&self, store: &dyn Store, tenant: &str, every: Duration, metrics: &Metrics) {
        let mut away = false;
        loop {
            let read = self.refresh(store, tenant).await;
            if let Err(error) = &read {
                metrics.store_failed(Kind::Switch, error);
            }
            match read {
                Ok(()) if away => {
                    away = false;
                    tracing::info!("the switches can be read again");
                }
                Ok(()) => {}
                Err(error) if !away => {
                    away = true;
                    tracing::warn!(%error, "the switches can't be read; what was read last holds");
                }
                Err(_) => {}
            }
            tokio::time::sleep(every).await;
        }
    }
}

/// Every switch that is set. One that can't be read was written by another release, and is left to it.
pub(crate) async fn list(store: &dyn Store, tenant: &str) -> Result<Vec<(Target, Switch)>, StoreError> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.list(tenant, Kind::Switch, after.as_deref(), PAGE).await?;
        let full = page.len() == PAGE;
        after = page.last().map(|(key, _)| key.name.clone());
        all.extend(page.into_iter().filter_map(|(key, stored)| {
            Some((Target::parse(&key.name)?, serde_json::from_slice(&stored.value).ok()?))
        }));
        if !full {
            return Ok(all);
        }
    }
}

/// Switches something off, or changes why it is.
pub(crate) async fn off(
    store: &dyn Store,
    tenant: &Arc<str>,
    target: &Target,
    switch: &Switch,
) -> Result<(), StoreError> {
    let value = serde_json::to_vec(switch).unwrap_or_default();
    store.put(&key(tenant, target), Expect::Anything, &value, None).await.map(drop)
}

/// Switches something on again; false when it was on.
pub(crate) async fn on(store: &dyn Store, tenant: &Arc<str>, target: &Target) -> Result<bool, StoreError> {
    store.remove(&key(tenant, target), Expect::Anything).await
}

fn key(tenant: &Arc<str>, target: &Target) -> Key {
    Key { tenant: Arc::clone(tenant), kind: Kind::Switch, name: target.to_string() }
}
