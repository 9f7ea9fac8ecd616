//! `#[mcp_tool]`: what it takes, and the message for every mistake, at its place, with the way out.

#[test]
fn every_form_of_a_tool_compiles_and_runs() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

/// A set of its own: trybuild checks cases in one go only where none of them is to pass.
#[test]
fn every_mistake_is_reported_where_it_was_made() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
