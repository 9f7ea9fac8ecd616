//! What the macro emits, as formatted Rust. What rustc makes of it is in `tests/ui`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::locks::Locks;

/// The expansion, formatted.
fn expanded(attribute: TokenStream, item: TokenStream) -> String {
    let tokens = crate::tool(attribute, item, &Locks::assumed());
    prettyplease::unparse(&syn::parse2(tokens).expect("the expansion is a file of Rust"))
}

#[test]
fn a_tool_with_nothing_but_what_is_required() {
    let expansion = expanded(
        quote!(version = "1.0.0", effect = read_only),
        quote! {
            /// Say hello.
            pub async fn hello() {}
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn the_tool_of_the_design() {
    let expansion = expanded(
        quote! {
            version = "2.0.0", effect = read_only, owner = "team-search", scopes = ["issues:read"], timeout = "2s",
            retry = 2, upstream = "tracker", rate_limit = "100/s", fallback = cached_issues,
            slo(success = 99.5, p99 = "800ms"),
            history("1" => {
                input = [rename(q => query), default(limit = 20)], output = [rename(hits => items)],
                deprecated = "2026-12-01", sunset = "2027-12-01", note = "`q` is now `query`",
            })
        },
        quote! {
            /// Find open issues by free text.
            ///
            /// Closed issues are left out.
            #[allow(clippy::unused_async)]
            async fn search_issues(
                cx: CallContext,
                State(tracker): State<Tracker>,
                /// Free text to look for.
                #[arg(length(1..=200))] query: String,
                /// How many issues to return.
                #[arg(range(1..=100), default = 20)] limit: u32,
            ) -> Result<Page, ToolError> {
                tracker.search(cx, query, limit).await
            }
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn an_upstream_with_settings_and_what_stands_in_for_it() {
    let expansion = expanded(
        quote! {
            version = "1.0.0", effect = read_only, timeout = "2s", attempt_timeout = "500ms", stale = "5m", task,
            upstream(name = "tracker", concurrency = 32, slow_call = "1s", failure_ratio = 50)
        },
        quote! {
            /// Say hello.
            async fn hello() {}
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn a_function_that_is_not_async_and_takes_a_struct() {
    let expansion = expanded(
        quote!(version = "2.0.0", effect = destructive, idempotent, crate = mcp, deprecated = "2027-01-01", sunset = "2028-01-01",
            note = "use `resolve`", history("1" => v1::Close, "0" => { shim = v0::Close, shape = false, lossy = "none" })),
        quote! {
            /// Close issues.
            #[cfg(unix)]
            pub(crate) fn r#close(mut state: State<Tracker>, Args(Close { numbers }): Args<Close>) -> Vec<u64> {
                state.0.close(numbers)
            }
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn a_destructive_tool_with_a_plan() {
    let expansion = expanded(
        quote!(version = "1.0.0", effect = destructive, plan = notes::plan_deletion),
        quote! {
            /// Delete notes.
            async fn delete(cx: CallContext, State(notes): State<Notes>, query: String) -> Result<u32, ToolError> {
                notes.delete(cx, query).await
            }
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn every_constraint() {
    let expansion = expanded(
        quote!(version = "1.0.0", effect = additive, description = "Everything."),
        quote! {
            async fn everything(
                #[arg(length(..5), pattern("^a"), format = "email", secret)] r#in: Option<String>,
                #[arg(unique, items(length(3), range(-1.5..2)))] list: Vec<String>,
                #[arg(header = "Region", default = "eu", example = "us", example = "eu")] region: String,
                #[arg(default)] order: Order,
            ) {
            }
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn a_tool_with_mistakes_keeps_its_function_and_its_type() {
    let expansion = expanded(
        quote!(verison = "1.0.0", effect = read_only, timeout = 2),
        quote! {
            /// Say hello.
            async fn hello(#[arg(lenght(1..))] name: String) -> String {
                name
            }
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn a_method_stays_a_method() {
    let expansion = expanded(
        quote!(version = "1.0.0", effect = read_only),
        quote! {
            /// Say hello.
            async fn hello(self) {}
        },
    );
    insta::assert_snapshot!(expansion);
}

#[test]
fn tombstones_are_embedded_and_surfaces_only_where_there_are_some() {
    let tokens = crate::expand::contracts(&quote!($crate), &Locks::assumed()).to_string();
    let wanted = quote! {
        $crate::__private::Contracts::new(
            ::core::option::Option::Some(::core::include_str!("/contracts/tombstones.json")),
            &[]
        )
    };
    assert_eq!(tokens, wanted.to_string());
}

#[test]
fn a_body_that_does_not_parse_comes_out_as_it_went_in() {
    let item = quote! {
        /// Say hello.
        async fn hello() { let = ; }
    };
    let tokens = crate::tool(quote!(version = "1.0.0", effect = read_only), item, &Locks::assumed()).to_string();
    assert!(tokens.contains("async fn hello () { let = ; }"), "{tokens}");
}
