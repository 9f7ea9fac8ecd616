//! The server's own log, on stderr.
//!
//! Invariants: nothing of the target `rmcp` is written, at any level: the SDK prints whole requests and results. What is
//! known to be a secret is masked in every line, whoever wrote it: see [`lines`].

#[cfg(test)]
mod captured;
mod fields;
mod lines;

use tracing::Metadata;
use tracing_subscriber::{
    EnvFilter,
    filter::filter_fn,
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

#[cfg(test)]
pub(crate) use self::captured::Captured;
use self::lines::{Lines, Shape};
use crate::config::Log;

/// Starts logging for this process, at `level` unless the settings say otherwise.
///
/// # Errors
/// When the process has a subscriber already; that one stays.
pub(crate) fn start(log: &Log, level: &str) -> Result<(), TryInitError> {
    let wanted = EnvFilter::builder().parse_lossy(log.level.as_deref().unwrap_or(level));
    // A filter of the whole subscriber, so that the SDK's spans and events cost nothing either.
    let registry = tracing_subscriber::registry().with(filter_fn(may_leave)).with(wanted);
    if log.json {
        registry.with(Lines { shape: Shape::Json, writer: std::io::stderr }).try_init()?;
    } else {
        let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        registry.with(Lines { shape: Shape::Text { colours }, writer: anstream::stderr }).try_init()?;
    }
    // A panic's message belongs in the log, one event like any other, and not between its lines.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(panic = panic.payload_as_str(), place, "panicked");
    }));
    Ok(())
}

fn may_leave(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target != "rmcp" && !target.starts_with("rmcp::")
}
