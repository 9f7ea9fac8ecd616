use super::*;
#[cfg(feature = "oauth")]
use crate::reliability::Part;

fn load(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Result<Settings, Vec<ConfigProblem>> {
    let mut layers = Layers::default();
    let mut problems = Vec::new();
    layers.toml("steadfast.toml", file, &mut problems);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    layers.environment(environment, &mut problems);
    for (key, value) in flags {
        layers.flag(key, Some((*value).to_owned()));
    }
    Settings::from_layers((layers, problems))
}

#[test]
fn later_layers_win() {
    let file = "listen = '127.0.0.1:1000'\n[limits]\nargument_depth = 5\ndeadline = '9s'";
    let settings = load(
        file,
        &[("STEADFAST_LISTEN", "127.0.0.1:2000"), ("STEADFAST_LIMITS_ARGUMENT_DEPTH", "6")],
        &[("listen", "127.0.0.1:3000")],
    )
    .unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(settings.limits.argument_depth, 6);
    assert_eq!(settings.limits.deadline, Duration::from_secs(9));
}

#[test]
fn all_problems_are_reported_at_once_with_their_sources() {
    let problems = load(
        "listen = 'nowhere'\nlisten_port = 1\n[limits]\nargument_bytes = -1\n[drain]\ngrace = '10 minutes'",
        &[("STEADFAST_TRANSPORT", "smoke"), ("STEADFAST_LIMTS_DEADLINE", "1s")],
        &[("admin", "0.0.0.0:9090")],
    )
    .unwrap_err();
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let all = text.join("\n");
    for part in [
        "`listen` (steadfast.toml)",
        "`listen_port` (steadfast.toml): unknown key",
        "`limits.argument_bytes` (steadfast.toml)",
        "`drain.grace` (steadfast.toml)",
        "`transport` (STEADFAST_TRANSPORT)",
        "`STEADFAST_LIMTS_DEADLINE` (environment)",
        "did you mean `STEADFAST_LIMITS_DEADLINE`?",
        "`admin` (--admin)",
    ] {
        assert!(all.contains(part), "{part} is not in\n{all}");
    }
}

#[test]
fn the_data_is_found_whatever_else_is_wrong() {
    let values = [("data", "elsewhere"), ("listen", "nowhere")];
    let flags = || Flags { values: values.map(|(key, value)| (key, value.to_owned())).into(), config: None };
    assert!(Settings::load(flags()).is_err());
    assert_eq!(Settings::data(flags()), PathBuf::from("elsewhere"));
}

#[test]
fn a_server_does_not_listen_beyond_loopback_without_authentication() {
    for address in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80", "[::ffff:127.0.0.1]:80", "[fe80::1]:80"] {
        for profile in ["dev", "sidecar", "shared", "tenant"] {
            let file =
                format!("tenant = 'acme'\ntransport = 'http'\nlisten = '{address}'\nstore.allow_embedded = true");
            let problems = load(&file, &[], &[("profile", profile)]).unwrap_err();
            assert!(problems.iter().any(|problem| problem.key == "listen"), "{profile} {address} {problems:?}");
        }
        assert!(load(&format!("listen = '{address}'\ntransport = 'stdio'"), &[], &[]).is_ok());
    }
    assert!(load("listen = '[::1]:8080'", &[], &[]).is_ok());
}

#[test]
fn what_is_kept_of_callers_is_bounded_where_they_are_known() {
    let auth =
        "[auth]\nresource = 'https://mcp.example.com/mcp'\n[auth.issuers.main]\nurl = 'https://login.example.com'";
    let quota = |file: &str| load(file, &[], &[]).unwrap().limits.admission.kept_per_caller;
    let (own, off) = ("limits.kept_per_caller = '7/s'\n", "limits.kept_per_caller = 'off'\n");
    assert_eq!(quota(""), None);
    assert_eq!(quota(own), crate::reliability::Quota::parse("7/s"));
    if cfg!(feature = "oauth") {
        assert_eq!(quota(auth), crate::reliability::Quota::parse("3600/h"));
        assert_eq!(quota(&format!("{off}{auth}")), None);
    }
}

#[test]
fn a_socket_is_a_path_from_the_root_and_for_one_user() {
    for (listen, taken) in [
        ("unix:/run/notes/mcp.sock", true),
        ("unix:mcp.sock", false),
        ("unix:", false),
        ("unix:/", false),
        ("unix:/run/..", false),
        ("/run/notes/mcp.sock", false),
    ] {
        let read = load(&format!("listen = '{listen}'"), &[], &[]);
        assert_eq!(read.as_ref().is_ok_and(|settings| settings.listen.to_string() == listen), taken, "{read:?}");
    }
    for (profile, taken) in [("dev", true), ("sidecar", true), ("shared", false), ("tenant", false)] {
        let file = "tenant = 'acme'\ntransport = 'http'\nlisten = 'unix:/a'\nstore.allow_embedded = true";
        let problems = load(file, &[], &[("profile", profile)]).err().unwrap_or_default();
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, if taken { &[][..] } else { &["auth.issuers"] }, "{profile}");
    }
    for (hosts, expected) in [("", "localhost 127.0.0.1 ::1"), ("http.allowed_hosts = ['notes']", "notes localhost")] {
        let settings = load(&format!("listen = 'unix:/a'\n{hosts}"), &[], &[]).unwrap();
        assert_eq!(settings.endpoint.allowed_hosts.join(" "), expected);
    }
}

#[test]
fn what_would_switch_a_protection_off_by_accident_is_refused() {
    assert!(load("", &[("STEADFAST_HTTP_ALLOWED_HOSTS", "")], &[]).is_err());
    assert!(load("", &[("STEADFAST_HTTP_ALLOWED_HOSTS", "a.example, b.example")], &[]).is_ok());
    for (level, valid) in
        [("info", true), ("warn,app=debug", true), ("wrn", false), ("a==b", false), ("info,nonsense", false)]
    {
        assert_eq!(load("", &[("STEADFAST_LOG_LEVEL", level)], &[]).is_ok(), valid, "{level}");
    }
}

#[test]
fn the_password_of_a_store_is_in_no_problem_and_no_debug_output() {
    for url in ["redis://u:hunter2@db", "postgres://u:hunter2@db/app", "mysql://u:hunter2@db"] {
        let file = format!("[store]\nurl = '{url}'\nlimits_url = '{url}'");
        let shown = match load(&file, &[], &[]) {
            Ok(settings) => format!("{settings:?}"),
            Err(problems) => format!("{problems:?}"),
        };
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_store_that_is_not_compiled_in_is_a_problem_that_names_the_feature() {
    let problems = load("", &[("STEADFAST_STORE_URL", "postgres://db/app")], &[]).unwrap_err();
    assert!(problems[0].what.contains("`postgres`") && problems[0].source == "STEADFAST_STORE_URL");
}

#[cfg(all(feature = "postgres", feature = "redis"))]
#[test]
fn limits_of_their_own_are_counted_in_redis_only() {
    let load = |limits| {
        let limits = [("STEADFAST_STORE_URL", "postgres://db/app"), ("STEADFAST_STORE_LIMITS_URL", limits)];
        load("[store]\ntimeout = '1s'\npool = 3", &limits, &[])
    };
    let store = load("redis://cache").unwrap().store;
    assert_eq!((store.timeout, store.pool), (Duration::from_secs(1), 3));
    assert_eq!(store.url.unwrap().to_string(), "PostgreSQL at db/app");
    assert_eq!(load("postgres://db/app").unwrap_err()[0].key, "store.limits_url");
}

#[test]
fn a_lease_is_at_least_four_times_as_long_as_the_store_may_take() {
    for key in ["idempotency.lease", "tasks.lease"] {
        let load = |lease| load(&format!("store.timeout = '1s'\n{key} = '{lease}'"), &[], &[]);
        assert!(load("4s").is_ok(), "{key}");
        let problems = load("3999ms").unwrap_err();
        assert!(problems[0].key == key && problems[0].help.contains("four times"), "{problems:?}");
    }
}

/// What a configuration is refused for.
fn refused(file: &str) -> Vec<String> {
    load(file, &[], &[]).err().unwrap_or_default().into_iter().map(|problem| problem.key).collect()
}

#[test]
fn a_profile_refuses_what_it_promises_not_to_be() {
    for (file, keys) in [
        ("profile = 'sidecar'\ntransport = 'http'", &[][..]),
        ("profile = 'sidecar'\ntransport = 'http'\nlisten = '192.0.2.1:80'", &["listen", "listen"]),
        ("profile = 'shared'\ntransport = 'stdio'", &["store.url"]),
        ("profile = 'shared'\ntransport = 'stdio'\nstore.allow_embedded = true", &[]),
        ("profile = 'shared'\nstore.allow_embedded = true", &["auth.issuers"]),
        ("profile = 'tenant'\ntransport = 'stdio'", &["tenant"]),
        ("profile = 'tenant'\ntransport = 'stdio'\ntenant = 'default'", &["tenant"]),
        ("profile = 'tenant'\ntransport = 'stdio'\ntenant = 'acme'", &[]),
        ("profile = 'tenant'\ntenant = 'acme'", &["auth.issuers"]),
        ("tenant = ''", &["tenant"]),
        ("tenant = \"a\\nb\"", &["tenant"]),
    ] {
        assert_eq!(refused(file), keys, "{file}");
    }
}

#[cfg(all(feature = "oauth", feature = "postgres"))]
#[test]
fn what_is_reached_from_elsewhere_knows_its_callers_and_shares_what_it_must() {
    let auth = "auth.resource = 'https://mcp.example.com/mcp'\nauth.issuers.main.url = 'https://login.example.com'";
    let store = "store.url = 'postgres://db/app'";
    let keys = "state.keys = ['0000000000000000000000000000000000000000000000000000000000000001']";
    for (lines, expected) in [
        (vec!["profile = 'shared'", "listen = '0.0.0.0:80'", auth, store, keys], &[][..]),
        (vec!["profile = 'shared'", "listen = '0.0.0.0:80'", auth, store], &["state.keys"]),
        (vec!["profile = 'shared'", auth, "store.allow_embedded = true"], &[]),
        (vec!["profile = 'tenant'", "tenant = 'acme'", auth, store, keys], &[]),
        (vec!["profile = 'sidecar'", "transport = 'http'", auth, store], &["store.url"]),
        (vec!["listen = '0.0.0.0:80'", auth], &["listen"]),
        (
            vec![auth, "auth.issuers.main.tenant = 'a'", "auth.issuers.main.tenant_claim = 'org'"],
            &["auth.issuers.main.tenant"],
        ),
    ] {
        assert_eq!(refused(&lines.join("\n")), expected, "{lines:?}");
    }
    let settings = load(&format!("{auth}\nlimits.concurrency = 10"), &[], &[]).unwrap();
    assert_eq!(settings.limits.admission.places.per_caller, 5, "callers are known, and one does not get everything");
    assert!(settings.endpoint.allowed_hosts.contains(&"mcp.example.com".to_owned()));
}

#[test]
fn policies_are_enforced_and_scopes_told_unless_the_configuration_says_else() {
    use crate::access::{Mode, Reads};

    let access = |text: &str| load(text, &[], &[]).unwrap().access;
    let default = access("");
    assert_eq!((default.step_up, default.policy.mode, default.policy.reads), (true, Mode::Enforce, Reads::Permit));
    assert!(default.policy.dir.is_none());
    let other = access("auth.step_up = false\n[policy]\nmode = 'log'\nreads = 'deny'\ndir = 'x'\nrefresh = '1s'");
    assert_eq!((other.step_up, other.policy.mode, other.policy.reads), (false, Mode::Log, Reads::Deny));
    let problems = load("[policy]\nmode = 'off'\nread = 'deny'", &[], &[]).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["policy.mode", "policy.read"]);
}

#[test]
fn callers_are_pinned_to_surfaces_by_their_names() {
    let settings = load("surface = '0.2.0'\n[pins]\nlocal = '0.1.0'", &[("STEADFAST_LIST_TTL", "5m")], &[]).unwrap();
    assert_eq!(settings.surface.as_deref(), Some("0.2.0"));
    assert_eq!(settings.pins, [("local".to_owned(), "0.1.0".to_owned())]);
    assert_eq!(settings.list_ttl, Duration::from_secs(300));
    let problems = load("[pins]\nlocl = '0.1.0'\nanonymous = 1", &[], &[]).unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(places, ["pins.anonymous", "pins.locl"]);
}

#[test]
fn a_sidecar_speaks_stdio_and_has_no_admin_port_unless_told() {
    let settings = load("profile = 'sidecar'", &[], &[]).unwrap();
    assert_eq!((settings.transport, settings.admin), (Transport::Stdio, None));
}

#[cfg(feature = "oauth")]
#[test]
fn tokens_are_taken_of_the_issuers_that_are_named_and_of_no_others() {
    let file = "[auth]\nresource = 'https://mcp.example/mcp'\nleeway = '5s'\n\
                [auth.issuers.main]\nurl = 'https://login.example/realm'\ntenant_claim = 'org'\n\
                [auth.issuers.ci]\nurl = 'http://127.0.0.1:9000'\nalgorithms = ['ES384']\ntoken_types = ['application/JWT']\n\
                audience = 'api://notes'";
    let auth = load(file, &[("STEADFAST_AUTH_SCOPES", "notes:read, notes:write")], &[]).unwrap().auth.unwrap();
    assert_eq!(auth.scopes.unwrap(), ["notes:read", "notes:write"]);
    let [ci, main] = &auth.issuers[..] else { panic!("{:?}", auth.issuers) };
    assert_eq!(
        (&*main.name, main.url.as_str(), &*main.audience),
        ("main", "https://login.example/realm", "https://mcp.example/mcp")
    );
    assert_eq!((main.tenant_claim.as_deref(), &*main.principal_claim, main.algorithms.len()), (Some("org"), "sub", 4));
    assert_eq!((&*ci.audience, &ci.token_types[..], ci.algorithms.len()), ("api://notes", &["JWT".to_owned()][..], 1));
    assert!(load("", &[], &[]).unwrap().auth.is_none());
}

#[cfg(feature = "oauth")]
#[test]
fn half_of_everything_is_kept_from_one_caller_who_is_known_and_from_one_tenant_of_several() {
    let parts = |issuers: &str| {
        let auth = "[auth]\nresource = 'https://mcp.example/mcp'\n[auth.issuers.main]\nurl = 'https://a.example'";
        let auth = if issuers == "none" { String::new() } else { format!("{auth}\n{issuers}") };
        let Settings { endpoint, limits, tasks, .. } = load(&format!("tenant = 'acme'\n{auth}"), &[], &[]).unwrap();
        let parts = [endpoint.max_sessions, endpoint.max_streams, endpoint.max_bytes_in_flight];
        let tasks = Part { all: tasks.concurrency, of_tenant: tasks.per_tenant, of_one: tasks.per_caller };
        let of_calls = limits.admission.per_tenant;
        let halves = |part: Part| (part.all / part.of_tenant, part.all / part.of_one);
        let [first, rest @ ..] = [parts[0], parts[1], parts[2], tasks].map(halves);
        assert!(rest.iter().all(|part| *part == first), "{rest:?}");
        (first, of_calls)
    };
    let (several, one, nobody) = (((2, 2), Some(128)), ((1, 2), None), ((1, 1), None));
    let other = "[auth.issuers.other]\nurl = 'https://b.example'";
    for (issuers, expected) in [
        ("none", nobody),
        ("", one),
        ("tenant = 'bolt'", one),
        (other, one),
        (&format!("tenant = 'acme'\n{other}"), one),
        (&format!("tenant = 'bolt'\n{other}"), several),
        (&format!("tenant = 'bolt'\n{other}\ntenant = 'bolt'"), one),
        ("tenant_claim = 'org'", several),
    ] {
        assert_eq!(parts(issuers), expected, "{issuers}");
    }
    let claimed = "profile = 'tenant'\ntenant = 'acme'\nstore.allow_embedded = true\n[auth]\n\
                   resource = 'https://mcp.example/mcp'\n[auth.issuers.main]\nurl = 'https://a.example'\n\
                   tenant_claim = 'org'";
    assert_eq!(load(claimed, &[], &[]).unwrap().limits.admission.per_tenant, None, "all are of one tenant");
}

#[test]
fn one_peer_gets_half_of_the_connections_where_there_are_others() {
    for (listen, part) in
        [("127.0.0.1:1", 5), ("[::1]:1", 5), ("unix:/run/mcp.sock", 5), ("0.0.0.0:1", 3), ("[::]:1", 3)]
    {
        assert_eq!(listen.parse::<Listen>().unwrap().of_peer(5), part, "{listen}");
    }
    let limits = load("http.max_connections_per_peer = 7", &[], &[]).unwrap().connections;
    assert_eq!((limits.of_peer, limits.connections), (7, 1024));
}

#[test]
fn there_is_room_for_a_body_as_large_as_it_may_be() {
    for (file, refused) in [
        ("http.max_body_bytes = 100000000", None),
        ("http.max_bytes_in_flight = 1000", Some("http.max_bytes_in_flight")),
        ("http.max_bytes_in_flight_per_caller = 1000", Some("http.max_bytes_in_flight_per_caller")),
        ("http.max_bytes_in_flight_per_tenant = 1000", Some("http.max_bytes_in_flight_per_tenant")),
        ("[http]\nmax_body_bytes = 1000\nmax_bytes_in_flight = 1000", None),
    ] {
        let problems = load(file, &[], &[]).err().unwrap_or_default();
        assert_eq!(problems.first().map(|problem| problem.key.as_str()), refused, "{file}");
    }
}

#[cfg(feature = "oauth")]
#[test]
fn what_would_let_tokens_in_by_accident_is_refused() {
    let good = [("auth.resource", "'https://mcp.example/mcp'"), ("auth.issuers.main.url", "'https://login.example'")];
    for (key, value, at) in [
        ("auth.resource", "", "auth.resource"),
        ("auth.resource", "'mcp.example'", "auth.resource"),
        ("auth.resource", "'http://mcp.example/mcp'", "auth.resource"),
        ("auth.resource", "'https://mcp.example/mcp?a=b'", "auth.resource"),
        ("auth.resource", "'https://mcp.example/{mcp}'", "auth.resource"),
        ("auth.leeway", "'6m'", "auth.leeway"),
        ("auth.issuers.main.url", "", "auth.issuers"),
        ("auth.issuers.main.url", "'http://login.example'", "auth.issuers.main.url"),
        ("auth.issuers.main.url", "'https://login.example?a'", "auth.issuers.main.url"),
        ("auth.issuers.main.jwks_url", "'http://login.example/jwks'", "auth.issuers.main.jwks_url"),
        ("auth.issuers.main.algorithms", "['none']", "auth.issuers.main.algorithms"),
        ("auth.issuers.main.algorithms", "['RS256', 'HS256']", "auth.issuers.main.algorithms"),
        ("auth.issuers.main.algorithms", "[]", "auth.issuers.main.algorithms"),
        ("auth.issuers.main.token_types", "[]", "auth.issuers.main.token_types"),
        ("auth.issuers.twin.url", "'https://login.example'", "auth.issuers.twin.url"),
        ("auth.issuers.'a:b'.url", "'https://b.example'", "auth.issuers.a:b.url"),
        ("auth.issuers.other.audience", "'x'", "auth.issuers.other.url"),
        ("auth.issuers.main.algorithm", "'RS256'", "auth.issuers.main.algorithm"),
        ("auth.isuers", "1", "auth.isuers"),
    ] {
        let others = good.iter().filter(|(known, _)| *known != key).copied();
        let lines = others.chain([(key, value)]).filter(|(_, value)| !value.is_empty());
        let file: Vec<String> = lines.map(|(key, value)| format!("{key} = {value}")).collect();
        let problems = load(&file.join("\n"), &[], &[]).unwrap_err();
        assert!(problems.iter().any(|problem| problem.key == at), "{key} = {value}: {problems:?}");
    }
}

#[cfg(not(feature = "oauth"))]
#[test]
fn authentication_that_is_not_compiled_in_is_a_problem_that_names_the_feature() {
    let problems = load("", &[("STEADFAST_AUTH_RESOURCE", "https://mcp.example")], &[]).unwrap_err();
    assert!(problems.iter().any(|problem| problem.what.contains("`oauth`")), "{problems:?}");
}

#[cfg(feature = "egress")]
#[test]
fn networks_that_tools_may_reach_are_read_one_by_one() {
    let settings = load("[egress]\nallow_addresses = ['10.0.0.0/8', '127.0.0.1']", &[], &[]).unwrap();
    assert_eq!(settings.egress.allow_addresses.len(), 2);
    let problems = load("", &[("STEADFAST_EGRESS_ALLOW_ADDRESSES", "10.0.0.1/8, intranet")], &[]).unwrap_err();
    let all = problems.iter().map(ToString::to_string).collect::<String>();
    assert!(problems.len() == 2 && all.contains("10.0.0.1/8") && all.contains("intranet"), "{all}");
}

#[cfg(not(feature = "egress"))]
#[test]
fn settings_of_a_client_that_is_not_compiled_in_are_problems_that_name_the_feature() {
    let problems = load("[egress]\ntimeout = '1s'", &[], &[]).unwrap_err();
    assert!(problems[0].key == "egress.timeout" && problems[0].what.contains("`egress`"), "{problems:?}");
}

#[test]
fn the_password_in_a_url_is_masked_as_it_is_written_and_as_it_is_read() {
    load("store.url = 'redis://app:p%40ss-in-a-setting@127.0.0.1:1/0'", &[], &[]).ok();
    let text = "p%40ss-in-a-setting and p@ss-in-a-setting of app";
    assert_eq!(crate::secrets::mask_all(text), "[secret] and [secret] of app");
}

#[test]
fn whoever_starts_a_server_over_stdio_says_so_by_the_transport_or_by_the_profile() {
    for (given, expected) in [
        (&[][..], false),
        (&[("transport", "stdio")], true),
        (&[("transport", "http")], false),
        (&[("profile", "sidecar")], true),
        (&[("profile", "shared")], false),
        (&[("profile", "sidecar"), ("transport", "http")], false),
    ] {
        let values = given.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        assert_eq!(layers::starts_over_stdio(&Flags { values, config: None }), expected, "{given:?}");
    }
}

/// What is told of the settings of a file, which may be wrong.
fn told(file: &str, environment: &[(&str, &str)]) -> Vec<Setting> {
    let (mut layers, mut problems) = (Layers::default(), Vec::new());
    layers.toml("a file", file, &mut problems);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    layers.environment(environment, &mut problems);
    Settings::told((layers, problems)).0
}

fn value(told: &[Setting], key: &str) -> serde_json::Value {
    told.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("{key} is not told")).json()
}

/// Tokens of issuers, so that everything is read that can be.
const WITH_TOKENS: &str = "tenant = 'acme'\n[auth]\nresource = 'https://mcp.example/mcp'\n\
                           [auth.issuers.main]\nurl = 'https://login.example'\ntenant_claim = 'org'\n";

#[cfg(all(feature = "oauth", feature = "egress"))]
#[test]
fn every_key_is_told_once_with_its_default() {
    let told = told(WITH_TOKENS, &[]);
    for key in reader::KEYS {
        assert_eq!(told.iter().filter(|setting| setting.key == *key).count(), 1, "{key}");
    }
    let unset: Vec<&str> =
        told.iter().filter(|setting| setting.value.is_none()).map(|setting| setting.key.as_str()).collect();
    let without_a_default =
        ["store.url", "store.limits_url", "surface", "policy.dir", "auth.documentation", "auth.max_token_lifetime"];
    assert_eq!(unset, without_a_default, "a default is given to the method of the reader, and not to what it gives");
}

/// Each of them came from a default, and means the same when it is written down.
#[cfg(all(feature = "oauth", feature = "egress"))]
#[test]
fn what_is_told_can_be_written_down_and_read_again() {
    let first = told(WITH_TOKENS, &[]);
    let lines = first.iter().filter(|setting| setting.value.is_some()).map(|setting| {
        let key: Vec<String> = setting.key.split('.').map(|part| format!("{part:?}")).collect();
        format!("{} = {}\n", key.join("."), setting.json())
    });
    let written: String = lines.collect();
    let again = told(&written, &[]);
    for (one, other) in first.iter().zip(&again) {
        assert_eq!((&one.key, &one.value), (&other.key, &other.value));
        assert_eq!(other.source == "a file", one.value.is_some(), "{other:?}");
    }
    let (mut layers, mut problems) = (Layers::default(), Vec::new());
    layers.toml("a file", &written, &mut problems);
    assert_eq!(Settings::from_layers((layers, problems)).err(), None);
}

#[test]
fn what_is_set_is_told_as_it_counts_and_with_where_it_came_from() {
    let file = "limits.deadline = '60s'\nlimits.queue = 5\nhttp.max_connections = 'many'\n\
                listen = 'unix:/run/mcp.sock'\nhttp.allowed_hosts = ['notes']\n\
                tools.a.rate_limit = 'off'\ntools.'a.b'.retry = 1\nupstreams.db.failure_ratio = 50\npins.local = '1.0'\n";
    let told = told(file, &[("STEADFAST_LIMITS_QUEUE", "6"), ("STEADFAST_OUTPUT_LINK_SCHEMES", "https, mailto")]);
    for (key, expected, source) in [
        ("profile", serde_json::json!("dev"), "default"),
        ("admin", serde_json::json!("127.0.0.1:9090"), "default"),
        ("limits.deadline", serde_json::json!("1m"), "a file"),
        ("limits.queue", serde_json::json!(6), "STEADFAST_LIMITS_QUEUE"),
        ("limits.queue_per_caller", serde_json::json!(6), "default"),
        ("http.max_connections", serde_json::json!(null), "a file"),
        ("http.allowed_hosts", serde_json::json!(["notes", "localhost"]), "a file"),
        ("output.link_schemes", serde_json::json!(["https", "mailto"]), "STEADFAST_OUTPUT_LINK_SCHEMES"),
        ("tools.a.rate_limit", serde_json::json!("off"), "a file"),
        ("tools.a.b.retry", serde_json::json!(1), "a file"),
        ("upstreams.db.failure_ratio", serde_json::json!(50.0), "a file"),
        ("pins.local", serde_json::json!("1.0"), "a file"),
    ] {
        let setting = told.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("{key} is not told"));
        assert_eq!((setting.json(), setting.source.as_str()), (expected, source), "{key}");
    }
    assert!(
        !told.iter().any(|setting| setting.key == "tools.a.timeout"),
        "what nobody set of a tool is the tool's own"
    );
}

#[test]
fn a_secret_is_told_by_where_it_is_kept() {
    let key = "ab".repeat(32);
    let file = format!(
        "state.keys = ['{key}', 'env:STATE_KEY', 'file:/run/secrets/state', 'hunter2']\n\
         [secrets]\na = 'file:/nowhere'\nb = 'command:/nowhere hunter2'\nc = 'hunter2'\n"
    );
    let told =
        told(&file, &[("STEADFAST_STORE_URL", "mysql://user:hunter2@db"), ("STEADFAST_STORE_LIMITS_URL", "env:NONE")]);
    for (key, expected) in [
        ("state.keys", serde_json::json!(["[secret]", "env:STATE_KEY", "file:/run/secrets/state", "[secret]"])),
        ("secrets.a", serde_json::json!("file:/nowhere")),
        ("secrets.b", serde_json::json!("command:/nowhere")),
        ("secrets.c", serde_json::json!("[secret]")),
        ("store.url", serde_json::json!("[secret]")),
        ("store.limits_url", serde_json::json!("env:NONE")),
    ] {
        assert_eq!(value(&told, key), expected, "{key}");
    }
    assert!(!format!("{told:?}").contains("hunter2"));
}

#[cfg(feature = "postgres")]
#[test]
fn a_store_is_told_without_its_password_and_with_where_its_url_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, "postgres://user:hunter2@db.internal:5432/app\n").unwrap();
    for (url, expected) in [
        ("postgres://user:hunter2@db:5432/app?sslmode=require".to_owned(), "PostgreSQL at db:5432/app".to_owned()),
        (
            format!("file:{}", path.display()),
            format!("PostgreSQL at db.internal:5432/app, read from file:{}", path.display()),
        ),
    ] {
        let told = told(&format!("store.url = '{url}'"), &[]);
        assert_eq!(value(&told, "store.url"), expected);
    }
}
