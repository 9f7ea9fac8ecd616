//! The function under the attribute: its signature in detail, its body as it is.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Signature, Visibility,
    parse::{Parse, ParseStream},
};

/// A function whose body nobody looks into.
#[derive(Debug)]
pub(crate) struct Function {
    /// Attributes, doc comments among them.
    pub(crate) attributes: Vec<Attribute>,
    /// `pub`, `pub(crate)`, …
    pub(crate) visibility: Visibility,
    /// Everything between visibility and body.
    pub(crate) signature: Signature,
    /// The body with its braces.
    pub(crate) body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Function {
    /// The attributes that decide whether the function exists at all, for what is emitted beside it.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }
}

/// Whether an attribute of a parameter is the macro's own, and not for rustc to see.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().is_ident("arg") || attribute.path().is_ident("doc")
}
