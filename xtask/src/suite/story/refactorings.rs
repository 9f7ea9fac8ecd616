//! Edits that callers can't notice: nothing may stop them.

use super::edits::Edit;

const fn edit(name: &'static str, replace: &'static [(&'static str, &'static str)]) -> Edit {
    Edit { name, replace, finds: &[], fix: "" }
}

pub(super) const EDITS: &[Edit] = &[
    edit(
        "rename_a_type",
        &[("pub struct Task {", "pub struct Entry {"), ("pub items: Vec<Task>", "pub items: Vec<Entry>")],
    ),
    edit(
        "rename_the_type_of_the_result",
        &[("pub struct Page {", "pub struct Found {"), ("Result<Page,", "Result<Found,")],
    ),
    edit(
        "rename_the_type_of_an_argument",
        &[("pub struct Filter {", "pub struct Which {"), ("Option<Filter>", "Option<Which>")],
    ),
    edit(
        "write_a_type_in_place",
        &[(
            "#[schemars(deny_unknown_fields)]\npub struct Task",
            "#[schemars(deny_unknown_fields, inline)]\npub struct Task",
        )],
    ),
    edit(
        "rename_a_field_and_not_its_name",
        &[("    pub total: u32,", "    #[serde(rename = \"total\")]\n    pub how_many: u32,")],
    ),
    edit(
        "rename_a_variant_and_not_its_name",
        &[("    Blocked,\n", "    #[serde(rename = \"blocked\")]\n    Waiting,\n")],
    ),
    edit(
        "name_a_type",
        &[
            ("    pub title: String,", "    pub title: Title,"),
            ("/// Something to do.", "type Title = String;\n\n/// Something to do."),
        ],
    ),
    edit(
        "wrap_text_in_a_transparent_type",
        &[
            ("    pub title: String,", "    pub title: Title,"),
            (
                "/// Something to do.",
                "#[derive(Debug, Serialize, JsonSchema)]\n#[serde(transparent)]\npub struct Title(String);\n\n/// Something to do.",
            ),
        ],
    ),
    edit("keep_text_in_a_box", &[("    pub title: String,", "    pub title: Box<str>,")]),
    edit("share_text", &[("    pub title: String,", "    pub title: std::sync::Arc<str>,")]),
    edit(
        "keep_a_list_in_a_deque",
        &[("    pub items: Vec<Task>,", "    pub items: std::collections::VecDeque<Task>,")],
    ),
    edit("write_option_in_full", &[("    offset: Option<u32>,", "    offset: std::option::Option<u32>,")]),
    edit("write_string_in_full", &[("    query: String,", "    query: std::string::String,")]),
    edit("take_a_wider_type_within_the_same_range", &[("    limit: u32,", "    limit: u64,")]),
    edit(
        "swap_two_arguments",
        &[
            ("    /// Where to begin.\n    offset: Option<u32>,\n", ""),
            ("    /// Which tasks.\n", "    /// Where to begin.\n    offset: Option<u32>,\n    /// Which tasks.\n"),
        ],
    ),
    edit(
        "swap_two_fields",
        &[
            ("    /// How many there are.\n    pub total: u32,\n", ""),
            (
                "    /// The tasks, oldest first.\n",
                "    /// How many there are.\n    pub total: u32,\n    /// The tasks, oldest first.\n",
            ),
        ],
    ),
    edit("wrap_a_comment", &[("/// Free text to look for.", "/// Free text\n    /// to look for.")]),
    edit("indent_a_comment", &[("/// List tasks.", "///   List tasks.  ")]),
    edit(
        "write_the_description_as_a_key",
        &[("/// List tasks.\n", ""), ("    idempotent,\n", "    idempotent,\n    description = \"List tasks.\",\n")],
    ),
    edit(
        "write_the_name_as_a_key",
        &[("    idempotent,\n", "    idempotent,\n    name = \"write_the_name_as_a_key\",\n")],
    ),
    edit("write_a_duration_in_milliseconds", &[("timeout = \"5s\"", "timeout = \"5000ms\"")]),
    edit("write_a_flag_in_full", &[("    idempotent,\n", "    idempotent = true,\n    open_world = false,\n")]),
    edit("take_more_time", &[("    idempotent,\n", "    idempotent,\n    owner = \"team-tasks\",\n    retry = 1,\n")]),
    edit("be_synchronous", &[("pub async fn", "pub fn")]),
    edit(
        "flatten_what_is_written_apart",
        &[
            ("    /// How many there are.\n    pub total: u32,\n", "    #[serde(flatten)]\n    pub counts: Counts,\n"),
            (
                "/// Tasks that were found.",
                "#[derive(Debug, Serialize, JsonSchema)]\npub struct Counts {\n    /// How many there are.\n    pub total: u32,\n}\n\n/// Tasks that were found.",
            ),
        ],
    ),
];
