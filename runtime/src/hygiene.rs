//! What text goes through before it leaves the server: results, errors, questions, notifications, prompts, resources.
//!
//! In this order: what nobody sees is taken out ([`characters`]), known secrets are masked
//! ([`secrets`](crate::secrets)), links that lead elsewhere than to pages are made harmless ([`links`]), and text that
//! is too long is cut, which is said ([`length`]). So no secret is missed because of a character that nobody sees, and
//! none is cut in two.
//!
//! Structured results are cleaned string by string and never cut; their schema is checked after that. Text without
//! anything to clean is not copied.
//!
//! What it does not do: judge what text says. A model that reads it decides for itself what to make of it.

mod characters;
mod handled;
mod length;
mod links;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use rmcp::{
    ErrorData,
    model::{
        Annotations, ContentBlock, ElicitRequestParams, ElicitationSchema, InputRequest, InputRequests, MetaObject,
        SamplingContent, SamplingMessageContentBlock,
    },
};
use serde_json::{Map, Number, Value};

pub(crate) use self::handled::Unclean;
use crate::secrets::Secrets;

/// How text is cleaned; below `output.` in the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Hygiene {
    /// How much one text may take that has no structure, in bytes.
    pub(crate) text_bytes: usize,
    /// Where links may lead.
    pub(crate) link_schemes: Arc<[String]>,
    /// Of a call; the server's own are masked in any case.
    pub(crate) secrets: Secrets,
}

/// The schemes that links have where nothing else is configured.
pub(crate) const LINK_SCHEMES: [&str; 3] = ["https", "http", "mailto"];

impl Default for Hygiene {
    fn default() -> Self {
        Self {
            text_bytes: 1024 * 1024,
            link_schemes: LINK_SCHEMES.map(str::to_owned).into(),
            secrets: Secrets::default(),
        }
    }
}

/// For errors, which are short.
static ERRORS: LazyLock<Hygiene> = LazyLock::new(Hygiene::default);

/// The text without what nobody sees.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    characters::clean(text)
}

/// The text of an error, clean.
pub(crate) fn error_text(mut text: String) -> String {
    ERRORS.string(&mut text);
    text
}

/// What is around the text of an error, clean.
pub(crate) fn error_value(value: &mut Value) {
    ERRORS.value(value);
}

/// A refusal, clean.
pub(crate) fn error_data(error: ErrorData) -> ErrorData {
    ERRORS.error(error)
}

impl Hygiene {
    /// The same for a call with these secrets.
    pub(crate) fn with(&self, secrets: Secrets) -> Self {
        Self { secrets, link_schemes: Arc::clone(&self.link_schemes), ..*self }
    }

    /// The text, clean but of any length.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = then(visible(text), |text| match self.secrets.mask(text) {
            // What joined on to a secret may be seen by nobody now.
            Cow::Owned(masked) => Cow::Owned(visible(&masked).into_owned()),
            unchanged => unchanged,
        });
        match text {
            Cow::Borrowed(text) => links::defang(text, &self.link_schemes),
            owned => then(owned, |text| links::defang(text, &self.link_schemes)),
        }
    }

    /// An error in the protocol's own words, clean and bounded; data that are too long are left out.
    pub(crate) fn error(&self, mut error: ErrorData) -> ErrorData {
        let mut message = error.message.into_owned();
        self.string(&mut message);
        length::bound(&mut message, &mut None, self.text_bytes);
        error.message = message.into();
        error.data = error.data.filter(|data| data.to_string().len() <= self.text_bytes).map(|mut data| {
            self.value(&mut data);
            data
        });
        error
    }

    /// Cleans text in its place.
    pub(crate) fn string(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.text(text) {
            *text = clean;
        }
    }

    /// Cleans every string in a value, names of members included.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => self.object(members),
            // A secret number becomes text, which a schema that promises a number refuses.
            Value::Number(number) => {
                if self.is_secret(number) {
                    *value = Value::String(self.secrets.mask(&number.to_string()).into_owned());
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Whether a number is a secret of the call, or of the server's own.
    fn is_secret(&self, number: &Number) -> bool {
        self.secrets.mask_anything() && matches!(self.secrets.mask(&number.to_string()), Cow::Owned(_))
    }

    fn object(&self, members: &mut Map<String, Value>) {
        members.values_mut().for_each(|member| self.value(member));
        if members.keys().any(|name| matches!(self.text(name), Cow::Owned(_))) {
            let dirty = std::mem::take(members);
            members.extend(dirty.into_iter().map(|(name, member)| (self.text(&name).into_owned(), member)));
        }
    }

    /// Cuts text that is too long and was cleaned.
    pub(crate) fn bound(&self, blocks: &mut [ContentBlock]) {
        for block in blocks {
            if let ContentBlock::Text(text) = block {
                length::bound(&mut text.text, &mut text.meta, self.text_bytes);
            }
        }
    }

    /// Cleans blocks of a result, and cuts those that are too long.
    pub(crate) fn blocks(&self, blocks: &mut [ContentBlock]) {
        for block in blocks {
            match block {
                ContentBlock::Text(text) => {
                    self.string(&mut text.text);
                    self.around(&mut text.meta, &mut text.annotations);
                    length::bound(&mut text.text, &mut text.meta, self.text_bytes);
                }
                ContentBlock::Resource(resource) => {
                    self.resource(&mut resource.resource);
                    self.around(&mut resource.meta, &mut resource.annotations);
                }
                ContentBlock::ResourceLink(link) => {
                    self.identifier(&mut link.uri);
                    self.string(&mut link.name);
                    let told = link.title.iter_mut().chain(&mut link.description).chain(&mut link.mime_type);
                    told.for_each(|text| self.string(text));
                    for icon in link.icons.iter_mut().flatten() {
                        self.identifier(&mut icon.src);
                        icon.mime_type
                            .iter_mut()
                            .chain(icon.sizes.iter_mut().flatten())
                            .for_each(|text| self.string(text));
                    }
                    self.around(&mut link.meta, &mut link.annotations);
                }
                // Pictures and sound are not text; what is said of them is.
                ContentBlock::Image(image) => {
                    self.string(&mut image.mime_type);
                    self.around(&mut image.meta, &mut image.annotations);
                }
                ContentBlock::Audio(audio) => {
                    self.string(&mut audio.mime_type);
                    self.around(&mut audio.meta, &mut audio.annotations);
                }
                _ => {}
            }
        }
    }

    /// Cleans what is said of a block.
    fn around(&self, meta: &mut Option<MetaObject>, annotations: &mut Option<Annotations>) {
        self.meta(meta);
        if let Some(changed) = annotations.as_mut().and_then(|annotations| annotations.last_modified.as_mut()) {
            self.string(changed);
        }
    }

    /// Cleans what the client is asked.
    pub(crate) fn requests(&self, requests: &mut InputRequests) {
        for request in requests.values_mut() {
            match request {
                InputRequest::Elicitation(request) => match &mut request.params {
                    ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
                        self.string(message);
                        self.form(requested_schema);
                    }
                    ElicitRequestParams::UrlElicitationParams { message, url, .. } => {
                        self.string(message);
                        self.page(url);
                    }
                    _ => {}
                },
                InputRequest::CreateMessage(request) => {
                    request.params.system_prompt.iter_mut().for_each(|prompt| self.string(prompt));
                    for message in &mut request.params.messages {
                        match &mut message.content {
                            SamplingContent::Single(block) => self.sample(block),
                            SamplingContent::Multiple(blocks) => blocks.iter_mut().for_each(|block| self.sample(block)),
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A form's own words: titles, descriptions, choices. Of one that is no form without its secrets nothing is asked.
    fn form(&self, form: &mut ElicitationSchema) {
        let Ok(written) = serde_json::to_value(&*form) else { return *form = ElicitationSchema::new(BTreeMap::new()) };
        let mut clean = written.clone();
        self.value(&mut clean);
        if clean != written {
            *form = serde_json::from_value(clean).unwrap_or_else(|_| ElicitationSchema::new(BTreeMap::new()));
        }
    }

    fn sample(&self, block: &mut SamplingMessageContentBlock) {
        if let SamplingMessageContentBlock::Text(text) = block {
            self.string(&mut text.text);
        }
    }

    /// Where a person is sent: to a page, or nowhere.
    fn page(&self, url: &mut String) {
        let clean = then(visible(url), |url| self.secrets.mask(url));
        let safe = then(clean, |url| links::defang_page(url, &self.link_schemes));
        if let Cow::Owned(safe) = safe {
            *url = safe;
        }
    }

    fn identifier(&self, uri: &mut String) {
        let clean = then(visible(uri), |uri| self.secrets.mask(uri));
        let safe = then(clean, |uri| links::defang_identifier(uri, &self.link_schemes));
        if let Cow::Owned(safe) = safe {
            *uri = safe;
        }
    }
}

/// One step after another, without a copy where neither changes anything.
fn then<'a>(text: Cow<'a, str>, step: impl for<'b> FnOnce(&'b str) -> Cow<'b, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => step(text),
        Cow::Owned(text) => match step(&text) {
            Cow::Owned(changed) => Cow::Owned(changed),
            Cow::Borrowed(_) => Cow::Owned(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;
    use rmcp::model::{ContentBlock, Resource, ResourceContents};
    use serde_json::json;

    use super::*;

    pub(super) fn hygiene(text_bytes: usize) -> Hygiene {
        Hygiene { text_bytes, ..ERRORS.clone() }
    }

    #[test]
    fn a_secret_or_a_link_behind_characters_that_nobody_sees_is_found() {
        let clean = hygiene(1000).with(Secrets::of(&"acme".into(), &"alice".into(), &["hidden-hunter2".into()]));
        assert_eq!(clean.text("it is hidden\u{200b}-hun\u{1b}[31mter2"), "it is [secret]");
        assert_eq!(
            clean.text("[x](java\u{200b}script:a) [y](hidden-hunter2:b)"),
            "[x](javascript(:)a) [y]([secret](:)b)"
        );
    }

    #[test]
    fn every_string_of_a_structure_is_cleaned_and_none_is_cut() {
        let mut value = json!({ "a\u{200b}b": ["x\u{7}", 1, null, { "c": "\u{202e}y" }], "long": "z".repeat(100) });
        hygiene(10).value(&mut value);
        assert_eq!(value, json!({ "ab": ["x", 1, null, { "c": "y" }], "long": "z".repeat(100) }));
    }

    #[test]
    fn a_secret_number_is_masked_in_a_structure() {
        let mut value = json!({ "code": 12_345_678, "other": 7 });
        hygiene(1000).with(Secrets::of(&"acme".into(), &"alice".into(), &["12345678".into()])).value(&mut value);
        assert_eq!(value, json!({ "code": "[secret]", "other": 7 }));
    }

    #[test]
    fn a_number_that_is_the_servers_secret_is_masked_where_the_caller_has_none() {
        let _known = crate::secrets::Secret::new("9182736450".to_owned());
        let mut value = json!({ "pin": 9_182_736_450_u64, "parts": [-9_182_736_450_i64], "other": 7 });
        hygiene(1000).value(&mut value);
        assert_eq!(value, json!({ "pin": "[secret]", "parts": ["-[secret]"], "other": 7 }));
    }

    #[test]
    fn a_form_that_is_none_without_its_secrets_asks_nothing() {
        let form = json!({ "type": "object", "properties": { "a": { "type": "integer", "maximum": 12_345_678 } } });
        let params = json!({ "mode": "form", "message": "a", "requestedSchema": form });
        let request = json!({ "a": { "method": "elicitation/create", "params": params } });
        let mut requests: InputRequests = serde_json::from_value(request).unwrap();
        hygiene(1000).with(Secrets::of(&"acme".into(), &"alice".into(), &["12345678".into()])).requests(&mut requests);
        assert_eq!(json!(requests)["a"]["params"]["requestedSchema"]["properties"], json!({}));
    }

    #[test]
    fn blocks_are_cleaned_by_what_they_are() {
        let mut link = Resource::new("javascript:alert(1)", "na\u{200b}me");
        link.description = Some("[x](data:,x)".into());
        let mut blocks = [
            ContentBlock::text("\u{1b}[1mbold\u{1b}[m"),
            ContentBlock::image("aGk=\u{200b}", "image/png"),
            ContentBlock::resource(ResourceContents::text("a\u{feff}b", "notes://1")),
            ContentBlock::resource_link(link),
        ];
        hygiene(1000).blocks(&mut blocks);
        let written = json!(blocks);
        assert_eq!(written[0]["text"], "bold");
        assert_eq!(written[1]["data"], "aGk=\u{200b}");
        assert_eq!(
            (&written[2]["resource"]["text"], &written[2]["resource"]["uri"]),
            (&json!("ab"), &json!("notes://1"))
        );
        assert_eq!(written[3]["uri"], "javascript(:)alert(1)");
        assert_eq!((&written[3]["name"], &written[3]["description"]), (&json!("name"), &json!("[x](data(:),x)")));
    }

    #[test]
    fn a_resource_is_cut_as_other_text_is() {
        let mut blocks = [ContentBlock::resource(ResourceContents::text("a".repeat(1001), "notes://1"))];
        hygiene(1000).blocks(&mut blocks);
        let resource = &json!(blocks)[0]["resource"];
        assert!(resource["text"].as_str().unwrap().ends_with("a\u{2026} [truncated: 1,000 of 1,001 bytes shown]"));
        assert_eq!(resource["_meta"][crate::names::meta::TRUNCATED]["totalBytes"], 1001);
    }

    #[test]
    fn what_is_said_of_a_block_is_cleaned_too() {
        let written = json!([
            { "type": "text", "text": "a", "_meta": { "x": "hidden-hunter2" },
              "annotations": { "lastModified": "hidden-hunter2" } },
            { "type": "image", "data": "aGk=", "mimeType": "hidden-hunter2", "_meta": { "hidden-hunter2": 1 } },
            { "type": "audio", "data": "aGk=", "mimeType": "hidden-hunter2" },
            { "type": "resource", "resource": { "uri": "notes://1", "blob": "aGk=", "mimeType": "hidden-hunter2",
              "_meta": { "x": ["hidden-hunter2"] } }, "_meta": { "x": "hidden-hunter2" } },
            { "type": "resource", "resource": { "uri": "notes://1", "text": "a", "mimeType": "hidden-hunter2" } },
            { "type": "resource_link", "uri": "notes://1", "name": "a", "mimeType": "hidden-hunter2",
              "icons": [{ "src": "https://a.example/hidden-hunter2", "mimeType": "hidden-hunter2" }] },
        ]);
        let mut blocks: Vec<ContentBlock> = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(json!(blocks), written, "nothing is lost in reading");
        hygiene(1000)
            .with(Secrets::of(&"acme".into(), &"alice".into(), &["hidden-hunter2".into()]))
            .blocks(&mut blocks);
        let clean = json!(blocks).to_string();
        assert!(!clean.contains("hunter2") && clean.matches("[secret]").count() == 12, "{clean}");
    }

    #[test]
    fn a_person_is_sent_to_pages_only() {
        for (url, expected) in [
            ("https://a.example/login?next=b:c", "https://a.example/login?next=b:c"),
            ("HTTP://a.example", "HTTP://a.example"),
            ("javascript:alert(1)", "javascript(:)alert(1)"),
            (" java\u{200b}script:alert(1)", " javascript(:)alert(1)"),
            ("vscode://file/a", "vscode(:)//file/a"),
            ("file:///etc/passwd", "file(:)///etc/passwd"),
            ("https://a.example/hidden-hunter2", "https://a.example/[secret]"),
        ] {
            let params = json!({ "mode": "url", "message": "a", "url": url, "elicitationId": "1" });
            let request = json!({ "a": { "method": "elicitation/create", "params": params } });
            let mut requests: InputRequests = serde_json::from_value(request).unwrap();
            hygiene(1000)
                .with(Secrets::of(&"acme".into(), &"alice".into(), &["hidden-hunter2".into()]))
                .requests(&mut requests);
            assert_eq!(json!(requests)["a"]["params"]["url"], expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(text in "([ -~\u{200b}\u{1b}\n]|\\]\\(|javascript:|https:|\u{202e}|<){0,60}") {
            let clean = hygiene(1000);
            let once = clean.text(&text).into_owned();
            prop_assert_eq!(&*clean.text(&once), &*once);
        }

        #[test]
        fn plain_text_is_not_copied(text in "[a-zA-Z0-9 .,;\n\t{}\"'/-]{0,200}") {
            prop_assert!(matches!(hygiene(1000).text(&text), Cow::Borrowed(_)));
        }
    }
}
