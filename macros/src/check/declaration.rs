//! The keys of `#[mcp_tool(..)]`, one by one and against each other.

use semver::Version;
use syn::{Expr, Ident, Path, parse_quote};

use super::{
    function::description_of,
    history,
    keys::{Field, Fields, TOOL},
    lifecycle, literal, names, reliability,
    values::{self, Text},
};
use crate::{
    errors::Errors,
    locks::Locks,
    messages::{self, attribute},
    model::{Declaration, Effect},
    parse::{Entries, Function, Value},
};

/// Checks the attribute; the declaration is whole when what is required was right. The path of the runtime comes
/// back in any case.
pub(super) fn check(
    attribute: &Entries,
    function: &Function,
    locks: &Locks,
    errors: &mut Errors,
) -> (Option<Declaration>, Path) {
    let fields = Fields::of(&TOOL, [attribute], errors);
    let ident = &function.signature.ident;

    let version = required(&fields, "version", function, errors).and_then(|field| version(field, errors));
    let effect = required(&fields, "effect", function, errors).and_then(|field| effect(field, errors));
    let name = name(&fields, function, errors);
    let mut text = |key| fields.get(key).and_then(|field| values::text(field, errors)).map(|text| text.value);
    let (title, owner) = (text("title"), text("owner"));
    let written = text("description");
    let description = written.or_else(|| description_of(&function.attributes));
    if description.is_none() && fields.lacks("description") {
        errors.push(ident.span(), attribute::missing_description());
    }

    let idempotent = fields.get("idempotent").and_then(|field| {
        let idempotent = values::flag(field, errors)?;
        if effect == Some(Effect::ReadOnly) && !idempotent {
            errors.push(field.ident.span(), attribute::read_only_not_idempotent());
        }
        Some(idempotent)
    });
    let open_world = fields.get("open_world").and_then(|field| values::flag(field, errors));
    let plan = fields.get("plan").and_then(|field| plan(field, ident, effect, errors));
    let reliability = reliability::check(&fields, ident, effect, idempotent, errors);
    let mut list = |key, legal: fn(&str) -> bool, illegal: fn(&str) -> messages::Message| {
        let texts = fields.get(key).map(|field| values::texts(field, errors)).unwrap_or_default();
        texts.into_iter().filter_map(|text| keep(text, legal, illegal, errors)).collect::<Vec<_>>()
    };
    let scopes = list("scopes", names::is_scope, attribute::bad_scope);
    let egress = list("egress", names::is_server, attribute::bad_server);
    let icons = list("icons", names::is_icon, attribute::bad_icon);
    let aliases = fields.get("alias").map(|field| aliases(field, name.as_deref(), errors)).unwrap_or_default();
    let major = version.as_ref().map(|version| version.major);
    let current = history::Current { name: name.as_deref(), aliases: &aliases, major, locks };
    let history = fields.get("history").map(|field| history::check(field, current, errors)).unwrap_or_default();
    let lifecycle = lifecycle::check(&fields, errors);
    let runtime = fields.get("crate").and_then(|field| values::path(field, errors)).cloned();

    let declaration = || {
        Some(Declaration {
            name: name?,
            version: version?.to_string(),
            description: description?,
            effect: effect?,
            title,
            idempotent: idempotent.filter(|_| effect != Some(Effect::ReadOnly)),
            open_world: open_world.unwrap_or_default(),
            owner,
            scopes,
            plan,
            egress,
            reliability,
            icons,
            aliases,
            lifecycle,
            history,
        })
    };
    (declaration(), runtime.unwrap_or_else(|| parse_quote!(::steadfast)))
}

fn required<'a>(fields: &Fields<'a>, key: &str, function: &Function, errors: &mut Errors) -> Option<Field<'a>> {
    if fields.lacks(key) {
        errors.push(function.signature.ident.span(), attribute::missing_key(key));
    }
    fields.get(key)
}

fn version(field: Field<'_>, errors: &mut Errors) -> Option<Version> {
    let text = values::text(field, errors)?;
    Version::parse(&text.value)
        .map_err(|error| errors.push(text.span, attribute::bad_version(&text.value, &error)))
        .ok()
}

fn effect(field: Field<'_>, errors: &mut Errors) -> Option<Effect> {
    let written = match values::expression(field).map(literal::bare) {
        Some(Expr::Path(path)) => path.path.get_ident().map(ToString::to_string),
        Some(other) => literal::string(other).map(syn::LitStr::value),
        None => None,
    };
    let Some(written) = written else {
        field.mistyped(errors);
        return None;
    };
    let quoted = values::expression(field).and_then(literal::string).is_some();
    match written.as_str() {
        "read_only" if !quoted => return Some(Effect::ReadOnly),
        "additive" if !quoted => return Some(Effect::Additive),
        "destructive" if !quoted => return Some(Effect::Destructive),
        _ => {}
    }
    if let Value::Is(expression) = field.value {
        errors.push_on(expression, attribute::bad_effect(&written, quoted));
    }
    None
}

/// The function that says what a destructive call would do.
fn plan(field: Field<'_>, ident: &Ident, effect: Option<Effect>, errors: &mut Errors) -> Option<Path> {
    if matches!(effect, Some(Effect::ReadOnly | Effect::Additive)) {
        errors.push(field.ident.span(), attribute::plan_without_destruction());
    }
    let path = values::path(field, errors)?;
    if path.is_ident(ident) {
        errors.push_on(path, attribute::plan_is_the_tool());
        return None;
    }
    Some(path.clone())
}

fn name(fields: &Fields<'_>, function: &Function, errors: &mut Errors) -> Option<String> {
    use syn::ext::IdentExt as _;
    let Some(field) = fields.get("name") else {
        let ident = function.signature.ident.unraw().to_string();
        let wrong = match &*ident {
            name if names::is_reserved(name) => attribute::reserved_function_name(name),
            name if names::is_tool_name(name) => return Some(ident),
            name => attribute::bad_function_name(name),
        };
        errors.push(function.signature.ident.span(), wrong);
        return None;
    };
    let text = values::text(field, errors)?;
    tool_name(text, errors)
}

/// The text, where it is legal as the name of a tool.
fn tool_name(text: Text, errors: &mut Errors) -> Option<String> {
    if names::is_reserved(&text.value) {
        errors.push(text.span, attribute::reserved_name(&text.value));
        return None;
    }
    keep(text, names::is_tool_name, attribute::bad_name, errors)
}

fn aliases(field: Field<'_>, name: Option<&str>, errors: &mut Errors) -> Vec<String> {
    let texts = match values::expression(field).map(literal::bare) {
        Some(Expr::Array(_)) => values::texts(field, errors),
        _ => values::text(field, errors).into_iter().collect(),
    };
    let mut aliases = Vec::new();
    for text in texts {
        if Some(text.value.as_str()) == name {
            errors.push(text.span, attribute::alias_is_name(&text.value));
        } else {
            aliases.extend(tool_name(text, errors));
        }
    }
    aliases
}

/// The text, where it is legal.
fn keep(
    text: Text,
    legal: fn(&str) -> bool,
    illegal: fn(&str) -> messages::Message,
    errors: &mut Errors,
) -> Option<String> {
    if legal(&text.value) {
        return Some(text.value);
    }
    errors.push(text.span, illegal(&text.value));
    None
}
