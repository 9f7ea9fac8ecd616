//! What a finding says: why it matters, in one sentence, and the way out.
//!
//! Invariant: `fix` is there for whatever gates, and names something that can be typed. Nothing is decided here.

use serde_json::Value;

use super::change::{Change, Kind};
use crate::{
    Direction::{self, Input},
    Impact,
    Rule::{self, *},
};

/// Why a change matters, in one sentence.
pub(super) fn why(change: &Change, impact: Impact, direction: Direction) -> String {
    let what = what(change);
    let then = match (impact, change.kind, direction) {
        (_, Kind::Note, _) if change.shifts_model => "a model that reads it may behave differently",
        (_, Kind::Note, _) => "nothing that is sent or returned changes",
        (Impact::Unknown, ..) => "whether this breaks somebody could not be decided",
        (Impact::Major, Kind::Meaning, _) => meaning(change.rule, direction),
        (Impact::Major, _, Input) => "arguments that were accepted are now refused",
        (Impact::Major, ..) => "results may now be what callers were told they never get",
        (Impact::Patch, ..) => "the same values are valid",
        (_, _, Input) => "arguments that were accepted still are",
        _ => "every result was allowed before",
    };
    format!("{what}: {then}.")
}

fn meaning(rule: Rule, direction: Direction) -> &'static str {
    match (rule, direction) {
        (PropRemoved, Input) => "callers that send it are refused, or not understood",
        (PropRemovedIgnored, Input) => "callers that send it are accepted, and what they send is dropped in silence",
        (PropRenamed, Input) => "callers that send it under the old name are refused, or ignored in silence",
        (PropRemoved | PropRemovedIgnored | PropRenamed, _) => "callers that read it do not find it any more",
        (DefaultAdded | DefaultChanged | DefaultRemoved, _) => "a call that leaves it out now means something else",
        (TagChanged, Input) => "callers that send the old tag choose another variant, or none",
        (TagChanged, _) => "callers that look at the old tag do not recognise the variant any more",
        _ => "keywords may mean something else in it",
    }
}

fn what(change: &Change) -> String {
    let subject = &change.subject;
    let named = |text: &str| text.replace("{}", subject);
    match change.rule {
        PropAddedOptional => named("`{}` was added and may be left out"),
        PropAddedToClosed => named("`{}` was added to an object that was closed"),
        PropAddedRequired => named("`{}` was added and must be there"),
        PropRemoved | PropRemovedIgnored => named("`{}` was removed"),
        PropRenamed => match subject.split_once(" => ") {
            Some((from, to)) => format!("`{from}` was removed, and `{to}`, which has the same schema, was added"),
            None => PropRenamed.summary().trim_end_matches('.').to_owned(),
        },
        RequiredAdded => named("`{}` was optional and must be there"),
        RequiredRemoved => named("`{}` had to be there and is optional"),
        EnumAdded => named("the enumeration got {}"),
        EnumRemoved => named("the enumeration lost {}"),
        BoundTightened => named("`{}` lets less through"),
        BoundRelaxed => named("`{}` lets more through"),
        TagChanged => named("the tag `{}` that tells variants apart changed"),
        DefaultAdded if !subject.is_empty() => named("`{}` got a default"),
        DefaultChanged if !subject.is_empty() => named("`{}` has another default"),
        DefaultRemoved if !subject.is_empty() => named("`{}` lost its default"),
        RefRefactor if subject == "order" => "The values of an enumeration stand in another order".into(),
        rule => rule.summary().trim_end_matches('.').to_owned(),
    }
}

/// The way out of a change that gates.
pub(super) fn fix(change: &Change, direction: Direction) -> String {
    let subject = change.subject.as_str();
    let shim = |operation: &str| {
        let part = if direction == Input { "input" } else { "output" };
        format!("declare the shim: `history(\"1\" => {{ {part} = [{operation}] }})`")
    };
    let first = |side: &Option<Value>| match side {
        Some(Value::Array(values)) => values.first().map(word).unwrap_or_default(),
        Some(value) => word(value),
        None => String::new(),
    };
    let raise = |operation: &str| format!("raise the major and {}", shim(operation));
    match (change.rule, direction) {
        (PropRenamed, _) => shim(&format!("rename({subject})")),
        (PropAddedRequired | RequiredAdded, Input) => format!(
            "give it a default: `#[arg(default = ..)]`, or raise the major and add `default({subject} = ..)` to the shim"
        ),
        (PropRemoved | PropRemovedIgnored, Input) => {
            format!("keep `{subject}` as an optional parameter, or {}", raise(&format!("drop({subject})")))
        }
        (PropRemoved | PropRemovedIgnored, _) => {
            format!("keep returning `{subject}`, or {}", raise(&format!("default({subject} = ..)")))
        }
        (PropAddedToClosed | PropAddedRequired | PropAddedOptional, _) => {
            format!("leave `{subject}` out for callers of the older major: {}", raise(&format!("drop({subject})")))
        }
        (RequiredRemoved, _) => {
            format!("return `{subject}` always, or {}", raise(&format!("default({subject} = ..)")))
        }
        (EnumRemoved, Input) => {
            format!(
                "keep the value, or {}",
                raise(&format!("map_enum({}: {} => ..)", member(change), first(&change.old)))
            )
        }
        (EnumAdded, _) => {
            let operation = format!("map_enum({}: .. => {})", member(change), first(&change.new));
            format!("do not return the new value to older majors: {}", raise(&operation))
        }
        (ConstChanged, _) => {
            raise(&format!("map_enum({}: {} => {})", member(change), first(&change.old), first(&change.new)))
        }
        (TagChanged, _) => raise(&match (tag(&change.old, subject), tag(&change.new, subject)) {
            (Some(old), Some(new)) => format!("map_enum({subject}: {old} => {new})"),
            _ => format!("rename({subject} => ..)"),
        }),
        (DefaultChanged, _) => {
            let old = change.old.as_ref().map(Value::to_string).unwrap_or_default();
            format!("keep the default {old}, or {}", raise(&format!("default({subject} = {old})")))
        }
        (DefaultRemoved, _) => {
            let old = change.old.as_ref().map(Value::to_string).unwrap_or_default();
            format!("give it its default back, {old}, or {}", raise(&format!("default({subject} = {old})")))
        }
        (TypeChanged | TypeNarrowed, Input) => {
            "accept the older type too, or raise the major and translate with `impl Shim` (or `wrap`/`unwrap`)".into()
        }
        (TypeChanged | TypeWidened, _) => {
            "return the older type, or raise the major and translate with `impl Shim` (or `wrap`/`unwrap`)".into()
        }
        (BoundTightened | PatternAdded | FormatAdded | EnumConstraintAdded, Input) => {
            "keep the older limit in the schema and refuse in the function, or raise the major with a shim".into()
        }
        (BoundRelaxed | PatternRemoved | FormatRemoved | EnumConstraintRemoved, _) => {
            "keep the older limit for results, or raise the major with a shim that holds it".into()
        }
        (PatternChanged | FormatChanged, _) => {
            "keep what was allowed before, such as `(?:old)|(?:new)`, or raise the major with a shim".into()
        }
        (Closed, _) => "leave the object open: drop `#[serde(deny_unknown_fields)]`, or raise the major".into(),
        (VariantRemoved, Input) => "keep the variant, or raise the major and translate it with `impl Shim`".into(),
        (VariantAdded, _) => "keep it from older majors: raise the major and translate it with `impl Shim`".into(),
        (OneofOverlap, _) => "make the variants exclude each other with a tag: `#[serde(tag = \"kind\")]`".into(),
        (DialectChanged, _) => "keep the `$schema` of the older version, or raise the major".into(),
        _ => "take the change back, or raise the major and declare a shim: `history(\"1\" => { .. })`".into(),
    }
}

/// The name of the member that a change is in.
fn member(change: &Change) -> String {
    let mut tokens: Vec<&str> = change.pointer.split('/').skip(1).collect();
    tokens.pop();
    let names = tokens.chunks(2).filter(|pair| pair.first() == Some(&"properties"));
    let names: Vec<&str> = names.filter_map(|pair| pair.get(1).copied()).collect();
    if names.is_empty() { "..".into() } else { names.join(".") }
}

/// The value of a variant's tag.
fn tag(variant: &Option<Value>, name: &str) -> Option<String> {
    let property = variant.as_ref()?.get("properties")?.get(name)?;
    property.get("const").or_else(|| property.get("enum")?.get(0)).map(word)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
