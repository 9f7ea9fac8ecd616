//! A change for every rule about schemas, with what it asks for in either direction, and a change that is near to it
//! but is not one.

use serde_json::{Value, json};

use crate::{
    Impact::{self, Major, Minor, Patch},
    Rule::{self, *},
};

/// One change.
pub(super) struct Case {
    pub(super) rule: Rule,
    pub(super) old: Value,
    pub(super) new: Value,
    pub(super) input: Option<Impact>,
    pub(super) output: Option<Impact>,
    /// Old and new of a change that the rule must not be found in.
    pub(super) miss: (Value, Value),
}

/// An object with these members, that must have those.
pub(super) fn object(properties: Value, required: Value) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn closed(properties: Value, required: Value) -> Value {
    with(object(properties, required), json!({"additionalProperties": false}))
}

fn with(mut schema: Value, more: Value) -> Value {
    for (keyword, value) in more.as_object().unwrap() {
        schema[keyword] = value.clone();
    }
    schema
}

/// An object with the member `a`.
fn member(schema: Value) -> Value {
    object(json!({"a": schema}), json!([]))
}

fn text(more: Value) -> Value {
    member(with(json!({"type": "string"}), more))
}

fn tagged(tag: &str, value: &str, field: Value) -> Value {
    closed(json!({tag: {"const": value}, "x": field}), json!([tag, "x"]))
}

/// A row: rule, old and new, input and output, then old and new of the near miss.
fn row(rule: Rule, change: (Value, Value), (input, output): (Impact, Impact), miss: (Value, Value)) -> Case {
    let (old, new) = change;
    Case { rule, old, new, input: Some(input), output: Some(output), miss }
}

/// Every row of the table.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = members();
    cases.extend(values());
    cases.extend(lists());
    cases.extend(combinations());
    cases.extend(meaning());
    cases
}

fn members() -> Vec<Case> {
    let (string, integer) = (json!({"type": "string"}), json!({"type": "integer"}));
    let one = json!({"a": string});
    let two = json!({"a": string, "b": integer});
    let (none, a, b) = (json!([]), json!(["a"]), json!(["b"]));
    let open = |names: &Value, required: &Value| object(names.clone(), required.clone());
    let shut = |names: &Value, required: &Value| closed(names.clone(), required.clone());
    vec![
        row(
            PropAddedOptional,
            (open(&one, &none), open(&two, &none)),
            (Minor, Minor),
            (open(&one, &none), open(&two, &b)),
        ),
        row(
            PropAddedToClosed,
            (shut(&one, &none), shut(&two, &none)),
            (Minor, Major),
            (open(&one, &none), open(&two, &none)),
        ),
        row(
            PropAddedRequired,
            (open(&one, &none), open(&two, &b)),
            (Major, Minor),
            (open(&one, &none), open(&two, &none)),
        ),
        row(
            PropAddedRequired,
            (shut(&one, &none), shut(&two, &b)),
            (Major, Major),
            (shut(&two, &none), shut(&two, &b)),
        ),
        row(
            PropRemoved,
            (shut(&two, &none), shut(&one, &none)),
            (Major, Major),
            (open(&two, &none), open(&one, &none)),
        ),
        row(
            PropRemovedIgnored,
            (open(&two, &none), open(&one, &none)),
            (Major, Major),
            (shut(&two, &none), shut(&one, &none)),
        ),
        row(
            PropRemovedIgnored,
            (open(&two, &b), open(&one, &none)),
            (Major, Major),
            (open(&two, &none), open(&two, &none)),
        ),
        row(
            PropRenamed,
            (open(&one, &a), open(&json!({"b": string}), &b)),
            (Major, Major),
            (open(&one, &none), open(&json!({"b": integer}), &none)),
        ),
        row(
            RequiredAdded,
            (open(&two, &none), open(&two, &b)),
            (Major, Minor),
            (open(&two, &json!(["a", "b"])), open(&two, &json!(["b", "a"]))),
        ),
        row(RequiredRemoved, (open(&two, &b), open(&two, &none)), (Minor, Major), (open(&two, &none), open(&two, &b))),
        row(Closed, (open(&one, &none), shut(&one, &none)), (Major, Minor), (shut(&one, &none), open(&one, &none))),
        row(
            Closed,
            (open(&one, &none), with(open(&one, &none), json!({"unevaluatedProperties": false}))),
            (Major, Minor),
            (open(&one, &none), with(open(&one, &none), json!({"additionalProperties": {}}))),
        ),
        row(Opened, (shut(&one, &none), open(&one, &none)), (Minor, Minor), (open(&one, &none), shut(&one, &none))),
        row(
            PatternPropertiesAdded,
            (
                shut(&one, &none),
                with(open(&one, &none), json!({"patternProperties": {"^x": integer}, "additionalProperties": false})),
            ),
            (Minor, Major),
            (open(&one, &none), open(&two, &none)),
        ),
        row(
            PatternPropertiesRemoved,
            (
                with(open(&one, &none), json!({"patternProperties": {"^x": integer}, "additionalProperties": false})),
                shut(&one, &none),
            ),
            (Major, Minor),
            (open(&two, &none), open(&one, &none)),
        ),
        row(
            PropertyNamesAdded,
            (
                json!({"type": "object", "additionalProperties": integer}),
                json!({"type": "object", "additionalProperties": integer, "propertyNames": {"maxLength": 3}}),
            ),
            (Major, Minor),
            (json!({"type": "object"}), json!({"type": "object", "propertyNames": {}})),
        ),
        row(
            PropertyNamesRemoved,
            (
                json!({"type": "object", "additionalProperties": integer, "propertyNames": {"maxLength": 3}}),
                json!({"type": "object", "additionalProperties": integer}),
            ),
            (Minor, Major),
            (json!({"type": "object", "propertyNames": true}), json!({"type": "object"})),
        ),
        row(
            DependentAdded,
            (open(&two, &none), with(open(&two, &none), json!({"dependentRequired": {"a": ["b"]}}))),
            (Major, Minor),
            (with(open(&two, &none), json!({"dependentRequired": {"a": ["b"]}})), open(&two, &none)),
        ),
        row(
            DependentRemoved,
            (with(open(&two, &none), json!({"dependentSchemas": {"a": {"required": ["b"]}}})), open(&two, &none)),
            (Minor, Major),
            (open(&two, &none), with(open(&two, &none), json!({"dependentSchemas": {"a": {"required": ["b"]}}}))),
        ),
    ]
}

fn values() -> Vec<Case> {
    let typed = |types: Value| member(json!({"type": types}));
    let choice = |values: Value| member(json!({"enum": values}));
    let number = |more: Value| member(with(json!({"type": "integer"}), more));
    let plain = || text(json!({}));
    vec![
        row(
            TypeWidened,
            (typed(json!("integer")), typed(json!("number"))),
            (Minor, Major),
            (typed(json!("number")), typed(json!(["number", "integer"]))),
        ),
        row(
            TypeWidened,
            (typed(json!("string")), typed(json!(["string", "null"]))),
            (Minor, Major),
            (typed(json!("string")), typed(json!(["string"]))),
        ),
        row(
            TypeNarrowed,
            (typed(json!("number")), typed(json!("integer"))),
            (Major, Minor),
            (typed(json!("integer")), typed(json!("number"))),
        ),
        row(
            TypeChanged,
            (typed(json!("string")), typed(json!("integer"))),
            (Major, Major),
            (typed(json!("string")), typed(json!(["string", "integer"]))),
        ),
        row(
            EnumAdded,
            (choice(json!(["a"])), choice(json!(["a", "b"]))),
            (Minor, Major),
            (choice(json!([1])), choice(json!([1.0]))),
        ),
        row(
            EnumRemoved,
            (choice(json!(["a", "b"])), choice(json!(["a"]))),
            (Major, Minor),
            (choice(json!(["a"])), choice(json!(["a", "b"]))),
        ),
        row(
            ConstChanged,
            (member(json!({"const": 1})), member(json!({"const": 2}))),
            (Major, Major),
            (member(json!({"const": 1})), member(json!({"enum": [1]}))),
        ),
        row(
            EnumConstraintAdded,
            (plain(), text(json!({"enum": ["x"]}))),
            (Major, Minor),
            (text(json!({"enum": ["x"]})), text(json!({"enum": ["y", "x"]}))),
        ),
        row(
            EnumConstraintRemoved,
            (text(json!({"enum": ["x"]})), plain()),
            (Minor, Major),
            (plain(), text(json!({"enum": ["x"]}))),
        ),
        row(
            BoundTightened,
            (number(json!({"minimum": 1})), number(json!({"minimum": 2}))),
            (Major, Minor),
            (number(json!({"minimum": 2})), number(json!({"minimum": 1}))),
        ),
        row(
            BoundTightened,
            (number(json!({})), number(json!({"multipleOf": 2}))),
            (Major, Minor),
            (number(json!({"multipleOf": 4})), number(json!({"multipleOf": 2}))),
        ),
        row(
            BoundTightened,
            (text(json!({})), text(json!({"maxLength": 2}))),
            (Major, Minor),
            (text(json!({})), text(json!({"minLength": 0}))),
        ),
        row(
            BoundTightened,
            (
                number(json!({"maximum": 9_007_199_254_740_993_i64})),
                number(json!({"maximum": 9_007_199_254_740_992_i64})),
            ),
            (Major, Minor),
            (number(json!({"maximum": 2})), number(json!({"maximum": 2.0}))),
        ),
        row(
            BoundRelaxed,
            (text(json!({"minLength": 2})), text(json!({"minLength": 1}))),
            (Minor, Major),
            (text(json!({"minLength": 1})), text(json!({"minLength": 2}))),
        ),
        row(
            BoundRelaxed,
            (number(json!({"exclusiveMaximum": 5, "minimum": 0})), number(json!({"maximum": 5, "minimum": 0}))),
            (Minor, Major),
            (number(json!({"minimum": 1})), number(json!({"minimum": 1.0}))),
        ),
        row(
            PatternAdded,
            (plain(), text(json!({"pattern": "^a+$"}))),
            (Major, Minor),
            (text(json!({"pattern": "^a$"})), text(json!({"pattern": "^b$"}))),
        ),
        row(
            PatternRemoved,
            (text(json!({"pattern": "^a+$"})), plain()),
            (Minor, Major),
            (plain(), text(json!({"pattern": "^a$"}))),
        ),
        row(
            PatternChanged,
            (text(json!({"pattern": "^a+$"})), text(json!({"pattern": "^a*$"}))),
            (Minor, Major),
            (plain(), text(json!({"pattern": "^a*$"}))),
        ),
        row(
            FormatAdded,
            (plain(), text(json!({"format": "date"}))),
            (Major, Minor),
            (text(json!({"format": "date"})), plain()),
        ),
        row(
            FormatRemoved,
            (text(json!({"format": "date"})), plain()),
            (Minor, Major),
            (plain(), text(json!({"format": "date"}))),
        ),
        row(
            FormatChanged,
            (text(json!({"format": "date"})), text(json!({"format": "uuid"}))),
            (Major, Major),
            (plain(), text(json!({"format": "uuid"}))),
        ),
    ]
}

fn lists() -> Vec<Case> {
    let list = |more: Value| member(with(json!({"type": "array"}), more));
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    vec![
        row(
            ItemsAdded,
            (list(json!({})), list(json!({"items": text}))),
            (Major, Minor),
            (list(json!({})), list(json!({"items": {}}))),
        ),
        row(
            ItemsRemoved,
            (list(json!({"items": text})), list(json!({}))),
            (Minor, Major),
            (list(json!({"items": true})), list(json!({}))),
        ),
        row(
            TypeChanged,
            (list(json!({"items": text})), list(json!({"items": number}))),
            (Major, Major),
            (list(json!({"items": text})), list(json!({"items": text, "maxItems": 3}))),
        ),
        row(
            PrefixItemAdded,
            (list(json!({"prefixItems": [text]})), list(json!({"prefixItems": [text, number]}))),
            (Major, Minor),
            (list(json!({"prefixItems": [text]})), list(json!({"prefixItems": [number]}))),
        ),
        row(
            PrefixItemRemoved,
            (list(json!({"prefixItems": [text, number]})), list(json!({"prefixItems": [text]}))),
            (Minor, Major),
            (list(json!({"prefixItems": [text]})), list(json!({"prefixItems": [number]}))),
        ),
        row(
            BoundTightened,
            (list(json!({"items": text})), list(json!({"items": text, "uniqueItems": true}))),
            (Major, Minor),
            (list(json!({"uniqueItems": false})), list(json!({}))),
        ),
        row(
            BoundTightened,
            (list(json!({})), list(json!({"contains": text}))),
            (Major, Minor),
            (list(json!({"contains": text})), list(json!({"contains": text, "minContains": 1}))),
        ),
        row(
            BoundRelaxed,
            (list(json!({"items": text, "maxItems": 2})), list(json!({"items": text, "maxItems": 3}))),
            (Minor, Major),
            (list(json!({})), list(json!({"minItems": 0}))),
        ),
    ]
}

fn combinations() -> Vec<Case> {
    let (text, number, flag) = (json!({"type": "string"}), json!({"type": "integer"}), json!({"type": "boolean"}));
    let any = |variants: Value| member(json!({"anyOf": variants}));
    let one = |variants: Value| member(json!({"oneOf": variants}));
    let (a, b) = (tagged("kind", "a", text.clone()), tagged("kind", "b", number.clone()));
    let bounded = |more: Value| member(with(json!({"type": "integer"}), more));
    let (only_a, only_b, either) = (json!({"const": "a"}), json!({"const": "b"}), json!({"enum": ["a", "b"]}));
    vec![
        row(
            VariantAdded,
            (any(json!([text, number])), any(json!([text, number, flag]))),
            (Minor, Major),
            (any(json!([text, number])), any(json!([number, text]))),
        ),
        row(
            VariantAdded,
            (one(json!([a])), one(json!([a, b]))),
            (Minor, Major),
            (one(json!([a, b])), one(json!([b, a]))),
        ),
        row(
            VariantAdded,
            (member(text.clone()), any(json!([text, {"type": "null"}]))),
            (Minor, Major),
            (member(text.clone()), any(json!([text]))),
        ),
        row(
            VariantRemoved,
            (one(json!([a, b])), one(json!([a]))),
            (Major, Minor),
            (one(json!([a])), one(json!([a, b]))),
        ),
        row(
            TagChanged,
            (one(json!([a, b])), one(json!([tagged("type", "a", text.clone()), tagged("type", "b", number.clone())]))),
            (Major, Major),
            (one(json!([a, b])), one(json!([a]))),
        ),
        row(
            TagChanged,
            (one(json!([a, b])), one(json!([tagged("kind", "c", text.clone()), b]))),
            (Major, Major),
            (one(json!([a, b])), one(json!([b, a]))),
        ),
        row(
            OneofOverlap,
            (one(json!([only_a, only_b])), one(json!([only_a, either]))),
            (Major, Minor),
            (one(json!([text, number])), one(json!([text, number, flag]))),
        ),
        row(
            AllofAdded,
            (bounded(json!({})), bounded(json!({"allOf": [{"minimum": 3}]}))),
            (Major, Minor),
            (bounded(json!({})), bounded(json!({"minimum": 3}))),
        ),
        row(
            AllofRemoved,
            (bounded(json!({"allOf": [{"minimum": 3}]})), bounded(json!({}))),
            (Minor, Major),
            (bounded(json!({"minimum": 3})), bounded(json!({}))),
        ),
        row(
            NotChanged,
            (bounded(json!({})), bounded(json!({"not": {"const": 3}}))),
            (Major, Minor),
            (bounded(json!({"not": {"const": 3}})), bounded(json!({"not": {"const": 3, "title": "x"}}))),
        ),
        row(
            IfChanged,
            (bounded(json!({})), bounded(json!({"if": {"minimum": 3}, "then": {"maximum": 5}}))),
            (Major, Minor),
            (bounded(json!({})), bounded(json!({"maximum": 5}))),
        ),
        Case {
            input: Some(Patch),
            output: Some(Patch),
            ..row(
                RefRefactor,
                (member(json!({"type": ["string", "null"]})), any(json!([text, {"type": "null"}]))),
                (Patch, Patch),
                (member(text.clone()), any(json!([text, {"type": "null"}]))),
            )
        },
        row(
            RefRefactor,
            (member(text.clone()), with(member(json!({"$ref": "#/$defs/T"})), json!({"$defs": {"T": text}}))),
            (Patch, Patch),
            (member(text.clone()), with(member(json!({"$ref": "#/$defs/T"})), json!({"$defs": {"T": number}}))),
        ),
        Case {
            output: None,
            ..row(
                SchemaChanged,
                (
                    with(
                        object(json!({}), json!([])),
                        json!({"$defs": {}, "anyOf": [{"properties": {"a": text}}, {"properties": {"b": text}}]}),
                    ),
                    object(json!({"a": text, "b": text}), json!([])),
                ),
                (Major, Minor),
                (member(text.clone()), member(number.clone())),
            )
        },
    ]
}

fn meaning() -> Vec<Case> {
    let plain = || text(json!({}));
    vec![
        row(
            DefaultAdded,
            (plain(), text(json!({"default": "x"}))),
            (Minor, Patch),
            (text(json!({"default": "x"})), plain()),
        ),
        row(
            DefaultChanged,
            (text(json!({"default": "x"})), text(json!({"default": "y"}))),
            (Major, Patch),
            (member(json!({"default": 1})), member(json!({"default": 1.0}))),
        ),
        row(
            DefaultRemoved,
            (text(json!({"default": "x"})), plain()),
            (Major, Patch),
            (plain(), text(json!({"default": "x"}))),
        ),
        row(
            DialectChanged,
            (plain(), with(plain(), json!({"$schema": "http://json-schema.org/draft-07/schema#"}))),
            (Major, Major),
            (plain(), with(plain(), json!({"$schema": "https://json-schema.org/draft/2020-12/schema"}))),
        ),
        row(
            DescriptionChanged,
            (plain(), text(json!({"description": "x"}))),
            (Minor, Minor),
            (plain(), text(json!({"title": "x"}))),
        ),
        row(
            DescriptionChanged,
            (text(json!({"description": "x y"})), text(json!({"description": "x\n y"}))),
            (Patch, Patch),
            (plain(), plain()),
        ),
        row(
            TitleChanged,
            (plain(), text(json!({"title": "x"}))),
            (Patch, Patch),
            (plain(), text(json!({"description": "x"}))),
        ),
        row(
            ExamplesChanged,
            (plain(), text(json!({"examples": ["x"]}))),
            (Minor, Minor),
            (plain(), text(json!({"description": "x"}))),
        ),
        row(
            DeprecatedMarked,
            (plain(), text(json!({"deprecated": true}))),
            (Minor, Minor),
            (plain(), text(json!({"deprecated": false}))),
        ),
    ]
}
