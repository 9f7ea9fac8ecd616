//! `delete_notes`: removes what is there once that was confirmed, and says what it removed.

use steadfast::prelude::*;

use crate::notes::{Note, Notes};

/// Notes that are gone.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deleted {
    /// The notes as they were.
    pub deleted: Vec<Note>,
}

/// Delete every note that contains a text.
#[mcp_tool(
    version = "1.0.0",
    effect = destructive,
    scopes = ["notes:delete"],
    timeout = "5s",
    plan = plan_deletion,
)]
pub async fn delete_notes(
    State(notes): State<Notes>,
    /// Notes that contain this text go; upper and lower case are equal.
    #[arg(length(1..=200))]
    query: String,
) -> Result<Deleted, ToolError> {
    let deleted = notes.delete(query.clone()).await?;
    if deleted.is_empty() {
        return Err(nothing_found(&query));
    }
    Ok(Deleted { deleted })
}

/// What would be deleted, for whoever confirms it.
async fn plan_deletion(State(notes): State<Notes>, query: String) -> Result<Plan, ToolError> {
    let found = notes.search(query.clone()).await?;
    if found.is_empty() {
        return Err(nothing_found(&query));
    }
    let mut plan = Plan::new(format!("Deletes {} of the notes.", found.len()));
    for Note { id, text } in found {
        plan = plan.change(format!("note {id}"), format!("deleted: {text}"));
    }
    Ok(plan)
}

fn nothing_found(query: &str) -> ToolError {
    ToolError::not_found(format!(
        "no note contains `{query}`; search_notes shows what there is"
    ))
}

#[cfg(test)]
mod tests {
    use steadfast::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn what_was_deleted_is_returned() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::in_folder(folder.path());
        let note = notes.add("buy milk".into()).await.unwrap();
        let answer = delete_notes(State(notes.clone()), "milk".into())
            .await
            .unwrap();
        assert_eq!(answer.deleted, [note]);
        assert!(notes.search("milk".into()).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn nothing_to_delete_is_an_answer_that_names_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let notes = State(Notes::in_folder(folder.path()));
        let error = delete_notes(notes, "milk".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.message().contains("search_notes"));
    }
}
