//! `call()` and `fallback()`: one function that extracts what the signature takes and runs whatever has that signature.
//! `plan()`: another one, for what takes the same and returns a plan.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Path, spanned::Spanned as _};

use super::{input::default_of, states};
use crate::{
    model::{Output, Parameter, Tool},
    parse::Function,
};

/// `__run`. It is generic over the function so that a fallback of another signature fails its bound, which rustc
/// reports at the fallback's path.
pub(super) fn run(function: &Function, tool: &Tool) -> TokenStream {
    let Parts { types, values, from_state, from_context, from_arguments, state, arguments } = parts(tool);
    let states = states(tool);
    let result = match &tool.output {
        Output::Unit => quote!(()),
        Output::Value(ty) | Output::Result(ty) => quote!(#ty),
    };
    let (generic, returns, bound, value) = if function.signature.asyncness.is_some() {
        (
            quote!(, __R),
            quote!(__R),
            quote!(__R: ::core::future::Future<Output = #result> + ::core::marker::Send + 'static,),
            quote!(__function(#(#values),*).await),
        )
    } else {
        (
            TokenStream::new(),
            result,
            TokenStream::new(),
            quote!(__steadfast::run_blocking(&__call, move || __function(#(#values),*)).await?),
        )
    };
    quote! {
        fn __run<__S, __F #generic>(
            __function: __F,
            #state: &__S,
            __call: __steadfast::CallContext,
            #arguments: __steadfast::Arguments,
        ) -> __steadfast::ToolFuture
        where
            #(#states: __steadfast::FromRef<__S>,)*
            __F: ::core::ops::FnOnce(#(#types),*) -> #returns + ::core::marker::Send + 'static,
            #bound
        {
            #(#from_state)*
            ::std::boxed::Box::pin(async move {
                #from_context
                #(#from_arguments)*
                __RETURNS.convert(#value, &__call)
            })
        }
    }
}

/// `__make_plan`, generic as `__run` is. Whether the function is `async` shows in the type that it returns.
pub(super) fn make_plan(tool: &Tool) -> TokenStream {
    let Parts { types, values, from_state, from_context, from_arguments, state, arguments } = parts(tool);
    let states = states(tool);
    quote! {
        fn __make_plan<__S, __F, __R, __H>(
            __function: __F,
            #state: &__S,
            __call: __steadfast::CallContext,
            #arguments: __steadfast::Arguments,
        ) -> __steadfast::ToolFuture
        where
            #(#states: __steadfast::FromRef<__S>,)*
            __F: ::core::ops::FnOnce(#(#types),*) -> __R + ::core::marker::Send + 'static,
            __R: __steadfast::Planning<__H> + 'static,
            __H: 'static,
        {
            #(#from_state)*
            ::std::boxed::Box::pin(async move {
                #from_context
                #(#from_arguments)*
                __steadfast::plan(__call, move || __function(#(#values),*)).await
            })
        }
    }
}

/// `plan()`
pub(super) fn plan(path: &Path) -> TokenStream {
    let span = Span::call_site().located_at(path.span());
    let run = quote_spanned!(span=> __make_plan(#path, __state, __context, __arguments));
    quote! {
        fn plan() -> ::core::option::Option<__steadfast::Handler<__S>> {
            ::core::option::Option::Some(|__state, __context, __arguments| #run)
        }
    }
}

/// `call()`
pub(super) fn call(ident: &Ident) -> TokenStream {
    let run = run_of(ident, ident.span());
    quote! {
        fn call(
            __state: &__S,
            __context: __steadfast::CallContext,
            __arguments: __steadfast::Arguments,
        ) -> __steadfast::ToolFuture {
            #run
        }
    }
}

/// `fallback()`
pub(super) fn fallback(path: &Path) -> TokenStream {
    let run = run_of(path, path.span());
    quote! {
        fn fallback() -> ::core::option::Option<__steadfast::Handler<__S>> {
            ::core::option::Option::Some(|__state, __context, __arguments| #run)
        }
    }
}

/// A call of `__run`, shown where the function is named: that is where rustc reports a bound that it fails.
fn run_of(function: &impl ToTokens, place: Span) -> TokenStream {
    let span = Span::call_site().located_at(place);
    quote_spanned!(span=> __run(#function, __state, __context, __arguments))
}

/// The parameters, sorted by where their values come from.
struct Parts {
    /// The types, in the order of the signature.
    types: Vec<TokenStream>,
    /// The values, in the order of the signature.
    values: Vec<TokenStream>,
    from_state: Vec<TokenStream>,
    from_context: TokenStream,
    from_arguments: Vec<TokenStream>,
    /// Patterns of `__run`: `_` for what nothing comes from.
    state: TokenStream,
    arguments: TokenStream,
}

fn parts(tool: &Tool) -> Parts {
    let mut parts = Parts {
        types: Vec::new(),
        values: Vec::new(),
        from_state: Vec::new(),
        from_context: TokenStream::new(),
        from_arguments: Vec::new(),
        state: quote!(_),
        arguments: quote!(_),
    };
    for (index, parameter) in tool.parameters.iter().enumerate() {
        let name: Ident = format_ident!("__{index}");
        match parameter {
            Parameter::Context => {
                parts.types.push(quote!(__steadfast::CallContext));
                parts.values.push(quote!(__context));
                parts.from_context = quote!(let __context = ::core::clone::Clone::clone(&__call););
            }
            Parameter::State(ty) => {
                parts.types.push(quote!(__steadfast::State<#ty>));
                parts.values.push(quote!(__steadfast::State(#name)));
                parts.state = quote!(__state);
                parts.from_state.push(quote!(let #name = <#ty as __steadfast::FromRef<__S>>::from_ref(__state);));
            }
            Parameter::Args(ty) => {
                parts.types.push(quote!(__steadfast::Args<#ty>));
                parts.values.push(quote!(__steadfast::Args(#name)));
                parts.arguments = quote!(__arguments);
                parts.from_arguments.push(quote!(let #name = __arguments.read_all::<#ty>()?;));
            }
            Parameter::Argument(argument) => {
                let (key, ty) = (&argument.name, &argument.ty);
                parts.arguments = quote!(__arguments);
                parts.from_arguments.push(match argument.default {
                    Some(_) => {
                        let default = default_of(argument);
                        quote!(let #name = __arguments.read_or::<#ty>(#key, #default)?;)
                    }
                    None => quote!(let #name = __arguments.read::<#ty>(#key)?;),
                });
                parts.types.push(quote!(#ty));
                parts.values.push(quote!(#name));
            }
        }
    }
    parts
}
