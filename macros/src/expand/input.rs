//! `input()`: the parameters as the runtime's schema builder takes them, and the bounds that their constraints set.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Expr, Type, spanned::Spanned as _};

use super::literal::{number, option, shown_at};
use crate::model::{Argument, Bound, Constraint, ConstraintKind, Default, Parameter, Tool};

/// The schema.
pub(super) fn schema(tool: &Tool) -> TokenStream {
    let whole = tool.parameters.iter().find_map(|parameter| match parameter {
        Parameter::Args(ty) => Some(ty),
        _ => None,
    });
    if let Some(ty) = whole {
        return quote!(__steadfast::InputSchema::of::<#ty>());
    }
    let parameters = arguments(tool).map(parameter);
    quote!(__steadfast::InputSchema::new() #(#parameters)*)
}

/// A function for each default, since both the schema and the call need the value.
pub(super) fn defaults(tool: &Tool) -> TokenStream {
    let default = |argument: &Argument| {
        let (name, ty) = (default_of(argument), &argument.ty);
        let value = match argument.default.as_ref()? {
            Default::OfType(span) => quote_spanned!(*span=> ::core::default::Default::default()),
            Default::Expression(expression) => value(expression),
        };
        Some(quote!(fn #name() -> #ty { #value }))
    };
    arguments(tool).filter_map(default).collect()
}

/// The name of an argument's default function.
pub(super) fn default_of(argument: &Argument) -> Ident {
    format_ident!("__default_{}", argument.name)
}

/// What each constraint needs of its type.
pub(super) fn assertions(tool: &Tool) -> TokenStream {
    let mut assertions = TokenStream::new();
    for argument in arguments(tool) {
        let ty = argument.optional.as_ref().unwrap_or(&argument.ty);
        assert(&argument.constraints, ty.to_token_stream(), &mut assertions);
    }
    assertions
}

fn arguments(tool: &Tool) -> impl Iterator<Item = &Argument> {
    tool.parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Argument(argument) => Some(argument.as_ref()),
        _ => None,
    })
}

fn parameter(argument: &Argument) -> TokenStream {
    let Argument { name, ty, optional, constraints, default, examples, .. } = argument;
    let description = option(argument.description.as_ref());
    let required = optional.is_none() && default.is_none();
    let constraints = list(constraints);
    let function = default_of(argument);
    let default = option(default.as_ref().map(|default| {
        let span = match default {
            Default::OfType(span) => *span,
            Default::Expression(expression) => expression.span(),
        };
        quote_spanned!(span=> __steadfast::to_json(#function()))
    }));
    let of: &Type = optional.as_ref().unwrap_or(ty);
    let examples = examples.iter().map(|example| {
        let value = value(example);
        quote_spanned!(example.span()=> __steadfast::to_json::<#of>(#value))
    });
    quote! {
        .parameter::<#ty>(__steadfast::Parameter {
            name: #name,
            description: #description,
            required: #required,
            constraints: #constraints,
            default: #default,
            examples: ::std::vec![#(#examples),*],
        })
    }
}

/// A value as written; text becomes what the type makes of it.
fn value(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Lit(literal) if matches!(literal.lit, syn::Lit::Str(_)) => {
            quote_spanned!(literal.span()=> ::core::convert::Into::into(#literal))
        }
        other => other.to_token_stream(),
    }
}

fn list(constraints: &[Constraint]) -> TokenStream {
    let constraints = constraints.iter().flat_map(constraint);
    quote!(&[#(__steadfast::Constraint::#constraints),*])
}

fn constraint(constraint: &Constraint) -> Vec<TokenStream> {
    match &constraint.kind {
        ConstraintKind::Length { min, max } => {
            let min = min.map(Literal::u64_unsuffixed).map(|min| quote!(MinLength(#min)));
            let max = max.map(Literal::u64_unsuffixed).map(|max| quote!(MaxLength(#max)));
            min.into_iter().chain(max).collect()
        }
        ConstraintKind::Range { min, max } => {
            let min = min.map(number).map(|min| quote!(Minimum(#min)));
            let max = max.map(|max| match max {
                Bound::Inclusive(max) => (number(max), quote!(Maximum)),
                Bound::Exclusive(max) => (number(max), quote!(ExclusiveMaximum)),
            });
            min.into_iter().chain(max.map(|(max, kind)| quote!(#kind(#max)))).collect()
        }
        ConstraintKind::Pattern(pattern) => vec![quote!(Pattern(#pattern))],
        ConstraintKind::Format(format) => vec![quote!(Format(#format))],
        ConstraintKind::Items(constraints) => {
            let constraints = list(constraints);
            vec![quote!(Items(#constraints))]
        }
        ConstraintKind::Unique => vec![quote!(Unique)],
        ConstraintKind::Secret => vec![quote!(Secret)],
        ConstraintKind::Header(name) => vec![quote!(Header(#name))],
    }
}

fn assert(constraints: &[Constraint], ty: TokenStream, assertions: &mut TokenStream) {
    for Constraint { span, kind } in constraints {
        let needed = match kind {
            ConstraintKind::Length { .. } => quote!(HasLength),
            ConstraintKind::Range { .. } => quote!(Ranged),
            ConstraintKind::Pattern(_) | ConstraintKind::Format(_) => quote!(Textual),
            ConstraintKind::Unique => quote!(Listed),
            ConstraintKind::Header(_) => quote!(Primitive),
            ConstraintKind::Secret => continue,
            ConstraintKind::Items(inner) => {
                let element = quote!(<#ty as __steadfast::constraint::Element>::Of);
                assert(inner, element, assertions);
                continue;
            }
        };
        let ty = shown_at(ty.clone(), *span);
        assertions.extend(quote!(const _: () = <#ty as __steadfast::constraint::#needed>::FITS;));
    }
}
