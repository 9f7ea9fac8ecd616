//! `add_note`: adds, and never changes what is there.

use steadfast::prelude::*;

use crate::notes::{Note, Notes};

/// Keep a note.
#[mcp_tool(version = "1.0.0", effect = additive, scopes = ["notes:write"], timeout = "2s")]
pub async fn add_note(
    State(notes): State<Notes>,
    /// What to note.
    #[arg(length(1..=2000))]
    text: String,
) -> Result<Note, ToolError> {
    Ok(notes.add(text).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_note_comes_back_with_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let notes = State(Notes::in_folder(folder.path()));
        let note = add_note(notes, "buy milk".into()).await.unwrap();
        assert_eq!((note.id, note.text.as_str()), (1, "buy milk"));
    }
}
