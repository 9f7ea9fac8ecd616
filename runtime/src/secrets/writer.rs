//! What is written to the log goes through here.

use std::io;

use tracing_subscriber::fmt::MakeWriter;

use super::mask_all;

/// Masks what a writer is given. `tracing` writes an event at once, so that no secret is cut in two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masking<M>(pub(crate) M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masking<M> {
    type Writer = MaskingWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskingWriter(self.0.make_writer())
    }
}

/// See [`Masking`].
#[derive(Debug)]
pub(crate) struct MaskingWriter<W>(W);

impl<W: io::Write> io::Write for MaskingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.0.write_all(mask_all(text).as_bytes()),
            Err(_) => self.0.write_all(mask_all(&String::from_utf8_lossy(bytes)).as_bytes()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
