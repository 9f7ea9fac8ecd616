//! How generated code fills in a [`Declaration`]: one setter for each key that was written.
//!
//! They are `const`, since a declaration is a constant, and they check nothing: the macro has.

use std::time::Duration;

use super::{Declaration, History, Rate, Slo, TaskSupport, Upstream};

macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident($field:ident: $ty:ty) $(=> $value:expr)?;)*) => {
        #[doc(hidden)]
        impl Declaration {
            $(
                $(#[$doc])*
                #[must_use]
                pub const fn $setter(mut self, $field: $ty) -> Self {
                    self.$field = setters!(@ $field $(, $value)?);
                    self
                }
            )*
        }
    };
    (@ $field:ident) => { $field };
    (@ $field:ident, $value:expr) => { $value };
}

setters! {
    /// `title = ".."`
    with_title(title: &'static str) => Some(title);
    /// `idempotent`
    with_idempotent(idempotent: bool);
    /// `open_world`
    with_open_world(open_world: bool);
    /// `owner = ".."`
    with_owner(owner: &'static str) => Some(owner);
    /// `scopes = [..]`
    with_scopes(scopes: &'static [&'static str]);
    /// `egress = [..]`
    with_egress(egress: &'static [&'static str]);
    /// `timeout = ".."`
    with_timeout(timeout: Duration) => Some(timeout);
    /// `attempt_timeout = ".."`
    with_attempt_timeout(attempt_timeout: Duration) => Some(attempt_timeout);
    /// `retry = 2`
    with_retry(retry: u32);
    /// `upstream = ".."`, `upstream(..)`
    with_upstream(upstream: Upstream) => Some(upstream);
    /// `rate_limit = ".."`
    with_rate_limit(rate_limit: Rate) => Some(rate_limit);
    /// `fallback = path`
    with_fallback(fallback: &'static str) => Some(fallback);
    /// `stale = ".."`
    with_stale(stale: Duration) => Some(stale);
    /// `task`
    with_task(task: TaskSupport) => Some(task);
    /// `plan = path`
    with_plan(plan: &'static str) => Some(plan);
    /// `slo(..)`
    with_slo(slo: Slo) => Some(slo);
    /// `icons = [..]`
    with_icons(icons: &'static [&'static str]);
    /// `alias = ".."`
    with_aliases(aliases: &'static [&'static str]);
    /// `deprecated = ".."`
    with_deprecated(deprecated: &'static str) => Some(deprecated);
    /// `sunset = ".."`
    with_sunset(sunset: &'static str) => Some(sunset);
    /// `note = ".."`
    with_note(note: &'static str) => Some(note);
    /// `history(..)`
    with_history(history: &'static [History]);
}
