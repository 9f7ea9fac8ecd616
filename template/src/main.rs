//! The server as a program: `serve`, `call`, `tools`, `drill`, `switch`, `approve`, `policy`. Everything about it is in the
//! library beside it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    steadfast::cli::main(app::server).await
}
