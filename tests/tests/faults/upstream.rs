//! An HTTP upstream that does what a test says, on loopback, and counts.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};

/// What the upstream does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Answers as it should.
    Answers,
    /// Answers after a while.
    Late,
    /// Holds its answer back until it gets another way.
    Holds,
    /// Answers with status 503.
    Fails,
    /// Resets the connection instead of answering.
    Resets,
    /// Resets the connection within the answer.
    ResetsWithin,
    /// Reads, and never answers.
    Silent,
    /// Closes its side after the request, and keeps the other open.
    HalfOpen,
    /// Answers with what is no HTTP.
    Garbage,
    /// Promises more than it sends.
    Short,
    /// Promises a length that is no number.
    Nonsense,
    /// Sends header after header.
    EndlessHead,
    /// Sends a body without end.
    Endless,
    /// Sends a byte now and then.
    Drips,
}

/// See the module. Ends with the test's runtime.
pub struct Upstream {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
    connections: Arc<AtomicU32>,
    /// Where nobody listens yet.
    silent: Option<TcpSocket>,
}

impl Upstream {
    /// One that does the same with every request.
    pub fn that(way: Way) -> Self {
        let mut upstream = Self::dead();
        upstream.rises(way);
        upstream
    }

    /// One whose port refuses connections.
    pub fn dead() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // A port that is bound and not listened on is nobody else's either.
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = socket.local_addr().unwrap();
        Self { address, way: watch::Sender::new(Way::Silent), connections: Arc::default(), silent: Some(socket) }
    }

    /// Begins to listen, where nobody did.
    pub fn rises(&mut self, way: Way) {
        let Some(socket) = self.silent.take() else { return };
        self.becomes(way);
        let listener = socket.listen(1024).unwrap();
        tokio::spawn(serve(listener, self.way.subscribe(), Arc::clone(&self.connections)));
    }

    /// Does this with requests from now on.
    pub fn becomes(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// How many connections it took.
    pub fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, way: watch::Receiver<Way>, connections: Arc<AtomicU32>) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let way = way.clone();
        // Whoever asked may be gone at any time.
        tokio::spawn(async move {
            let _ = answer(stream, way).await;
        });
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nanswer";
const WITHOUT_LENGTH: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

async fn answer(mut stream: TcpStream, mut ways: watch::Receiver<Way>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let mut way = *ways.borrow_and_update();
    if way == Way::Holds {
        let _ = ways.changed().await;
        way = *ways.borrow_and_update();
    }
    match way {
        Way::Answers | Way::Holds => stream.write_all(ANSWER).await?,
        Way::Late => {
            // sleep: being late is what this upstream does
            tokio::time::sleep(Duration::from_millis(100)).await;
            stream.write_all(ANSWER).await?;
        }
        Way::Fails => stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await?,
        Way::Resets => return reset(stream),
        Way::ResetsWithin => {
            stream.write_all(&ANSWER[..30]).await?;
            return reset(stream);
        }
        Way::Silent => gone(&mut stream).await,
        Way::HalfOpen => {
            stream.shutdown().await?;
            gone(&mut stream).await;
        }
        Way::Garbage => stream.write_all(&[0xff, 0x00, b'\r', b'\n', b'\r', b'\n', 0xfe, b'{']).await?,
        Way::Short => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nanswer").await?,
        Way::Nonsense => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: -6\r\n\r\nanswer").await?,
        Way::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                stream.write_all(b"x-more: and more\r\n").await?;
            }
        }
        Way::Endless => {
            stream.write_all(WITHOUT_LENGTH).await?;
            let part = vec![b'x'; 64 * 1024];
            loop {
                stream.write_all(&part).await?;
            }
        }
        Way::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n").await?;
            loop {
                stream.write_all(b"x").await?;
                // sleep: being slow is what this upstream does
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    Ok(())
}

/// Ends a connection as a process that dies does.
fn reset(stream: TcpStream) -> std::io::Result<()> {
    stream.set_zero_linger()
}

/// Waits until whoever asked has gone.
async fn gone(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest).await, Ok(1..)) {}
}
