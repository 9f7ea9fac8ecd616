//! The keys of each place, and what follows from their names alone: unknown, doubled, without a comma.

use syn::Ident;

use crate::{
    errors::Errors,
    messages,
    parse::{Entries, Entry, Fault, Value},
};

/// A key and how it is written.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it takes, as in "`retry` takes a whole number".
    pub(crate) takes: &'static str,
    pub(crate) example: &'static str,
}

/// The keys that a place takes.
#[derive(Debug)]
pub(crate) struct Place {
    /// As in "unknown key `x` in `slo(..)`".
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [Key],
    /// Keys that may be given more than once.
    repeatable: &'static [&'static str],
}

const fn key(name: &'static str, takes: &'static str, example: &'static str) -> Key {
    Key { name, takes, example }
}

/// `#[mcp_tool(..)]`
pub(super) const TOOL: Place = Place {
    name: "`#[mcp_tool(..)]`",
    keys: &[
        key("version", "a string", r#"version = "1.0.0""#),
        key("effect", "`read_only`, `additive` or `destructive`", "effect = read_only"),
        key("owner", "a string", r#"owner = "team-search""#),
        key("scopes", "a list of strings", r#"scopes = ["issues:read"]"#),
        key("egress", "a list of strings", r#"egress = ["https://api.example.com"]"#),
        key("timeout", "a duration in a string", r#"timeout = "2s""#),
        key("attempt_timeout", "a duration in a string", r#"attempt_timeout = "500ms""#),
        key("retry", "a whole number from 0 to 10", "retry = 2"),
        key("idempotent", "nothing, or `true` or `false`", "idempotent"),
        key("open_world", "nothing, or `true` or `false`", "open_world"),
        key("upstream", "a name in a string, or settings in parentheses", r#"upstream = "tracker""#),
        key("rate_limit", "a rate in a string", r#"rate_limit = "100/s""#),
        key("fallback", "the path of a function", "fallback = cached_issues"),
        key("stale", "a duration in a string", r#"stale = "5m""#),
        key("task", "nothing, `true` or `false`, or how in parentheses", "task"),
        key("plan", "the path of a function", "plan = plan_deletion"),
        key("slo", "objectives in parentheses", r#"slo(success = 99.5, p99 = "800ms")"#),
        key("title", "a string", r#"title = "Search issues""#),
        key("name", "a string", r#"name = "search_issues""#),
        key("description", "a string", r#"description = "Find open issues by free text.""#),
        key("icons", "a list of strings", r#"icons = ["https://example.com/icon.svg"]"#),
        key("history", "older majors in parentheses", r#"history("1" => { input = [rename(q => query)] })"#),
        key("deprecated", "a date in a string", r#"deprecated = "2026-12-01""#),
        key("sunset", "a date in a string", r#"sunset = "2027-12-01""#),
        key("note", "a string", r#"note = "use `find_issues`""#),
        key("alias", "a string or a list of strings", r#"alias = "find_issues""#),
        key("crate", "the path of a crate", "crate = ::steadfast"),
    ],
    repeatable: &[],
};

/// `#[arg(..)]`
pub(super) const ARGUMENT: Place = Place {
    name: "`#[arg(..)]`",
    keys: &[
        LENGTH,
        RANGE,
        PATTERN,
        FORMAT,
        key("default", "nothing, or a value", "default = 20"),
        key("items", "constraints in parentheses", "items(length(1..=20))"),
        key("unique", "nothing", "unique"),
        key("secret", "nothing", "secret"),
        key("header", "a string", r#"header = "Region""#),
        key("example", "a value", "example = 20"),
    ],
    repeatable: &["example"],
};

/// `items(..)`
pub(super) const ITEMS: Place = Place { name: "`items(..)`", keys: &[LENGTH, RANGE, PATTERN, FORMAT], repeatable: &[] };

/// `slo(..)`
pub(super) const SLO: Place = Place {
    name: "`slo(..)`",
    keys: &[
        key("success", "a percentage", "success = 99.5"),
        key("p95", "a duration in a string", r#"p95 = "300ms""#),
        key("p99", "a duration in a string", r#"p99 = "800ms""#),
    ],
    repeatable: &[],
};

/// `task(..)`
pub(super) const TASK: Place = Place {
    name: "`task(..)`",
    keys: &[
        key("required", "nothing, or `true` or `false`", "required"),
        key("manual", "nothing, or `true` or `false`", "manual"),
    ],
    repeatable: &[],
};

/// `upstream(..)`
pub(super) const UPSTREAM: Place = Place {
    name: "`upstream(..)`",
    keys: &[
        key("name", "a string", r#"name = "tracker""#),
        key("concurrency", "a whole number of 1 or more", "concurrency = 32"),
        key("slow_call", "a duration in a string", r#"slow_call = "1s""#),
        key("failure_ratio", "a percentage", "failure_ratio = 50"),
        key("minimum_calls", "a whole number of 1 or more", "minimum_calls = 10"),
        key("window", "a duration in a string", r#"window = "10s""#),
        key("open_for", "a duration in a string", r#"open_for = "5s""#),
        key("half_open", "a whole number from 1 to 100", "half_open = 3"),
        key("queue", "a whole number", "queue = 16"),
        key("failures_in_a_row", "a whole number of 1 or more", "failures_in_a_row = 20"),
        key("slow_ratio", "a percentage", "slow_ratio = 90"),
        key("retry_ratio", "a percentage", "retry_ratio = 20"),
        key("retry_floor", "a whole number", "retry_floor = 2"),
    ],
    repeatable: &[],
};

/// An entry of `history(..)`
pub(super) const MAJOR: Place = Place {
    name: "an entry of `history(..)`",
    keys: &[
        key("input", "a list of operations", "input = [rename(q => query)]"),
        key("output", "a list of operations", "output = [rename(hits => items)]"),
        key("shim", "the path of a type", "shim = v1::SearchIssues"),
        key("deprecated", "a date in a string", r#"deprecated = "2026-12-01""#),
        key("sunset", "a date in a string", r#"sunset = "2027-12-01""#),
        key("note", "a string", r#"note = "`q` is now `query`""#),
        key("lossy", "a reason in a string", r#"lossy = "version 1 has no place for labels""#),
        key("shape", "nothing, or `true` or `false`", "shape = false"),
    ],
    repeatable: &[],
};

const LENGTH: Key = key("length", "one range of whole numbers, or one number", "length(1..=200)");
const RANGE: Key = key("range", "one range of numbers", "range(1..=100)");
const PATTERN: Key = key("pattern", "a string", r#"pattern = "^[a-z]+$""#);
const FORMAT: Key = key("format", "a string", r#"format = "email""#);

/// An entry whose key is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) key: &'static Key,
    pub(super) ident: &'a Ident,
    pub(super) value: &'a Value,
}

/// The known entries of one place.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    list: Vec<Field<'a>>,
    /// Keys that a misspelled one was probably meant to be.
    meant: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Sorts out what no key of the place can be.
    pub(super) fn of(
        place: &'static Place,
        entries: impl IntoIterator<Item = &'a Entries>,
        errors: &mut Errors,
    ) -> Self {
        let mut fields = Self::default();
        for entries in entries {
            for fault in &entries.faults {
                match fault {
                    Fault::Stray(span) => errors.push(*span, messages::no_key(place)),
                    Fault::NoComma(span) => errors.push(*span, messages::no_comma()),
                }
            }
            for entry in &entries.list {
                fields.add(place, entry, errors);
            }
        }
        fields
    }

    fn add(&mut self, place: &'static Place, Entry { key: ident, value }: &'a Entry, errors: &mut Errors) {
        let name = ident.to_string();
        let Some(key) = place.keys.iter().find(|key| key.name == name) else {
            self.meant.extend(messages::nearest(&name, place.keys.iter().map(|key| key.name)));
            return errors.push(ident.span(), messages::unknown_key(&name, place));
        };
        if self.get(key.name).is_some() && !place.repeatable.contains(&key.name) {
            return errors.push(ident.span(), messages::doubled_key(&name));
        }
        self.list.push(Field { key, ident, value });
    }

    /// The first entry with a key.
    pub(super) fn get(&self, name: &str) -> Option<Field<'a>> {
        self.all(name).next()
    }

    /// Whether a key is neither there nor meant by one that is misspelled, which was reported.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.get(name).is_none() && !self.meant.contains(&name)
    }

    /// All entries with a key.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Field<'a>> {
        self.list.iter().copied().filter(move |field| field.key.name == name)
    }

    /// All entries, in the order written.
    pub(super) fn iter(&self) -> impl Iterator<Item = Field<'a>> {
        self.list.iter().copied()
    }
}

impl Field<'_> {
    /// Reports that the key takes something else.
    pub(super) fn mistyped(self, errors: &mut Errors) {
        match self.value {
            Value::Is(expression) => errors.push_on(expression, messages::wrong_type(self.key)),
            Value::Malformed => errors.push(self.ident.span(), messages::malformed(self.key)),
            _ => errors.push(self.ident.span(), messages::wrong_type(self.key)),
        }
    }
}
