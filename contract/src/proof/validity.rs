//! What is valid stays valid: arguments going up, results coming down.

use serde_json::Value;

use super::{
    Line, ProofOptions, Report, Rule, fix,
    line::Broken,
    meaning,
    report::Fault,
    sample::{self, Lane},
};
use crate::{
    Document, Part, Witness,
    generate::{is_valid, shrink, shrink_within},
};

/// Tries to shrink what makes a shim panic: each of them prints the panic.
const PANICKING_TRIES: u32 = 64;

/// What went wrong with an instance.
enum Failure {
    Broken(Broken),
    Invalid(Value),
    /// The validator can't tell.
    Untold,
}

/// Which way, with all that differs between the two.
struct Way<'w> {
    part: Part,
    from: (&'w Document, u64),
    to: (&'w Document, u64),
    name: &'static str,
    translate: &'w dyn Fn(&Value) -> Result<Value, Broken>,
}

/// Arguments; false when something was found.
pub(super) fn up(line: &Line<'_, '_>, options: ProofOptions, report: &mut Report<'_>) -> bool {
    let translate = |value: &Value| match value {
        Value::Object(arguments) => line.up(arguments).map(Value::Object),
        other => Ok(other.clone()),
    };
    let (from, to) = ((&line.older.input, line.older.major), (&line.newer.input, line.newer.major));
    let way = Way { part: Part::Input, from, to, name: "up", translate: &translate };
    way.prove(Lane::Up, line, options, report)
}

/// Results; false when something was found.
pub(super) fn down(line: &Line<'_, '_>, options: ProofOptions, report: &mut Report<'_>) -> bool {
    // Without a schema of its own the older major allows whatever comes down; that it comes down is still to be seen.
    let Ok(anything) = Document::new(&Value::Bool(true)) else { return true };
    let (old, new) = match (&line.older.output, &line.newer.output) {
        // Nothing says what may come.
        (None, None) => return true,
        (None, Some(new)) => (&anything, new),
        (Some(_), None) => {
            let (older, newer) = (line.older.major, line.newer.major);
            let why =
                format!("major {older} promises an output schema, and major {newer} does not say what it returns");
            report.unproven(Part::Output, why, "give the newer major an output schema, or end the older one");
            return false;
        }
        (Some(old), Some(new)) => (old, new),
    };
    let translate = |value: &Value| line.down(value);
    let (from, to) = ((new, line.newer.major), (old, line.older.major));
    let way = Way { part: Part::Output, from, to, name: "down", translate: &translate };
    way.prove(Lane::Down, line, options, report)
}

impl Way<'_> {
    fn prove(&self, lane: Lane, line: &Line<'_, '_>, options: ProofOptions, report: &mut Report<'_>) -> bool {
        let seed = (options.seed, lane, line.older.major);
        let (tried, failed) = sample::each(self.from.0, seed, options.cases, |instance| {
            self.failure(&instance).map(|failure| (instance, failure))
        });
        match failed {
            Some((_, Failure::Untold)) => {
                let why = format!("the validator of major {} can't tell whether a value is valid", self.to.1);
                report.unproven(self.part, why, "simplify the schema");
            }
            Some((instance, failure)) => self.found(instance, &failure, line, report),
            None if tried.too_few() => {
                let why = format!("{} of the {} schema of major {}", tried.said(), self.noun(), self.from.1);
                report.unproven(self.part, why, "simplify the schema, or prove the shim by tests and waive this");
            }
            None => return true,
        }
        false
    }

    fn failure(&self, instance: &Value) -> Option<Failure> {
        match (self.translate)(instance) {
            Err(broken) => Some(Failure::Broken(broken)),
            Ok(translated) => match is_valid(self.to.0, &translated) {
                Some(true) => None,
                Some(false) => Some(Failure::Invalid(translated)),
                None => Some(Failure::Untold),
            },
        }
    }

    fn found(&self, instance: Value, failure: &Failure, line: &Line<'_, '_>, report: &mut Report<'_>) {
        let same = |candidate: &Value| {
            matches!(
                (self.failure(candidate), failure),
                (Some(Failure::Broken(Broken::Refuses(_))), Failure::Broken(Broken::Refuses(_)))
                    | (Some(Failure::Broken(Broken::Panics(_))), Failure::Broken(Broken::Panics(_)))
                    | (Some(Failure::Invalid(_)), Failure::Invalid(_))
            )
        };
        let instance = match failure {
            Failure::Broken(Broken::Panics(_)) => shrink_within(self.from.0, instance, PANICKING_TRIES, same),
            _ => shrink(self.from.0, instance, same),
        };
        // The shrunk instance fails as well; its own failure is the one to show.
        match self.failure(&instance) {
            Some(Failure::Broken(broken)) => report.fault(self.breaks(instance, &broken, line)),
            Some(Failure::Invalid(translated)) => report.fault(self.invalid(instance, translated, line)),
            Some(Failure::Untold) | None => {}
        }
    }

    fn breaks(&self, instance: Value, broken: &Broken, line: &Line<'_, '_>) -> Fault {
        let (name, from, said) = (self.name, self.from.1, broken.said());
        let why = format!(
            "`{name}` {} fails on {} that are valid under major {from}: it {said}",
            self.between(line),
            self.noun()
        );
        let shows = format!("valid under major {from}, and `{name}` {said}");
        let fix = format!("let the shim of major {} translate this value, too", line.older.major);
        let (old, new) = self.sides(Some(instance.clone()), None);
        let witness = Some(Witness { instance, shows });
        Fault { rule: Rule::ShimFails, part: self.part, pointer: String::new(), old, new, why, witness, fix }
    }

    fn invalid(&self, instance: Value, translated: Value, line: &Line<'_, '_>) -> Fault {
        let violations = self.to.0.violations(&translated);
        let (place, what) = violations.into_iter().next().unwrap_or_default();
        let at = if place.is_empty() { String::new() } else { format!(" at `{place}`") };
        let why = format!(
            "{} of major {} are not valid under major {} after `{}` {}: {what}{at}",
            self.noun(),
            self.from.1,
            self.to.1,
            self.name,
            self.between(line)
        );
        let shows = format!(
            "valid under major {}; becomes {translated}, which major {} refuses: {what}{at}",
            self.from.1, self.to.1
        );
        let rule = if self.part == Part::Input { Rule::ShimUpInvalid } else { Rule::ShimDownInvalid };
        let fix = fix::for_violation(self.part, line.older.major, &place, &what);
        let pointer = meaning::schema_place(self.to.0, &place);
        let (old, new) = self.sides(Some(instance.clone()), Some(translated));
        let witness = Some(Witness { instance, shows });
        Fault { rule, part: self.part, pointer, old, new, why, witness, fix }
    }

    fn between(&self, line: &Line<'_, '_>) -> String {
        let way = if line.is_chain() { "through the whole chain" } else { "in one step" };
        format!("from {} to {} {way}", self.from.1, self.to.1)
    }

    fn noun(&self) -> &'static str {
        if self.part == Part::Input { "arguments" } else { "results" }
    }

    /// The older form and the newer one, of what goes in and what comes out.
    fn sides(&self, from: Option<Value>, to: Option<Value>) -> (Option<Value>, Option<Value>) {
        if self.part == Part::Input { (from, to) } else { (to, from) }
    }
}
