//! Text on its way out: what is cleaned, and what is masked.

use std::sync::LazyLock;

use serde_json::Value;

use super::{input, watch::without_panics};
use crate::{
    hygiene::{self, Hygiene},
    secrets::Secrets,
};

const SECRET: &str = "hidden-hunter2";

static HYGIENE: LazyLock<Hygiene> =
    LazyLock::new(|| Hygiene::default().with(Secrets::of(&"acme".into(), &"alice".into(), &[SECRET.into()])));

/// Text as it comes out of a tool: what is left has nothing that nobody sees, no known secret and no link that a program
/// would run; cleaning it again changes nothing. What is there of JSON is as clean in each of its strings.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    without_panics(|| {
        let visible = hygiene::visible(&text);
        assert!(visible.len() <= text.len(), "{text:?} has become longer");
        let clean = HYGIENE.text(&text);
        is_clean(&clean);
        // A link that is made harmless takes two bytes, and one is at least five long; a secret gives way to fewer.
        assert!(clean.len() <= 2 * text.len() + 2, "{text:?} has become much longer");
        if let Some(members) = input::object(data) {
            let mut value = Value::Object(members);
            HYGIENE.value(&mut value);
            each(&value);
        }
    });
}

fn each(value: &Value) {
    match value {
        Value::String(text) => is_clean(text),
        Value::Array(items) => items.iter().for_each(each),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            is_clean(name);
            each(member);
        }),
        _ => {}
    }
}

fn is_clean(text: &str) {
    assert_eq!(HYGIENE.text(text), text, "cleaning it again changes it");
    assert!(!text.contains(SECRET), "{text:?} has a secret");
    let found = text.chars().find(|character| is_hidden(*character));
    assert_eq!(found, None, "{text:?}");
    let rows = ["\u{200d}\u{200d}", "\u{200c}\u{200c}", "\u{fe0f}\u{fe0f}", "\u{fe0e}\u{fe0f}"];
    assert!(!rows.iter().any(|row| text.contains(row)), "{text:?} hides something in a row");
    let lower = text.to_ascii_lowercase();
    for link in ["](javascript:", "](data:", "](vbscript:", "<javascript:", "]( javascript:"] {
        assert!(!lower.contains(link), "{text:?} has a link that runs");
    }
}

/// What a person does not see, or what turns around what they see; joiners and the selectors of emoji are left where
/// text needs them.
fn is_hidden(character: char) -> bool {
    (character.is_control() && character != '\n' && character != '\t')
        || matches!(u32::from(character),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x180e | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e
            | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0d | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}
