//! Where a finding is: the file of the lock, the line, the JSON pointer in that file.

use steadfast_contract::{Finding, Lock, LockSet, Part, Published};

use super::{files::Files, report::Item};

/// What places are looked up in.
pub(super) struct Places<'a> {
    pub(super) published: &'a Published,
    pub(super) lock: &'a LockSet,
    pub(super) files: &'a Files,
}

impl Places<'_> {
    /// The finding with its place.
    pub(super) fn of(&self, finding: Finding) -> Item {
        if finding.part == Part::Lock {
            return self.of_a_file(finding);
        }
        let tool = finding.tool.clone().unwrap_or_default();
        let source = self.published.tools.iter().find(|published| published.name == tool);
        let current = source.and_then(|tool| tool.version.split('.').next()?.parse::<u64>().ok());
        let newest = self.lock.tools.get(&tool).and_then(|majors| majors.keys().last().copied());
        let older = finding.pointer.strip_prefix("/history/").and_then(|rest| rest.split('/').next()?.parse().ok());
        let major: u64 = older.or(current).or(newest).unwrap_or_default();
        let pointer = match (finding.part, finding.pointer.as_str()) {
            (Part::Input, pointer) => format!("/definition/inputSchema{pointer}"),
            (Part::Output, pointer) => format!("/definition/outputSchema{pointer}"),
            (_, pointer) => match pointer.strip_prefix("/history/") {
                Some(rest) => rest.split_once('/').map_or("/lifecycle".into(), |(_, key)| format!("/lifecycle/{key}")),
                None => pointer.to_owned(),
            },
        };
        let file = Lock::path(&tool, major);
        let text = self.files.lock.get(&file);
        // Descriptions and promises are a level deeper than a tool's pointers say.
        let places = ["", "/definition", "/promises"].map(|around| format!("{around}{pointer}"));
        let exact = places.iter().find(|place| text.is_some_and(|text| line(text, place).1)).cloned();
        let pointer = exact.unwrap_or(pointer);
        let line = text.map(|text| line(text, &pointer).0);
        Item { label: format!("{tool}@{major}"), file, line, pointer, finding }
    }

    /// A finding of the lock names its file itself: `path`, `path:line` or `path#pointer`.
    fn of_a_file(&self, finding: Finding) -> Item {
        let place = finding.pointer.as_str();
        let (file, pointer) = place.split_once('#').unwrap_or((place, ""));
        let (file, number) = match file.split_once(':') {
            Some((file, number)) => (file, number.parse().ok()),
            None => (file, None),
        };
        let text = self.files.lock.get(file).filter(|_| !pointer.is_empty());
        let line = number.or_else(|| text.map(|text| line(text, pointer).0));
        let label = match (&finding.tool, file.trim_end_matches(".json").rsplit('/').next()) {
            (Some(tool), Some(major)) if major.parse::<u64>().is_ok() => format!("{tool}@{major}"),
            (Some(tool), _) => tool.clone(),
            (None, _) => String::new(),
        };
        Item { label, file: file.to_owned(), line, pointer: pointer.to_owned(), finding }
    }
}

/// The line, from 1, on which a pointer's value begins in a JSON text, or that of the nearest value around it, and
/// whether it is the value's own.
fn line(text: &str, pointer: &str) -> (usize, bool) {
    let mut names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    let mut scan = Scan { text: text.as_bytes(), at: 0 };
    scan.space();
    let mut found = scan.at;
    let exact = names.all(|name| {
        let there = scan.enter(&name);
        found = if there { scan.at } else { found };
        there
    });
    let before = text.as_bytes().iter().take(found);
    (before.filter(|byte| **byte == b'\n').count() + 1, exact)
}

/// Reads just enough of JSON to find members; what is no JSON ends the search.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// Goes from the beginning of a value to the beginning of one of its members.
    fn enter(&mut self, name: &str) -> bool {
        let object = match self.peek() {
            Some(b'{') => true,
            Some(b'[') => false,
            _ => return false,
        };
        self.at += 1;
        for index in 0.. {
            self.space();
            if matches!(self.peek(), None | Some(b'}' | b']')) {
                return false;
            }
            let here = if object {
                let from = self.at;
                self.skip();
                let key = self.text.get(from..self.at).and_then(|key| serde_json::from_slice::<String>(key).ok());
                self.space();
                self.at += 1;
                self.space();
                key.as_deref() == Some(name)
            } else {
                name.parse() == Ok(index)
            };
            if here {
                return true;
            }
            self.skip();
            self.space();
            if self.peek() != Some(b',') {
                return false;
            }
            self.at += 1;
        }
        false
    }

    /// Goes over one value.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.text_value(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' if depth == 0 => return,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn text_value(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_found_on_its_line_and_else_the_value_around_it() {
        let text = "{\n  \"a\": [\n    1,\n    {\"x/y\": \"}\\\",\"}\n  ],\n  \"b\": {\n    \"c\": null\n  }\n}\n";
        for (pointer, expected) in [
            ("", (1, true)),
            ("/a", (2, true)),
            ("/a/0", (3, true)),
            ("/a/1/x~1y", (4, true)),
            ("/a/7", (2, false)),
            ("/b/c", (7, true)),
            ("/b/d/e", (6, false)),
            ("/none", (1, false)),
        ] {
            assert_eq!(line(text, pointer), expected, "{pointer}");
        }
    }

    #[test]
    fn what_is_no_json_has_a_first_line() {
        for text in ["", "{", "{\"a\"", "{\"a\":", "[1 2", "\"", "{]"] {
            assert_eq!(line(text, "/a/1"), (1, false), "{text}");
        }
    }
}
