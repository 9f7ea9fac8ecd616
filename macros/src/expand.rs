//! A model into Rust.
//!
//! Invariant: this can't fail, and it emits little: what a tool does at run time is in the runtime. Generated items
//! live in a `const _` and begin with `__`, so that they meet no name of the author's.

mod call;
mod contracts;
mod declaration;
mod input;
mod literal;
mod reliability;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{FnArg, Path, ext::IdentExt as _};

pub(crate) use self::contracts::contracts;
use crate::{
    check::Rejected,
    errors::Errors,
    model::{Output, Parameter, Tool},
    parse::{Function, is_ours},
};

/// The function, a type of its name, and the type's `ToolFn`.
pub(crate) fn tool(function: &Function, tool: &Tool) -> TokenStream {
    let stripped = stripped(function);
    let marker = marker(function);
    let conditions = function.conditions();
    let import = import(&tool.runtime);
    let ident = &function.signature.ident;
    let states = states(tool);
    let run = call::run(function, tool);
    let defaults = input::defaults(tool);
    let assertions = input::assertions(tool);
    let declaration = declaration::declaration(tool);
    let input = input::schema(tool);
    let returns = returns(&tool.output);
    let call = call::call(ident);
    let fallback = tool.declaration.reliability.fallback.as_ref().map(call::fallback);
    let make_plan = tool.declaration.plan.as_ref().map(|_| call::make_plan(tool));
    let plan = tool.declaration.plan.as_ref().map(call::plan);
    quote! {
        #stripped
        #marker
        #(#conditions)*
        const _: () = {
            #import
            #defaults
            #assertions
            #returns
            #run
            #make_plan
            #[automatically_derived]
            impl<__S> __steadfast::ToolFn<__S> for #ident
            where
                #(#states: __steadfast::FromRef<__S>,)*
            {
                const DECLARATION: __steadfast::Declaration = #declaration;
                fn input() -> __steadfast::InputSchema {
                    #input
                }
                fn output() -> __steadfast::OutputSchema {
                    (__RETURNS.schema)()
                }
                #call
                #fallback
                #plan
            }
        };
    }
}

/// The function and its mistakes. Where the function is a free one, the type is there too, with a `ToolFn` that is
/// never called, so that `tools![..]` does not add a mistake that is none.
pub(crate) fn despite(function: &Function, Rejected { errors, runtime }: &Rejected) -> TokenStream {
    let stripped = stripped(function);
    if function.signature.receiver().is_some() {
        return quote!(#stripped #errors);
    }
    let marker = marker(function);
    let conditions = function.conditions();
    let import = import(runtime);
    let ident = &function.signature.ident;
    quote! {
        #stripped
        #marker
        #(#conditions)*
        const _: () = {
            #import
            impl<__S> __steadfast::ToolFn<__S> for #ident {
                const DECLARATION: __steadfast::Declaration =
                    __steadfast::Declaration::new("", "", "", __steadfast::Effect::Destructive);
                fn input() -> __steadfast::InputSchema {
                    __steadfast::InputSchema::new()
                }
                fn output() -> __steadfast::OutputSchema {
                    __steadfast::OutputSchema::Unit
                }
                fn call(_: &__S, _: __steadfast::CallContext, _: __steadfast::Arguments) -> __steadfast::ToolFuture {
                    ::core::unreachable!()
                }
            }
        };
        #errors
    }
}

/// The item as it was, and what is wrong with it.
pub(crate) fn untouched(item: TokenStream, errors: &Errors) -> TokenStream {
    quote!(#item #errors)
}

/// The function without what only the macro understands.
fn stripped(function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, body } = function;
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        if let FnArg::Typed(parameter) = input {
            parameter.attrs.retain(|attribute| !is_ours(attribute));
        }
    }
    // A tool has as many parameters as its schema has properties; what the lint proposes is a `struct` for them.
    quote!(#(#attributes)* #[allow(clippy::too_many_arguments)] #visibility #signature #body)
}

/// A type of the function's name. With braces it takes no place among values, where the function is.
fn marker(function: &Function) -> TokenStream {
    let conditions = function.conditions();
    let visibility = &function.visibility;
    let ident = &function.signature.ident;
    let name = ident.unraw();
    let doc = format!(" The tool of [`{name}`](fn@{name}), for `tools!`.");
    quote! {
        #(#conditions)*
        #[doc = #doc]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {}
    }
}

fn import(runtime: &Path) -> TokenStream {
    quote!(use #runtime::__private as __steadfast;)
}

/// The types of `State<T>` parameters.
fn states(tool: &Tool) -> impl Iterator<Item = TokenStream> {
    tool.parameters.iter().filter_map(|parameter| match parameter {
        Parameter::State(ty) => Some(ty.to_token_stream()),
        _ => None,
    })
}

/// `__RETURNS`: the one place where the return type has to be one that can be published.
fn returns(output: &Output) -> TokenStream {
    let (ty, kind) = match output {
        Output::Unit => (quote!(()), quote!(returns_value)),
        Output::Value(ty) => (quote!(#ty), quote!(returns_value)),
        Output::Result(ty) => (quote!(#ty), quote!(returns_result)),
    };
    quote!(const __RETURNS: __steadfast::Returns<#ty> = __steadfast::#kind::<#ty>();)
}
