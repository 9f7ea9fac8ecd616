//! The contracts of the tools, as snapshots: a change of what callers see shows up in review.
//!
//! Accept a change that you mean with `INSTA_UPDATE=always cargo test`, and raise the tool's version with it.

use app::server;

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
