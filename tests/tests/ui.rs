//! `#[mcp_tool]`: every mistake has its message, at its place, with the way out.

#[test]
fn every_mistake_is_reported_where_it_was_made() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
