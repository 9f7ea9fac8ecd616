//! Decides on calls by Cedar policies.
//!
//! Invariant: a `forbid` wins; a policy that can't be evaluated denies; what nothing permits is denied. Policies are
//! replaced as a whole, by ones that were validated against the schema of this server, and a call is decided by one set of
//! them. What this deliberately does not do: check scopes, or tell callers why.

mod explain;
mod groups;
mod kind;
mod load;
mod names;
mod principal;
mod relax;
mod schema;
#[cfg(test)]
mod tests;
mod tool;
mod value;

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use cedar_policy::{Authorizer, Decision as Verdict, Diagnostics, Entities, PolicyId, Response, Schema};

use self::{
    load::{Loaded, READS, Rules, load},
    principal::Known,
    tool::ToolSide,
};
use super::{
    decision::{Asked, Decision},
    files::Files,
    settings::{PolicySettings, Reads},
};
use crate::{
    caller::Caller,
    catalogue::{Catalogue, Entry},
    problem::Problem,
};

/// See the module.
pub(crate) struct Cedar {
    catalogue: Arc<Catalogue>,
    server: Arc<str>,
    schema: Schema,
    known: Known,
    reads: Reads,
    /// By [`Entry::id`].
    tools: Vec<ToolSide>,
    loaded: RwLock<Arc<Loaded>>,
}

impl Cedar {
    /// What decides by these files, for the tools of a server. `scopes` are those that it asks for.
    pub(crate) fn new(
        catalogue: &Arc<Catalogue>,
        server: &str,
        scopes: BTreeSet<String>,
        settings: &PolicySettings,
        files: &Files,
    ) -> Result<Self, Vec<Problem>> {
        let failed = |what: String| vec![Problem::new("the schema of policies", what, "report this; it is a defect")];
        let schema = schema::of(catalogue, &settings.claims).map_err(failed)?;
        let tools = catalogue.entries().iter().map(|entry| ToolSide::of(entry, server, &schema));
        let cedar = Self {
            tools: tools.collect::<Result<_, _>>().map_err(failed)?,
            catalogue: Arc::clone(catalogue),
            server: server.into(),
            schema,
            known: Known { scopes, claims: settings.claims.clone(), ..Known::default() },
            reads: settings.reads,
            loaded: RwLock::default(),
        };
        cedar.replace(files)?;
        Ok(cedar)
    }

    /// What is wrong with policies before there is a configuration, which says what claims there are: any name may be one.
    pub(crate) fn problems(catalogue: &Catalogue, server: &str, files: &Files) -> Vec<Problem> {
        match schema::of(catalogue, &load::members(files)) {
            Ok(schema) => {
                let rules = Rules { catalogue, server, schema: &schema, reads: Reads::Deny };
                load(files, &rules).err().unwrap_or_default()
            }
            Err(what) => vec![Problem::new("the schema of policies", what, "report this; it is a defect")],
        }
    }

    /// Takes other policies from now on, and tells what is suspicious of them; or tells what is wrong with them, and keeps
    /// those that it has.
    pub(crate) fn replace(&self, files: &Files) -> Result<Vec<Problem>, Vec<Problem>> {
        let Self { catalogue, server, schema, reads, .. } = self;
        let loaded = Arc::new(load(files, &Rules { catalogue, server, schema, reads: *reads })?);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&loaded);
        Ok(loaded.warnings.clone())
    }

    /// How many policies were read.
    pub(crate) fn policies(&self) -> usize {
        self.loaded().policies.policies().filter(|policy| policy.id() != &PolicyId::new(READS)).count()
    }

    /// What is suspicious about them.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        self.loaded().warnings.clone()
    }

    /// Decides on a call.
    pub(crate) fn decide(&self, caller: &Caller, asked: &Asked<'_>) -> Decision {
        let loaded = self.loaded();
        let side = &self.tools[asked.tool.id];
        let decided = self.with(caller, side, &loaded).and_then(|(principal, entities)| {
            let request = side.request(principal, asked)?;
            Some(authorizer().is_authorized(&request, &loaded.policies, &entities))
        });
        decided.map_or_else(undecided, |response| decision(&response))
    }

    /// Whether some call of a tool could be permitted to a caller, as far as can be told without its arguments.
    pub(crate) fn may_use(&self, caller: &Caller, tool: &Entry) -> bool {
        let loaded = self.loaded();
        let side = &self.tools[tool.id];
        let decided = self.with(caller, side, &loaded).and_then(|(principal, entities)| {
            Some(authorizer().is_authorized(&side.any(principal)?, &loaded.relaxed, &entities))
        });
        decided.is_some_and(|response| {
            // What can't be evaluated here may be, in a call.
            let (why, mut failed) = (response.diagnostics(), response.diagnostics().errors());
            response.decision() == Verdict::Allow || (why.reason().next().is_none() && failed.next().is_some())
        })
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, caller: &Caller, side: &ToolSide, loaded: &Loaded) -> Option<(cedar_policy::EntityUid, Entities)> {
        let entity = principal::entity(caller, &self.known, &loaded.groups)?;
        let id = entity.uid();
        Some((id, side.entities.clone().add_entities([entity], None).ok()?))
    }
}

/// What policies can speak of, as people read it.
pub(crate) fn schema_text(catalogue: &Catalogue, settings: &PolicySettings) -> Result<String, String> {
    schema::text(catalogue, &settings.claims)
}

/// The same, as Cedar's tools read it.
pub(crate) fn schema_json(catalogue: &Catalogue, settings: &PolicySettings) -> serde_json::Value {
    schema::as_json(catalogue, &settings.claims)
}

fn authorizer() -> &'static Authorizer {
    static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(Authorizer::new);
    &AUTHORIZER
}

fn decision(response: &Response) -> Decision {
    let why = response.diagnostics();
    let mut failed = failed(why);
    failed.sort();
    let mut policies: Vec<String> = why.reason().map(ToString::to_string).collect();
    policies.sort();
    Decision { permitted: response.decision() == Verdict::Allow && failed.is_empty(), policies, failed }
}

fn failed(why: &Diagnostics) -> Vec<String> {
    why.errors()
        .map(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(error) => error.policy_id().to_string(),
        })
        .collect()
}

/// Nothing was asked, so nothing is permitted.
fn undecided() -> Decision {
    Decision { permitted: false, policies: Vec::new(), failed: vec!["the call itself".into()] }
}
