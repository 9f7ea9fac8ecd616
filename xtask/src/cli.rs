//! The command line, as data.

#[cfg(feature = "checkout")]
use std::path::PathBuf;

#[cfg(feature = "checkout")]
use clap::ValueEnum;
use clap::{Args, Parser, Subcommand};

use crate::contract::Contract;

/// Build, check and release a Steadfast server.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new server from the template.
    #[cfg(feature = "checkout")]
    New(New),
    /// Make a server in `target/demo`, build and start it, make a first tool call, and say what to try.
    #[cfg(feature = "checkout")]
    Demo(Demo),
    /// Run every check: format, lints, tests, documentation, rules, template, conformance, independent clients.
    Test(Test),
    /// What continuous integration runs: the same as `test`.
    Ci,
    /// Check the project's rules.
    Tidy,
    /// Keep the contracts of tools: check them, write them down, compare them.
    Contract(Contract),
    /// Run the official MCP conformance suite, for both revisions.
    #[cfg(feature = "checkout")]
    Conformance,
    /// Run the benchmark; arguments go to it.
    #[cfg(feature = "checkout")]
    Bench {
        /// Passed on.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// What `cargo generate` does, without installing it.
    #[cfg(feature = "checkout")]
    #[command(hide = true, disable_help_flag = true)]
    CargoGenerate {
        /// As of `cargo generate`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// What `new` makes.
#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Args)]
pub(crate) struct New {
    /// The server's name: that of its folder, its package and its binary.
    pub(crate) name: String,
    /// The folder to make it in.
    #[arg(long, value_name = "PARENT", default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) answers: Answers,
    /// Start the server when it is made.
    #[arg(long)]
    pub(crate) run: bool,
}

/// The answers to the template's questions.
#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Args)]
pub(crate) struct Answers {
    /// How clients reach the server.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) transport: Transport,
    /// Where it runs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) deployment: Deployment,
    /// Where it keeps what replicas share.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) store: Store,
    /// Who decides which caller may call what.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: Policy,
    /// Which continuous integration.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ci: Ci,
}

#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Transport {
    /// The client starts the process.
    Stdio,
    /// A long-running process on a port.
    Http,
    /// HTTP by default, stdio with a flag.
    #[default]
    Both,
}

#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Deployment {
    /// Beside one developer or one application.
    #[default]
    Sidecar,
    /// One service for many callers.
    Shared,
    /// One instance for each tenant.
    Tenant,
}

#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Store {
    /// In a file of its own: one process.
    #[default]
    Embedded,
    /// In PostgreSQL and Redis: any number of replicas.
    Fleet,
}

#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Policy {
    /// The scopes that each tool declares.
    #[default]
    Scopes,
    /// Scopes, and policies in Cedar that look at callers and arguments.
    Cedar,
}

#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Ci {
    /// A GitHub Actions workflow.
    #[default]
    Github,
    /// None.
    None,
}

/// How `demo` ends.
#[cfg(feature = "checkout")]
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Demo {
    /// Stop after the first call; the default where `CI` is set or the output is not a terminal.
    #[arg(long)]
    pub(crate) once: bool,
}

/// What `test` runs.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Test {
    /// Run only this step; may be repeated.
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
    /// List the steps and run nothing.
    #[arg(long)]
    pub(crate) list: bool,
}

/// The value as the command line and the template write it.
#[cfg(feature = "checkout")]
pub(crate) fn written<T: ValueEnum>(value: T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[cfg(feature = "checkout")]
    #[test]
    fn flags_not_given_take_the_defaults() {
        let Command::New(new) = Cli::parse_from(["cargo xtask", "new", "notes"]).command else {
            panic!("`new` is read as another command");
        };
        assert_eq!(new.answers, Answers::default());
        assert_eq!(written(new.answers.transport), "both");
    }
}
