//! What clients bring back: `requestState` and confirmations.

use std::{cell::RefCell, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};

use super::{input, server::Made, watch::without_panics};
use crate::{
    clock::Clock,
    keyring::{KEY_BYTES, Keyring, Keys},
    request_state::{Binding, Held, Purpose, RequestStates},
    store::Memory,
};

/// Known to whoever reads this, so that what is found is found again.
const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];

const PURPOSES: [Purpose; 2] = [Purpose::State, Purpose::Confirmation];

struct World {
    states: RequestStates,
    tenant: Arc<str>,
    arguments: Map<String, Value>,
    /// One for each purpose.
    good: [String; 2],
}

thread_local! {
    static WORLD: RefCell<Option<Made<World>>> = const { RefCell::new(None) };
}

/// Text as a state or a confirmation: any, of the right form, or a good one altered. None opens but the good ones, each
/// for its purpose.
pub fn request_state(data: &[u8]) {
    let (how, rest) = input::choice(data);
    without_panics(|| {
        Made::with(&WORLD, make, async |world| {
            let good = &world.good;
            let text = match how % 4 {
                0 => String::from_utf8_lossy(rest).into_owned(),
                1 => format!("s1.{}", URL_SAFE_NO_PAD.encode(rest)),
                2 => input::altered(&good[0], rest),
                _ => input::altered(&good[1], rest),
            };
            for (purpose, good) in PURPOSES.into_iter().zip(good) {
                let opens = world.states.open(&world.binding(), purpose, &text).await.is_ok();
                assert_eq!(opens, text == *good, "{purpose:?} {text}");
            }
        });
    });
}

fn make(clock: Clock) -> World {
    let keyring = Arc::new(Keyring::fixed(Keys::new([&KEY])));
    let states = RequestStates::new(keyring, Arc::new(Memory::new(clock)), clock, Duration::from_secs(300));
    let arguments = Map::from_iter([("id".to_owned(), 7.into())]);
    let mut world = World { states, tenant: "acme".into(), arguments, good: Default::default() };
    // Nothing waits, since the key is there.
    world.good = PURPOSES
        .map(|purpose| world.states.seal(&world.binding(), purpose, Held::default()).now_or_never().unwrap().unwrap());
    world
}

impl World {
    fn binding(&self) -> Binding<'_> {
        let Self { tenant, arguments, .. } = self;
        Binding { tenant, principal: "alice", tool: "remove", version: "1.0.0", arguments }
    }
}
