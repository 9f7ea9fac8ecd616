use serde_json::json;

use super::*;
use crate::{Secret, telemetry::Captured};

fn logged(shape: Shape, work: impl FnOnce()) -> String {
    let log = Captured::with(shape);
    work();
    log.text()
}

fn text(work: impl FnOnce()) -> String {
    logged(Shape::Text { colours: false }, work)
}

fn parsed(work: impl FnOnce()) -> Value {
    serde_json::from_str(&logged(Shape::Json, work)).unwrap()
}

fn of_mallory(secrets: &[&'static str]) -> Secrets {
    let texts: Vec<Cow<'_, str>> = secrets.iter().map(|secret| (*secret).into()).collect();
    Secrets::of(&"acme".into(), &"mallory".into(), &texts)
}

fn record(principal: &str) -> tracing::Span {
    tracing::info_span!(target: RECORD_TARGET, "tools/call", tool = "a-tool-of-mine", principal)
}

#[test]
fn a_caller_takes_nothing_out_of_a_line_but_what_somebody_says_in_words() {
    let _theirs = of_mallory(&[
        "alice-in-the-log",
        "a-tool-of-mine",
        "tools/call",
        "principal",
        "timestamp",
        "telemetry",
        "a_long_field",
        "a-value-in-the-log",
        "outcome-of-it",
        "insufficient_scope",
        "span-of-an-author",
    ]);
    let work = || {
        record("alice-in-the-log").in_scope(|| {
            tracing::info_span!("span-of-an-author", a_long_field = "a-value-in-the-log").in_scope(|| {
                tracing::warn!(a_long_field = 1, "says a-value-in-the-log");
            });
        });
    };
    let masked = text(work);
    let (_, masked) = masked.split_once("WARN").unwrap();
    assert_eq!(
        masked,
        " tools/call{tool=\"a-tool-of-mine\" principal=\"alice-in-the-log\"}:\
         span-of-an-author{a_long_field=\"[secret]\"}: says [secret] a_long_field=1\n"
    );
    let masked = parsed(work);
    assert_eq!((&masked["level"], &masked["message"]), (&json!("WARN"), &json!("says [secret]")));
    assert!(masked["target"].as_str().unwrap().ends_with("telemetry::lines::tests"), "{masked}");
    let tool = json!({ "name": "tools/call", "tool": "a-tool-of-mine", "principal": "alice-in-the-log" });
    let inner = json!({ "name": "span-of-an-author", "a_long_field": "[secret]" });
    assert_eq!((&masked["span"], &masked["spans"]), (&inner, &json!([tool, inner])));
    assert!(masked["timestamp"].is_string() && masked["a_long_field"] == 1, "{masked}");
}

#[test]
fn the_record_of_a_call_loses_words_of_its_error_alone() {
    let _theirs = of_mallory(&["alice-in-a-record", "denied-in-a-record"]);
    let _ours = Secret::new("ours-in-a-record".to_owned());
    let masked = parsed(|| {
        record("alice-in-a-record").in_scope(|| {
            let error = "no alice-in-a-record";
            tracing::error!(target: RECORD_TARGET, outcome = "denied-in-a-record", own = "ours-in-a-record", error);
        });
    });
    assert_eq!((&masked["outcome"], &masked["own"]), (&json!("denied-in-a-record"), &json!("[secret]")));
    assert_eq!((&masked["error"], &masked["span"]["principal"]), (&json!("no [secret]"), &json!("alice-in-a-record")));
}

#[test]
fn what_is_short_is_masked_in_the_lines_of_its_own_call_alone() {
    let line = |mine: bool| {
        text(|| {
            let span = record("bob");
            let secrets = of_mallory(&["closed", "a-long-one-of-theirs"]);
            if mine {
                secrets.mask_in(&span);
            }
            span.in_scope(|| tracing::info!(code = "closed", "closed a-long-one-of-theirs"));
        })
    };
    assert!(line(true).ends_with(": [secret] [secret] code=\"[secret]\"\n"), "{}", line(true));
    assert!(line(false).ends_with(": closed [secret] code=\"closed\"\n"), "{}", line(false));
}

#[test]
fn what_is_given_later_and_what_is_a_number_is_masked_too() {
    let _ours = Secret::new("73519284".to_owned());
    let masked = parsed(|| {
        let span = tracing::info_span!("later", code = tracing::field::Empty, said = "before");
        span.record("code", 73_519_284_u64);
        span.record("said", tracing::field::debug(Some("73519284")));
        span.in_scope(|| tracing::info!(code = 73_519_284, other = 1.5, flag = true, "done"));
    });
    assert_eq!(masked["span"], json!({ "name": "later", "code": "[secret]", "said": "Some(\"[secret]\")" }));
    assert_eq!((&masked["code"], &masked["other"], &masked["flag"]), (&json!("[secret]"), &json!(1.5), &json!(true)));
}

#[test]
fn a_terminal_is_told_nothing_by_what_is_logged() {
    let line = text(|| tracing::info!(quoted = "\u{1b}[2J", "a\u{1b}[2Jb\u{9b}c\nd"));
    assert!(line.ends_with(" a\\u{1b}[2Jb\\u{9b}c\nd quoted=\"\\u{1b}[2J\"\n"), "{line}");
    let line = logged(Shape::Text { colours: true }, || tracing::info!(a = 1, "b"));
    assert!(line.ends_with("\u{1b}[32m INFO\u{1b}[0m b \u{1b}[3ma\u{1b}[0m\u{1b}[2m=\u{1b}[0m1\n"), "{line:?}");
}
