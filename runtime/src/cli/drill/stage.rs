//! Where a drill plays: the server's own tool and configuration, cut off from everything that others use.
//!
//! Each engine that is made here has fresh breakers and budgets, and a store in memory: the drill takes no quota from
//! real callers and leaves nothing behind. Rates are not limited, since the drill is one caller who calls fast.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    DrillFailure, Options,
    fault::{self, Faults},
};
use crate::{
    access::Mode,
    app::AppError,
    catalogue::Entry,
    cli::example,
    clock::Clock,
    config::{Settings, ToolSettings, UpstreamSettings},
    confirm::ConfirmBy,
    duration,
    engine::{Engine, Parts, Seams},
    keyring::Keyring,
    nearest::nearest_name,
    reliability::Random,
    server::Server,
    store::Memory,
    tool::Effect,
};

/// The longest time for which a drill waits for an open breaker.
const OPEN_FOR: Duration = Duration::from_secs(5);

/// The longest time that a drilled call may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct Stage {
    pub(super) faults: Arc<Faults>,
    pub(super) clock: Clock,
    pub(super) arguments: Map<String, Value>,
    /// The function is not run.
    pub(super) simulated: bool,
    /// In which ways the drill differs from what it stands for.
    pub(super) differences: Vec<String>,
    parts: Parts,
    settings: Settings,
    seed: u64,
    tool: usize,
}

impl Stage {
    pub(super) fn new<S>(
        server: Server<S>,
        settings: &Settings,
        options: &Options,
        clock: Clock,
    ) -> Result<Self, DrillFailure> {
        let mut parts = server.into_parts().map_err(AppError::Build)?;
        let Some(catalogue) = Arc::get_mut(&mut parts.catalogue) else {
            unreachable!("nobody else has the catalogue of a server that was not started");
        };
        let names: Vec<String> = catalogue.entries().iter().map(|entry| entry.name.to_string()).collect();
        let Some(entry) = catalogue.find_mut(&options.tool) else {
            let help = match nearest_name(&options.tool, names.iter().map(String::as_str)) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("the server has {}", names.join(", ")),
            };
            return Err(DrillFailure::Tool { tool: options.tool.clone(), help });
        };
        let arguments = arguments(entry, options)?;
        let mutation = entry.declaration.effect != Effect::ReadOnly;
        let simulated = options.simulate || mutation;
        let mut differences = Vec::new();
        if mutation {
            differences.push(format!("`{}` changes something, so results are made up and it is never run", entry.name));
        }
        let faults = Arc::new(Faults::default());
        put_behind(entry, &faults, simulated, options.seed);
        let (tool, name) = (entry.id, entry.name.to_string());
        let mut stage = Self {
            faults,
            clock,
            arguments,
            simulated,
            differences,
            parts,
            settings: settings.clone(),
            seed: options.seed,
            tool,
        };
        stage.settle(&name)?;
        Ok(stage)
    }

    /// A server that knows nothing of earlier calls.
    pub(super) fn engine(&self) -> Result<Arc<Engine>, AppError> {
        let Parts { info, instructions, catalogue, handler, access } = &self.parts;
        let parts = Parts {
            info: info.clone(),
            instructions: instructions.clone(),
            catalogue: Arc::clone(catalogue),
            handler: handler.clone(),
            access: access.clone(),
        };
        let seams = Seams {
            clock: self.clock,
            random: Random::seeded(self.seed),
            store: Arc::new(Memory::new(self.clock)),
            keyring: Arc::new(Keyring::fresh().map_err(AppError::Random)?),
        };
        Engine::new(parts, &self.settings, seams).map(Arc::new).map_err(AppError::Build)
    }

    pub(super) fn tool<'a>(&self, engine: &'a Engine) -> &'a Entry {
        &engine.catalogue.entries()[self.tool]
    }

    /// The arguments, without secrets.
    pub(super) fn shown(&self, tool: &Entry) -> Value {
        let properties = &tool.current.input_schema["properties"];
        let mut shown = self.arguments.clone();
        for (_, value) in shown.iter_mut().filter(|(name, _)| properties[name.as_str()]["writeOnly"] == true) {
            *value = "…".into();
        }
        Value::Object(shown)
    }

    /// Changes the settings where a drill can't go by them, and says so.
    fn settle(&mut self, name: &str) -> Result<(), DrillFailure> {
        let engine = self.engine()?;
        let policy = engine.policy(self.tool(&engine)).clone();
        let settings = &mut self.settings;
        settings.read_only = false;
        settings.access.policy.mode = Mode::Log;
        if engine.access.policies.is_some() {
            self.differences.push("policies are not enforced".into());
        }
        if policy.confirmation.is_some_and(|by| by != ConfirmBy::Off) {
            settings.confirmation.mode = ConfirmBy::Off;
            entry_of::<ToolSettings>(&mut settings.tools, name).confirmation = Some(ConfirmBy::Off);
            self.differences.push("calls are not confirmed".into());
        }
        settings.limits.admission.rate_per_caller = None;
        settings.limits.admission.rate_per_tenant = None;
        settings.limits.admission.kept_per_caller = None;
        if policy.rate.is_some() {
            entry_of::<ToolSettings>(&mut settings.tools, name).rate_limit = Some(None);
            self.differences.push("rates are not limited".into());
        }
        if policy.timeout > PATIENCE {
            entry_of::<ToolSettings>(&mut settings.tools, name).timeout = Some(PATIENCE);
            let (is, drilled) = (duration::text(policy.timeout), duration::text(PATIENCE));
            self.differences.push(format!("`timeout` of `{name}` is {is}, and {drilled} here"));
        }
        // An attempt has no more time than its call.
        if let Some(attempt) = policy.attempt_timeout.filter(|attempt| *attempt > PATIENCE) {
            entry_of::<ToolSettings>(&mut settings.tools, name).attempt_timeout = Some(PATIENCE);
            let (is, drilled) = (duration::text(attempt), duration::text(PATIENCE));
            self.differences.push(format!("`attempt_timeout` of `{name}` is {is}, and {drilled} here"));
        }
        if let Some(upstream) = policy.upstream.map(|at| &engine.upstreams[at].policy)
            && upstream.breaker.open_for > OPEN_FOR
        {
            entry_of::<UpstreamSettings>(&mut settings.upstreams, &upstream.name).open_for = Some(OPEN_FOR);
            let (is, drilled) = (duration::text(upstream.breaker.open_for), duration::text(OPEN_FOR));
            self.differences.push(format!("`open_for` of `{}` is {is}, and {drilled} here", upstream.name));
        }
        Ok(())
    }
}

fn put_behind(entry: &mut Entry, faults: &Arc<Faults>, simulated: bool, seed: u64) {
    let made_up = |entry: &Entry| fault::simulated(&entry.output, |schema| example::instance(schema, seed));
    if simulated {
        entry.run = made_up(entry);
        if entry.fallback.is_some() {
            entry.fallback = Some(made_up(entry));
        }
    }
    let run = std::mem::replace(&mut entry.run, Box::new(|_, _| Box::pin(std::future::pending())));
    entry.run = faults.around(run);
}

fn arguments(entry: &Entry, options: &Options) -> Result<Map<String, Value>, DrillFailure> {
    let wrong = |what: String| DrillFailure::Arguments { tool: entry.name.to_string(), what };
    let arguments = match &options.arguments {
        Some(text) => serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?,
        None => {
            let made_up = || match example::instance(&entry.current.input_schema, options.seed) {
                Some(Value::Object(arguments)) => Some(arguments),
                _ => None,
            };
            example::arguments(entry).or_else(made_up).ok_or_else(|| wrong("none could be made up".into()))?
        }
    };
    let arguments = Value::Object(arguments);
    let invalid = entry.current.input.iter_errors(&arguments).next().map(|error| error.masked().to_string());
    match (invalid, arguments) {
        (None, Value::Object(arguments)) => Ok(arguments),
        (what, _) => Err(wrong(what.unwrap_or_default())),
    }
}

fn entry_of<'a, T: Default>(all: &'a mut Vec<(String, T)>, name: &str) -> &'a mut T {
    let at = all.iter().position(|(known, _)| known == name).unwrap_or(all.len());
    if at == all.len() {
        all.push((name.to_owned(), T::default()));
    }
    &mut all[at].1
}
