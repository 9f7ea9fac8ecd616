//! From an instance of a place to a whole instance: the members and elements around it are filled in.

use serde_json::{Map, Value};

use super::Witnesses;
use crate::{
    Side,
    compare::{
        change::{PlaceId, Step},
        keywords::join,
        view::View,
    },
};

/// How long a list may get to hold a witness at some position.
const MAX_ELEMENTS: usize = 64;

impl Witnesses<'_, '_> {
    /// Puts an instance of a place where it belongs in a whole instance; says where that is.
    pub(super) fn lift(&mut self, mut place: PlaceId, mut value: Value) -> Option<(Value, String)> {
        let mut path = Vec::new();
        while let Some((parent, step)) = self.walk.places[place].parent.clone() {
            place = parent;
            value = match step {
                Step::Same | Step::Conjunct => continue,
                Step::Unreachable => return None,
                Step::Member(_) | Step::Extra => {
                    let mut base = self.object(parent);
                    let name = if let Step::Member(name) = step { name } else { fresh(&base) };
                    path.push(name.clone());
                    base.insert(name, value);
                    Value::Object(base)
                }
                Step::Element(index) if index < MAX_ELEMENTS => {
                    let mut base = match self.base(parent) {
                        Some(Value::Array(elements)) => elements,
                        _ => Vec::new(),
                    };
                    while base.len() <= index {
                        base.push(value.clone());
                    }
                    base[index] = value;
                    path.push(index.to_string());
                    Value::Array(base)
                }
                Step::Element(_) => return None,
            };
        }
        Some((value, path.iter().rev().fold(String::new(), |at, token| join(&at, token))))
    }

    /// An object of a place, to put members into: one that both sides allow where there is one.
    pub(super) fn object(&mut self, place: PlaceId) -> Map<String, Value> {
        if let Some(Value::Object(base)) = self.base(place) {
            return base;
        }
        // The instance is something else, such as null: fill in what an object must have.
        let (sub, _) = self.sides();
        let (subs, _) = self.scopes(place);
        let mut object = Map::new();
        for scope in &subs {
            let view = View::new(sub, scope);
            let properties = view.properties();
            for name in view.required() {
                let Some((pointer, _)) = properties.get(name) else { continue };
                let side = Side { document: sub, pointer, declared_only: self.emitted() };
                if let Ok(Some(member)) = self.prover.instance(&[side], &[]) {
                    object.insert(name.to_owned(), member);
                }
            }
        }
        object
    }

    fn base(&mut self, place: PlaceId) -> Option<Value> {
        if let Some(base) = self.bases.get(&place) {
            return base.clone();
        }
        let ((sub, sup), (subs, sups)) = (self.sides(), self.scopes(place));
        let declared_only = self.emitted();
        let mut of: Vec<Side<'_>> = subs.iter().map(|pointer| Side { document: sub, pointer, declared_only }).collect();
        let inner = of.len();
        of.extend(sups.iter().map(|pointer| Side { document: sup, pointer, declared_only: false }));
        let base = match self.prover.instance(&of, &[]) {
            Ok(Some(instance)) => Some(instance),
            _ => self.prover.instance(&of[..inner], &[]).ok().flatten(),
        };
        self.bases.insert(place, base.clone());
        base
    }
}

/// A name that nobody declared.
pub(super) fn fresh(object: &Map<String, Value>) -> String {
    let mut name = String::from("undeclared");
    while object.contains_key(&name) {
        name.push('_');
    }
    name
}
