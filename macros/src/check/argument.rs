//! `#[arg(..)]`: each constraint by itself, and what can't stand together.

use syn::{Attribute, Expr, Meta};

use super::{
    bounds,
    keys::{ARGUMENT, Field, Fields, ITEMS},
    names,
    values::{self, Text},
};
use crate::{
    errors::Errors,
    messages::argument as messages,
    model::{Constraint, ConstraintKind, Default},
    parse::{self, Entries, Value},
};

/// The formats of JSON Schema 2020-12, section 7.3 of its validation vocabulary.
pub(crate) const FORMATS: &[&str] = &[
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// What `#[arg(..)]` says.
#[derive(Debug, std::default::Default)]
pub(super) struct Checked {
    pub(super) default: Option<Default>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) examples: Vec<Expr>,
}

/// Checks all `#[arg(..)]` of one parameter together.
pub(super) fn check(attributes: &[&Attribute], optional: bool, errors: &mut Errors) -> Checked {
    let written: Vec<Entries> = attributes.iter().filter_map(|attribute| entries(attribute, errors)).collect();
    let fields = Fields::of(&ARGUMENT, &written, errors);
    let mut checked = Checked::default();
    for field in fields.iter() {
        match field.key.name {
            "default" => checked.default = default(field, errors),
            "example" => match values::expression(field) {
                Some(expression) => checked.examples.push(expression.clone()),
                None => field.mistyped(errors),
            },
            _ => {
                let kind = constraint(field, errors);
                checked.constraints.extend(kind.map(|kind| Constraint { span: field.ident.span(), kind }));
            }
        }
    }
    if let Some(field) = fields.get("default").filter(|_| optional) {
        errors.push(field.ident.span(), messages::default_on_option());
    }
    if fields.get("secret").is_some() {
        for key in ["default", "example", "header"] {
            for field in fields.all(key) {
                errors.push(field.ident.span(), messages::public_secret(key));
            }
        }
    }
    if let Some(Default::Expression(expression)) = &checked.default {
        bounds::fits("default", expression, &checked.constraints, errors);
    }
    for example in &checked.examples {
        bounds::fits("example", example, &checked.constraints, errors);
    }
    checked
}

fn entries(attribute: &Attribute, errors: &mut Errors) -> Option<Entries> {
    match &attribute.meta {
        Meta::List(list) if !list.tokens.is_empty() => Some(parse::attribute(list.tokens.clone())),
        _ => {
            errors.push_on(attribute, messages::empty_arg());
            None
        }
    }
}

fn default(field: Field<'_>, errors: &mut Errors) -> Option<Default> {
    match field.value {
        Value::Flag => Some(Default::OfType(field.ident.span())),
        Value::Is(expression) => Some(Default::Expression(expression.clone())),
        _ => {
            field.mistyped(errors);
            None
        }
    }
}

fn constraint(field: Field<'_>, errors: &mut Errors) -> Option<ConstraintKind> {
    match field.key.name {
        "length" => bounds::length(field, errors),
        "range" => bounds::range(field, errors),
        "pattern" => {
            let Text { value, span } = values::text_or_call(field, errors)?;
            if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| value.contains(look)) {
                errors.push(span, messages::look_around());
                return None;
            }
            Some(ConstraintKind::Pattern(value))
        }
        "format" => {
            let Text { value, span } = values::text_or_call(field, errors)?;
            let known = FORMATS.iter().find(|format| **format == value);
            if known.is_none() {
                errors.push(span, messages::unknown_format(&value));
            }
            known.map(|format| ConstraintKind::Format(format))
        }
        "header" => {
            let Text { value, span } = values::text_or_call(field, errors)?;
            if !names::is_header(&value) {
                errors.push(span, messages::bad_header(&value));
                return None;
            }
            Some(ConstraintKind::Header(value))
        }
        "items" => items(field, errors),
        name => {
            if !matches!(field.value, Value::Flag) {
                field.mistyped(errors);
            }
            Some(if name == "unique" { ConstraintKind::Unique } else { ConstraintKind::Secret })
        }
    }
}

fn items(field: Field<'_>, errors: &mut Errors) -> Option<ConstraintKind> {
    let Value::Entries(entries) = field.value else {
        field.mistyped(errors);
        return None;
    };
    if entries.list.is_empty() && entries.faults.is_empty() {
        errors.push(field.ident.span(), messages::empty_items());
    }
    let fields = Fields::of(&ITEMS, [entries], errors);
    let constraints = fields
        .iter()
        .filter_map(|field| constraint(field, errors).map(|kind| Constraint { span: field.ident.span(), kind }));
    Some(ConstraintKind::Items(constraints.collect()))
}
