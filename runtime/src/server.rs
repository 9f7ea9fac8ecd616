//! A server as its author describes it: name, state, tools, and a handler for what is not a tool.

use std::{marker::PhantomData, sync::Arc};

use rmcp::{ServerHandler, model::Implementation};

use steadfast_contract::{Published, PublishedTool};

use crate::{
    access::{Declared, PolicyFiles, ScopeRules},
    catalogue::{Built, Catalogue},
    contracts::Contracts,
    engine::Parts,
    problem::Problem,
    protocol::ErasedHandler,
    tool::Tool,
};

/// A server, described but not started. [`cli::main`](crate::cli::main) starts it.
///
/// What is wrong with it (two tools of one name, a pattern that can't be compiled, …) is reported when it is
/// started, all at once; [`Server::problems`] tells before.
pub struct Server<S = ()> {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) catalogue: Result<Arc<Catalogue>, Vec<Problem>>,
    /// What the source publishes, also where the lock's files keep the server from being started.
    published: Result<Vec<PublishedTool>, Vec<Problem>>,
    pub(crate) handler: Option<Arc<dyn ErasedHandler>>,
    access: Declared,
    /// The state lives in the catalogue's functions; the type stays visible in signatures.
    state: PhantomData<fn() -> S>,
}

impl<S: Clone + Send + Sync + 'static> Server<S> {
    /// Starts the description of a server. `name` is what clients see; `state` is what tools share.
    pub fn builder(name: impl Into<String>, state: S) -> ServerBuilder<S> {
        ServerBuilder {
            name: name.into(),
            version: String::from("0.0.0"),
            title: None,
            instructions: None,
            state,
            tools: Vec::new(),
            contracts: Contracts::default(),
            handler: None,
            access: Declared::default(),
        }
    }
}

impl<S> Server<S> {
    /// Everything that keeps this server from being started; empty when nothing does.
    pub fn problems(&self) -> &[Problem] {
        self.catalogue.as_ref().err().map_or(&[], Vec::as_slice)
    }

    /// What the source publishes, for the commands that keep the lock.
    pub(crate) fn published(&self) -> Result<Published, Vec<Problem>> {
        let tools = self.published.clone()?;
        Ok(Published { server: self.info.name.clone(), release: self.info.version.clone(), tools })
    }

    /// The parts of a server that can be started.
    pub(crate) fn into_parts(self) -> Result<Parts, Vec<Problem>> {
        let Self { info, instructions, catalogue, handler, access, .. } = self;
        Ok(Parts { info, instructions, catalogue: catalogue?, handler, access })
    }

    /// The name that clients see.
    pub fn name(&self) -> &str {
        &self.info.name
    }
}

/// Describes a [`Server`].
pub struct ServerBuilder<S> {
    name: String,
    version: String,
    title: Option<String>,
    instructions: Option<String>,
    state: S,
    tools: Vec<Tool<S>>,
    contracts: Contracts,
    handler: Option<Arc<dyn ErasedHandler>>,
    access: Declared,
}

impl<S: Clone + Send + Sync + 'static> ServerBuilder<S> {
    /// The server's own version, usually `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// A name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What a model should know about the server as a whole.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Adds tools: `.tools(tools![search_issues, close_issue])`.
    #[must_use]
    pub fn tools(mut self, tools: impl IntoIterator<Item = Tool<S>>) -> Self {
        self.tools.extend(tools);
        self
    }

    /// What the lock keeps beside the tools' own files: `.contracts(contracts!())`. It is what the surfaces of earlier
    /// releases and the answers for what was retired are made of; without it there are none.
    #[must_use]
    pub fn contracts(mut self, contracts: Contracts) -> Self {
        self.contracts = contracts;
        self
    }

    /// The policies of calls, where no directory is named or found when the server starts:
    /// `.policies(policies!())`. Needs the feature `cedar`. What is wrong with them is among the
    /// [`problems`](Server::problems), but for claims, which only the configuration knows.
    #[must_use]
    pub fn policies(mut self, policies: PolicyFiles) -> Self {
        self.access.policies = policies.are_there().then_some(policies);
        self
    }

    /// The scopes that callers need for prompts, resources and methods that are not MCP's. Those of tools are in their
    /// attributes.
    #[must_use]
    pub fn scopes(mut self, rules: ScopeRules) -> Self {
        self.access.rules = rules;
        self
    }

    /// Serves prompts, resources and completions by any rmcp handler, behind the same outer stages as tools.
    /// Tools of the handler are not served: tools are given to [`tools`](Self::tools).
    #[must_use]
    pub fn handler(mut self, handler: impl ServerHandler) -> Self {
        self.handler = Some(Arc::new(handler));
        self
    }

    /// Finishes the description.
    pub fn build(self) -> Server<S> {
        let Built { published, catalogue } =
            Catalogue::build(self.tools, &Arc::new(self.state), &self.version, &self.contracts);
        let catalogue = catalogue.and_then(|catalogue| match self.access.problems(&catalogue, &self.name) {
            problems if problems.is_empty() => Ok(Arc::new(catalogue)),
            problems => Err(problems),
        });
        let mut info = Implementation::new(self.name, self.version);
        info.title = self.title;
        Server {
            info,
            instructions: self.instructions,
            catalogue,
            published,
            handler: self.handler,
            access: self.access,
            state: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mcp_tool, tools};

    /// Say hello.
    #[mcp_tool(version = "1.0.0", effect = read_only, crate = crate)]
    async fn hello() {}

    #[cfg(feature = "cedar")]
    #[test]
    fn policies_that_are_embedded_are_checked_when_a_server_is_built_but_for_what_the_configuration_says() {
        let built = |policies| Server::builder("test", ()).tools(tools![hello]).policies(policies).build();
        for (policies, what) in [
            (PolicyFiles::new("rules", &[("a.cedar", "permit (principal, action, resource")]), "unexpected end"),
            (PolicyFiles::new("rules", &[("a.cedar", "// soon")]), "no policy in this file"),
            (
                PolicyFiles::new("rules", &[("a.cedar", "permit (principal, action == Action::\"helo\", resource);")]),
                "unrecognized action",
            ),
            (
                PolicyFiles::new(
                    "rules",
                    &[("a.cedar", "permit (principal, action, resource) when { principal.department == \"law\" };")],
                ),
                "department",
            ),
            (
                PolicyFiles::new(
                    "rules",
                    &[(
                        "a.cedar",
                        "permit (principal, action, resource)
                         when { principal.claims has shift && principal.claims.shift == \"night\" };",
                    )],
                ),
                "not compatible",
            ),
        ] {
            let server = built(policies);
            let problems = server.problems();
            assert!(problems.iter().any(|problem| problem.what.contains(what)), "{what}: {problems:?}");
            assert!(problems[0].place.starts_with("rules/a.cedar") && server.published().is_ok());
        }
        let by_claims = PolicyFiles::new(
            "rules",
            &[(
                "a.cedar",
                "permit (principal, action, resource);
                 forbid (principal, action, resource)
                 when { principal.claims has shift && principal.claims[\"shift\"].contains(\"night\") }
                 unless { principal has claims.office && principal.claims.office.contains(\"north\") };",
            )],
        );
        let server = built(by_claims);
        assert!(server.problems().is_empty(), "{:?}", server.problems());
    }

    #[test]
    fn a_broken_lock_keeps_a_server_from_starting_and_not_from_saying_what_it_publishes() {
        let contracts = Contracts::new(Some("<<<<<<< ours"), &[]);
        let server = Server::builder("test", ()).version("0.2.0").tools(tools![hello]).contracts(contracts).build();
        assert_eq!(server.problems()[0].place, "contracts/tombstones.json");
        let published = server.published().unwrap();
        assert_eq!((published.release.as_str(), published.tools.len()), ("0.2.0", 1));
    }
}
