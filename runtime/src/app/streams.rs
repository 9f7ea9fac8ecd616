//! What runs on one connection with HTTP/2, for which hyper knows neither an idle time nor a client that reads nothing.
//!
//! Such a client lets the connection live (it answers pings, and takes what is written to it), but gives no window to the
//! streams, so that their answers wait (RFC 9113, section 5.2). Invariants: of every answer it is known since when its
//! next piece waits to be taken; hyper gets an answer in pieces, and holds no more of it than one that nobody takes.
//! An answer that has nothing to give, such as a stream of events, waits for nobody. What to do about it is not said here.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
};
use http::{Request, Response};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    service::Service,
};
use hyper_util::service::TowerToHyperService;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{clock::Clock, context::BoxFuture};

/// The largest piece of an answer, in bytes: a frame that every client takes (RFC 9113, section 4.2). hyper asks for
/// another as soon as the window has room for one byte of it.
const PIECE: usize = 16 * 1024;

/// How long an answer that others share a connection with must wait to be one that nobody takes; and how often one looks.
const LOOK: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Streams {
    clock: Clock,
    now: Mutex<Now>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Now {
    /// Requests whose answers have not ended.
    running: usize,
    begun: u64,
    /// The requests of which a piece was handed out and the next not asked for, and since when.
    unread: BTreeMap<u64, Instant>,
}

impl Streams {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, now: Mutex::default(), changed: Notify::new() })
    }

    /// Resolves when nothing ran for so long.
    pub(super) async fn idle(&self, time: Duration) {
        loop {
            let changed = self.changed.notified();
            if self.now().running > 0 {
                changed.await;
            } else if timeout(time, changed).await.is_err() {
                return;
            }
        }
    }

    /// Resolves when a piece of an answer was not taken for so long.
    pub(super) async fn unread(&self, time: Duration) {
        loop {
            let now = self.clock.now();
            // What is handed out from now on has at least as long.
            let oldest = self.now().unread.values().min().copied().unwrap_or(now);
            if oldest + time <= now {
                return;
            }
            sleep_until(oldest + time).await;
        }
    }

    /// Resolves when nothing is left but answers that nobody takes, and was not a moment ago: the last piece of another
    /// answer is on its way when it was taken, not yet with its client.
    pub(super) async fn only_unread(&self) {
        let mut alone = false;
        loop {
            let was_alone = mem::replace(&mut alone, !self.has_others());
            if alone && was_alone {
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// Whether something runs beside the answers that nobody takes.
    fn has_others(&self) -> bool {
        let (at, now) = (self.clock.now(), self.now());
        now.running > now.unread.values().filter(|since| **since + LOOK <= at).count()
    }

    fn begin(self: &Arc<Self>) -> Running {
        let mut now = self.now();
        now.running += 1;
        now.begun += 1;
        let id = now.begun;
        drop(now);
        self.changed.notify_one();
        Running { streams: Arc::clone(self), id }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that runs, until its answer was given or given up.
struct Running {
    streams: Arc<Streams>,
    id: u64,
}

impl Running {
    fn handed_out(&self) {
        let at = self.streams.clock.now();
        self.streams.now().unread.insert(self.id, at);
    }

    fn asked_for(&self) {
        self.streams.now().unread.remove(&self.id);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut now = self.streams.now();
        now.running -= 1;
        now.unread.remove(&self.id);
        drop(now);
        self.streams.changed.notify_one();
    }
}

/// The service, with what runs known until the last byte of its answer.
pub(super) struct Watched {
    pub(super) service: TowerToHyperService<Router>,
    pub(super) streams: Arc<Streams>,
}

impl Service<Request<Incoming>> for Watched {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (running, answering) = (self.streams.begin(), self.service.call(request));
        Box::pin(async move {
            let answer = answering.await?;
            // It may never be asked for anything.
            running.handed_out();
            Ok(answer.map(|body| Answer { body, rest: Bytes::new(), running }))
        })
    }
}

/// An answer, piece by piece.
pub(super) struct Answer {
    body: Body,
    /// What is there of it and was not handed out.
    rest: Bytes,
    running: Running,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        this.running.asked_for();
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        this.running.handed_out();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
