use std::{collections::BTreeMap, fmt, fmt::Write as _};

use proptest::prelude::*;
use serde::{Serialize, ser::SerializeSeq};

use super::*;

/// Every kind of thing that serde knows.
#[derive(Debug, Clone, Serialize)]
enum Thing {
    Unit,
    New(Box<Thing>),
    Pair(i64, f64),
    Named {
        text: String,
        maybe: Option<Box<Thing>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        list: Vec<Thing>,
    },
    Map(BTreeMap<String, Thing>),
    Numbered(BTreeMap<i32, u8>),
    Plain(Tuple, char, bool, ()),
}

#[derive(Debug, Clone, Serialize)]
struct Tuple(u64, i128);

fn thing() -> impl Strategy<Value = Thing> {
    let leaf = prop_oneof![
        Just(Thing::Unit),
        (any::<i64>(), -1e9..1e9).prop_map(|(a, b)| Thing::Pair(a, b)),
        (any::<u64>(), any::<i64>(), any::<char>(), any::<bool>()).prop_map(|(a, b, c, d)| Thing::Plain(
            Tuple(a, b.into()),
            c,
            d,
            ()
        )),
        proptest::collection::btree_map(any::<i32>(), any::<u8>(), 0..4).prop_map(Thing::Numbered),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let named = (".{0,8}", proptest::option::of(inner.clone()), proptest::collection::vec(inner.clone(), 0..4));
        prop_oneof![
            inner.clone().prop_map(|thing| Thing::New(Box::new(thing))),
            named.prop_map(|(text, maybe, list)| Thing::Named { text, maybe: maybe.map(Box::new), list }),
            proptest::collection::btree_map(".{0,4}", inner, 0..4).prop_map(Thing::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_has_room_is_written_as_serde_json_writes_it(thing in thing()) {
        let room = serde_json::to_string(&thing).unwrap().len();
        let written = to_value(&thing, room);
        prop_assert_eq!(written.unwrap(), serde_json::to_value(&thing).unwrap());
    }

    #[test]
    fn what_takes_many_times_its_room_is_not_written(things in proptest::collection::vec(thing(), 1..8)) {
        // A number counts as one byte and can take 40; an escape in a text counts as what it stands for.
        let room = serde_json::to_string(&things).unwrap().len() / 64;
        let crossed = matches!(to_value(&things, room), Err(Unwritten::TooLarge));
        prop_assert!(crossed);
    }
}

/// A list that says how long it is, and never ends.
struct Endless(Option<usize>);

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(self.0)?;
        loop {
            list.serialize_element(&0_u8)?;
        }
    }
}

/// A value that is inside itself.
struct Mirror;

impl Serialize for Mirror {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([Mirror])
    }
}

/// A text that never ends.
struct Chatter;

impl fmt::Display for Chatter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("and so on ")?;
        }
    }
}

impl Serialize for Chatter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[test]
fn what_never_ends_is_given_up() {
    for endless in [Endless(None), Endless(Some(usize::MAX))] {
        assert!(matches!(to_value(&endless, 1 << 16), Err(Unwritten::TooLarge)));
    }
    assert!(matches!(to_value(&Chatter, 1 << 16), Err(Unwritten::TooLarge)));
    assert!(matches!(to_value(&Mirror, 1 << 16), Err(Unwritten::TooDeep)));
}

#[test]
fn levels_are_given_back() {
    let mut nested = serde_json::Value::Null;
    for _ in 0..DEPTH {
        nested = serde_json::json!([nested]);
    }
    let twice = (&nested, &nested);
    assert!(to_value(&nested, usize::MAX).is_ok());
    assert!(matches!(to_value(&twice, usize::MAX), Err(Unwritten::TooDeep)));
    let wide: Vec<_> = (0..1000).map(|at| BTreeMap::from([(at, Thing::New(Box::new(Thing::Unit)))])).collect();
    assert!(to_value(&wide, usize::MAX).is_ok());
}

#[test]
fn what_is_no_json_says_so() {
    let mut text = String::new();
    let error = to_value(&BTreeMap::from([((1, 2), 3)]), 1000).unwrap_err();
    write!(text, "{error:?}").unwrap();
    assert!(text.contains("key must be a string"), "{text}");
}
