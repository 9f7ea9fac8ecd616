//! What is written to the log goes through here.
//!
//! Invariant: no caller takes a word out of the records of calls by calling it a secret. What such a record says in words
//! was masked before.

use std::io;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::{mask_all, registry::mask};
use crate::pipeline::RECORD_TARGET;

/// Masks what a writer is given. `tracing` writes an event at once, so that no secret is cut in two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masking<M>(pub(crate) M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masking<M> {
    type Writer = MaskingWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskingWriter { inner: self.0.make_writer(), is_record: false }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        MaskingWriter { inner: self.0.make_writer_for(meta), is_record: meta.target() == RECORD_TARGET }
    }
}

/// See [`Masking`].
#[derive(Debug)]
pub(crate) struct MaskingWriter<W> {
    inner: W,
    is_record: bool,
}

impl<W: io::Write> io::Write for MaskingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        let masked = if self.is_record { mask(&text) } else { mask_all(&text) };
        self.inner.write_all(masked.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{Secret, secrets::Secrets};

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

    #[test]
    fn a_caller_takes_no_word_out_of_records_of_calls() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(Masking(move || writer.clone())).finish();
        let _theirs = Secrets::of(&["mallory-in-the-log".into()]);
        let _ours = Secret::new("ours-in-the-log".to_owned());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: RECORD_TARGET, principal = "mallory-in-the-log", own = "ours-in-the-log", "record");
            tracing::info!("free mallory-in-the-log ours-in-the-log");
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("principal=\"mallory-in-the-log\" own=\"[secret]\""), "{log}");
        assert!(log.contains("free [secret] [secret]"), "{log}");
    }
}
