//! Bad tokens: each is a good one with one thing changed, and each is refused for that.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    good::changed,
    issuer::{
        Documents, ISSUER, JWKS, NOW, OTHER, OTHER_JWKS, RESOURCE, claims, header, issuer, other, refused, settings,
        verifier,
    },
    signer::{Signer, decode, encode, hmac},
};
use crate::oauth::{
    AuthSettings, IssuerSettings,
    error::{Part, TokenError},
};

/// A name, the token, and why it is refused.
type Bad = (&'static str, String, TokenError);

/// What the tokens are made with. The issuer publishes all keys but `stranger`'s, and others that can't be used.
struct Keys {
    rsa: Signer,
    /// Published for RS256 alone.
    pinned: Signer,
    p256: Signer,
    p384: Signer,
    ed25519: Signer,
    /// Of the other issuer.
    foreign: Signer,
    /// Of nobody.
    stranger: Signer,
}

impl Keys {
    fn new() -> Self {
        Self {
            rsa: Signer::rsa("r"),
            pinned: Signer::other_rsa("pinned"),
            p256: Signer::p256("e"),
            p384: Signer::p384("f"),
            ed25519: Signer::ed25519("d"),
            foreign: Signer::p256("foreign"),
            stranger: Signer::other_rsa("stranger"),
        }
    }

    fn published(&self) -> Vec<Value> {
        let of = |signer: &Signer, change: Value| changed(signer.jwk(), &change);
        let (rsa, p256) = (&self.rsa, &self.p256);
        let short = encode(&[0xff; 128]);
        let mut keys: Vec<_> = [rsa, p256, &self.p384, &self.ed25519].map(Signer::jwk).into();
        keys.extend([
            of(&self.pinned, json!({"alg": "RS256"})),
            // None of these may check a signature.
            of(rsa, json!({"kid": "encrypts", "use": "enc"})),
            of(rsa, json!({"kid": "signs", "use": null, "key_ops": ["sign"]})),
            of(rsa, json!({"kid": "short", "n": short})),
            of(rsa, json!({"kid": "padded", "n": encode(&[[0; 256].as_slice(), &[0xff; 128]].concat())})),
            of(rsa, json!({"kid": "one", "e": "AQ"})),
            of(rsa, json!({"kid": "three", "e": "Aw"})),
            of(rsa, json!({"kid": "even", "e": "AQAC"})),
            of(rsa, json!({"kid": "private", "d": "AQAB"})),
            of(rsa, json!({"kid": "oaep", "alg": "RSA-OAEP"})),
            of(rsa, json!({"kid": "crossed", "alg": "ES256"})),
            of(rsa, json!({"kid": 7})),
            of(p256, json!({"kid": "cut", "x": encode(&[1; 31])})),
            of(p256, json!({"kid": "koblitz", "crv": "secp256k1"})),
            of(&self.ed25519, json!({"kid": "x25519", "crv": "X25519"})),
            json!({"kty": "oct", "kid": "shared", "k": encode(b"secret")}),
            // Two keys of one kind and one name: either would be a guess.
            of(rsa, json!({"kid": "twin"})),
            of(&self.pinned, json!({"kid": "twin"})),
            // Not on its curve.
            of(p256, json!({"kid": "off", "x": encode(&[1; 32]), "y": encode(&[1; 32])})),
        ]);
        keys
    }

    /// A token with these changes, by the RSA key.
    fn with(&self, of_header: &Value, of_claims: &Value) -> String {
        self.rsa.token(&changed(header("RS256", &self.rsa), of_header), &changed(claims(), of_claims))
    }

    fn good(&self) -> String {
        self.with(&json!({}), &json!({}))
    }
}

fn form(keys: &Keys) -> Vec<Bad> {
    let good = keys.good();
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let claims_text = claims().to_string();
    let header_text = header("RS256", &keys.rsa).to_string();
    let raw = |header: &str, claims: &str| keys.rsa.token_of(header, claims);
    let member = |text: &str, member: &str| format!("{},{member}}}", &text[..text.len() - 1]);
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let of_bytes = |claims: &[u8]| format!("{head}.{}.{signature}", encode(claims));
    vec![
        ("nothing", String::new(), TokenError::Parts),
        ("no dots", good.replace('.', ""), TokenError::Parts),
        ("two parts", format!("{head}.{body}"), TokenError::Parts),
        ("four parts", format!("{good}.{signature}"), TokenError::Parts),
        ("five parts, as encrypted ones", format!("{good}.{signature}.{signature}"), TokenError::Parts),
        ("dots alone", "..".into(), TokenError::NotAnObject(Part::Header)),
        ("no header", format!(".{body}.{signature}"), TokenError::NotAnObject(Part::Header)),
        ("no claims", format!("{head}..{signature}"), TokenError::NotAnObject(Part::Claims)),
        ("padding of the header", format!("{head}=.{body}.{signature}"), TokenError::Encoding),
        ("padding of the signature", format!("{good}=="), TokenError::Encoding),
        ("a space before it", format!(" {good}"), TokenError::Encoding),
        ("a space after it", format!("{good} "), TokenError::Encoding),
        ("a line break after it", format!("{good}\n"), TokenError::Encoding),
        ("a line break within it", format!("{head}.\n{body}.{signature}"), TokenError::Encoding),
        ("the scheme before it", format!("Bearer {good}"), TokenError::Encoding),
        ("a zero byte after it", format!("{good}\0"), TokenError::Encoding),
        ("a letter that is not ASCII", format!("{head}.{body}\u{e9}.{signature}"), TokenError::Encoding),
        ("a letter that looks like another", good.replacen('e', "\u{435}", 1), TokenError::Encoding),
        ("the other alphabet of base64", format!("{head}.{body}.+/{}", &signature[2..]), TokenError::Encoding),
        ("bits that are left over", format!("{head}.{body}.{}", left_over(signature)), TokenError::Encoding),
        ("9 KiB", keys.with(&json!({}), &json!({"x": "x".repeat(9 * 1024)})), TokenError::TooLong),
        ("a header that is no JSON", raw("alg: RS256", &claims_text), TokenError::NotAnObject(Part::Header)),
        ("a header that is a list", raw("[]", &claims_text), TokenError::NotAnObject(Part::Header)),
        ("two headers", raw(&header_text.repeat(2), &claims_text), TokenError::NotAnObject(Part::Header)),
        (
            "a byte order mark",
            raw(&format!("\u{feff}{header_text}"), &claims_text),
            TokenError::NotAnObject(Part::Header),
        ),
        ("claims that are a list", raw(&header_text, "[]"), TokenError::NotAnObject(Part::Claims)),
        ("claims that are a text", raw(&header_text, "\"alice\""), TokenError::NotAnObject(Part::Claims)),
        ("claims that are null", raw(&header_text, "null"), TokenError::NotAnObject(Part::Claims)),
        ("claims that are not UTF-8", of_bytes(b"{\"iss\":\"\xff\"}"), TokenError::NotAnObject(Part::Claims)),
        (
            "claims that are too deep",
            raw(&header_text, &member(&claims_text, &format!("\"x\":{deep}"))),
            TokenError::NotAnObject(Part::Claims),
        ),
        ("`alg` twice", raw(&member(&header_text, "\"alg\":\"RS256\""), &claims_text), TokenError::Twice(Part::Header)),
        ("`kid` twice", raw(&member(&header_text, "\"kid\":\"r\""), &claims_text), TokenError::Twice(Part::Header)),
        (
            "`aud` twice",
            raw(&header_text, &member(&claims_text, &format!("\"aud\":\"{RESOURCE}\""))),
            TokenError::Twice(Part::Claims),
        ),
        (
            "`exp` twice",
            raw(&header_text, &member(&claims_text, "\"exp\":253402300799")),
            TokenError::Twice(Part::Claims),
        ),
        (
            "`sub` twice, once escaped",
            raw(&header_text, &member(&claims_text, "\"s\\u0075b\":\"root\"")),
            TokenError::Twice(Part::Claims),
        ),
        (
            "a member twice deep within",
            raw(&header_text, &member(&claims_text, "\"x\":[{\"a\":1,\"a\":2}]")),
            TokenError::Twice(Part::Claims),
        ),
    ]
}

fn headers(keys: &Keys) -> Vec<Bad> {
    let with = |change: Value| keys.with(&change, &json!({}));
    let unsigned = |change: Value| with(change).rsplit_once('.').unwrap().0.to_owned() + ".";
    let shared = |secret: &[u8], change: Value| {
        let signed = with(change).rsplit_once('.').unwrap().0.to_owned();
        format!("{signed}.{}", encode(&hmac(secret, signed.as_bytes())))
    };
    let jwk = keys.rsa.jwk();
    let modulus = decode(jwk["n"].as_str().unwrap());
    let symmetric = json!({"alg": "HS256"});
    let missing = |name: &str| TokenError::Missing(name.into());
    let wrong = |name: &str| TokenError::Wrong(name.into());
    vec![
        ("alg none", unsigned(json!({"alg": "none"})), TokenError::Algorithm),
        ("alg None", unsigned(json!({"alg": "None"})), TokenError::Algorithm),
        ("alg NONE", unsigned(json!({"alg": "NONE"})), TokenError::Algorithm),
        ("alg nOnE", unsigned(json!({"alg": "nOnE"})), TokenError::Algorithm),
        ("alg none with a space", unsigned(json!({"alg": "none "})), TokenError::Algorithm),
        ("alg none, signed", with(json!({"alg": "none"})), TokenError::Algorithm),
        ("alg of no letters", unsigned(json!({"alg": ""})), TokenError::Algorithm),
        ("no alg", with(json!({"alg": null})), missing("alg")),
        ("alg that is a number", with(json!({"alg": 256})), wrong("alg")),
        ("alg that is a list", with(json!({"alg": ["RS256"]})), wrong("alg")),
        ("alg in small letters", with(json!({"alg": "rs256"})), TokenError::Algorithm),
        ("HS256 by the modulus", shared(&modulus, symmetric.clone()), TokenError::Algorithm),
        ("HS256 by the key as JSON", shared(jwk.to_string().as_bytes(), symmetric.clone()), TokenError::Algorithm),
        ("HS256 by an empty secret", shared(b"", symmetric.clone()), TokenError::Algorithm),
        (
            "HS256 by a published secret",
            shared(b"secret", json!({"alg": "HS256", "kid": "shared"})),
            TokenError::Algorithm,
        ),
        ("RS256 that is HMAC", shared(&modulus, json!({})), TokenError::Signature),
        ("an algorithm that the issuer does not have", with(json!({"alg": "RS512"})), TokenError::Algorithm),
        (
            "an algorithm of a longer curve",
            keys.p384.token(&header("ES384", &keys.p384), &claims()),
            TokenError::Algorithm,
        ),
        ("an algorithm of another kind of key", with(json!({"alg": "ES256"})), TokenError::KeyMismatch),
        ("a key of another kind", with(json!({"kid": "e"})), TokenError::KeyMismatch),
        (
            "ES256 with a key of a longer curve",
            keys.p384.token(&header("ES256", &keys.p384), &claims()),
            TokenError::KeyMismatch,
        ),
        (
            "PS256 with a key for RS256",
            keys.pinned.token(&header("PS256", &keys.pinned), &claims()),
            TokenError::KeyMismatch,
        ),
        ("no kid", with(json!({"kid": null})), TokenError::NoKeyId),
        ("kid of no letters", with(json!({"kid": ""})), TokenError::UnknownKey),
        ("kid that is a number", with(json!({"kid": 7})), wrong("kid")),
        ("kid that is another key's with a space", with(json!({"kid": "r "})), TokenError::UnknownKey),
        ("kid that is a path", with(json!({"kid": "../../dev/null"})), TokenError::UnknownKey),
        ("kid that is a query", with(json!({"kid": "r' OR '1'='1"})), TokenError::UnknownKey),
        (
            "kid of the other issuer",
            keys.foreign.token(&header("ES256", &keys.foreign), &claims()),
            TokenError::UnknownKey,
        ),
        ("kid of two keys", with(json!({"kid": "twin"})), TokenError::KeyMismatch),
        ("a key for encryption", with(json!({"kid": "encrypts"})), TokenError::UnknownKey),
        ("a key that only signs", with(json!({"kid": "signs"})), TokenError::UnknownKey),
        ("a key of 1024 bits", with(json!({"kid": "short"})), TokenError::UnknownKey),
        ("a key of 1024 bits and many zeros", with(json!({"kid": "padded"})), TokenError::UnknownKey),
        ("a key with exponent 1", with(json!({"kid": "one"})), TokenError::UnknownKey),
        ("a key with exponent 3", with(json!({"kid": "three"})), TokenError::UnknownKey),
        ("a key with an even exponent", with(json!({"kid": "even"})), TokenError::UnknownKey),
        ("a key whose private part is published", with(json!({"kid": "private"})), TokenError::UnknownKey),
        ("a key for an algorithm of encryption", with(json!({"kid": "oaep"})), TokenError::UnknownKey),
        ("a key for an algorithm of another kind", with(json!({"kid": "crossed"})), TokenError::UnknownKey),
        ("a key with half a coordinate", with(json!({"alg": "ES256", "kid": "cut"})), TokenError::UnknownKey),
        ("a key of another curve", with(json!({"alg": "ES256", "kid": "koblitz"})), TokenError::UnknownKey),
        ("a key for agreement", with(json!({"alg": "EdDSA", "kid": "x25519"})), TokenError::UnknownKey),
        (
            "a key that is not on its curve",
            keys.p256.token(&changed(header("ES256", &keys.p256), &json!({"kid": "off"})), &claims()),
            TokenError::Signature,
        ),
        ("no typ", with(json!({"typ": null})), missing("typ")),
        ("typ that is a number", with(json!({"typ": 1})), wrong("typ")),
        ("typ JWT, as ID tokens have it", with(json!({"typ": "JWT"})), TokenError::Type),
        ("typ of a proof", with(json!({"typ": "dpop+jwt"})), TokenError::Type),
        ("typ with a space", with(json!({"typ": " at+jwt"})), TokenError::Type),
        ("typ with a parameter", with(json!({"typ": "at+jwt;v=1"})), TokenError::Type),
        ("typ of another media type", with(json!({"typ": "text/at+jwt"})), TokenError::Type),
        ("crit with what is known", with(json!({"crit": ["exp"], "exp": NOW + 300})), TokenError::Extension),
        ("crit with nothing", with(json!({"crit": []})), TokenError::Extension),
        ("b64 false", with(json!({"b64": false, "crit": ["b64"]})), TokenError::Extension),
        ("b64 false without crit", with(json!({"b64": false})), TokenError::Extension),
    ]
}

/// Keys that the token itself brings or points to, by `stranger`.
fn followed(keys: &Keys) -> Vec<Bad> {
    let stranger = &keys.stranger;
    let with = |change: Value| stranger.token(&changed(header("RS256", &keys.rsa), &change), &claims());
    let own = stranger.jwk();
    vec![
        ("an embedded key", with(json!({"jwk": own})), TokenError::Signature),
        ("an embedded key by its own name", with(json!({"jwk": own, "kid": "stranger"})), TokenError::UnknownKey),
        ("an embedded key without a name", with(json!({"jwk": own, "kid": null})), TokenError::NoKeyId),
        (
            "an address of keys",
            with(json!({"jku": "https://stranger.example/jwks", "kid": "stranger"})),
            TokenError::UnknownKey,
        ),
        (
            "an address of a certificate",
            with(json!({"x5u": "https://stranger.example/c", "kid": "stranger"})),
            TokenError::UnknownKey,
        ),
        ("an embedded certificate", with(json!({"x5c": ["MIIB"], "kid": "stranger"})), TokenError::UnknownKey),
        ("an address as a name", with(json!({"kid": "https://stranger.example/jwks"})), TokenError::UnknownKey),
    ]
}

fn signatures(keys: &Keys) -> Vec<Bad> {
    let good = keys.good();
    let by = |signer: &Signer, algorithm: &str, forge: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let token = signer.token(&header(algorithm, signer), &claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        format!("{signed}.{}", encode(&forge(decode(signature))))
    };
    let (rsa, p256, ed25519) = (&keys.rsa, &keys.p256, &keys.ed25519);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other_claims = keys.with(&json!({}), &json!({"sub": "root"}));
    let (signed_for_root, _) = other_claims.rsplit_once('.').unwrap();
    let signature = |token: &str| token.rsplit_once('.').unwrap().1.to_owned();
    let longer = |signature: Vec<u8>| [signature, vec![0]].concat();
    let shorter = |mut signature: Vec<u8>| {
        signature.pop();
        signature
    };
    vec![
        ("no signature", format!("{signed}."), TokenError::Signature),
        ("the signature of other claims", format!("{signed_for_root}.{}", signature(&good)), TokenError::Signature),
        ("the key of nobody", keys.stranger.token(&header("RS256", rsa), &claims()), TokenError::Signature),
        (
            "RS256 that is PS256",
            format!("{signed}.{}", encode(&rsa.sign("PS256", signed.as_bytes()))),
            TokenError::Signature,
        ),
        (
            "RS256 that is RS512",
            format!("{signed}.{}", encode(&rsa.sign("RS512", signed.as_bytes()))),
            TokenError::Signature,
        ),
        ("RSA, a byte longer", by(rsa, "RS256", &longer), TokenError::Signature),
        ("RSA, a byte shorter", by(rsa, "RS256", &shorter), TokenError::Signature),
        ("RSA, zero", by(rsa, "RS256", &|_| vec![0; 256]), TokenError::Signature),
        ("RSA, one", by(rsa, "PS256", &|_| [vec![0; 255], vec![1]].concat()), TokenError::Signature),
        ("ES256, zero", by(p256, "ES256", &|_| vec![0; 64]), TokenError::Signature),
        ("ES256, ones", by(p256, "ES256", &|_| vec![0xff; 64]), TokenError::Signature),
        (
            "ES256, r alone",
            by(p256, "ES256", &|signature| [&signature[..32], &[0; 32]].concat()),
            TokenError::Signature,
        ),
        ("ES256 as DER", by(p256, "ES256", &|signature| der(&signature)), TokenError::Signature),
        ("ES256, a byte longer", by(p256, "ES256", &longer), TokenError::Signature),
        ("ES256 by a longer curve", by(p256, "ES256", &|_| keys.p384.sign("ES384", b"")), TokenError::Signature),
        ("EdDSA, zero", by(ed25519, "EdDSA", &|_| vec![0; 64]), TokenError::Signature),
        (
            "EdDSA, the same signature in another form",
            by(ed25519, "EdDSA", &|signature| plus_order(&signature)),
            TokenError::Signature,
        ),
        ("EdDSA, a byte shorter", by(ed25519, "EdDSA", &shorter), TokenError::Signature),
    ]
}

fn of_claims(keys: &Keys) -> Vec<Bad> {
    let with = |change: Value| keys.with(&json!({}), &change);
    // As text, for what has no other way to be written.
    let said = |name: &str, text: &str| {
        let rest = changed(claims(), &json!({ name: null })).to_string();
        let claims = format!("{},\"{name}\":{text}}}", &rest[..rest.len() - 1]);
        keys.rsa.token_of(&header("RS256", &keys.rsa).to_string(), &claims)
    };
    let missing = |name: &str| TokenError::Missing(name.into());
    let wrong = |name: &str| TokenError::Wrong(name.into());
    vec![
        ("no iss", with(json!({"iss": null})), missing("iss")),
        ("iss that is a list", with(json!({"iss": [ISSUER]})), wrong("iss")),
        ("iss that is null", said("iss", "null"), wrong("iss")),
        ("iss of nobody", with(json!({"iss": "https://stranger.example"})), TokenError::UnknownIssuer),
        ("iss with a slash", with(json!({"iss": format!("{ISSUER}/")})), TokenError::UnknownIssuer),
        ("iss in capitals", with(json!({"iss": ISSUER.to_uppercase()})), TokenError::UnknownIssuer),
        ("iss with a user", with(json!({"iss": "https://issuer.example@stranger.example"})), TokenError::UnknownIssuer),
        ("iss of the other issuer", with(json!({"iss": OTHER})), TokenError::UnknownKey),
        ("no aud", with(json!({"aud": null})), missing("aud")),
        ("aud that is null", said("aud", "null"), wrong("aud")),
        ("aud of another server", with(json!({"aud": "https://mcp.example/other"})), TokenError::Audience),
        ("aud with a slash", with(json!({"aud": format!("{RESOURCE}/")})), TokenError::Audience),
        ("aud of the host alone", with(json!({"aud": "https://mcp.example"})), TokenError::Audience),
        ("aud in capitals", with(json!({"aud": RESOURCE.to_uppercase()})), TokenError::Audience),
        ("aud of the client, as ID tokens have it", with(json!({"aud": "app"})), TokenError::Audience),
        ("aud that is a star", with(json!({"aud": "*"})), TokenError::Audience),
        ("aud that is an empty list", with(json!({"aud": []})), TokenError::Audience),
        ("aud that is a list of others", with(json!({"aud": ["a", "b"]})), TokenError::Audience),
        ("aud that is a list with a number", with(json!({"aud": [RESOURCE, 1]})), wrong("aud")),
        ("aud that is a list in a list", with(json!({"aud": [[RESOURCE]]})), wrong("aud")),
        ("aud that is an object", with(json!({"aud": {RESOURCE: true}})), wrong("aud")),
        ("aud that is a number", with(json!({"aud": 1})), wrong("aud")),
        ("no exp", with(json!({"exp": null})), missing("exp")),
        ("exp that is null", said("exp", "null"), wrong("exp")),
        ("exp in the past", with(json!({"exp": NOW - 31})), TokenError::Expired),
        ("exp of 1970", with(json!({"exp": 0})), TokenError::Expired),
        ("exp below 0", with(json!({"exp": -1})), wrong("exp")),
        ("exp that is a text", with(json!({"exp": (NOW + 300).to_string()})), wrong("exp")),
        ("exp that is a list", with(json!({"exp": [NOW + 300]})), wrong("exp")),
        ("exp that is true", with(json!({"exp": true})), wrong("exp")),
        ("exp with a fraction", said("exp", "1800000300.5"), wrong("exp")),
        ("exp with an exponent", said("exp", "2e9"), wrong("exp")),
        ("exp in milliseconds", with(json!({"exp": (NOW + 300) * 1000})), wrong("exp")),
        ("exp beyond 64 bits", said("exp", "99999999999999999999999"), wrong("exp")),
        ("exp that is infinite", said("exp", "1e400"), TokenError::NotAnObject(Part::Claims)),
        ("neither nbf nor iat", with(json!({"nbf": null, "iat": null})), missing("nbf")),
        ("nbf in the future", with(json!({"nbf": NOW + 31})), TokenError::NotYet),
        ("nbf that is a text", with(json!({"nbf": "now"})), wrong("nbf")),
        ("nbf below 0", with(json!({"nbf": -1})), wrong("nbf")),
        ("nbf that is null", said("nbf", "null"), wrong("nbf")),
        ("iat in the future", with(json!({"iat": NOW + 31})), TokenError::NotYet),
        ("iat in the future without nbf", with(json!({"iat": NOW + 31, "nbf": null})), TokenError::NotYet),
        ("iat that is a text", with(json!({"iat": "now"})), wrong("iat")),
        ("no sub", with(json!({"sub": null})), missing("sub")),
        ("sub of no letters", with(json!({"sub": ""})), wrong("sub")),
        ("sub that is a number", with(json!({"sub": 1})), wrong("sub")),
        ("sub that is null", said("sub", "null"), wrong("sub")),
        ("sub of two lines", with(json!({"sub": "alice\nroot"})), wrong("sub")),
        ("sub with a zero byte", with(json!({"sub": "alice\0"})), wrong("sub")),
        ("sub of 256 letters", with(json!({"sub": "a".repeat(256)})), wrong("sub")),
        ("cnf of a certificate", with(json!({"cnf": {"x5t#S256": "a"}})), TokenError::SenderConstrained),
        ("cnf of a key", with(json!({"cnf": {"jkt": "a"}})), TokenError::SenderConstrained),
        ("cnf that is null", said("cnf", "null"), TokenError::SenderConstrained),
        ("scope that is a number", with(json!({"scope": 1})), wrong("scope")),
        ("scope that is an object", with(json!({"scope": {"notes:read": true}})), wrong("scope")),
        ("scope that is null", said("scope", "null"), wrong("scope")),
        ("scope with a quote", with(json!({"scope": "a \"b\""})), wrong("scope")),
        ("scope with a tab", with(json!({"scope": "a\tb"})), wrong("scope")),
        ("scope that is a list with a number", with(json!({"scope": ["a", 1]})), wrong("scope")),
        ("scope that is a list with two in one", with(json!({"scope": ["a b"]})), wrong("scope")),
        ("scp that is an object", with(json!({"scope": null, "scp": {}})), wrong("scp")),
        ("client_id that is a number", with(json!({"client_id": 1})), wrong("client_id")),
        ("azp of two lines", with(json!({"client_id": null, "azp": "a\nb"})), wrong("azp")),
    ]
}

fn published(keys: &Keys) -> Arc<Documents> {
    let documents = Arc::<Documents>::default();
    documents.put(JWKS, &json!({ "keys": keys.published() }));
    documents.keys(OTHER_JWKS, [&keys.foreign]);
    documents
}

#[tokio::test(start_paused = true)]
async fn no_bad_token_is_accepted_and_each_is_refused_for_its_own_reason() {
    let keys = Keys::new();
    let documents = published(&keys);
    let verifier = verifier(settings([issuer(), other()]), &documents);
    for (signer, algorithm) in [
        (&keys.rsa, "RS256"),
        (&keys.rsa, "PS256"),
        (&keys.pinned, "RS256"),
        (&keys.p256, "ES256"),
        (&keys.ed25519, "EdDSA"),
    ] {
        let good = signer.token(&header(algorithm, signer), &claims());
        assert_eq!(refused(&verifier, &good).await, None, "what the bad ones are made from: {algorithm}");
    }
    let bad = [form(&keys), headers(&keys), followed(&keys), signatures(&keys), of_claims(&keys)].concat();
    let (names, tokens): (BTreeSet<_>, BTreeSet<_>) = bad.iter().map(|(name, token, _)| (*name, token)).unzip();
    assert!(
        names.len() == bad.len() && tokens.len() == bad.len() && bad.len() >= 60,
        "{} of {}",
        names.len(),
        bad.len()
    );
    let mut wrong = Vec::new();
    for (name, token, expected) in &bad {
        let refusal = refused(&verifier, token).await;
        if refusal.as_ref() != Some(expected) {
            wrong.push(format!("{name}: {refusal:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let asked: BTreeSet<String> = documents.asked().into_iter().collect();
    assert_eq!(asked, [JWKS, OTHER_JWKS].map(str::to_owned).into(), "no address in a token is followed");
}

#[tokio::test(start_paused = true)]
async fn what_the_settings_ask_for_beyond_that_is_asked_of_every_token() {
    let keys = Keys::new();
    let documents = published(&keys);
    let lifetime = AuthSettings { max_token_lifetime: Some(Duration::from_secs(309)), ..settings([issuer()]) };
    let tenants = settings([IssuerSettings { tenant_claim: Some("org".into()), ..issuer() }]);
    let named = settings([IssuerSettings { principal_claim: "email".into(), ..issuer() }]);
    let typed = settings([IssuerSettings { token_types: vec!["jwt".into()], ..issuer() }]);
    let elsewhere = settings([IssuerSettings { audience: "api://notes".into(), ..issuer() }]);
    for (settings, change, expected) in [
        (&lifetime, json!({}), Some(TokenError::TooLongLived)),
        (&lifetime, json!({"exp": NOW + 299}), None),
        (&lifetime, json!({"exp": NOW + 299, "nbf": NOW - 11}), Some(TokenError::TooLongLived)),
        (&tenants, json!({}), Some(TokenError::Missing("org".into()))),
        (&tenants, json!({"org": ""}), Some(TokenError::Wrong("org".into()))),
        (&tenants, json!({"org": ["acme"]}), Some(TokenError::Wrong("org".into()))),
        (&tenants, json!({"org": "acme"}), None),
        (&named, json!({}), Some(TokenError::Missing("email".into()))),
        (&typed, json!({}), Some(TokenError::Type)),
        (&elsewhere, json!({}), Some(TokenError::Audience)),
        (&elsewhere, json!({"aud": "api://notes"}), None),
    ] {
        let verifier = verifier(settings.clone(), &documents);
        assert_eq!(refused(&verifier, &keys.with(&json!({}), &change)).await, expected, "{change}");
    }
}

/// Base64 of which the last letter has bits that say nothing, set.
fn left_over(text: &str) -> String {
    let last = match text.chars().last().unwrap() {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        'w' => 'x',
        other => panic!("{other} has no bits left over"),
    };
    format!("{}{last}", &text[..text.len() - 1])
}

/// A signature of two numbers as ASN.1 has it.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let zero: &[u8] = if number[0] > 0x7f { &[0] } else { &[] };
        let length = u8::try_from(zero.len() + number.len()).unwrap();
        [&[2, length], zero, number].concat()
    };
    let numbers = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, u8::try_from(numbers.len()).unwrap()], numbers.as_slice()].concat()
}

/// The second number of an Ed25519 signature with the order of the group added, which a lenient reader takes for the
/// same (RFC 8032, section 8.4).
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in sum[32..].iter_mut().zip(ORDER) {
        let digit = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = digit.to_le_bytes();
        carry = digit >> 8;
    }
    sum
}
