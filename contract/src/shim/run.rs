//! What a step does to a value, in place.

use std::mem;

use serde_json::{Map, Value};

use super::{
    ShimError, path,
    step::{Action, Several, Step},
};

type Object = Map<String, Value>;

impl Step {
    /// On arguments.
    pub(super) fn on_object(&self, object: &mut Object) -> Result<(), ShimError> {
        path::each(object, &self.parents, &mut |parent| self.act(parent))
    }

    /// On a result.
    pub(super) fn on_value(&self, value: &mut Value) -> Result<(), ShimError> {
        path::each_in(value, &self.parents, &mut |parent| self.act(parent))
    }

    fn act(&self, object: &mut Object) -> Result<(), ShimError> {
        match &self.action {
            Action::Move { from, to } => self.relocated(object, from, to),
            Action::Default { name, value } => {
                if !object.contains_key(name) {
                    object.insert(name.clone(), value.clone());
                }
                Ok(())
            }
            Action::Set { name, value } => {
                object.insert(name.clone(), value.clone());
                Ok(())
            }
            Action::Drop { name } => {
                object.remove(name);
                Ok(())
            }
            Action::Wrap { name } => {
                if let Some(value) = object.get_mut(name).filter(|value| !value.is_null()) {
                    *value = Value::Array(vec![mem::take(value)]);
                }
                Ok(())
            }
            Action::Unwrap { name, several } => self.unwrapped(object, name, *several),
            Action::Map { name, pairs } => {
                if let Some(value) = object.get_mut(name) {
                    mapped(value, pairs);
                }
                Ok(())
            }
        }
    }

    fn relocated(&self, object: &mut Object, from: &[String], to: &[String]) -> Result<(), ShimError> {
        // The usual case, a name in the same object, with one look-up for each.
        if let ([from], [to]) = (from, to) {
            let Some(value) = object.remove(from) else { return Ok(()) };
            return match object.insert(to.clone(), value) {
                None => Ok(()),
                Some(_) => Err(self.both(from, to)),
            };
        }
        let Some(value) = self.taken(object, from)? else { return Ok(()) };
        self.put(object, to, value, from)
    }

    /// Takes what is at the path out of the object.
    fn taken(&self, mut object: &mut Object, path: &[String]) -> Result<Option<Value>, ShimError> {
        let Some((name, parents)) = path.split_last() else { return Ok(None) };
        for parent in parents {
            match object.get_mut(parent) {
                Some(Value::Object(inner)) => object = inner,
                Some(Value::Array(_)) => {
                    let what = format!("`{parent}` is a list, and only what both paths share may go through lists");
                    return Err(self.error(&what, "write a typed shim"));
                }
                _ => return Ok(None),
            }
        }
        Ok(object.remove(name))
    }

    fn put(&self, mut object: &mut Object, path: &[String], value: Value, from: &[String]) -> Result<(), ShimError> {
        let Some((name, parents)) = path.split_last() else { return Ok(()) };
        for parent in parents {
            let place = object.entry(parent.as_str()).or_insert_with(|| Value::Object(Object::new()));
            match place {
                Value::Object(inner) => object = inner,
                _ => {
                    let what = format!("`{parent}` is there already and is no object");
                    return Err(self.error(&what, "write a typed shim"));
                }
            }
        }
        let around_the_source = from.starts_with(path);
        match object.insert(name.clone(), value) {
            Some(_) if !around_the_source => Err(self.both(&from.join("."), &path.join("."))),
            _ => Ok(()),
        }
    }

    fn unwrapped(&self, object: &mut Object, name: &str, several: Several) -> Result<(), ShimError> {
        let Some(value) = object.get_mut(name) else { return Ok(()) };
        let Value::Array(items) = value else { return Ok(()) };
        match (items.len(), several) {
            (1, _) | (2.., Several::FirstKept) => *value = items.swap_remove(0),
            (_, Several::FirstKept) => {
                object.remove(name);
            }
            (count, Several::Refused) => {
                let what = format!("`{name}` has {count} elements, and only one can be taken");
                return Err(self.error(&what, "send a list of one"));
            }
        }
        Ok(())
    }

    fn both(&self, from: &str, to: &str) -> ShimError {
        self.error(&format!("both `{from}` and `{to}` are there, and mean the same"), "send one of them")
    }

    /// With the operation, the object it was about, and the way out.
    fn error(&self, what: &str, way_out: &str) -> ShimError {
        let place = if self.parents.is_empty() { String::new() } else { format!(" in `{}`", self.parents.join(".")) };
        ShimError::new(format!("{}{place}: {what}; {way_out}", self.written))
    }
}

fn mapped(value: &mut Value, pairs: &[(&'static str, &'static str)]) {
    match value {
        Value::String(text) => {
            if let Some((_, counterpart)) = pairs.iter().find(|(listed, _)| listed == text) {
                text.clear();
                text.push_str(counterpart);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mapped(item, pairs)),
        _ => {}
    }
}
