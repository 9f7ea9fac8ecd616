//! How keys are found, renewed and given up.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{
    good::changed,
    issuer::{
        Documents, ISSUER, JWKS, NOW, OTHER, OTHER_JWKS, RESOURCE, address, claims, header, issuer, other, refused,
        settings, verifier,
    },
    signer::Signer,
};
use crate::{
    clock::Clock,
    oauth::{IssuerSettings, TokenError, Verifier, fetch::FetchError},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Tokens that live as long as a test may take.
fn token(key: &Signer) -> String {
    key.token(&header("EdDSA", key), &changed(claims(), &json!({"exp": NOW + 100 * 24 * 3600})))
}

fn one() -> (Arc<Documents>, Verifier, Signer) {
    let (documents, key) = (Arc::<Documents>::default(), Signer::ed25519("first"));
    documents.keys(JWKS, [&key]);
    let verifier = verifier(settings([issuer()]), &documents);
    (documents, verifier, key)
}

/// Lets what runs behind a request end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_with_its_first_token_and_the_old_one_goes_with_it() {
    let (documents, verifier, first) = one();
    assert_eq!(refused(&verifier, &token(&first)).await, None);
    let second = Signer::ed25519("second");
    documents.keys(JWKS, [&second]);
    tokio::time::advance(MINUTE).await;
    assert_eq!(refused(&verifier, &token(&second)).await, None);
    assert_eq!(refused(&verifier, &token(&first)).await, Some(TokenError::UnknownKey), "remembered or not");
    assert_eq!(documents.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_replaced_under_its_name_takes_remembered_tokens_with_it() {
    let (documents, verifier, first) = one();
    assert_eq!(refused(&verifier, &token(&first)).await, None);
    documents.keys(JWKS, [&Signer::ed25519("first")]);
    tokio::time::advance(46 * MINUTE).await;
    assert_eq!(refused(&verifier, &token(&first)).await, None, "renewed behind this one");
    settle().await;
    assert_eq!(refused(&verifier, &token(&first)).await, Some(TokenError::Signature));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_replaced_under_its_name_or_has_none_is_found_with_its_first_token() {
    for named in [true, false] {
        let (documents, verifier, first) = one();
        let second = Signer::ed25519("first");
        let of = |key: &Signer, n: u64| {
            let mut head = header("EdDSA", key);
            if !named {
                head.as_object_mut().unwrap().remove("kid");
            }
            key.token(&head, &changed(claims(), &json!({"exp": NOW + 24 * 3600, "jti": n.to_string()})))
        };
        assert_eq!(refused(&verifier, &of(&first, 0)).await, None);
        tokio::time::advance(MINUTE).await;
        documents.keys(JWKS, [&second]);
        assert_eq!(refused(&verifier, &of(&second, 0)).await, None, "{named}");
        assert_eq!(refused(&verifier, &of(&first, 0)).await, Some(TokenError::Signature), "{named}");
        assert_eq!(documents.asked().len(), 2);
        for minute in 1..=3 {
            tokio::time::advance(MINUTE).await;
            for n in 0..100 {
                assert_eq!(refused(&verifier, &of(&first, n)).await, Some(TokenError::Signature));
            }
            assert_eq!(documents.asked().len(), 1, "minute {minute}");
        }
        assert_eq!(refused(&verifier, &of(&second, 1)).await, None, "{named}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_without_a_name_is_found_again_when_the_issuer_is_down_to_one() {
    let (documents, verifier, first) = one();
    documents.keys(JWKS, [&first, &Signer::ed25519("second")]);
    let token = first.token(&json!({"alg": "EdDSA", "typ": "at+jwt"}), &claims());
    assert_eq!(refused(&verifier, &token).await, Some(TokenError::NoKeyId));
    documents.keys(JWKS, [&first]);
    tokio::time::advance(MINUTE).await;
    assert_eq!(refused(&verifier, &token).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_asks_the_issuer_once_in_its_interval() {
    let (documents, verifier, key) = one();
    documents.delay(Duration::from_millis(50));
    let strangers: Vec<String> = (0..500)
        .map(|n| key.token(&json!({"alg": "EdDSA", "typ": "at+jwt", "kid": format!("k{n}")}), &claims()))
        .collect();
    for minute in 1..=3 {
        let flood = strangers.iter().map(|token| refused(&verifier, token));
        for refusal in futures_util::future::join_all(flood).await {
            assert_eq!(refusal, Some(TokenError::UnknownKey));
        }
        assert_eq!(refused(&verifier, &token(&key)).await, None, "good tokens are served meanwhile");
        assert_eq!(documents.asked().len(), 1, "minute {minute}");
        tokio::time::advance(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_first_tokens_wait_for_one_request() {
    let (documents, verifier, key) = one();
    documents.delay(Duration::from_secs(1));
    let token = token(&key);
    let all = futures_util::future::join_all((0..100).map(|_| refused(&verifier, &token))).await;
    assert!(all.iter().all(Option::is_none));
    assert_eq!(documents.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_goes_away_leaves_the_renewal_to_those_who_wait() {
    let (documents, verifier, key) = one();
    documents.delay(Duration::from_secs(1));
    let token = token(&key);
    assert!(tokio::time::timeout(Duration::from_millis(500), verifier.verify(&token)).await.is_err());
    assert_eq!(refused(&verifier, &token).await, None);
    assert_eq!(documents.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_renewed_before_they_are_old_and_nobody_waits_for_it() {
    let (documents, verifier, key) = one();
    assert_eq!(refused(&verifier, &token(&key)).await, None);
    documents.delay(Duration::from_secs(3));
    assert_eq!(documents.asked().len(), 1);
    for (minutes, asked) in [(44, 0), (2, 1), (44, 0), (2, 1)] {
        tokio::time::advance(minutes * MINUTE).await;
        let before = Clock::system().now();
        assert_eq!(refused(&verifier, &token(&key)).await, None);
        assert_eq!(Clock::system().now(), before);
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(documents.asked().len(), asked, "{minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_kept_while_the_issuer_is_away_but_not_for_ever() {
    let (documents, verifier, key) = one();
    let token = token(&key);
    assert_eq!(refused(&verifier, &token).await, None);
    documents.away(JWKS);
    for _ in 0..24 {
        tokio::time::advance(60 * MINUTE).await;
        assert_eq!(refused(&verifier, &token).await, None);
    }
    tokio::time::advance(61 * MINUTE).await;
    assert_eq!(refused(&verifier, &token).await, Some(TokenError::KeysAway), "remembered tokens end with the keys");
    documents.keys(JWKS, [&key]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(refused(&verifier, &token).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_away_or_hangs_is_asked_now_and_then_and_nobody_waits_long() {
    for hangs in [false, true] {
        let (documents, verifier, key) = one();
        documents.away(JWKS);
        if hangs {
            documents.delay(Duration::from_secs(1_000_000));
        }
        let token = token(&key);
        let began = Clock::system().now();
        for _ in 0..1000 {
            assert_eq!(refused(&verifier, &token).await, Some(TokenError::KeysAway));
        }
        let took = Clock::system().now() - began;
        assert!(took <= Duration::from_secs(if hangs { 10_000 } else { 0 }), "{took:?}");
        if !hangs {
            assert_eq!(documents.asked().len(), 1);
            documents.keys(JWKS, [&key]);
            tokio::time::advance(Duration::from_secs(5)).await;
            assert_eq!(refused(&verifier, &token).await, None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_there_are_keys_a_hanging_issuer_is_waited_for_once() {
    let (documents, verifier, key) = one();
    let token = token(&key);
    assert_eq!(refused(&verifier, &token).await, None);
    documents.delay(Duration::from_secs(1_000_000));
    tokio::time::advance(61 * MINUTE).await;
    let began = Clock::system().now();
    for _ in 0..1000 {
        assert_eq!(refused(&verifier, &token).await, None);
    }
    assert!(Clock::system().now() - began <= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_key_set_that_can_not_be_used_does_not_replace_one_that_can() {
    let (_, _, key) = one();
    let many: Vec<_> = (0..65).map(|_| key.jwk()).collect();
    let large = json!({"keys": [key.jwk()], "x": "x".repeat(256 * 1024)});
    for (name, answer) in [
        ("no JSON", Ok(b"<html>".to_vec())),
        ("no keys", Ok(json!({"keys": []}).to_string().into_bytes())),
        ("keys twice", Ok(b"{\"keys\":[],\"keys\":[]}".to_vec())),
        ("keys that are no list", Ok(json!({"keys": key.jwk()}).to_string().into_bytes())),
        ("none that can be used", Ok(json!({"keys": [{"kty": "oct", "k": "a"}, 7, null]}).to_string().into_bytes())),
        ("65 keys", Ok(json!({ "keys": many }).to_string().into_bytes())),
        ("256 KiB", Ok(large.to_string().into_bytes())),
        ("a redirect", Err(FetchError::Status(302))),
    ] {
        let (documents, verifier, key) = one();
        assert_eq!(refused(&verifier, &token(&key)).await, None);
        documents.answer(JWKS, answer);
        tokio::time::advance(61 * MINUTE).await;
        assert_eq!(refused(&verifier, &token(&key)).await, None, "{name}");
        assert_eq!(documents.asked().len(), 2, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_discovered_from_the_first_document_that_is_about_the_issuer() {
    let oauth = "https://other.example/.well-known/oauth-authorization-server/realm";
    let inserted = "https://other.example/.well-known/openid-configuration/realm";
    let appended = "https://other.example/realm/.well-known/openid-configuration";
    let right = json!({"issuer": OTHER, "jwks_uri": OTHER_JWKS});
    let key = Signer::ed25519("k");
    let good = key.token(&header("EdDSA", &key), &changed(claims(), &json!({ "iss": OTHER })));
    let of = |change: serde_json::Value| changed(right.clone(), &change);
    for (documents, expected) in [
        (vec![(oauth, right.clone())], None),
        (vec![(inserted, right.clone())], None),
        (vec![(appended, right.clone())], None),
        (vec![(oauth, of(json!({"issuer": "https://stranger.example"}))), (appended, right.clone())], None),
        (vec![(oauth, of(json!({"issuer": format!("{OTHER}/")})))], Some(TokenError::KeysAway)),
        (vec![(oauth, of(json!({"issuer": null})))], Some(TokenError::KeysAway)),
        (vec![(oauth, of(json!({"jwks_uri": null})))], Some(TokenError::KeysAway)),
        (vec![(oauth, of(json!({"jwks_uri": "http://other.example/realm/jwks"})))], Some(TokenError::KeysAway)),
        (vec![(oauth, of(json!({"jwks_uri": "http://127.0.0.1/jwks"})))], Some(TokenError::KeysAway)),
        (vec![], Some(TokenError::KeysAway)),
    ] {
        let published = Arc::<Documents>::default();
        published.keys(OTHER_JWKS, [&key]);
        published.keys("http://127.0.0.1/jwks", [&key]);
        published.keys("http://other.example/realm/jwks", [&key]);
        for (place, document) in &documents {
            published.put(place, document);
        }
        let verifier = verifier(settings([IssuerSettings { jwks_url: None, ..other() }]), &published);
        assert_eq!(refused(&verifier, &good).await, expected, "{documents:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_away_is_not_asked_for_every_document() {
    let documents = Arc::<Documents>::default();
    let place = "https://issuer.example/.well-known/oauth-authorization-server";
    documents.away(place);
    let verifier = verifier(settings([IssuerSettings { jwks_url: None, ..issuer() }]), &documents);
    let key = Signer::ed25519("k");
    assert_eq!(refused(&verifier, &token(&key)).await, Some(TokenError::KeysAway));
    assert_eq!(documents.asked(), [place]);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_with_one_key_need_not_name_it() {
    let (documents, key) = (Arc::<Documents>::default(), Signer::ed25519("k"));
    let unnamed = json!({"alg": "EdDSA", "typ": "at+jwt"});
    for (keys, expected) in [
        (vec![changed(key.jwk(), &json!({"kid": null}))], None),
        (vec![key.jwk()], None),
        (vec![key.jwk(), Signer::ed25519("l").jwk()], Some(TokenError::NoKeyId)),
        (vec![Signer::p256("l").jwk()], Some(TokenError::KeyMismatch)),
    ] {
        documents.put(JWKS, &json!({ "keys": keys }));
        let verifier = verifier(settings([issuer()]), &documents);
        assert_eq!(refused(&verifier, &key.token(&unnamed, &claims())).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_away_takes_nothing_from_another() {
    let (one, two) = (Signer::ed25519("k"), Signer::ed25519("k"));
    let documents = Arc::<Documents>::default();
    documents.away(JWKS);
    documents.keys(OTHER_JWKS, [&two]);
    let verifier = verifier(settings([issuer(), other()]), &documents);
    let by = |key: &Signer, issuer: &str| {
        key.token(&header("EdDSA", key), &changed(claims(), &json!({"iss": issuer, "aud": RESOURCE})))
    };
    assert_eq!(refused(&verifier, &by(&one, ISSUER)).await, Some(TokenError::KeysAway));
    assert_eq!(refused(&verifier, &by(&two, OTHER)).await, None);
    assert_eq!(address(OTHER).as_str(), OTHER);
}
