//! `contracts!()`: what the lock keeps beside the tools' own files, embedded.

use proc_macro2::TokenStream;
use quote::quote;

use super::literal::option;
use crate::locks::Locks;

/// A `Contracts` value; `runtime` is the path of the runtime.
pub(crate) fn contracts(runtime: &TokenStream, locks: &Locks) -> TokenStream {
    let tombstones = option(locks.tombstones().map(|path| quote!(::core::include_str!(#path))));
    let surfaces = locks.surfaces().into_iter().map(|(release, path)| quote!((#release, ::core::include_str!(#path))));
    quote!(#runtime::__private::Contracts::new(#tombstones, &[#(#surfaces),*]))
}
