//! Links that lead somewhere else than to a page: shown, and not to be followed.
//!
//! A link whose scheme is not on the list gets parentheses around its colon, `javascript(:)alert(1)`, so that a person
//! sees what it was and no program follows it. Looked at are the inline links and images of Markdown (CommonMark 0.31,
//! section 6.3), its definitions of links, and what stands in angle brackets. Definitions and angle brackets are also
//! how much else is written (`[INFO]: done`, `Vec<dc::Title>`), so there only what surely is a link is changed: a scheme
//! before `//`, or one that browsers run.
//!
//! Parentheses and not the usual square brackets, which would end the text of a link that goes on behind them.
//!
//! What it does not do: HTML. Who shows results as HTML has to clean them for that.

use std::borrow::Cow;

/// Schemes that browsers run or that show what is in the link itself.
const ACTIVE: [&str; 6] = ["javascript", "vbscript", "data", "blob", "file", "livescript"];

/// How much before the colon of a link is looked at.
const LONGEST: usize = 256;

/// The text with links of other schemes made harmless.
pub(super) fn defang<'a>(text: &'a str, allowed: &[String]) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    let mut safe = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(ahead) = memchr::memchr2(b']', b'<', &bytes[at..]) {
        let here = at + ahead;
        at = here + 1;
        let Some((target, sure)) = target(text, here) else { continue };
        let wrong = if sure { wrong } else { surely_wrong };
        let Some(place) = wrong(&text[target..], allowed) else { continue };
        let place = target + place;
        safe.push_str(&text[copied..place]);
        safe.push('(');
        safe.push_str(&text[place..=place]);
        safe.push(')');
        copied = place + 1;
        at = at.max(copied);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    safe.push_str(&text[copied..]);
    Cow::Owned(safe)
}

/// The same for the identifier of a resource, which has schemes of its own: only those that browsers run are refused.
pub(super) fn defang_identifier<'a>(uri: &'a str, allowed: &[String]) -> Cow<'a, str> {
    let Some((scheme, rest)) = uri.split_once(':') else { return Cow::Borrowed(uri) };
    let scheme: String = scheme.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    // Servers have files as resources (MCP 2026-07-28, server/resources).
    let runs = ACTIVE.contains(&scheme.as_str()) && scheme != "file";
    if runs && !allowed.contains(&scheme) { Cow::Owned(format!("{scheme}(:){rest}")) } else { Cow::Borrowed(uri) }
}

/// The same for a page that a person is sent to: every other scheme is refused.
pub(super) fn defang_page<'a>(url: &'a str, allowed: &[String]) -> Cow<'a, str> {
    let Some((written, rest)) = url.split_once(':') else { return Cow::Borrowed(url) };
    // It was made harmless before.
    if written.ends_with('(') && rest.starts_with(')') || allowed.contains(&written.to_ascii_lowercase()) {
        return Cow::Borrowed(url);
    }
    Cow::Owned(format!("{written}(:){rest}"))
}

/// Where a link's target begins, and whether it surely is one, for a bracket that could introduce it.
fn target(text: &str, bracket: usize) -> Option<(usize, bool)> {
    let after = &text[bracket + 1..];
    let skipped = |rest: &str| {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n']);
        let opened = trimmed.strip_prefix('<').unwrap_or(trimmed);
        text.len() - opened.len()
    };
    if text.as_bytes()[bracket] == b'<' {
        return Some((bracket + 1, false));
    }
    match after.as_bytes().first()? {
        b'(' => Some((skipped(&after[1..]), true)),
        b':' => Some((skipped(&after[1..]), false)),
        _ => None,
    }
}

/// Where the character is that makes a link's scheme one that is not allowed: its colon, or what a reader of Markdown
/// could turn into one.
fn wrong(target: &str, allowed: &[String]) -> Option<usize> {
    let ends = |byte: u8| matches!(byte, b':' | b'/' | b'?' | b'#' | b')' | b'>' | b'&' | b'\\' | b'"');
    let at = target.bytes().take(LONGEST).position(ends)?;
    let head = &target[..at];
    // It was made harmless before; the parenthesis before it may be the one that begins the target.
    if (head.is_empty() || head.ends_with('(')) && target[at + 1..].starts_with(')') {
        return None;
    }
    match target.as_bytes()[at] {
        b':' => {}
        // `&colon;`, `&#58;` and `\:` are colons where Markdown is read.
        b'&' | b'\\' => return (!head.contains(' ')).then_some(at),
        _ => return None,
    }
    let scheme: String = head.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    (!scheme.is_empty() && !allowed.contains(&scheme)).then_some(at)
}

/// The same for what may be no link: it is one if it is, as Markdown is read, a scheme before `//` or one that browsers
/// run.
fn surely_wrong(target: &str, allowed: &[String]) -> Option<usize> {
    let (mut scheme, mut at) = (String::new(), 0);
    while scheme.len() < LONGEST {
        let (read, length) = first(&target[at..])?;
        match read {
            ':' => break,
            '/' | '?' | '#' | ')' | '>' | '"' => return None,
            // Browsers take them out.
            _ if read.is_whitespace() || read.is_control() => {}
            _ => scheme.push(read.to_ascii_lowercase()),
        }
        at += length;
    }
    let (_, colon) = first(&target[at..]).filter(|(read, _)| *read == ':')?;
    let is_scheme =
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let leads = || {
        let (slash, length) = first(&target[at + colon..])?;
        Some((slash, first(&target[at + colon + length..])?.0) == ('/', '/'))
    };
    let surely = is_scheme && (ACTIVE.contains(&scheme.as_str()) || leads() == Some(true));
    (surely && !allowed.contains(&scheme)).then_some(at)
}

/// The first character as Markdown is read (CommonMark 0.31, sections 2.4 and 2.5), and how many bytes it takes. Of the
/// entities with names only those are read that stand for what may be in or behind a scheme.
fn first(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 5] =
        [("&colon;", ':'), ("&Tab;", '\t'), ("&NewLine;", '\n'), ("&sol;", '/'), ("&amp;", '&')];
    if let Some(escaped) =
        text.strip_prefix('\\').and_then(|rest| rest.chars().next()).filter(char::is_ascii_punctuation)
    {
        return Some((escaped, 2));
    }
    if let Some((name, character)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((*character, name.len()));
    }
    numbered(text).or_else(|| text.chars().next().map(|plain| (plain, plain.len_utf8())))
}

/// `&#58;` or `&#x3a;`; browsers read it without the semicolon, too.
fn numbered(text: &str) -> Option<(char, usize)> {
    let number = text.strip_prefix("&#")?;
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
    let count = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let character = char::from_u32(u32::from_str_radix(&digits[..count], radix).ok()?)?;
    let rest = &digits[count..];
    Some((character, text.len() - rest.strip_prefix(';').unwrap_or(rest).len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{defang, defang_identifier};

    fn allowed() -> Vec<String> {
        ["https", "http", "mailto"].map(str::to_owned).into()
    }

    #[test]
    fn links_of_other_schemes_can_be_read_and_not_followed() {
        for (text, expected) in [
            ("[x](javascript:alert(1))", "[x](javascript(:)alert(1))"),
            ("![x](data:text/html;base64,AAAA)", "![x](data(:)text/html;base64,AAAA)"),
            ("[x]( <JavaScript:alert(1)> )", "[x]( <JavaScript(:)alert(1)> )"),
            ("[x](<java\tscript:alert(1)>)", "[x](<java\tscript(:)alert(1)>)"),
            ("[x](javascript&colon;alert(1))", "[x](javascript(&)colon;alert(1))"),
            ("[x](&#106;avascript:alert(1))", "[x]((&)#106;avascript:alert(1))"),
            ("[x](javascript\\:alert(1))", "[x](javascript(\\):alert(1))"),
            ("[x](vscode://file/a)", "[x](vscode(:)//file/a)"),
            ("<vbscript:x> <vscode://a>", "<vbscript(:)x> <vscode(:)//a>"),
            ("[1]: javascript:alert(1)\n[2]:\n<data:,x>", "[1]: javascript(:)alert(1)\n[2]:\n<data(:),x>"),
            ("[1]: javascript&colon;alert(1)", "[1]: javascript(&)colon;alert(1)"),
            ("[1]: javascript\\:alert(1)", "[1]: javascript(\\):alert(1)"),
            ("[1]: java&Tab;script&#0058;x", "[1]: java&Tab;script(&)#0058;x"),
            ("[1]:\n<&#x6A;avascript:x>", "[1]:\n<&#x6A;avascript(:)x>"),
            ("[1]: &#106avascript:x", "[1]: &#106avascript(:)x"),
            ("[1]: vscode&colon;&sol;\\/a", "[1]: vscode(&)colon;&sol;\\/a"),
            ("[x](javascript:(javascript:1))", "[x](javascript(:)(javascript:1))"),
            ("](](javascript:1)", "](](javascript(:)1)"),
            ("[a](x:1)[b](y:2)", "[a](x(:)1)[b](y(:)2)"),
            ("[x](a]&n;)", "[x](a](&)n;)"),
        ] {
            assert_eq!(defang(text, &allowed()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_allowed_and_what_is_no_link_is_left_alone() {
        for text in [
            "[x](https://a.example/b:c) [y](HTTP://a) <mailto:a@b.c>",
            "[x](/a:b) [y](#a:b) [z](?a:b) [w](a/b:c) [v]()",
            "Vec<std::string::String> <dc:title>x</dc:title> a<b:c>",
            "[INFO]: error: it failed\n[a]: std::vec",
            "[INFO]: a & b: c\n[1]: https&colon;//a.example\n[R&D]: d&d \\ data &#9999999999; &#;",
            "a[0]: i64, b: c] (d:e) javascript:alert(1)",
            "<p>text</p> 1 < 2: yes",
            "](](&) [x](\\)",
        ] {
            assert_eq!(defang(text, &allowed()), text);
        }
        let long = format!("[1]: {}x//y", "a".repeat(super::LONGEST));
        assert_eq!(defang(&long, &allowed()), long);
    }

    #[test]
    fn resources_keep_their_own_schemes_but_those_that_run() {
        for uri in ["notes://1", "file:///a", "test:x", "https://a", "urn:a:b", "none"] {
            assert_eq!(defang_identifier(uri, &allowed()), uri);
        }
        assert_eq!(defang_identifier("java\nscript:alert(1)", &allowed()), "javascript(:)alert(1)");
        assert_eq!(defang_identifier("data:,x", &["data".into()]), "data:,x");
    }

    proptest! {
        #[test]
        fn doing_it_twice_is_doing_it_once(text in "([\\[\\]()<>:&\\\\/ \n]|javascript|https|x|//|\\]: |&colon;|&#58;|&#106;){0,20}") {
            let once = defang(&text, &allowed()).into_owned();
            prop_assert_eq!(&*defang(&once, &allowed()), &*once);
        }
    }
}
