//! What the author's handler answers with, clean: prompts, resources, lists, completions, methods of its own.
//!
//! Invariant: what can't be cleaned does not leave. A list of which a part would no longer be what the protocol says, such
//! as a secret in the place of a role, is refused as a whole.

use rmcp::model::{MetaObject, ResourceContents, ServerResult};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Hygiene, length};

/// A result is not what the protocol says without what is secret in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unclean;

/// Members of lists that name resources, and pictures.
const IDENTIFIERS: [&str; 3] = ["uri", "uriTemplate", "src"];

impl Hygiene {
    /// Cleans what the author's handler answers with.
    pub(crate) fn result(&self, result: &mut ServerResult) -> Result<(), Unclean> {
        match result {
            ServerResult::GetPromptResult(prompt) => {
                prompt.description.iter_mut().for_each(|text| self.string(text));
                for message in &mut prompt.messages {
                    self.blocks(std::slice::from_mut(&mut message.content));
                }
                self.meta(&mut prompt.meta);
            }
            ServerResult::ReadResourceResult(read) => {
                read.contents.iter_mut().for_each(|contents| self.resource(contents));
                self.meta(&mut read.meta);
            }
            ServerResult::CompleteResult(completed) => {
                for value in &mut completed.completion.values {
                    self.string(value);
                    length::bound(value, &mut None, self.text_bytes);
                }
                self.meta(&mut completed.meta);
            }
            ServerResult::InputRequiredResult(asking) => {
                asking.input_requests.iter_mut().for_each(|requests| self.requests(requests));
                // Comes back as it was given: nothing but secrets is taken out.
                asking.request_state.iter_mut().for_each(|state| *state = self.secrets.mask(state).into_owned());
                self.meta(&mut asking.meta);
            }
            ServerResult::ListPromptsResult(list) => self.listed(list)?,
            ServerResult::ListResourcesResult(list) => self.listed(list)?,
            ServerResult::ListResourceTemplatesResult(list) => self.listed(list)?,
            ServerResult::ListSkillsResult(list) => self.listed(list)?,
            ServerResult::GetSkillResult(skill) => self.listed(skill)?,
            ServerResult::CustomResult(custom) => self.value(&mut custom.0),
            // The runtime's own, made of what was cleaned.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn resource(&self, resource: &mut ResourceContents) {
        match resource {
            ResourceContents::TextResourceContents { uri, text, mime_type, meta, .. } => {
                self.identifier(uri);
                self.string(text);
                mime_type.iter_mut().for_each(|kind| self.string(kind));
                self.meta(meta);
                length::bound(text, meta, self.text_bytes);
            }
            ResourceContents::BlobResourceContents { uri, mime_type, meta, .. } => {
                self.identifier(uri);
                mime_type.iter_mut().for_each(|kind| self.string(kind));
                self.meta(meta);
            }
            _ => {}
        }
    }

    pub(super) fn meta(&self, meta: &mut Option<MetaObject>) {
        meta.iter_mut().for_each(|meta| self.object(&mut meta.0));
    }

    /// Put together anew only where there is something to clean.
    pub(super) fn listed<T: Serialize + DeserializeOwned>(&self, list: &mut T) -> Result<(), Unclean> {
        let written = serde_json::to_value(&*list).map_err(|_| Unclean)?;
        let mut clean = written.clone();
        self.part(&mut clean);
        if clean != written {
            *list = serde_json::from_value(clean).map_err(|_| Unclean)?;
        }
        Ok(())
    }

    /// A part of a list: its members have the protocol's names, and a number that is secret is left out, as sizes and
    /// priorities may be.
    fn part(&self, part: &mut Value) {
        match part {
            Value::Array(items) => items.iter_mut().for_each(|item| self.part(item)),
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    match member {
                        Value::String(uri) if IDENTIFIERS.contains(&name.as_str()) => self.identifier(uri),
                        meta if name == "_meta" => self.value(meta),
                        member => self.part(member),
                    }
                }
                members.retain(|_, member| !matches!(member, Value::Number(number) if self.is_secret(number)));
            }
            Value::String(text) => self.string(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{CustomResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult};
    use serde_json::json;

    use super::{super::tests::hygiene, *};
    use crate::secrets::Secrets;

    const SECRET: &str = "hidden-hunter2";

    fn cleaned(mut result: ServerResult) -> Result<Value, Unclean> {
        let secrets = Secrets::of(&"acme".into(), &"alice".into(), &[SECRET.into(), "12345678".into()]);
        hygiene(1000).with(secrets).result(&mut result)?;
        Ok(json!(result))
    }

    fn read<T: DeserializeOwned>(written: &Value) -> T {
        serde_json::from_value(written.clone()).unwrap()
    }

    /// What is of any result, and of anything in a list.
    fn around(mut members: Value) -> Value {
        members["_meta"] = json!({ "a": SECRET, "b": 12_345_678, SECRET: 1 });
        members
    }

    fn item(mut members: Value) -> Value {
        for name in ["name", "title", "description"] {
            members[name] = json!(format!("a\u{200b} {SECRET} [x](javascript:a)"));
        }
        members["icons"] = json!([{ "src": format!("https://a.example/{SECRET}") }]);
        around(members)
    }

    #[test]
    fn every_part_of_what_a_handler_answers_with_is_cleaned() {
        let uri = format!("notes://{SECRET}");
        let annotations = json!({ "lastModified": SECRET });
        let argument = item(json!({}));
        let prompts = around(json!({ "nextCursor": SECRET, "prompts": [item(json!({ "arguments": [argument] }))] }));
        let resource = json!({ "uri": uri, "mimeType": SECRET, "size": 12_345_678, "annotations": annotations });
        let resources = around(json!({ "nextCursor": SECRET, "resources": [item(resource)] }));
        let template = json!({ "uriTemplate": uri, "mimeType": SECRET, "annotations": annotations });
        let templates = around(json!({ "nextCursor": SECRET, "resourceTemplates": [item(template)] }));
        let message = json!({ "role": "user", "content": { "type": "text", "text": SECRET } });
        let prompt = around(json!({ "description": SECRET, "messages": [message] }));
        let contents = around(json!({ "contents": [around(json!({ "uri": uri, "text": SECRET }))] }));
        let completed = around(json!({ "completion": { "values": [SECRET] } }));
        let asking = around(json!({ "resultType": "input_required", "requestState": SECRET }));
        let custom = json!({ "deep": [{ SECRET: SECRET, "number": 12_345_678 }] });
        for (written, result) in [
            (&prompts, ServerResult::ListPromptsResult(read(&prompts))),
            (&resources, ServerResult::ListResourcesResult(read(&resources))),
            (&templates, ServerResult::ListResourceTemplatesResult(read(&templates))),
            (&prompt, ServerResult::GetPromptResult(read(&prompt))),
            (&contents, ServerResult::ReadResourceResult(read(&contents))),
            (&completed, ServerResult::CompleteResult(read(&completed))),
            (&asking, ServerResult::InputRequiredResult(read(&asking))),
            (&custom, ServerResult::CustomResult(CustomResult(custom.clone()))),
        ] {
            let said = cleaned(result).unwrap().to_string();
            assert!(said.contains("[secret]"), "{written}");
            for dirt in ["hunter2", "12345678", "\u{200b}", "javascript:"] {
                assert!(!said.contains(dirt), "{dirt} of {written}: {said}");
            }
        }
    }

    #[test]
    fn a_list_with_nothing_to_clean_is_left_and_its_uris_have_schemes_of_their_own() {
        let written = json!({ "resources": [{ "uri": "notes://1", "name": "a", "size": 7 }], "ttlMs": 5 });
        let list: ListResourcesResult = read(&written);
        assert_eq!(cleaned(ServerResult::ListResourcesResult(list)).unwrap(), written);
        let written = json!({ "resourceTemplates": [{ "uriTemplate": "javascript:{a}", "name": "a" }] });
        let list: ListResourceTemplatesResult = read(&written);
        let clean = cleaned(ServerResult::ListResourceTemplatesResult(list)).unwrap();
        assert_eq!(clean["resourceTemplates"][0]["uriTemplate"], "javascript(:){a}");
    }

    #[test]
    fn what_is_no_list_without_its_secret_does_not_leave() {
        let list: ListPromptsResult = read(&json!({ "cacheScope": "private", "prompts": [] }));
        let mut result = ServerResult::ListPromptsResult(list);
        let secrets = Secrets::of(&"acme".into(), &"alice".into(), &["private".into()]);
        assert_eq!(hygiene(1000).with(secrets).result(&mut result), Err(Unclean));
    }
}
