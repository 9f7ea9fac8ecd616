//! `cargo xtask …` in a checkout of Steadfast.

use std::process::ExitCode;

fn main() -> ExitCode {
    steadfast_xtask::main()
}
