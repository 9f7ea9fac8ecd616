//! The body of a request: bounded in size, in time, and in what all that are held take together; and that of its answer.
//!
//! Invariant: no byte of a body is kept that is not counted, for its caller and for the server. What has arrived is
//! counted: by what a header declares, a caller would take room and send nothing. An answer is there when it is counted,
//! and is sent whatever it takes; who does not read its answers gets no room for more requests.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::reliability::{Share, UsedUp};

/// What the body of a request is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) bytes: usize,
    /// Until it has arrived.
    pub(super) time: Duration,
}

/// Why a body was not read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    Late,
    /// There is no room for more bodies.
    NoRoom(UsedUp),
    /// Its client went away.
    Gone,
}

/// Reads a body; what it takes is in `held` by then.
pub(super) async fn read(body: Body, bounds: Bounds, held: &mut Share) -> Result<Bytes, Unread> {
    tokio::time::timeout(bounds.time, collect(body, bounds.bytes, held)).await.unwrap_or(Err(Unread::Late))
}

async fn collect(mut body: Body, most: usize, held: &mut Share) -> Result<Bytes, Unread> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Gone)?.into_data() else { continue };
        if data.len() > most - whole.len() {
            return Err(Unread::TooLarge);
        }
        held.grow(data.len()).map_err(Unread::NoRoom)?;
        // Most come in one piece, which need not be copied. Many small pieces would take more than what is counted.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// The answer to a request whose body is held. One that comes bit by bit may have been begun by a call that still runs.
pub(super) fn of_request(answer: Body, held: Share) -> Body {
    if answer.size_hint().exact().is_some() {
        return answer;
    }
    Body::from_stream(answer.into_data_stream().map(move |data| {
        let _held_until_the_stream_ends = &held;
        data
    }))
}

/// An answer whose bytes are owed until its client took them. One that comes bit by bit is not counted: it is not made
/// before it is sent.
pub(super) fn counted(answer: Body, mut owed: Share) -> Body {
    let Some(bytes) =
        answer.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).filter(|bytes| *bytes > 0)
    else {
        return answer;
    };
    owed.owe(bytes);
    Body::new(Counted { answer, owed: Arc::new(owed) })
}

/// An answer whose parts know that they are counted.
struct Counted {
    answer: Body,
    owed: Arc<Share>,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.answer).poll_frame(cx);
        frame.map_ok(|frame| {
            frame.map_data(|data| Bytes::from_owner(Owed { data, _until_it_is_sent: Arc::clone(&self.owed) }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }
}

/// A part of an answer.
struct Owed {
    data: Bytes,
    _until_it_is_sent: Arc<Share>,
}

impl AsRef<[u8]> for Owed {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;
    use crate::reliability::{Part, Shares};

    const BOUNDS: Bounds = Bounds { bytes: 10, time: Duration::from_secs(30) };

    fn pieces(pieces: &[&'static str]) -> Body {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece.as_bytes()))).collect();
        Body::from_stream(stream::iter(pieces))
    }

    #[tokio::test]
    async fn a_body_is_counted_as_it_arrives_and_no_longer_than_it_is_held() {
        let shares = Shares::new(Part { all: 16, of_tenant: 14, of_one: 12 });
        let [alice, ann, bob] = [("acme", "alice"), ("acme", "ann"), ("bolt", "bob")]
            .map(|(tenant, caller)| (Arc::<str>::from(tenant), Arc::<str>::from(caller)));
        let read = async |(tenant, caller): &(Arc<str>, Arc<str>), body: Body| {
            let mut held = shares.none(tenant, caller);
            let read = read(body, BOUNDS, &mut held).await;
            (read, held)
        };
        let (whole, first) = read(&alice, pieces(&["01", "", "234", "5"])).await;
        assert_eq!(whole.unwrap(), "012345");
        // What is declared takes no room: what has arrived does.
        for (of, body, expected) in [
            (&alice, Body::from("0123456"), Err(Unread::NoRoom(UsedUp::Own))),
            (&alice, pieces(&["012345", "6"]), Err(Unread::NoRoom(UsedUp::Own))),
            (&ann, Body::from("012345678"), Err(Unread::NoRoom(UsedUp::Tenant))),
            (&bob, pieces(&["0123456789", "0"]), Err(Unread::TooLarge)),
            (&bob, Body::from("01234567890"), Err(Unread::TooLarge)),
            (&bob, pieces(&["0123456789"]), Ok("0123456789".into())),
        ] {
            // What a body took that was refused is free again.
            assert_eq!(read(of, body).await.0, expected);
        }
        let (_, second) = read(&bob, Body::from("0123456789")).await;
        assert_eq!(read(&bob, Body::from("0")).await.0, Err(Unread::NoRoom(UsedUp::All)));
        drop(first);
        assert_eq!(read(&alice, Body::from("012345")).await.0, Ok("012345".into()));
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_takes_its_time_and_nothing_else() {
        let shares = Shares::new(Part { all: 1, of_tenant: 1, of_one: 1 });
        let mut held = shares.none(&"acme".into(), &"alice".into());
        let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let (slow, _) = tokio::join!(read(endless, BOUNDS, &mut held), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(shares.take(&"bolt".into(), &"bob".into()).is_ok(), "there is room for others");
        });
        assert_eq!(slow, Err(Unread::Late));
    }

    #[tokio::test]
    async fn an_answer_is_counted_until_its_last_byte_is_sent() {
        let shares = Shares::new(Part { all: 4, of_tenant: 4, of_one: 4 });
        let none = || shares.none(&"acme".into(), &"alice".into());
        let answer = counted(Body::from("0123456789"), none());
        assert_eq!(answer.size_hint().exact(), Some(10), "its length is said all the same");
        assert_eq!(none().grow(1), Err(UsedUp::All));
        let mut sent = answer.collect().await.unwrap().to_bytes();
        let rest = sent.split_off(9);
        drop(sent);
        assert_eq!(none().grow(1), Err(UsedUp::All));
        assert_eq!(rest, "9");
        drop(rest);
        assert_eq!(none().grow(4), Ok(()));
    }

    #[tokio::test]
    async fn what_a_request_takes_is_held_while_its_answer_comes_bit_by_bit() {
        let shares = Shares::new(Part { all: 4, of_tenant: 4, of_one: 4 });
        let held = || {
            let mut held = shares.none(&"acme".into(), &"alice".into());
            held.grow(4).map(|()| held)
        };
        let mut events = of_request(pieces(&["data: 1", "data: 2"]), held().unwrap());
        events.frame().await.unwrap().unwrap();
        assert_eq!(held().unwrap_err(), UsedUp::All, "its call may still run");
        drop(events);
        let whole = of_request(Body::from("done"), held().unwrap());
        assert!(held().is_ok(), "its call has ended");
        assert_eq!(whole.size_hint().exact(), Some(4));
    }
}
