//! An operation compiled for one direction: inverted where it runs the other way, its paths split, its value parsed.

use serde_json::Value;

use super::{Operation, OperationError, path};

/// One step in the direction that it runs.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// As it was written, for errors.
    pub(super) written: Operation,
    /// The objects that it acts on.
    pub(super) parents: Vec<String>,
    pub(super) action: Action,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Names below the parents; neither is empty.
    Move {
        from: Vec<String>,
        to: Vec<String>,
    },
    Default {
        name: String,
        value: Value,
    },
    Set {
        name: String,
        value: Value,
    },
    Drop {
        name: String,
    },
    Wrap {
        name: String,
    },
    Unwrap {
        name: String,
        several: Several,
    },
    Map {
        name: String,
        pairs: Vec<(&'static str, &'static str)>,
    },
}

/// What becomes of a list that has not exactly one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Several {
    /// Arguments: a caller's words must not get lost.
    Refused,
    /// Results: the call was made, and its caller is owed an answer.
    FirstKept,
}

impl Step {
    /// For arguments.
    pub(super) fn up(operation: &Operation) -> Result<Self, OperationError> {
        match *operation {
            Operation::Rename { from, to } => Self::relocate(operation, from, to),
            Operation::Move { from, to } => Self::relocate(operation, from, to),
            Operation::Wrap { path } => Self::at(operation, path, |name| Action::Wrap { name }),
            Operation::Unwrap { path } => {
                Self::at(operation, path, |name| Action::Unwrap { name, several: Several::Refused })
            }
            Operation::MapEnum { path, values } => {
                let pairs = pairs(operation, values)?;
                Self::at(operation, path, |name| Action::Map { name, pairs })
            }
            Operation::Default { .. } | Operation::Drop { .. } | Operation::Set { .. } => Self::directed(operation),
        }
    }

    /// For results: what has a direction is inverted. What gets lost for every value is added to `losses`.
    pub(super) fn down(operation: &Operation, losses: &mut Vec<String>) -> Result<Self, OperationError> {
        match *operation {
            Operation::Rename { from, to } => {
                // Checked as it was written, so that an error says what the author wrote.
                Self::relocate(operation, from, to)?;
                Self::relocate(operation, to, from)
            }
            Operation::Move { from, to } => Self::relocate(operation, to, from),
            Operation::Wrap { path } => {
                Self::at(operation, path, |name| Action::Unwrap { name, several: Several::FirstKept })
            }
            Operation::Unwrap { path } => Self::at(operation, path, |name| Action::Wrap { name }),
            Operation::MapEnum { path, values } => {
                let mut inverse: Vec<(&'static str, &'static str)> = Vec::new();
                for (old, new) in pairs(operation, values)? {
                    match inverse.iter().find(|(known, _)| *known == new) {
                        Some((_, first)) => losses.push(format!(
                            "`{path}`: {first:?} and {old:?} have both become {new:?}, which comes down as {first:?}"
                        )),
                        None => inverse.push((new, old)),
                    }
                }
                Self::at(operation, path, |name| Action::Map { name, pairs: inverse })
            }
            Operation::Default { .. } | Operation::Drop { .. } | Operation::Set { .. } => Self::directed(operation),
        }
    }

    /// What is the same up and down.
    fn directed(operation: &Operation) -> Result<Self, OperationError> {
        match *operation {
            Operation::Default { path, value } => {
                let value = json(operation, value)?;
                Self::at(operation, path, |name| Action::Default { name, value })
            }
            Operation::Set { path, value } => {
                let value = json(operation, value)?;
                Self::at(operation, path, |name| Action::Set { name, value })
            }
            Operation::Drop { path } => Self::at(operation, path, |name| Action::Drop { name }),
            _ => Err(OperationError::new(operation, "has a direction")),
        }
    }

    fn at(operation: &Operation, path: &str, action: impl FnOnce(String) -> Action) -> Result<Self, OperationError> {
        let (parents, name) = path::property(operation, path)?;
        Ok(Self { written: *operation, parents, action: action(name) })
    }

    fn relocate(operation: &Operation, from: &str, to: &str) -> Result<Self, OperationError> {
        let (mut from, mut to) = (path::split(operation, from)?, path::split(operation, to)?);
        if from == to {
            return Err(OperationError::new(operation, "both sides are the same place; leave it out"));
        }
        let shortest = from.len().min(to.len());
        let shared = from.iter().zip(&to).take(shortest - 1).take_while(|(a, b)| a == b).count();
        if matches!(operation, Operation::Rename { .. }) && (from.len() - shared, to.len() - shared) != (1, 1) {
            let what = format!(
                "a rename stays in its object; write move({} => {}), or the same path before the last name",
                from.join("."),
                to.join(".")
            );
            return Err(OperationError::new(operation, what));
        }
        let to = to.split_off(shared);
        let source = from.split_off(shared);
        Ok(Self { written: *operation, parents: from, action: Action::Move { from: source, to } })
    }
}

fn json(operation: &Operation, text: &str) -> Result<Value, OperationError> {
    serde_json::from_str(text).map_err(|error| {
        OperationError::new(operation, format!("the value is no JSON ({error}); write text in double quotes"))
    })
}

fn pairs(
    operation: &Operation,
    values: &'static [(&'static str, &'static str)],
) -> Result<Vec<(&'static str, &'static str)>, OperationError> {
    if values.is_empty() {
        return Err(OperationError::new(operation, "maps nothing; leave it out, or write pairs of old => new"));
    }
    for (index, (old, _)) in values.iter().enumerate() {
        if values[..index].iter().any(|(known, _)| known == old) {
            return Err(OperationError::new(operation, format!("{old:?} is on the left twice; keep one of the pairs")));
        }
    }
    Ok(values.to_vec())
}
