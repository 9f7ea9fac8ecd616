//! `cargo xtask …`: the commands come from `steadfast-xtask`, so they are upgraded with the dependency.

use std::process::ExitCode;

fn main() -> ExitCode {
    steadfast_xtask::main()
}
