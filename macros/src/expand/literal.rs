//! Values of the model as Rust expressions.

use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::Path;

use crate::model::{Milliseconds, Number};

pub(super) fn some<T: quote::ToTokens>(value: T) -> TokenStream {
    quote!(::core::option::Option::Some(#value))
}

pub(super) fn option<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
    value.map_or_else(|| quote!(::core::option::Option::None), some)
}

pub(super) fn duration(Milliseconds(milliseconds): Milliseconds) -> TokenStream {
    let milliseconds = Literal::u64_unsuffixed(milliseconds);
    quote!(__steadfast::Duration::from_millis(#milliseconds))
}

pub(super) fn float(float: f64) -> TokenStream {
    let sign = float.is_sign_negative().then(|| quote!(-));
    let magnitude = Literal::f64_unsuffixed(float.abs());
    quote!(#sign #magnitude)
}

pub(super) fn number(number: Number) -> TokenStream {
    match number {
        Number::Integer(whole) => {
            let sign = whole.is_negative().then(|| quote!(-));
            let magnitude = Literal::u128_unsuffixed(whole.unsigned_abs());
            quote!(__steadfast::Number::Integer(#sign #magnitude))
        }
        Number::Float(value) => {
            let value = float(value);
            quote!(__steadfast::Number::Float(#value))
        }
    }
}

/// A path as its author would write it.
pub(super) fn path(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

/// The same tokens, shown at another place: rustc reports a bound at the type that fails it, and the token that
/// asked for the bound is where the author has to look.
pub(super) fn shown_at(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                let inside = shown_at(group.stream(), span);
                token = proc_macro2::Group::new(group.delimiter(), inside).into();
            }
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}
