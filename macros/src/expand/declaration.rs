//! `DECLARATION`: what the attribute says, key by key.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    literal::{option, path},
    reliability,
};
use crate::model::{Effect, History, Operation, Shim, Tool};

/// The constant; keys that were not written are not set.
pub(super) fn declaration(tool: &Tool) -> TokenStream {
    let declaration = &tool.declaration;
    let (name, version, description) = (&declaration.name, &declaration.version, &declaration.description);
    let effect = match declaration.effect {
        Effect::ReadOnly => quote!(ReadOnly),
        Effect::Additive => quote!(Additive),
        Effect::Destructive => quote!(Destructive),
    };
    let title = declaration.title.iter();
    let idempotent = declaration.idempotent.iter();
    let open_world = declaration.open_world.then_some(true).into_iter();
    let owner = declaration.owner.iter();
    let scopes = list(&declaration.scopes);
    let plan = declaration.plan.iter().map(path);
    let egress = list(&declaration.egress);
    let reliability = reliability::setters(&declaration.reliability);
    let icons = list(&declaration.icons);
    let aliases = list(&declaration.aliases);
    let lifecycle = &declaration.lifecycle;
    let (deprecated, sunset, note) = (lifecycle.deprecated.iter(), lifecycle.sunset.iter(), lifecycle.note.iter());
    let history = Some(declaration.history.iter().map(history))
        .filter(|_| !declaration.history.is_empty())
        .map(|history| quote!(&[#(#history),*]))
        .into_iter();
    quote! {
        __steadfast::Declaration::new(#name, #version, #description, __steadfast::Effect::#effect)
            #(.with_title(#title))*
            #(.with_idempotent(#idempotent))*
            #(.with_open_world(#open_world))*
            #(.with_owner(#owner))*
            #(.with_scopes(#scopes))*
            #(.with_plan(#plan))*
            #(.with_egress(#egress))*
            #reliability
            #(.with_icons(#icons))*
            #(.with_aliases(#aliases))*
            #(.with_deprecated(#deprecated))*
            #(.with_sunset(#sunset))*
            #(.with_note(#note))*
            #(.with_history(#history))*
    }
}

fn list(texts: &[String]) -> impl Iterator<Item = TokenStream> {
    (!texts.is_empty()).then(|| quote!(&[#(#texts),*])).into_iter()
}

fn history(history: &History) -> TokenStream {
    let major = proc_macro2::Literal::u64_unsuffixed(history.major);
    let shim = match &history.shim {
        Shim::Declared { input, output } => {
            let (input, output) = (input.iter().map(operation), output.iter().map(operation));
            quote!(Declared { input: &[#(#input),*], output: &[#(#output),*] })
        }
        Shim::Typed(shim) => {
            let name = path(shim);
            quote!(typed::<#shim>(#name))
        }
    };
    let (lock, shape) = (&history.lock, history.shape);
    let deprecated = option(history.lifecycle.deprecated.as_ref());
    let sunset = option(history.lifecycle.sunset.as_ref());
    let note = option(history.lifecycle.note.as_ref());
    let lossy = option(history.lossy.as_ref());
    quote! {
        __steadfast::History {
            major: #major,
            shim: __steadfast::Translation::#shim,
            lock: ::core::include_str!(#lock),
            shape: #shape,
            deprecated: #deprecated,
            sunset: #sunset,
            note: #note,
            lossy: #lossy,
        }
    }
}

fn operation(operation: &Operation) -> TokenStream {
    let operation = match operation {
        Operation::Rename { from, to } => quote!(Rename { from: #from, to: #to }),
        Operation::Default { path, value } => quote!(Default { path: #path, value: #value }),
        Operation::Drop { path } => quote!(Drop { path: #path }),
        Operation::Set { path, value } => quote!(Set { path: #path, value: #value }),
        Operation::Move { from, to } => quote!(Move { from: #from, to: #to }),
        Operation::Wrap { path } => quote!(Wrap { path: #path }),
        Operation::Unwrap { path } => quote!(Unwrap { path: #path }),
        Operation::MapEnum { path, values } => {
            let values = values.iter().map(|(from, to)| quote!((#from, #to)));
            quote!(MapEnum { path: #path, values: &[#(#values),*] })
        }
    };
    quote!(__steadfast::Operation::#operation)
}
