use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    issuer::{
        Documents, ISSUER, JWKS, NOW, OTHER, OTHER_JWKS, RESOURCE, claims, header, issuer, other, refused, settings,
        verifier,
    },
    signer::Signer,
};
use crate::{
    caller::Scopes,
    oauth::{Algorithm, IssuerSettings, TokenError, metadata::ProtectedResource},
};

#[tokio::test(start_paused = true)]
async fn a_token_of_every_algorithm_proves_its_caller() {
    let keys = [Signer::rsa("r"), Signer::p256("e"), Signer::p384("f"), Signer::ed25519("d")];
    let documents = Arc::<Documents>::default();
    documents.keys(JWKS, &keys);
    let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"];
    let algorithms = all.map(|name| Algorithm::named(name).unwrap()).into();
    let verifier = verifier(settings([IssuerSettings { algorithms, ..issuer() }]), &documents);
    let [rsa, p256, p384, ed25519] = &keys;
    for (algorithm, key) in all.into_iter().zip([rsa, rsa, rsa, rsa, rsa, rsa, p256, p384, ed25519, ed25519]) {
        let token = key.token(&header(algorithm, key), &claims());
        let caller = verifier.verify(&token).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!((caller.principal().as_str(), &**caller.tenant()), ("main:alice", "default"));
        assert_eq!(caller.client(), Some("app"));
        assert_eq!(caller.proved().expires, Some(NOW + 300));
        let scopes = ["notes:read", "notes:write"].map(str::to_owned).into();
        assert_eq!(caller.scopes(), &Scopes::Granted(scopes));
    }
}

/// What is changed of the claims, and what it makes of the caller: name, tenant, client, scopes.
type Case<'a> = (Value, [Option<&'a str>; 3], &'a [&'a str]);

#[tokio::test(start_paused = true)]
async fn what_a_caller_is_comes_from_the_claims_that_the_settings_name() {
    let key = Signer::ed25519("d");
    let documents = Arc::<Documents>::default();
    documents.keys(JWKS, [&key]);
    let plain = verifier(settings([issuer()]), &documents);
    let named = IssuerSettings {
        tenant_claim: Some("org".into()),
        principal_claim: "email".into(),
        scope_claim: Some("permissions".into()),
        claims: vec!["groups".into(), "absent".into()],
        ..issuer()
    };
    let named = verifier(settings([named]), &documents);
    let own = json!({"org": "acme", "email": "a@acme.example", "permissions": ["x", "y"], "groups": ["staff"]});
    let cases: [(_, Case<'_>); 7] = [
        (&plain, (json!({}), [Some("main:alice"), Some("default"), Some("app")], &["notes:read", "notes:write"])),
        (
            &plain,
            (
                json!({"scope": null, "scp": ["a", "b"]}),
                [Some("main:alice"), Some("default"), Some("app")],
                &["a", "b"],
            ),
        ),
        (
            &plain,
            (json!({"scope": null, "scp": "b  a"}), [Some("main:alice"), Some("default"), Some("app")], &["a", "b"]),
        ),
        (&plain, (json!({"scope": "", "scp": ["a"]}), [Some("main:alice"), Some("default"), Some("app")], &[])),
        (
            &plain,
            (
                json!({"scope": null, "client_id": null, "azp": "web"}),
                [Some("main:alice"), Some("default"), Some("web")],
                &[],
            ),
        ),
        (
            &plain,
            (
                json!({"aud": ["https://else.example", RESOURCE], "nbf": null}),
                [Some("main:alice"), Some("default"), Some("app")],
                &["notes:read", "notes:write"],
            ),
        ),
        (&named, (own, [Some("main:a@acme.example"), Some("acme"), Some("app")], &["x", "y"])),
    ];
    for (verifier, (change, [name, tenant, client], scopes)) in cases {
        let token = key.token(&header("EdDSA", &key), &changed(claims(), &change));
        let caller = verifier.verify(&token).await.unwrap_or_else(|error| panic!("{change}: {error}"));
        assert_eq!(
            (Some(caller.principal().as_str()), Some(&**caller.tenant()), caller.client()),
            (name, tenant, client)
        );
        assert_eq!(
            caller.scopes(),
            &Scopes::Granted(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            "{change}"
        );
    }
    let token =
        key.token(&header("EdDSA", &key), &changed(claims(), &json!({"org": "o", "email": "e", "groups": ["staff"]})));
    let kept = named.verify(&token).await.unwrap();
    assert_eq!(Value::from(kept.claims().clone()), json!({"groups": ["staff"]}));
}

#[tokio::test(start_paused = true)]
async fn callers_of_two_issuers_are_two_whatever_their_issuers_call_them() {
    let (one, two) = (Signer::p256("k"), Signer::p256("k"));
    let documents = Arc::<Documents>::default();
    documents.keys(JWKS, [&one]);
    documents.keys(OTHER_JWKS, [&two]);
    let verifier = verifier(settings([issuer(), other()]), &documents);
    let token =
        |key: &Signer, issuer: &str| key.token(&header("ES256", key), &changed(claims(), &json!({ "iss": issuer })));
    let callers =
        [verifier.verify(&token(&one, ISSUER)).await.unwrap(), verifier.verify(&token(&two, OTHER)).await.unwrap()];
    assert_ne!(callers[0].key(), callers[1].key());
    // Neither speaks for the other, though their keys have one name.
    assert_eq!(refused(&verifier, &token(&one, OTHER)).await, Some(TokenError::Signature));
    assert_eq!(refused(&verifier, &token(&two, ISSUER)).await, Some(TokenError::Signature));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_taken_from_its_beginning_to_its_end_within_the_leeway() {
    let key = Signer::ed25519("d");
    let documents = Arc::<Documents>::default();
    documents.keys(JWKS, [&key]);
    let verifier = verifier(settings([issuer()]), &documents);
    let token = |begins: u64, ends: u64| {
        key.token(&header("EdDSA", &key), &changed(claims(), &json!({"nbf": begins, "iat": begins, "exp": ends})))
    };
    for (begins, ends, expected) in [
        (NOW + 30, NOW + 300, None),
        (NOW + 31, NOW + 300, Some(TokenError::NotYet)),
        (NOW - 300, NOW - 29, None),
        (NOW - 300, NOW - 30, Some(TokenError::Expired)),
    ] {
        assert_eq!(refused(&verifier, &token(begins, ends)).await, expected, "{begins} {ends}");
    }
    // A token that was taken before is held to its end, too.
    let remembered = token(NOW, NOW + 10);
    tokio::time::advance(Duration::from_millis(39_999)).await;
    assert_eq!(refused(&verifier, &remembered).await, None);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(refused(&verifier, &remembered).await, Some(TokenError::Expired));
}

#[test]
fn the_metadata_is_what_rfc_9728_asks_for() {
    let settings = settings([issuer(), other()]);
    let document = ProtectedResource::new(&settings, "notes", vec!["notes:read".into()]);
    assert_eq!(
        serde_json::to_value(document).unwrap(),
        json!({
            "resource": RESOURCE, "resource_name": "notes", "authorization_servers": [ISSUER, OTHER],
            "scopes_supported": ["notes:read"], "bearer_methods_supported": ["header"],
        })
    );
    let place = "/.well-known/oauth-protected-resource";
    assert_eq!(ProtectedResource::paths(&settings), [format!("{place}/mcp"), place.to_owned()]);
    assert_eq!(ProtectedResource::address(&settings), format!("https://mcp.example{place}/mcp"));
}

/// Claims or a header with members changed, and without those that are null.
pub(super) fn changed(mut object: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}
