//! The entries for a few thousand cases each: bytes of any kind, and good inputs with something changed. The seeds are
//! those of `fuzz/`.

mod seeds;

use proptest::prelude::*;

use self::seeds::{any_json, json_object, mutated, with_choice};
use super::*;
use crate::config::KEYS;

/// `PROPTEST_CASES=25600` is a hundred times as many.
fn config(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = cases * usual.cases.div_ceil(256);
    ProptestConfig { cases, max_shrink_iters: 2000, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn every_request_is_answered_and_no_error_is_the_servers(request in mutated(seeds::HTTP, 3)) {
        http_edge(&request);
    }

    #[test]
    fn every_body_is_answered_and_no_error_is_the_servers(head in prop::sample::select(seeds::HTTP), body in any_json()) {
        let end = head.windows(2).position(|pair| pair == b"\n\n").unwrap_or(head.len());
        http_edge(&[&head[..end], b"\n\n", body.to_string().as_bytes()].concat());
    }

    #[test]
    fn whatever_comes_in_meta_is_answered_shortly(choice: [u8; 2], value in any_json(), object in json_object(seeds::META)) {
        // A third of them are whole objects.
        let key = choice[1] % u8::try_from(meta::KEYS.len() * 3 / 2).unwrap();
        let text = if usize::from(key) < meta::KEYS.len() { value.to_string() } else { object.to_string() };
        meta(&[&[choice[0], key], text.as_bytes()].concat());
    }

    #[test]
    fn calls_of_older_majors_are_served_or_refused(
        choice: u8,
        arguments in prop_oneof![2 => seeds::search(), 1 => json_object(seeds::SHIMS)],
    ) {
        shims(&[&[choice], arguments.to_string().as_bytes()].concat());
    }

    #[test]
    fn a_configuration_is_settings_or_problems_that_show_no_secret(bytes in mutated(seeds::CONFIGURATION, 3)) {
        configuration(&bytes);
    }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn what_the_schema_takes_the_function_takes(
        value in prop_oneof![3 => seeds::arguments(), 1 => json_object(seeds::ARGUMENTS)],
    ) {
        arguments(value.to_string().as_bytes());
    }

    #[test]
    fn no_text_is_a_state_but_the_one_that_was_sealed(bytes in with_choice(4)) {
        request_state(&bytes);
    }

    #[test]
    fn no_text_is_a_token_but_the_one_that_was_signed(bytes in with_choice(5)) {
        tokens(&bytes);
    }

    #[test]
    fn no_claim_is_taken_that_is_not_in_order(which: u8, said in seeds::claim()) {
        tokens(&[&[5, which], said.as_bytes()].concat());
    }

    #[test]
    fn clean_text_is_clean(bytes in mutated(seeds::TEXT, 6)) {
        text(&bytes);
    }

    #[test]
    fn no_url_leads_to_an_address_that_is_not_public(url in seeds::url(), entry in seeds::url()) {
        urls(&[url.as_bytes(), b"\0", entry.as_bytes()].concat());
    }

    #[test]
    fn no_address_is_open_that_is_not_public(bytes: [u8; 16], start in prop::sample::select(seeds::NETWORKS)) {
        urls(&bytes);
        urls(&[start, &bytes[start.len()..]].concat());
    }
}

#[test]
fn every_seed_of_the_fuzzer_holds() {
    type Entry = fn(&[u8]);
    let entries: [(&str, Entry); 9] = [
        ("arguments", arguments),
        ("configuration", configuration),
        ("http_edge", http_edge),
        ("meta", meta),
        ("request_state", request_state),
        ("shims", shims),
        ("text", text),
        ("tokens", tokens),
        ("urls", urls),
    ];
    for (name, entry) in entries {
        let seeds = std::fs::read_dir(format!("{}/../fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let read = seeds.map(|seed| entry(&std::fs::read(seed.unwrap().path()).unwrap())).count();
        assert!(read > 1, "{name} has seeds");
    }
}

#[test]
fn the_fuzzer_knows_every_key_of_the_configuration() {
    let dictionary = include_str!("../../../fuzz/dictionaries/configuration.dict");
    let missing: Vec<_> = KEYS.iter().filter(|key| !dictionary.contains(&format!("\"{key}\"\n"))).collect();
    assert!(missing.is_empty(), "`fuzz/dictionaries/configuration.dict` lacks {missing:?}");
}

#[test]
fn the_good_ones_are_good() {
    let [state, confirmation] = [[2, 9], [3, 9]];
    request_state(&state);
    request_state(&confirmation);
    tokens(&[1, 9]);
}
