//! `history("1" => { input = [rename(a => b)], .. }, "2" => v2::Shim)`.

use proc_macro2::Span;
use syn::{
    Expr, Ident, Lit, LitStr, Path, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    punctuated::Punctuated,
    token,
};

use super::entry::{self, Entries};

/// One older major.
#[derive(Debug)]
pub(crate) struct Major {
    /// The major as written.
    pub(crate) number: Lit,
    /// What follows the arrow.
    pub(crate) shim: Shim,
}

/// What follows `"1" =>`.
#[derive(Debug)]
pub(crate) enum Shim {
    /// `{ input = [..], .. }`
    Declared(Entries),
    /// `v1::SearchIssues`
    Typed(Path),
}

/// One `rename(a => b)`, `drop(a)`, …
#[derive(Debug)]
pub(crate) struct Operation {
    /// The operation, keywords included (`move`).
    pub(crate) name: Ident,
    /// What is between the parentheses.
    pub(crate) operands: Operands,
}

/// What is between the parentheses of an operation.
#[derive(Debug)]
pub(crate) enum Operands {
    /// `a`
    One(Property),
    /// `a => b`
    Pair(Property, Property),
    /// `a = 1`
    Value(Property, Expr),
    /// `a: old => new, ..`
    Map(Property, Vec<(Property, Property)>),
    /// Something that can't be read.
    Malformed,
}

/// `a`, `a.b`, `"a-b"`.
#[derive(Debug)]
pub(crate) struct Property {
    /// With dots.
    pub(crate) text: String,
    /// The first token.
    pub(crate) span: Span,
}

/// Reads `"1" => .., ..` to the end.
pub(super) fn majors(input: ParseStream<'_>) -> syn::Result<Vec<Major>> {
    Ok(Punctuated::<_, Token![,]>::parse_terminated_with(input, major)?.into_iter().collect())
}

fn major(input: ParseStream<'_>) -> syn::Result<Major> {
    let number = input.parse()?;
    input.parse::<Token![=>]>()?;
    let shim = if input.peek(token::Brace) {
        Shim::Declared(entry::entries.parse2(entry::group(input)?)?)
    } else {
        Shim::Typed(input.parse()?)
    };
    Ok(Major { number, shim })
}

/// Reads `rename(a => b), ..` to the end.
pub(super) fn operations(input: ParseStream<'_>) -> syn::Result<Vec<Operation>> {
    Ok(Punctuated::<_, Token![,]>::parse_terminated_with(input, operation)?.into_iter().collect())
}

fn operation(input: ParseStream<'_>) -> syn::Result<Operation> {
    let name = input.call(Ident::parse_any)?;
    let operands = if input.peek(token::Paren) {
        operands.parse2(entry::group(input)?).unwrap_or(Operands::Malformed)
    } else {
        Operands::Malformed
    };
    Ok(Operation { name, operands })
}

fn operands(input: ParseStream<'_>) -> syn::Result<Operands> {
    let first = property(input)?;
    if input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        Ok(Operands::Pair(first, property(input)?))
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        Ok(Operands::Value(first, input.parse()?))
    } else if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
        let pairs = Punctuated::<_, Token![,]>::parse_terminated_with(input, pair)?;
        Ok(Operands::Map(first, pairs.into_iter().collect()))
    } else {
        Ok(Operands::One(first))
    }
}

fn pair(input: ParseStream<'_>) -> syn::Result<(Property, Property)> {
    let from = property(input)?;
    input.parse::<Token![=>]>()?;
    Ok((from, property(input)?))
}

fn property(input: ParseStream<'_>) -> syn::Result<Property> {
    let span = input.span();
    let mut text = name(input)?;
    while input.peek(Token![.]) {
        input.parse::<Token![.]>()?;
        text.push('.');
        text.push_str(&name(input)?);
    }
    Ok(Property { text, span })
}

fn name(input: ParseStream<'_>) -> syn::Result<String> {
    if input.peek(LitStr) {
        return Ok(input.parse::<LitStr>()?.value());
    }
    Ok(input.call(Ident::parse_any)?.unraw().to_string())
}
