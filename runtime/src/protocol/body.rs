//! The body of a request: bounded in size, in time, and in what all that are held take together.
//!
//! Invariant: no byte of a body is kept that is not counted, for its caller and for the server. What has arrived is
//! counted: by what a header declares, a caller would take room and send nothing.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

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

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Arc};

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
}
