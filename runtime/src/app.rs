//! Runs a server until it is told to stop: transports, admin port, signals, drain.
//!
//! Invariant: after the first SIGTERM or SIGINT no new call is taken, and calls in flight are answered within the
//! grace period. A second signal ends the process at once. When the client is gone, what is left are tasks: the grace
//! period is theirs, and a signal ends it. A function that does not give its thread back does not keep the process.

mod admin;
mod connections;
mod listener;
mod peers;
mod preface;
mod root;
mod socket;
mod streams;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) use self::connections::ConnectionLimits;
use self::{
    root::RootError,
    socket::{Socket, SocketError},
};
#[cfg(feature = "oauth")]
use crate::oauth::Https;
use crate::{
    blocking,
    caller::{Caller, Proved},
    clock::Clock,
    config::{Listen, Settings, Transport},
    engine::{Engine, Parts, Seams},
    keyring::{KeyProblem, Keyring},
    principal::Principal,
    problem::Problem,
    protocol::{self, McpHandler},
    reliability::Random,
    request_state::STATE_TTL,
    server::Server,
    store::{self, StoreError},
    tasks,
};

/// How long connections may take to close once every call is answered.
const CLOSING: Duration = Duration::from_secs(1);

/// How long the ends of calls with idempotency keys may take to be written once every call is answered.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// Why a server could not be started or ended badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("the server can't be built:\n{}", list(.0))]
    Build(Vec<Problem>),
    #[error(
        "can't listen on {address}: {source}\n  help: free the port, or choose another with `--{flag} 127.0.0.1:0`"
    )]
    Listen { address: SocketAddr, flag: &'static str, source: std::io::Error },
    #[error("can't listen on unix:{}: {source}", .path.display())]
    Socket { path: PathBuf, source: SocketError },
    #[error("{0}")]
    Store(StoreError),
    #[error("{0}")]
    Root(#[from] RootError),
    #[error("the system has no randomness to give: {0}")]
    Random(getrandom::Error),
    #[cfg(feature = "oauth")]
    #[error("tokens can't be checked: {0}")]
    Auth(String),
    #[error("signals can't be received: {0}")]
    Signals(std::io::Error),
    /// The SDK's own words repeat the message, which is the client's.
    #[error("the first message on standard input was no request that begins a session")]
    Stdio,
    #[error("serving ended: {0}")]
    Serve(std::io::Error),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Where a started server can be reached.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) mcp: Option<String>,
    pub(crate) admin: Option<String>,
}

/// Puts the parts of a server together.
pub(crate) fn engine<S>(server: Server<S>, settings: &Settings, clock: Clock) -> Result<Arc<Engine>, AppError> {
    let parts = server.into_parts().map_err(AppError::Build)?;
    root::claim(settings)?;
    assembled(parts, settings, clock)
}

/// What would keep such a server from starting, as far as that can be told without making, opening or reaching anything.
pub(crate) fn check(parts: Parts, settings: &Settings, clock: Clock) -> Result<(), AppError> {
    root::look(settings)?;
    assembled(parts, settings, clock).map(drop)
}

/// Nothing in it is opened or reached before it is needed.
fn assembled(parts: Parts, settings: &Settings, clock: Clock) -> Result<Arc<Engine>, AppError> {
    let store = store::open(&settings.store, &settings.data, clock).map_err(AppError::Store)?;
    let random = Random::system().map_err(AppError::Random)?;
    let longest = STATE_TTL.max(settings.confirmation.ttl).max(settings.tasks.longest_kept());
    let keyring = Keyring::open(&settings.keys, &settings.data, longest, clock).map(Arc::new).map_err(|problems| {
        let problem = |problem: KeyProblem| Problem::new(problem.place, problem.what, problem.help);
        AppError::Build(problems.into_iter().map(problem).collect())
    })?;
    Engine::new(parts, settings, Seams { clock, random, store, keyring }).map(Arc::new).map_err(AppError::Build)
}

/// Serves until the client or a signal ends it. `started` is told where the server listens.
pub(crate) async fn serve(
    engine: Arc<Engine>,
    settings: &Settings,
    started: impl FnOnce(&Engine, &Addresses),
) -> Result<(), AppError> {
    let signals = Signals::new().map_err(AppError::Signals)?;
    let stop = CancellationToken::new();
    // Connections close on this one first, streams that never end by themselves on `stop`.
    let closing = CancellationToken::new();
    let mut addresses = Addresses::default();

    let admin = match settings.admin {
        Some(address) => {
            let listener = listen(address, "admin").await?;
            addresses.admin = Some(format!("http://{}", local(&listener, address)));
            let router = admin::router(Arc::clone(&engine), &settings.store);
            Some(tokio::spawn(connections::serve(listener, router, settings.connections, engine.clock, stop.clone())))
        }
        None => None,
    };
    let serving = match settings.transport {
        Transport::Http => {
            let router = router(&engine, settings, &stop)?;
            let (serving, place) = serve_http(router, settings, engine.clock, &closing).await?;
            addresses.mcp = Some(place);
            tokio::spawn(async move {
                let _ = serving.await;
                Ok(())
            })
        }
        Transport::Stdio => {
            let handler = McpHandler::new(Arc::clone(&engine), Caller::local(Arc::clone(&engine.tenant)), None);
            let (grace, stop) = (settings.grace, stop.clone());
            let (input, output) = rmcp::transport::stdio_pipes();
            tokio::spawn(async move {
                let served = protocol::serve_stdio(handler, input, output, grace, stop).await;
                served.or_else(|error| match error {
                    // Told to stop, or closed, before the first message: nothing went wrong.
                    rmcp::service::ServerInitializeError::Cancelled
                    | rmcp::service::ServerInitializeError::ConnectionClosed(_) => Ok(()),
                    _ => Err(AppError::Stdio),
                })
            })
        }
    };
    let watching = {
        let (engine, every) = (Arc::clone(&engine), settings.switches_refresh);
        tokio::spawn(async move { engine.switches.watch(&*engine.store, &engine.tenant, every, &engine.metrics).await })
    };
    let reloading = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            if let Some(policies) = &engine.access.policies {
                policies.watch(&engine.metrics).await;
            }
        })
    };
    let adopting = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            if engine.has_tasks() {
                tasks::watch(&engine).await;
            }
        })
    };
    let looking = {
        let keyring = Arc::clone(&engine.keyring);
        tokio::spawn(async move { keyring.watch().await })
    };
    started(&engine, &addresses);

    let mut serving = serving;
    let mut signal = std::pin::pin!(signals.first());
    let result = tokio::select! {
        ended = &mut serving => {
            if engine.tasks.running() > 0 {
                tracing::info!(tasks = engine.tasks.running(), "the client is gone; its tasks have the grace period");
            }
            tokio::select! {
                () = finish(&engine, settings.grace) => {}
                // There is nobody left to wait for.
                () = &mut signal => finish(&engine, Duration::ZERO).await,
            }
            flatten(ended)
        }
        () = &mut signal => {
            drain(&engine, settings.grace).await;
            closing.cancel();
            if settings.transport == Transport::Stdio {
                stop.cancel();
            }
            match tokio::time::timeout(CLOSING, &mut serving).await {
                Ok(ended) => flatten(ended),
                Err(_elapsed) => {
                    stop.cancel();
                    tokio::time::timeout(CLOSING, serving).await.map_or(Ok(()), flatten)
                }
            }
        }
    };
    stop.cancel();
    watching.abort();
    reloading.abort();
    adopting.abort();
    looking.abort();
    if let Some(admin) = admin {
        let _ = tokio::time::timeout(CLOSING, admin).await;
    }
    result?;
    // The runtime would wait for them, however long.
    if tokio::time::timeout(CLOSING, blocking::idle()).await.is_err() {
        tracing::warn!(functions = blocking::running(), "functions that keep their threads are left behind");
        std::process::exit(0);
    }
    Ok(())
}

/// What is served over HTTP. Cancelling `stop` ends every stream and session.
fn router(engine: &Arc<Engine>, settings: &Settings, stop: &CancellationToken) -> Result<Router, AppError> {
    let handler = McpHandler::new(Arc::clone(engine), anybody(engine, settings), None);
    let router = protocol::router(&handler, &settings.endpoint, stop);
    #[cfg(feature = "oauth")]
    let router = with_tokens(router, engine, settings)?;
    Ok(router)
}

/// Serves MCP where the settings say, and says where that is.
async fn serve_http(
    router: Router,
    settings: &Settings,
    clock: Clock,
    closing: &CancellationToken,
) -> Result<(JoinHandle<()>, String), AppError> {
    let (limits, closing, path) = (settings.connections, closing.clone(), &settings.endpoint.path);
    Ok(match &settings.listen {
        Listen::Address(address) => {
            let listener = listen(*address, "listen").await?;
            let place = format!("http://{}{path}", local(&listener, *address));
            (tokio::spawn(connections::serve(listener, router, limits, clock, closing)), place)
        }
        Listen::Socket(socket) => {
            let wrong = |source| AppError::Socket { path: socket.clone(), source };
            let listener = Socket::bind(socket).await.map_err(wrong)?;
            // As nginx writes it.
            let place = format!("http://{}:{path}", settings.listen);
            (tokio::spawn(connections::serve(listener, router, limits, clock, closing)), place)
        }
    })
}

/// Who comes over HTTP, as long as nothing was proved: the system says that whoever uses a socket is the user.
fn anybody(engine: &Engine, settings: &Settings) -> Caller {
    let (principal, tenant) = (Principal::Anonymous, Arc::clone(&engine.tenant));
    match settings.auth {
        None if settings.listen.is_socket() => Caller::local(tenant),
        None => Caller::unchecked(principal, tenant),
        Some(_) => Caller::new(principal, tenant, Proved::default()),
    }
}

/// Lets in only who has a token, where the settings say whose.
#[cfg(feature = "oauth")]
fn with_tokens(router: Router, engine: &Arc<Engine>, settings: &Settings) -> Result<Router, AppError> {
    let Some(auth) = &settings.auth else { return Ok(router) };
    let issuers = Arc::new(Https::new().map_err(AppError::Auth)?);
    Ok(protocol::with_tokens(router, protocol::Bearers::new(engine, auth, issuers)))
}

/// Takes no new call and waits for those in flight.
async fn drain(engine: &Engine, grace: Duration) {
    engine.gate.close();
    tracing::info!(in_flight = engine.gate.inside(), "draining");
    let calls = async {
        if tokio::time::timeout(grace, engine.gate.idle()).await.is_err() {
            tracing::warn!(in_flight = engine.gate.inside(), "the grace period is over; calls in flight are dropped");
        }
    };
    tokio::join!(calls, engine.tasks.drain(grace));
    last_writes(engine).await;
}

/// Waits for tasks, when the client is gone.
async fn finish(engine: &Engine, grace: Duration) {
    engine.tasks.drain(grace).await;
    last_writes(engine).await;
}

/// Waits for what is still to be written of calls that ended.
async fn last_writes(engine: &Engine) {
    if tokio::time::timeout(LAST_WRITES, engine.idempotency.idle()).await.is_err() {
        tracing::error!("how some calls ended could not be kept for their idempotency keys");
    }
}

async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, flag, source })
}

/// The address that was really taken, which differs when the port was 0.
fn local(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

fn flatten(joined: Result<Result<(), AppError>, tokio::task::JoinError>) -> Result<(), AppError> {
    joined.unwrap_or_else(|error| Err(AppError::Serve(std::io::Error::other(error))))
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves at the first signal; from then on a second one ends the process.
    async fn first(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("second signal: ending at once");
            std::process::exit(130);
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
