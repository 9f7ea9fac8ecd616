//! The configuration of a server: defaults, then `steadfast.toml`, the profile's file, the environment, flags.
//!
//! Invariant: a configuration with a problem is not used; every problem is reported at once, each with the place it
//! came from. What is secret is read from where it is kept (`env:`, `file:`, `command:`), and no problem or debug output
//! shows it.

mod auth;
mod checks;
mod confirmation;
mod egress;
mod layers;
mod listen;
mod policies;
mod profile;
mod reader;
mod shares;
#[cfg(test)]
mod tests;
mod told;

use std::{
    collections::BTreeSet,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

#[cfg(all(test, feature = "fuzzing"))]
pub(crate) use self::reader::KEYS;
pub(crate) use self::{
    layers::{Flags, Layers},
    listen::Listen,
    policies::{ToolSettings, UpstreamSettings},
    profile::unguarded,
    told::Setting,
};
use self::{reader::Reader, shares::Sharing};
#[cfg(feature = "egress")]
use crate::egress::EgressSettings;
use crate::{
    access::{AccessSettings, Mode, PolicySettings, Reads},
    app::ConnectionLimits,
    confirm::ConfirmationSettings,
    hygiene::{Hygiene, LINK_SCHEMES},
    idempotency::IdempotencySettings,
    keyring::KeySettings,
    oauth::AuthSettings,
    pipeline::Limits,
    protocol::Endpoint,
    reliability::BackoffPolicy,
    secrets::{NamedSecrets, Secrets},
    store::StoreSettings,
    tasks::TaskSettings,
};

/// Where data is kept by default, in the working directory.
pub(crate) const DATA: &str = "data";

/// The tenant of a server that names none.
const NO_TENANT: &str = "default";

const MIB: usize = 1024 * 1024;

/// How many threads tools may take of those that tokio has for what blocks (512): the store needs some, too.
const MOST_BLOCKING: usize = 448;

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    pub(crate) transport: Transport,
    pub(crate) listen: Listen,
    /// Health and readiness; none when it is off.
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) data: PathBuf,
    /// Where claims, tasks, switches and limits are kept.
    pub(crate) store: StoreSettings,
    pub(crate) endpoint: Endpoint,
    /// Of MCP over HTTP, and of the admin port for itself.
    pub(crate) connections: ConnectionLimits,
    /// Whose tokens are taken over HTTP; none where everybody is let in.
    pub(crate) auth: Option<AuthSettings>,
    pub(crate) limits: Limits,
    /// Over what single tools declare.
    pub(crate) tools: Vec<(String, ToolSettings)>,
    /// Over what tools declare of their upstreams.
    pub(crate) upstreams: Vec<(String, UpstreamSettings)>,
    /// What text goes through that leaves.
    pub(crate) output: Hygiene,
    /// Where `CallContext::secret` finds them.
    pub(crate) secrets: NamedSecrets,
    /// What tools reach others by.
    #[cfg(feature = "egress")]
    pub(crate) egress: EgressSettings,
    pub(crate) backoff: BackoffPolicy,
    pub(crate) idempotency: IdempotencySettings,
    /// What states and confirmations are sealed with.
    pub(crate) keys: KeySettings,
    /// How destructive calls are confirmed.
    pub(crate) confirmation: ConfirmationSettings,
    pub(crate) tasks: TaskSettings,
    /// How much memory stale results may take.
    pub(crate) stale_bytes: usize,
    /// Who may use what.
    pub(crate) access: AccessSettings,
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
    /// The working directory is a client's, so that nothing was read there.
    pub(crate) elsewhere: bool,
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

impl Log {
    /// What a server logs where nothing says.
    pub(crate) const SERVING: &str = "info";
}

impl Transport {
    const NAMES: [(&'static str, Self); 2] = [("stdio", Self::Stdio), ("http", Self::Http)];
}

impl Settings {
    /// Reads all layers.
    pub(crate) fn load(flags: Flags) -> Result<Self, Vec<ConfigProblem>> {
        Self::from_layers(Layers::gather(flags))
    }

    /// Reads all layers, and tells what each setting comes to, whatever is wrong with some of them.
    pub(crate) fn tell(flags: Flags) -> (Vec<Setting>, Result<Self, Vec<ConfigProblem>>) {
        Self::told(Layers::gather(flags))
    }

    /// A file in the working directory that would be read if the working directory were not a client's.
    pub(crate) fn passed_over(&self) -> Option<&'static str> {
        Some(layers::FILE).filter(|file| self.elsewhere && Path::new(file).exists())
    }

    /// Where the data is, whatever else is wrong with the configuration.
    pub(crate) fn data(flags: Flags) -> PathBuf {
        let (layers, problems) = Layers::gather(flags);
        Reader::new(layers, problems).path("data", DATA)
    }

    /// The settings of the text of a `steadfast.toml`, whatever files and variables say.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn from_text(text: &str) -> Result<Self, Vec<ConfigProblem>> {
        Self::from_text_and(text, &[])
    }

    /// The same, and what these variables say.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn from_text_and(text: &str, variables: &[(String, String)]) -> Result<Self, Vec<ConfigProblem>> {
        let (mut layers, mut problems) = (Layers::default(), Vec::new());
        layers.toml("the test", text, &mut problems);
        layers.environment(variables.iter().cloned(), &mut problems);
        Self::from_layers((layers, problems))
    }

    pub(crate) fn from_layers(gathered: (Layers, Vec<ConfigProblem>)) -> Result<Self, Vec<ConfigProblem>> {
        Self::told(gathered).1
    }

    fn told((layers, problems): (Layers, Vec<ConfigProblem>)) -> (Vec<Setting>, Result<Self, Vec<ConfigProblem>>) {
        let mut reader = Reader::new(layers, problems);
        let profile = reader.choice("profile", &Profile::NAMES, Profile::default());
        let default_transport = if profile == Profile::Sidecar { Transport::Stdio } else { Transport::Http };
        let transport = reader.choice("transport", &Transport::NAMES, default_transport);
        let admin = match transport {
            Transport::Http => Some(SocketAddr::from(([127, 0, 0, 1], 9090))),
            // Several sidecars run on one machine; a fixed port would let only the first start.
            Transport::Stdio => None,
        };
        let auth = auth::read(&mut reader, profile);
        let tenant = reader.text_or("tenant", NO_TENANT);
        let (access, sharing) = (access(&mut reader, auth.as_ref()), Sharing::of(auth.as_ref(), &tenant));
        let store_timeout = reader.duration("store.timeout", Duration::from_millis(250));
        #[cfg(not(feature = "egress"))]
        egress::none(&mut reader);
        let allow_embedded = reader.flag("store.allow_embedded", false);
        let listen = reader.listen("listen", SocketAddr::from(([127, 0, 0, 1], 8080)));
        let allowed_hosts = allowed_hosts(&mut reader, &listen, auth.as_ref());
        let connections = reader.size("http.max_connections", 1024);
        let of_peer = reader.size("http.max_connections_per_peer", listen.of_peer(connections));
        let max_body_bytes = reader.size("http.max_body_bytes", 4 * MIB);
        let settings = Self {
            profile,
            transport,
            listen,
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
                allowed_hosts,
                allowed_origins: reader
                    .list("http.allowed_origins", &["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]),
                max_body_bytes,
                body_timeout: reader.duration("http.body_timeout", Duration::from_secs(30)),
                max_bytes_in_flight: sharing.in_flight(&mut reader, max_body_bytes),
                sessions: reader.flag("http.sessions", true),
                max_sessions: sharing.part(
                    &mut reader,
                    ["http.max_sessions", "http.max_sessions_per_tenant", "http.max_sessions_per_caller"],
                ),
                max_streams: sharing.part(
                    &mut reader,
                    ["http.max_streams", "http.max_streams_per_tenant", "http.max_streams_per_caller"],
                ),
            },
            connections: ConnectionLimits {
                connections,
                of_peer,
                header_bytes: reader.number("http.max_header_bytes", 8192..=usize::MAX, 32 * 1024),
                header_timeout: reader.duration("http.header_timeout", Duration::from_secs(30)),
                write_timeout: reader.duration("http.write_timeout", Duration::from_secs(30)),
            },
            auth,
            limits: Limits {
                argument_bytes: reader.size("limits.argument_bytes", 1024 * 1024),
                argument_depth: reader.size("limits.argument_depth", 32),
                deadline: reader.duration("limits.deadline", Duration::from_secs(300)),
                default_timeout: reader.duration("limits.default_timeout", Duration::from_secs(30)),
                blocking: reader.number("limits.blocking", 1..=MOST_BLOCKING, 256),
                result_bytes: reader.size("limits.result_bytes", 4 * 1024 * 1024),
                admission: sharing.admission(&mut reader),
            },
            tools: policies::tools(&mut reader),
            upstreams: policies::upstreams(&mut reader),
            output: Hygiene {
                secrets: Secrets::default(),
                text_bytes: reader.size("output.text_bytes", 1024 * 1024),
                link_schemes: reader
                    .list("output.link_schemes", &LINK_SCHEMES)
                    .into_iter()
                    .map(|scheme| scheme.to_ascii_lowercase())
                    .collect(),
            },
            secrets: reader.secrets("secrets"),
            #[cfg(feature = "egress")]
            egress: egress::settings(&mut reader),
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
            keys: KeySettings {
                keys: reader.keys("state.keys"),
                rotate_after: reader.duration("state.rotate_after", Duration::from_secs(30 * 24 * 3600)),
            },
            confirmation: confirmation::settings(&mut reader),
            tasks: sharing.tasks(&mut reader, store_timeout),
            stale_bytes: reader.size("stale.max_bytes", 16 * 1024 * 1024),
            access,
            switches_refresh: reader.duration("switches.refresh", Duration::from_secs(1)),
            read_only: reader.flag("read_only", false),
            tenant: tenant.into(),
            list_ttl: reader.duration("list_ttl", Duration::from_secs(60)),
            surface: reader.text("surface"),
            pins: reader.table("pins"),
            grace: reader.duration("drain.grace", Duration::from_secs(10)),
            log: Log {
                level: reader.directives("log.level", layers::rust_log(), Log::SERVING),
                json: reader.choice("log.format", &[("text", false), ("json", true)], false),
            },
            elsewhere: reader.is_elsewhere(),
        };
        checks::all(&mut reader, &settings, allow_embedded);
        reader.finish(settings)
    }
}

/// What decides who may use what.
fn access(reader: &mut Reader, auth: Option<&AuthSettings>) -> AccessSettings {
    let issuers = auth.into_iter().flat_map(|auth| &auth.issuers);
    let claims: BTreeSet<&String> = issuers.flat_map(|issuer| &issuer.claims).collect();
    AccessSettings {
        step_up: reader.flag("auth.step_up", true),
        policy: PolicySettings {
            dir: reader.text("policy.dir").map(PathBuf::from),
            nearby: !reader.is_elsewhere(),
            mode: reader.choice("policy.mode", &Mode::NAMES, Mode::Enforce),
            reads: reader.choice("policy.reads", &Reads::NAMES, Reads::Permit),
            refresh: reader.duration("policy.refresh", Duration::from_secs(5)),
            claims: claims.into_iter().cloned().collect(),
        },
    }
}

/// `Host` values that are answered. Clients of a Unix socket have none to say, and say `localhost`.
fn allowed_hosts(reader: &mut Reader, listen: &Listen, auth: Option<&AuthSettings>) -> Vec<String> {
    let mut hosts = reader.list("http.allowed_hosts", &hosts(auth));
    if listen.is_socket() && !hosts.is_empty() && !hosts.iter().any(|host| host == "localhost") {
        hosts.push("localhost".into());
        reader.comes_to("http.allowed_hosts", &hosts);
    }
    hosts
}

/// `Host` values that are answered by default: this machine's, and the server's own name.
fn hosts(auth: Option<&AuthSettings>) -> Vec<&str> {
    let own = auth.and_then(|auth| auth.resource.host());
    ["localhost", "127.0.0.1", "::1"].into_iter().chain(own).collect()
}
