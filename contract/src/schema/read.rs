//! Reads a document's keywords into nodes: every schema that can be reached from the root, each once.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use num_rational::BigRational;
use num_traits::{Signed as _, Zero as _};
use serde_json::{Map, Value};

use super::{
    Dialect, SchemaError,
    node::{Bound, Condition, Contains, Id, Kind, Kinds, Node, Values},
    reference::{References, escape},
    value::rational,
};

/// The members of a schema.
type Members = Map<String, Value>;

pub(super) struct Reader<'a> {
    root: &'a Value,
    dialect: Dialect,
    references: &'a References,
    nodes: Vec<Node>,
    by_pointer: HashMap<String, Id>,
    waiting: VecDeque<(Id, &'a Value)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Value, dialect: Dialect, references: &'a References) -> Self {
        let (nodes, by_pointer, waiting) = (Vec::new(), HashMap::new(), VecDeque::new());
        Self { root, dialect, references, nodes, by_pointer, waiting }
    }

    pub(super) fn read(mut self) -> Result<(Vec<Node>, HashMap<String, Id>), SchemaError> {
        self.node(self.root, String::new());
        // A queue and not a recursion: references make chains of any length.
        while let Some((id, value)) = self.waiting.pop_front() {
            let mut node = Node::open(self.nodes[id as usize].pointer.clone());
            match value {
                Value::Bool(always) => node.always = Some(*always),
                Value::Object(members) => self.keywords(&mut node, members)?,
                _ => return Err(wrong(&node.pointer, "a schema is an object, true or false")),
            }
            self.nodes[id as usize] = node;
        }
        Ok((self.nodes, self.by_pointer))
    }

    fn node(&mut self, value: &'a Value, pointer: String) -> Id {
        if let Some(id) = self.by_pointer.get(&pointer) {
            return *id;
        }
        let id = Id::try_from(self.nodes.len()).unwrap_or(Id::MAX);
        self.nodes.push(Node::open(pointer.clone()));
        self.by_pointer.insert(pointer, id);
        self.waiting.push_back((id, value));
        id
    }

    fn keywords(&mut self, node: &mut Node, members: &'a Members) -> Result<(), SchemaError> {
        if let Some(reference) = members.get("$ref") {
            let reference = text(node, "$ref", reference)?;
            let target = self.references.resolve(self.root, reference, &node.pointer);
            self.refer(node, reference, target);
            if self.dialect.reference_stands_alone() {
                return Ok(());
            }
        }
        let dialect = self.dialect;
        for (name, value) in members.iter().filter(|(name, _)| dialect.has_keyword(name)) {
            self.keyword(node, members, name, value)?;
        }
        if dialect.has_keyword("if") {
            let mut part = |name: &str| {
                let value = members.get(name)?;
                Some(self.node(value, format!("{}/{name}", node.pointer)))
            };
            if let Some(test) = part("if") {
                node.condition = Some(Condition { test, then: part("then"), otherwise: part("else") });
            }
        }
        Ok(())
    }

    fn refer(&mut self, node: &mut Node, reference: &str, target: Option<String>) {
        match target.and_then(|pointer| Some((self.root.pointer(&pointer)?, pointer))) {
            Some((value, pointer)) => {
                let id = self.node(value, pointer);
                node.all_of.push(id);
            }
            None => node.opaque = Some(format!("the reference `{reference}` leaves the document").into()),
        }
    }

    fn keyword(
        &mut self,
        node: &mut Node,
        members: &'a Members,
        name: &str,
        value: &'a Value,
    ) -> Result<(), SchemaError> {
        let older = self.dialect.has_item_lists();
        match name {
            "$dynamicRef" | "$recursiveRef" => {
                let reference = text(node, name, value)?;
                let target = self.references.resolve_dynamic(self.root, reference, &node.pointer);
                self.refer(node, reference, target);
            }
            "$schema" if !node.pointer.is_empty() && Dialect::of_uri(value.as_str()) != Some(self.dialect) => {
                node.opaque = Some("a part of the document is in another dialect".into());
            }
            "type" => {
                node.kinds = kinds(node, value)?;
                if self.dialect == Dialect::Draft4 && node.kinds.has(Kind::Integer) && !node.kinds.has(Kind::Fraction) {
                    node.written_whole = true;
                }
            }
            "enum" => node.values.push(Arc::new(Values::new(list(node, name, value)?.clone()))),
            "const" => node.values.push(Arc::new(Values::new(vec![value.clone()]))),
            "minimum" | "maximum" => {
                let flag = if name == "minimum" { "exclusiveMinimum" } else { "exclusiveMaximum" };
                let exclusive = members.get(flag) == Some(&Value::Bool(true));
                bound(node, name, value, exclusive)?;
            }
            "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() && self.dialect == Dialect::Draft4 => {}
            "exclusiveMinimum" | "exclusiveMaximum" => bound(node, name, value, true)?,
            "multipleOf" => {
                let step = number(node, name, value)?;
                if let Some(step) = step {
                    if !step.is_positive() {
                        return Err(wrong(&at(node, name), "a number above 0 is expected"));
                    }
                    node.multiple_of = Some(step);
                }
            }
            "minLength" => node.min_length = count(node, name, value)?,
            "maxLength" => node.max_length = Some(count(node, name, value)?),
            "pattern" => node.pattern = Some(text(node, name, value)?.into()),
            "format" => {
                let format = text(node, name, value)?;
                // A format that the dialect does not define is checked by nobody, and may be meant all the same.
                let defined = self.dialect.has_format(format);
                node.format = Some(if defined { format.into() } else { format!("{format}, undefined").into() });
            }
            "minItems" => node.min_items = count(node, name, value)?,
            "maxItems" => node.max_items = Some(count(node, name, value)?),
            "uniqueItems" => node.unique = flag(node, name, value)?,
            "minProperties" => node.min_properties = count(node, name, value)?,
            "maxProperties" => node.max_properties = Some(count(node, name, value)?),
            "required" if !value.is_boolean() => {
                for item in list(node, name, value)? {
                    node.required.insert(text(node, name, item)?.into());
                }
            }
            "items" if value.is_array() && older => {
                node.prefix = self.schemas(node, name, value)?;
                if let Some(rest) = members.get("additionalItems") {
                    node.items = Some(self.child(node, "additionalItems", rest));
                }
            }
            "items" => node.items = Some(self.child(node, name, value)),
            "prefixItems" => node.prefix = self.schemas(node, name, value)?,
            "contains" => {
                let counted = self.dialect >= Dialect::Draft201909;
                let bound = |name: &str| {
                    let written = members.get(name).filter(|_| counted);
                    written.map(|value| count(node, name, value)).transpose()
                };
                let (min, max) = (bound("minContains")?.unwrap_or(1), bound("maxContains")?);
                node.contains = Some(Contains { schema: self.child(node, name, value), min, max });
            }
            "unevaluatedItems" => {
                node.unevaluated_items = Some(self.child(node, name, value));
                if self.dialect == Dialect::Draft201909 {
                    node.opaque = Some("what `unevaluatedItems` leaves out differs in 2019-09".into());
                }
            }
            "properties" => {
                for (property, schema) in object(node, name, value)? {
                    let pointer = format!("{}/properties/{}", node.pointer, escape(property));
                    let id = self.node(schema, pointer);
                    node.properties.insert(property.as_str().into(), id);
                }
            }
            "patternProperties" => {
                for (pattern, schema) in object(node, name, value)? {
                    let pointer = format!("{}/patternProperties/{}", node.pointer, escape(pattern));
                    let id = self.node(schema, pointer);
                    node.patterns.push((pattern.as_str().into(), id));
                }
            }
            "additionalProperties" => node.additional = Some(self.child(node, name, value)),
            "propertyNames" => node.names = Some(self.child(node, name, value)),
            "unevaluatedProperties" => node.unevaluated_properties = Some(self.child(node, name, value)),
            "dependentRequired" | "dependentSchemas" | "dependencies" => self.dependent(node, name, value)?,
            "allOf" => {
                let schemas = self.schemas(node, name, value)?;
                node.all_of.extend(schemas);
            }
            "anyOf" => node.any_of = self.schemas(node, name, value)?,
            "oneOf" => node.one_of = self.schemas(node, name, value)?,
            "contentEncoding" | "contentMediaType" if self.dialect.may_check_content() => {
                node.opaque = Some(format!("`{name}: {value}` may or may not be checked").into());
            }
            "not" => node.not = Some(self.child(node, name, value)),
            _ => {}
        }
        Ok(())
    }

    fn child(&mut self, node: &Node, name: &str, value: &'a Value) -> Id {
        self.node(value, format!("{}/{name}", node.pointer))
    }

    fn schemas(&mut self, node: &Node, name: &str, value: &'a Value) -> Result<Vec<Id>, SchemaError> {
        let items = list(node, name, value)?.iter().enumerate();
        Ok(items.map(|(at, item)| self.node(item, format!("{}/{name}/{at}", node.pointer))).collect())
    }

    /// `dependentRequired`, `dependentSchemas`, and `dependencies`, which was both.
    fn dependent(&mut self, node: &mut Node, name: &str, value: &'a Value) -> Result<(), SchemaError> {
        for (member, needs) in object(node, name, value)? {
            let pointer = format!("{}/{name}/{}", node.pointer, escape(member));
            let names = match needs {
                Value::Array(names) if name != "dependentSchemas" => names,
                Value::String(_) if name == "dependencies" => std::slice::from_ref(needs),
                schema => {
                    let id = self.node(schema, pointer);
                    node.dependent_schemas.push((member.as_str().into(), id));
                    continue;
                }
            };
            let names = names.iter().map(|needed| Ok(text(node, name, needed)?.into())).collect::<Result<_, _>>()?;
            node.dependent_required.push((member.as_str().into(), names));
        }
        Ok(())
    }
}

fn at(node: &Node, name: &str) -> String {
    format!("{}/{name}", node.pointer)
}

fn wrong(place: &str, what: &str) -> SchemaError {
    SchemaError { place: place.to_owned(), what: what.to_owned() }
}

fn text<'a>(node: &Node, name: &str, value: &'a Value) -> Result<&'a str, SchemaError> {
    value.as_str().ok_or_else(|| wrong(&at(node, name), "text is expected"))
}

fn flag(node: &Node, name: &str, value: &Value) -> Result<bool, SchemaError> {
    value.as_bool().ok_or_else(|| wrong(&at(node, name), "true or false is expected"))
}

fn list<'a>(node: &Node, name: &str, value: &'a Value) -> Result<&'a Vec<Value>, SchemaError> {
    value.as_array().ok_or_else(|| wrong(&at(node, name), "a list is expected"))
}

fn object<'a>(node: &Node, name: &str, value: &'a Value) -> Result<&'a Members, SchemaError> {
    value.as_object().ok_or_else(|| wrong(&at(node, name), "an object is expected"))
}

fn count(node: &Node, name: &str, value: &Value) -> Result<u64, SchemaError> {
    let whole = value.as_u64().or_else(|| {
        // `2.0` is an integer, too; what is beyond 2^53 no value reaches.
        let double = value.as_f64().filter(|double| *double >= 0.0 && double.fract() == 0.0)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, not negative, saturating")]
        Some(double as u64)
    });
    whole.ok_or_else(|| wrong(&at(node, name), "a whole number from 0 on is expected"))
}

/// The exact number; a number that is too large to work with makes the node opaque.
fn number(node: &mut Node, name: &str, value: &Value) -> Result<Option<BigRational>, SchemaError> {
    let Value::Number(number) = value else { return Err(wrong(&at(node, name), "a number is expected")) };
    let exact = rational(number);
    if exact.is_none() {
        node.opaque = Some(format!("the number in `{name}` is too large").into());
    }
    Ok(exact)
}

fn bound(node: &mut Node, name: &str, value: &Value, exclusive: bool) -> Result<(), SchemaError> {
    let Some(value) = number(node, name, value)? else { return Ok(()) };
    let lower = matches!(name, "minimum" | "exclusiveMinimum");
    let known = if lower { &mut node.min } else { &mut node.max };
    let replaces = known.as_ref().is_none_or(|known| {
        let difference = if lower { &value - &known.value } else { &known.value - &value };
        difference.is_positive() || (difference.is_zero() && exclusive)
    });
    if replaces {
        *known = Some(Bound { value, exclusive });
    }
    Ok(())
}

fn kinds(node: &Node, value: &Value) -> Result<Kinds, SchemaError> {
    let names = match value {
        Value::Array(names) => names.as_slice(),
        name => std::slice::from_ref(name),
    };
    names.iter().try_fold(Kinds::NONE, |kinds, name| {
        Ok(match name.as_str() {
            Some("null") => kinds.with(Kind::Null),
            Some("boolean") => kinds.with(Kind::Boolean),
            Some("integer") => kinds.with(Kind::Integer),
            Some("number") => kinds.with(Kind::Integer).with(Kind::Fraction),
            Some("string") => kinds.with(Kind::String),
            Some("array") => kinds.with(Kind::Array),
            Some("object") => kinds.with(Kind::Object),
            _ => {
                let known = "one of null, boolean, integer, number, string, array, object, or a list of them";
                return Err(wrong(&at(node, "type"), &format!("{known} is expected")));
            }
        })
    })
}
