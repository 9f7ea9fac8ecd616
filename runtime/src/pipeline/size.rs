//! How large arguments and results are, without keeping what they take as text.

use rmcp::model::{ContentBlock, ResourceContents, ServerResult};
use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::limits::Limits;
use crate::{call::Stop, tool::Output};

/// The arguments of a call.
pub(super) fn of_arguments(limits: &Limits, arguments: &Map<String, Value>) -> Result<(), Stop> {
    Measure::new(limits.argument_bytes, limits.argument_depth)
        .object(arguments, 1)
        .map_err(|crossed| crossed.into_stop(limits))
}

/// The parameters of a request that is not a tool call.
pub(super) fn of_parameters(limits: &Limits, parameters: &Value) -> Result<(), Stop> {
    Measure::new(limits.argument_bytes, limits.argument_depth)
        .value(parameters, 0)
        .map_err(|crossed| crossed.into_stop(limits))
}

/// The result of a function. How deep it is, is its author's business.
pub(super) fn check(output: &Output, limit: usize) -> Result<(), Stop> {
    let mut measure = Measure::new(limit, usize::MAX);
    let measured = match output {
        Output::Value(value) => measure.value(value, 0),
        Output::Plan(_) => Ok(()),
        Output::Content(content) => content.blocks.iter().try_for_each(|block| measure.add(AROUND + bytes(block))),
    };
    measured.map_err(|_| Stop::ResultTooLarge { limit })
}

/// The answer to a request that is not a tool call, as it is written.
pub(crate) fn of_answer(limits: &Limits, answer: &ServerResult) -> Result<(), Stop> {
    let limit = limits.result_bytes;
    if written(answer) > limit { Err(Stop::ResultTooLarge { limit }) } else { Ok(()) }
}

/// What is around the content of a block, roughly.
const AROUND: usize = 64;

/// What takes most of a block.
pub(crate) fn bytes(block: &ContentBlock) -> usize {
    match block {
        ContentBlock::Text(text) => text.text.len(),
        ContentBlock::Image(image) => image.data.len(),
        ContentBlock::Audio(audio) => audio.data.len(),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text.len(),
            ResourceContents::BlobResourceContents { blob, .. } => blob.len(),
            _ => written(&resource.resource),
        },
        other => written(other),
    }
}

/// How much text it takes.
fn written(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    // What can't be written is refused when it is to be sent.
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

/// Counts what is written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Crossed {
    fn into_stop(self, limits: &Limits) -> Stop {
        match self {
            Self::Bytes => Stop::TooLarge { limit: limits.argument_bytes },
            Self::Depth => Stop::TooDeep { limit: limits.argument_depth },
        }
    }
}

/// Walks a value until a bound is crossed, so that the walk itself is bounded by the bounds.
struct Measure {
    bytes: usize,
    most_bytes: usize,
    most_depth: usize,
}

/// Which bound was crossed.
enum Crossed {
    Bytes,
    Depth,
}

impl Measure {
    fn new(most_bytes: usize, most_depth: usize) -> Self {
        Self { bytes: 0, most_bytes, most_depth }
    }

    fn object(&mut self, object: &Map<String, Value>, depth: usize) -> Result<(), Crossed> {
        self.level(depth)?;
        for (name, value) in object {
            // quotes, colon, comma
            self.add(name.len() + 4)?;
            self.value(value, depth)?;
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Crossed> {
        match value {
            Value::Null | Value::Bool(_) => self.add(5),
            Value::Number(number) => self.add(1 + digits(number)),
            Value::String(text) => self.add(text.len() + 3),
            Value::Object(object) => self.object(object, depth + 1),
            Value::Array(items) => {
                self.level(depth + 1)?;
                self.add(2)?;
                items.iter().try_for_each(|item| self.value(item, depth + 1))
            }
        }
    }

    fn level(&self, depth: usize) -> Result<(), Crossed> {
        if depth > self.most_depth { Err(Crossed::Depth) } else { Ok(()) }
    }

    fn add(&mut self, bytes: usize) -> Result<(), Crossed> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.most_bytes { Err(Crossed::Bytes) } else { Ok(()) }
    }
}

/// How long a number is when it is written; a double takes 17 digits at most, and a sign, a point and an exponent.
fn digits(number: &Number) -> usize {
    const DOUBLE: usize = 24;
    let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    whole.map_or(DOUBLE, |whole| 2 + whole.checked_ilog10().unwrap_or(0) as usize)
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ReadResourceResult, ResourceContents};

    use super::*;
    use crate::config::Settings;

    #[test]
    fn an_answer_that_is_not_of_a_tool_is_bounded_as_results_are() {
        let limits = Settings::from_text("[limits]\nresult_bytes = 2000").unwrap().limits;
        let answer = |blob: usize| {
            let contents = ResourceContents::blob("a".repeat(blob), "notes://1");
            ServerResult::ReadResourceResult(ReadResourceResult::new(vec![contents]))
        };
        assert!(of_answer(&limits, &answer(1000)).is_ok());
        assert!(matches!(of_answer(&limits, &answer(2000)), Err(Stop::ResultTooLarge { limit: 2000 })));
    }
}
