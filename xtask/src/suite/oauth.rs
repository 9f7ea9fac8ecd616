//! The server as an OAuth 2.1 resource server, with an authorization server that other people wrote (`oidc-provider`) and
//! the official TypeScript client, which finds the one from the other.

use std::{fs, time::Duration};

use super::clients;
use crate::{
    failure::{Failure, While},
    process::{Cmd, MINUTE},
    project::Project,
    report::Outcome,
    running::{Running, free_ports},
};

const SERVER: &str = "oauth-server";

pub(crate) fn oauth(project: &Project) -> Result<Outcome, Failure> {
    let program = match clients::typescript_program(project, "oauth.mjs") {
        Ok(program) => program,
        Err(reason) => return Ok(Outcome::skipped(reason)),
    };
    let build = ["build", "--package", "steadfast-tests", "--bin", SERVER];
    Cmd::new("cargo").args(build).dir(&project.root).quiet(30 * MINUTE)?.checked()?;
    let folder = project.target.join("peers/data-oauth");
    fs::create_dir_all(&folder).while_(|| format!("making {}", folder.display()))?;
    let [mcp, issuer] = free_ports([0, 0])?;
    let (url, issuer) = (format!("http://{mcp}/mcp"), format!("http://{issuer}"));
    // Short, so that keys and tokens can be seen to come and go.
    let settings = format!(
        "admin = 'off'\n[auth]\nresource = '{url}'\nscopes = ['notes:read']\nleeway = '1s'\njwks_refresh = '1s'\n\
         [auth.issuers.main]\nurl = '{issuer}'\n"
    );
    let file = folder.join("steadfast.toml");
    fs::write(&file, settings).while_(|| format!("writing {}", file.display()))?;
    let command = Cmd::new(project.binary(SERVER)).args(["serve", "--transport", "http", "--listen", &mcp.to_string()]);
    let command = command.args(["--config"]).args([&file]).args(["--data"]).args([folder.join("data")]);
    let mut server = Running::start(command, &folder.join("log"))?;
    server.ready(mcp, None, Duration::from_secs(30))?;
    let mut outcome = clients::count(&program.args([url, issuer]).dir(&folder).quiet(5 * MINUTE)?);
    outcome.add(Outcome::check(server.stop()));
    Ok(outcome)
}
