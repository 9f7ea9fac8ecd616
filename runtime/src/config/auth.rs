//! Whose tokens are taken over HTTP: `auth.*` and `[auth.issuers.<name>]`.

use std::time::Duration;

use super::{Profile, reader::Reader};
use crate::oauth::{Address, Algorithm, AuthSettings, IssuerSettings, KeySettings};

/// The settings of `[auth.issuers.<name>]`.
pub(super) const ISSUER_KEYS: [&str; 10] = [
    "url",
    "jwks_url",
    "audience",
    "algorithms",
    "token_types",
    "tenant",
    "tenant_claim",
    "principal_claim",
    "scope_claim",
    "claims",
];

/// The most that clocks may be apart: more would be a longer life for every token.
const MOST_LEEWAY: Duration = Duration::from_secs(300);

/// None where nothing is set, or where that can't be used.
pub(super) fn read(reader: &mut Reader, profile: Profile) -> Option<AuthSettings> {
    // Whether scopes are asked for step by step is set for callers without tokens, too.
    if reader.below("auth").all(|key| key == "step_up") {
        return None;
    }
    if !cfg!(feature = "oauth") {
        let help = "build it with `steadfast = { features = [\"oauth\"] }`";
        reader.check("auth.resource", false, "this program was built without the feature `oauth`", help);
    }
    let resource = address(reader, "auth.resource");
    let leeway = reader.duration("auth.leeway", Duration::from_secs(30));
    let what = "every token would live longer by that much";
    reader.check("auth.leeway", leeway <= MOST_LEEWAY, what, "set the clocks right, and give it 5m at most");
    let keys = KeySettings {
        refresh: reader.duration("auth.jwks_refresh", Duration::from_secs(60)),
        max_age: reader.duration("auth.jwks_max_age", Duration::from_secs(3600)),
        max_stale: reader.duration("auth.jwks_max_stale", Duration::from_secs(24 * 3600)),
    };
    let scopes = reader.list("auth.scopes", &[]);
    let documentation = address(reader, "auth.documentation");
    let max_token_lifetime = reader.duration_of("auth.max_token_lifetime");
    let names = reader.names("auth.issuers");
    let expected = resource.as_ref().map_or("", Address::as_str);
    let issuers: Vec<_> = names.iter().filter_map(|name| issuer(reader, name, expected)).collect();
    together(reader, resource.as_ref(), names.is_empty(), &issuers);
    Some(AuthSettings {
        resource: resource?,
        documentation,
        scopes: (!scopes.is_empty()).then_some(scopes),
        issuers,
        leeway,
        max_token_lifetime,
        keys,
        one_tenant: profile == Profile::Tenant,
    })
}

/// What must hold of all of it.
fn together(reader: &mut Reader, resource: Option<&Address>, no_issuer: bool, issuers: &[IssuerSettings]) {
    reader.check(
        "auth.resource",
        resource.is_some(),
        "tokens are checked for the server that they are for, and it is not said which one this is",
        "name the address that clients use, such as \"https://mcp.example.com/mcp\"",
    );
    // It becomes a path of this server, below `/.well-known`.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    reader.check(
        "auth.resource",
        resource.is_none_or(|resource| !resource.has_query() && resource.path().bytes().all(plain)),
        "its path has other characters than letters, digits and `/-_.`, or it has a query",
        "such as \"https://mcp.example.com/mcp\"",
    );
    reader.check(
        "auth.issuers",
        !no_issuer,
        "nobody is named whose tokens are taken",
        "name an authorization server: `[auth.issuers.main]` with `url = \"https://…\"`",
    );
    for (at, issuer) in issuers.iter().enumerate() {
        reader.check(
            &format!("auth.issuers.{}.url", issuer.name),
            issuers[..at].iter().all(|other| other.url != issuer.url),
            "another issuer has this address",
            "give each issuer one table",
        );
    }
}

fn issuer(reader: &mut Reader, name: &str, resource: &str) -> Option<IssuerSettings> {
    let key = |setting: &str| format!("auth.issuers.{name}.{setting}");
    let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let what = "the name of an issuer has letters, digits, `-` and `_`, since callers are named `<issuer>:<subject>`";
    reader.check(&key("url"), valid, what, "rename the table");
    let url = address(reader, &key("url"));
    reader.check(&key("url"), url.is_some(), "the issuer has no address", "write it as it is in the claim `iss`");
    let query = url.as_ref().is_some_and(Address::has_query);
    reader.check(&key("url"), !query, "the address of an issuer has no query (RFC 8414)", "leave `?…` out");
    let algorithms = algorithms(reader, &key("algorithms"));
    let token_types = reader.list(&key("token_types"), &["at+jwt"]).into_iter();
    let token_types: Vec<_> = token_types.map(|kind| kind.trim_start_matches("application/").to_owned()).collect();
    let none = "no token would be taken";
    reader.check(&key("token_types"), !token_types.is_empty(), none, "such as [\"at+jwt\"], or leave the key out");
    let (tenant, tenant_claim) = (reader.text(&key("tenant")), reader.text(&key("tenant_claim")));
    reader.check(
        &key("tenant"),
        tenant.is_none() || tenant_claim.is_none(),
        "the tenant is given here, and is to be read from tokens",
        "leave `tenant` or `tenant_claim` out",
    );
    Some(IssuerSettings {
        name: name.into(),
        jwks_url: address(reader, &key("jwks_url")),
        audience: reader.text_or(&key("audience"), resource),
        algorithms,
        token_types,
        tenant: tenant.map(Into::into),
        tenant_claim,
        principal_claim: reader.text_or(&key("principal_claim"), "sub"),
        scope_claim: reader.text(&key("scope_claim")),
        claims: reader.list(&key("claims"), &[]),
        url: url?,
    })
}

fn algorithms(reader: &mut Reader, key: &str) -> Vec<Algorithm> {
    let names = reader.list(key, &["RS256", "ES256", "EdDSA", "PS256"]);
    let known: Vec<_> = names.iter().filter_map(|name| Algorithm::named(name)).collect();
    let what = "not every name here is one of an asymmetric algorithm, or there is none";
    reader.check(
        key,
        !names.is_empty() && known.len() == names.len(),
        what,
        &format!("known are {}", Algorithm::names()),
    );
    known
}

fn address(reader: &mut Reader, key: &str) -> Option<Address> {
    let text = reader.text(key)?;
    let parsed = Address::parse(&text);
    let what = format!("{text:?} {}", parsed.as_ref().err().copied().unwrap_or_default());
    reader.check(key, parsed.is_ok(), &what, "such as \"https://login.example.com\"; http is for loopback alone");
    parsed.ok()
}
