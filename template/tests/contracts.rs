//! The contracts of the tools: held to the lock in `contracts/`, and as snapshots that show a change in review.
//!
//! The lock decides. For a change that you mean: raise the tool's version, write it down with
//! `cargo xtask contract bless`, and accept the snapshot with `INSTA_UPDATE=always cargo test`.

use app::server;

#[test]
fn the_lock_holds_and_older_majors_are_served() {
    steadfast::assert_contracts!(server());
}

#[test]
fn add_note() {
    steadfast::assert_contract!(server(), "add_note");
}

#[test]
fn define_word() {
    steadfast::assert_contract!(server(), "define_word");
}

#[test]
fn delete_notes() {
    steadfast::assert_contract!(server(), "delete_notes");
}

#[test]
fn search_notes() {
    steadfast::assert_contract!(server(), "search_notes");
}
