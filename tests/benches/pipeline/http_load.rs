//! Load over HTTP/1.1: connections that are kept alive, each with one call in flight.
//!
//! Beside calls per second, the time of each call: what the pipeline costs at its worst shows there.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{servers::Running, work::Work};

const CONNECT_ATTEMPTS: u32 = 200;

/// What came of a load.
pub(crate) struct Load {
    pub(crate) calls_per_second: f64,
    /// Of each call, sorted.
    pub(crate) times: Vec<Duration>,
}

impl Load {
    /// The time that 99 of 100 calls stay below.
    pub(crate) fn p99(&self) -> Duration {
        self.times.get(self.times.len() * 99 / 100).copied().unwrap_or_default()
    }
}

/// Calls over so many connections, for `seconds`.
pub(crate) async fn run(server: &Running, work: Work, connections: usize, seconds: u64) -> std::io::Result<Load> {
    let address = server.address()?;
    let request = request(address.port(), work.tool(), &work.message(1));
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let mut running = Vec::new();
    for _ in 0..connections {
        let request = request.clone();
        let mut stream = connect(address).await?;
        stream.set_nodelay(true)?;
        running.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let mut buffer = Vec::with_capacity(16 * 1024);
            while Instant::now() < end {
                let sent = Instant::now();
                stream.write_all(&request).await?;
                let body = response(&mut stream, &mut buffer).await?;
                if !succeeded(body) {
                    return Err(std::io::Error::other(String::from_utf8_lossy(body).into_owned()));
                }
                times.push(sent.elapsed());
            }
            std::io::Result::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for connection in running {
        times.extend(connection.await.map_err(std::io::Error::other)??);
    }
    let calls_per_second = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_unstable();
    Ok(Load { calls_per_second, times })
}

/// A server that was just started may need a moment until it listens.
pub(crate) async fn connect(address: std::net::SocketAddr) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::other("never tried");
    for _ in 0..CONNECT_ATTEMPTS {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(last)
}

/// A `tools/call` with its headers.
pub(crate) fn request(port: u16, tool: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\n\
         mcp-method: tools/call\r\nmcp-name: {tool}\r\ncontent-length: {}\r\n\r\n",
        body.len(),
    )
    .into_bytes();
    request.extend(body);
    request
}

/// Reads one response, and gives its body.
pub(crate) async fn response<'a>(stream: &mut TcpStream, buffer: &'a mut Vec<u8>) -> std::io::Result<&'a [u8]> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let length = length(&buffer[..head]).ok_or_else(|| {
            std::io::Error::other(format!("no content-length in {}", String::from_utf8_lossy(buffer)))
        })?;
        if buffer.len() < head + 4 + length {
            continue;
        }
        if !buffer.starts_with(b"HTTP/1.1 200") {
            return Err(std::io::Error::other(String::from_utf8_lossy(buffer).into_owned()));
        }
        return Ok(&buffer[head + 4..]);
    }
}

/// The length that the head of a response announces.
fn length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length: ";
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}

/// Whether a body is a result with structure.
pub(crate) fn succeeded(body: &[u8]) -> bool {
    let wanted = b"\"structuredContent\"";
    body.windows(wanted.len()).any(|window| window == wanted)
}
