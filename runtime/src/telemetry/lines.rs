//! A line for each event, as text or as JSON, with the spans that it happened in.
//!
//! Invariants: every value goes through the mask before it is written, and nothing else does: level, time, target and the
//! names of spans and fields are the program's own words, and so is what the record of a call says of it, which no caller
//! takes out by calling it a secret. A line is written at once. What a terminal would obey is escaped.

#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write as _},
};

use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use tracing::{Event, Level, Metadata, Subscriber, span};
use tracing_subscriber::{
    Layer,
    fmt::{
        MakeWriter,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::fields::{Fields, Given};
use crate::{
    pipeline::{RECORD_TARGET, RECORD_WORDS},
    secrets::{OfLine, Secrets},
};

/// The field of an event that its own words are in.
const MESSAGE: &str = "message";

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text { colours: bool },
    Json,
}

/// See the module.
pub(super) struct Lines<W> {
    pub(super) shape: Shape,
    pub(super) writer: W,
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        // Before the span is locked: what prints a value may write to the log itself.
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<Fields>()
        {
            known.take(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let spans: Vec<_> = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()).collect();
        let calls: Vec<Secrets> = spans.iter().filter_map(|span| span.extensions().get().cloned()).collect();
        let line = Line { about: event.metadata(), fields, spans, masks: OfLine::of(&calls) };
        let written = match self.shape {
            Shape::Text { colours } => line.text(colours),
            Shape::Json => line.json(),
        };
        // There is nowhere to say that the log can't be written.
        let _ = self.write(event.metadata(), &written);
    }
}

impl<W: for<'a> MakeWriter<'a>> Lines<W> {
    fn write(&self, about: &Metadata<'_>, line: &str) -> io::Result<()> {
        self.writer.make_writer_for(about).write_all(line.as_bytes())
    }
}

struct Line<'a, S: for<'b> LookupSpan<'b>> {
    about: &'static Metadata<'static>,
    fields: Fields,
    /// From the outermost.
    spans: Vec<SpanRef<'a, S>>,
    masks: OfLine,
}

impl<'a, S: Subscriber + for<'b> LookupSpan<'b>> Line<'a, S> {
    fn text(&self, colours: bool) -> String {
        let paint = |code: &'static str| if colours { code } else { "" };
        let (dim, bold, slanted, off) =
            (paint("\u{1b}[2m"), paint("\u{1b}[1m"), paint("\u{1b}[3m"), paint("\u{1b}[0m"));
        let (level, colour) = match *self.about.level() {
            Level::ERROR => ("ERROR", "\u{1b}[31m"),
            Level::WARN => (" WARN", "\u{1b}[33m"),
            Level::INFO => (" INFO", "\u{1b}[32m"),
            Level::DEBUG => ("DEBUG", "\u{1b}[34m"),
            Level::TRACE => ("TRACE", "\u{1b}[35m"),
        };
        let mut line = format!("{dim}{}{off} {}{level}{off}", now(), paint(colour));
        let write = |line: &mut String, fields: &Fields, of_record: bool| {
            let mut first = true;
            for (name, given) in fields.iter() {
                let value = self.masked(name, given, of_record);
                let value = match value {
                    Masked::Plain(value) => value.to_string(),
                    Masked::Text(text) => format!("{text:?}"),
                    Masked::Printed(text) => harmless(&text),
                };
                if !std::mem::take(&mut first) {
                    line.push(' ');
                }
                if name != MESSAGE {
                    // Writing to a text does not fail.
                    let _ = write!(line, "{slanted}{name}{off}{dim}={off}");
                }
                line.push_str(&value);
            }
        };
        for (index, span) in self.spans.iter().enumerate() {
            line.push_str(if index == 0 { " " } else { "" });
            let _ = write!(line, "{bold}{}{off}", span.name());
            if let Some(fields) = span.extensions().get::<Fields>().filter(|fields| fields.iter().next().is_some()) {
                let _ = write!(line, "{bold}{{{off}");
                write(&mut line, fields, is_record(span.metadata()));
                let _ = write!(line, "{bold}}}{off}");
            }
            let _ = write!(line, "{dim}:{off}");
        }
        line.push(' ');
        write(&mut line, &self.fields, is_record(self.about));
        line.push('\n');
        line
    }

    fn json(&self) -> String {
        let mut bytes = Vec::new();
        // Names are texts and values JSON, so it can be written.
        let _ = self.serialize(&mut serde_json::Serializer::new(&mut bytes));
        bytes.push(b'\n');
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn serialize(&self, serializer: &mut serde_json::Serializer<&mut Vec<u8>>) -> serde_json::Result<()> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &now())?;
        map.serialize_entry("level", self.about.level().as_str())?;
        for (name, given) in self.fields.iter() {
            map.serialize_entry(name, &self.masked(name, given, is_record(self.about)).into_value())?;
        }
        map.serialize_entry("target", self.about.target())?;
        let spans: Vec<Value> = self.spans.iter().map(|span| self.span(span)).collect();
        if let Some(innermost) = spans.last() {
            map.serialize_entry("span", innermost)?;
            map.serialize_entry("spans", &spans)?;
        }
        map.end()
    }

    fn span(&self, span: &SpanRef<'a, S>) -> Value {
        let extensions = span.extensions();
        let fields = extensions.get::<Fields>().into_iter().flat_map(Fields::iter);
        let of_record = is_record(span.metadata());
        let fields = fields.map(|(name, given)| (name.to_owned(), self.masked(name, given, of_record).into_value()));
        fields.chain([("name".to_owned(), span.name().into())]).collect::<serde_json::Map<_, _>>().into()
    }

    fn masked<'v>(&self, name: &str, given: &'v Given, of_record: bool) -> Masked<'v> {
        let mask = |text: &'v str| match of_record && !RECORD_WORDS.contains(&name) {
            true => self.masks.mask_ours(text),
            false => self.masks.mask(text),
        };
        match given {
            Given::Text(text) => Masked::Text(mask(text)),
            Given::Printed(text) => Masked::Printed(mask(text)),
            // A secret may be a number.
            Given::Plain(value) if of_record || self.masks.mask(&value.to_string()) == value.to_string() => {
                Masked::Plain(value)
            }
            Given::Plain(value) => Masked::Printed(self.masks.mask(&value.to_string()).into_owned().into()),
        }
    }
}

/// A value as it is written.
enum Masked<'a> {
    Plain(&'a Value),
    Text(Cow<'a, str>),
    Printed(Cow<'a, str>),
}

impl Masked<'_> {
    fn into_value(self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Text(text) | Self::Printed(text) => text.into(),
        }
    }
}

/// Of the record of a call.
fn is_record(about: &Metadata<'_>) -> bool {
    about.target() == RECORD_TARGET
}

/// Without what a terminal obeys. Lines are left: a list of problems has many.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => harmless.push(character),
            character if character.is_control() => harmless.extend(character.escape_default()),
            character => harmless.push(character),
        }
    }
    harmless
}

fn now() -> String {
    let mut now = String::new();
    // It is written to a text.
    let _ = SystemTime.format_time(&mut Writer::new(&mut now));
    now
}
