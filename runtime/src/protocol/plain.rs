//! Reads a plain `tools/call` at once.
//!
//! The SDK reads a message into a buffer and then tries every message that it could be. Most messages are calls of
//! tools, so a line is first tried as one. Invariant: what is read here is what the SDK would have read; what is not
//! exactly such a call (other members, members that stand twice) is left to it.

use rmcp::model::{
    CallToolRequestMethod, CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, InputResponses, JsonObject,
    JsonRpcVersion2_0, Request, RequestId, RequestMetaObject,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    #[serde(rename = "jsonrpc")]
    _jsonrpc: JsonRpcVersion2_0,
    id: RequestId,
    #[serde(rename = "method")]
    _method: CallToolRequestMethod,
    params: Params,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Params {
    #[serde(rename = "_meta")]
    meta: Option<JsonObject>,
    name: String,
    arguments: Option<JsonObject>,
    input_responses: Option<InputResponses>,
    request_state: Option<String>,
}

/// The message, if it is a plain `tools/call`.
pub(super) fn call(message: &[u8]) -> Option<ClientJsonRpcMessage> {
    let Message { id, params, .. } = serde_json::from_slice(message).ok()?;
    let mut call = CallToolRequestParams::new(params.name);
    call.arguments = params.arguments;
    call.input_responses = params.input_responses;
    call.request_state = params.request_state;
    let mut request = Request::new(call);
    if let Some(meta) = params.meta {
        request.extensions.insert(RequestMetaObject::from(meta));
    }
    Some(ClientJsonRpcMessage::request(ClientRequest::CallToolRequest(request), id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    /// Messages that are calls, and some that nearly are.
    fn message() -> impl Strategy<Value = Value> {
        let object = || prop::collection::btree_map(".{0,6}", json(), 0..4).prop_map(|map| json!(map));
        let mostly = |value: Value| prop_oneof![9 => Just(value), 1 => json()];
        let member = |often: BoxedStrategy<Value>| prop::option::of(prop_oneof![9 => often, 1 => json()]);
        let params = (
            member(object().boxed()),
            prop_oneof![9 => ".{0,8}".prop_map(Value::from), 1 => json()],
            member(object().boxed()),
            member(Just(json!({"a": {"roots": []}})).boxed()),
            member(".{0,8}".prop_map(Value::from).boxed()),
            prop::option::weighted(0.1, json()),
        )
            .prop_map(|(meta, name, arguments, responses, state, other)| {
                let members = [
                    ("_meta", meta),
                    ("name", Some(name)),
                    ("arguments", arguments),
                    ("inputResponses", responses),
                    ("requestState", state),
                    ("other", other),
                ];
                members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Value>()
            });
        let id = prop_oneof![any::<i64>().prop_map(Value::from), ".{0,6}".prop_map(Value::from), json()];
        (mostly(json!("2.0")), id, mostly(json!("tools/call")), prop_oneof![9 => params.boxed(), 1 => json().boxed()])
            .prop_map(|(jsonrpc, id, method, params)| {
                json!({"jsonrpc": jsonrpc, "id": id, "method": method, "params": params})
            })
    }

    /// All that is in a message, `_meta` included.
    fn shown(message: &ClientJsonRpcMessage) -> (String, Option<&RequestMetaObject>) {
        let meta = match message {
            ClientJsonRpcMessage::Request(request) => match &request.request {
                ClientRequest::CallToolRequest(call) => call.extensions.get(),
                _ => None,
            },
            _ => None,
        };
        (format!("{message:?}"), meta)
    }

    #[track_caller]
    fn as_the_sdk(line: &str) -> bool {
        let Some(read) = call(line.as_bytes()) else { return false };
        let theirs: ClientJsonRpcMessage = serde_json::from_str(line).unwrap();
        assert_eq!(shown(&read), shown(&theirs), "{line}");
        true
    }

    proptest! {
        #[test]
        fn what_is_read_at_once_is_what_the_sdk_reads(message in message()) {
            as_the_sdk(&message.to_string());
        }
    }

    #[test]
    fn only_plain_calls_are_read_at_once() {
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1.0}}}"#;
        assert!(as_the_sdk(call));
        for (part, instead) in [
            ("\"id\":1", "\"id\":\"one\""),
            (",\"arguments\":{\"a\":1.0}", ""),
            (",\"arguments\":{\"a\":1.0}", ",\"arguments\":null"),
            ("\"a\":1.0", "\"a\":18446744073709551616,\"b\":-0.0"),
            ("\"name\":\"add\"", "\"name\":\"\\u00e4\\ud83e\\udd80\""),
            ("\"name\"", "\"_meta\":{\"progressToken\":7},\"name\""),
            ("\"name\"", "\"_meta\":null,\"name\""),
        ] {
            assert!(as_the_sdk(&call.replace(part, instead)), "{instead}");
        }
        for (part, instead) in [
            ("\"id\":1", "\"id\":null"),
            ("\"id\":1,", ""),
            ("\"id\":1", "\"id\":1,\"id\":2"),
            ("tools/call", "tools/list"),
            ("2.0", "1.0"),
            ("\"name\":\"add\"", "\"name\":\"add\",\"name\":\"sub\""),
            ("\"name\"", "\"more\":1,\"name\""),
            ("\"method\"", "\"more\":1,\"method\""),
            ("}}}", "}}} {}"),
        ] {
            assert!(!as_the_sdk(&call.replace(part, instead)), "{instead}");
        }
    }
}
