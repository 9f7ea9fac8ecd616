//! [`Secret`]: a value in a box that only [`Secret::expose`] opens.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroize;

use super::{
    MASK,
    registry::{self, Known},
};

/// A value that is not shown: neither by `{:?}` nor by `{}`, nor as JSON. It is overwritten when it is dropped, and
/// while it is there it is masked in everything that the server writes.
///
/// As an argument it is `writeOnly` in the schema, and no message about it repeats it.
///
/// ```
/// use steadfast::{Secret, prelude::*};
///
/// /// Open the vault.
/// #[mcp_tool(version = "1.0.0", effect = read_only)]
/// async fn open_vault(
///     /// What opens it.
///     #[arg(length(8..))] key: Secret<String>,
/// ) -> bool {
///     key.expose() == "correct horse battery staple"
/// }
///
/// assert_eq!(format!("{:?}", Secret::new("hunter2!".to_owned())), "[secret]");
/// ```
pub struct Secret<T: Sensitive> {
    value: T,
    /// Shared by clones: the value is masked until the last of them is gone.
    known: Option<Arc<Known>>,
}

/// What can be a secret: it can be overwritten, and it has a form in which it could be written somewhere.
pub trait Sensitive: Zeroize {
    /// The value as text, as it would show up in a message; none where it has no such form.
    fn text(&self) -> Option<Cow<'_, str>>;
}

impl Sensitive for String {
    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.as_str().into())
    }
}

impl Sensitive for Box<str> {
    fn text(&self) -> Option<Cow<'_, str>> {
        Some((**self).into())
    }
}

impl Sensitive for Vec<u8> {
    fn text(&self) -> Option<Cow<'_, str>> {
        std::str::from_utf8(self).ok().map(Into::into)
    }
}

impl<T: Sensitive> Secret<T> {
    /// Keeps a value secret from now on.
    pub fn new(value: T) -> Self {
        let known = value.text().and_then(|text| registry::know(&text)).map(Arc::new);
        Self { value, known }
    }

    /// The value. Look at every use of this.
    pub fn expose(&self) -> &T {
        &self.value
    }
}

impl<T: Sensitive> Drop for Secret<T> {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl<T: Sensitive + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), known: self.known.clone() }
    }
}

impl<T: Sensitive> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T: Sensitive> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T: Sensitive> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de, T: Sensitive + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own words repeat what was found.
        T::deserialize(deserializer).map(Self::new).map_err(|_| D::Error::custom("the secret is of another type"))
    }
}

impl<T: Sensitive + JsonSchema> JsonSchema for Secret<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Secret_of_{}", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("steadfast::Secret<{}>", T::schema_id()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        schema.insert("writeOnly".into(), true.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;
    use serde_json::json;

    use super::*;
    use crate::secrets::mask;

    #[test]
    fn a_secret_shows_itself_to_nobody_who_does_not_ask() {
        let secret = Secret::new("hunter2-and-more".to_owned());
        let clone = secret.clone();
        let shown = format!("{secret:?} {secret} {:?} {}", Some(&secret), json!({ "a": secret }));
        assert_eq!(shown, "[secret] [secret] Some([secret]) {\"a\":\"[secret]\"}");
        assert_eq!(secret.expose(), "hunter2-and-more");
        drop(secret);
        assert_eq!(mask("it is hunter2-and-more"), "it is [secret]", "a clone is left");
        drop(clone);
    }

    #[test]
    fn it_is_read_as_what_it_holds_and_says_so_without_its_value() {
        let secret: Secret<String> = serde_json::from_value(json!("hunter2-read")).unwrap();
        assert_eq!(secret.expose(), "hunter2-read");
        let error = serde_json::from_value::<Secret<Vec<u8>>>(json!("hunter2-wrong")).unwrap_err();
        assert_eq!(error.to_string(), "the secret is of another type");
        let schema = schema_for!(Secret<String>);
        assert_eq!((schema.get("type"), schema.get("writeOnly")), (Some(&json!("string")), Some(&json!(true))));
    }
}
