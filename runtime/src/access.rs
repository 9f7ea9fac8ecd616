//! Which caller may use what: scopes first, then policies.
//!
//! Invariant: what is decided here depends on the caller that was proved, on the tool and on the arguments in the form that
//! the function gets; never on a name that the caller chose. What this deliberately does not do: turn decisions into
//! answers, which the guard of the pipeline does.

#[cfg(feature = "cedar")]
mod cedar;
#[cfg(not(feature = "cedar"))]
#[path = "access/without.rs"]
mod cedar;
mod decision;
mod explanation;
mod files;
mod passing;
mod policies;
mod scopes;
mod settings;
#[cfg(test)]
mod tests;
mod undeclared;

use std::{collections::BTreeSet, sync::Arc};

#[cfg(feature = "cedar")]
pub(crate) use self::cedar::{schema_json, schema_text};
pub(crate) use self::{
    decision::{Asked, Decision},
    explanation::{Explained, Told},
    policies::Policies,
    settings::{AccessSettings, Mode, PolicySettings, Reads},
    undeclared::first as undeclared,
};
pub use self::{files::PolicyFiles, scopes::ScopeRules};
use crate::{
    call::Stop,
    caller::{Caller, Scopes},
    catalogue::{Catalogue, Entry},
    metrics::Metrics,
    problem::Problem,
};

/// See the module.
pub(crate) struct Access {
    /// A caller is told which scopes it lacks; where not, what it lacks them for is hidden.
    pub(crate) step_up: bool,
    pub(crate) policies: Option<Policies>,
    /// Of prompts and resources.
    pub(crate) rules: ScopeRules,
    /// Some tool needs a scope.
    scoped: bool,
}

/// What a server's author says of access.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    pub(crate) policies: Option<PolicyFiles>,
    pub(crate) rules: ScopeRules,
}

impl Declared {
    /// What is wrong with the policies that the program embeds, whatever the configuration says.
    pub(crate) fn problems(&self, catalogue: &Catalogue, server: &str) -> Vec<Problem> {
        let files = self.policies.as_ref().map(files::Files::embedded);
        files.map(|files| cedar::Cedar::problems(catalogue, server, &files)).unwrap_or_default()
    }
}

impl Access {
    /// What decides for a server with these tools.
    pub(crate) fn open(
        catalogue: &Arc<Catalogue>,
        server: &str,
        settings: &AccessSettings,
        declared: Declared,
    ) -> Result<Self, Vec<Problem>> {
        let Declared { policies, rules } = declared;
        let of_tools = catalogue.entries().iter().flat_map(|entry| entry.declaration.scopes.iter().copied());
        let scoped = of_tools.clone().next().is_some();
        let scopes: BTreeSet<String> = of_tools.chain(rules.scopes()).map(str::to_owned).collect();
        let policies = Policies::open(catalogue, server, scopes, &settings.policy, policies.as_ref())?;
        Ok(Self { step_up: settings.step_up, policies, rules, scoped })
    }

    /// The scopes that a caller lacks for a tool, in the order of its attribute.
    pub(crate) fn missing(&self, caller: &Caller, tool: &Entry) -> Vec<String> {
        let missing = caller.scopes().missing(tool.declaration.scopes.iter().copied());
        missing.into_iter().map(str::to_owned).collect()
    }

    /// Whether a caller must not learn that there is such a tool: policies deny it whatever the arguments, or scopes are
    /// missing and callers are not told which.
    pub(crate) fn hides(&self, caller: &Caller, tool: &Entry) -> bool {
        (!self.step_up && !self.missing(caller, tool).is_empty()) || !self.may_pass(caller, tool)
    }

    /// Whether a caller may use a tool, as far as can be told without its arguments.
    pub(crate) fn may_use(&self, caller: &Caller, tool: &Entry) -> bool {
        self.missing(caller, tool).is_empty() && self.may_pass(caller, tool)
    }

    /// Whether what callers are shown depends on who they are.
    pub(crate) fn is_personal(&self, caller: &Caller) -> bool {
        let by_scopes = self.scoped && matches!(caller.scopes(), Scopes::Granted(_));
        by_scopes || self.enforced().is_some()
    }

    /// What policies decide of a call. Where they are not enforced, a denial is logged and counted.
    pub(crate) fn decide(&self, metrics: &Metrics, caller: &Caller, asked: &Asked<'_>) -> Result<(), Stop> {
        let Some(policies) = &self.policies else { return Ok(()) };
        let Decision { permitted, policies: by, failed } = policies.cedar.decide(caller, asked);
        match policies.mode {
            _ if permitted => Ok(()),
            Mode::Enforce => Err(Stop::Denied { by, failed }),
            Mode::Log => {
                metrics.denial_logged(&asked.tool.name);
                tracing::info!(tool = &*asked.tool.name, ?by, ?failed, "policies would deny this call");
                Ok(())
            }
        }
    }

    /// Whether policies decide, and are not only logged.
    pub(crate) fn enforces_policies(&self) -> bool {
        self.enforced().is_some()
    }

    fn enforced(&self) -> Option<&Policies> {
        self.policies.as_ref().filter(|policies| policies.mode == Mode::Enforce)
    }

    fn may_pass(&self, caller: &Caller, tool: &Entry) -> bool {
        self.enforced().is_none_or(|policies| policies.cedar.may_use(caller, tool))
    }
}

/// The scopes that a caller lacks for a request, known by its method and by what it names: a tool, a prompt, a URI, or for
/// `custom` a method that is not MCP's. It is
/// what a transport answers with a challenge before the request is read any further; none for a tool that is hidden.
#[cfg(any(test, feature = "oauth"))]
pub(crate) fn missing(
    engine: &crate::engine::Engine,
    caller: &Caller,
    surface: Option<crate::catalogue::SurfaceId>,
    method: &str,
    named: &str,
) -> Vec<String> {
    let access = &engine.access;
    if !access.step_up {
        return Vec::new();
    }
    let needed = match method {
        "tools/call" => {
            let tool = match surface {
                Some(surface) => engine.catalogue.find_on(surface, named).map(|served| served.tool),
                None => engine.catalogue.find(named),
            };
            let shown = tool.filter(|tool| !access.hides(caller, tool));
            return shown.map(|tool| access.missing(caller, tool)).unwrap_or_default();
        }
        "prompts/get" => access.rules.of_prompt(named),
        "resources/read" | "resources/subscribe" => access.rules.of_resource(named),
        "custom" => access.rules.of_custom(named),
        _ => return Vec::new(),
    };
    caller.scopes().missing(needed).into_iter().map(str::to_owned).collect()
}
