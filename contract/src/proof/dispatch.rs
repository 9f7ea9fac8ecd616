//! Dispatch safety: a call that names no version is served by the newest major that its arguments fit. That is right
//! only when arguments that fit an older major as well mean the same in both.
//!
//! They do when `up` changes nothing that the newer tool sees: a default that it would fill in by itself, or a member
//! that it ignores, makes no difference.

use serde_json::Value;

use super::{
    Line, ProofOptions, Report, Rule, Stage, meaning,
    report::Fault,
    sample::{self, Lane},
};
use crate::{
    Document, Part, Witness,
    generate::{is_valid, shrink},
};

/// Against every newer major that a call may be taken for instead, the current one first; one finding is enough.
pub(super) fn prove(stages: &[Stage<'_>], older: usize, options: ProofOptions, report: &mut Report<'_>) {
    let current = stages.len() - 1;
    for newer in (older + 1..=current).rev() {
        // A newer major that no call is taken for by its arguments does not compete; the current one always does.
        if newer != current && !stages[newer].shape {
            continue;
        }
        let line = Line::new(stages, older, newer);
        if let Some(fault) = ambiguity(&line, options) {
            report.fault(fault);
            return;
        }
    }
}

fn ambiguity(line: &Line<'_, '_>, options: ProofOptions) -> Option<Fault> {
    let (old, new) = (&line.older.input, &line.newer.input);
    let search = |from: &Document, lane| {
        let look = |instance: Value| ambiguous(line, &instance).map(|_| instance);
        sample::each(from, (options.seed, lane, line.older.major), options.cases, look).1
    };
    let found = search(old, Lane::DispatchOld).or_else(|| search(new, Lane::DispatchNew))?;
    let instance = shrink(old, found, |candidate| ambiguous(line, candidate).is_some());
    let translated = ambiguous(line, &instance)?;
    let (older, newer) = (line.older.major, line.newer.major);
    let why = format!(
        "arguments fit major {older} and major {newer}, and `up` changes them: a call that names no version would be \
         served by major {newer} and mean something else there"
    );
    let shows = format!("valid under both; a caller of major {older} means {translated} by it");
    let fix = format!(
        "write `shape = false` for `\"{older}\"` in `history(..)`, so that its callers name the version, or let the \
         newer schema refuse such arguments (another name, a required argument)"
    );
    Some(Fault {
        rule: Rule::DispatchAmbiguous,
        part: Part::Input,
        pointer: String::new(),
        old: Some(instance.clone()),
        new: Some(translated),
        why,
        witness: Some(Witness { instance, shows }),
        fix,
    })
}

/// What the arguments become, when they are valid under both majors, may come from a caller of the older one, and
/// would not mean the same untranslated.
fn ambiguous(line: &Line<'_, '_>, instance: &Value) -> Option<Value> {
    let (old, new) = (&line.older.input, &line.newer.input);
    let both = is_valid(new, instance) == Some(true) && is_valid(old, instance) == Some(true);
    if !both || !meaning::declares_names(old, instance) {
        return None;
    }
    // A shim that fails is another finding.
    let translated = line.up(instance.as_object()?).map(Value::Object).ok()?;
    (meaning::seen(new, instance) != meaning::seen(new, &translated)).then_some(translated)
}
