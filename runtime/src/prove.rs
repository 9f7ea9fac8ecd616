//! Has the shims of a server's tools proved by generated instances.
//!
//! The proofs themselves are `steadfast_contract::proof`; here a catalogue is put before them.

use serde_json::Value;
use steadfast_contract::{
    Finding,
    proof::{self, Major, ProofOptions},
};

use crate::catalogue::{Catalogue, Contract, Entry};

/// What is tried where nobody says how much: the same every time, and little enough for a test.
pub(crate) const OPTIONS: ProofOptions = ProofOptions { seed: 0, cases: 256 };

/// What speaks against the shims of all tools.
pub(crate) fn all(catalogue: &Catalogue, options: ProofOptions) -> Vec<Finding> {
    catalogue.entries().iter().flat_map(|entry| of(entry, options)).collect()
}

fn of(entry: &Entry, options: ProofOptions) -> Vec<Finding> {
    if entry.older.is_empty() {
        return Vec::new();
    }
    let outputs: Vec<Option<Value>> = entry.majors().map(|(_, contract)| output(contract)).collect();
    let mut majors: Vec<Major<'_>> = entry
        .majors()
        .zip(&outputs)
        .enumerate()
        .map(|(at, ((_, contract), output))| {
            // The current major comes first and has no shim; the older ones follow.
            let older = at.checked_sub(1).map(|at| &entry.older[at]);
            Major {
                major: contract.version.major,
                input: &contract.input_schema,
                output: output.as_ref(),
                up: older.map(|older| &older.translator),
                lossy: older.and_then(|older| older.lossy),
                shape: older.is_some_and(|older| older.shape),
            }
        })
        .collect();
    majors.reverse();
    proof::prove(&entry.name, &majors, options)
}

fn output(contract: &Contract) -> Option<Value> {
    contract.definition.output_schema.as_ref().map(|schema| Value::Object((**schema).clone()))
}
