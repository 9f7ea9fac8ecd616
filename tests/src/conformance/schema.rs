//! A schema with most of what JSON Schema 2020-12 knows (SEP-1613, SEP-2106), by a Rust type.

use serde_json::json;
use steadfast::prelude::*;

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "address", extend("$anchor" = "addressDef"))]
struct Address {
    street: Option<String>,
    city: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ContactMethod {
    Phone,
    Email,
}

/// Whom to contact. Schemas can say more than types: by telephone needs a number, any other way an address.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "allOf" = [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
    "if" = { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
    "then" = { "required": ["phone"] },
    "else" = { "required": ["email"] },
))]
pub(super) struct Contact {
    name: Option<String>,
    address: Option<Address>,
    contact_method: Option<ContactMethod>,
    phone: Option<String>,
    email: Option<String>,
}

/// Says back whom to contact.
#[mcp_tool(version = "1.0.0", effect = read_only)]
pub(super) async fn json_schema_2020_12_tool(Args(contact): Args<Contact>) -> String {
    json!(contact).to_string()
}
