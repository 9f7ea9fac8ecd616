//! Literals out of expressions, through the invisible groups that `macro_rules!` leaves behind.

use syn::{Expr, ExprLit, ExprUnary, Lit, LitStr, UnOp};

use crate::model::Number;

/// The expression without parentheses and invisible groups.
pub(super) fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Group(group) => bare(&group.expr),
        Expr::Paren(paren) => bare(&paren.expr),
        other => other,
    }
}

/// A string literal.
pub(super) fn string(expression: &Expr) -> Option<&LitStr> {
    match bare(expression) {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(literal),
        _ => None,
    }
}

/// A number, with its sign.
pub(super) fn number(expression: &Expr) -> Option<Number> {
    match bare(expression) {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok().map(Number::Integer),
        Expr::Lit(ExprLit { lit: Lit::Float(literal), .. }) => {
            literal.base10_parse().ok().filter(|float: &f64| float.is_finite()).map(Number::Float)
        }
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match number(expr)? {
            Number::Integer(whole) => Some(Number::Integer(-whole)),
            Number::Float(float) => Some(Number::Float(-float)),
        },
        _ => None,
    }
}

/// A literal as JSON text: text, numbers, booleans, `null` and lists of these.
pub(super) fn json(expression: &Expr) -> Option<String> {
    match bare(expression) {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some(quoted(&literal.value())),
        Expr::Lit(ExprLit { lit: Lit::Bool(literal), .. }) => Some(literal.value.to_string()),
        Expr::Path(path) if path.path.is_ident("null") => Some("null".into()),
        Expr::Array(array) => {
            let elements: Option<Vec<_>> = array.elems.iter().map(json).collect();
            Some(format!("[{}]", elements?.join(",")))
        }
        other => number(other).map(|number| match number {
            Number::Integer(whole) => whole.to_string(),
            Number::Float(float) => format!("{float:?}"),
        }),
    }
}

fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn literals_become_json_text() {
        let cases = [
            ("\"a \\\"b\\\" \\\\ \\n é\"", Some(r#""a \"b\" \\ \u000a é""#)),
            ("-7", Some("-7")),
            ("0xff_u8", Some("255")),
            ("1.50", Some("1.5")),
            ("-1e300", Some("-1e300")),
            ("(true)", Some("true")),
            ("[1, [null], \"x\"]", Some(r#"[1,[null],"x"]"#)),
            ("1e999", None),
            ("LIMIT", None),
            ("[a()]", None),
            ("-\"x\"", None),
        ];
        for (written, wanted) in cases {
            let expression = syn::parse_str(written).expect("an expression");
            assert_eq!(json(&expression).as_deref(), wanted, "{written}");
        }
    }
}
