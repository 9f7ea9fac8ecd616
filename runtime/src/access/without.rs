//! Stands in for the policies of a server that was compiled without the feature `cedar`: there are none, and a server that
//! is given some is not started.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc};

use super::{
    decision::{Asked, Decision},
    explanation::Explained,
    files::Files,
    settings::PolicySettings,
};
use crate::{
    caller::Caller,
    catalogue::{Catalogue, Entry},
    problem::Problem,
};

/// See the module. There is no value of it.
pub(crate) struct Cedar(Infallible);

impl Cedar {
    pub(crate) fn new(
        _: &Arc<Catalogue>,
        _: &str,
        _: BTreeSet<String>,
        _: &PolicySettings,
        files: &Files,
    ) -> Result<Self, Vec<Problem>> {
        let what = "there are policies here, and this server was compiled without what decides by them";
        Err(vec![Problem::new(&files.dir, what, "compile `steadfast` with its feature `cedar`, or take them away")])
    }

    /// A program may be compiled with policies and without what decides by them; it is not started.
    pub(crate) fn problems(_: &Catalogue, _: &str, _: &Files) -> Vec<Problem> {
        Vec::new()
    }

    pub(crate) fn replace(&self, _: &Files) -> Result<Vec<Problem>, Vec<Problem>> {
        match self.0 {}
    }

    pub(crate) fn policies(&self) -> usize {
        match self.0 {}
    }

    pub(crate) fn warnings(&self) -> Vec<Problem> {
        match self.0 {}
    }

    pub(crate) fn decide(&self, _: &Caller, _: &Asked<'_>) -> Decision {
        match self.0 {}
    }

    pub(crate) fn may_use(&self, _: &Caller, _: &Entry) -> bool {
        match self.0 {}
    }

    pub(crate) fn explain(&self, _: &Caller, _: &Asked<'_>) -> Explained {
        match self.0 {}
    }
}
