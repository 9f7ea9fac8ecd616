//! Which version of HTTP a connection begins with. hyper would find out by itself, and wait for ever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::Version;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    time::timeout,
};

/// What every connection with HTTP/2 begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a client may say nothing at all: it connects because it has something to ask.
const FIRST: Duration = Duration::from_secs(5);

/// A connection of which something was read, which comes first when it is read again.
#[derive(Debug)]
pub(super) struct Begun<S> {
    said: [u8; PREFACE.len()],
    /// What of it is there, and was not read again.
    left: std::ops::Range<usize>,
    stream: S,
}

/// The version that a client speaks, once it has said so much.
pub(super) async fn begun<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<(Version, Begun<S>)> {
    let (mut said, mut count) = ([0; PREFACE.len()], 0);
    let version = loop {
        let reading = stream.read(&mut said[count..]);
        let read = if count == 0 { timeout(FIRST, reading).await? } else { reading.await };
        count += match read? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => more,
        };
        match &said[..count] {
            PREFACE => break Version::HTTP_2,
            so_far if PREFACE.starts_with(so_far) => {}
            _ => break Version::HTTP_11,
        }
    };
    Ok((version, Begun { said, left: 0..count, stream }))
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let count = self.left.len().min(buffer.remaining());
        let from = self.left.start;
        buffer.put_slice(&self.said[from..from + count]);
        self.left.start += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn the_version_is_known_as_soon_as_it_can_be_and_nothing_that_was_said_is_lost() {
        let preface = String::from_utf8(PREFACE.to_vec()).unwrap();
        for (pieces, version) in [
            (vec!["GET / HTTP/1.1\r\n\r\n"], Version::HTTP_11),
            (vec!["P", "O", "ST / HTTP/1.1\r\n\r\n"], Version::HTTP_11),
            (vec!["PRI * HTTP/2.0\r\n\r\n", "XM\r\n\r\n and more"], Version::HTTP_11),
            (vec![&preface[..1], &preface[1..7], &preface[7..], "settings"], Version::HTTP_2),
            (vec!["x"], Version::HTTP_11),
        ] {
            let (mut client, server) = tokio::io::duplex(64);
            let said = pieces.concat();
            let saying = async {
                for piece in &pieces {
                    client.write_all(piece.as_bytes()).await.unwrap();
                    tokio::task::yield_now().await;
                }
                client
            };
            let (client, found) = tokio::join!(saying, begun(server));
            let (found, mut stream) = found.unwrap();
            assert_eq!(found, version, "{said:?}");
            drop(client);
            let (mut heard, mut byte) = (Vec::new(), [0]);
            // One by one: what was read before is no more than is asked for.
            while stream.read(&mut byte).await.unwrap() > 0 {
                heard.push(byte[0]);
            }
            assert_eq!(String::from_utf8(heard).unwrap(), said);
        }
    }

    #[tokio::test]
    async fn who_says_nothing_begins_nothing() {
        for said in ["", "PRI * HTTP"] {
            let (mut client, server) = tokio::io::duplex(64);
            client.write_all(said.as_bytes()).await.unwrap();
            drop(client);
            assert_eq!(begun(server).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{said:?}");
        }
    }
}
