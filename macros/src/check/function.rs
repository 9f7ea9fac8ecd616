//! The function itself: what kinds of function can be a tool, what it returns, how it is described.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, Meta, ReturnType, Safety, Type};

use super::literal;
use crate::{errors::Errors, messages::function as messages, model::Output, parse::Function};

/// Checks all of the signature but its parameters.
pub(super) fn check(function: &Function, errors: &mut Errors) -> Output {
    let signature = &function.signature;
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        errors.push_on(&generics.params, messages::generic());
    } else if let Some(clause) = &generics.where_clause {
        errors.push_on(clause, messages::generic());
    }
    if let Safety::Unsafe(token) = &signature.safety {
        errors.push_on(token, messages::unsafe_function());
    }
    if let Some(abi) = &signature.abi {
        errors.push_on(abi, messages::extern_function());
    }
    if let Some(variadic) = &signature.variadic {
        errors.push_on(&variadic.dots, messages::variadic());
    }
    output(&signature.output, errors)
}

fn output(written: &ReturnType, errors: &mut Errors) -> Output {
    let ReturnType::Type(_, ty) = written else {
        return Output::Unit;
    };
    if contains(ty.to_token_stream(), "impl") {
        errors.push_on(ty, messages::impl_result());
    }
    if last_segment(ty).is_some_and(|segment| segment.ident.to_string().ends_with("Result")) {
        Output::Result(ty.as_ref().clone())
    } else {
        Output::Value(ty.as_ref().clone())
    }
}

/// The last segment of a type that is a path.
pub(super) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// Whether a token stands anywhere in the tokens.
pub(super) fn contains(tokens: TokenStream, wanted: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => contains(group.stream(), wanted),
        other => other.to_string() == wanted,
    })
}

/// The doc comment, as rustdoc reads it: without the indentation that all lines share, paragraphs kept.
pub(super) fn description_of(attributes: &[Attribute]) -> Option<String> {
    let text: Vec<String> = attributes.iter().filter_map(doc).collect();
    let text = text.join("\n");
    let shared = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(|line| line.get(shared..).unwrap_or_default().trim_end()).collect();
    let text = lines.join("\n").trim_matches('\n').to_owned();
    (!text.is_empty()).then_some(text)
}

fn doc(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => {
            let value: &Expr = &meta.value;
            literal::string(value).map(syn::LitStr::value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::{Attribute, parse::Parser as _};

    use super::description_of;

    #[test]
    fn a_doc_comment_reads_as_in_rustdoc() {
        let cases = [
            ("/// One line.", Some("One line.")),
            ("/// Two\n/// lines.", Some("Two\nlines.")),
            ("/// One.\n///\n/// Two.  ", Some("One.\n\nTwo.")),
            ("///  - a\n///    - b", Some("- a\n  - b")),
            ("///No space.", Some("No space.")),
            ("///\n/// Below a blank.\n///", Some("Below a blank.")),
            ("/** In a block. */", Some("In a block.")),
            ("#[doc = \"By attribute.\"]\n#[doc(hidden)]\n#[inline]", Some("By attribute.")),
            ("///\n///   ", None),
            ("#[doc = include_str!(\"x\")]", None),
        ];
        for (written, wanted) in cases {
            let attributes = Attribute::parse_outer.parse_str(written).expect("attributes");
            assert_eq!(description_of(&attributes).as_deref(), wanted, "{written}");
        }
    }
}
