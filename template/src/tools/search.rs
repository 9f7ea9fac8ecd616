//! `search_notes`: changes nothing. Its history says how callers of major 1 are to be translated.

use steadfast::prelude::*;

use crate::notes::{Note, Notes};

/// Notes that were found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Page {
    /// The notes, oldest first.
    pub items: Vec<Note>,
    /// How many notes match, also those beyond the limit.
    pub total: u32,
}

/// Find notes by free text.
#[mcp_tool(
    version = "2.0.0",
    effect = read_only,
    timeout = "2s",
    history(
        "1" => {
            input = [rename(q => query), default(limit = 20)],
            output = [rename(hits => items)],
            deprecated = "2026-12-01",
            sunset = "2027-12-01",
            note = "`q` is now `query`; hits are returned as `items`",
        },
    ),
)]
pub async fn search_notes(
    State(notes): State<Notes>,
    /// Free text to look for; upper and lower case are equal.
    #[arg(length(1..=200))]
    query: String,
    /// How many notes to return.
    #[arg(range(1..=100), default = 20)]
    limit: u32,
) -> Result<Page, ToolError> {
    let mut items = notes.search(query).await?;
    let total = u32::try_from(items.len())?;
    items.truncate(limit as usize);
    Ok(Page { items, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_limit_cuts_the_page_and_not_the_total() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::in_folder(folder.path());
        for text in ["milk", "oat milk", "bread"] {
            notes.add(text.into()).await.unwrap();
        }
        let page = search_notes(State(notes), "milk".into(), 1).await.unwrap();
        assert_eq!((page.items.len(), page.total), (1, 2));
    }
}
