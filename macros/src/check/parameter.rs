//! The parameters: what each is filled with, by the name of its type.

use quote::ToTokens as _;
use syn::{Attribute, FnArg, GenericArgument, Pat, PatType, PathArguments, Signature, Type, ext::IdentExt as _};

use super::{
    argument,
    function::{contains, description_of, last_segment},
};
use crate::{
    errors::Errors,
    messages::function as messages,
    model::{Argument, ConstraintKind, Parameter},
};

/// Checks each parameter, and then what they are together.
pub(super) fn check(signature: &Signature, errors: &mut Errors) -> Vec<Parameter> {
    let mut parameters: Vec<(&PatType, Parameter)> = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => errors.push_on(receiver, messages::receiver()),
            FnArg::Typed(written) => {
                parameters.extend(parameter(written, errors).map(|parameter| (written, parameter)));
            }
        }
    }
    once(&parameters, |parameter| matches!(parameter, Parameter::Context), messages::two_contexts, errors);
    once(&parameters, |parameter| matches!(parameter, Parameter::Args(_)), messages::two_args, errors);
    if parameters.iter().any(|(_, parameter)| matches!(parameter, Parameter::Args(_))) {
        for (written, parameter) in &parameters {
            if let Parameter::Argument(argument) = parameter {
                errors.push_on(&written.pat, messages::args_and_argument(&argument.name));
            }
        }
    }
    headers(&parameters, errors);
    parameters.into_iter().map(|(_, parameter)| parameter).collect()
}

fn parameter(written: &PatType, errors: &mut Errors) -> Option<Parameter> {
    if let Some(condition) = written.attrs.iter().find(|attribute| is(attribute, "cfg") || is(attribute, "cfg_attr")) {
        errors.push_on(condition, messages::conditional_parameter());
    }
    if contains(written.ty.to_token_stream(), "impl") {
        errors.push_on(&written.ty, messages::impl_parameter());
        return None;
    }
    let kind = last_segment(&written.ty).map(|segment| segment.ident.to_string());
    let parameter = match kind.as_deref() {
        Some("CallContext") => Some(Parameter::Context),
        Some(kind @ ("State" | "Args")) => {
            let Some(inner) = inner(&written.ty) else {
                errors.push_on(&written.ty, messages::no_inner_type(kind));
                return None;
            };
            Some(if kind == "State" { Parameter::State(inner.clone()) } else { Parameter::Args(inner.clone()) })
        }
        _ => return argument(written, errors).map(Box::new).map(Parameter::Argument),
    };
    for attribute in written.attrs.iter().filter(|attribute| is(attribute, "arg")) {
        errors.push_on(attribute, messages::misplaced_arg(kind.as_deref().unwrap_or_default()));
    }
    parameter
}

fn argument(written: &PatType, errors: &mut Errors) -> Option<Argument> {
    if let Type::Reference(reference) = written.ty.as_ref() {
        errors.push_on(&written.ty, messages::reference(&written.ty, &owned(&reference.elem)));
    } else if contains(written.ty.to_token_stream(), "&") {
        errors.push_on(&written.ty, messages::inner_reference());
    }
    let attributes: Vec<&Attribute> = written.attrs.iter().filter(|attribute| is(attribute, "arg")).collect();
    let ident = match written.pat.as_ref() {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => Some(&pattern.ident),
        Pat::Wild(_) => {
            errors.push_on(&written.pat, messages::nameless());
            None
        }
        _ => {
            errors.push_on(&written.pat, messages::destructured());
            None
        }
    };
    let optional =
        last_segment(&written.ty).filter(|segment| segment.ident == "Option").and_then(|_| inner(&written.ty)).cloned();
    let checked = argument::check(&attributes, optional.is_some(), errors);
    ident.map(|ident| Argument {
        name: ident.unraw().to_string(),
        ty: written.ty.as_ref().clone(),
        optional,
        description: description_of(&written.attrs),
        default: checked.default,
        constraints: checked.constraints,
        examples: checked.examples,
    })
}

/// The type to take in place of a reference.
fn owned(target: &Type) -> String {
    match target {
        Type::Path(path) if path.path.is_ident("str") => "String".into(),
        Type::Path(path) if path.path.is_ident("Path") => "PathBuf".into(),
        Type::Slice(slice) => format!("Vec<{}>", slice.elem.to_token_stream()),
        other => other.to_token_stream().to_string(),
    }
}

/// The `T` of `State<T>`, `Args<T>`, `Option<T>`.
fn inner(ty: &Type) -> Option<&Type> {
    match &last_segment(ty)?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

fn is(attribute: &Attribute, name: &str) -> bool {
    attribute.path().is_ident(name)
}

fn once(
    parameters: &[(&PatType, Parameter)],
    wanted: fn(&Parameter) -> bool,
    message: fn() -> crate::messages::Message,
    errors: &mut Errors,
) {
    for (written, _) in parameters.iter().filter(|(_, parameter)| wanted(parameter)).skip(1) {
        errors.push_on(&written.ty, message());
    }
}

/// Fields of HTTP are named without regard to case.
fn headers(parameters: &[(&PatType, Parameter)], errors: &mut Errors) {
    let mut seen: Vec<String> = Vec::new();
    for (_, parameter) in parameters {
        let Parameter::Argument(argument) = parameter else {
            continue;
        };
        for constraint in &argument.constraints {
            let ConstraintKind::Header(name) = &constraint.kind else {
                continue;
            };
            if seen.contains(&name.to_ascii_lowercase()) {
                errors.push(constraint.span, messages::doubled_header(name));
            }
            seen.push(name.to_ascii_lowercase());
        }
    }
}
