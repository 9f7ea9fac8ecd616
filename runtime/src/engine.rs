//! Everything that serves calls, put together once when a server starts.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rmcp::model::{Implementation, JsonObject, ServerCapabilities, TASKS_EXTENSION_ID, ToolsCapability};
use serde_json::Value;

#[cfg(feature = "egress")]
use crate::egress::{self, Outlet};
use crate::{
    access::{self, Access},
    blocking::Threads,
    call::Stop,
    caller::Caller,
    catalogue::{Catalogue, Entry, Surface, SurfaceId},
    clock::Clock,
    config::{self, Settings},
    confirm::{Approvals, ConfirmationSettings},
    context::Bounds,
    gate::Gate,
    hygiene::Hygiene,
    idempotency::Idempotency,
    keyring::Keyring,
    metrics::Metrics,
    pipeline::Limits,
    policy::{Configured, Policies, ToolPolicy},
    problem::Problem,
    protocol::ErasedHandler,
    reliability::{self, BackoffPolicy, Budget, BudgetPolicy, Bulkhead, Part, Random, Shares},
    request_state::RequestStates,
    secrets::{self, NamedSecrets, Secrets},
    stale::StaleResults,
    store::{Away, Kind, Store, StoreError, Warnings},
    switches::Switches,
    tasks::Tasks,
    upstreams::Upstream,
};

/// See the module. Shared by all transports of a server.
pub(crate) struct Engine {
    pub(crate) info: Implementation,
    /// `info` as every result carries it.
    pub(crate) server_info: Value,
    /// What the server can do: its tools, and what the author's handler says of itself.
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) instructions: Option<String>,
    pub(crate) catalogue: Arc<Catalogue>,
    /// Serves what is not a tool: prompts, resources, completions.
    pub(crate) handler: Option<Arc<dyn ErasedHandler>>,
    /// Who may use what.
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    /// What text goes through that leaves.
    pub(crate) hygiene: Hygiene,
    secrets: Arc<NamedSecrets>,
    /// What tools reach others by; none where no tool lists any.
    #[cfg(feature = "egress")]
    egress: Option<Arc<egress::Client>>,
    /// How long a client may keep a list that no date changes before.
    pub(crate) list_ttl: Duration,
    pub(crate) clock: Clock,
    pub(crate) gate: Gate,
    /// What runs and waits, of all callers.
    pub(crate) places: Bulkhead,
    /// What each tenant runs and has waiting, where one does not get every place.
    pub(crate) tenants: Option<Arc<Shares>>,
    /// What functions that are not `async` run on.
    threads: Arc<Threads>,
    /// What rates are held to while the store is away.
    pub(crate) local_rates: reliability::Limits,
    /// Whose the server is: its own records in the store, and those of callers whose tenant no token names.
    pub(crate) tenant: Arc<str>,
    pub(crate) store: Arc<dyn Store>,
    store_warnings: Warnings,
    pub(crate) idempotency: Idempotency,
    pub(crate) switches: Switches,
    pub(crate) stale: StaleResults,
    pub(crate) tasks: Tasks,
    /// In the order of [`Policies::upstreams`].
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) backoff: BackoffPolicy,
    pub(crate) random: Random,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) states: RequestStates,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) confirmation: ConfirmationSettings,
    pub(crate) approvals: Approvals,
    /// By [`Entry::id`].
    policies: Vec<ToolPolicy>,
    /// By [`Entry::id`], for tools that name no upstream.
    own_budgets: Vec<Budget>,
    /// The surface of callers who come in without one.
    surface: Option<SurfaceId>,
    /// The surfaces of single callers, by principal.
    pins: HashMap<String, SurfaceId>,
}

/// What a server's author described, without the type of its state.
pub(crate) struct Parts {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) handler: Option<Arc<dyn ErasedHandler>>,
    pub(crate) access: access::Declared,
}

/// Where time, chance and memory enter.
pub(crate) struct Seams {
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
}

impl Seams {
    /// Those of a test: a store in memory, a fixed seed, a key of its own.
    #[cfg(any(test, feature = "fuzzing"))]
    #[allow(clippy::unwrap_used, reason = "a test")]
    pub(crate) fn of_test(clock: Clock) -> Self {
        let (store, keyring) = (Arc::new(crate::store::Memory::new(clock)), Arc::new(Keyring::fresh().unwrap()));
        Self { clock, random: Random::seeded(1), store, keyring }
    }
}

impl Engine {
    pub(crate) fn new(
        parts: Parts,
        settings: &Settings,
        Seams { clock, random, store, keyring }: Seams,
    ) -> Result<Self, Vec<Problem>> {
        let Parts { info, instructions, catalogue, handler, access: declared } = parts;
        let ConfirmationSettings { ttl, approval_ttl, .. } = settings.confirmation;
        let states = RequestStates::new(Arc::clone(&keyring), Arc::clone(&store), clock, ttl);
        let approvals = Approvals::new(Arc::clone(&store), clock, approval_ttl);
        let tasks = Tasks::new(settings.tasks.clone())
            .map_err(|error| vec![Problem::new("the server", error.to_string(), "start it again")])?;
        let metrics = Arc::new(Metrics::new());
        let idempotency = Idempotency::new(Arc::clone(&store), settings.idempotency, clock, Arc::clone(&metrics))
            .map_err(|error| vec![Problem::new("the server", error.to_string(), "start it again")])?;
        let mut problems = Vec::new();
        let mut named = |setting: String, release: &str| match catalogue.surface(release) {
            Some(surface) => Some(surface),
            None => {
                problems.push(no_surface(&setting, release, &catalogue));
                None
            }
        };
        let surface = settings.surface.as_ref().and_then(|release| named("surface".into(), release));
        let pins = settings.pins.iter();
        let pins =
            pins.filter_map(|(who, release)| Some((who.clone(), named(format!("pins.{who}"), release)?))).collect();
        let configured = Configured {
            tools: &settings.tools,
            upstreams: &settings.upstreams,
            timeout: settings.limits.default_timeout,
            deadline: settings.limits.deadline,
            task_deadline: settings.tasks.deadline,
            confirmation: settings.confirmation.mode,
        };
        let policies = Policies::of(&catalogue, configured).unwrap_or_else(|found| {
            problems.extend(found);
            Policies::default()
        });
        let access = Access::open(&catalogue, &info.name, &settings.access, declared);
        let access = match access {
            Ok(access) => {
                problems.extend(config::unguarded(settings, &catalogue, &access));
                access
            }
            Err(found) => return Err(problems.into_iter().chain(found).collect()),
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        #[cfg(feature = "egress")]
        let egress = egress::client(&settings.egress, &policies.tools)?;
        let server_info = serde_json::json!({ "name": info.name, "version": info.version });
        let mut capabilities = handler.as_ref().map(|handler| handler.capabilities()).unwrap_or_default();
        capabilities.tools = (!catalogue.entries().is_empty()).then(|| {
            let mut tools = ToolsCapability::default();
            tools.list_changed = Some(true);
            tools
        });
        capabilities.logging = Some(Default::default());
        if catalogue.entries().iter().any(|entry| entry.declaration.task.is_some()) {
            let extensions = capabilities.extensions.get_or_insert_default();
            extensions.insert(TASKS_EXTENSION_ID.to_owned(), JsonObject::new());
        }
        Ok(Self {
            capabilities,
            info,
            server_info,
            instructions,
            catalogue,
            handler,
            access,
            places: Bulkhead::new(settings.limits.admission.places, clock),
            tenants: settings.limits.admission.per_tenant.map(per_tenant),
            threads: Arc::new(Threads::new(settings.limits.blocking)),
            local_rates: reliability::Limits::new(clock),
            limits: settings.limits.clone(),
            hygiene: settings.output.clone(),
            secrets: Arc::new(settings.secrets.clone()),
            #[cfg(feature = "egress")]
            egress,
            list_ttl: settings.list_ttl,
            clock,
            gate: Gate::default(),
            tenant: Arc::clone(&settings.tenant),
            idempotency,
            store,
            store_warnings: Warnings::default(),
            switches: Switches::new(settings.read_only),
            stale: StaleResults::new(settings.stale_bytes),
            tasks,
            upstreams: policies.upstreams.into_iter().map(|policy| Upstream::new(policy, clock)).collect(),
            backoff: settings.backoff,
            random,
            metrics,
            states,
            keyring,
            confirmation: settings.confirmation,
            approvals,
            own_budgets: policies.tools.iter().map(|_| Budget::new(BudgetPolicy::default())).collect(),
            policies: policies.tools,
            surface,
            pins,
        })
    }

    /// What a tool is held to.
    pub(crate) fn policy(&self, tool: &Entry) -> &ToolPolicy {
        &self.policies[tool.id]
    }

    /// What a call's function may take, and what is secret in it.
    #[cfg_attr(not(feature = "egress"), allow(unused_variables, reason = "what is reachable differs between tools"))]
    pub(crate) fn bounds(&self, tool: &Entry, secrets: Secrets) -> Bounds {
        Bounds {
            result_bytes: self.limits.result_bytes,
            threads: Arc::clone(&self.threads),
            hygiene: self.hygiene.with(secrets),
            named: Arc::clone(&self.secrets),
            #[cfg(feature = "egress")]
            outlet: self
                .egress
                .as_ref()
                .map(|client| Outlet { client: Arc::clone(client), allowed: Arc::clone(&self.policy(tool).egress) }),
        }
    }

    /// The retry budget of a tool that names no upstream.
    pub(crate) fn own_budget(&self, tool: &Entry) -> &Budget {
        &self.own_budgets[tool.id]
    }

    /// Goes on without the store, or refuses the call, as is declared for this kind of record.
    pub(crate) fn without(&self, kind: Kind, error: StoreError) -> Result<(), Stop> {
        self.store_failed(kind, &error);
        match kind.when_away() {
            Away::Refuse => Err(Stop::StoreAway(error)),
            Away::LastKnown | Away::Local => Ok(()),
        }
    }

    /// Counts what the store did not do for a call, and logs it now and then: calls that it refuses may be very many.
    pub(crate) fn store_failed(&self, kind: Kind, error: &StoreError) {
        self.metrics.store_failed(kind, error);
        if self.store_warnings.is_due(kind, self.clock.now()) {
            tracing::warn!(%error, kind = kind.as_str(), "the store does not do what calls need");
        }
    }

    /// Reads the switches before the first call is served. A store that is away has switched nothing off, for all that
    /// is known.
    pub(crate) async fn read_switches(&self) {
        if let Err(error) = self.switches.refresh(&*self.store, &self.tenant).await {
            self.metrics.store_failed(Kind::Switch, &error);
            tracing::warn!(%error, "the switches can't be read; every tool is on");
        }
    }

    /// Every metric, as OpenMetrics text.
    pub(crate) fn metrics_text(&self) -> String {
        let now = self.clock.now();
        let upstreams = self.upstreams.iter();
        let breakers = upstreams.map(|upstream| (upstream.policy.name.as_str(), upstream.breaker.state(now)));
        self.metrics.tasks(self.tasks.running());
        secrets::masked(self.metrics.text(self.places.running(), self.places.waiting(), breakers))
    }

    /// Whether some tool's calls can be tasks.
    pub(crate) fn has_tasks(&self) -> bool {
        self.capabilities.supports_tasks()
    }

    /// Whether single callers see other tools than the rest.
    pub(crate) fn has_pins(&self) -> bool {
        !self.pins.is_empty()
    }

    /// The surface of a caller: the one that the endpoint names, else the caller's own, else the server's.
    pub(crate) fn surface(&self, endpoint: Option<SurfaceId>, caller: &Caller) -> Option<SurfaceId> {
        endpoint.or_else(|| self.pins.get(caller.principal().as_str()).copied()).or(self.surface)
    }
}

/// What each tenant gets of calls; all else is bounded by [`Bulkhead`].
fn per_tenant(of_tenant: usize) -> Arc<Shares> {
    Shares::new(Part { all: usize::MAX, of_tenant, of_one: usize::MAX })
}

fn no_surface(setting: &str, release: &str, catalogue: &Catalogue) -> Problem {
    let known: Vec<&str> = catalogue.surfaces().map(|(_, Surface { release, .. })| release.as_str()).collect();
    Problem::new(
        format!("the setting `{setting}`"),
        format!("there is no surface `{release}`"),
        format!("name one of {}; each is a release of this server", known.join(", ")),
    )
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use serde_json::json;

    use crate::{Secret, mcp_tool, server::Server, testing::Client, tools};

    /// Look something up.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn named_like_a_secret(word: String) -> String {
        word
    }

    #[tokio::test]
    async fn no_secret_is_in_the_metrics() {
        let client = Client::new(Server::builder("test", ()).tools(tools![named_like_a_secret]).build()).unwrap();
        assert!(client.call("named_like_a_secret", json!({})).await.is_error());
        assert!(client.metrics().contains("tool=\"named_like_a_secret\""));
        let _secret = Secret::new("named_like_a_secret".to_owned());
        let metrics = client.metrics();
        assert!(metrics.contains("tool=\"[secret]\"") && !metrics.contains("named_like_a_secret"), "{metrics}");
    }
}
