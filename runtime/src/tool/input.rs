//! Builds the input schema of a tool from its parameters.
//!
//! Invariant: the schema is closed (a property that no parameter names is a violation) and the same source gives
//! the same bytes. This module does not validate; it builds what the [catalogue](crate::catalogue) compiles.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The input schema of a tool: JSON Schema 2020-12, `type: object`, closed.
#[derive(Debug)]
pub struct InputSchema {
    generator: SchemaGenerator,
    root: Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<Value>,
    problems: Vec<String>,
}

/// What is known of one parameter beside its type.
#[derive(Debug)]
pub struct Parameter {
    /// The property's name.
    pub name: &'static str,
    /// The parameter's doc comment.
    pub description: Option<&'static str>,
    /// The property must be given: neither an `Option` nor a default.
    pub required: bool,
    /// `#[arg(..)]`, in the order written.
    pub constraints: &'static [Constraint],
    /// `#[arg(default = ..)]` as JSON.
    pub default: Option<Value>,
    /// `#[arg(example = ..)]` as JSON.
    pub examples: Vec<Value>,
}

/// A number as written in `range(..)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
}

/// A constraint of `#[arg(..)]`. Bounds are inclusive unless the name says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constraint {
    /// Fewest characters, elements or entries.
    MinLength(u64),
    /// Most characters, elements or entries.
    MaxLength(u64),
    /// Smallest number.
    Minimum(Number),
    /// Largest number.
    Maximum(Number),
    /// The number is smaller than this.
    ExclusiveMaximum(Number),
    /// A regular expression that the text matches somewhere (ECMA 262 syntax, no look-around).
    Pattern(&'static str),
    /// A JSON Schema format, such as `email` or `date-time`; it is enforced.
    Format(&'static str),
    /// Constraints of each element.
    Items(&'static [Constraint]),
    /// No two elements are equal.
    Unique,
    /// The value is a secret: write-only, and masked wherever it could be printed.
    Secret,
    /// The argument is mirrored in the HTTP header `Mcp-Param-{name}` (SEP-2243).
    Header(&'static str),
}

/// What each kind of constraint can be put on. Implement these for your own types to use them there.
pub mod constraint {
    use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

    macro_rules! marker {
        ($(#[$doc:meta])* $name:ident, $message:literal, $($t:ty),* $(; $($generic:tt)*)?) => {
            $(#[$doc])*
            #[diagnostic::on_unimplemented(message = $message)]
            pub trait $name {
                /// Named by generated code where the type has to have the trait.
                #[doc(hidden)]
                const FITS: () = ();
            }
            $(impl $name for $t {})*
            impl<T: $name> $name for Option<T> {}
            impl<T: $name + ?Sized> $name for Box<T> {}
        };
    }

    marker!(
        /// `length(..)`: text, lists and maps.
        HasLength, "`length` needs text, a list or a map, and `{Self}` is none of them", String, str);
    marker!(
        /// `range(..)`: numbers.
        Ranged, "`range` needs a number, and `{Self}` is none",
        u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);
    marker!(
        /// `pattern(..)` and `format(..)`: text.
        Textual, "`pattern` and `format` need text, and `{Self}` is none", String, str);
    marker!(
        /// `items(..)` and `unique`: lists.
        Listed, "`items` and `unique` need a list, and `{Self}` is none",);
    marker!(
        /// `header = ".."`: text, numbers and booleans.
        Primitive, "`header` needs text, a number or a boolean that is no secret, and `{Self}` is none of them",
        String, str, bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);

    macro_rules! collections {
        ($($trait_:ident for $($t:ty),*;)*) => { $($(impl<T> $trait_ for $t {})*)* };
    }
    impl<T: HasLength + crate::secrets::Sensitive> HasLength for crate::Secret<T> {}
    impl<T: Textual + crate::secrets::Sensitive> Textual for crate::Secret<T> {}

    collections! {
        HasLength for Vec<T>, BTreeSet<T>, HashSet<T>, BTreeMap<String, T>, HashMap<String, T>;
        Listed for Vec<T>, BTreeSet<T>, HashSet<T>;
    }

    /// The element of a list, so that `items(..)` can be checked against it.
    #[diagnostic::on_unimplemented(message = "`items` needs a list, and `{Self}` is none")]
    pub trait Element {
        /// What the list holds.
        type Of;
    }
    impl<T> Element for Vec<T> {
        type Of = T;
    }
    impl<T> Element for BTreeSet<T> {
        type Of = T;
    }
    impl<T> Element for HashSet<T> {
        type Of = T;
    }
    impl<T: Element> Element for Option<T> {
        type Of = T::Of;
    }
}

impl InputSchema {
    /// A schema without parameters.
    pub fn new() -> Self {
        Self {
            generator: SchemaSettings::draft2020_12().for_deserialize().into_generator(),
            properties: Map::new(),
            required: Vec::new(),
            root: Map::new(),
            problems: Vec::new(),
        }
    }

    /// The schema of a struct that holds all arguments (`Args<T>`).
    pub fn of<T: JsonSchema>() -> Self {
        let mut schema = Self::new();
        let root = schema.generator.root_schema_for::<T>();
        schema.root = root.as_object().cloned().unwrap_or_default();
        schema.root.remove("title");
        schema
    }

    /// Adds a parameter of type `T`.
    #[must_use]
    pub fn parameter<T: JsonSchema>(mut self, parameter: Parameter) -> Self {
        let subschema = self.generator.subschema_for::<T>();
        let mut property = match subschema.as_value() {
            Value::Object(object) => object.clone(),
            _ => Map::new(),
        };
        if let Some(description) = parameter.description {
            property.insert("description".into(), description.into());
        }
        for constraint in parameter.constraints {
            self.constrain(parameter.name, &mut property, *constraint);
        }
        if let Some(default) = parameter.default {
            property.insert("default".into(), default);
        }
        if !parameter.examples.is_empty() {
            property.insert("examples".into(), parameter.examples.into());
        }
        if parameter.required {
            self.required.push(parameter.name.into());
        }
        self.properties.insert(parameter.name.into(), property.into());
        self
    }

    /// The finished schema, or everything that is wrong with it.
    pub(crate) fn finish(mut self) -> Result<Value, Vec<String>> {
        let mut root = std::mem::take(&mut self.root);
        if root.is_empty() {
            root.insert("type".into(), "object".into());
            root.insert("properties".into(), std::mem::take(&mut self.properties).into());
            if !self.required.is_empty() {
                root.insert("required".into(), std::mem::take(&mut self.required).into());
            }
            let definitions = self.generator.take_definitions(true);
            if !definitions.is_empty() {
                root.insert("$defs".into(), definitions.into());
            }
            root.insert("$schema".into(), super::output::DIALECT.into());
        }
        if root.get("type").and_then(Value::as_str) != Some("object") {
            self.problems
                .push("the arguments are not an object; help: `Args<T>` needs a struct with named fields".into());
        }
        for (name, property) in root.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if property.get("writeOnly") == Some(&Value::Bool(true)) && property.get("x-mcp-header").is_some() {
                self.problems.push(format!(
                    "parameter `{name}`: a secret is mirrored in a header, where proxies log it; help: take `x-mcp-header` away"
                ));
            }
        }
        close(&mut root);
        if self.problems.is_empty() { Ok(steadfast_contract::sorted(Value::Object(root))) } else { Err(self.problems) }
    }

    fn constrain(&mut self, name: &str, property: &mut Map<String, Value>, constraint: Constraint) {
        match constraint {
            Constraint::MinLength(bound) | Constraint::MaxLength(bound) => {
                let end = if matches!(constraint, Constraint::MinLength(_)) { "min" } else { "max" };
                match self.counted(property) {
                    Some(unit) => {
                        property.insert(format!("{end}{unit}"), bound.into());
                    }
                    None => self.problems.push(format!(
                        "parameter `{name}`: `length` does not fit its schema; help: use text, a list or a map"
                    )),
                }
            }
            Constraint::Minimum(bound) => put(property, "minimum", number(bound)),
            Constraint::Maximum(bound) => put(property, "maximum", number(bound)),
            Constraint::ExclusiveMaximum(bound) => put(property, "exclusiveMaximum", number(bound)),
            Constraint::Pattern(pattern) => put(property, "pattern", pattern.into()),
            Constraint::Format(format) => put(property, "format", format.into()),
            Constraint::Items(constraints) => {
                let mut items = match property.get("items") {
                    Some(Value::Object(items)) => items.clone(),
                    _ => Map::new(),
                };
                for constraint in constraints {
                    self.constrain(name, &mut items, *constraint);
                }
                property.insert("items".into(), items.into());
            }
            Constraint::Unique => put(property, "uniqueItems", true.into()),
            Constraint::Secret => put(property, "writeOnly", true.into()),
            Constraint::Header(header) => put(property, "x-mcp-header", header.into()),
        }
    }

    /// What `length` counts: the tail of the keyword for the property's type.
    fn counted(&self, property: &Map<String, Value>) -> Option<&'static str> {
        let target = match property.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let name = reference.strip_prefix("#/$defs/")?;
                self.generator.definitions().get(name)?.as_object()?
            }
            None => property,
        };
        let is = |wanted: &str| match target.get("type") {
            Some(Value::String(kind)) => kind == wanted,
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
            _ => false,
        };
        [("string", "Length"), ("array", "Items"), ("object", "Properties")]
            .into_iter()
            .find_map(|(kind, unit)| is(kind).then_some(unit))
    }
}

impl Default for InputSchema {
    fn default() -> Self {
        Self::new()
    }
}

/// Closes an object schema: what no keyword names is refused.
fn close(root: &mut Map<String, Value>) {
    if root.contains_key("additionalProperties") || root.contains_key("unevaluatedProperties") {
        return;
    }
    let composed = ["allOf", "anyOf", "oneOf", "$ref", "if"].iter().any(|keyword| root.contains_key(*keyword));
    let keyword = if composed { "unevaluatedProperties" } else { "additionalProperties" };
    root.insert(keyword.into(), false.into());
}

fn put(property: &mut Map<String, Value>, keyword: &str, value: Value) {
    property.insert(keyword.into(), value);
}

fn number(number: Number) -> Value {
    match number {
        Number::Integer(whole) => i64::try_from(whole)
            .map(Value::from)
            .or_else(|_| u64::try_from(whole).map(Value::from))
            .unwrap_or(Value::Null),
        Number::Float(float) => Value::from(float),
    }
}
