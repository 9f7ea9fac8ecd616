//! The arguments of a call as whoever confirms it is shown them.
//!
//! Invariant: every part is cut by itself, so that no argument can be so long that it hides another, and what is cut
//! says so. What is secret is masked before.

use serde_json::{Map, Value};

/// How much of each is shown.
const TEXT: usize = 200;
const ITEMS: usize = 20;
const MEMBERS: usize = 40;
const LEVELS: usize = 6;
/// How much of all together, in characters.
const LONGEST: usize = 8000;

/// The arguments as JSON, and whether something of them is missing. `shown` makes a text fit to be shown, and cuts it.
pub(super) fn shown(arguments: &Value, shown: impl Fn(&str, usize) -> String) -> (String, bool) {
    let mut cut = false;
    let text = outline(arguments, 0, &mut cut).to_string();
    cut |= text.chars().count() > LONGEST;
    (shown(&text, LONGEST), cut)
}

fn outline(value: &Value, level: usize, cut: &mut bool) -> Value {
    let mut less = |more: String| {
        *cut = true;
        more
    };
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT) {
            None => value.clone(),
            Some((end, _)) => less(format!("{}… ({} characters)", &text[..end], text.chars().count())).into(),
        },
        Value::Array(items) if level == LEVELS && !items.is_empty() => {
            less(format!("… ({} items)", items.len())).into()
        }
        Value::Object(members) if level == LEVELS && !members.is_empty() => {
            less(format!("… ({} members)", members.len())).into()
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(ITEMS);
            let more = (more > 0).then(|| less(format!("… and {more} more")));
            let items = items.iter().take(ITEMS).map(|item| outline(item, level + 1, cut));
            items.chain(more.map(Value::String)).collect()
        }
        Value::Object(members) => {
            let more = members.len().saturating_sub(MEMBERS);
            let more = (more > 0).then(|| (String::from("…"), Value::String(less(format!("and {more} more")))));
            let members = members.iter().take(MEMBERS);
            // A name is the caller's where the schema is open.
            let members: Vec<_> = members.map(|(name, value)| (name.clone(), outline(value, level + 1, cut))).collect();
            Map::from_iter(members.into_iter().map(|(name, value)| (short(name, cut), value)).chain(more)).into()
        }
        other => other.clone(),
    }
}

fn short(name: String, cut: &mut bool) -> String {
    match name.char_indices().nth(TEXT) {
        None => name,
        Some((end, _)) => {
            *cut = true;
            format!("{}…", &name[..end])
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(arguments: Value) -> (String, bool) {
        shown(&arguments, |text, limit| text.chars().take(limit).collect())
    }

    #[test]
    fn no_argument_is_so_long_that_it_hides_another() {
        let long = "x".repeat(100_000);
        let many: Map<_, _> = (0..200).map(|n| (format!("a{n:03}"), json!(long))).collect();
        for (arguments, named) in [
            (json!({ "comment": long, "target": "prod" }), "\"target\":\"prod\""),
            (json!({ "comment": [[long, long], [long]], "target": "prod" }), "\"target\":\"prod\""),
            (json!({ "a": vec![0; 5000], "target": "prod" }), "\"target\":\"prod\""),
            (json!({ "a": many, "target": "prod" }), "and 160 more"),
        ] {
            let (text, cut) = of(arguments);
            assert!(cut, "{text}");
            assert!(text.contains(named) || text.chars().count() == LONGEST, "{text}");
        }
    }

    #[test]
    fn what_is_cut_is_said_and_what_is_whole_is_not_called_cut() {
        for (arguments, expected, expected_cut) in [
            (json!({ "query": "milk", "n": 3, "tags": ["a"] }), r#"{"n":3,"query":"milk","tags":["a"]}"#, false),
            (json!({ "t": "ä".repeat(200) }), &*format!(r#"{{"t":"{}"}}"#, "ä".repeat(200)), false),
            (json!({ "t": "ä".repeat(201) }), &*format!(r#"{{"t":"{}… (201 characters)"}}"#, "ä".repeat(200)), true),
            (json!({ "l": vec![1; 22] }), &*format!(r#"{{"l":[{}"… and 2 more"]}}"#, "1,".repeat(20)), true),
            (json!([[[[[[[1]]]]]]]), r#"[[[[[["… (1 items)"]]]]]]"#, true),
            (json!([[[[[[[]]]]]]]), "[[[[[[[]]]]]]]", false),
        ] {
            let (text, cut) = of(steadfast_contract::sorted(arguments));
            assert_eq!((text.as_str(), cut), (expected, expected_cut));
        }
    }
}
