//! Everything that serves calls, put together once when a server starts.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rmcp::model::{Implementation, ServerCapabilities, ToolsCapability};
use serde_json::Value;

use crate::{
    catalogue::{Catalogue, Surface, SurfaceId},
    clock::Clock,
    config::Settings,
    gate::Gate,
    pipeline::Limits,
    principal::Principal,
    problem::Problem,
    protocol::ErasedHandler,
    request_state::RequestStates,
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
    pub(crate) limits: Limits,
    /// How long a client may keep a list that no date changes before.
    pub(crate) list_ttl: Duration,
    pub(crate) clock: Clock,
    pub(crate) gate: Gate,
    pub(crate) states: RequestStates,
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
}

/// How long a client may take to answer what it is asked.
const REQUEST_STATE_TTL: Duration = Duration::from_secs(15 * 60);

impl Engine {
    pub(crate) fn new(parts: Parts, settings: &Settings, clock: Clock) -> Result<Self, Vec<Problem>> {
        let Parts { info, instructions, catalogue, handler } = parts;
        let states = RequestStates::new(clock, REQUEST_STATE_TTL)
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
        if !problems.is_empty() {
            return Err(problems);
        }
        let server_info = serde_json::json!({ "name": info.name, "version": info.version });
        let mut capabilities = handler.as_ref().map(|handler| handler.capabilities()).unwrap_or_default();
        capabilities.tools = (!catalogue.entries().is_empty()).then(|| {
            let mut tools = ToolsCapability::default();
            tools.list_changed = Some(true);
            tools
        });
        capabilities.logging = Some(Default::default());
        Ok(Self {
            capabilities,
            info,
            server_info,
            instructions,
            catalogue,
            handler,
            limits: settings.limits,
            list_ttl: settings.list_ttl,
            clock,
            gate: Gate::default(),
            states,
            surface,
            pins,
        })
    }

    /// Whether single callers see other tools than the rest.
    pub(crate) fn has_pins(&self) -> bool {
        !self.pins.is_empty()
    }

    /// The surface of a caller: the one that the endpoint names, else the caller's own, else the server's.
    pub(crate) fn surface(&self, endpoint: Option<SurfaceId>, principal: &Principal) -> Option<SurfaceId> {
        endpoint.or_else(|| self.pins.get(principal.as_str()).copied()).or(self.surface)
    }
}

fn no_surface(setting: &str, release: &str, catalogue: &Catalogue) -> Problem {
    let known: Vec<&str> = catalogue.surfaces().map(|(_, Surface { release, .. })| release.as_str()).collect();
    Problem::new(
        format!("the setting `{setting}`"),
        format!("there is no surface `{release}`"),
        format!("name one of {}; each is a release of this server", known.join(", ")),
    )
}
