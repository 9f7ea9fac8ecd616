//! Edits of what a tool returns, that break callers or add to it without saying so.

use steadfast_contract::{Impact::*, Rule::*};

use super::edits::Edit;

pub(super) const EDITS: &[Edit] = &[
    Edit {
        name: "return_less",
        replace: &[("    /// How many there are.\n    pub total: u32,\n", "")],
        finds: &[(PropRemoved, Major)],
        fix: "default(total = ..)",
    },
    Edit {
        name: "return_it_by_another_name",
        replace: &[("    pub total: u32,", "    pub count: u32,")],
        finds: &[(PropRenamed, Major)],
        fix: "rename(total => count)",
    },
    Edit {
        name: "rename_all_that_is_returned",
        replace: &[(
            "#[schemars(deny_unknown_fields)]\npub struct Page",
            "#[schemars(deny_unknown_fields)]\n#[serde(rename_all = \"UPPERCASE\")]\npub struct Page",
        )],
        finds: &[(PropRenamed, Major), (PropRenamed, Major)],
        fix: "rename(total => TOTAL)",
    },
    Edit {
        name: "return_it_sometimes",
        replace: &[(
            "    pub total: u32,",
            "    #[serde(skip_serializing_if = \"Option::is_none\")]\n    pub total: Option<u32>,",
        )],
        finds: &[(RequiredRemoved, Major), (TypeWidened, Major)],
        fix: "return `total` always",
    },
    Edit {
        name: "return_null",
        replace: &[("    pub total: u32,", "    pub total: Option<u32>,")],
        finds: &[(TypeWidened, Major)],
        fix: "return the older type",
    },
    Edit {
        name: "return_more_to_who_was_told_there_is_no_more",
        replace: &[(
            "    pub total: u32,\n",
            "    pub total: u32,\n    /// Whether there are more.\n    pub more: bool,\n",
        )],
        finds: &[(PropAddedRequired, Major)],
        fix: "drop(more)",
    },
    Edit {
        name: "return_another_value",
        replace: &[("    High,\n", "    High,\n    Highest,\n")],
        finds: &[(EnumAdded, Major)],
        fix: "map_enum(",
    },
    Edit {
        name: "return_text_instead_of_a_number",
        replace: &[("    pub total: u32,", "    pub total: String,")],
        finds: &[(TypeChanged, Major)],
        fix: "return the older type",
    },
    Edit {
        name: "return_numbers_instead_of_integers",
        replace: &[("    pub total: u32,", "    pub total: f64,")],
        finds: &[(TypeWidened, Major), (BoundRelaxed, Major), (BoundRelaxed, Major)],
        fix: "return the older type",
    },
    Edit {
        name: "return_greater_numbers",
        replace: &[("    pub id: u32,", "    pub id: u64,")],
        finds: &[(BoundRelaxed, Major)],
        fix: "keep the older limit for results",
    },
    Edit {
        name: "return_negative_numbers",
        replace: &[("    pub id: u32,", "    pub id: i32,")],
        finds: &[(BoundRelaxed, Major), (BoundTightened, Minor)],
        fix: "keep the older limit for results",
    },
    Edit {
        name: "return_less_within_a_list",
        replace: &[("    /// What is to be done.\n    pub title: String,\n", "")],
        finds: &[(PropRemoved, Major)],
        fix: "default(",
    },
    Edit {
        name: "return_a_map_instead_of_a_list",
        replace: &[("    pub items: Vec<Task>,", "    pub items: std::collections::BTreeMap<String, Task>,")],
        finds: &[(TypeChanged, Major)],
        fix: "return the older type",
    },
    Edit {
        name: "return_anything_beside_it",
        replace: &[("#[schemars(deny_unknown_fields)]\npub struct Page", "pub struct Page")],
        finds: &[(Opened, Minor)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "return_text_alone",
        replace: &[("-> Result<Page, ToolError>", "-> Result<String, ToolError>")],
        finds: &[(OutSchemaRemoved, Major)],
        fix: "keep the output schema",
    },
];
