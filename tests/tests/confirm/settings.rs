//! Who may switch what off, and where.

use super::*;

#[tokio::test]
async fn in_development_confirmation_can_be_switched_off_for_all_tools_and_for_one() {
    for (configuration, acted) in
        [("[confirmation]\nmode = \"off\"", 2), ("[tools.burn_down]\nconfirmation = \"off\"", 1), ("", 0)]
    {
        let shed = Shed::with(&["milk jug"]);
        let client = shed.client(configuration);
        client.call(TOOL, milk()).await;
        client.call("burn_down", json!({})).await;
        assert_eq!(shed.acted(), acted, "{configuration}");
    }
}

#[test]
fn everywhere_else_that_is_a_problem_and_so_is_a_tool_that_is_not_destructive() {
    for profile in ["sidecar", "shared", "tenant"] {
        for off in ["[confirmation]\nmode = \"off\"", "[tools.burn_down]\nconfirmation = \"off\""] {
            let configuration = format!("profile = \"{profile}\"\nstore.allow_embedded = true\n{off}");
            let problems = Client::with(Shed::default().server(), &configuration).err().unwrap();
            let problem = problems.iter().find(|problem| problem.what.contains("every profile but `dev`"));
            assert!(problem.is_some(), "{configuration}: {problems:?}");
        }
    }
    let library = Client::with(steadfast_tests::library::server(), "[tools.guess]\nconfirmation = \"approver\"");
    assert!(library.err().unwrap()[0].what.contains("not destructive"));
}

#[tokio::test]
async fn where_tokens_are_off_a_client_that_can_not_ask_is_told_what_it_takes() {
    let shed = Shed::with(&["milk jug"]);
    let client = shed.client("[confirmation]\nby_token = false");
    let token = token(&shed.client("").call(TOOL, milk()).await);
    for meta in [Value::Null, with_token(&token)] {
        let refused = client.call_with_meta(TOOL, milk(), meta).await;
        assert_eq!(refused.code(), Some(-32021), "{refused:?}");
        assert!(refused.message().to_string().contains("elicitation"), "{refused:?}");
    }
    assert_eq!(shed.acted(), 0);
}

#[tokio::test]
async fn a_meta_that_is_no_text_is_refused() {
    for (mode, key) in [("client", "dev.steadfast/confirmation"), ("approver", "dev.steadfast/approval")] {
        let shed = Shed::with(&["milk jug"]);
        let client = shed.client(&format!("[confirmation]\nmode = \"{mode}\""));
        let refused = client.call_with_meta(TOOL, milk(), json!({ key: 7 })).await;
        assert_eq!((refused.code(), shed.acted()), (Some(-32602), 0));
    }
}
