//! Where connections come from: an address, or a Unix socket.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use super::peers::Peer;

/// How long to wait when the system has nothing left to accept a connection with.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// See the module.
pub(super) trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and whose it is where that makes a difference. Dropped before it is ready, it has taken none.
    fn accept(&mut self) -> impl Future<Output = (Self::Stream, Option<Peer>)> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> (TcpStream, Option<Peer>) {
        loop {
            match Self::accept(self).await {
                Ok((stream, peer)) => {
                    // Answers are small, and written whole.
                    let _ = stream.set_nodelay(true);
                    return (stream, Some(Peer::of(peer.ip())));
                }
                Err(error) => failed(&error).await,
            }
        }
    }
}

/// What to do when no connection was accepted: nothing but wait, where it was not one client that went away.
pub(super) async fn failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset) {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(EXHAUSTED).await;
    }
}
