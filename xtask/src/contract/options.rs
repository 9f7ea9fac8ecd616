//! The command line of `contract`, as data.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use steadfast_contract::{Date, Direction, Policy};

const EXIT_CODES: &str = "\
Exit codes:
  0  compatible, or nothing found that breaks a caller
  1  a finding that breaks callers, that nobody could decide, or that breaks the lock's rules
  2  wrong use, or something that could not be read";

const BATCH: &str = "\
With `--batch`, each line of the input is
  {\"id\": any, \"direction\": \"input\"|\"output\", \"strict\": bool (false), \"old\": schema, \"new\": schema}
and answers, in order, with
  {\"id\": the same, \"verdict\": \"compatible\"|\"breaking\"|\"unknown\", \"rules\": [id, ..], \"witness\"?: any, \"reason\"?: text}
A line that can't be read is answered with `unknown` and the reason.

Exit codes:
  0  compatible; with --batch: every line was answered, whatever the answer
  1  breaking or unknown
  2  wrong use, or something that could not be read";

/// Keep the contracts of tools.
#[derive(Debug, Clone, Args)]
pub(crate) struct Contract {
    #[command(subcommand)]
    pub(crate) command: Subcommands,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Subcommands {
    /// Hold the source against the lock, and the lock against its baseline. Writes nothing.
    #[command(after_help = EXIT_CODES)]
    Check(Check),
    /// Write down what the source promises now, unless it breaks what was released.
    #[command(after_help = EXIT_CODES)]
    Bless(Judged),
    /// Compare two versions of a tool.
    #[command(after_help = EXIT_CODES)]
    Diff(Diff),
    /// Print migration notes for the authors of clients, as Markdown.
    #[command(after_help = EXIT_CODES)]
    Notes,
    /// Compare two bare JSON Schemas; needs no project.
    #[command(after_help = BATCH)]
    Compare(Compare),
}

/// What `check` and `bless` are held to.
#[derive(Debug, Clone, Args)]
pub(crate) struct Judged {
    /// The revision that holds what was released; by default the merge base of HEAD and the default branch.
    #[arg(long, value_name = "REV")]
    pub(crate) against: Option<String>,
    /// The shortest time between `deprecated` and `sunset`, in months.
    #[arg(long, value_name = "N", default_value_t = Policy::FLOOR_MONTHS)]
    pub(crate) floor_months: u32,
    /// Judge as if it were this day; by default today, in UTC.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<Date>,
    /// The seed of the instances that shims are proved with.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// How many instances each shim is proved with.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) cases: u32,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) judged: Judged,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// JUnit's XML.
    Junit,
    /// SARIF 2.1.0 (OASIS).
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

/// How `diff` and `compare` print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Printed {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Diff {
    /// The older one: `TOOL@MAJOR`, `TOOL@VERSION`, `TOOL@lock` (the newest in the lock) or `TOOL@current` (the source).
    #[arg(value_name = "TOOL@A")]
    pub(crate) old: String,
    /// The newer one.
    #[arg(value_name = "TOOL@B")]
    pub(crate) new: String,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Printed,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Compare {
    /// Which way values flow: arguments are `input`, results are `output`.
    #[arg(long, value_enum, required_unless_present = "batch")]
    pub(crate) direction: Option<Way>,
    /// Plain inclusion of sets; otherwise what old callers emit counts.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Read pairs as JSON Lines from the standard input, and answer each with a line.
    #[arg(long, conflicts_with_all = ["direction", "strict", "format", "old", "new"])]
    pub(crate) batch: bool,
    /// The older schema.
    #[arg(value_name = "OLD.json", required_unless_present = "batch")]
    pub(crate) old: Option<PathBuf>,
    /// The newer schema.
    #[arg(value_name = "NEW.json", required_unless_present = "batch")]
    pub(crate) new: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Printed,
}

/// [`Direction`], as the command line writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// From callers to the tool.
    Input,
    /// From the tool to callers.
    Output,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Input => Self::Input,
            Way::Output => Self::Output,
        }
    }
}
