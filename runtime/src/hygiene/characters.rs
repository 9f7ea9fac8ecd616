//! Characters that people can't see, or that make them see something else: taken out.
//!
//! - Control characters but line feed and tab, terminal escape sequences as a whole.
//! - Bidirectional controls, zero-width and other invisible characters, tags, variation selectors.
//! - Line and paragraph separators become line feeds.
//!
//! What is kept, since text needs it: a zero-width joiner between two emoji or after a letter of a script that joins
//! (Arabic, Syriac, N'Ko, Mongolian, and the scripts of India, Burma and Cambodia), a zero-width non-joiner after such a
//! letter, and the selectors of emoji and text presentation after what they can stand after. None of them follows
//! another, so that nothing can be hidden in a row of them.
//!
//! Invariant: cleaning twice is cleaning once, the result is never longer, and clean text costs no allocation.

use std::borrow::Cow;

/// The text without them.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut kept = String::new();
    // `text[..copied]` is in `kept`, and `text[..at]` was looked at.
    let (mut copied, mut at) = (0, 0);
    let mut before = None;
    while let Some(ahead) = notable(&bytes[at..]) {
        let start = at + ahead;
        if ahead > 0 {
            before = text[at..start].chars().next_back();
        }
        let rest = &text[start..];
        let ordinary = rest.find(|character| !is_ordinary(character)).unwrap_or(rest.len());
        if ordinary > 0 {
            before = rest[..ordinary].chars().next_back();
            at = start + ordinary;
            continue;
        }
        let mut characters = rest.chars();
        let Some(character) = characters.next() else { break };
        let verdict = judge(before, character, characters.next(), rest);
        at = start + character.len_utf8();
        match verdict {
            Verdict::Keep => before = Some(character),
            Verdict::Drop(length) => {
                kept.push_str(&text[copied..start]);
                at = start + length;
                copied = at;
            }
            Verdict::Break => {
                kept.push_str(&text[copied..start]);
                kept.push('\n');
                copied = at;
                before = Some('\n');
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[copied..]);
    Cow::Owned(kept)
}

/// What most text is made of, to be passed over fast; all of it is kept.
fn is_ordinary(character: char) -> bool {
    matches!(character,
        '\n' | '\t' | ' '..='~'
        | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}'     // Latin
        | '\u{370}'..='\u{5ff}'                          // Greek, Cyrillic, Armenian, Hebrew
        | '\u{3000}'..='\u{3163}' | '\u{3165}'..='\u{a4cf}' // Kana, Bopomofo, Chinese, Yi
        | '\u{ac00}'..='\u{d7a3}'                         // Hangul
    )
}

enum Verdict {
    Keep,
    /// So many bytes.
    Drop(usize),
    /// A line feed in its place.
    Break,
}

/// Where the first byte is that is no printable ASCII, line feed or tab. Soon, one by one: in text of other scripts they
/// are near. Then in blocks, without a branch for each byte, so that plain text costs as good as nothing.
fn notable(bytes: &[u8]) -> Option<usize> {
    const NEAR: usize = 16;
    const BLOCK: usize = 64;
    let is = |byte: &u8| !(b' '..0x7f).contains(byte) && *byte != b'\n' && *byte != b'\t';
    let (near, far) = bytes.split_at(bytes.len().min(NEAR));
    if let Some(at) = near.iter().position(is) {
        return Some(at);
    }
    let start = far.chunks(BLOCK).position(|block| block.iter().fold(false, |any, byte| any | is(byte)))? * BLOCK;
    far[start..].iter().position(is).map(|at| NEAR + start + at)
}

fn judge(before: Option<char>, character: char, after: Option<char>, rest: &str) -> Verdict {
    let alone = Verdict::Drop(character.len_utf8());
    match character {
        '\u{1b}' | '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}' => Verdict::Drop(sequence(rest)),
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => alone,
        '\u{2028}' | '\u{2029}' => Verdict::Break,
        '\u{200d}' => {
            let emoji = before.is_some_and(ends_emoji) && after.is_some_and(is_emoji);
            if emoji || before.is_some_and(joins) { Verdict::Keep } else { alone }
        }
        '\u{200c}' if before.is_some_and(joins) => Verdict::Keep,
        '\u{fe0e}' | '\u{fe0f}' if before.is_some_and(|before| is_emoji(before) || is_keycap(before)) => Verdict::Keep,
        // Mongolian's own selectors, which choose the form of a letter.
        '\u{180b}'..='\u{180d}' | '\u{180f}' if before.is_some_and(joins) => Verdict::Keep,
        _ if is_invisible(character) => alone,
        _ => Verdict::Keep,
    }
}

/// What shows nothing, or turns the text around it.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}'                        // soft hyphen
        | '\u{34f}'                     // combining grapheme joiner
        | '\u{61c}'                     // Arabic letter mark
        | '\u{115f}' | '\u{1160}'       // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'       // Khmer inherent vowels
        | '\u{180b}'..='\u{180f}'       // Mongolian selectors and vowel separator
        | '\u{200b}'..='\u{200f}'       // zero-width space and joiners, marks of direction
        | '\u{202a}'..='\u{202e}'       // embeddings and overrides
        | '\u{2060}'..='\u{206f}'       // word joiner, invisible operators, isolates
        | '\u{3164}' | '\u{ffa0}'       // Hangul fillers
        | '\u{fe00}'..='\u{fe0f}'       // variation selectors
        | '\u{feff}'                    // byte order mark
        | '\u{fff0}'..='\u{fffb}'       // annotations
        | '\u{1bca0}'..='\u{1bca3}'     // shorthand controls
        | '\u{1d173}'..='\u{1d17a}'     // musical controls
        | '\u{e0000}'..='\u{e0fff}'     // tags and further variation selectors
    )
}

/// What a joiner may stand before: pictures, and the symbols that are drawn as such.
fn is_emoji(character: char) -> bool {
    matches!(character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}'
    )
}

/// What a joiner may stand after; colours of skin are among the pictures.
fn ends_emoji(character: char) -> bool {
    is_emoji(character) || character == '\u{fe0f}'
}

fn is_keycap(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '#' | '*')
}

/// Letters and marks of scripts whose letters join or have half forms.
fn joins(character: char) -> bool {
    matches!(character,
        '\u{620}'..='\u{74f}' | '\u{750}'..='\u{7ff}' | '\u{860}'..='\u{dff}' | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17b3}' | '\u{17b6}'..='\u{17ff}' | '\u{1820}'..='\u{18af}'
        | '\u{a840}'..='\u{a87f}' | '\u{a8e0}'..='\u{a8ff}' | '\u{a980}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{11000}'..='\u{11fff}'
    )
}

/// How long the escape sequence is that the text starts with (ECMA-48). A string that does not end is only its start.
fn sequence(text: &str) -> usize {
    let mut characters = text.chars();
    let first = characters.next();
    let (introducer, start) = match first {
        Some('\u{1b}') => match characters.next() {
            Some(second @ '\u{20}'..='\u{7e}') => (second, 2),
            _ => return 1,
        },
        // The same in one character: U+009B for ESC [.
        Some(single) => (char::from_u32(u32::from(single) - 0x40).unwrap_or(single), single.len_utf8()),
        None => return 0,
    };
    let body = &text.as_bytes()[start..];
    let run = |from: usize, of: std::ops::RangeInclusive<u8>| {
        body[from..].iter().take_while(|byte| of.contains(byte)).count() + from
    };
    let ending =
        |at: usize, of: std::ops::RangeInclusive<u8>| at + usize::from(body.get(at).is_some_and(|b| of.contains(b)));
    match introducer {
        '[' => start + ending(run(run(0, 0x30..=0x3f), 0x20..=0x2f), 0x40..=0x7e),
        ']' | 'P' | 'X' | '^' | '_' => start + string(&text[start..]),
        ' '..='/' => start + ending(run(0, 0x20..=0x2f), 0x30..=0x7e),
        _ => start,
    }
}

/// How long a string of a sequence is with its end; 0 where it has none. Another control character ends the search, so
/// that no text is looked at twice.
fn string(text: &str) -> usize {
    let control =
        text.char_indices().find(|(_, character)| character.is_control() && !matches!(character, '\t' | '\n'));
    match control {
        Some((at, '\u{7}')) => at + 1,
        Some((at, '\u{9c}')) => at + 2,
        Some((at, '\u{1b}')) if text[at..].starts_with("\u{1b}\\") => at + 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::clean;

    #[test]
    fn what_nobody_sees_is_taken_out_and_the_rest_is_kept() {
        for (text, expected) in [
            ("a\tb\nc", "a\tb\nc"),
            ("a\r\nb\rc\0d\u{7f}e\u{85}f", "a\nbcdef"),
            ("\u{1b}[31mred\u{1b}[0m \u{1b}[1;38;5;4mx\u{1b}[m", "red x"),
            ("\u{9b}31mred\u{9b}0m", "red"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;https://x\u{1b}\\b\u{9d}0;t\u{9c}c", "abc"),
            ("\u{1b}P1$r0m\u{1b}\\a\u{1b}_apc\u{1b}\\b", "ab"),
            ("\u{1b}(Ba\u{1b}#8b\u{1b}cc\u{1b}", "abc"),
            ("\u{1b}]never ends", "never ends"),
            ("\u{1b}[31", ""),
            ("\u{1b}[31\u{e9}", "\u{e9}"),
            ("\u{1b}\u{e9}", "\u{e9}"),
            ("a\u{202e}b\u{2066}c\u{2069}d\u{200e}e\u{200f}f\u{61c}g", "abcdefg"),
            ("p\u{200b}a\u{2060}y\u{feff}p\u{ad}a\u{2064}l\u{180e}\u{3164}", "paypal"),
            ("\u{e0049}\u{e0067}x\u{e007f}\u{e0100}y\u{fe00}", "xy"),
            ("a\u{2028}b\u{2029}c", "a\nb\nc"),
            // A family, a flag of two letters, a keycap, a heart, an astronaut with a colour of skin.
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"),
            (
                "\u{1f1e9}\u{1f1ea} 1\u{fe0f}\u{20e3} \u{2764}\u{fe0f}",
                "\u{1f1e9}\u{1f1ea} 1\u{fe0f}\u{20e3} \u{2764}\u{fe0f}",
            ),
            ("\u{1f469}\u{1f3fd}\u{200d}\u{1f680}", "\u{1f469}\u{1f3fd}\u{200d}\u{1f680}"),
            ("\u{2764}\u{fe0f}\u{200d}\u{1f525}", "\u{2764}\u{fe0f}\u{200d}\u{1f525}"),
            // Persian, Hindi.
            ("\u{645}\u{6cc}\u{200c}\u{62e}", "\u{645}\u{6cc}\u{200c}\u{62e}"),
            ("\u{915}\u{94d}\u{200d}\u{937}", "\u{915}\u{94d}\u{200d}\u{937}"),
            // The same where they join nothing, or come in rows.
            ("a\u{200d}b\u{200c}c", "abc"),
            ("\u{1f468}\u{200d}", "\u{1f468}"),
            ("\u{1f468}\u{200d}x", "\u{1f468}x"),
            ("\u{6cc}\u{200c}\u{200d}\u{200c}\u{62e}", "\u{6cc}\u{200c}\u{62e}"),
            ("\u{2764}\u{fe0f}\u{fe0f}\u{fe0e}x\u{fe0f}", "\u{2764}\u{fe0f}x"),
            (
                "\u{4f60}\u{597d} \u{3b1}\u{3b2} \u{43f} \u{e9}\u{301}",
                "\u{4f60}\u{597d} \u{3b1}\u{3b2} \u{43f} \u{e9}\u{301}",
            ),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    /// Characters that are taken out, kept by a rule, or make up what is; and some others.
    fn hostile() -> impl Strategy<Value = String> {
        let special = prop::sample::select(
            "\u{1b}\u{1b}[]P_\\;m0\u{7}\u{9b}\u{9d}\u{9c}\u{200d}\u{200c}\u{200b}\u{fe0f}\u{fe0e}\u{fe00}\u{1f468}\u{2764}\u{6cc}\u{915}1#x\n\t\r\u{202e}\u{2028}\u{e0041}\u{ad}\u{180b}\u{1820}"
                .chars()
                .collect::<Vec<_>>(),
        );
        prop::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..40).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once_and_makes_nothing_longer(text in hostile()) {
            let once = clean(&text).into_owned();
            prop_assert!(once.len() <= text.len());
            prop_assert!(matches!(clean(&once), Cow::Borrowed(_)), "{:?} -> {:?} -> {:?}", text, once, clean(&once));
        }

        #[test]
        fn nothing_that_steers_a_terminal_or_turns_text_around_is_left(text in hostile()) {
            let clean = clean(&text);
            let steers = |c: char| (c.is_control() && c != '\n' && c != '\t')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                    | '\u{61c}' | '\u{feff}' | '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{e0000}'..='\u{e0fff}');
            prop_assert!(!clean.contains(steers), "{:?}", clean);
            let rows = ["\u{200d}\u{200d}", "\u{fe0f}\u{fe0f}"].iter().any(|row| clean.contains(row));
            prop_assert!(!rows, "{:?}", clean);
        }

        #[test]
        fn printable_ascii_is_not_touched(text in "[ -~\n\t]{0,300}") {
            prop_assert!(matches!(clean(&text), Cow::Borrowed(_)));
        }
    }
}
