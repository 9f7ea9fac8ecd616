//! Accepts HTTP connections and bounds what each may take before and after its requests: how many there are, how large
//! and how slow a header may be, how long a client may leave an answer unread.
//!
//! Invariant: no client holds a connection by doing nothing, and no number of clients takes more than the bounds say.
//! Who comes when all places are taken is told so at once. What a request may take is the edge's business.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use http::Version;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulConnection},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    listener::Listener,
    peers::Places,
    preface,
    streams::{Streams, Watched},
};
use crate::clock::Clock;

/// What connections are held to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// How many there are at once.
    pub(crate) connections: usize,
    /// How many of them one peer may have.
    pub(crate) of_peer: usize,
    /// The largest header of a request, in bytes.
    pub(crate) header_bytes: usize,
    /// How long a header may take, which is also how long a connection may lie idle.
    pub(crate) header_timeout: Duration,
    /// How long a client may take nothing of what is written to it.
    pub(crate) write_timeout: Duration,
}

/// The requests of one connection that are served at once (HTTP/2 only): so many answers that nobody reads are held.
const STREAMS: u32 = 32;

/// What of an answer waits to be written to its connection, in bytes (HTTP/2 only).
const SENDING: usize = 64 * 1024;

/// What one connection with HTTP/2 may send, in bytes, before anything of it is read: 1024 connections that do take 128 MiB.
const WINDOW: u32 = 128 * 1024;

/// How often a connection with HTTP/2 is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);

/// How many connections at once are told that there is no place; further ones are closed without a word.
const TOLD: usize = 64;

/// How long telling one may take.
const TELLING: Duration = Duration::from_secs(1);

const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves connections until `until`, and then until the last request is answered.
pub(super) async fn serve(
    mut listener: impl Listener,
    router: Router,
    limits: ConnectionLimits,
    clock: Clock,
    until: CancellationToken,
) {
    let builder = Arc::new(builder(limits));
    let service = TowerToHyperService::new(router);
    let connections = TaskTracker::new();
    let (places, telling) = (Places::new(limits.connections, limits.of_peer), Arc::new(Semaphore::new(TOLD)));
    while let Some((stream, peer)) = until.run_until_cancelled(listener.accept()).await {
        let Some(place) = places.take(peer) else {
            if let Ok(telling) = Arc::clone(&telling).try_acquire_owned() {
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(TELLING, refuse(stream)).await;
                    drop(telling);
                });
            }
            continue;
        };
        let (builder, service) = (Arc::clone(&builder), service.clone());
        let until = until.clone();
        connections.spawn(async move {
            let begun = tokio::time::timeout(limits.header_timeout, preface::begun(stream));
            let Some(Ok(Ok((version, stream)))) = until.run_until_cancelled(begun).await else { return };
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(limits.write_timeout));
            let stream = TokioIo::new(Box::pin(stream));
            let ended = match version {
                Version::HTTP_2 => {
                    let streams = Streams::new(clock);
                    let service = Watched { service, streams: Arc::clone(&streams) };
                    let builder = Builder::clone(&builder).http2_only();
                    drive(builder.serve_connection(stream, service), &until, &streams, limits).await
                }
                _ => {
                    let builder = Builder::clone(&builder).http1_only();
                    finish(builder.serve_connection(stream, service), &until).await
                }
            };
            // A client that goes away, or is too slow, is none of the server's errors.
            if let Err(error) = ended {
                tracing::debug!(error = %error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

fn builder(limits: ConnectionLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        // What a header has to fit in; hyper takes no less.
        .max_buf_size(limits.header_bytes.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(SENDING)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// Serves a connection until its client ends it; until what runs is answered, once `until` says so.
async fn finish<C: GracefulConnection>(connection: C, until: &CancellationToken) -> Result<(), C::Error> {
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = until.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// As [`finish`], for a connection with HTTP/2, which besides ends when it is idle, or when its client reads nothing.
async fn drive<C: GracefulConnection>(
    connection: C,
    until: &CancellationToken,
    streams: &Streams,
    limits: ConnectionLimits,
) -> Result<(), C::Error> {
    let mut connection = pin!(connection);
    let mut unread = pin!(streams.unread(limits.write_timeout));
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = until.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => return ended,
                () = &mut unread => {}
            }
        }
        () = streams.idle(limits.header_timeout) => {
            connection.as_mut().graceful_shutdown();
            // Nothing is lost of a client that does not say that it heard.
            return tokio::time::timeout(TELLING, connection).await.unwrap_or(Ok(()));
        }
        () = &mut unread => connection.as_mut().graceful_shutdown(),
    }
    tracing::debug!("a client leaves answers unread");
    // Who shares the connection with such a client, behind a proxy, gets the answers that are on their way.
    tokio::select! {
        ended = tokio::time::timeout(limits.write_timeout, connection) => ended.unwrap_or(Ok(())),
        () = streams.only_unread() => Ok(()),
    }
}

/// Says that there is no place, and reads what the client sends: closed with something unread, the answer would be lost.
async fn refuse(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.write_all(NO_PLACE).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, Bytes},
        routing::get,
    };
    use futures_util::stream;
    use h2::{RecvStream, client::SendRequest};
    use http::{Request, StatusCode};
    use tokio::{
        net::{TcpListener, TcpStream},
        task::JoinHandle,
    };

    use super::*;
    use crate::app::peers::Peer;

    const LIMITS: ConnectionLimits = ConnectionLimits {
        connections: 2,
        of_peer: 2,
        header_bytes: 8192,
        header_timeout: Duration::from_secs(10),
        write_timeout: Duration::from_secs(30),
    };

    async fn started() -> (std::net::SocketAddr, CancellationToken, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        started_on(listener.local_addr().unwrap(), listener, LIMITS).await
    }

    async fn started_on(
        address: std::net::SocketAddr,
        listener: impl Listener,
        limits: ConnectionLimits,
    ) -> (std::net::SocketAddr, CancellationToken, JoinHandle<()>) {
        let large = "x".repeat(64 << 20);
        let router = Router::new()
            .route("/", get(async || "served"))
            .route("/large", get(async move || large.clone()))
            .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(60)).await))
            .route("/later", get(async || tokio::time::sleep(Duration::from_secs(45)).await))
            .route("/pages", get(async || "x".repeat(PAGES)))
            .route("/refused", get(async || (StatusCode::UNAUTHORIZED, "who are you?")))
            .route("/events", get(async || Body::from_stream(stream::unfold((), event))));
        let until = CancellationToken::new();
        (address, until.clone(), tokio::spawn(serve(listener, router, limits, Clock::system(), until)))
    }

    /// Something to tell, seldom.
    async fn event((): ()) -> Option<(io::Result<&'static str>, ())> {
        tokio::time::sleep(EVENT).await;
        Some((Ok("data: {}\n\n"), ()))
    }

    const EVENT: Duration = Duration::from_secs(300);

    const PAGES: usize = 100_000;

    /// A client with HTTP/2 that lets so much of each answer be sent before it takes any of it; and its connection.
    async fn client(address: std::net::SocketAddr, window: u32) -> (SendRequest<Bytes>, JoinHandle<()>) {
        let stream = TcpStream::connect(address).await.unwrap();
        // The system would wait with what is small, and by the paused clock that is long.
        stream.set_nodelay(true).unwrap();
        let (client, connection) =
            h2::client::Builder::new().initial_window_size(window).handshake(stream).await.unwrap();
        let connection = tokio::spawn(async move { drop(connection.await) });
        // The paused clock goes on to its next timer also while something is on its way to a socket.
        tokio::spawn(async {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        (client, connection)
    }

    async fn get_by(client: &mut SendRequest<Bytes>, path: &str) -> (StatusCode, RecvStream) {
        let request = Request::get(format!("http://localhost{path}")).body(()).unwrap();
        std::future::poll_fn(|context| client.poll_ready(context)).await.unwrap();
        let (head, body) = client.send_request(request, true).unwrap().0.await.unwrap().into_parts();
        (head.status, body)
    }

    async fn read(stream: &mut TcpStream) -> String {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    async fn ask(address: std::net::SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        read(&mut stream).await
    }

    const PLAIN: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_is_told_so_and_served_once_there_is_one() {
        let (address, until, _serving) = started().await;
        let mut held = Vec::new();
        for _ in 0..LIMITS.connections {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            // Served, so it has its place.
            stream.readable().await.unwrap();
            held.push(stream);
        }
        assert!(ask(address, PLAIN).await.starts_with("HTTP/1.1 503"));
        held.pop();
        for _ in 0..1000 {
            if ask(address, PLAIN).await.ends_with("served") {
                return until.cancel();
            }
            tokio::task::yield_now().await;
        }
        panic!("a place that was left is not given again");
    }

    /// Connections of these peers, in turn.
    struct Of(TcpListener, std::vec::IntoIter<[u8; 4]>);

    impl Listener for Of {
        type Stream = TcpStream;

        async fn accept(&mut self) -> (TcpStream, Option<Peer>) {
            let (stream, _) = Listener::accept(&mut self.0).await;
            (stream, self.1.next().map(|address| Peer::of(address.into())))
        }
    }

    #[tokio::test]
    async fn one_peer_that_opens_all_the_connections_it_can_leaves_places_for_others() {
        let (one, other) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = Of(listener, vec![one, one, one, other].into_iter());
        let limits = ConnectionLimits { connections: 4, ..LIMITS };
        let (address, _until, _serving) = started_on(address, listener, limits).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        assert!(ask(address, PLAIN).await.starts_with("HTTP/1.1 503"), "its part is used up");
        assert!(ask(address, PLAIN).await.ends_with("served"), "this is another's");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_its_time_with_a_header_or_sends_none_is_let_go() {
        let (address, _until, _serving) = started().await;
        for (begun, seconds) in [
            ("", 4..=6),
            ("PRI * HT", 9..=11),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 9..=11),
            ("GET / HTTP/1.1\r\nhost: a\r\nx: ", 9..=11),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            let clock = Clock::system();
            let began = clock.now();
            read(&mut stream).await;
            let took = clock.now() - began;
            assert!(seconds.contains(&took.as_secs()), "{begun:?} {took:?}");
        }
    }

    #[tokio::test]
    async fn a_header_beyond_its_bound_is_refused() {
        let (address, _until, _serving) = started().await;
        for (bytes, status) in [(7000, "200"), (9000, "431")] {
            let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {}\r\n\r\n", "y".repeat(bytes));
            let answer = ask(address, &request).await;
            assert_eq!(answer.get(9..12), Some(status), "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_of_its_answer_is_let_go() {
        let (address, until, serving) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        until.cancel();
        let clock = Clock::system();
        let began = clock.now();
        serving.await.unwrap();
        assert!((29..=32).contains(&(clock.now() - began).as_secs()), "{:?}", (clock.now() - began));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_being_served_is_answered_before_the_end() {
        let (address, until, serving) = started().await;
        let asking = tokio::spawn(async move { ask(address, &PLAIN.replace("GET /", "GET /slow")).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        until.cancel();
        serving.await.unwrap();
        assert!(asking.await.unwrap().starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_gives_its_answers_no_window_is_let_go() {
        let clock = Clock::system();
        for path in ["/refused", "/", "/large"] {
            let (address, until, serving) = started().await;
            let began = clock.now();
            let mut all = Vec::new();
            for _ in 0..LIMITS.connections {
                let (mut client, connection) = client(address, 0).await;
                let (status, body) = get_by(&mut client, path).await;
                assert_eq!(status == StatusCode::UNAUTHORIZED, path == "/refused");
                all.push((client, body, connection));
            }
            assert!(ask(address, PLAIN).await.starts_with("HTTP/1.1 503"), "all places are taken");
            for (_, _, connection) in &mut all {
                connection.await.unwrap();
            }
            let took = clock.now() - began;
            assert!((29..=33).contains(&took.as_secs()), "{path} {took:?}");
            assert!(ask(address, PLAIN).await.ends_with("served"), "{path}");

            // Neither does it keep the server from its end.
            let (mut client, _connection) = client(address, 0).await;
            let _unread = get_by(&mut client, path).await;
            let began = clock.now();
            until.cancel();
            serving.await.unwrap();
            let took = clock.now() - began;
            assert!((29..=33).contains(&took.as_secs()), "{path} {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_has_nothing_to_give_and_one_that_is_read_slowly_are_let_be() {
        let (address, _until, _serving) = started().await;
        let (mut client, _connection) = client(address, 20_000).await;
        let (_, mut events) = get_by(&mut client, "/events").await;
        for _ in 0..2 {
            let event = events.data().await.unwrap().unwrap();
            events.flow_control().release_capacity(event.len()).unwrap();
        }
        let (_, mut pages) = get_by(&mut client, "/pages").await;
        let mut length = 0;
        while let Some(piece) = pages.data().await {
            let piece = piece.unwrap().len();
            length += piece;
            tokio::time::sleep(Duration::from_secs(3)).await;
            pages.flow_control().release_capacity(piece).unwrap();
        }
        assert_eq!(length, PAGES);
    }

    #[tokio::test(start_paused = true)]
    async fn who_shares_a_connection_with_a_client_that_reads_nothing_gets_the_answer_that_is_on_its_way() {
        let (address, _until, _serving) = started().await;
        let (mut client, connection) = client(address, 1000).await;
        let (clock, mut other) = (Clock::system(), client.clone());
        let began = clock.now();
        let _unread = get_by(&mut client, "/large").await;
        let (status, _) = get_by(&mut other, "/later").await;
        assert_eq!(status, StatusCode::OK);
        connection.await.unwrap();
        let took = clock.now() - began;
        assert!((45..=48).contains(&took.as_secs()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_answers_of_one_connection_are_held_than_a_few() {
        let (address, _until, _serving) = started().await;
        let (mut client, _connection) = client(address, 0).await;
        let _unread = get_by(&mut client, "/").await;
        assert_eq!(client.current_max_send_streams(), 32);
    }
}
