//! What the attribute says about keeping a tool working, as setters of the declaration.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::literal::{duration, float, option, path, some};
use crate::model::{Rate, Reliability, Slo, Task, Upstream};

/// Keys that were not written are not set.
pub(super) fn setters(reliability: &Reliability) -> TokenStream {
    let timeout = reliability.timeout.map(duration).into_iter();
    let attempt_timeout = reliability.attempt_timeout.map(duration).into_iter();
    let retry = Some(reliability.retry).filter(|retry| *retry > 0).into_iter();
    let upstream = reliability.upstream.iter().map(upstream);
    let rate_limit = reliability.rate_limit.iter().map(rate);
    let fallback = reliability.fallback.iter().map(path);
    let stale = reliability.stale.map(duration).into_iter();
    let task = reliability.task.into_iter().map(task);
    let slo = reliability.slo.iter().map(slo);
    quote! {
        #(.with_timeout(#timeout))*
        #(.with_attempt_timeout(#attempt_timeout))*
        #(.with_retry(#retry))*
        #(.with_upstream(#upstream))*
        #(.with_rate_limit(#rate_limit))*
        #(.with_fallback(#fallback))*
        #(.with_stale(#stale))*
        #(.with_task(#task))*
        #(.with_slo(#slo))*
    }
}

fn upstream(upstream: &Upstream) -> TokenStream {
    let name = &upstream.name;
    let settings: TokenStream = [
        setting("concurrency", upstream.concurrency),
        setting("slow_call", upstream.slow_call.map(duration)),
        setting("failure_ratio", upstream.failure_ratio.map(float)),
        setting("minimum_calls", upstream.minimum_calls),
        setting("window", upstream.window.map(duration)),
        setting("open_for", upstream.open_for.map(duration)),
        setting("half_open", upstream.half_open),
        setting("queue", upstream.queue),
        setting("failures_in_a_row", upstream.failures_in_a_row),
        setting("slow_ratio", upstream.slow_ratio.map(float)),
        setting("retry_ratio", upstream.retry_ratio.map(float)),
        setting("retry_floor", upstream.retry_floor),
    ]
    .into_iter()
    .flatten()
    .collect();
    match settings.is_empty() {
        true => quote!(__steadfast::Upstream::named(#name)),
        false => quote!(__steadfast::Upstream { #settings ..__steadfast::Upstream::named(#name) }),
    }
}

fn setting(name: &str, value: Option<impl ToTokens>) -> Option<TokenStream> {
    let name = Ident::new(name, Span::call_site());
    let value = some(value?);
    Some(quote!(#name: #value,))
}

fn rate(rate: &Rate) -> TokenStream {
    let (count, per) = (rate.count, duration(rate.per));
    quote!(__steadfast::Rate { count: #count, per: #per })
}

fn task(Task { required, manual }: Task) -> TokenStream {
    quote!(__steadfast::TaskSupport { required: #required, manual: #manual })
}

fn slo(slo: &Slo) -> TokenStream {
    let success = option(slo.success.map(float));
    let p95 = option(slo.p95.map(duration));
    let p99 = option(slo.p99.map(duration));
    quote!(__steadfast::Slo { success: #success, p95: #p95, p99: #p99 })
}
