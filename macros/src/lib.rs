//! The `#[mcp_tool(..)]` attribute of Steadfast.
//!
//! Use it through the `steadfast` crate, whose prelude exports it; generated code calls that crate and nothing else.
//!
//! An attribute goes through three phases, each with its own module and its own types:
//!
//! 1. `parse` reads tokens into what was written and decides nothing, not even what is an error;
//! 2. `check` turns that into a `model`, or into every mistake it found (the wording is in `messages`);
//! 3. `expand` prints a model as Rust and can't fail.
//!
//! Invariant: the author's function comes out of every path, so that one wrong key breaks nothing else in an editor.
//! What this crate deliberately does not do: look at types, or beyond the tokens (but for the paths in `locks` and `policies`). It sees names only; whatever depends on what a type *is*
//! becomes a trait bound in the generated code, and rustc reports it at the token that asked for it.

mod check;
mod errors;
mod expand;
mod locks;
mod messages;
mod model;
mod parse;
mod policies;
#[cfg(test)]
mod tests;

/// Makes a tool of a function: its contract, its schemas and the handler that calls it.
///
/// ```text
/// /// Find open issues by free text.
/// #[mcp_tool(version = "1.2.0", effect = read_only, timeout = "2s", retry = 2)]
/// async fn search_issues(
///     State(tracker): State<Tracker>,
///     /// Free text to look for.
///     #[arg(length(1..=200))] query: String,
///     /// How many issues to return.
///     #[arg(range(1..=100), default = 20)] limit: u32,
/// ) -> Result<Page, ToolError> { /* .. */ }
/// ```
///
/// The function stays as it is and can be called as it is; beside it comes a type of the same name, which
/// `tools![search_issues]` takes. A function that is not `async` runs on the blocking pool.
///
/// # Keys
///
/// | key | value | |
/// |---|---|---|
/// | `version` | `"1.2.0"` | required: the contract version, semver |
/// | `effect` | `read_only`, `additive` or `destructive` | required: what a call may do to the world |
/// | `description` | `".."` | instead of the doc comment; one of the two is required |
/// | `name` | `".."` | instead of the function's name: 1 to 128 of `A-Z a-z 0-9 _ . -` |
/// | `title` | `".."` | a name for people |
/// | `icons` | `["https://.."]` | `https:` or `data:` |
/// | `alias` | `".."` or `["..", ".."]` | other names it answers to |
/// | `owner` | `".."` | who is on call |
/// | `scopes` | `["issues:read"]` | OAuth scopes a caller needs (RFC 6749, section 3.3) |
/// | `egress` | `["https://api.example.com"]` | servers that `CallContext::egress` reaches; none where it is absent |
/// | `timeout` | `"2s"` | without an end or progress, a call is given up |
/// | `attempt_timeout` | `"500ms"` | of one attempt; not above `timeout` |
/// | `retry` | `0` to `10` | needs `read_only` or `idempotent` |
/// | `idempotent` | flag or `bool` | the same call twice has the effect of one |
/// | `open_world` | flag or `bool` | reaches entities outside the server's control |
/// | `upstream`, `upstream(..)` | `".."`, or its settings | the dependency that breaker and bulkhead are kept for |
/// | `rate_limit` | `"100/s"` | calls of each caller, 1 and more, in a second, minute (`m`) or hour (`h`) |
/// | `fallback` | path | a function of the same signature, `async` if this one is |
/// | `plan` | path | of a `destructive` tool: a function of the same parameters that says what a call would do |
/// | `stale` | `"5m"` | how old a result may be that serves when the tool can't; needs `read_only` |
/// | `task`, `task(..)` | flag or `bool`, or how | a call is answered with a task (MCP tasks extension) |
/// | `slo(..)` | `success = 99.5`, `p95 = ".."`, `p99 = ".."` | at least one of them |
/// | `history(..)` | `"1" => { .. }` or `"1" => path` | older majors and their shims |
/// | `deprecated`, `sunset` | `"2026-12-01"` | from that day on the whole tool is deprecated, or gone |
/// | `note` | `".."` | what its callers should do instead |
/// | `crate` | path | where `steadfast` is, when it was renamed |
///
/// Durations are whole numbers of `ms`, `s`, `m` or `h`, above 0 and at most 24 hours.
///
/// # An upstream
///
/// | in `upstream(..)` | value | |
/// |---|---|---|
/// | `name` | `".."` | required; tools that name the same upstream share what is kept for it |
/// | `concurrency` | 1 and more | calls that may run at the same time |
/// | `slow_call` | `"1s"` | from which time on a call counts as slow |
/// | `failure_ratio` | percent, above 0 and up to 100 | failed calls in the window that open the breaker |
/// | `minimum_calls` | 1 and more | fewer calls in the window never open it |
/// | `window` | `"10s"` | how far back it looks |
/// | `open_for` | `"5s"` | how long it refuses calls before it lets some through on trial |
/// | `half_open` | `1` to `100` | how many those are |
/// | `queue` | 0 and more | calls that may wait for others to end |
/// | `failures_in_a_row` | 1 and more | failed calls that open the breaker, however slowly they come |
/// | `slow_ratio` | percent, above 0 and up to 100 | slow calls in the window that open it |
/// | `retry_ratio` | percent, above 0 and up to 100 | retries that ten seconds' calls pay for |
/// | `retry_floor` | 0 and more | retries in ten seconds that no calls need to pay for |
///
/// What is left out is up to the server's configuration.
///
/// # A task
///
/// A client that knows tasks gets one at once, and asks for the result later; others wait for the answer as ever.
///
/// | in `task(..)` | |
/// |---|---|
/// | `required` | a client that does not know tasks is refused |
/// | `manual` | the call begins as any other, and goes on as a task from `CallContext::become_task` on |
///
/// # Older majors
///
/// An entry of `history` takes `input` and `output` (lists of `rename(a => b)`, `default(a = 1)`, `drop(a)`,
/// `set(a = 1)`, `move(a.b => c)`, `wrap(a)`, `unwrap(a)`, `map_enum(a: old => new)`) or `shim = path`, and
/// `deprecated`, `sunset` (ISO dates), `note`, `lossy`, and `shape = false`: calls that name no version are never taken for
/// this major by the shape of their arguments. The path is of a type with `steadfast::Shim`. The major's contract is
/// embedded from `contracts/<tool>/<major>.json`, which `cargo xtask contract bless` wrote when it was current.
///
/// # Parameters
///
/// By the name of the type: `CallContext`, `State<T>` (where `T: FromRef<S>`), `Args<T>` (all arguments as one struct),
/// and every other type is an argument: `Option<T>` is optional, and a doc comment is its description.
///
/// | in `#[arg(..)]` | on | |
/// |---|---|---|
/// | `length(1..=200)`, `length(3)` | text, lists, maps | characters, elements, entries |
/// | `range(1..=100)`, `range(0.0..1.0)` | numbers | |
/// | `pattern = "^[a-z]+$"` | text | ECMA 262 syntax, without look-around |
/// | `format = "email"` | text | a format of JSON Schema 2020-12 |
/// | `items(..)` | lists | `length`, `range`, `pattern`, `format` of each element |
/// | `unique` | lists | no two elements are equal |
/// | `default`, `default = 20` | all but `Option` | `Default::default()`, or the value |
/// | `example = 20` | all | may be repeated |
/// | `secret` | all | never published, never printed |
/// | `header = "Region"` | text, numbers, booleans | mirrored in `Mcp-Param-Region` (SEP-2243) |
///
/// # Result
///
/// A type whose name ends in `Result` is taken for a result; any other is a value that can't fail.
#[proc_macro_attribute]
pub fn mcp_tool(attribute: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    tool(attribute.into(), item.into(), &locks::Locks::of_package()).into()
}

/// What `steadfast::contracts!()` calls: embeds what the lock keeps beside the tools' own files. The input is the path
/// of the runtime.
#[doc(hidden)]
#[proc_macro]
pub fn embedded_contracts(runtime: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::contracts(&runtime.into(), &locks::Locks::of_package()).into()
}

/// What `steadfast::policies!()` calls: embeds a directory of policies. The input is the path of the runtime, and
/// the directory's.
#[doc(hidden)]
#[proc_macro]
pub fn embedded_policies(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    policies::embedded(input.into()).into()
}

/// The phases.
fn tool(
    attribute: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
    locks: &locks::Locks,
) -> proc_macro2::TokenStream {
    let Some(function) = parse::function(item.clone()) else {
        return expand::untouched(item, &check::not_a_function());
    };
    let attribute = parse::attribute(attribute);
    match check::tool(&attribute, &function, locks) {
        Ok(tool) => expand::tool(&function, &tool),
        Err(rejected) => expand::despite(&function, &rejected),
    }
}
