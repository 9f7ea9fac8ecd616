//! `search_notes`: changes nothing. Clients of major 1 are served by the same function: `history` translates their
//! arguments on the way in and its result on the way out.

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
    scopes = ["notes:read"],
    timeout = "2s",
    history(
        "1" => {
            input = [rename(q => query), default(limit = 10)],
            output = [rename(hits => items), drop(total)],
            note = "`q` is now `query`, `limit` is 20 unless it is given, and `hits` are now `items`, with a `total`",
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
