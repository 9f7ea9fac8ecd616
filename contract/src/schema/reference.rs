//! `$ref` and its kind: JSON pointers (RFC 6901), `$anchor`, and resources embedded by `$id`.
//!
//! URIs are joined as far as file names and absolute URIs go (RFC 3986, section 5.2, without `..`); nothing is fetched.

use std::collections::HashMap;

use serde_json::Value;

use super::Dialect;

/// Members that hold values and not schemas.
const VALUES: [&str; 4] = ["enum", "const", "default", "examples"];

/// What can be referred to by another name than its JSON pointer.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// Pointer of the resource by its URI.
    resources: HashMap<String, String>,
    /// Pointer by URI of the resource and anchor.
    anchors: HashMap<(String, String), String>,
    /// Pointers by the name of a `$dynamicAnchor`.
    dynamic: HashMap<String, Vec<String>>,
    /// The document has more than one resource.
    embedded: bool,
}

impl References {
    pub(crate) fn of(root: &Value, dialect: Dialect) -> Self {
        let mut references = Self::default();
        references.resources.insert(String::new(), String::new());
        references.collect(root, String::new(), String::new(), dialect);
        references.embedded = references.resources.values().any(|pointer| !pointer.is_empty());
        references
    }

    fn collect(&mut self, value: &Value, pointer: String, mut base: String, dialect: Dialect) {
        let Value::Object(members) = value else {
            if let Value::Array(items) = value {
                for (at, item) in items.iter().enumerate() {
                    self.collect(item, format!("{pointer}/{at}"), base.clone(), dialect);
                }
            }
            return;
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let id = text(if dialect == Dialect::Draft4 { "id" } else { "$id" });
        let alone = dialect.reference_stands_alone() && members.contains_key("$ref");
        if let Some(id) = id.filter(|_| !alone) {
            match id.strip_prefix('#') {
                // Up to draft 7 this is how anchors are written.
                Some(anchor) => {
                    self.anchors.insert((base.clone(), anchor.to_owned()), pointer.clone());
                }
                None => {
                    base = join(&base, id.trim_end_matches('#'));
                    self.resources.insert(base.clone(), pointer.clone());
                }
            }
        }
        for name in ["$anchor", "$dynamicAnchor"] {
            if let Some(anchor) = text(name) {
                self.anchors.insert((base.clone(), anchor.to_owned()), pointer.clone());
            }
        }
        if let Some(anchor) = text("$dynamicAnchor") {
            self.dynamic.entry(anchor.to_owned()).or_default().push(pointer.clone());
        }
        for (name, member) in members {
            if !VALUES.contains(&name.as_str()) {
                self.collect(member, format!("{pointer}/{}", escape(name)), base.clone(), dialect);
            }
        }
    }

    /// The pointer of what a reference means that stands at `from`.
    pub(crate) fn resolve(&self, root: &Value, reference: &str, from: &str) -> Option<String> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = self.base(from);
        let target = if uri.is_empty() { base } else { join(&base, uri) };
        let resource = self.resources.get(&target)?;
        let fragment = percent_decoded(fragment)?;
        if fragment.is_empty() || fragment.starts_with('/') {
            let pointer = format!("{resource}{fragment}");
            return root.pointer(&pointer).map(|_| pointer);
        }
        self.anchors.get(&(target, fragment)).cloned()
    }

    /// The pointer of a `$dynamicRef`, where only one schema can be meant.
    pub(crate) fn resolve_dynamic(&self, root: &Value, reference: &str, from: &str) -> Option<String> {
        let (_, fragment) = reference.split_once('#')?;
        match self.dynamic.get(fragment).map(Vec::as_slice) {
            Some([_]) | None => self.resolve(root, reference, from),
            Some(_) => None,
        }
    }

    /// The URI of the resource that a place belongs to.
    fn base(&self, from: &str) -> String {
        if !self.embedded && self.resources.len() == 1 {
            return String::new();
        }
        let inside =
            |pointer: &str| from.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let resources = self.resources.iter().filter(|(_, pointer)| inside(pointer));
        // Of the root's two names the longer one is its URI.
        let nearest = resources.max_by_key(|(uri, pointer)| (pointer.len(), uri.len()));
        nearest.map(|(uri, _)| uri.clone()).unwrap_or_default()
    }
}

fn join(base: &str, reference: &str) -> String {
    if reference.contains("://") || reference.starts_with("urn:") || base.is_empty() {
        return reference.to_owned();
    }
    let authority = base.find("://").map_or(0, |at| at + 3);
    if let Some(absolute) = reference.strip_prefix('/') {
        let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
        return format!("{}/{absolute}", &base[..end]);
    }
    match base[authority..].rfind('/') {
        Some(at) => format!("{}{reference}", &base[..=authority + at]),
        None if authority > 0 => format!("{base}/{reference}"),
        None => reference.to_owned(),
    }
}

/// A member's name as a part of a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
