//! Collects the mistakes of one attribute, so that all of them show in one compile.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

use crate::messages::Message;

/// Every mistake found so far, in the order found.
#[derive(Debug, Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds a mistake at a token.
    pub(crate) fn push(&mut self, span: Span, message: Message) {
        self.add(syn::Error::new(span, message));
    }

    /// Adds a mistake at everything from the first to the last of `tokens`.
    pub(crate) fn push_on(&mut self, tokens: &impl ToTokens, message: Message) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// What was collected, where anything was.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }
}

impl ToTokens for Errors {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if let Some(errors) = &self.0 {
            tokens.extend(errors.to_compile_error());
        }
    }
}
