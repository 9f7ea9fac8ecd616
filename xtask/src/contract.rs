//! `contract`: keeps the promises of a server's tools.
//!
//! The rules are in the crate `steadfast-contract`, which knows neither files nor git nor the clock; this module brings
//! those: what the server's program publishes (`source`), the lock in the work tree (`files`) and at the merge base
//! (`baseline`), and how findings are printed (`report`). Invariants: `check` writes nothing; what a check could not
//! look at is said.
//!
//! Exit codes: 0 when nothing breaks a caller, 1 when something does, when nobody could decide, or when the lock's own
//! rules are broken, 2 for wrong use and for what could not be read.

mod baseline;
mod batch;
mod compare;
mod diff;
mod files;
mod judge;
mod options;
mod place;
mod report;
mod source;

use std::{
    io::{self, Write},
    process::ExitCode,
    thread,
};

use steadfast_contract::{LockSet, notes};

pub(crate) use self::options::Contract;
use self::{
    files::Files,
    judge::Judgement,
    options::{Check, Format, Judged, Subcommands},
};
use crate::{
    failure::{Failure, While},
    project::{Kind, Project},
};

/// Nothing breaks a caller.
const CLEAN: u8 = 0;
/// Something does, or nobody knows.
const BREAKS: u8 = 1;
/// Wrong use, or something that could not be read.
const WRONG: u8 = 2;

/// The stack of the thread that compares. Recursion over schemas is bounded, but not by what 2 MiB hold.
const STACK: usize = 256 << 20;

/// Runs a subcommand; its failures end with their own exit code.
pub(crate) fn main(options: Contract) -> ExitCode {
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || run(&options.command));
    let ended = thread.while_(|| "starting a thread".into()).and_then(|thread| {
        thread.join().unwrap_or_else(|_| {
            Err(Failure::new("the comparison panicked").help("report what was compared: this is a defect"))
        })
    });
    ended.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        WRONG.into()
    })
}

fn run(command: &Subcommands) -> Result<ExitCode, Failure> {
    match command {
        Subcommands::Check(options) => check(options),
        Subcommands::Bless(options) => bless(options),
        Subcommands::Diff(options) => server().and_then(|project| diff::main(&project, options)),
        Subcommands::Notes => server().and_then(|project| {
            show(&notes(&source::published(&project)?, &LockSet::read(Files::read(&project.root)?.lock)))?;
            Ok(CLEAN.into())
        }),
        Subcommands::Compare(options) => compare::main(options),
    }
}

fn check(options: &Check) -> Result<ExitCode, Failure> {
    let project = server()?;
    let mut judgement = judgement(&project, &options.judged)?;
    let mut unproved = None;
    if judgement.published.tools.iter().any(|tool| !tool.history.is_empty()) {
        match source::proofs(&project, options.judged.seed, options.judged.cases) {
            Ok(proofs) => judgement.proofs = proofs,
            // A server that lacks a major can't be built for the proofs; that it lacks one is what to read about.
            Err(failure) => unproved = Some(failure),
        }
    }
    let mut report = judgement.check();
    if let Some(failure) = unproved {
        if !report.gates() {
            return Err(failure);
        }
        report.notes.push("the shims were not proved, since the server can't be built as it is".into());
    }
    show(&match options.format {
        Format::Text => report::text::print(&report),
        Format::Json => format!("{:#}\n", report::json::document(&report)),
        Format::Junit => report::junit::print(&report),
        Format::Sarif => format!("{:#}\n", report::sarif::document(&report)),
        Format::Github => report::github::print(&report),
    })?;
    Ok(if report.gates() { BREAKS } else { CLEAN }.into())
}

fn bless(options: &Judged) -> Result<ExitCode, Failure> {
    let project = server()?;
    match judgement(&project, options)?.bless() {
        Ok(changes) => {
            for change in &changes {
                files::write(&project.root, change)?;
                show(&format!("wrote {}: {}\n", change.path, change.what))?;
            }
            if changes.is_empty() {
                show("the lock says what the source promises; nothing to write\n")?;
            }
            Ok(CLEAN.into())
        }
        Err(report) => {
            show(&report::text::print(&report))?;
            eprintln!("error: nothing was written: what was released changes by the rules or not at all");
            Ok(BREAKS.into())
        }
    }
}

/// Prints to the standard output, without styles where nobody would see them. A reader may go away, as `head` does.
fn show(text: &str) -> Result<(), Failure> {
    match anstream::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.while_(|| "writing to the standard output".into()),
    }
}

/// Gathers what `check` and `bless` judge.
fn judgement(project: &Project, options: &Judged) -> Result<Judgement, Failure> {
    let today = options.today.or_else(crate::clock::today).ok_or_else(|| {
        Failure::new("the system's clock is outside of the calendar").help("name the day: `--today YYYY-MM-DD`")
    })?;
    let baseline = baseline::find(&project.root, options.against.as_deref())?;
    let published = source::published(project)?;
    let files = Files::read(&project.root)?;
    Ok(Judgement { published, proofs: Vec::new(), files, baseline, today, floor_months: options.floor_months })
}

/// The project, which has to be a server.
fn server() -> Result<Project, Failure> {
    let project = Project::find()?;
    match project.kind {
        Kind::Server => Ok(project),
        Kind::Checkout => Err(Failure::new("this is a checkout of Steadfast, which has no tools of its own").help(
            "change to a server (`cargo xtask new NAME` makes one); `contract compare` is the subcommand that needs none",
        )),
    }
}
