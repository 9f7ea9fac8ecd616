//! Just enough HTTP/1.1 to ask a server on loopback: one request for each connection, plain or chunked answers.
//!
//! Invariant: bounded in time and in size. No TLS, no redirects, no reuse of connections.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    clock::Deadline,
    failure::{Failure, While},
};

const LARGEST: usize = 4 << 20;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// Whether anything accepts connections.
pub(crate) fn reachable(address: SocketAddr, limit: Duration) -> bool {
    TcpStream::connect_timeout(&address, limit).is_ok()
}

pub(crate) fn get(address: SocketAddr, path: &str, limit: Duration) -> Result<Answer, Failure> {
    request(address, "GET", path, &[], "", limit)
}

pub(crate) fn post(
    address: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    limit: Duration,
) -> Result<Answer, Failure> {
    request(address, "POST", path, headers, body, limit)
}

fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    limit: Duration,
) -> Result<Answer, Failure> {
    let asked = || format!("{method} http://{address}{path}");
    let deadline = Deadline::after(limit);
    let mut stream = TcpStream::connect_timeout(&address, limit).while_(asked)?;
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(text.as_bytes()).while_(asked)?;

    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        stream.set_read_timeout(Some(deadline.left().unwrap_or(Duration::from_millis(1)))).while_(asked)?;
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error).while_(asked),
        }
        if deadline.left().is_none() || bytes.len() > LARGEST {
            return Err(Failure::new(format!("{}: the answer has no end", asked())));
        }
    }
    parse(&bytes).ok_or_else(|| Failure::new(format!("{}: the answer is not HTTP", asked())))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let body = &bytes[end + 4..];
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        })
    };
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let body = match header("transfer-encoding").as_deref() {
        Some("chunked") => unchunk(body)?,
        _ => body.to_owned(),
    };
    Some(Answer {
        status,
        content_type: header("content-type").unwrap_or_default(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3;x=y\r\n:1}\r\n0\r\n\r\n";
        let answer = parse(text.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "{\"a\":1}"));
    }

    #[test]
    fn a_chunk_that_is_cut_off_is_no_answer() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"a\"";
        assert_eq!(parse(text.as_bytes()), None);
    }

    #[test]
    fn a_plain_body_is_taken_as_it_is() {
        let answer = parse(b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: Text/Plain\r\n\r\ndraining").unwrap();
        assert_eq!(
            (answer.status, answer.content_type.as_str(), answer.body.as_str()),
            (503, "text/plain", "draining")
        );
    }
}
