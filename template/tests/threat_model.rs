//! The threat model names every tool as it is.

use app::server;
use steadfast::testing::Client;

#[test]
fn every_tool_is_in_the_threat_model_with_its_effect_and_scopes() {
    let page = include_str!("../THREAT_MODEL.md");
    for tool in Client::new(server()).unwrap().declarations() {
        let scopes = match tool.scopes {
            [] => String::from("–"),
            scopes => format!("`{}`", scopes.join("`, `")),
        };
        let row = format!("| `{}` | {} | {scopes} |", tool.name, tool.effect.as_str());
        assert!(
            page.contains(&row),
            "THREAT_MODEL.md has no row that begins with: {row}"
        );
    }
}
