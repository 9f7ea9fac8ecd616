//! The operations of a declared shim.

use super::{keys::Field, literal};
use crate::{
    errors::Errors,
    messages::history as messages,
    model::Operation,
    parse::{self, Operands, Property, Value},
};

/// The operations and how they are written.
pub(crate) const OPERATIONS: &[(&str, &str)] = &[
    ("rename", "rename(old => new)"),
    ("default", "default(limit = 20)"),
    ("drop", "drop(verbose)"),
    ("set", "set(order = \"newest\")"),
    ("move", "move(filter.state => state)"),
    ("wrap", "wrap(label)"),
    ("unwrap", "unwrap(labels)"),
    ("map_enum", "map_enum(state: open => active, closed => done)"),
];

/// Checks `input = [..]` or `output = [..]`.
pub(super) fn check(field: Field<'_>, errors: &mut Errors) -> Vec<Operation> {
    let Value::Operations(operations) = field.value else {
        field.mistyped(errors);
        return Vec::new();
    };
    operations.iter().filter_map(|written| operation(written, errors)).collect()
}

fn operation(written: &parse::Operation, errors: &mut Errors) -> Option<Operation> {
    let name = written.name.to_string();
    let Some((_, example)) = OPERATIONS.iter().find(|(known, _)| *known == name) else {
        errors.push(written.name.span(), messages::unknown_operation(&name));
        return None;
    };
    let checked = match (name.as_str(), &written.operands) {
        ("rename", Operands::Pair(from, to)) => {
            Some(Operation::Rename { from: property(from, errors)?, to: property(to, errors)? })
        }
        ("move", Operands::Pair(from, to)) => {
            Some(Operation::Move { from: property(from, errors)?, to: property(to, errors)? })
        }
        ("drop", Operands::One(path)) => Some(Operation::Drop { path: property(path, errors)? }),
        ("wrap", Operands::One(path)) => Some(Operation::Wrap { path: property(path, errors)? }),
        ("unwrap", Operands::One(path)) => Some(Operation::Unwrap { path: property(path, errors)? }),
        ("default" | "set", Operands::Value(path, expression)) => {
            let Some(value) = literal::json(expression) else {
                errors.push_on(expression, messages::not_a_json_literal(example));
                return None;
            };
            let path = property(path, errors)?;
            Some(if name == "set" { Operation::Set { path, value } } else { Operation::Default { path, value } })
        }
        ("map_enum", Operands::Map(path, pairs)) if !pairs.is_empty() => Some(Operation::MapEnum {
            path: property(path, errors)?,
            values: pairs.iter().map(|(from, to)| (from.text.clone(), to.text.clone())).collect(),
        }),
        _ => None,
    };
    if checked.is_none() {
        errors.push(written.name.span(), messages::bad_operands(&name, example));
    }
    checked
}

/// A dotted path without empty parts.
fn property(written: &Property, errors: &mut Errors) -> Option<String> {
    if written.text.split('.').all(|part| !part.is_empty()) {
        return Some(written.text.clone());
    }
    errors.push(written.span, messages::bad_property(&written.text));
    None
}
