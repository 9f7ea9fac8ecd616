//! The work: `add`, which is nothing but protocol, and `lookup`, which has a realistic size.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One of the two tools.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Add,
    Lookup,
}

impl Work {
    pub(crate) const ALL: [Self; 2] = [Self::Add, Self::Lookup];

    pub(crate) fn tool(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Lookup => "lookup",
        }
    }

    /// Arguments: a few bytes, or an order of about 1 KB.
    pub(crate) fn arguments(self) -> Value {
        match self {
            Self::Add => json!({"a": 17, "b": 25}),
            Self::Lookup => json!({
                "customer": {"id": "c-20931", "name": "Ada Lovelace", "email": "ada@example.com",
                             "address": {"street": "12 St James's Square", "city": "London", "country": "GB"}},
                "lines": (0..8).map(|n| json!({
                    "sku": format!("SKU-{n:05}"), "quantity": n + 1, "price": 12.5 * f64::from(n + 1),
                    "note": "leave at the front desk please",
                })).collect::<Vec<_>>(),
                "express": true,
            }),
        }
    }

    /// A whole `tools/call` of protocol 2026-07-28 with the request id `id`.
    pub(crate) fn message(self, id: u64) -> Vec<u8> {
        message(id, self.tool(), self.arguments())
    }
}

/// A call of the tool that only holds its place.
pub(crate) fn hold() -> Vec<u8> {
    message(1, "hold", json!({}))
}

fn message(id: u64, tool: &str, arguments: Value) -> Vec<u8> {
    let message = json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    message.to_string().into_bytes()
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sum {
    pub(crate) sum: i64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Order {
    pub(crate) customer: Customer,
    pub(crate) lines: Vec<Line>,
    pub(crate) express: bool,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) address: Address,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Address {
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) country: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price: f64,
    pub(crate) note: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Quote {
    pub(crate) customer: Customer,
    pub(crate) lines: Vec<QuotedLine>,
    pub(crate) total: f64,
    pub(crate) express: bool,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct QuotedLine {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price: f64,
    pub(crate) subtotal: f64,
    pub(crate) note: String,
    pub(crate) warehouse: String,
    pub(crate) estimated_delivery: String,
    pub(crate) in_stock: bool,
}

pub(crate) fn add(a: i64, b: i64) -> Sum {
    Sum { sum: a.wrapping_add(b) }
}

pub(crate) fn lookup(order: Order) -> Quote {
    let lines: Vec<_> = order
        .lines
        .into_iter()
        .map(|line| QuotedLine {
            subtotal: line.price * f64::from(line.quantity),
            sku: line.sku,
            quantity: line.quantity,
            price: line.price,
            note: line.note,
            warehouse: "Rotterdam, hall 7, row 12".into(),
            estimated_delivery: "2026-12-01T08:00:00Z".into(),
            in_stock: true,
        })
        .collect();
    Quote {
        customer: order.customer,
        total: lines.iter().map(|line| line.subtotal).sum(),
        lines,
        express: order.express,
    }
}
