//! What a tool's function may return, and the output schema that follows from its type.

mod bounded;

use rmcp::model::{AudioContent, ContentBlock, ResourceContents};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

use self::bounded::Unwritten;
use crate::{confirm::Plan, context::CallContext, error::ToolError};

/// The dialect of every schema that Steadfast publishes.
pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The property that carries a result which is not an object by itself.
pub(crate) const WRAPPER: &str = "result";

/// What a function returned, before the pipeline makes an answer of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output {
    /// A value to be published as structured content.
    Value(Value),
    /// Content blocks, without structure.
    Content(Content),
    /// What a tool's function would do; of the function that makes plans, and of no other.
    #[doc(hidden)]
    Plan(Box<Plan>),
}

/// A type that a tool's function can return.
///
/// Implemented for everything that is `Serialize + JsonSchema`: an object is published as it is, text as text,
/// `()` as no content, and any other value wrapped as `{"result": ..}`, since clients before 2026-07-28 take
/// objects only. [`Content`] gives images, audio and resources.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the result of a tool",
    note = "return a type that is `serde::Serialize` and `schemars::JsonSchema`, or `steadfast::Content`",
    note = "a `Result` is recognised by its name: write `Result<T, E>` or an alias whose name ends in `Result`"
)]
pub trait IntoOutput {
    /// The schema of the type.
    fn schema() -> OutputSchema;

    /// The value, as long as it takes no more than `limit` bytes as JSON; what takes more is not made.
    ///
    /// # Errors
    /// When it takes more, or can't be written as JSON.
    fn into_output(self, limit: usize) -> Result<Output, ToolError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> IntoOutput for T {
    fn schema() -> OutputSchema {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut root = generator.into_root_schema_for::<T>();
        root.remove("title");
        OutputSchema::from_value(root.to_value())
    }

    fn into_output(self, limit: usize) -> Result<Output, ToolError> {
        bounded::to_value(&self, limit).map(Output::Value).map_err(|unwritten| match unwritten {
            Unwritten::TooLarge => ToolError::result_too_large(limit),
            Unwritten::TooDeep => {
                ToolError::internal(format!("the result is nested deeper than {} levels", bounded::DEPTH))
            }
            Unwritten::Wrong(error) => ToolError::internal("the result can't be written as JSON").with_source(error),
        })
    }
}

/// A result that may be an error. Implemented for `Result<T, E>` where `E` becomes a [`ToolError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the result of a tool",
    note = "the error must become a `ToolError`: return `Result<T, ToolError>`, or an error that implements `std::error::Error`",
    note = "a type whose name ends in `Result` is taken for one: if it is none, give it another name"
)]
pub trait Fallible {
    /// What it is when it is no error.
    type Ok: IntoOutput;

    /// As a `Result` of the pipeline's own error.
    fn into_result(self) -> Result<Self::Ok, ToolError>;
}

impl<T: IntoOutput, E: Into<ToolError>> Fallible for Result<T, E> {
    type Ok = T;

    fn into_result(self) -> Result<T, ToolError> {
        self.map_err(Into::into)
    }
}

/// How what a function returns is published, for generated code. Schema and value come from one bound, so that a type
/// that has not got it is reported once.
#[derive(Debug)]
pub struct Returns<R> {
    /// The schema of the value.
    pub schema: fn() -> OutputSchema,
    /// The value, or its error.
    convert: fn(R, usize) -> Result<Output, ToolError>,
}

impl<R> Returns<R> {
    /// What the function returned, if it takes no more than the server lets a result of the call take.
    pub fn convert(&self, returned: R, context: &CallContext) -> Result<Output, ToolError> {
        (self.convert)(returned, context.result_bytes())
    }
}

/// Of a function that can't fail.
pub const fn returns_value<R: IntoOutput>() -> Returns<R> {
    Returns { schema: R::schema, convert: R::into_output }
}

/// Of a function that returns a `Result`.
pub const fn returns_result<R: Fallible>() -> Returns<R> {
    Returns { schema: R::Ok::schema, convert: |result, limit| result.into_result()?.into_output(limit) }
}

/// How a function's result is published.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputSchema {
    /// An object, published as structured content by this schema.
    Object(Value),
    /// Any other value, published as `{"result": value}` by this schema.
    Wrapped(Value),
    /// Text without structure.
    Text,
    /// Nothing.
    Unit,
    /// Content blocks.
    Content,
}

impl OutputSchema {
    fn from_value(schema: Value) -> Self {
        match root_type(&schema, &schema) {
            Some("string") if schema.get("enum").is_none() => Self::Text,
            Some("null") => Self::Unit,
            Some("object") => Self::Object(steadfast_contract::sorted(with_type_object(schema))),
            _ => Self::Wrapped(steadfast_contract::sorted(wrapped(schema))),
        }
    }

    /// The same with another schema in the place of the published one.
    pub(crate) fn map(self, change: impl FnOnce(Value) -> Value) -> Self {
        match self {
            Self::Object(schema) => Self::Object(change(schema)),
            Self::Wrapped(schema) => Self::Wrapped(change(schema)),
            other => other,
        }
    }

    /// The schema to publish.
    pub(crate) fn published(&self) -> Option<&Value> {
        match self {
            Self::Object(schema) | Self::Wrapped(schema) => Some(schema),
            Self::Text | Self::Unit | Self::Content => None,
        }
    }
}

/// The type that every instance has, through references and variants that agree.
fn root_type<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a str> {
    if let Some(kind) = schema.get("type") {
        return kind.as_str();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return root_type(root.pointer(reference.strip_prefix('#')?)?, root);
    }
    let variants = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    let mut kinds = variants.iter().map(|variant| root_type(variant, root));
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

/// Clients before 2026-07-28 want `type: object` at the root itself.
fn with_type_object(mut schema: Value) -> Value {
    schema["type"] = "object".into();
    schema
}

fn wrapped(mut schema: Value) -> Value {
    let definitions = schema.as_object_mut().and_then(|object| {
        object.remove("$schema");
        object.remove("$defs")
    });
    let mut root = json!({
        "$schema": DIALECT,
        "type": "object",
        "properties": { WRAPPER: schema },
        "required": [WRAPPER],
        "additionalProperties": false,
    });
    if let Some(definitions) = definitions {
        root["$defs"] = definitions;
    }
    root
}

/// Content blocks for a model or a person: text, images, audio, resources.
///
/// ```
/// use steadfast::Content;
/// let content = Content::text("Two charts:").image("aGk=", "image/png").image("aGk=", "image/png");
/// ```
#[derive(Debug, Default)]
pub struct Content {
    pub(crate) blocks: Vec<ContentBlock>,
}

impl Content {
    /// A block of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().block(ContentBlock::text(text))
    }

    /// Adds an image: base64 data and its media type.
    #[must_use]
    pub fn image(self, data: impl Into<String>, media_type: impl Into<String>) -> Self {
        self.block(ContentBlock::image(data, media_type))
    }

    /// Adds audio: base64 data and its media type.
    #[must_use]
    pub fn audio(self, data: impl Into<String>, media_type: impl Into<String>) -> Self {
        self.block(ContentBlock::Audio(AudioContent::new(data, media_type)))
    }

    /// Adds a resource's content.
    #[must_use]
    pub fn resource(self, resource: ResourceContents) -> Self {
        self.block(ContentBlock::resource(resource))
    }

    /// Adds any block of the protocol.
    #[must_use]
    pub fn block(mut self, block: ContentBlock) -> Self {
        self.blocks.push(block);
        self
    }
}

impl IntoOutput for Content {
    fn schema() -> OutputSchema {
        OutputSchema::Content
    }

    /// Blocks are there already; the pipeline measures them.
    fn into_output(self, _limit: usize) -> Result<Output, ToolError> {
        Ok(Output::Content(self))
    }
}
