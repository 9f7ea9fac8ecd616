//! Text that is too long for one who reads it: cut, with a mark that says so.

use rmcp::model::MetaObject;
use serde_json::json;

use crate::names::meta;

/// Cuts a text of more than `most` bytes at a character, and says in the text and in the `_meta` beside it how much
/// of it is there. The mark comes on top of `most`.
pub(super) fn bound(text: &mut String, beside: &mut Option<MetaObject>, most: usize) {
    let all = text.len();
    if all <= most {
        return;
    }
    let shown = text.floor_char_boundary(most);
    text.truncate(shown);
    text.push_str(&format!("\u{2026} [truncated: {} of {} bytes shown]", grouped(shown), grouped(all)));
    text.shrink_to_fit();
    let about = json!({ "shownBytes": shown, "totalBytes": all });
    beside.get_or_insert_default().0.insert(meta::TRUNCATED.into(), about);
}

/// `12,345`
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use rmcp::model::TextContent;
    use serde_json::json;

    use super::{bound, grouped};
    use crate::names::meta;

    #[test]
    fn a_text_is_cut_at_a_character_and_says_how_much_is_there() {
        let mut block = TextContent::new("a\u{e9}".repeat(1000));
        bound(&mut block.text, &mut block.meta, 1001);
        assert!(block.text.ends_with("a\u{2026} [truncated: 1,000 of 3,000 bytes shown]"), "{}", block.text);
        assert_eq!(block.meta.unwrap().0[meta::TRUNCATED], json!({ "shownBytes": 1000, "totalBytes": 3000 }));
        let mut whole = TextContent::new("a".repeat(1001));
        bound(&mut whole.text, &mut whole.meta, 1001);
        assert_eq!((whole.text.len(), whole.meta), (1001, None));
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
