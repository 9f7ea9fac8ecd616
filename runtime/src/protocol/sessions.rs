//! Sessions of clients before 2026-07-28, kept in memory by rmcp, with request ids in use refused.
//!
//! Invariant: a session is there for the caller who began it and for nobody else, and is counted as that caller's until
//! it ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{Stream, future::Either, stream};
use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError},
    },
};

use super::in_flight::{InFlight, Tracked};
use crate::{caller::Caller, reliability::Share};

tokio::task_local! {
    /// What the edge knows of the request that the SDK takes apart.
    pub(super) static ASKING: Asking;
}

/// See [`ASKING`].
pub(super) struct Asking {
    pub(super) caller: Caller,
    /// For a session, where the request may begin one.
    pub(super) place: Mutex<Option<Share>>,
}

impl Asking {
    /// Who makes the request; none in what the SDK does of itself.
    pub(super) fn caller() -> Option<Caller> {
        ASKING.try_with(|asking| asking.caller.clone()).ok()
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Sessions {
    inner: LocalSessionManager,
    open: Mutex<HashMap<SessionId, Session>>,
}

#[derive(Debug)]
struct Session {
    /// Whose it is ([`Caller::key`]).
    owner: Option<Arc<str>>,
    _place: Option<Share>,
    in_flight: Arc<InFlight>,
}

impl Default for Sessions {
    /// Whoever lost an answer calls again: the SDK would keep each for a minute, whatever memory they take.
    fn default() -> Self {
        let mut inner = LocalSessionManager::default();
        inner.session_config.completed_cache_ttl = Duration::ZERO;
        Self { inner, open: Mutex::default() }
    }
}

impl Sessions {
    fn of(&self, id: &SessionId) -> Option<Arc<InFlight>> {
        self.all().get(id).map(|session| Arc::clone(&session.in_flight))
    }

    /// Whether a session is the caller's, or there is none of this id.
    fn may_use(&self, id: &SessionId) -> bool {
        let (all, caller) = (self.all(), Asking::caller());
        let owner = all.get(id).and_then(|session| session.owner.as_ref());
        caller.is_none_or(|caller| owner.is_none_or(|owner| owner == caller.key()))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = Tracked<<LocalSessionManager as SessionManager>::Transport>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let (id, inner) = self.inner.create_session().await?;
        let in_flight = Arc::<InFlight>::default();
        let owner = Asking::caller().map(|caller| Arc::clone(caller.key()));
        let place = ASKING.try_with(|asking| asking.place.lock().unwrap_or_else(PoisonError::into_inner).take());
        let session = Session { owner, _place: place.ok().flatten(), in_flight: Arc::clone(&in_flight) };
        self.all().insert(id.clone(), session);
        Ok((id, Tracked { inner, in_flight }))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.inner.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        Ok(self.may_use(id) && self.inner.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        // What is somebody else's is not ended, and told of as what has ended.
        if !self.may_use(id) {
            return Ok(());
        }
        self.all().remove(id);
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        // Refused before rmcp sees it: it would route the first request's answer to the second's stream.
        if let Some(refusal) = self.of(id).and_then(|in_flight| in_flight.received(&message)) {
            return Ok(Either::Left(stream::iter([ServerSseMessage::from_message(refusal)])));
        }
        Ok(Either::Right(self.inner.create_stream(id, message).await?))
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        if let Some(in_flight) = self.of(id) {
            in_flight.received(&message);
        }
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.inner.resume(id, last_event_id).await
    }
}
