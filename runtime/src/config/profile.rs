//! What each profile promises, so that a server that would break it does not start.
//!
//! | profile | reached | callers | what must be found again |
//! |---|---|---|---|
//! | `dev`, `sidecar` | stdio, a Unix socket, or over loopback | the user of the machine, or tokens | in a file |
//! | `shared` | anywhere | prove who they are | in a store for all replicas, or expressly in a file |
//! | `tenant` | anywhere | prove who they are, and are of its one tenant | as `shared`, in a data directory of its own |
//!
//! Over stdio the caller is whoever started the process, in every profile. That a tool which changes something needs a
//! scope or a policy where others call it is checked when the tools are known: see [`unguarded`].

use super::{NO_TENANT, Profile, Settings, Transport, reader::Reader};
use crate::{access::Access, catalogue::Catalogue, problem::Problem, tool::Effect};

impl Profile {
    /// Whether its servers are for callers on other machines.
    const fn is_for_others(self) -> bool {
        matches!(self, Self::Shared | Self::Tenant)
    }
}

/// Reports what the profile does not allow.
pub(super) fn check(reader: &mut Reader, settings: &Settings, allow_embedded: bool) {
    let Settings { profile, transport, auth, store, .. } = settings;
    let (http, for_others, name) = (*transport == Transport::Http, profile.is_for_others(), profile.as_str());
    let beyond = http && settings.listen.is_beyond();
    reader.check(
        "listen",
        !beyond || auth.is_some(),
        "a server without authentication listens on loopback only",
        "say whose tokens it takes with `auth.resource` and `[auth.issuers.<name>]`, or listen on 127.0.0.1",
    );
    reader.check(
        "listen",
        !beyond || for_others,
        &format!("a server of the profile `{name}` is for one machine, and listens on loopback only"),
        "listen on 127.0.0.1, or choose the profile `shared` or `tenant`",
    );
    reader.check(
        "auth.issuers",
        !http || !for_others || auth.is_some(),
        &format!("callers of the profile `{name}` prove who they are, and nobody is named whose tokens are taken"),
        "set `auth.resource`, and `url` in `[auth.issuers.<name>]`",
    );
    reader.check(
        "store.url",
        *profile != Profile::Shared || store.url.is_some() || allow_embedded,
        "the replicas of the profile `shared` share claims, tasks, switches and limits, and there is no store that \
         they could share",
        "name one, such as \"postgres://user:password@host/database\", or for a single process \
         `store.allow_embedded = true`",
    );
    reader.check(
        "store.url",
        *profile != Profile::Sidecar || store.url.is_none(),
        "a sidecar is one process, and keeps what it must remember in a file of its own",
        "leave the key out, or choose the profile `shared` or `tenant`",
    );
    reader.check(
        "state.keys",
        !for_others || store.url.is_none() || !settings.keys.keys.is_empty(),
        "replicas open what each other sealed (`requestState`, confirmations), and share no key for it",
        "make one with `openssl rand -hex 32`, and give it to all of them, such as `state.keys = [\"file:/run/secrets/state\"]`",
    );
    reader.check(
        "tenant",
        *profile != Profile::Tenant || &*settings.tenant != NO_TENANT,
        "a server of the profile `tenant` is of one tenant, and it is not said of which",
        "name it, such as `tenant = \"acme\"`; its data directory is marked with the name",
    );
}

/// Tools that change something and that whoever has any token could call.
pub(crate) fn unguarded(settings: &Settings, catalogue: &Catalogue, access: &Access) -> Vec<Problem> {
    if settings.transport != Transport::Http || !settings.profile.is_for_others() || access.enforces_policies() {
        return Vec::new();
    }
    let open = catalogue
        .entries()
        .iter()
        .filter(|tool| tool.declaration.effect != Effect::ReadOnly && tool.declaration.scopes.is_empty());
    open.map(|tool| {
        Problem::new(
            format!("tool `{}`", tool.name),
            format!(
                "it changes something, and in the profile `{}` whoever has a token could call it: it needs no scope, and \
                 no policy decides on it",
                settings.profile.as_str()
            ),
            "declare `scopes = [\"..\"]`, or enforce policies (feature `cedar`, `docs/security/policy.md`)",
        )
    })
    .collect()
}
