//! `demo`: from a checkout to the first answer of a tool, without a question.
//!
//! The server is made fresh in `target/demo`; its dependencies are compiled once, into this workspace's target
//! directory. Without a terminal it stops after the first call.

use std::{
    env, fs,
    io::{self, IsTerminal},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use serde_json::json;

use crate::{
    cli::{Answers, Demo},
    clock,
    failure::{Failure, While},
    mcp, new,
    process::{Cmd, MINUTE},
    project::Project,
    running::{Running, free_ports},
};

const NAME: &str = "demo";

pub(crate) fn main(project: &Project, options: &Demo) -> Result<ExitCode, Failure> {
    project.checkout_only("demo")?;
    let started = clock::now();
    let folder = make(project)?;
    build(project, &folder)?;
    let [mcp, admin] = free_ports([8080, 9090])?;
    let mut server = Running::start(serve(project, &folder, mcp, admin), &folder.join("server.log"))?;
    server.ready(admin, Some("/readyz"), MINUTE)?;

    let arguments = json!({ "text": "buy milk" });
    let answer = mcp::call(mcp, "add_note", &arguments, Duration::from_secs(10))?;
    println!("\nadd_note {arguments}\n  -> {}", answer["structuredContent"]);
    if answer["isError"] == true || answer["structuredContent"]["text"] != arguments["text"] {
        return Err(Failure::new(format!("the first call was answered with {answer}")));
    }
    println!("first tool call answered after {}\n", clock::seconds(started.elapsed()));
    println!("{}", hints(project, &folder, mcp, admin));
    if !server.stop() {
        return Err(Failure::new("the server did not drain and end by itself within 10 seconds"));
    }
    if options.once || env::var_os("CI").is_some() || !io::stdout().is_terminal() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("serving until Ctrl-C");
    keep_serving(serve(project, &folder, mcp, admin))
}

fn make(project: &Project) -> Result<std::path::PathBuf, Failure> {
    let folder = project.target.join(NAME);
    if folder.exists() {
        fs::remove_dir_all(&folder).while_(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir_all(&project.target).while_(|| format!("making {}", project.target.display()))?;
    println!("making a server in {}", folder.display());
    new::make(project, NAME, &project.target, Answers::default())
}

fn build(project: &Project, folder: &Path) -> Result<(), Failure> {
    println!("building it (the first time takes minutes)");
    let built =
        Cmd::new("cargo").args(["build"]).dir(folder).env("CARGO_TARGET_DIR", &project.target).shown(30 * MINUTE)?;
    if built.ok { Ok(()) } else { Err(Failure::new("the generated server does not build; cargo says why above")) }
}

fn serve(project: &Project, folder: &Path, mcp: SocketAddr, admin: SocketAddr) -> Cmd {
    Cmd::new(project.binary(NAME))
        .args(["serve", "--transport", "http", "--listen", &mcp.to_string(), "--admin", &admin.to_string()])
        .dir(folder)
}

/// This process becomes the server, so that Ctrl-C reaches it and its exit code is the command's.
fn keep_serving(command: Cmd) -> Result<ExitCode, Failure> {
    let mut command = command.into_inner();
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        Err(Failure::new(format!("starting the server: {}", command.exec())))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().while_(|| "starting the server".into())?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn hints(project: &Project, folder: &Path, mcp: SocketAddr, admin: SocketAddr) -> String {
    let folder = folder.display();
    let binary = project.binary(NAME);
    let target = project.target.display();
    let client = json!({ "mcpServers": { NAME: {
        "command": binary,
        "args": [
            "--config", format!("{folder}/steadfast.toml"),
            "serve", "--transport", "stdio", "--admin", "off", "--data", format!("{folder}/data"),
        ],
    } } });
    format!(
        "try  cd {folder}; export CARGO_TARGET_DIR={target}
     cargo run -- call search_notes '{{\"query\":\"milk\"}}'
     cargo run -- call search_notes@1 '{{\"q\":\"milk\"}}'           # as clients of its first release do
     cargo run -- call search_notes '{{\"query\":7,\"limit\":1000}}'    # names both mistakes
     cargo run -- tools
     cargo run -- drill define_word                               # watch the breaker open and recover
     cargo run                                                    # serve, until Ctrl-C
endpoints while it serves
     mcp     http://{mcp}/mcp
     admin   http://{admin}/healthz and /readyz
connect a client over stdio with
     {client}
or over HTTP with the Inspector
     npx @modelcontextprotocol/inspector --transport http --server-url http://{mcp}/mcp
make your own
     cargo xtask new NAME --path .."
    )
}
