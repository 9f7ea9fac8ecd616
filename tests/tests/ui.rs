//! `#[mcp_tool]`: what it takes, and the message for every mistake, at its place, with the way out.

use std::{io::ErrorKind, path::Path};

/// Gives the cases the lock files of this package: they are compiled in a package of their own, which trybuild writes
/// below the target directory.
fn lay_out_contracts() {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tests/trybuild").join(env!("CARGO_PKG_NAME"));
    std::fs::create_dir_all(&package).unwrap();
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts");
    match std::os::unix::fs::symlink(contracts, package.join("contracts")) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("{}: {error}", package.display()),
        _ => {}
    }
}

#[test]
fn every_form_of_a_tool_compiles_and_runs() {
    lay_out_contracts();
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

/// A set of its own: trybuild checks cases in one go only where none of them is to pass.
#[test]
fn every_mistake_is_reported_where_it_was_made() {
    lay_out_contracts();
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
