//! What a test's thread logs, as JSON, while this is there.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt as _;

use super::lines::{Lines, Shape};

/// See the module.
pub(crate) struct Captured {
    log: Log,
    _default: DefaultGuard,
}

impl Captured {
    pub(crate) fn start() -> Self {
        Self::with(Shape::Json)
    }

    pub(super) fn with(shape: Shape) -> Self {
        let log = Log::default();
        let writer = log.clone();
        let lines = Lines { shape, writer: move || -> Log { writer.clone() } };
        let subscriber = tracing_subscriber::registry().with(lines);
        Self { log, _default: tracing::subscriber::set_default(subscriber) }
    }

    /// What was logged until now.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
