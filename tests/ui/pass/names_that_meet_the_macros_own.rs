//! Names of the author's that generated code could trip over: of types, of constants, of the standard prelude.

#![deny(warnings)]

use ::steadfast::prelude::{State as Part, *};

mod steadfast {}
mod std {}
mod core {}

#[allow(dead_code)]
enum Mine {
    Some,
    None,
    Ok,
    Err,
}
#[allow(unused_imports)]
use Mine::*;

#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Box;
#[allow(dead_code)]
struct S;
#[allow(dead_code)]
struct Vec;

#[allow(non_upper_case_globals, dead_code)]
const value: u8 = 0;
#[allow(non_upper_case_globals, dead_code)]
const query: u8 = 0;

/// Say hello.
#[mcp_tool(version = "1.0.0", effect = read_only, timeout = "1m", slo(success = 99), fallback = state, scopes = ["a"])]
async fn function(
    Part(_): State<u8>,
    _context: CallContext,
    #[arg(default = "a", example = "b")] arguments: String,
    context: u8,
) -> String {
    let _ = context;
    arguments
}

async fn state(_: State<u8>, _: CallContext, _: String, _: u8) -> String {
    String::new()
}

type State<T> = Part<T>;

fn main() {
    let tool = Tool::<u8>::of::<function>();
    assert_eq!(tool.declaration().name, "function");
}
