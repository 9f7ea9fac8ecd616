//! A client of an HTTP upstream, as an author writes one who has been let down before.
//!
//! Invariant: whatever the upstream sends, what is kept of it is bounded, and anything but a whole answer is
//! `unavailable`. It has no time-outs of its own: the tool's are there for that.

use std::io;

use steadfast::ToolError;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The largest head and the largest body that are read.
const HEAD: usize = 16 * 1024;
const BODY: usize = 64 * 1024;

/// See the module.
#[derive(Debug, Clone)]
pub struct Origin {
    address: String,
}

impl Origin {
    /// The upstream at `host:port`.
    pub fn new(address: String) -> Self {
        Self { address }
    }

    /// The body of a resource.
    ///
    /// # Errors
    /// `not_found` where the upstream says so, `unavailable` where there is no whole answer.
    pub async fn get(&self, path: &str) -> Result<String, ToolError> {
        let mut stream = self.request(path).await.map_err(away)?;
        let mut received = Vec::new();
        let body_at = loop {
            if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            more(&mut stream, &mut received, HEAD).await?;
        };
        let head = String::from_utf8_lossy(&received[..body_at]).to_ascii_lowercase();
        status(&head)?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = match length.map(|length| length.trim().parse()) {
            Some(Ok(length)) if length <= BODY => length,
            Some(_) => return Err(ToolError::unavailable("the upstream's answer is too large")),
            None => return Err(ToolError::unavailable("the upstream did not say how long its answer is")),
        };
        let mut body = received.split_off(body_at);
        while body.len() < length {
            more(&mut stream, &mut body, BODY).await?;
        }
        body.truncate(length);
        String::from_utf8(body).map_err(|_| ToolError::unavailable("the upstream's answer is no text"))
    }

    /// Reads a resource to its end, and says how many bytes it has.
    ///
    /// # Errors
    /// `unavailable` where there is no end.
    pub async fn measure(&self, path: &str) -> Result<u64, ToolError> {
        let mut stream = self.request(path).await.map_err(away)?;
        let mut part = vec![0; HEAD];
        let mut all = 0;
        loop {
            match stream.read(&mut part).await.map_err(away)? {
                0 => return Ok(all),
                read => all += u64::try_from(read).unwrap_or(0),
            }
        }
    }

    async fn request(&self, path: &str) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await?;
        Ok(stream)
    }
}

/// Reads some more, unless it was enough or all.
async fn more(stream: &mut TcpStream, received: &mut Vec<u8>, most: usize) -> Result<(), ToolError> {
    if received.len() > most {
        return Err(ToolError::unavailable("the upstream's answer is too large"));
    }
    match stream.read_buf(received).await.map_err(away)? {
        0 => Err(ToolError::unavailable("the upstream's answer has no end")),
        _ => Ok(()),
    }
}

fn status(head: &str) -> Result<(), ToolError> {
    let status = head.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
    match status {
        Some(200) => Ok(()),
        Some(404) => Err(ToolError::not_found("there is no such resource")),
        Some(status) => Err(ToolError::unavailable(format!("the upstream answered with status {status}"))),
        None => Err(ToolError::unavailable("the upstream does not speak HTTP")),
    }
}

fn away(error: io::Error) -> ToolError {
    ToolError::unavailable("the upstream is away").with_source(error)
}
