//! The command line of a server: `serve`, `check`, `call`, `tools`, `drill`, `switch`, `approve`, `policy`.
//!
//! Invariant: with `--transport stdio` nothing but MCP is written to standard output; what is for people goes to
//! standard error. Exit codes: 0 done, 1 the call or the server failed, 2 the command line, the configuration or the
//! server's description is wrong, which for `check` is its result, and 1.

mod access;
mod approve;
mod banner;
mod call;
mod check;
mod drill;
mod example;
mod policy;
mod switch;
mod table;
mod tools;

use std::{ffi::OsString, io::Write as _, path::PathBuf, process::ExitCode, sync::OnceLock};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use steadfast_contract::proof::ProofOptions;

use crate::{
    app::{self, AppError},
    clock::Clock,
    config::{self, Flags, Log, Settings},
    problem::Problem,
    prove, secrets,
    server::Server,
    telemetry,
};

/// What [`data_dir`] gives, once the configuration was read.
static DATA: OnceLock<PathBuf> = OnceLock::new();

/// The directory that the server keeps its data in: the setting `data`, by default `data` in the working directory.
///
/// It is known once [`main`] has read the configuration, which is before it asks for the server. In a program or a
/// test that does not run `main` it is the default.
pub fn data_dir() -> PathBuf {
    DATA.get().cloned().unwrap_or_else(|| PathBuf::from(config::DATA))
}

/// Serves tools over MCP, calls them, and lists them.
#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: SettingsArgs,
    /// How results are written.
    #[arg(long, value_enum, global = true, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves MCP; the default.
    Serve,
    /// Prints every setting, what it comes to and where it came from, and checks that the server would start with them.
    Check,
    /// Calls a tool in this process, through the whole pipeline.
    Call {
        /// The tool, optionally with a version: `search_notes` or `search_notes@2`.
        #[arg(value_name = "TOOL[@VERSION]")]
        tool: String,
        /// The arguments, a JSON object.
        #[arg(value_name = "JSON", default_value = "{}")]
        arguments: String,
        /// Confirms the plan of a destructive tool without asking.
        #[arg(long)]
        yes: bool,
        /// The request that an approver granted.
        #[arg(long, value_name = "ID")]
        approval: Option<String>,
    },
    /// Lists the tools, their contracts and policies.
    Tools,
    /// Switches tools off and on while the server runs.
    Switch {
        #[command(subcommand)]
        action: Option<switch::Action>,
    },
    /// Checks the policies of calls, explains their decisions, and prints what they can speak of.
    Policy {
        #[command(subcommand)]
        action: access::Action,
    },
    /// Lists destructive calls that wait for somebody else's approval, grants and denies them.
    Approve(approve::Options),
    /// Shows what callers of a tool meet while its upstream is slow, fails or is dead, and when it is back.
    Drill(drill::Options),
    /// Prints what the source publishes, for the commands that keep the lock.
    #[command(hide = true)]
    ContractDump,
    /// Prints what speaks against the shims, for the commands that keep the lock.
    #[command(hide = true)]
    ContractProve {
        /// The seed of the instances.
        #[arg(long, default_value_t = prove::OPTIONS.seed)]
        seed: u64,
        /// Instances for each proof of each major.
        #[arg(long, default_value_t = prove::OPTIONS.cases)]
        cases: u32,
    },
}

// Settings that can be given on the command line; all others are in files and the environment. No doc comment: clap
// would take it for what the program is about.
#[derive(Debug, Args)]
struct SettingsArgs {
    /// How clients reach the server: stdio or http.
    #[arg(long, global = true)]
    transport: Option<String>,
    /// Where to serve MCP over HTTP: an address, or a Unix socket for the user alone.
    #[arg(long, global = true, value_name = "ADDR:PORT|unix:PATH")]
    listen: Option<String>,
    /// Where to serve health and readiness, or `off`.
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    admin: Option<String>,
    /// How the server is deployed: dev, sidecar, shared or tenant.
    #[arg(long, global = true)]
    profile: Option<String>,
    /// Where the server keeps its data.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// The release whose set of tools is served, in the versions it had then.
    #[arg(long, global = true, value_name = "RELEASE")]
    surface: Option<String>,
    /// The configuration file, instead of steadfast.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command line of a server: the whole `main` of its program.
///
/// ```no_run
/// use steadfast::prelude::*;
///
/// fn server() -> Server<()> {
///     Server::builder("acme-tools", ()).build()
/// }
///
/// #[tokio::main]
/// async fn main() -> std::process::ExitCode {
///     steadfast::cli::main(server).await
/// }
/// ```
pub async fn main<S>(server: impl FnOnce() -> Server<S>) -> ExitCode {
    main_from(server, std::env::args_os()).await
}

/// As [`main`], with a command line of the caller's own; its first item is the program's name.
pub async fn main_from<S>(
    server: impl FnOnce() -> Server<S>,
    arguments: impl IntoIterator<Item = OsString>,
) -> ExitCode {
    match run(server, arguments).await {
        Ok(code) => code,
        // `tools | head`: the reader has seen enough.
        Err((Failure::Output(error), _)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err((failure, format)) => {
            match format {
                Format::Text => anstream::eprintln!("{}", secrets::mask_all(&failure.to_string())),
                Format::Json => anstream::eprintln!("{}", secrets::mask_all(&failure.as_json().to_string())),
            }
            failure.code()
        }
    }
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Usage(#[from] clap::Error),
    #[error("the configuration has problems:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<crate::config::ConfigProblem>),
    #[error("{0}")]
    App(#[from] AppError),
    #[error("{0}")]
    Call(#[from] call::CallFailure),
    #[error("{0}")]
    Switch(#[from] switch::SwitchFailure),
    #[error("{0}")]
    Policy(#[from] access::PolicyFailure),
    #[error("{0}")]
    Approve(#[from] approve::ApproveFailure),
    #[error("{0}")]
    Drill(#[from] drill::DrillFailure),
    #[error("can't write: {0}")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// `{"error": {"message", "problems"?, "code"?, "data"?}}`
    fn as_json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({ "message": self.to_string() });
        match self {
            Self::Config(problems) => {
                let problems = problems.iter().map(|problem| {
                    let crate::config::ConfigProblem { key, source, what, help } = problem;
                    serde_json::json!({ "key": key, "source": source, "what": what, "help": help })
                });
                error["message"] = "the configuration has problems".into();
                error["problems"] = problems.collect();
            }
            Self::App(AppError::Build(problems)) => {
                error["message"] = "the server can't be built".into();
                error["problems"] = listed(problems);
            }
            Self::Policy(access::PolicyFailure::Wrong(problems)) => {
                error["message"] = "the policies have problems".into();
                error["problems"] = listed(problems);
            }
            Self::Call(call::CallFailure::Refused { code, message, data }) => {
                error = serde_json::json!({ "code": code, "message": message, "data": data });
            }
            _ => {}
        }
        serde_json::json!({ "error": error })
    }

    fn code(&self) -> ExitCode {
        let code = match self {
            Self::Usage(_)
            | Self::Config(_)
            | Self::App(AppError::Build(_))
            | Self::Call(call::CallFailure::Arguments { .. })
            | Self::Switch(switch::SwitchFailure::Target { .. })
            | Self::Policy(
                access::PolicyFailure::Asked { .. } | access::PolicyFailure::None | access::PolicyFailure::Wrong(_),
            )
            | Self::Drill(drill::DrillFailure::Tool { .. } | drill::DrillFailure::Arguments { .. }) => 2,
            Self::App(_)
            | Self::Call(_)
            | Self::Drill(_)
            | Self::Switch(_)
            | Self::Approve(_)
            | Self::Policy(_)
            | Self::Output(_) => 1,
        };
        ExitCode::from(code)
    }
}

fn listed(problems: &[Problem]) -> serde_json::Value {
    let problems = problems
        .iter()
        .map(|problem| serde_json::json!({ "place": problem.place, "what": problem.what, "help": problem.help }));
    problems.collect()
}

async fn run<S>(
    server: impl FnOnce() -> Server<S>,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<ExitCode, (Failure, Format)> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match parse(arguments.clone()) {
        Ok(cli) => cli,
        // `--help` is an "error" to clap; it prints to the right stream and knows its exit code.
        Err(error) if !error.use_stderr() || !wants_json(&arguments) => error.exit(),
        Err(error) => return Err((Failure::Usage(error), Format::Json)),
    };
    let format = cli.format;
    execute(server, cli).await.map_err(|failure| (failure, format))
}

async fn execute<S>(server: impl FnOnce() -> Server<S>, cli: Cli) -> Result<ExitCode, Failure> {
    // What keeps the lock asks the source alone: neither a mistake in the configuration nor the lock itself is in the
    // way.
    match cli.command {
        Some(Command::ContractDump) => {
            let published = described(server, cli.settings).published().map_err(AppError::Build)?;
            writeln!(std::io::stdout(), "{}", serde_json::json!(published))?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::ContractProve { seed, cases }) => {
            let catalogue = described(server, cli.settings).catalogue.map_err(AppError::Build)?;
            let findings = prove::all(&catalogue, ProofOptions { seed, cases });
            writeln!(std::io::stdout(), "{}", serde_json::json!(findings))?;
            return Ok(ExitCode::SUCCESS);
        }
        // What is wrong is what it is for.
        Some(Command::Check) => {
            let flags = cli.settings.into_flags();
            return Ok(check::run(server, flags, cli.format)?);
        }
        _ => {}
    }
    let settings = Settings::load(cli.settings.into_flags()).map_err(Failure::Config)?;
    let _ = DATA.set(settings.data.clone());
    let server = server();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let engine = app::engine(server, &settings, Clock::system())?;
            // A program that set up its own subscriber keeps it.
            let _ = telemetry::start(&settings.log, Log::SERVING);
            if let Some(file) = settings.passed_over() {
                tracing::warn!(
                    "`{file}` is not read: over stdio the working directory may be anybody's; name it by `--config`"
                );
            }
            engine.read_switches().await;
            app::serve(engine, &settings, |engine, addresses| match cli.format {
                Format::Text => banner::print(engine, &settings, addresses),
                Format::Json => banner::print_json(engine, &settings, addresses),
            })
            .await?;
        }
        Command::Call { tool, arguments, yes, approval } => {
            let engine = app::engine(server, &settings, Clock::system())?;
            engine.read_switches().await;
            // Whoever calls from a terminal sees the answer; the log would only repeat it.
            let _ = telemetry::start(&settings.log, "off");
            let options = call::Options { tool, arguments, yes, approval };
            return Ok(call::run(&engine, options, cli.format).await?);
        }
        Command::Switch { action } => {
            let engine = app::engine(server, &settings, Clock::system())?;
            let _ = telemetry::start(&settings.log, "off");
            return Ok(switch::run(&engine, action, cli.format).await?);
        }
        Command::Policy { action } => {
            let _ = telemetry::start(&settings.log, "off");
            return Ok(access::run(server.into_parts().map_err(AppError::Build)?, &settings, action, cli.format)?);
        }
        Command::Approve(options) => {
            let engine = app::engine(server, &settings, Clock::system())?;
            let _ = telemetry::start(&settings.log, "off");
            return Ok(approve::run(&engine, options, cli.format).await?);
        }
        Command::Drill(options) => {
            // What goes wrong in a drill is meant to.
            let _ = telemetry::start(&settings.log, "off");
            return Ok(drill::run(server, &settings, &options, cli.format).await?);
        }
        Command::Tools => {
            let engine = app::engine(server, &settings, Clock::system())?;
            if let Err(error) = engine.switches.refresh(&*engine.store, &engine.tenant).await {
                anstream::eprintln!("{error}; what is switched off is not known");
            }
            tools::print(&engine, &settings, cli.format)?;
        }
        // Done before the configuration was read.
        Command::Check | Command::ContractDump | Command::ContractProve { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The server without a configuration, but with its data where it is kept: it may open it as soon as it is asked for.
fn described<S>(server: impl FnOnce() -> Server<S>, settings: SettingsArgs) -> Server<S> {
    let _ = DATA.set(Settings::data(settings.into_flags()));
    server()
}

/// Whether a command line that can't be parsed asks for JSON all the same.
fn wants_json(arguments: &[OsString]) -> bool {
    arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
        || arguments.iter().any(|argument| argument == "--format=json")
}

/// The program is called what its file is called.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut arguments = arguments.into_iter().peekable();
    let name = arguments.peek().map(PathBuf::from).and_then(|path| path.file_name().map(OsString::from));
    let name = name.map_or_else(|| "server".into(), |name| name.to_string_lossy().into_owned());
    Cli::from_arg_matches(&Cli::command().bin_name(name).try_get_matches_from(arguments)?)
}

impl SettingsArgs {
    fn into_flags(self) -> Flags {
        let values = [
            ("transport", self.transport),
            ("listen", self.listen),
            ("admin", self.admin),
            ("profile", self.profile),
            ("data", self.data),
            ("surface", self.surface),
        ];
        Flags {
            values: values.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect(),
            config: self.config,
        }
    }
}
