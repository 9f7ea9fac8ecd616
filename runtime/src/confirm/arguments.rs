//! The arguments of a call as whoever confirms it is shown them.
//!
//! Invariant: each argument has a part of the room of its own, and is cut until it fits, so that none can be so long that it
//! hides another; what is cut says so. What is secret is masked before.

use serde_json::{Map, Value};

/// How much of each is shown.
const MOST: Limits = Limits { text: 200, items: 20, members: 40, levels: 6 };
/// How much of a name is: where the schema is open, it is the caller's.
const NAME: usize = 60;
/// How much of all together, in characters.
const LONGEST: usize = 8000;
/// What JSON writes around a name and its value.
const AROUND: usize = 8;

/// How much is shown of one argument.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text: usize,
    items: usize,
    members: usize,
    levels: usize,
}

/// The arguments as JSON, and whether something of them is missing. `shown` makes a text fit to be shown, and cuts it.
pub(super) fn shown(arguments: &Value, shown: impl Fn(&str, usize) -> String) -> (String, bool) {
    let mut cut = false;
    let text = match arguments {
        Value::Object(arguments) => {
            let each = (LONGEST - NAME) / arguments.len().clamp(1, MOST.members);
            let fit = |name: &str, value: &Value, cut: &mut bool| {
                fitted(value, each.saturating_sub(name.chars().count() + AROUND), cut)
            };
            members(arguments, MOST.members, &mut cut, fit)
        }
        other => fitted(other, LONGEST, &mut cut),
    };
    let text = text.to_string();
    cut |= text.chars().count() > LONGEST;
    (shown(&text, LONGEST), cut)
}

/// As much of a value as there is room for.
fn fitted(value: &Value, room: usize, cut: &mut bool) -> Value {
    let mut limits = MOST;
    loop {
        let mut less = false;
        let outlined = outline(value, limits, &mut less);
        if limits.is_least() || outlined.to_string().chars().count() <= room {
            *cut |= less;
            return outlined;
        }
        limits = limits.half();
    }
}

fn outline(value: &Value, limits: Limits, cut: &mut bool) -> Value {
    let mut less = |more: String| {
        *cut = true;
        Value::String(more)
    };
    match value {
        Value::String(text) => match text.char_indices().nth(limits.text) {
            None => value.clone(),
            Some((end, _)) => less(format!("{}… ({} characters)", &text[..end], text.chars().count())),
        },
        Value::Array(items) if limits.levels == 0 && !items.is_empty() => less(format!("… ({} items)", items.len())),
        Value::Object(members) if limits.levels == 0 && !members.is_empty() => {
            less(format!("… ({} members)", members.len()))
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(limits.items);
            let more = (more > 0).then(|| less(format!("… and {more} more")));
            items.iter().take(limits.items).map(|item| outline(item, limits.inner(), cut)).chain(more).collect()
        }
        Value::Object(all) => members(all, limits.members, cut, |_, value, cut| outline(value, limits.inner(), cut)),
        other => other.clone(),
    }
}

/// So many members of an object, each as `shown`.
fn members(
    all: &Map<String, Value>,
    most: usize,
    cut: &mut bool,
    shown: impl Fn(&str, &Value, &mut bool) -> Value,
) -> Value {
    let more = all.len().saturating_sub(most);
    let mut members: Map<String, Value> = all
        .iter()
        .take(most)
        .map(|(name, value)| {
            let name = short(name, cut);
            let value = shown(&name, value, cut);
            (name, value)
        })
        .collect();
    if more > 0 {
        *cut = true;
        members.insert("…".into(), format!("and {more} more").into());
    }
    members.into()
}

fn short(name: &str, cut: &mut bool) -> String {
    match name.char_indices().nth(NAME) {
        None => name.into(),
        Some((end, _)) => {
            *cut = true;
            format!("{}…", &name[..end])
        }
    }
}

impl Limits {
    /// Of what is in a value.
    const fn inner(self) -> Self {
        Self { levels: self.levels - 1, ..self }
    }

    const fn half(self) -> Self {
        Self { text: self.text / 2, items: self.items / 2, members: self.members / 2, levels: self.levels / 2 }
    }

    const fn is_least(self) -> bool {
        self.text == 0
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
            (json!({ "comment": vec![vec![long.clone(); 20]; 20], "target": "prod" }), "\"target\":\"prod\""),
            (json!({ "comment": many, "target": "prod" }), "\"target\":\"prod\""),
            (json!({ long.clone(): many, "target": "prod" }), "\"target\":\"prod\""),
            (json!({ "a": vec![0; 5000], "target": "prod" }), "\"target\":\"prod\""),
            (json!({ "a": many, "target": "prod" }), "and 180 more"),
        ] {
            let (text, cut) = of(arguments);
            assert!(cut, "{text}");
            assert!(text.contains(named), "{text}");
            assert!(text.ends_with('}'), "nothing is cut off at the end: {text}");
        }
    }

    #[test]
    fn each_of_many_long_arguments_is_shown() {
        let arguments: Map<_, _> =
            (0..40).map(|n| (format!("{n:02}{}", "n".repeat(100)), json!(["\"".repeat(500)]))).collect();
        let (text, cut) = of(arguments.into());
        assert!(cut && text.ends_with('}'), "{text}");
        assert!((0..40).all(|n| text.contains(&format!("\"{n:02}n"))), "{text}");
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
