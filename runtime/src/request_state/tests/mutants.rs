//! States that were altered in every way that we could think of: none opens.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;

use super::*;

const PREFIX: &str = "s1.";
const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Key id, nonce.
const HEAD: [usize; 2] = [8, 24];

/// A call, without what lives elsewhere.
#[derive(Clone, PartialEq)]
struct Made {
    tenant: Arc<str>,
    principal: String,
    tool: String,
    version: String,
    arguments: Map<String, Value>,
    purpose: Purpose,
}

impl Made {
    fn binding(&self) -> Binding<'_> {
        let Self { tenant, principal, tool, version, arguments, .. } = self;
        Binding { tenant, principal, tool, version, arguments }
    }

    fn opens(&self, states: &RequestStates, state: &str) -> bool {
        // The key is known, so nothing waits.
        states.open(&self.binding(), self.purpose, state).now_or_never().unwrap().is_ok()
    }

    fn seal(&self, states: &RequestStates) -> String {
        let held = Held { plan: Some(Planned::Asked(Digest::of(json!(self.principal)))), ..Held::default() };
        states.seal(&self.binding(), self.purpose, held).now_or_never().unwrap().unwrap()
    }
}

/// Calls that differ in one thing each.
fn calls() -> Vec<Made> {
    let first = Made {
        tenant: "acme".into(),
        principal: "alice".into(),
        tool: "delete_notes".into(),
        version: "1.0.0".into(),
        arguments: arguments(json!({"query": "milk", "limit": 10})),
        purpose: Purpose::State,
    };
    let with = |change: fn(&mut Made)| {
        let mut made = first.clone();
        change(&mut made);
        made
    };
    let mut calls = vec![
        first.clone(),
        with(|made| made.tenant = "acme2".into()),
        with(|made| made.principal = "alice2".into()),
        with(|made| made.tool = "delete_note".into()),
        with(|made| made.version = "1.0.1".into()),
        with(|made| drop(made.arguments.insert("query".into(), json!("mill")))),
        with(|made| drop(made.arguments.insert("limit".into(), json!(11)))),
        with(|made| drop(made.arguments.remove("limit"))),
    ];
    let confirmations: Vec<Made> =
        calls.iter().map(|made| Made { purpose: Purpose::Confirmation, ..made.clone() }).collect();
    calls.extend(confirmations);
    calls
}

/// Opens `count` altered states, and says how many there were of each kind.
fn none_opens(count: u32, seed: u64) -> BTreeMap<&'static str, u32> {
    let calls = calls();
    let live = states();
    let sealed: Vec<String> = calls.iter().map(|made| made.seal(&live)).collect();
    let expired = RequestStates { clock: Clock::starting_at(live.clock.wall() - STATE_TTL), ..replica(&live) };
    let expired: Vec<String> = calls.iter().map(|made| made.seal(&expired)).collect();
    let foreign = states();
    let foreign: Vec<String> = calls.iter().map(|made| made.seal(&foreign)).collect();
    assert!(calls.iter().zip(&sealed).all(|(made, state)| made.opens(&live, state)), "what was not altered opens");

    let mut random = fastrand::Rng::with_seed(seed);
    let mut counts = BTreeMap::new();
    let mut tried = 0;
    while tried < count {
        let at = random.usize(..calls.len());
        let other = random.usize(..calls.len());
        let (kind, made, state) = match random.u8(..10) {
            0 => ("a bit of the text", at, flipped(sealed[at].as_bytes(), &mut random)),
            1 => ("a character", at, replaced(&sealed[at], &mut random)),
            2 => ("cut off", at, sealed[at][..random.usize(..sealed[at].len())].to_owned()),
            3 => ("something added", at, added(&sealed[at], &mut random)),
            4 => ("two spliced", at, spliced(&sealed[at], &sealed[other], &mut random)),
            5 => ("a bit inside", at, inside(&sealed[at], |bytes| flip(bytes, &mut random))),
            6 => ("parts of two", at, crossed(&sealed[at], &sealed[other], &mut random)),
            7 => ("another call's", at, sealed[other].clone()),
            8 => ("expired", at, expired[at].clone()),
            _ => ("another key's", at, foreign[at].clone()),
        };
        // An alteration may change nothing.
        if state == sealed[made] {
            continue;
        }
        assert!(!calls[made].opens(&live, &state), "{kind}: {state} opened for call {made}");
        *counts.entry(kind).or_default() += 1;
        tried += 1;
    }
    counts
}

fn flip(bytes: &mut [u8], random: &mut fastrand::Rng) {
    for _ in 0..random.usize(1..=3) {
        let at = random.usize(..bytes.len());
        bytes[at] ^= 1 << random.u8(..8);
    }
}

fn flipped(text: &[u8], random: &mut fastrand::Rng) -> String {
    let mut bytes = text.to_vec();
    flip(&mut bytes, random);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn replaced(text: &str, random: &mut fastrand::Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = random.usize(..bytes.len());
    bytes[at] = DIGITS[random.usize(..DIGITS.len())];
    String::from_utf8(bytes).unwrap()
}

fn added(text: &str, random: &mut fastrand::Rng) -> String {
    let mut text = text.to_owned();
    for _ in 0..random.usize(1..=8) {
        let digits = [DIGITS, b"=+/ .\n"].concat();
        text.insert(random.usize(..=text.len()), char::from(digits[random.usize(..digits.len())]));
    }
    text
}

fn spliced(one: &str, two: &str, random: &mut fastrand::Rng) -> String {
    let cut = random.usize(..one.len().min(two.len()));
    format!("{}{}", &one[..cut], &two[cut..])
}

/// The bytes of a state altered, and written as it would have been.
fn inside(text: &str, alter: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
    alter(&mut bytes);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Key id, nonce, text and tag, each of one of two states.
fn crossed(one: &str, two: &str, random: &mut fastrand::Rng) -> String {
    let parts = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
        let (id, rest) = bytes.split_at(HEAD[0]);
        let (nonce, rest) = rest.split_at(HEAD[1]);
        let (sealed, tag) = rest.split_at(rest.len() - 16);
        [id.to_vec(), nonce.to_vec(), sealed.to_vec(), tag.to_vec()]
    };
    let (one, two) = (parts(one), parts(two));
    let mixed: Vec<u8> = one.iter().zip(&two).flat_map(|(a, b)| if random.bool() { a } else { b }).copied().collect();
    let mixed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(mixed));
    // All parts of the second are the second, which is another kind.
    if mixed == inside_of(&two) { inside_of(&one) } else { mixed }
}

fn inside_of(parts: &[Vec<u8>; 4]) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(parts.concat()))
}

/// How many states are altered; `STEADFAST_TEST_STATES=10000000 cargo test --release -p steadfast --lib no_altered` takes
/// minutes.
const COUNT: &str = "STEADFAST_TEST_STATES";

#[tokio::test]
async fn no_altered_state_opens() {
    let count = std::env::var(COUNT).map_or(50_000, |count| count.parse().unwrap());
    let counts = none_opens(count, 1);
    assert!(counts.len() == 10 && counts.values().all(|altered| *altered > count / 50), "{counts:?}");
    println!("{} altered states, none opened: {counts:?}", counts.values().sum::<u32>());
}
