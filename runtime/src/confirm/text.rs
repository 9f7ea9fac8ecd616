//! Text from anywhere as a person may be shown it before saying yes.
//!
//! Invariant: nothing in it moves a cursor, changes the direction of what follows, or takes a place without being seen:
//! what is shown is what is there.

/// The text on one line, with what can't be seen taken out, and no more than `limit` characters of it.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let mut shown = text.chars().filter_map(|character| match character {
        _ if is_hidden(character) => None,
        _ if character.is_control() || character.is_whitespace() => Some(' '),
        _ => Some(character),
    });
    let mut cleaned: String = shown.by_ref().take(limit).collect();
    if shown.next().is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Format characters (Unicode category Cf) and others without a shape: zero-width, directional, tags, variation.
const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}'..='\u{891}'
            | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_seen_is_taken_out_and_what_moves_is_a_space() {
        for (text, shown) in [
            ("plain äöü 漢字", "plain äöü 漢字"),
            ("a\u{1b}[2Jb", "a [2Jb"),
            ("two\nlines\r\tmore\u{2028}x", "two lines  more x"),
            ("gnp.\u{202E}exe", "gnp.exe"),
            ("ze\u{200B}ro\u{FEFF}\u{2066}w\u{E0041}", "zerow"),
        ] {
            assert_eq!(clean(text, 100), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(clean("12345", 5), "12345");
        assert_eq!(clean("123456", 5), "12345…");
        assert_eq!(clean("12345\u{200B}", 5), "12345");
    }
}
