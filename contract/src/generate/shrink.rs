//! Makes a failing instance small, so that a person sees what matters.

use serde_json::{Map, Number, Value};

use super::is_valid;
use crate::Document;

/// Smaller instances that are looked at, at most.
const TRIES: u32 = 2_000;

/// The smallest instance that was found by leaving out members and elements, shortening text and moving numbers
/// towards 0, that is still valid and still fails. Deterministic, and bounded in the number of tries.
pub fn shrink(document: &Document, instance: Value, still_fails: impl FnMut(&Value) -> bool) -> Value {
    shrink_within(document, instance, TRIES, still_fails)
}

/// [`shrink`], with a bound on the tries.
pub(crate) fn shrink_within(
    document: &Document,
    instance: Value,
    mut tries: u32,
    mut still_fails: impl FnMut(&Value) -> bool,
) -> Value {
    let mut smallest = instance;
    let mut improved = true;
    while improved {
        improved = false;
        let mut place = 0;
        // Places in order, the outermost first: what is left out there need not be looked at.
        while let Some(here) = nth(&smallest, place) {
            let mut replacements = simpler(here).into_iter();
            let smaller = replacements.find_map(|replacement| {
                tries = tries.checked_sub(1)?;
                let mut candidate = smallest.clone();
                *nth_mut(&mut candidate, &mut place.clone())? = replacement;
                (is_valid(document, &candidate) == Some(true) && still_fails(&candidate)).then_some(candidate)
            });
            match smaller {
                // The same place again: what was simplified may get simpler still.
                Some(candidate) => (smallest, improved) = (candidate, true),
                None if tries == 0 => return smallest,
                None => place += 1,
            }
        }
    }
    smallest
}

/// The value at a place, counted in depth-first order from the whole, which is 0.
fn nth(value: &Value, mut place: usize) -> Option<&Value> {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        if place == 0 {
            return Some(value);
        }
        place -= 1;
        match value {
            Value::Array(items) => waiting.extend(items.iter().rev()),
            Value::Object(members) => waiting.extend(members.values().collect::<Vec<_>>().into_iter().rev()),
            _ => {}
        }
    }
    None
}

fn nth_mut<'v>(value: &'v mut Value, place: &mut usize) -> Option<&'v mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth_mut(item, place)),
        Value::Object(members) => members.values_mut().find_map(|member| nth_mut(member, place)),
        _ => None,
    }
}

/// Simpler values, the simplest first. Each is smaller by an order without endless descents.
fn simpler(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(on) => {
            if *on {
                vec![Value::Bool(false)]
            } else {
                Vec::new()
            }
        }
        Value::Number(number) => numbers(number).into_iter().map(Value::Number).collect(),
        Value::String(text) => texts(text).into_iter().map(Value::String).collect(),
        Value::Array(items) => lists(items).into_iter().map(Value::Array).collect(),
        Value::Object(members) => objects(members).into_iter().map(Value::Object).collect(),
    }
}

fn numbers(number: &Number) -> Vec<Number> {
    if let Some(whole) = number.as_i128() {
        let towards = [0, whole / 2, whole - whole.signum()];
        let smaller = towards.into_iter().filter(|other| other.abs() < whole.abs());
        return smaller.filter_map(Number::from_i128).collect();
    }
    let Some(double) = number.as_f64() else { return Vec::new() };
    let mut simpler = vec![Number::from(0)];
    if double.fract() != 0.0 {
        simpler.extend(Number::from_f64(double.trunc()));
    }
    if double.abs() > 1.0 {
        simpler.extend(Number::from_f64((double / 2.0).trunc()));
    }
    simpler
}

fn texts(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut simpler = Vec::new();
    if characters.is_empty() {
        return simpler;
    }
    simpler.push(String::new());
    let half = characters.len() / 2;
    simpler.push(characters[..half].iter().collect());
    simpler.push(characters[half..].iter().collect());
    if characters.len() <= 32 {
        for left_out in 0..characters.len() {
            simpler.push(characters.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, c)| *c).collect());
        }
        for plain in 0..characters.len() {
            if characters[plain] != 'a' {
                let with = characters.iter().enumerate().map(|(at, c)| if at == plain { 'a' } else { *c });
                simpler.push(with.collect());
            }
        }
    }
    simpler.retain(|other| other.len() < text.len() || plainness(other) > plainness(text));
    simpler
}

fn plainness(text: &str) -> usize {
    text.chars().filter(|character| *character == 'a').count()
}

fn lists(items: &[Value]) -> Vec<Vec<Value>> {
    let mut simpler = Vec::new();
    if items.is_empty() {
        return simpler;
    }
    simpler.push(Vec::new());
    let half = items.len() / 2;
    if half > 0 {
        simpler.push(items[..half].to_vec());
        simpler.push(items[half..].to_vec());
    }
    for left_out in 0..items.len() {
        simpler.push(items.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, v)| v.clone()).collect());
    }
    simpler
}

fn objects(members: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let mut simpler = Vec::new();
    if members.is_empty() {
        return simpler;
    }
    simpler.push(Map::new());
    for name in members.keys() {
        let mut fewer = members.clone();
        fewer.remove(name);
        simpler.push(fewer);
    }
    simpler
}
