//! Edits of what a tool takes, that break callers or add to it without saying so.

use steadfast_contract::{Impact::*, Rule::*};

use super::edits::Edit;

pub(super) const EDITS: &[Edit] = &[
    Edit {
        name: "rename_an_argument",
        replace: &[("    query: String,", "    text: String,")],
        finds: &[(PropRenamed, Major)],
        fix: "rename(query => text)",
    },
    Edit {
        name: "rename_an_optional_argument",
        replace: &[("    offset: Option<u32>,", "    skip: Option<u32>,")],
        finds: &[(PropRenamed, Major)],
        fix: "rename(offset => skip)",
    },
    Edit {
        name: "remove_an_argument",
        replace: &[("    /// Where to begin.\n    offset: Option<u32>,\n", "")],
        finds: &[(PropRemoved, Major)],
        fix: "drop(offset)",
    },
    Edit {
        name: "remove_an_argument_that_had_to_be_there",
        replace: &[("    /// Free text to look for.\n    #[arg(length(1..=200))]\n    query: String,\n", "")],
        finds: &[(PropRemoved, Major)],
        fix: "drop(query)",
    },
    Edit {
        name: "add_an_argument_that_must_be_there",
        replace: &[("    /// Which tasks.\n", "    /// Whose tasks.\n    owner: String,\n    /// Which tasks.\n")],
        finds: &[(PropAddedRequired, Major)],
        fix: "default(owner = ..)",
    },
    Edit {
        name: "add_an_argument_without_a_bump",
        replace: &[(
            "    /// Which tasks.\n",
            "    /// Whose tasks.\n    owner: Option<String>,\n    /// Which tasks.\n",
        )],
        finds: &[(PropAddedToClosed, Minor), (BumpTooSmall, Error)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "require_an_argument",
        replace: &[("    offset: Option<u32>,", "    offset: u32,")],
        finds: &[(RequiredAdded, Major), (TypeNarrowed, Major)],
        fix: "#[arg(default = ..)]",
    },
    Edit {
        name: "take_a_default_away",
        replace: &[("    #[arg(range(1..=100), default = 20)]", "    #[arg(range(1..=100))]")],
        finds: &[(RequiredAdded, Major), (DefaultRemoved, Major)],
        fix: "default(limit = 20)",
    },
    Edit {
        name: "change_a_default",
        replace: &[("default = 20", "default = 50")],
        finds: &[(DefaultChanged, Major)],
        fix: "default(limit = 20)",
    },
    Edit {
        name: "lower_a_maximum",
        replace: &[("range(1..=100)", "range(1..=50)")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "raise_a_minimum",
        replace: &[("range(1..=100)", "range(2..=100)")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "shorten_a_text",
        replace: &[("length(1..=200)", "length(1..=100)")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "shorten_a_list",
        replace: &[("length(..=5)", "length(..=3)")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "shorten_the_elements_of_a_list",
        replace: &[("items(length(1..=20))", "items(length(1..=10))")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "forbid_doubles_in_a_list",
        replace: &[("length(..=5)", "unique, length(..=5)")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "use_a_smaller_integer",
        replace: &[("    offset: Option<u32>,", "    offset: Option<u8>,")],
        finds: &[(BoundTightened, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "take_integers_instead_of_numbers",
        replace: &[("#[arg(default = 1.5)]\n    weight: f64,", "#[arg(default = 1)]\n    weight: u32,")],
        finds: &[(TypeNarrowed, Major), (BoundTightened, Major), (BoundTightened, Major), (DefaultChanged, Major)],
        fix: "accept the older type too",
    },
    Edit {
        name: "take_text_instead_of_a_number",
        replace: &[("    offset: Option<u32>,", "    offset: Option<String>,")],
        finds: &[(TypeChanged, Major)],
        fix: "accept the older type too",
    },
    Edit {
        name: "take_a_list_instead_of_one",
        replace: &[("    #[arg(length(1..=200))]\n    query: String,", "    query: Vec<String>,")],
        finds: &[(TypeChanged, Major), (BoundRelaxed, Minor), (BoundRelaxed, Minor)],
        fix: "wrap",
    },
    Edit {
        name: "take_one_instead_of_a_list",
        replace: &[(
            "    #[arg(length(..=5), items(length(1..=20)))]\n    tags: Option<Vec<String>>,",
            "    tags: Option<String>,",
        )],
        finds: &[(TypeChanged, Major), (BoundRelaxed, Minor)],
        fix: "unwrap",
    },
    Edit {
        name: "lose_a_value_of_an_argument",
        replace: &[("    Blocked,\n", "")],
        finds: &[(EnumRemoved, Major)],
        fix: "map_enum(",
    },
    Edit {
        name: "rename_a_value_of_an_argument",
        replace: &[("    Blocked,\n", "    Waiting,\n")],
        finds: &[(EnumRemoved, Major), (EnumAdded, Minor)],
        fix: "map_enum(",
    },
    Edit {
        name: "rename_all_values_of_an_argument",
        replace: &[("\"lowercase\")]\npub enum Stage", "\"UPPERCASE\")]\npub enum Stage")],
        finds: &[(EnumRemoved, Major), (EnumAdded, Minor)],
        fix: "map_enum(",
    },
    Edit {
        name: "require_a_nested_argument",
        replace: &[("    pub owner: Option<String>,", "    pub owner: String,")],
        finds: &[(RequiredAdded, Major), (TypeNarrowed, Major)],
        fix: "default(",
    },
    Edit {
        name: "rename_a_nested_argument",
        replace: &[("    pub owner: Option<String>,", "    pub whose: Option<String>,")],
        finds: &[(PropRenamed, Major)],
        fix: "rename(",
    },
    Edit {
        name: "ask_for_a_pattern",
        replace: &[("length(1..=200)", "length(1..=200), pattern = \"^[a-z ]+$\"")],
        finds: &[(PatternAdded, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "ask_for_another_pattern",
        replace: &[("^[A-Z]{2}$", "^[A-Z]{3}$")],
        finds: &[(PatternChanged, Major)],
        fix: "keep what was allowed before",
    },
    Edit {
        name: "ask_for_a_format",
        replace: &[("length(1..=200)", "length(1..=200), format = \"email\"")],
        finds: &[(FormatAdded, Major)],
        fix: "keep the older limit",
    },
    Edit {
        name: "ask_for_a_header",
        replace: &[("    /// Where to begin.\n", "    /// Where to begin.\n    #[arg(header = \"Offset\")]\n")],
        finds: &[(HeaderAdded, Major)],
        fix: "leave the header as it was",
    },
    Edit {
        name: "ask_for_another_header",
        replace: &[("header = \"Region\"", "header = \"Place\"")],
        finds: &[(HeaderRenamed, Major)],
        fix: "leave the header as it was",
    },
    Edit {
        name: "take_an_enumeration_instead_of_text",
        replace: &[("    pub owner: Option<String>,", "    pub owner: Option<Urgency>,")],
        finds: &[
            (TypeNarrowed, Major),
            (EnumConstraintAdded, Major),
            (VariantAdded, Minor),
            (DescriptionChanged, Minor),
        ],
        fix: "keep the older limit",
    },
    Edit {
        name: "take_a_struct_instead_of_text",
        replace: &[("    #[arg(header = \"Region\")]\n    region: Option<String>,", "    region: Option<Filter>,")],
        finds: &[(TypeNarrowed, Major), (VariantAdded, Minor), (DescriptionChanged, Minor), (HeaderRemoved, Minor)],
        fix: "accept the older type too",
    },
];
