//! About the keys of `#[mcp_tool(..)]`.

use super::{Message, message, suggestion};

pub(crate) fn missing_key(key: &str) -> Message {
    match key {
        "version" => message("the tool has no `version`", "add `version = \"1.0.0\"` to `#[mcp_tool(..)]`"),
        _ => message(
            "the tool does not say its `effect`",
            "add `effect = read_only`, `effect = additive` or `effect = destructive` to `#[mcp_tool(..)]`",
        ),
    }
}

pub(crate) fn missing_description() -> Message {
    message(
        "the tool has no description",
        "write a doc comment above the function, or add `description = \"..\"`: it is what a model chooses the tool by",
    )
}

pub(crate) fn bad_version(text: &str, error: &semver::Error) -> Message {
    let bare = text.trim().trim_start_matches(['v', 'V', '=', '^', '~']).trim();
    let (core, rest) = bare.split_at(bare.find(['-', '+']).unwrap_or(bare.len()));
    let mut numbers: Vec<&str> = core.split('.').map(without_leading_zeros).collect();
    numbers.resize(numbers.len().max(3), "0");
    let fixed = format!("{}{rest}", numbers.join("."));
    let help = if semver::Version::parse(&fixed).is_ok() { &fixed } else { "1.0.0" };
    message(format!("`{text}` is not a semantic version: {error}"), format!("write `version = \"{help}\"`"))
}

fn without_leading_zeros(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" if !number.is_empty() => "0",
        rest => rest,
    }
}

pub(crate) fn bad_effect(written: &str, quoted: bool) -> Message {
    let effects = ["read_only", "additive", "destructive"];
    if quoted && effects.contains(&written) {
        return message("`effect` is not a string", format!("write `effect = {written}`"));
    }
    let help = suggestion(written, effects.into_iter()).unwrap_or_else(|| {
        "write `read_only` (changes nothing), `additive` (only adds) or `destructive` (may change or remove)".into()
    });
    message(format!("unknown effect `{written}`"), help)
}

pub(crate) fn read_only_not_idempotent() -> Message {
    message(
        "a `read_only` tool is always idempotent",
        "remove `idempotent = false`, or write `effect = additive` or `effect = destructive`",
    )
}

pub(crate) fn plan_without_destruction() -> Message {
    message(
        "`plan` is shown before a destructive call is confirmed, and this tool is not destructive",
        "write `effect = destructive` if it may change or remove something, or remove `plan`",
    )
}

pub(crate) fn plan_is_the_tool() -> Message {
    message(
        "the tool is its own plan, so that it would be done to see what it does",
        "name a function with the same parameters that only looks, or remove `plan`",
    )
}

pub(crate) fn bad_function_name(name: &str) -> Message {
    message(
        format!("the function's name `{name}` can't be the name of a tool"),
        "add `name = \"..\"` with 1 to 128 of `A-Z a-z 0-9 _ . -`",
    )
}

pub(crate) fn bad_name(name: &str) -> Message {
    let legal = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let help: String = name.trim().chars().map(|character| if legal(character) { character } else { '_' }).collect();
    message(
        format!("`{name}` can't be the name of a tool: it takes 1 to 128 of `A-Z a-z 0-9 _ . -`"),
        format!("write `\"{}\"`", help.get(..128).unwrap_or(&help)),
    )
}

pub(crate) fn reserved_name(name: &str) -> Message {
    let help = match name.trim_matches('.').split('.').next() {
        Some(word) if !word.is_empty() => format!("write another name, such as `\"list_{word}\"`"),
        _ => "write a name with a letter in it, such as `\"search_notes\"`".into(),
    };
    message(format!("`{name}` can't be the name of a tool: `contracts/{name}` is not free for its lock files"), help)
}

pub(crate) fn reserved_function_name(name: &str) -> Message {
    message(
        format!(
            "the function's name `{name}` can't be the name of a tool: `contracts/{name}` is not free for its lock files"
        ),
        format!("add another name, such as `name = \"list_{name}\"`"),
    )
}

pub(crate) fn alias_is_name(alias: &str) -> Message {
    message(format!("`{alias}` is the tool's name already"), "remove this alias")
}

pub(crate) fn bad_scope(scope: &str) -> Message {
    message(
        format!("`{scope}` is not an OAuth scope: it takes visible ASCII but `\"` and `\\` (RFC 6749, section 3.3)"),
        if scope.contains(' ') {
            let scopes: Vec<String> = scope.split_whitespace().map(|scope| format!("\"{scope}\"")).collect();
            format!("write `{}`", scopes.join(", "))
        } else {
            "write `scopes = [\"issues:read\"]`".into()
        },
    )
}

pub(crate) fn bad_server(server: &str) -> Message {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let scheme = if server.starts_with("http://") { "http" } else { "https" };
    let fixed = format!("{scheme}://{host}");
    let help = if crate::check::is_server(&fixed) { &fixed } else { "https://api.example.com" };
    message(
        format!("`{server}` is not a server: it takes `https://` or `http://`, a host, and where it is another a port"),
        format!("write `\"{help}\"`"),
    )
}

pub(crate) fn bad_icon(uri: &str) -> Message {
    let help = match uri.strip_prefix("http://") {
        Some(rest) => format!("write `\"https://{rest}\"`"),
        None => "write `icons = [\"https://example.com/icon.svg\"]`".into(),
    };
    message(format!("`{uri}` is not an `https:` or `data:` URI"), help)
}
