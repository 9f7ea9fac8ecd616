//! `WWW-Authenticate`: where a token is to be had, and with which scopes (RFC 6750, RFC 9728, section 5.1).
//!
//! It deliberately says nothing of what was wrong with a token.

use http::HeaderValue;

use super::claims::is_scope;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// There was no token.
    Missing,
    /// There was one, and it is not taken.
    InvalidToken,
    /// It is in order, and does not suffice for what was asked.
    InsufficientScope,
}

/// The header's value. `metadata` is where the resource's metadata are; `scopes` is all that the caller will need.
pub(crate) fn challenge<'a>(
    metadata: &str,
    scopes: impl IntoIterator<Item = &'a str>,
    challenge: Challenge,
) -> HeaderValue {
    let mut text = match challenge {
        Challenge::Missing => "Bearer ".to_owned(),
        Challenge::InvalidToken => {
            "Bearer error=\"invalid_token\", error_description=\"The access token is not valid here\", ".to_owned()
        }
        Challenge::InsufficientScope => {
            "Bearer error=\"insufficient_scope\", error_description=\"The call needs more scopes\", ".to_owned()
        }
    };
    // What is no scope can be granted by nobody, and could end the quotes.
    let scopes: Vec<&str> = scopes.into_iter().filter(|scope| is_scope(scope)).collect();
    if !scopes.is_empty() {
        text += &format!("scope=\"{}\", ", scopes.join(" "));
    }
    text += &format!("resource_metadata=\"{}\"", quoted(metadata));
    // Without an address the challenge still is one.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// RFC 9110, section 5.6.4.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_says_where_to_get_a_token_and_nothing_that_could_end_its_quotes() {
        let metadata = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
        for (scopes, why, expected) in [
            (vec![], Challenge::Missing, format!("Bearer resource_metadata=\"{metadata}\"")),
            (
                vec!["a", "b:c"],
                Challenge::InsufficientScope,
                format!(
                    "Bearer error=\"insufficient_scope\", error_description=\"The call needs more scopes\", \
                     scope=\"a b:c\", resource_metadata=\"{metadata}\""
                ),
            ),
            (
                vec!["a\", x=\"", "b c", "", "é", "d"],
                Challenge::InvalidToken,
                format!(
                    "Bearer error=\"invalid_token\", error_description=\"The access token is not valid here\", \
                     scope=\"d\", resource_metadata=\"{metadata}\""
                ),
            ),
        ] {
            assert_eq!(challenge(metadata, scopes, why), expected);
        }
    }
}
