//! How a secret can be written: as it is, and as the usual encodings write it.

use zeroize::Zeroizing;

use crate::hygiene;

/// What is shorter is not looked for: it would be found in words.
pub(super) const LEAST: usize = 6;

/// Lines of a secret are looked for alone where they are this long: part of a key is enough to be harmful.
const LEAST_LINE: usize = 20;

/// Every form that is looked for, without doubles.
pub(super) fn all(secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms: Vec<Zeroizing<String>> = Vec::new();
    let mut add = |form: String| {
        let form = Zeroizing::new(form);
        if form.len() >= LEAST {
            forms.push(form);
        }
    };
    let lines = secret.lines().map(str::trim).filter(|line| line.len() >= LEAST_LINE && !line.starts_with("-----"));
    for text in [secret, secret.trim()].into_iter().chain(lines) {
        let json = inside_quotes(serde_json::to_string(text).unwrap_or_default());
        add(inside_quotes(serde_json::to_string(&json).unwrap_or_default()));
        add(json);
        add(inside_quotes(format!("{text:?}")));
        add(percent(text, false));
        add(percent(text, true));
        add(percent(text, false).replace("%20", "+"));
        // What leaves is cleaned before it is masked.
        add(hygiene::visible(text).into_owned());
        add(text.to_owned());
    }
    for url in [false, true] {
        (0..3).for_each(|offset| add(base64(secret.as_bytes(), offset, url)));
    }
    add(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
    add(secret.bytes().map(|byte| format!("{byte:02X}")).collect());
    forms.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    forms.dedup_by(|one, other| one.as_str() == other.as_str());
    forms
}

fn inside_quotes(text: String) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned).unwrap_or(text)
}

/// Percent-encoded (RFC 3986) but for what is unreserved.
fn percent(text: &str, lower: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            byte if lower => encoded.push_str(&format!("%{byte:02x}")),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What base64 (RFC 4648) makes of it behind `offset` other bytes (0 to 2), without what depends on those around it.
fn base64(bytes: &[u8], offset: usize, url: bool) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |sextet: usize| match (sextet, url) {
        (62, false) => '+',
        (62, true) => '-',
        (63, false) => '/',
        (63, true) => '_',
        (index, _) => char::from(LETTERS[index]),
    };
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    // The first whole sextet begins so many bits after the first byte.
    let skipped = (6 - offset * 8 % 6) % 6;
    let whole = (bytes.len() * 8).saturating_sub(skipped) / 6;
    (0..whole).map(|index| letter((0..6).fold(0, |sextet, at| sextet << 1 | bit(skipped + index * 6 + at)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_is_known() {
        let forms = all("p\u{e4}ss w\"rd/1+\\");
        let has = |form: &str| forms.iter().any(|known| **known == *form);
        for form in [
            "p\u{e4}ss w\"rd/1+\\",
            "p\u{e4}ss w\\\"rd/1+\\\\",
            "p\u{e4}ss w\\\\\\\"rd/1+\\\\\\\\",
            "p%C3%A4ss%20w%22rd%2F1%2B%5C",
            "p%c3%a4ss%20w%22rd%2f1%2b%5c",
            "p%C3%A4ss+w%22rd%2F1%2B%5C",
            "70c3a4737320772272642f312b5c",
            "70C3A4737320772272642F312B5C",
        ] {
            assert!(has(form), "{form} {forms:?}");
        }
        assert_eq!(all("hunter2").iter().filter(|form| form.as_str() == "hunter2").count(), 1);
    }

    #[test]
    fn base64_is_known_wherever_the_secret_stands_in_it() {
        // base64 of "hunter2!", "ahunter2!", "abhunter2!" and each with "z" behind.
        for whole in
            ["aHVudGVyMiE=", "YWh1bnRlcjIh", "YWJodW50ZXIyIQ==", "aHVudGVyMiF6", "YWh1bnRlcjIheg==", "YWJodW50ZXIyIXo="]
        {
            let found = (0..3).any(|offset| whole.contains(&base64(b"hunter2!", offset, false)));
            assert!(found, "{whole}");
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf], 0, false), "+/+/");
        assert_eq!(base64(&[0xfb, 0xff, 0xbf], 0, true), "-_-_");
    }

    #[test]
    fn lines_of_a_key_are_known_alone() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nshort\n-----END KEY-----\n";
        let forms = all(key);
        assert!(forms.iter().any(|form| form.as_str() == "MIIEvQIBADANBgkqhkiG9w0BAQ"));
        assert!(!forms.iter().any(|form| form.as_str() == "-----BEGIN KEY-----" || form.as_str() == "short"));
    }
}
