//! A Unix socket for the user who runs the server, and for nobody else.
//!
//! Invariants: whoever connects runs as this user or as root, as the system says and not the client; only the owner can
//! open the file; a file is taken away only if nobody listens behind it, and at the end only if it is this server's own.
//! What this does not do: make the directory that the socket is in, or keep others from putting something there.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

use super::{
    listener::{self, Listener},
    peers::Peer,
};

/// The user who may do everything.
const ROOT: u32 = 0;

/// See the module.
#[derive(Debug)]
pub(super) struct Socket {
    // Before the listener: while somebody listens, nobody takes the file for one that was left behind.
    _file: SocketFile,
    listener: UnixListener,
    /// Whose connections are taken.
    users: [u32; 2],
}

/// Why nobody can listen on a socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    #[error("another process listens there\n  help: stop it, or choose another path")]
    Taken,
    #[error("there is something that is no socket\n  help: move it away, or choose another path")]
    NoSocket,
    #[error("another process is looking at the directory\n  help: try again")]
    Contended,
    #[error("{0}\n  help: choose a path of at most some 100 bytes, in a directory that is there and yours")]
    System(#[from] io::Error),
}

impl Socket {
    /// Listens on a path, which only this user can open.
    pub(super) async fn bind(path: &Path) -> Result<Self, SocketError> {
        // Held until the socket is there: two servers that start at once would each take the other's for left behind.
        let _alone = alone(path)?;
        clear(path).await?;
        let listener = UnixListener::bind(path)?;
        // Whoever was faster than this is told apart by its user.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        let file = SocketFile::of(path)?;
        // The system says who is at the other end; here it is this process.
        let own = UnixStream::pair()?.0.peer_cred()?.uid();
        Ok(Self { _file: file, listener, users: [own, ROOT] })
    }
}

impl Listener for Socket {
    type Stream = UnixStream;

    /// All are one user's.
    async fn accept(&mut self) -> (UnixStream, Option<Peer>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => match stream.peer_cred() {
                    Ok(peer) if self.users.contains(&peer.uid()) => return (stream, None),
                    Ok(peer) => tracing::debug!(user = peer.uid(), "a connection of another user was closed"),
                    Err(error) => tracing::debug!(%error, "a connection of nobody knows whom was closed"),
                },
                Err(error) => listener::failed(&error).await,
            }
        }
    }
}

/// The file of a socket, until this is dropped.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and number, by which it is this one.
    id: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), id: id(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // By now another server may listen on a file of its own.
        if id(&self.path).is_ok_and(|id| id == self.id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn id(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Keeps other servers from looking at the directory of a path at the same time, where its file system knows locks.
fn alone(path: &Path) -> Result<File, SocketError> {
    let directory = File::open(path.parent().unwrap_or(Path::new("/")))?;
    match directory.try_lock() {
        Err(TryLockError::WouldBlock) => Err(SocketError::Contended),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(directory),
    }
}

/// Takes away a socket that a process left behind.
async fn clear(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(file) if !file.file_type().is_socket() => return Err(SocketError::NoSocket),
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        // Nobody listens.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(fs::remove_file(path)?),
        // So it was taken away meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) | Err(_) => Err(SocketError::Taken),
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net as system, sync::Arc, time::Duration};

    use http::{Request, StatusCode, header};
    use http_body_util::{BodyExt as _, Full};
    use hyper::{body::Bytes, client::conn::http1};
    use hyper_util::rt::TokioIo;
    use serde_json::{Value, json};
    use tokio::io::AsyncReadExt as _;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        CallContext,
        app::{connections, router},
        clock::Clock,
        config::Settings,
        engine::{Engine, Seams},
        mcp_tool,
        server::Server,
        tools,
    };

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mcp.sock");
        (directory, path)
    }

    /// Say who calls.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn whoami(context: CallContext) -> String {
        context.principal().as_str().into()
    }

    #[tokio::test]
    async fn the_user_is_served_over_a_socket_until_the_end_and_the_file_is_gone_then() {
        let (_directory, path) = directory();
        let settings = Settings::from_text(&format!("listen = 'unix:{}'", path.display())).unwrap();
        let server = Server::builder("test", ()).tools(tools![whoami]).build();
        let seams = Seams::of_test(Clock::system());
        let engine = Arc::new(Engine::new(server.into_parts().unwrap(), &settings, seams).unwrap());
        let (stop, until) = (CancellationToken::new(), CancellationToken::new());
        let router = router(&engine, &settings, &stop).unwrap();
        let socket = Socket::bind(&path).await.unwrap();
        let serving =
            tokio::spawn(connections::serve(socket, router, settings.connections, engine.clock, until.clone()));

        let stream = TokioIo::new(UnixStream::connect(&path).await.unwrap());
        let (mut client, connection) = http1::handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        for (host, status) in [("localhost", StatusCode::OK), ("rebind.example", StatusCode::FORBIDDEN)] {
            let answer = client.send_request(call(host)).await.unwrap();
            assert_eq!(answer.status(), status, "{host}");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            if status == StatusCode::OK {
                let message: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(message["result"]["content"][0]["text"], "local", "{message}");
            }
        }
        until.cancel();
        serving.await.unwrap();
        connection.await.unwrap().unwrap();
        assert!(!path.exists());
    }

    fn call(host: &str) -> Request<Full<Bytes>> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({"name": "whoami", "arguments": {}, "_meta": meta});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
        Request::post("/mcp")
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "whoami")
            .body(body.into())
            .unwrap()
    }

    #[tokio::test]
    async fn a_socket_is_its_owners_and_taken_from_nobody_who_listens() {
        let (_directory, path) = directory();
        let first = Socket::bind(&path).await.unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(Socket::bind(&path).await, Err(SocketError::Taken)));
        UnixStream::connect(&path).await.expect("it was not touched");
        drop(first);
        assert!(!path.exists(), "nobody listens there any more");

        // As a process does that was killed.
        drop(system::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let second = Socket::bind(&path).await.unwrap();
        // Somebody moved it away, and listens there now.
        fs::remove_file(&path).unwrap();
        let other = system::UnixListener::bind(&path).unwrap();
        drop(second);
        assert!(path.exists(), "it is another's");
        drop(other);
    }

    #[tokio::test]
    async fn what_is_no_socket_stays_and_two_do_not_look_at_the_same_time() {
        let (directory, path) = directory();
        fs::write(&path, "notes").unwrap();
        assert!(matches!(Socket::bind(&path).await, Err(SocketError::NoSocket)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
        std::os::unix::fs::symlink(&path, directory.path().join("link")).unwrap();
        assert!(matches!(Socket::bind(&directory.path().join("link")).await, Err(SocketError::NoSocket)));
        let looking = File::open(directory.path()).unwrap();
        looking.lock().unwrap();
        assert!(matches!(Socket::bind(&path.with_extension("other")).await, Err(SocketError::Contended)));
        let nowhere = directory.path().join("no").join("mcp.sock");
        assert!(matches!(Socket::bind(&nowhere).await, Err(SocketError::System(_))));
    }

    #[tokio::test]
    async fn another_user_is_shown_the_door() {
        let (_directory, path) = directory();
        let mut socket = Socket::bind(&path).await.unwrap();
        socket.users = [u32::MAX; 2];
        let mut stranger = UnixStream::connect(&path).await.unwrap();
        let refused = async { stranger.read(&mut [0]).await.unwrap() };
        tokio::select! {
            said = refused => assert_eq!(said, 0),
            _ = socket.accept() => panic!("it was let in"),
            // sleep: only where the test fails
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("it was not told"),
        }
    }
}
