//! `define_word`: asks a dependency that may be away.
//!
//! The attribute says what happens then, and the server does it: an attempt that takes 500 ms is given up and repeated,
//! up to twice, within the budget of the upstream; when too many fail, the breaker of `dictionary` lets none through for
//! a while; and meanwhile the fallback answers. `cargo run -- drill define_word` shows all of it.

use steadfast::prelude::*;

use crate::dictionary::{Away, Dictionary, built_in};

/// What a word means.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Definition {
    /// The word that was asked for.
    pub word: String,
    /// What it means.
    pub meaning: String,
}

/// Define a word.
#[mcp_tool(
    version = "1.0.0",
    effect = read_only,
    timeout = "2s",
    attempt_timeout = "500ms",
    retry = 2,
    upstream(name = "dictionary", concurrency = 16),
    fallback = builtin_definition,
)]
pub async fn define_word(
    State(dictionary): State<Dictionary>,
    /// The word to define.
    #[arg(length(1..=64))]
    word: String,
) -> Result<Definition, ToolError> {
    match dictionary.look_up(&word).await {
        Ok(meaning) => answer(word, meaning),
        Err(Away) => Err(ToolError::unavailable(
            "the dictionary can't be reached; try again later",
        )),
    }
}

/// Serves when the dictionary can't be reached: a short list in this program. It must not need what is away.
pub async fn builtin_definition(
    _: State<Dictionary>,
    word: String,
) -> Result<Definition, ToolError> {
    let meaning = built_in(&word);
    answer(word, meaning)
}

fn answer(word: String, meaning: Option<&str>) -> Result<Definition, ToolError> {
    match meaning {
        Some(meaning) => Ok(Definition {
            word,
            meaning: meaning.to_owned(),
        }),
        None => Err(ToolError::not_found(format!(
            "the dictionary has no `{word}`; try its singular or infinitive"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use steadfast::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn a_word_is_found_whatever_its_case() {
        let definition = define_word(State(Dictionary::default()), "Shim".into())
            .await
            .unwrap();
        assert!(definition.meaning.contains("translates"));
    }

    #[tokio::test]
    async fn an_unknown_word_and_a_dictionary_that_is_away_are_different_errors() {
        let unknown = define_word(State(Dictionary::default()), "xyzzy".into())
            .await
            .unwrap_err();
        let away = define_word(State(Dictionary::away()), "shim".into())
            .await
            .unwrap_err();
        assert_eq!(
            (unknown.kind(), away.kind()),
            (ErrorKind::NotFound, ErrorKind::Unavailable)
        );
    }

    #[tokio::test]
    async fn the_fallback_needs_no_dictionary() {
        let definition = builtin_definition(State(Dictionary::away()), "contract".into())
            .await
            .unwrap();
        assert!(definition.meaning.contains("promises"));
    }
}
