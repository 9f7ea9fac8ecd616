//! Keys while the store is slow, away, or does not say what it did; on a paused clock.

mod replica;

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use serde_json::json;
use tokio::time::{sleep, timeout};

use self::replica::{Paid, Replica, Told, Way, alone};
use super::protocol::Record;
use crate::{
    clock::Clock,
    store::{Kind, Memory},
};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
/// What a store in a server takes at most.
const STORE: Duration = Duration::from_millis(250);
const LEASE: Duration = Duration::from_secs(6);

#[tokio::test(start_paused = true)]
async fn a_thousand_claims_of_one_key_ask_the_store_once() {
    let (replica, paid) = alone();
    replica.line.set(Way::After(STORE));
    let told = join_all((0..1_000).map(|_| replica.pay(1))).await;
    assert_eq!(told.iter().filter(|told| **told == Told::Paid).count(), 1);
    assert_eq!(told.iter().filter(|told| **told == Told::InFlight).count(), 999);
    assert_eq!(replica.line.claims.load(Ordering::SeqCst), 2, "the claim and its end");
    assert_eq!(replica.pay(1).await, Told::Replayed);
    assert_eq!(paid.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_reads_the_store_can_not_try_which_arguments_a_call_had() {
    let (replica, _) = alone();
    for key in ["unguessable-a", "unguessable-b"] {
        assert_eq!(replica.keyed(key, "pay", json!({"seconds": 1})).await, Told::Paid);
    }
    let kept = replica.engine.store.list("default", Kind::Claim, None, 9).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|(key, stored)| (&key.name, String::from_utf8_lossy(&stored.value))).collect();
    let fingerprints = kept.iter().map(|(_, record)| serde_json::from_str::<Record>(record).unwrap().fingerprint);
    assert_eq!(fingerprints.collect::<HashSet<_>>().len(), 2, "the same arguments look different: {kept:?}");
    assert!(kept.iter().all(|(name, record)| !format!("{name} {record}").contains("unguessable")), "{kept:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_goes_by_what_it_learns_and_by_its_own_arguments() {
    let (replica, _) = alone();
    replica.line.set(Way::After(STORE));
    assert_eq!(
        tokio::join!(replica.pay(1), replica.pay(1), replica.pay(2)),
        (Told::Paid, Told::InFlight, Told::Reused)
    );
    let again = tokio::join!(replica.pay(1), replica.pay(2), replica.pay(1));
    assert_eq!(again, (Told::Replayed, Told::Reused, Told::Replayed));
    replica.line.set(Way::Away);
    assert_eq!(tokio::join!(replica.pay(1), replica.pay(2)), (Told::Away, Told::Away));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_that_goes_away_asks_itself() {
    let (replica, paid) = alone();
    replica.line.set(Way::After(STORE));
    let (gone, told) = tokio::join!(timeout(STORE / 2, replica.pay(1)), replica.pay(1));
    assert!(gone.is_err());
    assert_eq!((told, paid.0.load(Ordering::SeqCst)), (Told::Paid, 1));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_may_have_been_made_is_taken_back() {
    let (replica, paid) = alone();
    replica.line.set(Way::Unsaid);
    assert_eq!(replica.pay(0).await, Told::Away);
    replica.line.set(Way::Open);
    assert_eq!(replica.pay(0).now_or_never(), Some(Told::InFlight), "it was made");
    sleep(SECOND).await;
    assert_eq!(replica.pay(0).await, Told::Paid);
    assert_eq!(paid.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_may_have_been_made_is_taken_back_when_the_store_comes_back() {
    let (replica, _) = alone();
    replica.line.set(Way::Unsaid);
    assert_eq!(replica.pay(0).await, Told::Away);
    replica.line.set(Way::Away);
    sleep(LEASE / 3).await;
    replica.line.set(Way::Open);
    sleep(LEASE / 2).await;
    assert_eq!(replica.pay(0).await, Told::Paid);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_caller_left_while_it_was_made_is_taken_back() {
    let (replica, _) = alone();
    replica.line.set(Way::SaidLate);
    assert!(timeout(STORE / 2, replica.pay(0)).await.is_err());
    sleep(SECOND).await;
    assert_eq!(replica.pay(0).await, Told::Paid);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_once_the_store_is_back_and_its_caller_does_not_wait_for_that() {
    let (replica, paid) = alone();
    let clock = Clock::system();
    let began = clock.now();
    let cut = async {
        sleep(SECOND / 2).await;
        replica.line.set(Way::After(SECOND));
    };
    let (told, ()) = tokio::join!(replica.pay(1), cut);
    assert_eq!((told, clock.now() - began), (Told::Paid, SECOND + STORE), "the first attempt");
    assert_eq!(replica.pay(1).await, Told::InFlight, "which needs no store");
    sleep(SECOND).await;
    replica.line.set(Way::Open);
    sleep(3 * SECOND).await;
    assert_eq!((replica.pay(1).await, paid.0.load(Ordering::SeqCst)), (Told::Replayed, 1));
}

#[tokio::test(start_paused = true)]
async fn who_is_out_of_time_does_not_wait_for_the_store() {
    let (replica, _) = alone();
    let clock = Clock::system();
    let began = clock.now();
    let cut = async {
        sleep(SECOND / 2).await;
        replica.line.set(Way::After(STORE));
    };
    let (told, ()) = tokio::join!(replica.call("pay_late", json!({})), cut);
    assert_eq!(told, Told::Unknown);
    let took = clock.now() - began;
    assert!(took <= SECOND + Duration::from_millis(55), "{took:?}");
    sleep(SECOND).await;
    assert_eq!(replica.call("pay_late", json!({})).await, Told::Unknown);
}

#[tokio::test(start_paused = true)]
async fn how_a_call_ended_whose_caller_is_gone_is_written_when_the_store_is_back() {
    let paid = Paid::default();
    let memory = Arc::new(Memory::new(Clock::system()));
    let (replica, other) = (Replica::of(&memory, &paid), Replica::of(&memory, &paid));
    let gone = timeout(SECOND, async {
        tokio::join!(replica.pay(2), async {
            sleep(SECOND / 2).await;
            replica.line.set(Way::Away);
        })
    });
    assert!(gone.await.is_err());
    assert_eq!(other.pay(2).await, Told::InFlight);
    replica.line.set(Way::Open);
    sleep(SECOND).await;
    assert_eq!(other.pay(2).await, Told::Unknown);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_do_for_a_keeper_is_counted() {
    let failed = |replica: &Replica| {
        let text = replica.engine.metrics_text();
        let line = text.lines().find(|line| line.contains(r#"failures_total{kind="claim",state="away"}"#));
        line.and_then(|line| line.rsplit_once(' ')).map_or(0, |(_, count)| count.parse::<u32>().unwrap())
    };
    // A lease that can't be renewed, every twelfth of it.
    let (renewing, _) = alone();
    let cut = async {
        sleep(SECOND).await;
        renewing.line.set(Way::Away);
        sleep(2 * SECOND).await;
        renewing.line.set(Way::Open);
    };
    assert_eq!(tokio::join!(renewing.pay(5), cut).0, Told::Paid);
    assert_eq!(failed(&renewing), 2, "after 2 s and 2.5 s");
    // An end that is written again after 100 ms and 300 ms, for a caller who waits and for one who is gone.
    for waits in [SECOND * 9, SECOND / 2] {
        let (writing, _) = alone();
        let cut = async {
            sleep(SECOND / 4).await;
            writing.line.set(Way::Away);
        };
        let _ = timeout(waits, async { tokio::join!(writing.pay(1), cut) }).await;
        sleep(SECOND / 2).await;
        assert_eq!(failed(&writing), 3, "{waits:?}");
    }
    // A claim that was refused, and looked for at once and after as long.
    let (unsure, _) = alone();
    unsure.line.set(Way::Away);
    assert_eq!(unsure.pay(0).await, Told::Away);
    sleep(SECOND / 2).await;
    assert_eq!(failed(&unsure), 4);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_its_call_runs() {
    let paid = Paid::default();
    let memory = Arc::new(Memory::new(Clock::system()));
    let (replica, other) = (Replica::of(&memory, &paid), Replica::of(&memory, &paid));
    let repeats = async {
        sleep(SECOND / 2).await;
        for second in 0..15 {
            assert_eq!(other.pay(15).await, Told::InFlight, "{second}");
            sleep(SECOND - 50 * MILLISECOND).await;
        }
    };
    assert_eq!(tokio::join!(replica.pay(15), repeats).0, Told::Paid);
    assert_eq!(other.pay(15).await, Told::Replayed);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_gone_is_waited_for_no_longer_than_a_lease_and_nothing_is_done_again() {
    let paid = Paid::default();
    let memory = Arc::new(Memory::new(Clock::system()));
    let (replica, other) = (Replica::of(&memory, &paid), Replica::of(&memory, &paid));
    let repeats = async {
        sleep(SECOND).await;
        replica.line.set(Way::Away);
        assert_eq!(other.pay(19).await, Told::InFlight);
        sleep(LEASE).await;
        assert_eq!(other.pay(19).await, Told::Unknown);
        // It was cut off, and is not gone.
        sleep(LEASE).await;
        replica.line.set(Way::Open);
    };
    let (told, ()) = tokio::join!(replica.pay(19), repeats);
    assert_eq!((told, other.pay(19).await), (Told::Paid, Told::Replayed));
    assert_eq!(paid.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_what_is_not_yet_written() {
    let (replica, _) = alone();
    let cut = async {
        sleep(SECOND / 2).await;
        replica.line.set(Way::Away);
    };
    assert_eq!(tokio::join!(replica.pay(1), cut).0, Told::Paid);
    assert!(timeout(SECOND, replica.engine.idempotency.idle()).await.is_err());
    replica.line.set(Way::Open);
    assert!(timeout(3 * SECOND, replica.engine.idempotency.idle()).await.is_ok());
}
