//! The grammar that `#[mcp_tool(..)]`, `#[arg(..)]`, `slo(..)`, `upstream(..)`, `task(..)`, `items(..)` and an entry
//! of `history` share: `key`, `key = value` or `key(..)`, separated by commas.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use syn::{
    Expr, Ident, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    punctuated::Punctuated,
    token,
};

use super::history::{self, Major, Operation};

/// A list of entries, and what in it was none.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// In the order written.
    pub(crate) list: Vec<Entry>,
    /// In the order found.
    pub(crate) faults: Vec<Fault>,
}

/// One `key`, `key = value` or `key(..)`.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The key, keywords included (`crate`).
    pub(crate) key: Ident,
    /// What follows it.
    pub(crate) value: Value,
}

/// What follows a key.
#[derive(Debug)]
pub(crate) enum Value {
    /// Nothing.
    Flag,
    /// `= expression`
    Is(Expr),
    /// `(expression, ..)`
    Call(Vec<Expr>),
    /// `(key = value, ..)`: `slo`, `upstream`, `task`, `items`
    Entries(Entries),
    /// `("1" => .., ..)`: `history`
    History(Vec<Major>),
    /// `= [rename(..), ..]`: `input` and `output`
    Operations(Vec<Operation>),
    /// Something that can't be read.
    Malformed,
}

/// What stands where an entry should.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No key at all.
    Stray(Span),
    /// Two entries without a comma between them; the span is the second's.
    NoComma(Span),
}

/// Reads entries to the end of the input; never fails.
pub(super) fn entries(input: ParseStream<'_>) -> syn::Result<Entries> {
    let mut entries = Entries::default();
    while !input.is_empty() {
        let Ok(key) = input.call(Ident::parse_any) else {
            entries.faults.push(Fault::Stray(input.span()));
            skip_to_comma(input);
            continue;
        };
        let value = value(&key, input).unwrap_or(Value::Malformed);
        let malformed = matches!(value, Value::Malformed);
        entries.list.push(Entry { key, value });
        if malformed || input.is_empty() || input.peek(Token![,]) {
            skip_to_comma(input);
        } else {
            entries.faults.push(Fault::NoComma(input.span()));
            if !input.peek(Ident::peek_any) {
                skip_to_comma(input);
            }
        }
    }
    Ok(entries)
}

fn value(key: &Ident, input: ParseStream<'_>) -> syn::Result<Value> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if matches!(key.to_string().as_str(), "input" | "output") && input.peek(token::Bracket) {
            return history::operations.parse2(group(input)?).map(Value::Operations);
        }
        return input.parse().map(Value::Is);
    }
    if !input.peek(token::Paren) {
        return Ok(Value::Flag);
    }
    let inside = group(input)?;
    match key.to_string().as_str() {
        "slo" | "upstream" | "task" | "items" => entries.parse2(inside).map(Value::Entries),
        "history" => history::majors.parse2(inside).map(Value::History),
        _ => Punctuated::<Expr, Token![,]>::parse_terminated
            .parse2(inside)
            .map(|list| Value::Call(list.into_iter().collect())),
    }
}

/// The inside of a group, to be read as a whole of its own: syn reports what is left over in a nested buffer at the
/// outer one, where it would hide everything else.
pub(super) fn group(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    input.parse::<Group>().map(|group| group.stream())
}

/// Goes on behind the next comma.
fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // Any token tree can be read where there is one.
        let _: syn::Result<TokenTree> = input.parse();
    }
    let _: syn::Result<Option<Token![,]>> = input.parse();
}
