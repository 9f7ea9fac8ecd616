use aho_corasick::AhoCorasickKind;

use super::{search::merge, *};

fn registry() -> Registry {
    Registry::of(encodings::LEAST, BYTES)
}

fn mallory() -> Arc<str> {
    "mallory".into()
}

fn acme() -> Arc<str> {
    "acme".into()
}

fn know(registry: &Registry, secret: &str) -> Option<Key> {
    registry.again(secret).or_else(|| registry.know(&[secret], None)?.keys.first().copied())
}

fn mask<'a>(registry: &Registry, text: &'a str) -> Cow<'a, str> {
    masked_by(&registry.automata(), text)
}

#[test]
fn what_is_known_is_masked_in_every_form_and_the_rest_is_left() {
    let registry = registry();
    assert!(matches!(mask(&registry, "nothing is known"), Cow::Borrowed(_)));
    know(&registry, "s3cr3t\"value");
    know(&registry, "value-of-another");
    for (text, expected) in [
        ("a s3cr3t\"value b", "a [secret] b"),
        (r#"{"a":"s3cr3t\"value"}"#, r#"{"a":"[secret]"}"#),
        ("x=s3cr3t%22value&y", "x=[secret]&y"),
        ("7333637233742276616c7565", "[secret]"),
        ("s3cr3t\"value-of-another", "[secret]"),
        ("s3cr3t\"values3cr3t\"value", "[secret][secret]"),
        ("s3cr3t value", "s3cr3t value"),
    ] {
        assert_eq!(mask(&registry, text), expected);
    }
    assert!(know(&registry, "short").is_none() && know(&registry, "  six  ").is_none());
    assert!(know(&registry, &"x".repeat(LONGEST + 1)).is_none());
}

#[test]
fn a_value_is_masked_while_somebody_holds_it_however_many_come_and_go() {
    let registry = registry();
    let (one, two) = (know(&registry, "held-by-two").unwrap(), know(&registry, "held-by-two").unwrap());
    let forget = |key: Key| registry.forget(&key);
    forget(one);
    for number in 0..1000 {
        forget(know(&registry, &format!("comes-and-goes-{number}")).unwrap());
    }
    assert_eq!(mask(&registry, "held-by-two"), MASK);
    assert!(registry.values().by_key.len() <= FRESH + 1, "what nobody holds goes");
    forget(two);
    for number in 0..FRESH {
        forget(know(&registry, &format!("comes-and-goes-{number}")).unwrap());
    }
    assert_eq!(mask(&registry, "held-by-two"), "held-by-two");
    assert!(registry.automata.read().unwrap().len() <= FRESH);
}

#[test]
fn a_value_that_comes_back_is_masked_again() {
    let registry = registry();
    for _ in 0..3 {
        let known = know(&registry, "there-and-back").unwrap();
        assert_eq!(mask(&registry, "there-and-back"), MASK);
        registry.forget(&known);
    }
    assert_eq!(registry.automata.read().unwrap().len(), 1, "it was never put in twice");
}

#[test]
fn a_caller_takes_nothing_out_of_what_others_are_told() {
    let secrets = Secrets::of(&acme(), &mallory(), &["a-word-of-the-caller".into(), "short".into()]);
    let text = "short a-word-of-the-caller";
    assert_eq!(secrets.mask(text), "short [secret]");
    assert_eq!(super::mask(text), text);
    assert_eq!(mask_all(text), "short [secret]", "the log is for neither");
    let known = reading(|| super::know("another-of-theirs"));
    assert_eq!(
        (super::mask("another-of-theirs"), mask_all("another-of-theirs")),
        ("another-of-theirs".into(), MASK.into())
    );
    drop(known);
}

#[test]
fn a_long_secret_takes_little_memory_and_no_table() {
    let secret: String = (0..16_384_u32).map(|at| char::from(b'!' + u8::try_from(at * at % 94).unwrap())).collect();
    let secrets = Secrets::of(&acme(), &mallory(), &[secret.as_str().into()]);
    assert_eq!(secrets.mask(&format!("a {secret} b")), "a [secret] b");
    let found_by = &secrets.0[0].found_by;
    assert_eq!(found_by.kind(), AhoCorasickKind::ContiguousNFA);
    assert!(found_by.memory_usage() < 16 * 1024 * 1024, "{}", found_by.memory_usage());
}

#[test]
fn callers_take_no_more_than_their_bytes_and_their_own_are_masked_still() {
    let registry = Registry::of(encodings::LEAST, 20);
    let first = know(&registry, "twelve-bytes").unwrap();
    let Learned { found_by, keys, fitted } = registry.know(&["another-twelve"], None).unwrap();
    assert!(keys.is_empty() && !fitted, "there is no room");
    assert_eq!(masked_by(&[found_by], "another-twelve"), MASK);
    registry.forget(&first);
    assert!(know(&registry, "another-twelve").is_some(), "what nobody holds makes room");
}

#[test]
fn one_caller_and_one_tenant_take_their_parts_and_no_more() {
    let registry = Registry::of(encodings::LEAST, 64);
    let [mallory, alice, bob] = ["mallory", "alice", "bob"].map(Arc::<str>::from);
    let of = |texts: &[&str], tenant: &str, by: &Arc<str>| {
        registry.know(texts, Some([&tenant.into(), by])).unwrap().keys.len()
    };
    let known = |texts: &[&str], by: &Arc<str>| of(texts, "acme", by);
    assert_eq!(known(&["mallory-1", "mallory-2"], &mallory), 0, "all of them or none");
    assert_eq!((known(&["mallory-1"], &mallory), known(&["mallory-2"], &mallory)), (1, 0));
    assert_eq!(known(&["mallory-2"], &alice), 1, "others have a part of their own");
    assert_eq!(known(&["secret-of-bob-no"], &bob), 0, "their tenant has none left");
    assert_eq!(of(&["of-bolt-co"], "bolt", &bob), 1, "another one has");
    assert_eq!(mask(&registry, "mallory-1 mallory-2 mallory-3"), "[secret] [secret] mallory-3");
    registry.forget(&Key::from(Sha256::digest("mallory-1")));
    assert_eq!(known(&["mallory-3"], &mallory), 1, "what nobody holds makes room");
}

#[test]
fn what_is_short_of_a_caller_is_masked_in_what_comes_of_the_call_alone() {
    let secrets = Secrets::of(&acme(), &mallory(), &["upstream".into(), "timeout".into()]);
    let text = "the upstream is late: timeout";
    assert_eq!(secrets.mask(text), "the [secret] is late: [secret]");
    assert_eq!(OfLine::of(std::slice::from_ref(&secrets)).mask(text), "the [secret] is late: [secret]");
    assert_eq!(mask_all(text), "the [secret] is late: timeout", "in lines of others");
    assert!(reading(|| super::know("timeout")).is_none());
}

#[test]
fn places_that_overlap_are_kept_as_one() {
    let mut found = Vec::new();
    for end in 6..1000 {
        for start in (0..=end - 6).rev().take(60) {
            merge(&mut found, 0, start, end);
        }
    }
    assert_eq!(found, [(0, 999)]);
    merge(&mut found, 0, 999, 1005);
    assert_eq!(found, [(0, 999), (999, 1005)], "beside is not over");
    merge(&mut found, 2, 0, 1006);
    assert_eq!(found.len(), 3, "places of another automaton are left");
}

#[test]
fn a_panic_while_arguments_are_read_ends_the_reading() {
    let panicked = std::panic::catch_unwind(|| reading(|| panic!("of a deserializer")));
    assert!(panicked.is_err() && !READING.get());
}

#[test]
fn secrets_of_two_forms_of_a_call_are_masked_together() {
    let both = Secrets::of(&acme(), &mallory(), &["of-the-older-form".into()]).and(Secrets::of(
        &acme(),
        &mallory(),
        &["of-the-newer-form".into()],
    ));
    assert_eq!(both.mask("of-the-older-form of-the-newer-form"), "[secret] [secret]");
}
