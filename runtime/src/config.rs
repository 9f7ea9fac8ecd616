//! The configuration of a server: defaults, then `steadfast.toml`, the profile's file, the environment, flags.
//!
//! Invariant: a configuration with a problem is not used; every problem is reported at once, each with the place it
//! came from. The one secret is the password in a store's URL, and no problem or debug output shows it.

mod layers;
mod policies;
mod reader;

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use self::reader::Reader;
pub(crate) use self::{
    layers::{Flags, Layers},
    policies::{ToolSettings, UpstreamSettings},
};
use crate::{
    idempotency::IdempotencySettings,
    pipeline::{Admission, Limits},
    principal::Principal,
    protocol::Endpoint,
    reliability::{BackoffPolicy, BulkheadPolicy},
    store::{StoreSettings, StoreUrl},
    tasks::TaskSettings,
};

/// Where data is kept by default, in the working directory.
pub(crate) const DATA: &str = "data";

/// How many threads tools may take of those that tokio has for what blocks (512): the store needs some, too.
const MOST_BLOCKING: usize = 448;

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    pub(crate) transport: Transport,
    pub(crate) listen: SocketAddr,
    /// Health and readiness; none when it is off.
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) data: PathBuf,
    /// Where claims, tasks, switches and limits are kept.
    pub(crate) store: StoreSettings,
    pub(crate) endpoint: Endpoint,
    pub(crate) limits: Limits,
    /// Over what single tools declare.
    pub(crate) tools: Vec<(String, ToolSettings)>,
    /// Over what tools declare of their upstreams.
    pub(crate) upstreams: Vec<(String, UpstreamSettings)>,
    pub(crate) backoff: BackoffPolicy,
    pub(crate) idempotency: IdempotencySettings,
    pub(crate) tasks: TaskSettings,
    /// How much memory stale results may take.
    pub(crate) stale_bytes: usize,
    /// How often switches are read.
    pub(crate) switches_refresh: Duration,
    /// Calls that change something are refused.
    pub(crate) read_only: bool,
    /// Whose data the store keeps.
    pub(crate) tenant: Arc<str>,
    /// How long clients may keep a list of tools.
    pub(crate) list_ttl: Duration,
    /// The release whose majors are served where nothing else says.
    pub(crate) surface: Option<String>,
    /// The same for single callers, by the names of their principals.
    pub(crate) pins: Vec<(String, String)>,
    /// How long calls in flight may take when the server is told to stop.
    pub(crate) grace: Duration,
    pub(crate) log: Log,
}

/// How a server is deployed; decides defaults and invariants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Profile {
    /// On a developer's machine.
    #[default]
    Dev,
    /// Beside one user or one application.
    Sidecar,
    /// A central service for many.
    Shared,
    /// An instance for one tenant.
    Tenant,
}

/// How clients reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Stdio,
    Http,
}

/// What is logged, to stderr.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// Directives as `RUST_LOG` takes them; when nothing says, each command has its own default.
    pub(crate) level: Option<String>,
    pub(crate) json: bool,
}

/// Something wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigProblem {
    /// The key, or the file.
    pub(crate) key: String,
    /// Where the value came from: a file, a variable, a flag.
    pub(crate) source: String,
    pub(crate) what: String,
    pub(crate) help: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}): {}\n  help: {}", self.key, self.source, self.what, self.help)
    }
}

impl Profile {
    const NAMES: [(&'static str, Self); 4] =
        [("dev", Self::Dev), ("sidecar", Self::Sidecar), ("shared", Self::Shared), ("tenant", Self::Tenant)];

    pub(crate) fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(_, profile)| *profile == self).map_or("", |(name, _)| name)
    }
}

impl Transport {
    const NAMES: [(&'static str, Self); 2] = [("stdio", Self::Stdio), ("http", Self::Http)];
}

impl Settings {
    /// Reads all layers.
    pub(crate) fn load(flags: Flags) -> Result<Self, Vec<ConfigProblem>> {
        Self::from_layers(Layers::gather(flags))
    }

    /// Where the data is, whatever else is wrong with the configuration.
    pub(crate) fn data(flags: Flags) -> PathBuf {
        let (layers, problems) = Layers::gather(flags);
        Reader::new(layers, problems).path("data", DATA)
    }

    /// The settings of the text of a `steadfast.toml`, whatever files and variables say.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn from_text(text: &str) -> Result<Self, Vec<ConfigProblem>> {
        let (mut layers, mut problems) = (Layers::default(), Vec::new());
        layers.toml("the test", text, &mut problems);
        Self::from_layers((layers, problems))
    }

    pub(crate) fn from_layers((layers, problems): (Layers, Vec<ConfigProblem>)) -> Result<Self, Vec<ConfigProblem>> {
        let mut reader = Reader::new(layers, problems);
        let profile = reader.choice("profile", &Profile::NAMES, Profile::default());
        let default_transport = if profile == Profile::Sidecar { Transport::Stdio } else { Transport::Http };
        let transport = reader.choice("transport", &Transport::NAMES, default_transport);
        let admin = match transport {
            Transport::Http => Some(SocketAddr::from(([127, 0, 0, 1], 9090))),
            // Several sidecars run on one machine; a fixed port would let only the first start.
            Transport::Stdio => None,
        };
        let store_timeout = reader.duration("store.timeout", Duration::from_millis(250));
        let allow_embedded = reader.flag("store.allow_embedded", false);
        let settings = Self {
            profile,
            transport,
            listen: reader.address("listen", SocketAddr::from(([127, 0, 0, 1], 8080))),
            admin: reader.address_or_off("admin", admin),
            data: reader.path("data", DATA),
            store: StoreSettings {
                url: reader.store_url("store.url"),
                limits_url: reader.store_url("store.limits_url"),
                timeout: store_timeout,
                pool: reader.size("store.pool", 8),
            },
            endpoint: Endpoint {
                path: reader.url_path("http.path", "/mcp"),
                allowed_hosts: reader.list("http.allowed_hosts", &["localhost", "127.0.0.1", "::1"]),
                allowed_origins: reader
                    .list("http.allowed_origins", &["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]),
                max_body_bytes: reader.size("http.max_body_bytes", 4 * 1024 * 1024),
                sessions: reader.flag("http.sessions", true),
            },
            limits: Limits {
                argument_bytes: reader.size("limits.argument_bytes", 1024 * 1024),
                argument_depth: reader.size("limits.argument_depth", 32),
                deadline: reader.duration("limits.deadline", Duration::from_secs(300)),
                default_timeout: reader.duration("limits.default_timeout", Duration::from_secs(30)),
                blocking: reader.number_of("limits.blocking", 1..=MOST_BLOCKING, "such as 256").unwrap_or(256),
                result_bytes: reader.size("limits.result_bytes", 4 * 1024 * 1024),
                admission: admission(&mut reader),
            },
            tools: policies::tools(&mut reader),
            upstreams: policies::upstreams(&mut reader),
            backoff: BackoffPolicy {
                base: reader.duration("retry.base", Duration::from_millis(50)),
                cap: reader.duration("retry.cap", Duration::from_secs(2)),
            },
            idempotency: IdempotencySettings {
                ttl: reader.duration("idempotency.ttl", Duration::from_secs(24 * 3600)),
                max_bytes: reader.size("idempotency.max_bytes", 1024 * 1024),
                // Long enough for a store that takes all its time.
                lease: reader.duration("idempotency.lease", Duration::from_secs(15).max(4 * store_timeout)),
            },
            tasks: tasks(&mut reader, profile, store_timeout),
            stale_bytes: reader.size("stale.max_bytes", 16 * 1024 * 1024),
            switches_refresh: reader.duration("switches.refresh", Duration::from_secs(1)),
            read_only: reader.flag("read_only", false),
            tenant: reader.text("tenant").unwrap_or_else(|| "default".into()).into(),
            list_ttl: reader.duration("list_ttl", Duration::from_secs(60)),
            surface: reader.text("surface"),
            pins: reader.table("pins"),
            grace: reader.duration("drain.grace", Duration::from_secs(10)),
            log: Log {
                level: reader.directives("log.level").or_else(layers::rust_log),
                json: reader.choice("log.format", &[("text", false), ("json", true)], false),
            },
        };
        reader.check(
            "listen",
            transport == Transport::Stdio || settings.listen.ip().is_loopback(),
            "a server without authentication listens on loopback only, and this release has no authentication",
            "listen on 127.0.0.1, and put a proxy that authenticates in front, in the same network namespace",
        );
        reader.check(
            "http.allowed_hosts",
            !settings.endpoint.allowed_hosts.is_empty(),
            "an empty list would answer every Host, and a page in a browser could reach the server by rebinding DNS",
            "name the hosts that clients use, or leave the key out",
        );
        reader.check(
            "store.url",
            profile != Profile::Shared || settings.store.url.is_some() || allow_embedded,
            "the replicas of the profile `shared` share claims, tasks, switches and limits, and there is no store that \
             they could share",
            "name one, such as \"postgres://user:password@host/database\", or for a single process \
             `store.allow_embedded = true`",
        );
        reader.check(
            "store.limits_url",
            settings.store.limits_url.as_ref().is_none_or(StoreUrl::is_redis),
            "limits of their own are counted in Redis only",
            "write \"redis://host\", or leave the key out to count them where everything else is",
        );
        for (who, _) in &settings.pins {
            reader.check(
                &format!("pins.{who}"),
                Principal::NAMES.contains(&who.as_str()),
                "no caller has this name",
                &format!("callers are {}", Principal::NAMES.join(" and ")),
            );
        }
        reader.check(
            "idempotency.lease",
            settings.idempotency.lease >= 4 * settings.store.timeout,
            "a lease could end while it is renewed",
            "give it four times the time of `store.timeout`, or more",
        );
        reader.check(
            "tasks.lease",
            settings.tasks.lease >= 4 * settings.store.timeout,
            "a lease could end while it is renewed",
            "give it four times the time of `store.timeout`, or more",
        );
        reader.check(
            "admin",
            settings.admin.is_none_or(|admin| admin.ip().is_loopback()),
            "the admin port has no authentication and listens on loopback only",
            "listen on 127.0.0.1, or `admin = \"off\"`",
        );
        reader.finish(settings)
    }
}

/// What tasks are held to.
fn tasks(reader: &mut Reader, profile: Profile, store_timeout: Duration) -> TaskSettings {
    let hour = Duration::from_secs(3600);
    let concurrency = reader.size("tasks.concurrency", 64);
    // Where several callers meet, one alone does not get every place.
    let shared = matches!(profile, Profile::Shared | Profile::Tenant);
    let per_caller = if shared { concurrency - concurrency / 4 } else { concurrency };
    TaskSettings {
        concurrency,
        per_caller: reader.size("tasks.concurrency_per_caller", per_caller),
        deadline: reader.duration("tasks.deadline", hour),
        ttl: reader.duration("tasks.ttl", hour),
        poll: reader.duration("tasks.poll", Duration::from_millis(500)),
        poll_interval: reader.duration("tasks.poll_interval", Duration::from_secs(1)),
        // Long enough for a store that takes all its time.
        lease: reader.duration("tasks.lease", Duration::from_secs(15).max(4 * store_timeout)),
    }
}

/// What the server as a whole lets in. One caller gets every place: without authentication all that share a server are
/// one to it, and a part kept for others would be kept for nobody.
fn admission(reader: &mut Reader) -> Admission {
    let concurrency = reader.size("limits.concurrency", 256);
    let queue = reader.number_of("limits.queue", 0..=usize::MAX, "such as 256").unwrap_or(concurrency);
    Admission {
        places: BulkheadPolicy {
            concurrency,
            per_caller: reader.size("limits.concurrency_per_caller", concurrency),
            queue,
            queue_per_caller: reader
                .number_of("limits.queue_per_caller", 0..=usize::MAX, "such as 128")
                .unwrap_or(queue),
        },
        rate_per_caller: reader.rate_of("limits.rate_per_caller").flatten(),
        rate_per_tenant: reader.rate_of("limits.rate_per_tenant").flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(settings.listen.port(), 3000);
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
    fn a_server_does_not_listen_beyond_loopback() {
        assert!(load("listen = '0.0.0.0:8080'", &[], &[]).is_err());
        assert!(load("listen = '0.0.0.0:8080'\ntransport = 'stdio'", &[], &[]).is_ok());
        assert!(load("listen = '[::1]:8080'", &[], &[]).is_ok());
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

    #[test]
    fn what_many_share_is_in_no_file_by_accident() {
        let problems = load("", &[], &[("profile", "shared")]).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), ["store.url"]);
        assert!(load("profile = 'shared'\nstore.allow_embedded = true", &[], &[]).is_ok());
        for profile in ["dev", "sidecar", "tenant"] {
            assert!(load("", &[], &[("profile", profile)]).is_ok(), "{profile}");
        }
        #[cfg(feature = "postgres")]
        assert!(load("", &[("STEADFAST_STORE_URL", "postgres://db/app")], &[("profile", "shared")]).is_ok());
    }

    #[test]
    fn callers_are_pinned_to_surfaces_by_their_names() {
        let settings =
            load("surface = '0.2.0'\n[pins]\nlocal = '0.1.0'", &[("STEADFAST_LIST_TTL", "5m")], &[]).unwrap();
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
}
