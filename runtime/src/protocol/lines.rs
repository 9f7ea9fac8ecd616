//! JSON-RPC messages as lines over a pair of byte streams (MCP, transports, stdio).
//!
//! rmcp's own transport drops what it can't read, and the request in it is never answered. Invariant: a line that is
//! meant as a message gets an answer, under the request's id where that can be found. A line that is no JSON at all
//! (some program's chatter) gets none, so that two programs can't quarrel for ever.

use std::{io, sync::Arc};

use rmcp::{
    ErrorData, RoleServer,
    model::{ClientJsonRpcMessage, RequestId, ServerJsonRpcMessage},
    transport::Transport,
};
use serde::{
    Deserialize as _, Deserializer as _,
    de::{IgnoredAny, MapAccess, Visitor},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    sync::Mutex,
};

use super::plain;

/// The longest line, in bytes. The bound on arguments is far below it and answers in more detail.
const LONGEST: usize = 16 * 1024 * 1024;

/// See the module.
pub(super) struct Lines<R, W> {
    input: BufReader<R>,
    /// The line as far as it was read; `receive` can be dropped and called again at any time.
    line: Vec<u8>,
    /// The rest of a line that was too long is skipped.
    skipping: bool,
    output: Arc<Mutex<W>>,
}

impl<R: AsyncRead + Unpin, W> Lines<R, W> {
    pub(super) fn new(input: R, output: W) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            line: Vec::new(),
            skipping: false,
            output: Arc::new(Mutex::new(output)),
        }
    }

    /// Reads on to the end of a line: true when it is whole, false when it got too long.
    async fn read(&mut self) -> io::Result<Option<bool>> {
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            if !self.skipping {
                self.line.extend_from_slice(&available[..taken]);
            }
            self.input.consume(taken);
            let skipped = self.skipping;
            self.skipping = end.is_none() && (skipped || self.line.len() > LONGEST);
            if self.skipping && !skipped {
                return Ok(Some(false));
            }
            if end.is_some() && !skipped {
                return Ok(Some(self.line.len() <= LONGEST));
            }
        }
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let output = Arc::clone(&self.output);
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let mut output = output.lock().await;
            output.write_all(&line).await?;
            output.flush().await
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let whole = match self.read().await {
                Ok(Some(whole)) => whole,
                Ok(None) => return None,
                Err(error) => {
                    tracing::error!(kind = ?error.kind(), "standard input can't be read");
                    return None;
                }
            };
            let read = if whole { message(&self.line) } else { Err(Some(too_long())) };
            let id = read.is_err().then(|| id(&self.line)).flatten();
            self.line.clear();
            match read {
                Ok(message) => return Some(message),
                Err(None) => {}
                Err(Some(error)) => {
                    let refused = self.send(ServerJsonRpcMessage::error(error, id));
                    tokio::spawn(async move {
                        // A client that has gone away is noticed by the next read.
                        let _ = refused.await;
                    });
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.lock().await.shutdown().await
    }
}

/// The message in a line, or what is wrong with it, if that is to be answered.
fn message(line: &[u8]) -> Result<ClientJsonRpcMessage, Option<ErrorData>> {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if let Some(call) = plain::call(line) {
        return Ok(call);
    }
    serde_json::from_slice(line).map_err(|error| {
        let object = line.first() == Some(&b'{') || line.first() == Some(&b'[');
        object.then(|| {
            // What the whole line is not is told by whether its outline can be read: nesting that is too deep for the
            // message is no syntax error.
            if !error.is_data() && serde_json::from_slice::<IgnoredAny>(line).is_err() {
                ErrorData::parse_error("the line is not JSON", None)
            } else {
                ErrorData::invalid_request("the line is no message that MCP knows, or is nested too deeply", None)
            }
        })
    })
}

fn too_long() -> ErrorData {
    ErrorData::invalid_request(format!("a message may take {LONGEST} bytes at most"), None)
}

/// The id of the request that a line begins, however the line goes on.
fn id(line: &[u8]) -> Option<RequestId> {
    struct Outline<'a>(&'a mut Option<RequestId>);

    impl<'de> Visitor<'de> for Outline<'_> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                if key == "id" {
                    let value = map.next_value::<serde_json::Value>()?;
                    *self.0 = RequestId::deserialize(value).ok();
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }

    let mut found = None;
    // The end of the line may be missing; what came before it counts.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Outline(&mut found));
    found
}
