//! Load over HTTP/1.1: connections that are kept alive, each with one call in flight.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{servers::Running, work::Work};

const CONNECTIONS: usize = 16;
const CONNECT_ATTEMPTS: u32 = 200;

/// Calls per second over `seconds`.
pub(crate) async fn run(server: &Running, work: Work, seconds: u64) -> std::io::Result<f64> {
    let address = server.address.ok_or_else(|| std::io::Error::other("not an HTTP server"))?;
    let request = request(address.port(), work);
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let request = request.clone();
        let mut stream = connect(address).await?;
        stream.set_nodelay(true)?;
        connections.push(tokio::spawn(async move {
            let mut calls = 0_u64;
            let mut buffer = Vec::with_capacity(16 * 1024);
            while Instant::now() < end {
                stream.write_all(&request).await?;
                response(&mut stream, &mut buffer).await?;
                calls += 1;
            }
            std::io::Result::Ok(calls)
        }));
    }
    let mut calls = 0;
    for connection in connections {
        calls += connection.await.map_err(std::io::Error::other)??;
    }
    Ok(calls as f64 / started.elapsed().as_secs_f64())
}

/// A server that was just started may need a moment until it listens.
async fn connect(address: std::net::SocketAddr) -> std::io::Result<TcpStream> {
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

fn request(port: u16, work: Work) -> Vec<u8> {
    let body = work.message(1);
    let mut request = format!(
        "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\n\
         mcp-method: tools/call\r\nmcp-name: {}\r\ncontent-length: {}\r\n\r\n",
        work.tool(),
        body.len(),
    )
    .into_bytes();
    request.extend(body);
    request
}

/// Reads one response and sees that it is a result.
async fn response(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let headers = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length: usize = headers
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next()?.trim().parse().ok())
            .ok_or_else(|| std::io::Error::other(format!("no content-length in {headers}")))?;
        if buffer.len() < head + 4 + length {
            continue;
        }
        let body = &buffer[head + 4..];
        let wanted = b"\"structuredContent\"";
        if !headers.starts_with("http/1.1 200") || !body.windows(wanted.len()).any(|window| window == wanted) {
            return Err(std::io::Error::other(String::from_utf8_lossy(buffer).into_owned()));
        }
        return Ok(());
    }
}
