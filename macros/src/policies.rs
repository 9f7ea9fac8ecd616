//! `policies!()` and `policies!("directory")`: the files of a directory, embedded.
//!
//! All that is taken from the directory is paths; rustc reads the files (`include_str!`), and the runtime judges them.

use std::{env, fs, path::PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{LitStr, Path, parse::Parser as _};

/// Where policies are, unless another directory is named.
const DIR: &str = "policies";

/// A `PolicyFiles` value, or a compile error at the name of the directory.
pub(crate) fn embedded(input: TokenStream) -> TokenStream {
    let parser = |input: syn::parse::ParseStream<'_>| {
        let runtime: Path = input.parse()?;
        let named = input.parse::<Option<syn::Token![,]>>()?.is_some();
        Ok((runtime, if named { Some(input.parse::<LitStr>()?) } else { None }))
    };
    let expanded = parser.parse2(input).and_then(|(runtime, dir)| {
        if dir.is_none() && !package().join(DIR).is_dir() {
            return Ok(quote!(#runtime::__private::PolicyFiles::none()));
        }
        let dir = dir.unwrap_or_else(|| LitStr::new(DIR, Span::call_site()));
        let files = files(&dir)?.into_iter().map(|(name, path)| quote!((#name, ::core::include_str!(#path))));
        Ok(quote!(#runtime::__private::PolicyFiles::new(#dir, &[#(#files),*])))
    });
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

/// The names and the absolute paths of the directory's files, by name.
fn files(dir: &LitStr) -> syn::Result<Vec<(String, String)>> {
    let found = fs::read_dir(package().join(dir.value())).map_err(|error| {
        let what = format!(
            "the directory `{}` can't be read: {error}\n\nhelp: make it beside `Cargo.toml`, with a file such as \
             `tools.cedar`",
            dir.value()
        );
        syn::Error::new(dir.span(), what)
    })?;
    let mut files: Vec<_> = found
        .flatten()
        .filter_map(|file| {
            let path = file.path();
            let name = path.file_name()?.to_str()?.to_owned();
            let ours = name == "entities.json" || (name.ends_with(".cedar") && !name.starts_with('.'));
            ours.then_some((name, path.to_str()?.to_owned()))
        })
        .collect();
    files.sort();
    Ok(files)
}

fn package() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_policies_are_embedded_by_name_and_nothing_else() {
        let expanded = embedded(quote!(::steadfast, "../tests/access-policies")).to_string();
        let order = ["entities.json", "notes.cedar", "owners.cedar"].map(|name| expanded.find(&format!("(\"{name}\"")));
        assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{expanded}");
        assert_eq!(embedded(quote!(::steadfast, "src")).to_string().matches("include_str").count(), 0);
    }

    #[test]
    fn a_package_without_policies_has_none_where_no_directory_is_named() {
        assert_eq!(embedded(quote!(::steadfast)).to_string(), ":: steadfast :: __private :: PolicyFiles :: none ()");
    }

    #[test]
    fn a_directory_that_is_not_there_is_told_with_the_way_out() {
        let error = embedded(quote!(::steadfast, "nowhere")).to_string();
        assert!(error.contains("compile_error") && error.contains("`nowhere` can't be read"), "{error}");
        assert!(error.contains("help: make it"), "{error}");
    }
}
