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
mod policies;
mod settings;

pub use self::files::PolicyFiles;
#[cfg(feature = "cedar")]
pub(crate) use self::cedar::{schema_json, schema_text};
pub(crate) use self::{
    cedar::Cedar,
    decision::{Asked, Decision},
    explanation::{Explained, Told},
    files::Files,
    policies::Policies,
    settings::{AccessSettings, DIR, Mode, PolicySettings, Reads},
};

use std::{collections::BTreeSet, sync::Arc};

use crate::{caller::Caller, catalogue::{Catalogue, Entry}, problem::Problem};

/// See the module.
pub(crate) struct Access {
    step_up: bool,
    pub(crate) policies: Option<Policies>,
}

impl Access {
    /// What decides for a server with these tools.
    pub(crate) fn open(
        catalogue: &Arc<Catalogue>,
        server: &str,
        settings: &AccessSettings,
        embedded: Option<&PolicyFiles>,
    ) -> Result<Self, Vec<Problem>> {
        let scopes: BTreeSet<String> =
            catalogue.entries().iter().flat_map(|entry| entry.declaration.scopes).map(|scope| (*scope).to_owned()).collect();
        let policies = Policies::open(catalogue, server, scopes, &settings.policy, embedded)?;
        Ok(Self { step_up: settings.step_up, policies })
    }
}
