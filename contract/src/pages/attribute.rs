//! `history("1" => { input = [rename(q => query)] })`, read from a page as the macro reads it from the source.
//!
//! Only the forms that pages need: one major, literals as JSON.

use crate::shim::Operation;

/// One entry of `history`.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) input: Vec<Operation>,
    pub(super) output: Vec<Operation>,
    pub(super) lossy: Option<String>,
    pub(super) shape: bool,
}

impl Entry {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let inside = text.trim().strip_prefix("history(\"1\" => {").and_then(|text| text.strip_suffix("})"));
        let inside = inside.ok_or_else(|| format!("no `history(\"1\" => {{ .. }})`: {text}"))?;
        let mut entry = Self { shape: true, ..Self::default() };
        for pair in split(inside, ',') {
            let (key, value) = pair.split_once('=').ok_or_else(|| format!("no `key = value`: {pair}"))?;
            let value = value.trim();
            match key.trim() {
                "input" => entry.input = operations(value)?,
                "output" => entry.output = operations(value)?,
                "lossy" => entry.lossy = Some(value.trim_matches('"').to_owned()),
                "shape" => entry.shape = value == "true",
                other => return Err(format!("unknown key `{other}`")),
            }
        }
        Ok(entry)
    }
}

fn operations(list: &str) -> Result<Vec<Operation>, String> {
    let inside = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    split(inside.ok_or_else(|| format!("no list: {list}"))?, ',').into_iter().map(operation).collect()
}

fn operation(text: &str) -> Result<Operation, String> {
    let bad = || format!("no operation: {text}");
    let (name, operands) = text.split_once('(').ok_or_else(bad)?;
    let operands = operands.strip_suffix(')').ok_or_else(bad)?;
    let pair = |mark: &str| {
        let (left, right) = operands.split_once(mark)?;
        Some((word(left), word(right)))
    };
    Ok(match name {
        "rename" => pair("=>").map(|(from, to)| Operation::Rename { from, to }).ok_or_else(bad)?,
        "move" => pair("=>").map(|(from, to)| Operation::Move { from, to }).ok_or_else(bad)?,
        "default" | "set" => {
            let (path, value) = operands.split_once('=').ok_or_else(bad)?;
            let (path, value) = (word(path), kept(value.trim()));
            if name == "set" { Operation::Set { path, value } } else { Operation::Default { path, value } }
        }
        "drop" => Operation::Drop { path: word(operands) },
        "wrap" => Operation::Wrap { path: word(operands) },
        "unwrap" => Operation::Unwrap { path: word(operands) },
        "map_enum" => {
            let (path, pairs) = operands.split_once(':').ok_or_else(bad)?;
            let pairs = split(pairs, ',').into_iter().map(|pair| pair.split_once("=>").ok_or_else(bad));
            let pairs = pairs.map(|pair| pair.map(|(old, new)| (word(old), word(new))));
            Operation::MapEnum { path: word(path), values: pairs.collect::<Result<Vec<_>, _>>()?.leak() }
        }
        _ => return Err(bad()),
    })
}

fn word(text: &str) -> &'static str {
    kept(text.trim().trim_matches('"'))
}

/// Operations are made for the source, where every text lives as long as the program.
fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// The parts between marks that are neither in brackets nor in quotes; an empty one at the end is left out.
fn split(text: &str, mark: char) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut inside) = (Vec::new(), 0, 0_u32, false);
    for (at, found) in text.char_indices() {
        match found {
            '"' => inside = !inside,
            '(' | '[' | '{' if !inside => depth += 1,
            ')' | ']' | '}' if !inside => depth = depth.saturating_sub(1),
            _ if found == mark && depth == 0 && !inside => {
                parts.push(text[from..at].trim());
                from = at + mark.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}
