//! Dotted paths, split once, and the walk along them through objects and lists.

use serde_json::{Map, Value};

use super::{Operation, OperationError, ShimError};

type Object = Map<String, Value>;

/// The names of a path.
pub(super) fn split(operation: &Operation, path: &str) -> Result<Vec<String>, OperationError> {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        let what = format!("the path `{path}` has an empty name; write property names with a dot between them");
        return Err(OperationError::new(operation, what));
    }
    Ok(names)
}

/// The objects that a property is in, and its name.
pub(super) fn property(operation: &Operation, path: &str) -> Result<(Vec<String>, String), OperationError> {
    let mut parents = split(operation, path)?;
    // `split` gives at least one name.
    let name = parents.pop().unwrap_or_default();
    Ok((parents, name))
}

/// Calls `act` on every object at the end of the path, through lists.
pub(super) fn each(
    object: &mut Object,
    path: &[String],
    act: &mut impl FnMut(&mut Object) -> Result<(), ShimError>,
) -> Result<(), ShimError> {
    match path.split_first() {
        None => act(object),
        Some((name, rest)) => match object.get_mut(name) {
            Some(value) => each_in(value, rest, act),
            None => Ok(()),
        },
    }
}

/// [`each`], from a value that may be anything.
pub(super) fn each_in(
    value: &mut Value,
    path: &[String],
    act: &mut impl FnMut(&mut Object) -> Result<(), ShimError>,
) -> Result<(), ShimError> {
    match value {
        Value::Object(object) => each(object, path, act),
        Value::Array(items) => items.iter_mut().try_for_each(|item| each_in(item, path, act)),
        _ => Ok(()),
    }
}
